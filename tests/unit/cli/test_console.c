/* SPDX-License-Identifier: MIT */
/*
 * The console session, with this program as the console daemon and the domain: bytes pass unchanged both ways, last
 * words are not lost, a daemon that restarts is found again, and the terminal is left as it was.
 */
#include "../run_tests.h"
#include "cli/console.h"
#include "libctl/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define DEADLINE_MS 10000

/* What the session sees of the world; shared with the process that runs it. */
static struct world {
    char tty[64];
    volatile bool ended;
    volatile int warnings;
} *world;

int ctl_console_path(struct ctl *ctl, uint32_t domid, int timeout_ms, char *path, size_t size)
{
    if (!world->tty[0])
        return -ETIMEDOUT;
    snprintf(path, size, "%s", world->tty);
    return 0;
}

bool ctl_store_renew(struct ctl *ctl)
{
    return false;
}

int ctl_domain_get(struct ctl *ctl, uint32_t domid, struct ctl_domain *domain)
{
    *domain = (struct ctl_domain){ .domid = domid };
    return world->ended ? -ESRCH : 0;
}

int cli_fail(struct cli *cli, int error, const char *format, ...)
{
    return CLI_FAILED;
}

int cli_fail_ctl(struct cli *cli, int result)
{
    return CLI_FAILED;
}

void cli_warn(struct cli *cli, const char *format, ...)
{
    world->warnings++;
}

/* A pseudo-terminal: returns the master and puts the other end's path into `path`. */
static int open_pty(char *path, size_t size)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    CU_ASSERT_FATAL(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    CU_ASSERT_EQUAL_FATAL(ptsname_r(master, path, size), 0);
    return master;
}

/* The console daemon's terminal, which it keeps from processing characters. Returns the master. */
static int open_console_pty(void)
{
    int master = open_pty(world->tty, sizeof(world->tty));
    struct termios raw;

    CU_ASSERT_EQUAL_FATAL(tcgetattr(master, &raw), 0);
    cfmakeraw(&raw);
    CU_ASSERT_EQUAL_FATAL(tcsetattr(master, TCSANOW, &raw), 0);
    return master;
}

struct session {
    pid_t process;
    int daemon;        /* the console daemon's end */
    int input, output; /* the user's ends */
};

/* Starts a session with these standard streams there, at a console that is open. */
static struct session start_with(int stdin_there, int input_here, int daemon, const int output[2])
{
    struct session session = { .input = input_here, .daemon = daemon };

    world->ended = false;
    fflush(NULL);
    session.process = fork();
    if (session.process == 0) {
        struct cli cli = { .out = stdout, .err = fopen("/dev/null", "w") };

        close(session.daemon);
        close(output[0]);
        dup2(stdin_there, STDIN_FILENO);
        dup2(output[1], STDOUT_FILENO);
        _exit(console_run(&cli, 1, NULL));
    }
    session.output = output[0];
    close(stdin_there);
    close(output[1]);
    return session;
}

/* Starts a session whose standard input is `input` there, and its standard output a pipe. */
static struct session start(int stdin_there, int input_here)
{
    int output[2];

    CU_ASSERT_EQUAL_FATAL(pipe2(output, O_CLOEXEC), 0);
    return start_with(stdin_there, input_here, open_console_pty(), output);
}

static struct session start_script(void)
{
    int input[2];

    CU_ASSERT_EQUAL_FATAL(pipe2(input, O_CLOEXEC), 0);
    return start(input[0], input[1]);
}

/* Reads exactly `length` bytes; false if they do not come in time. */
static bool read_exactly(int fd, char *bytes, size_t length)
{
    while (length > 0) {
        struct pollfd ready = { .fd = fd, .events = POLLIN };

        if (poll(&ready, 1, DEADLINE_MS) != 1)
            return false;
        ssize_t got = read(fd, bytes, length);

        if (got <= 0)
            return false;
        bytes += got;
        length -= (size_t)got;
    }
    return true;
}

static bool reads(int fd, const char *expected)
{
    char bytes[256];
    size_t length = strlen(expected);

    return read_exactly(fd, bytes, length) && memcmp(bytes, expected, length) == 0;
}

