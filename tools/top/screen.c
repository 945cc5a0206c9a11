/* SPDX-License-Identifier: MIT */
#include "screen.h"
#include <errno.h>
int screen_run(const struct top_options *options, struct source *source, int signals, char *error, size_t error_size)
{
    snprintf(error, error_size, "standard output has no screen: use --batch, --json or --csv");
    return -ENOTTY;
}
