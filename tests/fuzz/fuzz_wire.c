/* SPDX-License-Identifier: MIT */
/*
 * Wire bytes against the daemon: the input is what two guests send, one of which may act for the other, and whole
 * requests of domain 0, in pieces by turns. Whatever it is, the daemon goes on, its tree stays sound, and closing the
 * clients frees all of theirs.
 */
#include <stdlib.h>
#include <string.h>

#include "store/daemon.h"
#include "store/log.h"

enum { GUEST, STUB, TOOL, CLIENTS };

struct fuzz_connection {
    struct connection connection;
    const uint8_t *data;
    size_t size;
};

/* Commands whose argument is a file of this machine, or that would replace the program. */
static const char *const commands_with_files[] = {"log", "memreport", "live-update"};

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

static bool names_a_file(const struct xsd_sockmsg *header, const uint8_t *body)
{
    if (header->type != XS_CONTROL)
        return false;
    for (size_t i = 0; i < sizeof(commands_with_files) / sizeof(commands_with_files[0]); i++) {
        size_t size = strlen(commands_with_files[i]);
        if (header->len >= size && memcmp(body, commands_with_files[i], size) == 0)
            return true;
    }
    return false;
}

/* A request of domain 0: its type, its transaction, its body. Only the daemon's answers are of interest, and that it
 * gives them: what domain 0 may do to its own machine is not. */
static void ask(struct fuzz_connection *tool, const uint8_t *data, size_t size)
{
    uint8_t message[sizeof(struct xsd_sockmsg) + UINT8_MAX];
    struct xsd_sockmsg header = {.type = data[0], .tx_id = data[1], .len = (uint32_t)(size - 2)};
    if (names_a_file(&header, data + 2))
        return;
    memcpy(message, &header, sizeof(header));
    memcpy(message + sizeof(header), data + 2, size - 2);
    tool->data = message;
    tool->size = sizeof(header) + size - 2;
    connection_service(&tool->connection);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct daemon daemon;
    struct fuzz_connection clients[CLIENTS];
    memset(clients, 0, sizeof(clients));
    if (daemon_create(&daemon))
        abort();
    connection_open(&clients[GUEST].connection, &daemon, &transport, 5);
    connection_open(&clients[STUB].connection, &daemon, &transport, 6);
    connection_open(&clients[TOOL].connection, &daemon, &transport, 0);
    clients[STUB].connection.actor.target = 5;
    struct change_list changes = {0};
    struct view view = store_view(&daemon.store, &changes);
    static const struct actor domain_0 = {.domain = 0, .target = DOMID_INVALID};
    store_write(&view, &domain_0, "/local/domain/5", "", 0);
    store_set_permissions(&view, &domain_0, "/local/domain/5", permissions_parse("n5", 3));
    daemon_publish(&daemon, &changes);

    for (unsigned int turn = 0; size > 0 && turn < 96; turn++) {
        struct fuzz_connection *client = &clients[turn % CLIENTS];
        size_t piece = data[0] < size - 1 ? data[0] : size - 1;
        client->data = data + 1;
        client->size = piece;
        if (client != &clients[TOOL])
            connection_service(&client->connection);
        else if (piece >= 2)
            ask(client, data + 1, piece);
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
