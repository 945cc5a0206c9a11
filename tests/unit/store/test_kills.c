/* SPDX-License-Identifier: MIT */
/*
 * A daemon is killed at any instant, in a child of this program, between the halves of transactions. And the program
 * itself against a plain model: several clients send batches of random requests, in and outside of transactions, with
 * watches, and the daemon is killed at random instants in the middle of them and started again. What was answered is
 * there; of what was not, a first part is there and the rest is not, each request whole or not at all.
 * STORE_KILLS_SEED and STORE_KILLS_STEPS choose the run; the seed is printed.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "store/journal.h"
#include "support.h"
#include <xenstore.h>

/* The nodes there can be: /m, and below each node four children down to the fourth level. Node I has the children
 * 4 * I + 1 to 4 * I + 4. */
enum { NODES = 341, CLIENTS = 4, BATCH = 24, KILLED_BATCH = 150, WATCHES = 6, LOG = 64, EVENTS = 4096 };

struct model {
    bool exists[NODES];
    uint8_t permissions[NODES]; /* "n0" and "rN" */
    uint16_t value[NODES];
};

struct step {
    uint32_t type;
    int node;
    uint16_t value;
    uint32_t transaction;
};

struct client_state {
    int fd;
    uint32_t transaction;
    uint64_t version; /* of the truth when the transaction started */
    struct model base, copy;
    struct step log[LOG], seen[LOG];
    int log_count, seen_count;
    struct {
        int node, depth; /* node -1: none */
    } watches[WATCHES];
    char expected[EVENTS][24], events[EVENTS][24];
    int expected_count, event_count;
};

static struct client_state clients[CLIENTS];
static struct model truth;
static uint64_t version;
static char base[] = "/tmp/store-kills-XXXXXX", socket_path[64], state_path[64], log_path[64];
static pid_t pid;
static unsigned long steps, kills, commits, conflicts, cut, unanswered;

static uint64_t random_state;
static int random_below(int bound)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (int)((random_state >> 33) % (unsigned int)bound);
}

static int level_of(int node)
{
    int level = 0;
    for (; node > 0; node = (node - 1) / 4)
        level++;
    return level;
}

static const char *path_of(int node)
{
    static char paths[4][24];
    static int next;
    char *path = paths[next++ % 4];
    int level = level_of(node);
    strcpy(path, "/m");
    for (int i = level; i > 0; i--, node = (node - 1) / 4) {
        path[2 * i] = '/';
        path[2 * i + 1] = (char)('a' + (node - 1) % 4);
    }
    path[2 + 2 * level] = '\0';
    return path;
}

static bool is_below(int node, int ancestor)
{
    while (node > ancestor)
        node = (node - 1) / 4;
    return node == ancestor;
}

/* --- the model ------------------------------------------------------------------------------------------------ */

static void make(struct model *model, int node)
{
    if (model->exists[node])
        return;
    int parent = (node - 1) / 4;
    make(model, parent);
    model->exists[node] = true;
    model->value[node] = 0;
    model->permissions[node] = model->permissions[parent];
}

static void expect_event(int node, int at, int below)
{
    for (int c = 0; c < CLIENTS; c++)
        for (int w = 0; w < WATCHES; w++) {
            int depth = clients[c].watches[w].depth;
            if (clients[c].watches[w].node == at && (depth < 0 || below <= depth))
                snprintf(clients[c].expected[clients[c].expected_count++ % EVENTS], 24, "%s %d", path_of(node), w);
        }
}

/* The events of a change, before it is made. */
static void expect_events(const struct model *model, const struct step *step)
{
    int below = 0;
    for (int at = step->node;; at = (at - 1) / 4, below++) {
        expect_event(step->node, at, below);
        if (at == 0)
            break;
    }
    for (int node = step->node + 1; step->type == XS_RM && node < NODES; node++)
        if (model->exists[node] && is_below(node, step->node))
            expect_event(node, node, 0);
}

