/* SPDX-License-Identifier: MIT */
/* All that the daemon is: the store, its clients and its loop. */
#ifndef STORE_DAEMON_H
#define STORE_DAEMON_H

#include "store/connection.h"
#include "store/domain.h"
#include "store/live_update.h"
#include "store/loop.h"
#include "store/socket.h"
#include "store/statistics.h"

struct daemon {
    struct store store;
    struct account_table accounts;
    struct statistics statistics;
    struct watch_index watches;
    struct loop loop;
    struct socket_turn sockets;
    struct connection *connections;
    struct loop_source clock; /* a timer, while there is something to look at */
    bool clock_runs;
    struct connection *closed; /* to be freed at the end of the turn */
    struct connection *ready, **ready_end; /* to be serviced though no descriptor says so */
    uint64_t turn;
    struct connection *handling; /* whose request is being handled, or NULL */
    uint32_t last_connection_id;
    struct domain_table domains;
    struct journal *journal; /* NULL: nothing is kept */
    struct live_update update; /* its program is NULL where there can be none */
};

struct journal;

/* Creates an empty store without listeners and domains. 0 or errno. */
int daemon_create(struct daemon *daemon);

/* Closes all connections and frees all. */
void daemon_destroy(struct daemon *daemon);

/* From here on connections are looked at once a second, as long as one needs it (connection_tick). */
void daemon_start_clock(struct daemon *daemon);

/* Has a connection serviced in the next turn. */
void daemon_queue(struct daemon *daemon, struct connection *connection);

/* Takes it out of that queue. */
void daemon_unqueue(struct daemon *daemon, struct connection *connection);

/* Sets a limit: of one domain, or of all that have none of their own (DOMID_INVALID). */
void daemon_set_quota(struct daemon *daemon, domid_t domain, const struct quota_field *field, unsigned int value);

/* Makes changes known to the watches, and frees them. */
void daemon_publish(struct daemon *daemon, struct change_list *changes);

#endif
