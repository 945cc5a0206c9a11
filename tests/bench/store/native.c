/* SPDX-License-Identifier: MIT */
/*
 * store_native PROGRAM: what the store daemon PROGRAM does with a large store, on this machine: a write with 100,000
 * nodes and watches beside one in an empty store, transactions of 16 writers on disjoint subtrees, and a restart after
 * SIGKILL. Prints one line "FIGURE ..." a figure; the exit status is 1 when one is over its limit.
 */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NODES 100000
#define ROUNDS 80 /* short ones: what else the machine does falls into some, not into all */
#define WRITES 2000
#define TRANSACTIONS 3200
#define RESTARTS 5
#define RESTART_LIMIT_MS 50.0

static const char *program;
static char folder[64];
static bool failed;

struct instance {
    char socket[96], state[96];
    struct load_daemon daemon;
};

static void start(struct instance *instance)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct xsd_sockmsg message = { .type = XS_READ, .len = 2 };

    instance->daemon = (struct load_daemon){ "stored", instance->socket, fork() };
    if (instance->daemon.pid == 0) {
        int null = open("/dev/null", O_WRONLY);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(null, STDERR_FILENO);
        execl(program, program, "--no-domains", "--foreground", "--socket", instance->socket, "--state",
              instance->state, NULL);
        _exit(127);
    }
    strcpy(address.sun_path, instance->socket);
    for (uint64_t deadline = load_now_ns() + 30000000000ull;;) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool connected = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
        char request[sizeof(message) + 2];

        memcpy(request, &message, sizeof(message));
        memcpy(request + sizeof(message), "/", 2);
        bool served = connected && send(fd, request, sizeof(request), MSG_NOSIGNAL) == (ssize_t)sizeof(request) &&
                      recv(fd, &message, sizeof(message), 0) == (ssize_t)sizeof(message);

        close(fd);
        if (served)
            return;
        if (load_now_ns() > deadline || waitpid(instance->daemon.pid, NULL, WNOHANG) != 0)
            load_die("%s does not serve", program);
        usleep(500);
    }
}

static void end(struct instance *instance)
{
    kill(instance->daemon.pid, SIGKILL);
    waitpid(instance->daemon.pid, NULL, 0);
}

static void place(struct instance *instance, const char *name)
{
    snprintf(instance->socket, sizeof(instance->socket), "%s/%s.socket", folder, name);
    snprintf(instance->state, sizeof(instance->state), "%s/%s", folder, name);
}

static size_t compose_node(unsigned long number, char *body, size_t size)
{
    size_t used = (size_t)snprintf(body, size, "/many/directory-%lu/node-%lu", number / 100, number % 100) + 1;

    return used + (size_t)snprintf(body + used, size - used, "value-%010lu", number);
}

static size_t compose_watch(unsigned long number, char *body, size_t size)
{
    size_t used = (size_t)snprintf(body, size, "/many/directory-%lu/node-%lu", number / 100, number % 100) + 1;

    return used + (size_t)snprintf(body + used, size - used, "token-%lu", number) + 1;
}

static void told(const char *what, double value, const char *unit, double limit)
{
    bool over = value > limit;

    printf("FIGURE %-64s %8.2f%s, of %.2f at most%s\n", what, value, unit, limit, over ? ": OVER" : "");
    fflush(stdout);
    failed |= over;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

static void large_store(struct instance *full)
{
    struct instance empty;
    int watcher = load_connect(full->socket);
    double best[2] = { 1e18, 1e18 };
    uint64_t before = load_memory(full->daemon.pid);

    place(&empty, "empty");
    start(&empty);
    load_stream(watcher, XS_WRITE, NODES, compose_node);
    printf("FIGURE memory of a node, natively: %.0f bytes\n",
           ((double)load_memory(full->daemon.pid) - (double)before) / NODES);
    load_stream(watcher, XS_WATCH, NODES, compose_watch);
    load_prepare(&full->daemon);
    load_prepare(&empty.daemon);
    for (int round = 0; round < ROUNDS; round++) {
        best[0] = least(best[0], load_run(&empty.daemon, LOAD_WRITE, 1, 1, WRITES).wall_ns);
        best[1] = least(best[1], load_run(&full->daemon, LOAD_WRITE, 1, 1, WRITES).wall_ns);
    }
    printf("FIGURE write latency: %.2f us in an empty store, %.2f us with %d nodes and watches\n", best[0] / 1e3,
           best[1] / 1e3, NODES);
    told("write latency with 100,000 nodes and watches to that without", best[1] / best[0], "", 1.2);
    close(watcher);
    end(&empty);
}

static void disjoint_transactions(struct instance *full)
{
    struct load_cost cost = load_run(&full->daemon, LOAD_TRANSACTION, 16, 16, TRANSACTIONS);

    told("EAGAIN in 3,200 transactions of 16 writers, disjoint subtrees", (double)cost.conflicts, "", 0);
}

static void restart(struct instance *full)
{
    double best_ms = 1e18;

    for (int i = 0; i < RESTARTS; i++) {
        end(full);
        uint64_t began = load_now_ns();

        start(full);
        best_ms = least(best_ms, (double)(load_now_ns() - began) / 1e6);
    }
    told("restart with 100,000 nodes after SIGKILL, until it answers", best_ms, " ms", RESTART_LIMIT_MS);
}

static void clean_up(void)
{
    char command[96];

    snprintf(command, sizeof(command), "rm -rf %s", folder);
    if (system(command) != 0)
        fprintf(stderr, "store bench: %s is left behind\n", folder);
}

int main(int argc, char **argv)
{
    struct instance full;

    if (argc != 2)
        load_die("usage: store_native PROGRAM");
    program = argv[1];
    strcpy(folder, "/dev/shm/keel-store-XXXXXX");
    if (!mkdtemp(folder))
        load_die("no folder can be made in /dev/shm: %s", strerror(errno));
    atexit(clean_up);
    place(&full, "full");
    start(&full);
    large_store(&full);
    disjoint_transactions(&full);
    restart(&full);
    end(&full);
    return failed;
}
