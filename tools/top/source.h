/* SPDX-License-Identifier: MIT */
/*
 * Where samples come from: this host, a recording, or a made-up machine. Whoever shows them does not know which.
 */
#ifndef KEEL_TOP_SOURCE_H
#define KEEL_TOP_SOURCE_H

#include "sample.h"

#include <stdio.h>

#define SOURCE_ERROR_MAX 512

struct source {
    /* 1: *sample is filled; 0: there are no more; a negative errno: failed, and `error` holds one sentence. */
    int (*next)(struct source *source, struct sample *sample);
    void (*close)(struct source *source);
    bool is_live;   /* samples are of the moment they are asked for, so that waiting in between makes sense */
    unsigned parts; /* set by the reader at any time: what shall be looked at (SAMPLE_...) */
    char error[SOURCE_ERROR_MAX];
};

struct ctl;

/* All return NULL with *error set to a static or thread-local sentence when they fail. Free with source->close. */

/* This host, through `ctl`, which stays the caller's. */
struct source *source_live_open(struct ctl *ctl, const char **error);
/* JSON lines, as sample_json.h writes them; the file is closed with the source. `name` is for errors. */
struct source *source_recording_open(FILE *file, const char *name, const char **error);
/* A made-up machine with `guests` guests; each sample is `step_ns` after the last one. Always the same. */
struct source *source_fake_open(unsigned guests, uint64_t step_ns, const char **error);

#endif
