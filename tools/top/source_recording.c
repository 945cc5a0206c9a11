/* SPDX-License-Identifier: MIT */
/* Samples from a file or a pipe of JSON lines. */
#include "source.h"

#include "sample_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES (64u << 20)

struct source_recording {
    struct source source;
    FILE *file;
    const char *name;
    char *line;
    size_t line_size;
    unsigned long number; /* of the line read last */
};

static struct source_recording *recording_of(struct source *source)
{
    return (struct source_recording *)source;
}

static int recording_next(struct source *source, struct sample *sample)
{
    struct source_recording *recording = recording_of(source);
    char why[256];
    ssize_t length;

    do {
        errno = 0;
        length = getline(&recording->line, &recording->line_size, recording->file);
        recording->number++;
        if (length < 0 && (ferror(recording->file) || errno == ENOMEM)) {
            int error = errno ? errno : EIO;

            snprintf(source->error, sizeof(source->error), "%s: cannot read it: %s", recording->name, strerror(error));
            return -error;
        }
        if (length < 0)
            return 0;
    } while (length == 1 && recording->line[0] == '\n');
    if ((size_t)length > LINE_MAX_BYTES ||
        !sample_json_read(sample, recording->line, (size_t)length, why, sizeof(why))) {
        snprintf(source->error, sizeof(source->error), "%s, line %lu: this is no sample: %s", recording->name,
                 recording->number, (size_t)length > LINE_MAX_BYTES ? "it is longer than 64 MiB" : why);
        return -EINVAL;
    }
    return 1;
}

static void recording_close(struct source *source)
{
    struct source_recording *recording = recording_of(source);

    fclose(recording->file);
    free(recording->line);
    free(recording);
}

struct source *source_recording_open(FILE *file, const char *name, const char **error)
{
    struct source_recording *recording = calloc(1, sizeof(*recording));

    if (!recording) {
        *error = "there is no memory for a recording";
        return NULL;
    }
    recording->source = (struct source){ .next = recording_next, .close = recording_close, .parts = SAMPLE_ALL };
    recording->file = file;
    recording->name = name;
    return &recording->source;
}
