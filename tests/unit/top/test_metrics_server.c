/* SPDX-License-Identifier: MIT */
/* The server of metrics: what it answers, and that nobody can hold it up. It runs in a thread. */
#include "sample_case.h"
#include "top/clock.h"
#include "top/http.h"
#include "top/metrics_server.h"
#include "top/sampler.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[] = "/tmp/keel-metrics-XXXXXX", path[64];
static struct metrics_server server;
static pthread_t thread;
static int stop[2];
static bool has_text;
static unsigned port;

static char *text(void *context, size_t *length)
{
    *length = has_text ? 1 << 20 : 0; /* more than a socket takes at once */
    return has_text ? memset(malloc(*length), 'm', *length) : NULL;
}

static void *serve(void *unused)
{
    metrics_serve(&server);
    return NULL;
}

static void begin(void)
{
    struct sockaddr_in address;
    socklen_t size = sizeof(address);
    char error[256] = "";

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/socket", folder);
    server.listeners_count = 2;
    server.listeners[0] = metrics_listen_unix(path, error, sizeof(error));
    server.listeners[1] = metrics_listen_tcp("127.0.0.1:0", error, sizeof(error));
    CU_ASSERT_FATAL(server.listeners[0] >= 0 && server.listeners[1] >= 0);
    CU_ASSERT_EQUAL(getsockname(server.listeners[1], (struct sockaddr *)&address, &size), 0);
    port = ntohs(address.sin_port);
    CU_ASSERT_EQUAL(pipe(stop), 0);
    server.stop = stop[0];
    server.text = text;
    has_text = true;
    CU_ASSERT_EQUAL(pthread_create(&thread, NULL, serve, NULL), 0);
}

static void end(void)
{
    close(stop[1]);
    pthread_join(thread, NULL);
    close(stop[0]);
    close(server.listeners[0]);
    close(server.listeners[1]);
    unlink(path);
    rmdir(folder);
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
}

