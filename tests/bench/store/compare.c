/* SPDX-License-Identifier: MIT */
/*
 * store_compare OURS PEER, each NAME:PID:SOCKET: the same load on two store daemons of one machine, in turns, and the
 * ratio of what it costs them. Prints one line "FIGURE ..." a figure; the exit status is 1 when a ratio is over its
 * limit. A PEER called xenstored has limits on CPU time and memory too.
 */
#include "load.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 4
#define MEMORY_NODES 4000

static bool failed;

/* Of a limit of 0 only the ratio is told. */
static void figure(const char *what, const char *unit, double ours, const struct load_daemon *peer, double theirs,
                   double limit)
{
    double ratio = ours / theirs;
    bool over = limit > 0 && ratio > limit;

    printf("FIGURE %-48s stored %8.1f, %-10s %8.1f %s: ratio %.2f", what, ours, peer->name, theirs, unit, ratio);
    if (limit > 0)
        printf(", of %.2f at most%s", limit, over ? ": OVER" : "");
    putchar('\n');
    fflush(stdout);
    failed |= over;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

struct figure_plan {
    enum load_operation operation;
    unsigned connections, lanes;
    unsigned long units;
};

/* The least cost of several rounds, in which the two take turns: what disturbs one disturbs the other. */
static void measure(const struct load_daemon *ours, const struct load_daemon *peer, const struct figure_plan *plan,
                    struct load_cost best[2])
{
    const struct load_daemon *daemons[2] = { ours, peer };

    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < 2; i++) {
            struct load_cost cost =
                load_run(daemons[i], plan->operation, plan->connections, plan->lanes, plan->units);

            best[i].wall_ns = round ? least(best[i].wall_ns, cost.wall_ns) : cost.wall_ns;
            best[i].cpu_ns = round ? least(best[i].cpu_ns, cost.cpu_ns) : cost.cpu_ns;
            best[i].conflicts += cost.conflicts;
        }
    }
}

static void compare_latency(const struct load_daemon *ours, const struct load_daemon *peer)
{
    static const struct figure_plan plans[] = {
        { LOAD_READ, 1, 1, 200 }, { LOAD_WRITE, 1, 1, 200 }, { LOAD_TRANSACTION, 1, 1, 10 }
    };

    for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
        struct load_cost best[2] = { 0 };
        char what[64];

        measure(ours, peer, &plans[i], best);
        snprintf(what, sizeof(what), "latency, one client, %s", load_operation_names[plans[i].operation]);
        figure(what, "us", best[0].wall_ns / 1e3, peer, best[1].wall_ns / 1e3, 1.0);
    }
}

static void compare_cpu(const struct load_daemon *ours, const struct load_daemon *peer, double limit)
{
    for (int operation = 0; operation < LOAD_OPERATIONS; operation++) {
        unsigned long units = operation == LOAD_TRANSACTION ? 32 : 320;
        struct figure_plan plan = { (enum load_operation)operation, 16, 32, units };
        struct load_cost best[2] = { 0 };
        char what[64];

        measure(ours, peer, &plan, best);
        snprintf(what, sizeof(what), "CPU time, 32 in flight, %s", load_operation_names[operation]);
        figure(what, "us", best[0].cpu_ns / 1e3, peer, best[1].cpu_ns / 1e3, limit);
        if (operation == LOAD_TRANSACTION)
            printf("FIGURE conflicts of unrelated transactions: stored %lu, %s %lu, of %lu\n", best[0].conflicts,
                   peer->name, best[1].conflicts, units * ROUNDS);
    }
}

static size_t compose_node(unsigned long number, char *body, size_t size)
{
    size_t used = (size_t)snprintf(body, size, "/memory/directory-%lu/node-%lu", number / 100, number % 100) + 1;

    return used + (size_t)snprintf(body + used, size - used, "value-%010lu", number);
}

static size_t compose_all(unsigned long number, char *body, size_t size)
{
    return (size_t)snprintf(body, size, "/memory") + 1;
}

static double memory_per_node(const struct load_daemon *daemon)
{
    int connection = load_connect(daemon->socket);
    uint64_t before = load_memory(daemon->pid);

    load_stream(connection, XS_WRITE, MEMORY_NODES, compose_node);
    double grown = (double)load_memory(daemon->pid) - (double)before;

    load_stream(connection, XS_RM, 1, compose_all);
    return grown / MEMORY_NODES;
}

static struct load_daemon parse(char *text)
{
    char *pid = strchr(text, ':'), *socket = pid ? strchr(pid + 1, ':') : NULL;

    if (!socket || atoi(pid + 1) <= 0)
        load_die("\"%s\" is no NAME:PID:SOCKET", text);
    *pid = *socket = '\0';
    return (struct load_daemon){ text, socket + 1, atoi(pid + 1) };
}

int main(int argc, char **argv)
{
    if (argc != 3)
        load_die("usage: store_compare OURS PEER, each NAME:PID:SOCKET");
    struct load_daemon ours = parse(argv[1]), peer = parse(argv[2]);
    bool is_reference = strcmp(peer.name, "xenstored") == 0;

    load_prepare(&ours);
    load_prepare(&peer);
    if (is_reference) { /* a heap that is collected does not grow by what it holds */
        double memory = memory_per_node(&ours);

        figure("memory of a node", "bytes", memory, &peer, memory_per_node(&peer), 1.5);
    }
    compare_latency(&ours, &peer);
    compare_cpu(&ours, &peer, is_reference ? 0.25 : 0);
    return failed;
}
