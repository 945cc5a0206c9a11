/* SPDX-License-Identifier: MIT */
/* Signals that ask to stop; see stop_signals.h. Handlers call nothing but async-signal-safe functions. */
#include "stop_signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int stop_numbers[] = { SIGINT, SIGTERM, SIGHUP };
#define STOPS (sizeof(stop_numbers) / sizeof(stop_numbers[0]))

static struct sigaction before[STOPS], alarm_before;
static struct termios modes;
static int has_modes, ends[2] = { -1, -1 };
static volatile sig_atomic_t came, is_guarding;
static char restore_text[256];

static void on_stop(int number)
{
    int kept = errno;

    came = number;
    if (write(ends[1], "s", 1) < 0)
        came = number; /* the pipe is full of others like it */
    alarm(STOP_GRACE_S);
    errno = kept;
}

/* The grace is over: no curses, no memory, no locks, whatever the program was at. */
static void on_overdue(int number)
{
    sigset_t all;

    if (is_guarding && has_modes) {
        struct termios flowing = modes;

        /* output that Ctrl-S holds goes on where there is no Ctrl-S: what waits is thrown away, ours comes through */
        flowing.c_iflag &= ~(tcflag_t)IXON;
        tcflush(STDOUT_FILENO, TCOFLUSH);
        tcsetattr(STDOUT_FILENO, TCSANOW, &flowing);
        if (write(STDOUT_FILENO, restore_text, strlen(restore_text)) < 0)
            is_guarding = 0; /* it is gone, then */
        tcsetattr(STDOUT_FILENO, TCSANOW, &modes);
    }
    signal(came, SIG_DFL);
    sigfillset(&all);
    sigdelset(&all, came);
    raise(came);
    sigprocmask(SIG_SETMASK, &all, NULL);
    _exit(128 + number);
}

int stop_signals_begin(void)
{
    /* calls in between go on after the handler: only the descriptor tells */
    struct sigaction stop = { .sa_handler = on_stop, .sa_flags = SA_RESTART };
    struct sigaction overdue = { .sa_handler = on_overdue };

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return -errno;
    came = is_guarding = 0;
    has_modes = tcgetattr(STDOUT_FILENO, &modes) == 0;
    sigaction(SIGALRM, &overdue, &alarm_before);
    for (size_t i = 0; i < STOPS; i++) {
        sigaction(stop_numbers[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(stop_numbers[i], &stop, NULL);
    }
    return ends[0];
}

void stop_signals_guard(const char *restore)
{
    if (restore)
        snprintf(restore_text, sizeof(restore_text), "%s", restore);
    is_guarding = restore != NULL;
}

void stop_signals_end(void)
{
    int number;

    alarm(0);
    is_guarding = 0;
    for (size_t i = 0; i < STOPS; i++)
        sigaction(stop_numbers[i], &before[i], NULL);
    sigaction(SIGALRM, &alarm_before, NULL);
    close(ends[0]);
    close(ends[1]);
    number = came;
    if (number)
        raise(number);
}
