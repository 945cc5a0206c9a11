/* SPDX-License-Identifier: MIT */
/*
 * What the verbs `ctl store ...` share: the connection, a transaction around all that a verb does, values as text and
 * as JSON, and the sentences for what the store refuses. The store is where libxenstore looks for it (XENSTORED_PATH).
 */
#ifndef KEEL_CLI_STORE_SESSION_H
#define KEEL_CLI_STORE_SESSION_H

#include "json.h"

#include <stddef.h>
#include <xenstore.h>

struct store_session {
    struct cli *cli;
    struct xs_handle *handle;
    xs_transaction_t transaction;
    yajl_gen json; /* the document of store_each_path; NULL without --json */
    void *context; /* the action's own */
};

typedef int store_action(struct store_session *session);

/* Runs `action` in a transaction that is dropped at its end: what it reads is one state of the store. Returns the
 * action's status, or CLI_FAILED with the error printed. */
int store_read_only(struct cli *cli, store_action *action);
/* Runs `action` in a transaction and commits it when the action returns CLI_DONE: all of it happens, or nothing. The
 * action runs again when somebody else changed what it looked at, so it must print nothing but errors. */
int store_change(struct cli *cli, store_action *action);
/* Runs `action` without a transaction. */
int store_connected(struct cli *cli, store_action *action);
/* Opens a connection. NULL with the error printed. */
struct xs_handle *store_open(struct cli *cli);

/* Calls `one` for each path of the arguments; goes on after a failure and returns CLI_FAILED then. With --json what
 * `one` puts into session->json are the elements of the array "nodes" of a document of that schema. */
int store_each_path(struct store_session *session, const char *schema,
                    int (*one)(struct store_session *session, const char *path));

/* Prints "cannot DO PATH: why", by errno; returns CLI_FAILED. */
int store_fail(struct store_session *session, const char *do_what, const char *path);

/* The path of a child: malloc. NULL with the error printed. */
char *store_child(struct store_session *session, const char *path, const char *name);
/* A value as one line of printable ASCII, as xenstore-read shows it, with backslash escapes: malloc, or NULL. */
char *store_escape(const char *value, size_t size);
/* The other way round, in place; returns the size, or -1 where an escape is none. \xHH, \OOO, \n, \r, \t; any other
 * character behind a backslash stands for itself. */
ptrdiff_t store_unescape(char *text);
/* The member "value", or "value_hex" for what is not UTF-8. */
void store_json_value(yajl_gen json, const char *value, size_t size);
/* The letters and numbers of permissions, as "n0,r5", into a buffer that is freed by the caller; NULL: no memory. */
char *store_permissions_text(const struct xs_permissions *permissions, unsigned count);

#endif
