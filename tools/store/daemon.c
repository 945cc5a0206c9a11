/* SPDX-License-Identifier: MIT */
/* The daemon's parts together, and what is done at the end of each turn of its loop. */
#include "store/daemon.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "store/journal.h"

static void free_closed(struct daemon *daemon)
{
    while (daemon->closed) {
        struct connection *connection = daemon->closed;
        daemon->closed = connection->next;
        free(connection->input);
        free(connection->output);
        connection->transport->free(connection);
    }
}

/* Services those that are queued at this moment, and those that have sent something, once each; then what has to be said
 * to anybody is sent. */
static bool after_turn(void *context)
{
    struct daemon *daemon = context;
    daemon->turn++;
    while (daemon->ready && daemon->ready->queued_turn < daemon->turn) {
        struct connection *connection = daemon->ready;
        daemon_unqueue(daemon, connection);
        connection_service(connection);
    }
    socket_turn_receive(&daemon->sockets);
    socket_turn_send(&daemon->sockets);
    free_closed(daemon);
    bool journal_busy = daemon->journal && journal_maintain(daemon->journal);
    return daemon->ready || journal_busy;
}

static void set_clock(struct daemon *daemon, time_t seconds)
{
    struct itimerspec time = {.it_value.tv_sec = seconds};
    timerfd_settime(daemon->clock.fd, 0, &time, NULL);
    daemon->clock_runs = seconds > 0;
}

void daemon_start_clock(struct daemon *daemon)
{
    if (!daemon->clock_runs)
        set_clock(daemon, 1);
}

static void clock_ready(struct loop_source *source, uint32_t events)
{
    struct daemon *daemon = (struct daemon *)((char *)source - offsetof(struct daemon, clock));
    uint64_t expirations, now_ns = statistics_now_ns();
    bool again = false;
    if (read(source->fd, &expirations, sizeof(expirations)) < 0)
        return;
    for (struct connection *connection = daemon->connections; connection; connection = connection->next)
        again |= connection_tick(connection, now_ns);
    again |= domains_serve_waiting(daemon);
    set_clock(daemon, again);
}

int daemon_create(struct daemon *daemon)
{
    *daemon = (struct daemon){0};
    int error = loop_create(&daemon->loop, after_turn, daemon);
    if (error)
        return error;
    daemon->clock = (struct loop_source){.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
                                         .ready = clock_ready};
    error = daemon->clock.fd < 0 ? errno : loop_watch(&daemon->loop, &daemon->clock, EPOLLIN);
    if (error) {
        loop_destroy(&daemon->loop);
        return error;
    }
    daemon->ready_end = &daemon->ready;
    store_create(&daemon->store);
    daemon->accounts.defaults = &daemon->store.quota;
    statistics_start(&daemon->statistics);
    watch_index_create(&daemon->watches);
    return 0;
}

void daemon_destroy(struct daemon *daemon)
{
    if (daemon->journal)
        journal_close(daemon->journal); /* what follows is not the clients' doing */
    while (daemon->connections)
        connection_close(daemon->connections);
    free_closed(daemon);
    domain_table_destroy(&daemon->domains);
    watch_index_destroy(&daemon->watches);
    account_table_clear(&daemon->accounts);
    store_destroy(&daemon->store);
    close(daemon->clock.fd);
    live_update_end(&daemon->update);
    socket_turn_destroy(&daemon->sockets);
    loop_destroy(&daemon->loop);
}

void daemon_queue(struct daemon *daemon, struct connection *connection)
{
    if (connection->queued || connection->failed)
        return;
    connection->queued = true;
    connection->queued_turn = daemon->turn;
    connection->next_ready = NULL;
    *daemon->ready_end = connection;
    daemon->ready_end = &connection->next_ready;
}

void daemon_unqueue(struct daemon *daemon, struct connection *connection)
{
    if (!connection->queued)
        return;
    struct connection **link = &daemon->ready;
    while (*link != connection)
        link = &(*link)->next_ready;
    *link = connection->next_ready;
    if (daemon->ready_end == &connection->next_ready)
        daemon->ready_end = link;
    connection->queued = false;
}

void daemon_publish(struct daemon *daemon, struct change_list *changes)
{
    watch_fire(&daemon->watches, daemon->store.top, changes);
    change_list_release(changes);
}

void daemon_set_quota(struct daemon *daemon, domid_t domain, const struct quota_field *field, unsigned int value)
{
    if (domain == DOMID_INVALID) {
        *quota_value(&daemon->store.quota, field) = value;
        account_follow_defaults(&daemon->accounts);
    } else {
        account_set_quota(&daemon->accounts, domain, field, value);
    }
}