static int connect_tcp(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int client = socket(AF_INET, SOCK_STREAM, 0);

    CU_ASSERT_EQUAL_FATAL(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
    return client;
}

static int connect_unix(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int client = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(address.sun_path, path);
    CU_ASSERT_EQUAL_FATAL(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
    return client;
}

/* The status of the answer, with the length of all of it; 0 when the connection closes without one. */
static int read_answer(int client, size_t *length)
{
    char head[64] = "", buffer[65536];
    int status = 0;

    *length = 0;
    for (;;) {
        struct pollfd ready = { .fd = client, .events = POLLIN };
        ssize_t count = poll(&ready, 1, 20000) == 1 ? read(client, buffer, sizeof(buffer)) : -1;

        if (count <= 0)
            break;
        if (*length < sizeof(head) - 1)
            strncat(head, buffer, sizeof(head) - 1 - strlen(head) < (size_t)count ? sizeof(head) - 1 - strlen(head)
                                                                                  : (size_t)count);
        *length += (size_t)count;
    }
    close(client);
    sscanf(head, "HTTP/1.1 %d ", &status);
    return status;
}

static int ask(int client, const char *request, size_t *length)
{
    CU_ASSERT_EQUAL(send(client, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
    return read_answer(client, length);
}

static void answers(void)
{
    size_t length;

    begin();
    CU_ASSERT_EQUAL(ask(connect_tcp(), "GET /metrics HTTP/1.1\r\n\r\n", &length), 200);
    CU_ASSERT(length > 1 << 20);
    CU_ASSERT_EQUAL(ask(connect_unix(), "GET /metrics HTTP/1.1\r\n\r\n", &length), 200);
    CU_ASSERT(length > 1 << 20);
    CU_ASSERT_EQUAL(ask(connect_unix(), "HEAD /metrics HTTP/1.1\r\n\r\n", &length), 200);
    CU_ASSERT(length < 300);
    CU_ASSERT_EQUAL(ask(connect_unix(), "GET / HTTP/1.1\r\n\r\n", &length), 404);
    CU_ASSERT_EQUAL(ask(connect_unix(), "PUT /metrics HTTP/1.1\r\n\r\n", &length), 405);
    CU_ASSERT_EQUAL(ask(connect_unix(), "\x16\x03\x01 hello\n", &length), 400);
    has_text = false;
    CU_ASSERT_EQUAL(ask(connect_unix(), "GET /metrics HTTP/1.1\r\n\r\n", &length), 503);
    end();
}

static void byte_by_byte(void)
{
    const char *request = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    size_t length;

    begin();
    int client = connect_unix();

    for (const char *at = request; *at; at++)
        CU_ASSERT_EQUAL(send(client, at, 1, MSG_NOSIGNAL), 1);
    CU_ASSERT_EQUAL(read_answer(client, &length), 200);
    end();
}

/* Too much is refused; what never ends is cut off. */
static void too_much(void)
{
    char *flood = malloc(HTTP_REQUEST_MAX);
    size_t length;

    begin();
    int client = connect_unix();

    memset(flood, 'a', HTTP_REQUEST_MAX);
    memcpy(flood, "GET /metrics HTTP/1.1\r\n", 23);
    CU_ASSERT_EQUAL(send(client, flood, HTTP_REQUEST_MAX, MSG_NOSIGNAL), HTTP_REQUEST_MAX);
    CU_ASSERT_EQUAL(read_answer(client, &length), 431);
    free(flood);
    end();
}

/* As many idle connections as there is room for: the next one is served at once, and their time runs out. */
static void idle_connections(void)
{
    int clients[METRICS_CONNECTIONS_MAX];
    size_t length;

    begin();
    for (size_t i = 0; i < METRICS_CONNECTIONS_MAX; i++)
        clients[i] = connect_tcp();
    int64_t before_ms = clock_ms();

    CU_ASSERT_EQUAL(ask(connect_tcp(), "GET /metrics HTTP/1.1\r\n\r\n", &length), 200);
    CU_ASSERT(clock_ms() - before_ms < METRICS_REQUEST_MS / 2);
    for (size_t i = 0; i < METRICS_CONNECTIONS_MAX; i++) {
        CU_ASSERT_EQUAL(read_answer(clients[i], &length), 0);
    }
    end();
}

static void sockets(void)
{
    char error[256];
    struct stat status;

    begin();
    CU_ASSERT_EQUAL(metrics_listen_unix(path, error, sizeof(error)), -EADDRINUSE);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "socket: Address already in use"));
    end();
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/socket", folder);
    close(metrics_listen_unix(path, error, sizeof(error))); /* left behind, as after SIGKILL */
    int listener = metrics_listen_unix(path, error, sizeof(error));

    CU_ASSERT(listener >= 0);
    CU_ASSERT(stat(path, &status) == 0 && (status.st_mode & 0777) == 0666);
    close(listener);
    unlink(path);
    fclose(fopen(path, "w"));
    CU_ASSERT_EQUAL(metrics_listen_unix(path, error, sizeof(error)), -EEXIST);
    unlink(path);
    rmdir(folder);
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    static const char *const wrong[] = { "", ":", "9741", "localhost:1", "127.0.0.1:", "127.0.0.1:x", "::1:80", "[::1]",
                                         "127.0.0.1:99999999" };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CU_ASSERT(metrics_listen_tcp(wrong[i], error, sizeof(error)) < 0);
}

static int (*made_up)(struct source *source, struct sample *sample);
static volatile bool fails;
static volatile unsigned told;

/* The made-up machine, whose hypervisor does not answer at times. */
static int next_or_failure(struct source *source, struct sample *sample)
{
    if (!fails)
        return made_up(source, sample);
    snprintf(source->error, sizeof(source->error), "it does not answer");
    return -EIO;
}

static void note_failure(void *context, const char *sentence)
{
    CU_ASSERT_STRING_EQUAL(sentence, "it does not answer");
    told++;
}

static void *sample_side(void *descriptors)
{
    const int *ends = descriptors;
    const char *error;
    struct source *fake = source_fake_open(3, SECOND_NS, &error);
    FILE *answers_file = fdopen(ends[1], "w");

    made_up = fake->next;
    fake->next = next_or_failure;
    sampler_serve(fake, ends[0], answers_file, note_failure, NULL);
    fclose(answers_file);
    fake->close(fake);
    return NULL;
}

/* Samples cross the pipe; when the other side goes, there is an error and no wait. */
static void across_the_pipe(void)
{
    int requests[2], samples[2], ends[2];
    size_t length = 0;
    pthread_t other;
    char *metrics;

    CU_ASSERT(pipe(requests) == 0 && pipe(samples) == 0);
    ends[0] = requests[0];
    ends[1] = samples[1];
    pthread_create(&other, NULL, sample_side, ends);
    struct sampler *sampler = sampler_open(requests[1], samples[0]);

    metrics = sampler_metrics(sampler, &length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(metrics);
    CU_ASSERT_EQUAL(strlen(metrics), length);
    CU_ASSERT_PTR_NOT_NULL(strstr(metrics, "keel_host_cpus 8\n"));
    char *again = sampler_metrics(sampler, &length);

    CU_ASSERT_STRING_EQUAL(metrics, again); /* young enough to be shown again */
    free(metrics);
    free(again);
    fails = true;
    poll(NULL, 0, SAMPLER_REUSE_MS + 1);
    CU_ASSERT_PTR_NULL(sampler_metrics(sampler, &length)); /* none, and nothing old; told once */
    CU_ASSERT_PTR_NULL(sampler_metrics(sampler, &length));
    CU_ASSERT_EQUAL(told, 1);
    fails = false;
    metrics = sampler_metrics(sampler, &length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(metrics);
    CU_ASSERT_PTR_NOT_NULL(strstr(metrics, "keel_host_cpus 8\n"));
    free(metrics);
    sampler_close(sampler);
    pthread_join(other, NULL);
    close(requests[0]);
}

TEST_MAIN("metrics server", { "answers", answers }, { "byte_by_byte", byte_by_byte }, { "too_much", too_much },
          { "idle_connections", idle_connections }, { "sockets", sockets }, { "across_the_pipe", across_the_pipe })
