/* SPDX-License-Identifier: MIT */
/* The daemon as a process of its own, without domains, and a handle of a client of it. */
#ifndef TESTS_STORE_DAEMON_PROCESS_H
#define TESTS_STORE_DAEMON_PROCESS_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xenstore.h>

static char socket_path[96], state_path[96];
static pid_t daemon_pid;
static struct xs_handle *handle;

/* Where its socket and its journal are to be. */
static inline void place_daemon(const char *folder)
{
    snprintf(socket_path, sizeof(socket_path), "%s/socket", folder);
    snprintf(state_path, sizeof(state_path), "%s/state", folder);
    setenv("XENSTORED_PATH", socket_path, 1);
}

/* Starts it, and opens the handle once it serves. */
static inline void start_daemon(void)
{
    daemon_pid = fork();
    if (daemon_pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl("build/bin/stored", "stored", "--no-domains", "--foreground", "--socket", socket_path, "--state",
              state_path, NULL);
        _exit(127);
    }
    handle = NULL;
    for (int i = 0; i < 1000 && !handle; i++) {
        handle = xs_open(0);
        if (!handle)
            usleep(10000);
    }
    if (!handle)
        abort();
}

static inline void end_daemon(int signal_number)
{
    kill(daemon_pid, signal_number);
    waitpid(daemon_pid, NULL, 0);
}

#endif
