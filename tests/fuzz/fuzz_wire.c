/* SPDX-License-Identifier: MIT */
/*
 * Wire bytes against the daemon: the input is what two guests send, in alternate pieces; one of them may act for the
 * other. Whatever it is, the daemon goes on, its tree stays sound, and closing the clients frees all of theirs.
 */
#include <stdlib.h>
#include <string.h>

#include "store/daemon.h"
#include "store/log.h"

struct fuzz_connection {
    struct connection connection;
    const uint8_t *data;
    size_t size;
};

static ssize_t receive(struct connection *connection, void *to, size_t size)
{
    struct fuzz_connection *client = (struct fuzz_connection *)connection;
    size_t count = client->size < size ? client->size : size;
    memcpy(to, client->data, count);
    client->data += count;
    client->size -= count;
    return (ssize_t)count;
}

/* Takes a part of what is offered, so that output piles up. */
static ssize_t send_bytes(struct connection *connection, const void *from, size_t size)
{
    return (ssize_t)(size > 64 ? size / 2 : size);
}

static void wait_for(struct connection *connection, bool for_input, bool for_output)
{
}

static void fail(struct connection *connection)
{
}

static void free_connection(struct connection *connection)
{
}

static const struct transport transport = {
    .receive = receive, .send = send_bytes, .wait = wait_for, .fail = fail, .free = free_connection};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct daemon daemon;
    struct fuzz_connection clients[2];
    memset(clients, 0, sizeof(clients));
    if (daemon_create(&daemon))
        abort();
    connection_open(&clients[0].connection, &daemon, &transport, 5);
    connection_open(&clients[1].connection, &daemon, &transport, 6);
    clients[1].connection.actor.target = 5;
    struct change_list changes = {0};
    struct view view = store_view(&daemon.store, &changes);
    static const struct actor domain_0 = {.domain = 0, .target = DOMID_INVALID};
    store_write(&view, &domain_0, "/local/domain/5", "", 0);
    store_set_permissions(&view, &domain_0, "/local/domain/5", permissions_parse("n5", 3));
    daemon_publish(&daemon, &changes);

    for (unsigned int turn = 0; size > 0 && turn < 64; turn++) {
        struct fuzz_connection *client = &clients[turn % 2];
        size_t piece = data[0] < size - 1 ? data[0] : size - 1;
        client->data = data + 1;
        client->size = piece;
        connection_service(&client->connection);
        data += 1 + piece;
        size -= 1 + piece;
        daemon.loop.after_turn(daemon.loop.context);
    }

    struct usage usage = {0};
    change_count_subtree(daemon.store.top, 1, &usage);
    if (usage.count != daemon.store.usage.count)
        abort();
    usage_clear(&usage);
    daemon_destroy(&daemon);
    return 0;
}
