/* SPDX-License-Identifier: MIT */
/* Load on a store daemon; see load.h. */
#include "load.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define INPUT_SIZE 65536
#define OUTPUT_SIZE 16384
#define STREAM_DEPTH 64
#define CHILDREN 10
#define PAUSE_NS 2000000

const char *const load_operation_names[LOAD_OPERATIONS] = {
    [LOAD_READ] = "read",           [LOAD_WRITE] = "write",
    [LOAD_CREATE] = "create",       [LOAD_DIRECTORY] = "directory",
    [LOAD_TRANSACTION] = "transaction of 10 writes",
};

struct connection {
    int fd;
    size_t input_size, output_size;
    char input[INPUT_SIZE], output[OUTPUT_SIZE];
};

struct lane {
    struct connection *connection;
    unsigned step;         /* within a transaction: 0 is its start */
    uint32_t transaction;
    unsigned long created; /* names are not used twice */
};

struct run {
    enum load_operation operation;
    struct connection connections[LOAD_LANES_MAX];
    struct lane lanes[LOAD_LANES_MAX];
    unsigned connection_count, lane_count;
    unsigned long to_start, to_finish, conflicts;
};

void load_die(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("store bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(2);
}

uint64_t load_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t cpu_ns(pid_t pid)
{
    clockid_t clock;
    struct timespec used;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        load_die("there is no process %d whose CPU time could be read", (int)pid);
    return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

uint64_t load_memory(pid_t pid)
{
    char path[64], line[256];
    unsigned long kib = 0;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");

    while (file && fgets(line, sizeof(line), file)) {
        if (sscanf(line, "RssAnon: %lu", &kib) == 1)
            break;
    }
    if (!file || !kib)
        load_die("%s does not tell the memory of the process", path);
    fclose(file);
    return (uint64_t)kib << 10;
}

int load_connect(const char *socket_path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        load_die("nobody serves %s: %s", socket_path, strerror(errno));
    return fd;
}

static void send_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            load_die("the daemon has closed the connection: %s", strerror(errno));
        data += sent;
        size -= (size_t)sent;
    }
}

static void flush(struct connection *connection)
{
    send_all(connection->fd, connection->output, connection->output_size);
    connection->output_size = 0;
}

static void receive(struct connection *connection)
{
    ssize_t got;

    do
        got = recv(connection->fd, connection->input + connection->input_size, INPUT_SIZE - connection->input_size, 0);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        load_die("the daemon has closed the connection");
    connection->input_size += (size_t)got;
}

/* Takes the next whole message off the input at *at. NULL: there is none yet. */
static const char *take(struct connection *connection, size_t *at, struct xsd_sockmsg *header)
{
    size_t left = connection->input_size - *at;

    if (left < sizeof(*header))
        return NULL;
    memcpy(header, connection->input + *at, sizeof(*header));
    if (header->len > XENSTORE_PAYLOAD_MAX)
        load_die("the daemon sent a message of %u bytes", header->len);
    if (left < sizeof(*header) + header->len)
        return NULL;
    *at += sizeof(*header) + header->len;
    return connection->input + *at - header->len;
}

static void drop_taken(struct connection *connection, size_t taken)
{
    connection->input_size -= taken;
    memmove(connection->input, connection->input + taken, connection->input_size);
}

/* Queues a request whose body is `size` bytes. */
static void queue(struct connection *connection, struct xsd_sockmsg header, const char *body, size_t size)
{
    header.len = (uint32_t)size;
    memcpy(connection->output + connection->output_size, &header, sizeof(header));
    memcpy(connection->output + connection->output_size + sizeof(header), body, size);
    connection->output_size += sizeof(header) + size;
}