/* Waits for the session's end; its exit status, or -1. */
static int finish(struct session *session)
{
    int status = -1, left_ms = DEADLINE_MS;

    while (waitpid(session->process, &status, WNOHANG) == 0 && left_ms > 0) {
        poll(NULL, 0, 10);
        left_ms -= 10;
    }
    if (left_ms <= 0) {
        kill(session->process, SIGKILL);
        waitpid(session->process, &status, 0);
        status = -1;
    }
    close(session->daemon);
    close(session->input);
    close(session->output);
    return status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void script_bytes_pass_unchanged(void)
{
    struct session session = start_script();
    char sent[256], got[256];

    for (int i = 0; i < 256; i++)
        sent[i] = (char)i;
    CU_ASSERT_EQUAL(write(session.input, sent, sizeof(sent)), 256);
    CU_ASSERT(read_exactly(session.daemon, got, sizeof(got)) && memcmp(sent, got, sizeof(sent)) == 0);
    CU_ASSERT_EQUAL(write(session.daemon, sent, sizeof(sent)), 256);
    CU_ASSERT(read_exactly(session.output, got, sizeof(got)) && memcmp(sent, got, sizeof(sent)) == 0);
    world->ended = true;
    CU_ASSERT_EQUAL(finish(&session), CLI_DONE);
}

static void end_of_input_is_not_the_end(void)
{
    struct session session = start_script();

    close(session.input);
    session.input = -1;
    poll(NULL, 0, 400);
    CU_ASSERT_EQUAL(write(session.daemon, "still there", 11), 11);
    CU_ASSERT(reads(session.output, "still there"));
    world->ended = true;
    CU_ASSERT_EQUAL(finish(&session), CLI_DONE);
}

static void last_words_are_kept(void)
{
    struct session session = start_script();
    char line[101];
    bool good = true;

    memset(line, 'x', 100);
    line[100] = '\0';
    CU_ASSERT_EQUAL(write(session.daemon, "go", 2), 2);
    CU_ASSERT(reads(session.output, "go"));
    for (int i = 0; i < 30; i++)
        good &= write(session.daemon, line, 100) == 100;
    world->ended = true;
    for (int i = 0; i < 30; i++)
        good &= reads(session.output, line);
    CU_ASSERT(good);
    CU_ASSERT_EQUAL(finish(&session), CLI_DONE);
}

static void daemon_may_restart(void)
{
    struct session session = start_script();

    CU_ASSERT_EQUAL(write(session.daemon, "one", 3), 3);
    CU_ASSERT(reads(session.output, "one"));
    int before = session.daemon;

    session.daemon = open_console_pty();
    close(before);
    CU_ASSERT_EQUAL(write(session.input, "input", 5), 5);
    CU_ASSERT(reads(session.daemon, "input"));
    CU_ASSERT_EQUAL(write(session.daemon, "two", 3), 3);
    CU_ASSERT(reads(session.output, "two"));
    world->ended = true;
    CU_ASSERT_EQUAL(finish(&session), CLI_DONE);
}

static bool terminal_is_cooked(int fd)
{
    struct termios settings;

    return tcgetattr(fd, &settings) == 0 && (settings.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG);
}

static void terminal_is_raw_and_restored(int ending_signal)
{
    char path[64];
    int user = open_pty(path, sizeof(path)), there = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    int watched = dup(there), kept = dup(user); /* outlive the session, so that the terminal does not hang up */
    struct termios cooked;

    CU_ASSERT_EQUAL_FATAL(tcgetattr(there, &cooked), 0);
    cooked.c_lflag |= ICANON | ECHO | ISIG;
    CU_ASSERT_EQUAL_FATAL(tcsetattr(there, TCSANOW, &cooked), 0);
    struct session session = start(there, user);

    CU_ASSERT_EQUAL(write(session.daemon, "login:", 6), 6);
    CU_ASSERT(reads(session.output, "login:"));
    CU_ASSERT_FALSE(terminal_is_cooked(watched));
    CU_ASSERT_EQUAL(write(session.input, "a\003b", 3), 3); /* Ctrl-C is the guest's */
    CU_ASSERT(reads(session.daemon, "a\003b"));
    if (ending_signal)
        kill(session.process, ending_signal);
    else
        CU_ASSERT_EQUAL(write(session.input, "bye\035no", 6), 6);
    if (!ending_signal)
        CU_ASSERT(reads(session.daemon, "bye"));
    CU_ASSERT_EQUAL(finish(&session), CLI_DONE);
    CU_ASSERT(terminal_is_cooked(watched));
    close(watched);
    close(kept);
}

static void detaching(void)
{
    terminal_is_raw_and_restored(0);
}

static void ended_by_a_signal(void)
{
    terminal_is_raw_and_restored(SIGTERM);
    terminal_is_raw_and_restored(SIGHUP);
}

/* Nobody takes what the console says: the session waits with it, and ends by a signal; once it is taken, all is there. */
static void output_that_nobody_takes(void)
{
    enum { LINES = 2000 };
    for (int ends = 0; ends < 2; ends++) {
        struct session session = start_script();
        char line[101];
        int sent = 0, quiet = 0;

        memset(line, 'x', 100);
        line[100] = '\0';
        CU_ASSERT_EQUAL(fcntl(session.daemon, F_SETFL, O_NONBLOCK), 0);
        while (sent < LINES && quiet < 50) { /* pipe, session and terminal are full when nothing has gone on for long */
            bool went = write(session.daemon, line, 100) == 100;
            sent += went;
            quiet = went ? 0 : quiet + 1;
            if (!went)
                poll(NULL, 0, 10);
        }
        CU_ASSERT(sent > 655 && sent < LINES); /* a pipe has 64 KiB */
        if (ends) {
            kill(session.process, SIGTERM);
        } else {
            bool good = true;
            world->ended = true;
            poll(NULL, 0, 800); /* longer than its last words may take */
            for (int i = 0; i < sent; i++)
                good &= reads(session.output, line);
            CU_ASSERT(good);
        }
        CU_ASSERT_EQUAL(finish(&session), CLI_DONE);
    }
}

/* So with a socket as its output, though that waits by its own modes; and what is sent there comes. */
static void output_to_a_socket(void)
{
    static const char burst[4000];
    int input[2], output[2], quiet = 0, sent = 0;

    CU_ASSERT_EQUAL_FATAL(pipe2(input, O_CLOEXEC), 0);
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, output), 0);
    struct session session = start_with(input[0], input[1], open_console_pty(), output);

    CU_ASSERT_EQUAL(write(session.daemon, "hello", 5), 5);
    CU_ASSERT(reads(session.output, "hello"));
    CU_ASSERT_EQUAL(fcntl(session.daemon, F_SETFL, O_NONBLOCK), 0);
    while (sent < 100000 && quiet < 50) {
        bool went = write(session.daemon, burst, sizeof(burst)) > 0;

        sent += went;
        quiet = went ? 0 : quiet + 1;
        if (!went)
            poll(NULL, 0, 10);
    }
    CU_ASSERT(quiet == 50); /* all is full */
    kill(session.process, SIGTERM);
    CU_ASSERT_EQUAL(finish(&session), CLI_DONE);
}

