/* SPDX-License-Identifier: MIT */
/*
 * ctl metrics: what domains use, for Prometheus. This process keeps its rights and takes samples; a second one without
 * any serves them (tools/top/sampler.h).
 */
#include "twin.h"
#include "verbs.h"

#include "top/metrics.h"
#include "top/metrics_server.h"
#include "top/sampler.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LISTEN_DEFAULT "127.0.0.1:9741"
#define SOCKET_DEFAULT "/run/keel/metrics.sock"
#define GUESTS_MAX 10000

/* NULL with the error printed. */
static struct source *open_source(struct cli *cli)
{
    const char *guests = cli_value(cli, 'F'), *error = NULL;
    struct source *source = NULL;

    if (guests) {
        source = source_fake_open((unsigned)strtoul(guests, NULL, 10), 1000000000u, &error);
    } else if (cli_open(cli)) {
        source = source_live_open(cli->ctl, &error);
    }
    if (error)
        cli_fail(cli, ENOMEM, "%s", error);
    return source;
}

static int print_once(struct cli *cli)
{
    struct source *source = open_source(cli);
    struct sample sample = { 0 };
    int status = CLI_DONE, result;

    if (!source)
        return CLI_FAILED;
    result = source->next(source, &sample);
    if (result < 0)
        status = cli_fail(cli, -result, "%s", source->error);
    else
        metrics_print(cli->out, &sample);
    sample_free(&sample);
    source->close(source);
    return status;
}

/* Listens where the options say; else a status with the error printed. */
static int listen_all(struct cli *cli, struct metrics_server *server)
{
    const char *address = cli_value(cli, 'l'), *path = cli_value(cli, 's');
    char error[512];
    int listener;

    address = address ? address : LISTEN_DEFAULT;
    if (!path) {
        path = SOCKET_DEFAULT;
        mkdir("/run/keel", 0755);
    }
    if (strcmp(address, "none") != 0) {
        listener = metrics_listen_tcp(address, error, sizeof(error));
        if (listener == -EINVAL)
            return cli_usage_error(cli, "%s", error);
        if (listener < 0)
            return cli_fail(cli, -listener, "%s", error);
        server->listeners[server->listeners_count++] = listener;
    }
    if (strcmp(path, "none") != 0) {
        listener = metrics_listen_unix(path, error, sizeof(error));
        if (listener < 0)
            return cli_fail(cli, -listener, "%s", error);
        server->listeners[server->listeners_count++] = listener;
    }
    if (server->listeners_count == 0)
        return cli_usage_error(cli, "there is nothing left to listen on");
    return CLI_DONE;
}

/* The process without rights; `answers` is also how it learns that the other one has gone. */
static int serve(struct cli *cli, struct metrics_server *server, int requests, int answers, int stop)
{
    struct sampler *sampler;
    int result;

    signal(SIGPIPE, SIG_IGN);
    result = metrics_drop_rights();
    if (result < 0)
        return cli_fail(cli, -result, "cannot give up root's rights: %s", strerror(-result));
    sampler = sampler_open(requests, answers);
    if (!sampler)
        return cli_fail(cli, ENOMEM, "there is no memory for samples");
    server->stop = stop;
    server->text = sampler_metrics;
    server->context = sampler;
    result = metrics_serve(server);
    sampler_close(sampler);
    return result < 0 ? cli_fail(cli, -result, "cannot serve metrics: %s", strerror(-result)) : CLI_DONE;
}

static void print_failure(void *context, const char *sentence)
{
    cli_fail(context, EIO, "%s", sentence);
}

static int sample(struct cli *cli, int requests, int answers, pid_t server)
{
    struct source *source = open_source(cli);
    FILE *file = fdopen(answers, "w");
    int how;

    if (source && file)
        sampler_serve(source, requests, file, print_failure, cli);
    if (source)
        source->close(source);
    if (file)
        fclose(file);
    close(requests);
    kill(server, SIGTERM);
    if (waitpid(server, &how, 0) == server && WIFSIGNALED(how) && WTERMSIG(how) != SIGTERM)
        cli_fail(cli, ECHILD, "the process that serves metrics was ended by signal %d", WTERMSIG(how));
    return CLI_FAILED; /* it goes on until a signal ends it */
}

static int run(struct cli *cli)
{
    struct metrics_server server = { 0 };
    int requests[2], answers[2], life[2], status;
    uint32_t guests;
    pid_t child;

    if (cli_value(cli, 'F') && !cli_number(cli, "number of guests", cli_value(cli, 'F'), 0, GUESTS_MAX, &guests))
        return CLI_USAGE;

    twin_become(); /* for the look-up of an address to listen at */
    if (cli_given(cli, '1'))
        return print_once(cli);
    status = listen_all(cli, &server);
    if (status != CLI_DONE)
        return status;
    if (pipe2(requests, 0) != 0 || pipe2(answers, 0) != 0 || pipe2(life, 0) != 0)
        return cli_fail(cli, errno, "cannot make a pipe: %s", strerror(errno));
    child = fork();
    if (child < 0)
        return cli_fail(cli, errno, "cannot start the server's process: %s", strerror(errno));
    if (child == 0) {
        close(requests[0]);
        close(answers[1]);
        close(life[1]); /* the other end closes with the parent, however that ends */
        return serve(cli, &server, requests[1], answers[0], life[0]);
    }
    close(requests[1]);
    close(answers[0]);
    close(life[0]);
    for (size_t i = 0; i < server.listeners_count; i++)
        close(server.listeners[i]);
    return sample(cli, requests[0], answers[1], child);
}

static const struct cli_option options[] = {
    { 'l', "listen", "ADDRESS:PORT", "serve on TCP there, or none (127.0.0.1:9741)" },
    { 's', "socket", "PATH", "serve on this socket, or none (/run/keel/metrics.sock)" },
    { '1', "once", NULL, "print the metrics and end" },
    { 'F', "fake", "GUESTS", "of a made-up machine with so many guests" },
    { 0 },
};

const struct cli_verb verb_metrics = {
    .name = "metrics", .arguments = "", .summary = "Serve what domains use to Prometheus, until it is ended",
    .details = "GET /metrics gives the text. What serves it has no rights.\n"
               "Names begin with keel_; ctl-top(1) lists them.",
    .options = options, .run = run,
};