/* The next request of a lane, by what it does and where it stands. */
static void start_step(struct run *run, unsigned number)
{
    struct lane *lane = &run->lanes[number];
    struct xsd_sockmsg header = { .req_id = number, .tx_id = lane->transaction };
    char body[128];
    size_t size = 0;

    switch (run->operation) {
    case LOAD_READ:
        header.type = XS_READ;
        size = (size_t)sprintf(body, "/bench/%u/value", number) + 1;
        break;
    case LOAD_WRITE:
        header.type = XS_WRITE;
        size = (size_t)sprintf(body, "/bench/%u/value", number) + 1;
        size += (size_t)sprintf(body + size, "value%011lu", run->to_start);
        break;
    case LOAD_CREATE:
        header.type = XS_WRITE;
        size = (size_t)sprintf(body, "/bench/%u/new/%lu", number, lane->created++) + 1;
        size += (size_t)sprintf(body + size, "value");
        break;
    case LOAD_DIRECTORY:
        header.type = XS_DIRECTORY;
        size = (size_t)sprintf(body, "/bench/%u/list", number) + 1;
        break;
    default:
        header.type = lane->step == 0 ? XS_TRANSACTION_START : XS_WRITE;
        if (lane->step > LOAD_TRANSACTION_WRITES) {
            header.type = XS_TRANSACTION_END;
            size = (size_t)sprintf(body, "T") + 1;
        } else if (lane->step > 0) {
            size = (size_t)sprintf(body, "/bench/%u/list/%u", number, lane->step - 1) + 1;
            size += (size_t)sprintf(body + size, "value%011lu", run->to_start);
        } else {
            body[size++] = '\0';
        }
    }
    queue(lane->connection, header, body, size);
}

/* The reply to a lane's request: goes on with the next step, or the next unit while there is one to start. */
static void finish_step(struct run *run, const struct xsd_sockmsg *header, const char *body)
{
    struct lane *lane = &run->lanes[header->req_id % LOAD_LANES_MAX];
    bool in_transaction = run->operation == LOAD_TRANSACTION, is_end = lane->step == LOAD_TRANSACTION_WRITES + 1;

    if (header->type == XS_ERROR && in_transaction && is_end && strncmp(body, "EAGAIN", header->len) == 0) {
        run->conflicts++;
        run->to_start++;
        run->to_finish++;
    } else if (header->type == XS_ERROR) {
        load_die("a %s failed: %.*s", load_operation_names[run->operation], (int)header->len, body);
    }
    if (in_transaction && !is_end) {
        if (lane->step++ == 0)
            lane->transaction = (uint32_t)strtoul(body, NULL, 10);
        start_step(run, header->req_id);
        return;
    }
    lane->step = 0;
    lane->transaction = 0;
    run->to_finish--;
    if (run->to_start > 0) {
        run->to_start--;
        start_step(run, header->req_id);
    }
}

static void serve(struct run *run, struct connection *connection)
{
    struct xsd_sockmsg header;
    size_t taken = 0;
    const char *body;

    receive(connection);
    while ((body = take(connection, &taken, &header)))
        finish_step(run, &header, body);
    drop_taken(connection, taken);
    if (connection->output_size > 0)
        flush(connection);
}

/* Whether this process goes before all others, or shares the CPU with them. */
static void go_first(bool first)
{
    struct sched_param priority = { .sched_priority = first };

    if (sched_setscheduler(0, first ? SCHED_FIFO : SCHED_OTHER, &priority) < 0)
        fputs("store bench: without root the clients do not go before the daemon: its CPU time says little\n", stderr);
}

static void drive(struct run *run)
{
    const struct timespec pause = { .tv_nsec = PAUSE_NS };
    struct pollfd polls[LOAD_LANES_MAX];

    for (unsigned i = 0; i < run->lane_count && run->to_start > 0; i++, run->to_start--)
        start_step(run, i);
    for (unsigned i = 0; i < run->connection_count; i++) {
        polls[i] = (struct pollfd){ .fd = run->connections[i].fd, .events = POLLIN };
        flush(&run->connections[i]);
    }
    while (run->to_finish > 0) {
        if (run->connection_count == 1) {
            serve(run, &run->connections[0]);
            continue;
        }
        nanosleep(&pause, NULL);
        if (poll(polls, run->connection_count, 60000) <= 0)
            load_die("the daemon has not answered for a minute");
        for (unsigned i = 0; i < run->connection_count; i++) {
            if (polls[i].revents)
                serve(run, &run->connections[i]);
        }
    }
}

