/* SPDX-License-Identifier: MIT */
/*
 * The monitor: takes samples from a source and shows them, on a screen or as text. What `ctl top` calls.
 */
#ifndef KEEL_TOP_TOP_H
#define KEEL_TOP_TOP_H

#include "batch.h"
#include "source.h"

#define TOP_FIRST_NS 200000000ull /* between the two samples that the first rates are made of */

enum top_output { TOP_SCREEN, TOP_BATCH, TOP_JSON, TOP_CSV };

struct top_options {
    enum top_output output;
    uint64_t delay_ns;
    unsigned long iterations; /* 0: no end */
    struct batch_options batch;
    const char *sort, *filter; /* of the screen; NULL: as it comes */
    FILE *record;              /* every sample is written there too; NULL: nowhere */
    const char *record_name;
};

/*
 * Shows samples until the source ends, `iterations` are shown, or a signal (SIGINT, SIGTERM, SIGHUP) or the user asks
 * to stop. 0, or a negative errno with a sentence in `error`. The terminal is as it was before, whatever happens.
 */
int top_run(const struct top_options *options, struct source *source, FILE *out, char *error, size_t error_size);

/* The samples of a run, the one shown and the one before, with the rates between them. */
struct top_samples {
    struct sample samples[2];
    unsigned shown; /* which of the two */
    struct rates rates;
};

static inline const struct sample *top_shown(const struct top_samples *samples)
{
    return &samples->samples[samples->shown];
}

/* The next sample from the source, with its rates, to the recording too. As source->next, with a sentence in error. */
int top_advance(struct top_samples *samples, struct source *source, const struct top_options *options, char *error,
                size_t error_size);
/* The first sample: two of them, TOP_FIRST_NS apart if the source is live, so that there are rates. As top_advance. */
int top_begin(struct top_samples *samples, struct source *source, const struct top_options *options, char *error,
              size_t error_size);
void top_samples_free(struct top_samples *samples);

#endif
