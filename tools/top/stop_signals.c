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

static struct sigaction before[STOPS], alarm_before, suspend_before;
static struct termios modes;
static int has_modes, ends[2] = { -1, -1 };
static volatile sig_atomic_t came, is_guarding, is_suspending;
static char restore_text[256];

static void on_stop(int number)
{
    int kept = errno;

    if (!came && write(ends[1], "s", 1) == 1)
        alarm(STOP_GRACE_S);
    came = number;
    errno = kept;
}

static void on_suspend(int number)
{
    int kept = errno;

    is_suspending = write(ends[1], "z", 1) == 1; /* when it fails, the pipe is full of them */
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

static void catch_suspend(void)
{
    struct sigaction suspend = { .sa_handler = on_suspend, .sa_flags = SA_RESTART };

    if (suspend_before.sa_handler != SIG_IGN)
        sigaction(SIGTSTP, &suspend, NULL);
}

void stop_signals_guard(const char *restore)
{
    if (restore && !is_guarding) {
        snprintf(restore_text, sizeof(restore_text), "%s", restore);
        sigaction(SIGTSTP, NULL, &suspend_before);
        catch_suspend();
    } else if (!restore && is_guarding) {
        sigaction(SIGTSTP, &suspend_before, NULL);
    }
    is_guarding = restore != NULL;
}

enum stop_signal stop_signals_take(void)
{
    char bytes[64];

    while (read(ends[0], bytes, sizeof(bytes)) > 0)
        ;
    if (came)
        return STOP_END;
    return is_suspending ? STOP_SUSPEND : STOP_NONE;
}

static bool is_in_background(void)
{
    pid_t foreground = tcgetpgrp(STDOUT_FILENO);

    return foreground >= 0 && foreground != getpgrp();
}

bool stop_signals_suspend(void)
{
    is_guarding = is_suspending = 0;
    signal(SIGTSTP, SIG_DFL);
    raise(SIGTSTP);
    /* continued: by fg; or by bg, or for a signal's sake, while the shell has the terminal */
    while (!came && is_in_background())
        raise(SIGTTOU);
    if (came)
        return false;
    catch_suspend();
    is_guarding = 1;
    return true;
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
