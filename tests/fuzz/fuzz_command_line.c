/* SPDX-License-Identifier: MIT */
/* Any bytes as the hypervisor's command line: no crash, and a number or size that is taken is within its bounds. */
#include <stdlib.h>
#include <string.h>

#include "command_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool flag;
static uint64_t count = 7, memory;

COMMAND_LINE_FLAG("f", flag);
COMMAND_LINE_UNSIGNED("n", count, 1, 128);
COMMAND_LINE_SIZE("m", memory);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1);

    if (!line)
        abort();
    memcpy(line, data, size);
    line[size] = 0;
    command_line_apply(line);
    if (count < 1 || count > 128)
        abort();
    if (strncmp(command_line_text(), line, strlen(command_line_text())) != 0)
        abort();
    free(line);
    return 0;
}
