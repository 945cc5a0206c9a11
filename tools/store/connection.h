/* SPDX-License-Identifier: MIT */
/*
 * A client's connection, whatever carries its bytes. It cuts the stream into requests, has them answered in order, and
 * keeps answers and watch events until the client takes them.
 *
 * A client that sends faster than others is served in turns of a few requests; one that does not take its answers is
 * not served at all until it does; and of the events of an unprivileged one only so many bytes are kept, for so long: a
 * watch whose event finds no room, or is thrown away, has one on its own path sent later in place of all it missed.
 */
#ifndef STORE_CONNECTION_H
#define STORE_CONNECTION_H

#include "store/account.h"
#include "store/transaction.h"
#include "store/watch.h"

struct daemon;
struct connection;

#define CONNECTION_MESSAGE_MAX (sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX)
#define CONNECTION_HOME_SIZE 32

/* What carries the bytes: either at once, when the connection asks for that (receive, send), or together with those of
 * others before and after the connection's service (send_later). */
struct transport {
    /* Bytes received or sent; 0 when there is nothing, or no room, at the moment; -1 when the connection is lost. */
    ssize_t (*receive)(struct connection *connection, void *to, size_t size);
    ssize_t (*send)(struct connection *connection, const void *from, size_t size);
    /* Where those two are NULL: there is output. Sends it before the turn is over, and says connection_output_taken;
     * input comes by connection_input_arrived. */
    void (*send_later)(struct connection *connection);
    /* Says what the connection waits for, after each service. */
    void (*wait)(struct connection *connection, bool for_input, bool for_output);
    /* The client broke the protocol, and will not be heard again. */
    void (*fail)(struct connection *connection);
    /* Frees what the transport holds, and the connection's memory. */
    void (*free)(struct connection *connection);
};

struct connection {
    struct connection *next, **link; /* of the daemon */
    struct connection *next_ready;   /* in the daemon's queue, when `queued` */
    struct daemon *daemon;
    const struct transport *transport;
    struct actor actor; /* its account is never NULL */
    uint32_t id;
    bool queued;
    uint64_t queued_turn; /* the daemon's turn in which it was queued */
    bool serving;         /* inside connection_service */
    bool failed;     /* protocol broken or connection lost; nothing more is read or sent */
    bool overflowed; /* some watch is */
    bool durable;    /* it outlives the daemon: its watches are in the journal */
    char home[CONNECTION_HOME_SIZE]; /* of relative paths */

    struct watch *watches;
    unsigned int watch_count;
    struct transaction *transactions;
    unsigned int transaction_count;
    uint32_t last_transaction_id;
    uint32_t lost_transaction_id; /* those up to this one were open when the daemon before this one ended */

    char *input; /* input_start..input_end: received, not yet handled */
    size_t input_start, input_end, input_capacity;
    size_t handled_size; /* of the request that is being handled, which lies before input_start; else 0 */
    char *output; /* output_start..output_end: not yet sent */
    size_t output_start, output_end, output_capacity;
    size_t output_pause;    /* no further request is handled while so many bytes wait to be taken */
    size_t output_boundary; /* where the first message begins of which nothing has been sent */
    unsigned int replies_waiting; /* at or behind that */
    bool output_changed;          /* not only by growing: a transport that remembers it has to anew */
    uint64_t taken_ns; /* when the client took something last, or had nothing to take */
    uint64_t requests; /* handled so far */
};

/* Fills a zeroed connection in and adds it to the daemon. */
void connection_open(struct connection *connection, struct daemon *daemon, const struct transport *transport,
                     domid_t domain);

/* Makes it that of another domain: for transports that learn it late, before any request. */
void connection_set_domain(struct connection *connection, domid_t domain);

/* Ends watches and transactions and takes the connection from the daemon; its memory goes at the end of the turn. */
void connection_close(struct connection *connection);

/* Drops what is buffered, watches and transactions: as after connection_open. The journal is the caller's. */
void connection_reset(struct connection *connection);

/* There may be input, or room for output: handles a few requests, and queues the connection if there are more. */
void connection_service(struct connection *connection);

/* Room for input, and how much there is: 0 while requests that came before have to be handled first. */
char *connection_input_room(struct connection *connection, size_t *size);
/* So many bytes have come, or been sent of the output; -1: the connection is lost. */
void connection_input_arrived(struct connection *connection, ssize_t got);
void connection_output_taken(struct connection *connection, ssize_t sent);

/* Room for a message of `size` bytes at the end of the output; connection_sent says how much of it is used. */
char *connection_reserve(struct connection *connection, size_t size);
void connection_sent(struct connection *connection, size_t size);

/* Puts output back that another daemon left, all of it behind what waits: `boundary` bytes of a message of which a part
 * has been sent, then whole ones. */
void connection_restore_output(struct connection *connection, const char *output, size_t size, size_t boundary);

/* Queues the event that `path` changed for a watch. */
void connection_send_event(struct connection *connection, struct watch *watch, const char *path);

/* There is room again: one event for each watch that found none. */
void connection_send_owed(struct connection *connection);

/* Looks at the time: ends transactions of an unprivileged client that are too old, throws events away that it has left
 * lying for too long. Whether it has to be looked at again. */
bool connection_tick(struct connection *connection, uint64_t now_ns);

/* Removes all watches, of which the journal is the caller's; ends all transactions. */
void connection_drop_watches(struct connection *connection);
void connection_drop_transactions(struct connection *connection);

/* Takes a transaction from its connection; the caller frees it. */
void connection_take_transaction(struct connection *connection, struct transaction *transaction);

struct transaction *connection_find_transaction(const struct connection *connection, uint32_t id);

#endif
