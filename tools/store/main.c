/* SPDX-License-Identifier: MIT */
/*
 * stored: the store daemon. Reads its command line, opens socket and rings, and serves. Without --foreground it goes to
 * the background once it is ready: whoever started it may connect as soon as the command has returned.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/daemon.h"
#include "store/journal.h"
#include "store/log.h"
#include "store/socket.h"

#define DEFAULT_SOCKET "/run/xenstored/socket"

struct options {
    bool no_domains;
    bool foreground;
    const char *socket_path;
    const char *state_directory; /* NULL: keeps nothing */
    const char *pid_file;        /* NULL: none */
};

static void print_usage(FILE *to)
{
    fputs("Usage: stored [--no-domains] [--foreground] [--socket PATH] [--state DIR] [--pid-file FILE]\n"
          "  --no-domains      serve the socket alone: no rings, no hypervisor needed\n"
          "  --foreground      stay in the foreground, log to standard error\n"
          "  --socket PATH     listen there (default " DEFAULT_SOCKET ")\n"
          "  --state DIR       keep a journal there, so that a daemon started after this one was killed goes on\n"
          "  --pid-file FILE   write the process id there once the store serves\n",
          to);
}

/* 0, or the exit status plus one. */
static int parse_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"no-domains", no_argument, NULL, 'n'},       {"foreground", no_argument, NULL, 'f'},
        {"socket", required_argument, NULL, 's'},     {"state", required_argument, NULL, 'd'},
        {"pid-file", required_argument, NULL, 'p'},   {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    *options = (struct options){.socket_path = DEFAULT_SOCKET};
    int letter;
    while ((letter = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        switch (letter) {
        case 'n':
            options->no_domains = true;
            break;
        case 'f':
            options->foreground = true;
            break;
        case 's':
            options->socket_path = optarg;
            break;
        case 'd':
            options->state_directory = optarg;
            break;
        case 'p':
            options->pid_file = optarg;
            break;
        case 'h':
            print_usage(stdout);
            return 1;
        default:
            print_usage(stderr);
            return 3;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "stored: unexpected argument \"%s\"\n", argv[optind]);
        print_usage(stderr);
        return 3;
    }
    return 0;
}

/* Makes the directory of a path when it is missing; what goes wrong shows when the path is used. */
static void make_parent(const char *path)
{
    char directory[4096];
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path || (size_t)(slash - path) >= sizeof(directory))
        return;
    memcpy(directory, path, (size_t)(slash - path));
    directory[slash - path] = '\0';
    mkdir(directory, 0755);
}

static int write_pid_file(const char *path)
{
    FILE *file = fopen(path, "we");
    if (file && fprintf(file, "%d\n", getpid()) > 0 && fclose(file) == 0)
        return 0;
    log_error("%s: the process id cannot be written: %s", path, strerror(errno));
    return 1;
}

/* Forks; the parent waits until the child says that it serves, and ends with 0, or with 1 when it says nothing. Returns
 * in the child, with the descriptor to say it on; -1 when there is no child. */
static int fork_into_background(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    pid_t child = fork();
    if (child < 0)
        return -1;
    if (child > 0) {
        char ready;
        close(ends[1]);
        _exit(read(ends[0], &ready, 1) == 1 ? 0 : 1);
    }
    close(ends[0]);
    setsid();
    return ends[1];
}

static void announce_ready(int ready_fd)
{
    int null_fd = open("/dev/null", O_RDWR);
    if (null_fd >= 0) {
        dup2(null_fd, STDIN_FILENO);
        dup2(null_fd, STDOUT_FILENO);
        dup2(null_fd, STDERR_FILENO);
        if (null_fd > STDERR_FILENO)
            close(null_fd);
    }
    log_to_syslog();
    if (chdir("/") < 0 || write(ready_fd, "", 1) != 1)
        log_error("whoever started the daemon could not be told that it serves");
    close(ready_fd);
}

/* What tools expect to find before anybody has written it: the daemon's own node; and of domain 0 what Debian's
 * xen-init-dom0 writes, so that a host without that program works, and one with it sees that the work is done. */