/* A full disk is told of; a reader that has gone is not. */
static void output_that_fails(void)
{
    for (int full = 0; full < 2; full++) {
        int input[2], output[2];

        CU_ASSERT_EQUAL_FATAL(pipe2(input, O_CLOEXEC), 0);
        CU_ASSERT_EQUAL_FATAL(pipe2(output, O_CLOEXEC), 0);
        if (full) {
            close(output[1]);
            output[1] = open("/dev/full", O_WRONLY | O_CLOEXEC);
        }
        struct session session = start_with(input[0], input[1], open_console_pty(), output);

        close(session.output);
        session.output = -1;
        CU_ASSERT_EQUAL(write(session.daemon, "lost", 4), 4);
        CU_ASSERT_EQUAL(finish(&session), full ? CLI_FAILED : CLI_DONE);
    }
}

/* A guest that does not take what is typed keeps nobody from leaving. */
static void detaching_while_the_guest_takes_nothing(void)
{
    char path[64], pasted[256];
    int user = open_pty(path, sizeof(path)), there = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC), quiet = 0;
    struct session session = start(there, user);

    CU_ASSERT_EQUAL(write(session.daemon, "login:", 6), 6);
    CU_ASSERT(reads(session.output, "login:"));
    memset(pasted, 'p', sizeof(pasted));
    CU_ASSERT_EQUAL(fcntl(session.input, F_SETFL, O_NONBLOCK), 0);
    for (int sent = 0; sent < 4000 && quiet < 20; sent++) { /* the guest's terminal and the session are full then */
        bool went = write(session.input, pasted, sizeof(pasted)) > 0;

        quiet = went ? 0 : quiet + 1;
        if (!went)
            poll(NULL, 0, 10);
    }
    for (int patience = 0; patience < 1000 && write(session.input, "\035", 1) != 1; patience++)
        poll(NULL, 0, 10);
    CU_ASSERT_EQUAL(finish(&session), CLI_DONE);
}

