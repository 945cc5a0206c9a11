/* SPDX-License-Identifier: MIT */
/* JSON documents of the verbs: an object whose first member names its schema and version, written in one piece. */
#ifndef KEEL_CLI_JSON_H
#define KEEL_CLI_JSON_H

#include "cli.h"

#include <yajl/yajl_gen.h>

/* Opens a document's object, with its member "schema". NULL: no memory. All calls below accept NULL. */
yajl_gen json_open(const char *schema);
/* The same, to be written as one line: errors and warnings are a stream of lines. */
yajl_gen json_open_line(const char *schema);
/* Ends the object, writes the document to `file`, frees it. Returns CLI_DONE, or CLI_FAILED with the error printed. */
int json_close(struct cli *cli, yajl_gen json, FILE *file);

/* Members of the object at hand. Bytes of a text that are not UTF-8 are written as '?'. */
void json_text(yajl_gen json, const char *member, const char *text);
void json_number(yajl_gen json, const char *member, uint64_t number);
void json_bool(yajl_gen json, const char *member, bool value);
void json_array_open(yajl_gen json, const char *member);
void json_array_close(yajl_gen json);
/* An object as the next element of an array. */
void json_object_open(yajl_gen json);
void json_object_close(yajl_gen json);

#endif
