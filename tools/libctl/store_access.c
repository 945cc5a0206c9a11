/* SPDX-License-Identifier: MIT */
/*
 * libctl's use of the store: the connection, and the few operations that more than one file needs.
 */
#include "internal.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ATTEMPTS_MAX 100

struct xs_handle *ctl_store(struct ctl *ctl)
{
    if (!ctl->store) {
        ctl->store = xs_open(0);
        if (!ctl->store)
            ctl_fail(ctl, errno ? errno : ENOENT, "cannot reach the store (%s): is its daemon running?",
                     strerror(errno));
    }
    return ctl->store;
}

bool ctl_store_renew(struct ctl *ctl)
{
    unsigned length;
    char *value;

    if (!ctl->store)
        return false;
    value = xs_read(ctl->store, XBT_NULL, "/", &length);
    if (value || errno != EIO) {
        free(value);
        return false;
    }
    xs_close(ctl->store);
    ctl->store = NULL;
    return true;
}

struct xs_handle *ctl_store_open_socket(void)
{
    return access(xs_daemon_socket(), F_OK) ? NULL : xs_open(0);
}

void ctl_path(char path[CTL_STORE_PATH_MAX], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(path, CTL_STORE_PATH_MAX, format, arguments);
    va_end(arguments);
}

char *ctl_store_read(struct ctl *ctl, xs_transaction_t transaction, const char *format, ...)
{
    char path[CTL_STORE_PATH_MAX];
    struct xs_handle *store = ctl_store(ctl);
    unsigned length;
    va_list arguments;

    if (!store)
        return NULL;
    va_start(arguments, format);
    vsnprintf(path, sizeof(path), format, arguments);
    va_end(arguments);
    return xs_read(store, transaction, path, &length);
}

int ctl_store_has(struct ctl *ctl, xs_transaction_t transaction, const char *path)
{
    struct xs_handle *store = ctl_store(ctl);
    unsigned length;
    char *held;

    if (!store)
        return -ENOTCONN;
    errno = 0;
    held = xs_read(store, transaction, path, &length);
    if (!held)
        return errno == ENOENT ? 0 : errno ? -errno : -EIO;
    free(held);
    return 1;
}

int ctl_store_write(struct ctl *ctl, xs_transaction_t transaction, const char *path, const char *text)
{
    struct xs_handle *store = ctl_store(ctl);

    if (!store)
        return ENOENT;
    return xs_write(store, transaction, path, text, (unsigned)strlen(text)) ? 0 : errno;
}

int ctl_store_transact(struct ctl *ctl, int (*work)(struct ctl *ctl, xs_transaction_t transaction, void *context),
                       void *context)
{
    struct xs_handle *store = ctl_store(ctl);

    if (!store)
        return ENOENT;
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        xs_transaction_t transaction = xs_transaction_start(store);
        int error;

        if (transaction == XBT_NULL)
            return errno;
        error = work(ctl, transaction, context);
        if (xs_transaction_end(store, transaction, error != 0) || error)
            return error;
        if (errno != EAGAIN)
            return errno;
    }
    return EAGAIN;
}

/* One attempt: 0 or a positive errno, EAGAIN when another's change made the transaction void. */
static int remove_once(struct xs_handle *store, const char *path, const char *keep)
{
    char at[CTL_STORE_PATH_MAX];
    xs_transaction_t transaction = xs_transaction_start(store);
    char *slash;

    if (transaction == XBT_NULL)
        return errno;
    snprintf(at, sizeof(at), "%s", path);
    if (!xs_rm(store, transaction, at) && errno != ENOENT) {
        int error = errno;

        xs_transaction_end(store, transaction, true);
        return error;
    }
    while ((slash = strrchr(at, '/')) && slash != at) {
        unsigned count = 0;
        char **children;

        *slash = '\0';
        if (!strcmp(at, keep) || !xs_path_is_subpath(keep, at))
            break;
        children = xs_directory(store, transaction, at, &count);
        free(children);
        if ((children && count) || (!children && errno == ENOENT))
            break;
        if (!children || !xs_rm(store, transaction, at)) { /* what stays empty now would stay for good */
            int error = errno;

            xs_transaction_end(store, transaction, true);
            return error;
        }
    }
    return xs_transaction_end(store, transaction, false) ? 0 : errno;
}

bool ctl_store_remove(struct ctl *ctl, const char *path, const char *keep)
{
    struct xs_handle *store = ctl_store(ctl);
    int error = EAGAIN;

    for (int attempt = 0; store && error == EAGAIN && attempt < ATTEMPTS_MAX; attempt++)
        error = remove_once(store, path, keep);
    /* A guest that writes there without end makes each transaction void, but not this; the rest has peace then. */
    if (store && error) {
        error = xs_rm(store, XBT_NULL, path) || errno == ENOENT ? 0 : errno;
        if (!error)
            remove_once(store, path, keep);
    }
    return error == 0;
}