/* Carries a change out. Whether it changed anything; *reply is what the daemon says. */
static bool change(struct model *model, const struct step *step, const char **reply, bool told)
{
    int node = step->node;
    *reply = "OK";
    if (step->type == XS_RM && !model->exists[(node - 1) / 4])
        *reply = "ENOENT";
    if (step->type == XS_SET_PERMS && !model->exists[node])
        *reply = "ENOENT";
    if (*reply[0] == 'E' || (step->type == XS_RM && !model->exists[node]) ||
        (step->type == XS_MKDIR && model->exists[node]))
        return false;
    if (told)
        expect_events(model, step);
    if (step->type == XS_RM) {
        for (int i = node; i < NODES; i++)
            if (is_below(i, node))
                model->exists[i] = false;
        return true;
    }
    make(model, node);
    if (step->type == XS_WRITE)
        model->value[node] = step->value;
    if (step->type == XS_SET_PERMS)
        model->permissions[node] = (uint8_t)step->value;
    return true;
}

static bool same_node(const struct model *one, const struct model *other, int node)
{
    return one->exists[node] == other->exists[node] &&
           (!one->exists[node] || (one->value[node] == other->value[node] &&
                                   one->permissions[node] == other->permissions[node]));
}

static bool same_children(const struct model *one, const struct model *other, int node)
{
    for (int i = 1; i <= 4 && 4 * node + i < NODES; i++)
        if (one->exists[4 * node + i] != other->exists[4 * node + i])
            return false;
    return true;
}

static bool saw_the_same(const struct client_state *client)
{
    for (int i = 0; i < client->seen_count; i++) {
        const struct step *seen = &client->seen[i];
        if (client->base.exists[seen->node] != truth.exists[seen->node] ||
            (seen->type == XS_READ && !same_node(&client->base, &truth, seen->node)) ||
            (seen->type == XS_DIRECTORY && truth.exists[seen->node] &&
             !same_children(&client->base, &truth, seen->node)))
            return false;
    }
    return true;
}

static void apply_log(struct model *model, const struct client_state *client, bool told)
{
    const char *reply;
    for (int i = 0; i < client->log_count; i++)
        change(model, &client->log[i], &reply, told);
}

/* --- the wire ------------------------------------------------------------------------------------------------- */

static void start_daemon(void)
{
    pid = fork();
    if (pid == 0) {
        int fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(fd, STDERR_FILENO);
        execl("build/bin/stored", "stored", "--no-domains", "--foreground", "--socket", socket_path, "--state",
              state_path, NULL);
        _exit(127);
    }
}

static int connect_client(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, socket_path);
    for (int i = 0; i < 20000; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
            return fd;
        close(fd);
        usleep(1000);
    }
    CU_FAIL_FATAL("the daemon does not serve");
    return -1;
}

static size_t put_request(char *to, uint32_t type, uint32_t transaction, const char *path, const char *data,
                          size_t data_size)
{
    size_t path_size = strlen(path) + 1;
    struct xsd_sockmsg header = {.type = type, .tx_id = transaction, .len = (uint32_t)(path_size + data_size)};
    memcpy(to, &header, sizeof(header));
    memcpy(to + sizeof(header), path, path_size);
    if (data_size > 0)
        memcpy(to + sizeof(header) + path_size, data, data_size);
    return sizeof(header) + header.len;
}

static size_t put_step(char *to, const struct step *step)
{
    char data[16];
    size_t size = 0;
    if (step->type == XS_WRITE)
        size = (size_t)snprintf(data, sizeof(data), "%u", step->value);
    else if (step->type == XS_SET_PERMS)
        size = (size_t)snprintf(data, sizeof(data), "n0%cr%u", 0, step->value) + 1;
    if (step->type == XS_TRANSACTION_END)
        return put_request(to, step->type, step->transaction, step->value ? "T" : "F", "", 0);
    return put_request(to, step->type, step->transaction, path_of(step->node), data, size);
}

