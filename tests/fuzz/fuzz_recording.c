/* SPDX-License-Identifier: MIT */
/* Lines of recordings: whatever is accepted can be shown, and is read back the same. */
#include "top/batch.h"
#include "top/metrics.h"
#include "top/sample_json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *written(const struct sample *sample)
{
    char *text;
    size_t length;
    FILE *file = open_memstream(&text, &length);

    if (!sample_json_write(file, sample, NULL))
        abort();
    fclose(file);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *null;
    struct sample sample = { 0 }, again = { 0 };
    struct rates rates = { 0 };
    char why[256];

    null = null ? null : fopen("/dev/null", "w");
    if (sample_json_read(&sample, (const char *)data, size, why, sizeof(why))) {
        char *first = written(&sample), *second;

        if (!sample_json_read(&again, first, strlen(first), why, sizeof(why)))
            abort();
        second = written(&again);
        if (strcmp(first, second) != 0)
            abort();
        free(first);
        free(second);
        rates_compute(&rates, &sample, &again);
        batch_print(null, &sample, &rates, &(struct batch_options){ .vcpus = true, .networks = true, .disks = true });
        csv_print(null, &sample, &rates);
        metrics_print(null, &sample);
    }
    sample_free(&sample);
    sample_free(&again);
    rates_free(&rates);
    return 0;
}
