/* SPDX-License-Identifier: MIT */
/* A line on a terminal about what takes long, from a thread of its own; see progress.h. */
#include "progress.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FIRST_NS 500000000u
#define STEP_NS 1000000000u

static void add_ns(struct timespec *time, uint64_t ns)
{
    ns += (uint64_t)time->tv_nsec;
    time->tv_sec += (time_t)(ns / 1000000000u);
    time->tv_nsec = (long)(ns % 1000000000u);
}

static void *show(void *argument)
{
    struct progress *progress = argument;
    struct timespec wake;
    unsigned seconds = 0;
    bool shown = false;

    clock_gettime(CLOCK_MONOTONIC, &wake);
    add_ns(&wake, FIRST_NS);
    pthread_mutex_lock(&progress->lock);
    while (!progress->ended) {
        if (pthread_cond_timedwait(&progress->change, &progress->lock, &wake) != ETIMEDOUT || progress->ended)
            continue;
        /* always the same line, however long it takes */
        if (shown)
            fprintf(progress->file, "\r%s ... %u s", progress->what, ++seconds);
        else
            fprintf(progress->file, "%s ...", progress->what);
        fflush(progress->file);
        shown = true;
        add_ns(&wake, STEP_NS);
    }
    pthread_mutex_unlock(&progress->lock);
    if (shown) {
        fprintf(progress->file, "\r\033[K");
        fflush(progress->file);
    }
    return NULL;
}

void progress_begin(struct progress *progress, FILE *file, const char *what)
{
    const char *terminal = getenv("TERM");
    pthread_condattr_t attributes;

    *progress = (struct progress){ .file = file, .what = what };
    if (!isatty(fileno(file)) || !terminal || strcmp(terminal, "dumb") == 0)
        return;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&progress->lock, NULL);
    pthread_cond_init(&progress->change, &attributes);
    pthread_condattr_destroy(&attributes);
    progress->started = pthread_create(&progress->thread, NULL, show, progress) == 0;
}

void progress_end(struct progress *progress)
{
    if (!progress->started)
        return;
    pthread_mutex_lock(&progress->lock);
    progress->ended = true;
    pthread_cond_signal(&progress->change);
    pthread_mutex_unlock(&progress->lock);
    pthread_join(progress->thread, NULL);
}
