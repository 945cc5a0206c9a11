/* SPDX-License-Identifier: MIT */
/* Watches as seen by a client: setting and removing them, and taking their events. */
#include "store/client/handle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
    struct store_part parts[] = {store_string(path), store_string(token)};
    return store_command(h, XS_WATCH, XBT_NULL, parts, 2);
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
    struct store_part parts[] = {store_string(path), store_string(token)};
    bool done = store_command(h, XS_UNWATCH, XBT_NULL, parts, 2);
    if (done && h->filter_after_unwatch)
        store_drop_events(h, path, token);
    return done;
}

/* The event as the caller wants it: pointers to path and token in one block with the text. */
static char **unpack_event(struct store_message *event)
{
    if (!event)
        return NULL;
    size_t path_size = strlen(event->body) + 1;
    char **strings = malloc(2 * sizeof(*strings) + event->header.len + 1);
    if (strings) {
        char *text = (char *)(strings + 2);
        memcpy(text, event->body, event->header.len + 1);
        strings[XS_WATCH_PATH] = text;
        strings[XS_WATCH_TOKEN] = text + path_size;
    }
    free(event);
    return strings;
}

char **xs_read_watch(struct xs_handle *h, unsigned int *num)
{
    char **strings = unpack_event(store_next_event(h, true));
    if (strings && num)
        *num = 2;
    return strings;
}

char **xs_check_watch(struct xs_handle *h)
{
    return unpack_event(store_next_event(h, false));
}
