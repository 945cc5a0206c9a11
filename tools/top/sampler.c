/* SPDX-License-Identifier: MIT */
/* Samples across a pipe; see sampler.h. */
#include "sampler.h"

#include "clock.h"
#include "metrics.h"
#include "sample_json.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sampler {
    int requests, answers;
    struct source *source; /* reads `answers` */
    struct sample sample;
    int64_t taken_ms;
    bool asked; /* an answer is still on its way */
};

void sampler_serve(struct source *source, int requests, FILE *answers,
                   void (*failed)(void *context, const char *sentence), void *context)
{
    struct sample sample = { 0 };
    int result = 1, before;
    char byte;

    while (result != 0) {
        ssize_t count = read(requests, &byte, 1);
        bool good = true;

        if (count == 0 || (count < 0 && errno != EINTR))
            break; /* the other side has gone */
        if (count < 0)
            continue;
        before = result;
        result = source->next(source, &sample);
        if (result < 0 && before >= 0)
            failed(context, source->error);
        if (result > 0)
            good = sample_json_write(answers, &sample, NULL);
        else
            fputs("{}\n", answers); /* which is no sample */
        if (!good || fflush(answers) != 0)
            break;
    }
    sample_free(&sample);
}

struct sampler *sampler_open(int requests, int answers)
{
    struct sampler *sampler = calloc(1, sizeof(*sampler));
    FILE *file = fdopen(answers, "r");
    const char *error;

    if (sampler && file)
        sampler->source = source_recording_open(file, "the sampler", &error);
    if (!sampler || !file || !sampler->source) {
        free(sampler);
        if (file)
            fclose(file);
        return NULL;
    }
    sampler->requests = requests;
    sampler->answers = answers;
    return sampler;
}

void sampler_close(struct sampler *sampler)
{
    sampler->source->close(sampler->source);
    close(sampler->requests);
    sample_free(&sampler->sample);
    free(sampler);
}

/* A sample that is young enough; false when none comes. */
static bool refresh(struct sampler *sampler)
{
    struct pollfd ready = { .fd = sampler->answers, .events = POLLIN };

    if (sampler->taken_ms && clock_ms() - sampler->taken_ms < SAMPLER_REUSE_MS)
        return true;
    if (!sampler->asked && write(sampler->requests, "s", 1) != 1)
        return false;
    sampler->asked = true;
    if (poll(&ready, 1, SAMPLER_WAIT_MS) != 1)
        return false; /* it may still come: the next one who asks gets it */
    sampler->asked = false;
    if (sampler->source->next(sampler->source, &sampler->sample) != 1)
        return false;
    sampler->taken_ms = clock_ms();
    return true;
}

char *sampler_metrics(void *context, size_t *length)
{
    struct sampler *sampler = context;
    char *text = NULL;
    FILE *file = refresh(sampler) ? open_memstream(&text, length) : NULL;

    if (!file)
        return NULL;
    metrics_print(file, &sampler->sample);
    if (fclose(file) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
