/* SPDX-License-Identifier: MIT */
/* A session at a domain's console; see console.h. */
#include "console.h"

#include "libctl/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define DETACH 0x1d            /* Ctrl-] */
#define BUFFER_SIZE 4096
#define LOOK_INTERVAL_MS 250   /* how often the domain is looked at */
#define ATTACH_TIMEOUT_MS 5000 /* for the console daemon to serve a new domain */
#define STUCK_MS 1000          /* that the console takes nothing, before what is typed is thrown away */
#define LAST_WORDS_MS 500      /* of silence after the domain's end, before the session ends */

struct buffer {
    char bytes[BUFFER_SIZE];
    size_t used;
};

struct session {
    struct cli *cli;
    uint32_t domid;
    int console, signals;
    int output;            /* standard output, which does not keep this program waiting */
    bool output_is_socket;
    int output_error;      /* an errno: it takes nothing more, though nobody has closed it */
    bool interactive;      /* standard input is a terminal, in raw mode */
    bool input_open, detached, ended;
    int64_t looked_ms;     /* when the domain was looked at last */
    int64_t quiet_ms;      /* since when it has ended and said nothing; 0: it has not ended */
    int64_t stuck_ms;      /* since when the console has taken nothing of what is typed; 0: it has */
    struct termios before; /* of the terminal, to be restored */
    sigset_t signals_before;
    struct buffer to_console, to_output;
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Opens the daemon's terminal without any processing of characters on it; false with errno when it cannot be. */
static bool open_console(struct session *session, const char *path)
{
    struct termios settings;

    session->console = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (session->console < 0)
        return false;
    if (tcgetattr(session->console, &settings) == 0) {
        cfmakeraw(&settings);
        tcsetattr(session->console, TCSANOW, &settings);
    }
    return true;
}

/* The first time: waits for the daemon to serve the domain. CLI_FAILED with the error printed. */
static int attach(struct session *session)
{
    struct cli *cli = session->cli;
    char path[256];
    int result = ctl_console_path(cli->ctl, session->domid, ATTACH_TIMEOUT_MS, path, sizeof(path));

    if (result < 0)
        return cli_fail_ctl(cli, result);
    if (open_console(session, path)) {
        if (flock(session->console, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
            cli_warn(cli, "another session is at the console of domain %u; each of them gets only a part of what it says",
                     session->domid);
        return CLI_DONE;
    }
    return cli_fail(cli, errno, "%s, the console of domain %u, cannot be opened: %s", path, session->domid,
                    strerror(errno));
}

/* After the daemon went away: tries once whether it is back. */
static void attach_again(struct session *session)
{
    char path[256];

    if (ctl_console_path(session->cli->ctl, session->domid, 0, path, sizeof(path)) == 0 && open_console(session, path))
        flock(session->console, LOCK_EX | LOCK_NB); /* others are warned of this session again */
}

static void close_console(struct session *session)
{
    if (session->console >= 0)
        close(session->console);
    session->console = -1;
}

/* A reader that has gone, or a terminal, ends the session as the user would; a full disk is a failure. */
static void lose_output(struct session *session, int error)
{
    session->detached = true;
    if (error != EPIPE && error != ECONNRESET && !isatty(session->output))
        session->output_error = error;
}

/*
 * Standard output may stop taking bytes for long; signals and Ctrl-] end the session all the same. Not waiting is asked
 * of a description of its own, as other programs share this one. A file is left as it is: it has no other position.
 */
static void open_output(struct session *session)
{
    struct stat status;

    session->output = -1;
    session->output_is_socket = fstat(STDOUT_FILENO, &status) == 0 && S_ISSOCK(status.st_mode);
    if (isatty(STDOUT_FILENO) || (fstat(STDOUT_FILENO, &status) == 0 && S_ISFIFO(status.st_mode)))
        session->output = open("/proc/self/fd/1", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (session->output < 0)
        session->output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (session->output < 0)
        lose_output(session, errno);
}

/* Whether the terminal is this program's: a shell that has it back has its own modes there. */
static bool is_in_foreground(void)
{
    pid_t foreground = tcgetpgrp(STDIN_FILENO);

    return foreground < 0 || foreground == getpgrp();
}

static void make_raw(struct session *session)
{
    struct termios raw = session->before;

    cfmakeraw(&raw);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static void begin_terminal(struct session *session)
{
    session->interactive = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &session->before) == 0;
    if (!session->interactive)
        return;
    make_raw(session);
    tcflush(STDIN_FILENO, TCIFLUSH); /* what was typed before was not meant for the guest */
}

/* Does not wait for output that the terminal does not take. */
static void end_terminal(struct session *session)
{
    if (session->interactive && is_in_foreground())
        tcsetattr(STDIN_FILENO, TCSANOW, &session->before);
}

/* From the console to the empty buffer. Returns whether something came. */
static bool copy_output(struct session *session)
{
    struct buffer *buffer = &session->to_output;
    ssize_t got = read(session->console, buffer->bytes, sizeof(buffer->bytes));

    if (got > 0)
        buffer->used = (size_t)got;
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        close_console(session); /* the daemon is gone; perhaps it comes back */
    return got > 0;
}

/* What fits, to a file or socket, without waiting. False with errno when it takes no more ever. */
static bool empty_buffer(int fd, bool is_socket, struct buffer *buffer)
{
    ssize_t written = is_socket ? send(fd, buffer->bytes, buffer->used, MSG_DONTWAIT | MSG_NOSIGNAL)
                                : write(fd, buffer->bytes, buffer->used);

    if (written < 0)
        return errno == EAGAIN || errno == EINTR;
    buffer->used -= (size_t)written;
    memmove(buffer->bytes, buffer->bytes + written, buffer->used);
    return true;
}

/*
 * From standard input to the buffer. When that is full, what a user types is read all the same, for Ctrl-] may be in
 * it, and thrown away, as a terminal does whose program does not read.
 */
static void copy_input(struct session *session)
{
    struct buffer *buffer = &session->to_console;
    char thrown_away[256];
    bool has_room = buffer->used < sizeof(buffer->bytes);
    char *start = has_room ? buffer->bytes + buffer->used : thrown_away;
    ssize_t got = read(STDIN_FILENO, start, has_room ? sizeof(buffer->bytes) - buffer->used : sizeof(thrown_away));

    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (got <= 0) {
        session->input_open = false;
        session->detached |= session->interactive; /* the terminal hung up */
        return;
    }
    char *detach = session->interactive ? memchr(start, DETACH, (size_t)got) : NULL;

    if (detach) {
        session->detached = true;
        got = detach - start;
    }
    if (has_room)
        buffer->used += (size_t)got;
}

static bool domain_has_ended(struct session *session)
{
    struct ctl_domain domain;
    int result = ctl_domain_get(session->cli->ctl, session->domid, &domain);

    return result == -ESRCH || (result == 0 && (domain.shutdown || domain.dying));
}

static void look_at_domain(struct session *session)
{
    int64_t now = now_ms();

    if (now - session->looked_ms >= LOOK_INTERVAL_MS) {
        session->looked_ms = now;
        if (session->quiet_ms == 0 && domain_has_ended(session))
            session->quiet_ms = now;
        if (session->quiet_ms == 0 && session->console < 0) {
            ctl_store_renew(session->cli->ctl); /* its daemon may have been started again too */
            attach_again(session);
        }
    }
    session->ended = session->quiet_ms && session->to_output.used == 0 &&
                     (session->console < 0 || now - session->quiet_ms >= LAST_WORDS_MS);
}

/* Back from a stop, the terminal is as the shell had it. */
static void take_signal(struct session *session)
{
    struct signalfd_siginfo taken;

    if (read(session->signals, &taken, sizeof(taken)) != sizeof(taken))
        return;
    if (taken.ssi_signo != SIGCONT)
        session->detached = true;
    else if (session->interactive && is_in_foreground())
        make_raw(session);
}

/* What is typed, to the console; notes since when that takes nothing. */
static void empty_input(struct session *session)
{
    size_t before = session->to_console.used;

    if (session->console < 0 || before == 0)
        return;
    if (!empty_buffer(session->console, false, &session->to_console))
        close_console(session);
    if (session->to_console.used < before)
        session->stuck_ms = 0;
    else if (session->stuck_ms == 0)
        session->stuck_ms = now_ms();
}

/* One round of waiting and copying. Returns whether something of the console's went on. */
static bool copy_round(struct session *session)
{
    struct buffer *input = &session->to_console, *output = &session->to_output;
    bool is_stuck = session->interactive && session->stuck_ms && now_ms() - session->stuck_ms >= STUCK_MS;
    bool wants_input = session->input_open && (input->used < sizeof(input->bytes) || is_stuck);
    short of_console = (short)((output->used ? 0 : POLLIN) | (input->used ? POLLOUT : 0));
    struct pollfd fds[] = {
        { .fd = session->signals, .events = POLLIN },
        { .fd = wants_input ? STDIN_FILENO : -1, .events = POLLIN },
        { .fd = of_console ? session->console : -1, .events = of_console },
        { .fd = output->used ? session->output : -1, .events = POLLOUT },
    };
    bool goes_on = false;

    if (poll(fds, 4, LOOK_INTERVAL_MS) < 0)
        return false;
    if (fds[0].revents)
        take_signal(session);
    if (fds[1].revents)
        copy_input(session);
    if (fds[3].revents) {
        goes_on = true;
        if (!empty_buffer(session->output, session->output_is_socket, output))
            lose_output(session, errno);
    }
    if (output->used == 0 && (fds[2].revents & (POLLIN | POLLHUP | POLLERR)))
        goes_on |= copy_output(session);
    empty_input(session);
    return goes_on;
}

static void copy(struct session *session)
{
    while (!session->ended && !session->detached) {
        if (copy_round(session) && session->quiet_ms)
            session->quiet_ms = now_ms();
        look_at_domain(session);
    }
}

static void catch_signals(struct session *session)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGCONT);
    sigprocmask(SIG_BLOCK, &set, &session->signals_before);
    session->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Takes the signal that ended the session, so that it does not end the program before its last words. */
static void release_signals(struct session *session)
{
    struct signalfd_siginfo taken;

    while (session->signals >= 0 && read(session->signals, &taken, sizeof(taken)) == sizeof(taken))
        ;
    if (session->signals >= 0)
        close(session->signals);
    sigprocmask(SIG_SETMASK, &session->signals_before, NULL);
}

int console_run(struct cli *cli, uint32_t domid, int (*attached)(struct cli *cli, uint32_t domid))
{
    struct session session = { .cli = cli, .domid = domid, .console = -1, .input_open = true };
    int status;

    if (attached) /* what waits for the console goes on, whatever comes */
        catch_signals(&session);
    status = attach(&session);
    if (status != CLI_DONE) {
        if (attached) {
            attached(cli, domid);
            release_signals(&session);
        }
        return status;
    }
    if (!attached)
        catch_signals(&session);
    open_output(&session);
    begin_terminal(&session);
    if (session.interactive)
        fprintf(cli->err, "Console of domain %u; Ctrl-] leaves it.\r\n", domid);
    if (attached)
        status = attached(cli, domid);
    if (status == CLI_DONE)
        copy(&session);
    end_terminal(&session);
    close_console(&session);
    if (session.output >= 0)
        close(session.output);
    release_signals(&session);
    if (session.output_error && status == CLI_DONE)
        status = cli_fail(cli, session.output_error, "cannot write what the console says: %s",
                          strerror(session.output_error));
    if (session.interactive && status == CLI_DONE)
        fprintf(cli->err, session.ended ? "\nDomain %u has ended.\n" : "\nLeft the console of domain %u.\n", domid);
    return status;
}