/* The session that comes second is told; so is the one after a daemon's restart. */
static void two_sessions(void)
{
    int input[2], output[2];

    world->warnings = 0;
    struct session first = start_script();

    CU_ASSERT_EQUAL(write(first.daemon, "one", 3), 3);
    CU_ASSERT(reads(first.output, "one"));
    CU_ASSERT_EQUAL(world->warnings, 0);
    CU_ASSERT_EQUAL_FATAL(pipe2(input, O_CLOEXEC), 0);
    CU_ASSERT_EQUAL_FATAL(pipe2(output, O_CLOEXEC), 0);
    struct session second = start_with(input[0], input[1], dup(first.daemon), output);

    for (int patience = 0; patience < 1000 && world->warnings == 0; patience++)
        poll(NULL, 0, 10);
    CU_ASSERT_EQUAL(world->warnings, 1);
    world->ended = true;
    CU_ASSERT_EQUAL(finish(&second), CLI_DONE);
    CU_ASSERT_EQUAL(finish(&first), CLI_DONE);
}

/* Stopped and continued, the session has its terminal raw again; and it does not touch one that is not its own. */
static void continued(void)
{
    char path[64];
    int user = open_pty(path, sizeof(path)), there = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    int watched = dup(there), kept = dup(user), status;
    struct termios cooked;

    CU_ASSERT_EQUAL_FATAL(tcgetattr(there, &cooked), 0);
    struct session session = start(there, user);

    CU_ASSERT_EQUAL(write(session.daemon, "login:", 6), 6);
    CU_ASSERT(reads(session.output, "login:"));
    CU_ASSERT_FALSE(terminal_is_cooked(watched));
    kill(session.process, SIGSTOP);
    CU_ASSERT_EQUAL(waitpid(session.process, &status, WUNTRACED), session.process);
    CU_ASSERT_EQUAL_FATAL(tcsetattr(watched, TCSANOW, &cooked), 0); /* the shell */
    kill(session.process, SIGCONT);
    for (int patience = 0; patience < 1000 && terminal_is_cooked(watched); patience++)
        poll(NULL, 0, 10);
    CU_ASSERT_FALSE(terminal_is_cooked(watched));
    CU_ASSERT_EQUAL(write(session.daemon, "still", 5), 5);
    CU_ASSERT(reads(session.output, "still"));
    kill(session.process, SIGTERM);
    CU_ASSERT_EQUAL(finish(&session), CLI_DONE);
    CU_ASSERT(terminal_is_cooked(watched));
    close(watched);
    close(kept);
}

static int started;

static int start_guest(struct cli *cli, uint32_t domid)
{
    started++;
    return CLI_DONE;
}

/* A guest that was to start with its console open starts all the same. */
static void no_daemon(void)
{
    struct cli cli = { .out = stdout, .err = stderr };

    world->tty[0] = '\0';
    CU_ASSERT_EQUAL(console_run(&cli, 1, NULL), CLI_FAILED);
    CU_ASSERT_EQUAL(started, 0);
    CU_ASSERT_EQUAL(console_run(&cli, 1, start_guest), CLI_FAILED);
    CU_ASSERT_EQUAL(started, 1);
    strcpy(world->tty, "/nonexistent/tty");
    CU_ASSERT_EQUAL(console_run(&cli, 1, NULL), CLI_FAILED);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(script_bytes_pass_unchanged),
        TEST_CASE(end_of_input_is_not_the_end),
        TEST_CASE(last_words_are_kept),
        TEST_CASE(daemon_may_restart),
        TEST_CASE(detaching),
        TEST_CASE(ended_by_a_signal),
        TEST_CASE(output_that_nobody_takes),
        TEST_CASE(output_to_a_socket),
        TEST_CASE(output_that_fails),
        TEST_CASE(detaching_while_the_guest_takes_nothing),
        TEST_CASE(two_sessions),
        TEST_CASE(continued),
        TEST_CASE(no_daemon),
    };
    signal(SIGPIPE, SIG_IGN);
    world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (world == MAP_FAILED)
        return 1;
    return RUN_TESTS("console", tests);
}