static bool read_whole(int fd, void *to, size_t size)
{
    for (char *at = to; size > 0;) {
        ssize_t got = read(fd, at, size);
        if (got <= 0)
            return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

/* The next reply; events before it are kept. False when the daemon is gone. */
static bool get_reply(struct client_state *client, struct message *message)
{
    for (;;) {
        if (!read_whole(client->fd, &message->header, sizeof(message->header)) ||
            !read_whole(client->fd, message->body, message->header.len))
            return false;
        message->body[message->header.len] = '\0';
        if (message->header.type != XS_WATCH_EVENT)
            return true;
        snprintf(client->events[client->event_count++ % EVENTS], 24, "%.12s %.8s", message->body,
                 message->body + strlen(message->body) + 1);
    }
}

static void call(struct client_state *client, uint32_t type, const char *path, const char *data, size_t size,
                 struct message *reply)
{
    char bytes[128];
    size = put_request(bytes, type, 0, path, data, size);
    if (write(client->fd, bytes, size) != (ssize_t)size || !get_reply(client, reply))
        CU_FAIL_FATAL("the daemon is gone");
}

/* --- running -------------------------------------------------------------------------------------------------- */

static void random_watch(struct client_state *client, int w)
{
    struct message reply;
    char data[16];
    int node = random_below(NODES), depth = random_below(4) - 1;
    size_t size = (size_t)snprintf(data, sizeof(data), "%d", w) + 1;
    if (client->watches[w].node >= 0)
        call(client, XS_UNWATCH, path_of(client->watches[w].node), data, size, &reply);
    client->watches[w].node = -1;
    if (depth >= 0)
        size += (size_t)snprintf(data + size, sizeof(data) - size, "%d", depth) + 1;
    call(client, XS_WATCH, path_of(node), data, size, &reply);
    CU_ASSERT_STRING_EQUAL(reply.body, "OK");
    client->watches[w].node = node;
    client->watches[w].depth = depth;
    snprintf(client->expected[client->expected_count++ % EVENTS], 24, "%s %d", path_of(node), w);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Each client has had the events that it should have had, and no others. */
static void check_events(void)
{
    struct message reply;
    for (int c = 0; c < CLIENTS; c++) {
        struct client_state *client = &clients[c];
        call(client, XS_READ, "/m", "", 0, &reply);
        CU_ASSERT_EQUAL(client->event_count, client->expected_count);
        if (client->event_count == client->expected_count && client->event_count <= EVENTS) {
            qsort(client->events, (size_t)client->event_count, 24, by_text);
            qsort(client->expected, (size_t)client->event_count, 24, by_text);
            for (int i = 0; i < client->event_count; i++)
                CU_ASSERT_STRING_EQUAL(client->events[i], client->expected[i]);
        }
        client->event_count = client->expected_count = 0;
    }
}

static void random_step(struct client_state *client, struct step *step, int subtree)
{
    static const uint32_t types[] = {XS_WRITE, XS_WRITE, XS_WRITE,     XS_MKDIR,    XS_RM,
                                     XS_READ,  XS_READ,  XS_DIRECTORY, XS_SET_PERMS};
    *step = (struct step){.type = types[random_below(9)], .transaction = client->transaction};
    do
        step->node = 1 + random_below(NODES - 1);
    while (subtree && !is_below(step->node, subtree));
    step->value = (uint16_t)(step->type == XS_SET_PERMS ? 1 + random_below(5) : 1 + random_below(60000));
}

static void end_transaction(struct client_state *client, const struct step *step, const char *reply)
{
    client->transaction = 0;
    if (strcmp(reply, "EAGAIN") == 0) {
        CU_ASSERT_TRUE(step->value && client->log_count > 0 && version != client->version);
        conflicts++;
        return;
    }
    CU_ASSERT_STRING_EQUAL(reply, "OK");
    commits += step->value;
    if (!step->value || client->log_count == 0)
        return;
    CU_ASSERT_TRUE(saw_the_same(client));
    apply_log(&truth, client, true);
    version++;
}

static void note(struct client_state *client, const struct step *step, bool changed)
{
    if (!step->transaction)
        return;
    if (changed)
        client->log[client->log_count++] = *step;
    else if (step->type != XS_READ || !client->copy.exists[step->node] || client->base.exists[step->node])
        client->seen[client->seen_count++] = *step;
}

/* The reply is what the model says. */
static void check_step(struct client_state *client, const struct step *step, struct message *message)
{
    struct model *model = step->transaction ? &client->copy : &truth;
    const char *reply = "ENOENT";
    char text[32];
    bool changed = false;
    if (step->type == XS_TRANSACTION_END) {
        end_transaction(client, step, message->body);
        return;
    }
    if (step->type == XS_READ && model->exists[step->node]) {
        snprintf(text, sizeof(text), model->value[step->node] ? "%u" : "", model->value[step->node]);
        reply = text;
    } else if (step->type == XS_DIRECTORY && model->exists[step->node]) {
        size_t used = 0;
        for (int i = 1; i <= 4 && 4 * step->node + i < NODES; i++)
            if (model->exists[4 * step->node + i])
                used += (size_t)snprintf(text + used, sizeof(text) - used, "%c,", 'a' + i - 1);
        text[used] = '\0';
        reply = text;
        for (uint32_t i = 0; i < message->header.len; i++)
            if (message->body[i] == '\0')
                message->body[i] = ',';
    } else if (step->type != XS_READ && step->type != XS_DIRECTORY) {
        changed = change(model, step, &reply, !step->transaction);
        version += changed && !step->transaction;
    }
    CU_ASSERT_STRING_EQUAL(message->body, reply);
    note(client, step, changed);
}

static void start_or_end(struct client_state *client)
{
    struct message reply;
    if (!client->transaction) {
        call(client, XS_TRANSACTION_START, "", "", 0, &reply);
        client->transaction = (uint32_t)strtoul(reply.body, NULL, 10);
        CU_ASSERT_NOT_EQUAL(client->transaction, 0);
        client->base = client->copy = truth;
        client->version = version;
        client->log_count = client->seen_count = 0;
        return;
    }
    char bytes[64];
    struct step end = {
        .type = XS_TRANSACTION_END, .transaction = client->transaction, .value = random_below(4) != 0};
    size_t size = put_step(bytes, &end);
    if (write(client->fd, bytes, size) != (ssize_t)size || !get_reply(client, &reply))
        CU_FAIL_FATAL("the daemon is gone");
    check_step(client, &end, &reply);
}

static void run_batch(struct client_state *client)
{
    struct step batch[BATCH];
    char bytes[BATCH * 64];
    size_t size = 0;
    int count = 1 + random_below(BATCH);
    for (int i = 0; i < count; i++) {
        random_step(client, &batch[i], 0);
        size += put_step(bytes + size, &batch[i]);
    }
    CU_ASSERT_EQUAL_FATAL(write(client->fd, bytes, size), (ssize_t)size);
    for (int i = 0; i < count; i++) {
        struct message reply;
        CU_ASSERT_TRUE_FATAL(get_reply(client, &reply));
        check_step(client, &batch[i], &reply);
    }
    steps += (unsigned long)count;
    if (client->log_count + client->seen_count + BATCH > LOG && client->transaction)
        start_or_end(client);
}

/* What the store holds, as a model. */
static void read_all(struct model *model)
{
    struct message reply;
    for (int node = 0; node < NODES; node++) {
        call(&clients[0], XS_READ, path_of(node), "", 0, &reply);
        model->exists[node] = reply.header.type == XS_READ;
        model->value[node] = (uint16_t)atoi(model->exists[node] ? reply.body : "0");
        model->permissions[node] = 0;
        if (model->exists[node]) {
            call(&clients[0], XS_GET_PERMS, path_of(node), "", 0, &reply);
            model->permissions[node] = reply.header.len > 4 ? (uint8_t)atoi(reply.body + 4) : 0;
        }
    }
}

static bool same_subtree(const struct model *one, const struct model *other, int subtree)
{
    for (int node = subtree; node < NODES; node++)
        if (is_below(node, subtree) && !same_node(one, other, node))
            return false;
    return true;
}

static void connect_all(void)
{
    for (int c = 0; c < CLIENTS; c++) {
        struct client_state *client = &clients[c];
        client->fd = connect_client();
        client->transaction = 0;
        client->expected_count = client->event_count = 0;
        for (int w = 0; w < WATCHES; w++)
            client->watches[w].node = -1;
        for (int w = 0; w < WATCHES; w++)
            random_watch(client, w);
    }
    check_events();
}

/* Each client has a batch under way in a subtree of its own when the daemon is killed. */
static void kill_and_compare(void)
{
    static struct step batches[CLIENTS][KILLED_BATCH];
    static struct model states[CLIENTS][KILLED_BATCH + 1], found;
    int counts[CLIENTS], answered[CLIENTS];
    for (int c = 0; c < CLIENTS; c++) {
        struct client_state *client = &clients[c];
        char bytes[KILLED_BATCH * 64];
        size_t size = 0;
        counts[c] = 1 + random_below(KILLED_BATCH);
        client->transaction = 0; /* what is open ends with the daemon */
        states[c][0] = truth;
        for (int i = 0; i < counts[c]; i++) {
            const char *reply;
            random_step(client, &batches[c][i], 1 + c);
            size += put_step(bytes + size, &batches[c][i]);
            states[c][i + 1] = states[c][i];
            if (batches[c][i].type != XS_READ && batches[c][i].type != XS_DIRECTORY)
                change(&states[c][i + 1], &batches[c][i], &reply, false);
        }
        CU_ASSERT_EQUAL(write(client->fd, bytes, size), (ssize_t)size);
    }
    usleep((useconds_t)random_below(1000));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    for (int c = 0; c < CLIENTS; c++) {
        struct message reply;
        for (answered[c] = 0; answered[c] < counts[c] && get_reply(&clients[c], &reply);)
            answered[c]++;
        close(clients[c].fd);
    }
    start_daemon();
    clients[0].fd = connect_client();
    read_all(&found);
    close(clients[0].fd);
    for (int c = 0; c < CLIENTS; c++) {
        int done = answered[c];
        while (done <= counts[c] && !same_subtree(&found, &states[c][done], 1 + c))
            done++;
        CU_ASSERT_TRUE(done <= counts[c]);
        cut += done > 0 && done < counts[c];
        unanswered += done > answered[c];
        steps += (unsigned long)counts[c];
    }
    truth = found;
    version++;
    kills++;
    connect_all();
}

static void random_operations_and_kills_agree_with_the_model(void)
{
    const char *seed = getenv("STORE_KILLS_SEED"), *wanted = getenv("STORE_KILLS_STEPS");
    unsigned long limit = wanted ? strtoul(wanted, NULL, 10) : 100000;
    struct message reply;
    random_state = seed ? strtoull(seed, NULL, 10) : 20261121;
    printf("seed %llu ", (unsigned long long)random_state);
    fflush(stdout);
    start_daemon();
    clients[0].fd = connect_client();
    call(&clients[0], XS_MKDIR, "/m", "", 0, &reply);
    close(clients[0].fd);
    truth.exists[0] = true;
    connect_all();
    while (steps < limit && CU_get_number_of_failures() == 0) {
        struct client_state *client = &clients[random_below(CLIENTS)];
        int what = random_below(100);
        if (what < 60)
            run_batch(client);
        else if (what < 90)
            start_or_end(client);
        else if (what < 98)
            random_watch(client, random_below(WATCHES));
        else
            kill_and_compare();
        if (random_below(8) == 0)
            check_events();
    }
    call(&clients[0], XS_CONTROL, "check", "", 0, &reply);
    CU_ASSERT_STRING_EQUAL(reply.body, "OK");
    printf("%lu steps, %lu kills (%lu batches cut, %lu done but not answered), %lu commits, %lu conflicts ", steps,
           kills, cut, unanswered, commits, conflicts);
    CU_ASSERT_TRUE(kills > 10 && commits > 0 && conflicts > 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    char command[128];
    snprintf(command, sizeof(command), "grep -E 'damaged|cannot' %s", log_path);
    CU_ASSERT_NOT_EQUAL(system(command), 0);
}

/* A child of this program serves the socket until it is killed: no start of another program lies between. */
static pid_t serve(void)
{
    int ready[2];
    if (pipe(ready) < 0)
        abort();
    pid_t child = fork();
    if (child == 0) {
        static struct daemon child_daemon;
        static struct socket_listener listener;
        if (daemon_create(&child_daemon) || !journal_open(&child_daemon, state_path) ||
            socket_listen(&listener, &child_daemon, socket_path) || write(ready[1], "", 1) != 1)
            _exit(1);
        loop_run(&child_daemon.loop);
        _exit(1);
    }
    char byte;
    CU_ASSERT_EQUAL(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return child;
}

static void *kill_later(void *argument)
{
    usleep((useconds_t)(rand() % 20000));
    kill(*(pid_t *)argument, SIGKILL);
    return NULL;
}

static void kills_at_any_instant_lose_nothing_that_was_answered(void)
{
    setenv("XENSTORED_PATH", socket_path, 1);
    unsigned int answered = 0, started = 0;
    srand(7);
    for (int round = 0; round < 25; round++) {
        pid_t child = serve();
        struct xs_handle *handle = xs_open(0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(handle);
        for (unsigned int i = 0; i < 2; i++) {
            char *value = started ? xs_read(handle, XBT_NULL, i ? "/kill/b" : "/kill/a", NULL) : NULL;
            unsigned int number = value ? (unsigned int)atoi(value) : 0;
            CU_ASSERT_TRUE(number >= answered && number <= started);
            answered = i ? answered : number;
            CU_ASSERT_EQUAL(number, answered); /* both halves of the transaction */
            free(value);
        }
        pthread_t killer;
        pthread_create(&killer, NULL, kill_later, &child);
        for (;;) {
            char text[16];
            unsigned int size = (unsigned int)snprintf(text, sizeof(text), "%u", started + 1);
            xs_transaction_t tx = xs_transaction_start(handle);
            if (!tx || !xs_write(handle, tx, "/kill/a", text, size) || !xs_write(handle, tx, "/kill/b", text, size))
                break;
            started++;
            if (!xs_transaction_end(handle, tx, false))
                break;
            answered = started;
        }
        pthread_join(killer, NULL);
        waitpid(child, NULL, 0);
        xs_close(handle);
    }
    printf("%u transactions answered ", answered);
    CU_ASSERT_TRUE(answered > 25);
    unlink(socket_path);
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", state_path);
    CU_ASSERT_EQUAL(system(command), 0);
}

int main(void)
{
    static const CU_TestInfo cases[] = {
        {"kills at any instant lose nothing that was answered", kills_at_any_instant_lose_nothing_that_was_answered},
        {"random operations and kills agree with a plain model", random_operations_and_kills_agree_with_the_model},
    };
    signal(SIGPIPE, SIG_IGN);
    if (!mkdtemp(base))
        return 1;
    snprintf(socket_path, sizeof(socket_path), "%s/socket", base);
    snprintf(state_path, sizeof(state_path), "%s/state", base);
    snprintf(log_path, sizeof(log_path), "%s/log", base);
    int status = RUN_TESTS("kills", cases);
    char command[64];
    snprintf(command, sizeof(command), "rm -rf %s", base);
    return system(command) != 0 || status;
}
