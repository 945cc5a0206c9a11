/* SPDX-License-Identifier: MIT */
/* Any bytes as a bzImage and as each kind of packed stream: a verdict without a crash, within the limit of the output. */
#include "libctl/unpack.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void unpack_once(const uint8_t *data, size_t size)
{
    const char *why = NULL;
    uint8_t *out = NULL;
    size_t out_size = 0;

    if (unpack(data, size, &out, &out_size, &why) < 0) {
        if (!why)
            abort(); /* a refusal must say why */
        return;
    }
    if (out_size > UNPACK_MAX)
        abort();
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *payload;
    size_t payload_size;
    const char *why = NULL;

    if (bzimage_payload(data, size, &payload, &payload_size, &why) == 0) {
        if (payload < data || payload + payload_size > data + size)
            abort();
        unpack_once(payload, payload_size);
    }
    unpack_once(data, size);
    return 0;
}
