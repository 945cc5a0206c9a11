/* SPDX-License-Identifier: MIT */
/*
 * Requests: one table indexed by operation says what its arguments look like, who may send it, and who answers it. The
 * common prologue checks all that; a handler gets arguments that are in order and returns 0 or an errno of the
 * protocol.
 */
#ifndef STORE_REQUEST_H
#define STORE_REQUEST_H

#include "store/connection.h"

#define REQUEST_ARGUMENTS_MAX 3

/* Operations that the protocol has got after 4.17's header; a header that names them gives the same numbers. */
enum {
    OPERATION_GET_FEATURE = XS_DIRECTORY_PART + 1,
    OPERATION_SET_FEATURE,
    OPERATION_GET_QUOTA,
    OPERATION_SET_QUOTA,
    OPERATION_COUNT
};

struct request {
    struct daemon *daemon;
    struct connection *connection;
    const struct actor *actor;
    const struct xsd_sockmsg *header;
    const char *body;
    size_t size;
    const char *arguments[REQUEST_ARGUMENTS_MAX]; /* zero-terminated strings inside `body` */
    const char *data;                             /* what follows the arguments */
    size_t data_size;
    char path[PATH_SIZE]; /* the first argument made canonical, where it is a path */
    struct transaction *transaction; /* of header->tx_id, for operations that can be part of one; else NULL */
    struct view view;                /* of that transaction, or of the store */

    char *reply; /* XENSTORE_PAYLOAD_MAX bytes of room */
    size_t reply_size;

    /* What happens after the reply is on its way: */
    struct change_list changes; /* of the store, to be told to the watches */
    struct watch *watch_set;    /* fires once */
    const char *special_event;  /* "@introduceDomain" or such, or NULL */
    domid_t special_domain;     /* that it is about */
};

/* Answers one request. `header->len` bytes at `body`. */
void request_handle(struct connection *connection, const struct xsd_sockmsg *header, const char *body);

/* Whether the client has all the memory that it may have: nothing more is kept for it. */
bool request_forbids_memory(const struct request *request);

/* Opens a transaction of that number for the client; NULL when it has all that it may have. */
struct transaction *request_open_transaction(struct request *request, uint32_t id);

/* The name of an operation for people. */
const char *request_name(uint32_t type);

/* Sets the reply. 0, or E2BIG when it is too long. */
int request_reply_text(struct request *request, const char *text);

/* Handlers; nodes and transactions, */
int request_directory(struct request *request);
int request_directory_part(struct request *request);
int request_read(struct request *request);
int request_write(struct request *request);
int request_mkdir(struct request *request);
int request_rm(struct request *request);
int request_get_perms(struct request *request);
int request_set_perms(struct request *request);
int request_transaction_start(struct request *request);
int request_transaction_end(struct request *request);
/* watches, */
int request_watch(struct request *request);
int request_unwatch(struct request *request);
int request_reset_watches(struct request *request);
/* domains, */
int request_introduce(struct request *request);
int request_release(struct request *request);
int request_resume(struct request *request);
int request_set_target(struct request *request);
int request_get_domain_path(struct request *request);
int request_is_domain_introduced(struct request *request);
int request_get_feature(struct request *request);
int request_set_feature(struct request *request);
int request_get_quota(struct request *request);
int request_set_quota(struct request *request);
/* and the daemon itself. */
int request_control(struct request *request);

#endif
