/* SPDX-License-Identifier: MIT */
/* The monitor without its screen: the sequence of samples, and output as text. */
#include "top.h"

#include "sample_json.h"
#include "screen.h"
#include "stop_signals.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int top_advance(struct top_samples *samples, struct source *source, const struct top_options *options, char *error,
                size_t error_size)
{
    unsigned next = !samples->shown;
    int result = source->next(source, &samples->samples[next]);

    if (result < 0)
        snprintf(error, error_size, "%s", source->error);
    if (result != 1)
        return result;
    samples->shown = next;
    if (!rates_compute(&samples->rates, &samples->samples[!next], &samples->samples[next])) {
        snprintf(error, error_size, "there is no memory for the rates");
        return -ENOMEM;
    }
    if (options->record) {
        bool good = sample_json_write(options->record, &samples->samples[next], NULL);

        if (!good || fflush(options->record) != 0) {
            int reason = good ? errno : ENOMEM;

            snprintf(error, error_size, "%s: cannot write the recording: %s", options->record_name, strerror(reason));
            return -reason;
        }
    }
    return 1;
}

int top_begin(struct top_samples *samples, struct source *source, const struct top_options *options, char *error,
              size_t error_size)
{
    int result = top_advance(samples, source, options, error, error_size);

    if (result != 1)
        return result;
    if (source->is_live) {
        struct timespec pause = { .tv_nsec = (long)TOP_FIRST_NS };

        nanosleep(&pause, NULL);
    }
    result = top_advance(samples, source, options, error, error_size);
    return result == 0 ? 1 : result; /* a recording of one sample has no rates */
}

void top_samples_free(struct top_samples *samples)
{
    sample_free(&samples->samples[0]);
    sample_free(&samples->samples[1]);
    rates_free(&samples->rates);
}

/* Waits for the delay; true when a signal says to stop. */
static bool wait_or_stop(int signals, uint64_t delay_ns)
{
    struct pollfd ready = { .fd = signals, .events = POLLIN };
    struct timespec delay = { .tv_sec = (time_t)(delay_ns / 1000000000u), .tv_nsec = (long)(delay_ns % 1000000000u) };

    /* interrupted: by such a signal, which is told by a second look, or by one that has let the program go on */
    return ppoll(&ready, 1, &delay, NULL) > 0 || (errno == EINTR && poll(&ready, 1, 0) > 0);
}

static int print(const struct top_options *options, const struct top_samples *samples, FILE *out)
{
    switch (options->output) {
    case TOP_JSON:
        if (!sample_json_write(out, top_shown(samples), &samples->rates))
            return -ENOMEM;
        break;
    case TOP_CSV:
        csv_print(out, top_shown(samples), &samples->rates);
        break;
    default:
        batch_print(out, top_shown(samples), &samples->rates, &options->batch);
        break;
    }
    errno = 0;
    if (fflush(out) == 0 && !ferror(out))
        return 0;
    return errno ? -errno : -EIO;
}

static int print_all(const struct top_options *options, struct source *source, int signals, FILE *out, char *error,
                     size_t error_size)
{
    struct top_samples samples = { 0 };
    bool vcpus = options->output == TOP_JSON || options->record || options->batch.vcpus;
    int result;

    source->parts = SAMPLE_NETWORKS | SAMPLE_DISKS | (vcpus ? (unsigned)SAMPLE_VCPUS : 0);
    result = top_begin(&samples, source, options, error, error_size);

    if (result == 1 && options->output == TOP_CSV)
        csv_print_header(out);
    for (unsigned long number = 1; result == 1; number++) {
        result = print(options, &samples, out);
        if (result < 0)
            snprintf(error, error_size, "cannot write the samples: %s", strerror(-result));
        if (result < 0 || number == options->iterations ||
            wait_or_stop(signals, source->is_live ? options->delay_ns : 0))
            break;
        result = top_advance(&samples, source, options, error, error_size);
    }
    top_samples_free(&samples);
    return result < 0 ? result : 0;
}

int top_run(const struct top_options *options, struct source *source, FILE *out, char *error, size_t error_size)
{
    int signals = stop_signals_begin(), result;

    if (signals < 0) {
        snprintf(error, error_size, "cannot wait for signals: %s", strerror(-signals));
        return signals;
    }
    if (options->output == TOP_SCREEN)
        result = screen_run(options, source, signals, error, error_size);
    else
        result = print_all(options, source, signals, out, error, error_size);
    stop_signals_end();
    return result;
}
