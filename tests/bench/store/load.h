/* SPDX-License-Identifier: MIT */
/*
 * Load on a store daemon through its socket, whoever's daemon it is, and what it costs: wall time, and the CPU time of
 * the daemon's process. Requests go out as bytes of the protocol; several can be in flight on each of several
 * connections. Whatever goes wrong ends the program with a sentence: a benchmark that lost a request has no result.
 */
#ifndef TESTS_BENCH_STORE_LOAD_H
#define TESTS_BENCH_STORE_LOAD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <xen/io/xs_wire.h>

#define LOAD_LANES_MAX 32
#define LOAD_TRANSACTION_WRITES 10

struct load_daemon {
    const char *name;
    const char *socket;
    pid_t pid;
};

enum load_operation {
    LOAD_READ,
    LOAD_WRITE,
    LOAD_CREATE,
    LOAD_DIRECTORY,  /* of ten children */
    LOAD_TRANSACTION, /* start, LOAD_TRANSACTION_WRITES writes, end; counts as one unit */
    LOAD_OPERATIONS
};

extern const char *const load_operation_names[LOAD_OPERATIONS];

struct load_cost {
    double wall_ns, cpu_ns;  /* of a unit */
    unsigned long conflicts; /* transactions that ended with EAGAIN, and were done again */
};

/* Makes what the operations work on, below /bench: each lane has its own subtree. */
void load_prepare(const struct load_daemon *daemon);

/*
 * Carries out `units` operations, with one request in flight in each of `lanes` lanes, spread over `connections`. With
 * several connections the clients go before the daemon on its CPU, look for replies every two milliseconds, and are
 * not woken by each: so the daemon has the requests of all of them at hand, as it has when they run on other CPUs, and
 * is not woken by the first one to serve it alone. The wall time means nothing then.
 */
struct load_cost load_run(const struct load_daemon *daemon, enum load_operation operation, unsigned connections,
                          unsigned lanes, unsigned long units);

/* A connection of its own, for requests that are not measured. */
int load_connect(const char *socket);

/* Sends `count` requests of one type with up to 64 in flight; `compose` writes the body of each and returns its size.
 * Watch events that come in between are dropped. */
void load_stream(int connection, enum xsd_sockmsg_type type, unsigned long count,
                 size_t (*compose)(unsigned long number, char *body, size_t size));

/* Anonymous memory of the process, in bytes. */
uint64_t load_memory(pid_t pid);

uint64_t load_now_ns(void);

_Noreturn void load_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
