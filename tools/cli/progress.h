/* SPDX-License-Identifier: MIT */
/* A line on a terminal that tells what takes longer than half a second, and how long; it vanishes at the end. */
#ifndef KEEL_CLI_PROGRESS_H
#define KEEL_CLI_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

struct progress {
    bool started, ended;
    FILE *file;
    const char *what;
    pthread_t thread;
    pthread_mutex_t lock; /* guards ended */
    pthread_cond_t change;
};

/* Does nothing unless `file` is a terminal that can clear a line. `what` must live until progress_end. */
void progress_begin(struct progress *progress, FILE *file, const char *what);
void progress_end(struct progress *progress);

#endif