static void write_first_entries(struct daemon *daemon, bool with_domains)
{
    static const struct actor domain_0 = {.domain = 0, .target = DOMID_INVALID};
    static const char *const entries[][2] = {{"/local/domain/0/domid", "0"},
                                             {"/local/domain/0/name", "Domain-0"},
                                             {"/local/pool/0/name", "Pool-0"}};
    struct change_list changes = {0};
    struct view view = store_view(&daemon->store, &changes);
    store_make(&view, &domain_0, "/tool/xenstored");
    for (size_t i = 0; with_domains && i < sizeof(entries) / sizeof(entries[0]); i++)
        if (!tree_find(daemon->store.top, entries[i][0]))
            store_write(&view, &domain_0, entries[i][0], entries[i][1], strlen(entries[i][1]));
    daemon_publish(daemon, &changes);
}

static int open_domains(struct daemon *daemon)
{
    struct hypervisor *hypervisor = xen_open();
    if (!hypervisor)
        return errno;
    int error = domains_open(daemon, hypervisor);
    if (!error)
        error = domains_connect_own(daemon);
    if (!error && daemon->journal) {
        journal_restore_domains(daemon->journal);
        domains_check_life(daemon);
    }
    return error;
}

struct signal_source {
    struct loop_source source; /* first: a pointer to one is a pointer to the other */
    struct loop *loop;
};

static void end_by_signal(struct loop_source *source, uint32_t events)
{
    ((struct signal_source *)source)->loop->stop = true;
}

/* SIGTERM and SIGINT end the loop. */
static int watch_signals(struct daemon *daemon, struct signal_source *signals)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    *signals = (struct signal_source){.source = {.fd = signalfd(-1, &set, SFD_CLOEXEC), .ready = end_by_signal},
                                      .loop = &daemon->loop};
    return signals->source.fd < 0 ? errno : loop_watch(&daemon->loop, &signals->source, EPOLLIN);
}

/* Everything that serving needs. The journal comes first: it says whether another daemon serves. 0 or errno, told to
 * the log. */
static int set_up(struct daemon *daemon, const struct options *options, struct socket_listener *listener)
{
    if (options->state_directory) {
        make_parent(options->state_directory);
        if (!journal_open(daemon, options->state_directory))
            return errno;
    }
    make_parent(options->socket_path);
    int error = socket_listen(listener, daemon, options->socket_path);
    if (error == EADDRINUSE)
        log_error("%s is served by another store daemon: stop it, or choose another --socket", options->socket_path);
    else if (error)
        log_error("%s: cannot listen there: %s", options->socket_path, strerror(error));
    if (error)
        return error;
    write_first_entries(daemon, !options->no_domains);
    if (!options->no_domains && (error = open_domains(daemon)))
        log_error("domains cannot be served (%s): use --no-domains to serve the socket alone", strerror(error));
    if (!error && daemon->journal)
        journal_maintain(daemon->journal);
    return error;
}

/* Until a signal ends it. A live update becomes another program here, between two turns: all that was answered is in
 * the journal. */
static void serve(struct daemon *daemon)
{
    for (;;) {
        loop_run(&daemon->loop);
        if (!daemon->update.due)
            return;
        int error = live_update_run(&daemon->update);
        log_error("live update: the program cannot be run: %s; the daemon goes on as it is", strerror(error));
        daemon->loop.stop = false;
    }
}

int main(int argc, char **argv)
{
    struct options options;
    int status = parse_options(argc, argv, &options);
    if (status)
        return status - 1;

    int ready_fd = -1;
    bool updated = getenv(LIVE_UPDATE_VARIABLE); /* the daemon is in its place already */
    unsetenv(LIVE_UPDATE_VARIABLE);
    if (updated && !options.foreground)
        log_to_syslog();
    if (!updated && !options.foreground && (ready_fd = fork_into_background()) < 0) {
        log_error("cannot go to the background: %s", strerror(errno));
        return 1;
    }
    static struct daemon daemon;
    struct socket_listener listener = {0};
    struct signal_source signals;
    int error = daemon_create(&daemon);
    live_update_prepare(&daemon.update, argv);
    if (!error)
        error = watch_signals(&daemon, &signals);
    if (error) {
        log_error("the daemon cannot start: %s", strerror(error));
        return 1;
    }
    status = 1;
    if (set_up(&daemon, &options, &listener))
        goto close_daemon;
    if (options.pid_file && write_pid_file(options.pid_file))
        goto close_daemon;
    if (ready_fd >= 0)
        announce_ready(ready_fd);
    serve(&daemon);
    status = 0;

close_daemon:
    socket_close(&listener);
    daemon_destroy(&daemon);
    if (status == 0 && options.pid_file)
        unlink(options.pid_file); /* last: who waits for that finds nothing else left */
    return status;
}
