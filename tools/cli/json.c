/* SPDX-License-Identifier: MIT */
/* JSON documents of the verbs; see json.h. */
#include "json.h"

#include <stdlib.h>
#include <string.h>

static void put(yajl_gen json, const char *text)
{
    size_t length = strlen(text);

    if (yajl_gen_string(json, (const unsigned char *)text, length) != yajl_gen_invalid_string)
        return;
    unsigned char *ascii = malloc(length + 1);

    for (size_t i = 0; ascii && i < length; i++)
        ascii[i] = (text[i] & 0x80) ? '?' : (unsigned char)text[i];
    yajl_gen_string(json, ascii ? ascii : (const unsigned char *)"?", ascii ? length : 1);
    free(ascii);
}

static yajl_gen open_document(const char *schema, bool beautify)
{
    yajl_gen json = yajl_gen_alloc(NULL);

    if (!json)
        return NULL;
    yajl_gen_config(json, yajl_gen_beautify, beautify);
    yajl_gen_config(json, yajl_gen_validate_utf8, 1);
    yajl_gen_map_open(json);
    json_text(json, "schema", schema);
    return json;
}

yajl_gen json_open(const char *schema)
{
    return open_document(schema, true);
}

yajl_gen json_open_line(const char *schema)
{
    return open_document(schema, false);
}

int json_close(struct cli *cli, yajl_gen json, FILE *file)
{
    const unsigned char *text;
    size_t length;
    bool good = false;

    if (json) {
        yajl_gen_map_close(json);
        good = yajl_gen_get_buf(json, &text, &length) == yajl_gen_status_ok;
        if (good) { /* a failed write shows when the program flushes its output */
            fwrite(text, 1, length, file);
            if (length > 0 && text[length - 1] != '\n')
                fputc('\n', file);
        }
        yajl_gen_free(json);
    }
    if (good)
        return CLI_DONE;
    fprintf(cli->err, "ctl: there is no memory for a JSON document\n");
    return CLI_FAILED;
}

void json_text(yajl_gen json, const char *member, const char *text)
{
    if (!json)
        return;
    put(json, member);
    put(json, text);
}

void json_number(yajl_gen json, const char *member, uint64_t number)
{
    if (!json)
        return;
    put(json, member);
    yajl_gen_integer(json, (long long)number);
}

void json_bool(yajl_gen json, const char *member, bool value)
{
    if (!json)
        return;
    put(json, member);
    yajl_gen_bool(json, value);
}

void json_array_open(yajl_gen json, const char *member)
{
    if (!json)
        return;
    put(json, member);
    yajl_gen_array_open(json);
}

void json_array_close(yajl_gen json)
{
    if (json)
        yajl_gen_array_close(json);
}

void json_object_open(yajl_gen json)
{
    if (json)
        yajl_gen_map_open(json);
}

void json_object_close(yajl_gen json)
{
    if (json)
        yajl_gen_map_close(json);
}