/* One request and its reply, not measured. `may_lack`: ENOENT is no error. */
static void request(struct connection *connection, enum xsd_sockmsg_type type, const char *body, size_t size,
                    bool may_lack)
{
    struct xsd_sockmsg header;
    size_t taken = 0;
    const char *reply;

    queue(connection, (struct xsd_sockmsg){ .type = type }, body, size);
    flush(connection);
    while (!(reply = take(connection, &taken, &header)))
        receive(connection);
    if (header.type == XS_ERROR && !(may_lack && strncmp(reply, "ENOENT", header.len) == 0))
        load_die("a request of type %d failed: %.*s", (int)type, (int)header.len, reply);
    drop_taken(connection, taken);
}

void load_prepare(const struct load_daemon *daemon)
{
    static struct connection connection;
    char body[128];

    connection = (struct connection){ .fd = load_connect(daemon->socket) };
    for (unsigned lane = 0; lane < LOAD_LANES_MAX; lane++) {
        size_t size = (size_t)sprintf(body, "/bench/%u/value%cvalue00000000000", lane, '\0');

        request(&connection, XS_WRITE, body, size, false);
        for (unsigned child = 0; child < CHILDREN; child++) {
            size = (size_t)sprintf(body, "/bench/%u/list/%u%cvalue00000000000", lane, child, '\0');
            request(&connection, XS_WRITE, body, size, false);
        }
    }
    close(connection.fd);
}

/* Takes away what LOAD_CREATE made, so that each run creates in empty directories. */
static void remove_created(const struct load_daemon *daemon, unsigned lanes)
{
    static struct connection connection;
    char body[64];

    connection = (struct connection){ .fd = load_connect(daemon->socket) };
    for (unsigned lane = 0; lane < lanes; lane++)
        request(&connection, XS_RM, body, (size_t)sprintf(body, "/bench/%u/new", lane) + 1, true);
    close(connection.fd);
}

struct load_cost load_run(const struct load_daemon *daemon, enum load_operation operation, unsigned connections,
                          unsigned lanes, unsigned long units)
{
    static struct run run;

    run = (struct run){ .operation = operation, .connection_count = connections, .lane_count = lanes,
                        .to_start = units, .to_finish = units };
    for (unsigned i = 0; i < connections; i++)
        run.connections[i].fd = load_connect(daemon->socket);
    for (unsigned i = 0; i < lanes; i++)
        run.lanes[i].connection = &run.connections[i % connections];

    uint64_t wall = load_now_ns(), cpu = cpu_ns(daemon->pid);

    go_first(connections > 1);
    drive(&run);
    go_first(false);
    cpu = cpu_ns(daemon->pid) - cpu;
    wall = load_now_ns() - wall;
    for (unsigned i = 0; i < connections; i++)
        close(run.connections[i].fd);
    if (operation == LOAD_CREATE)
        remove_created(daemon, lanes);
    return (struct load_cost){ (double)wall / (double)units, (double)cpu / (double)units, run.conflicts };
}

void load_stream(int fd, enum xsd_sockmsg_type type, unsigned long count,
                 size_t (*compose)(unsigned long number, char *body, size_t size))
{
    static struct connection connection;
    unsigned long sent = 0, answered = 0;
    char body[256];

    connection = (struct connection){ .fd = fd };
    while (answered < count) {
        struct xsd_sockmsg header;
        size_t taken = 0;
        const char *reply;

        while (sent < count && sent - answered < STREAM_DEPTH && connection.output_size < OUTPUT_SIZE / 2) {
            queue(&connection, (struct xsd_sockmsg){ .type = type }, body, compose(sent, body, sizeof(body)));
            sent++;
        }
        flush(&connection);
        receive(&connection);
        while ((reply = take(&connection, &taken, &header))) {
            if (header.type == XS_ERROR)
                load_die("request %lu of type %d failed: %.*s", answered, (int)type, (int)header.len, reply);
            answered += header.type != XS_WATCH_EVENT;
        }
        drop_taken(&connection, taken);
    }
}
