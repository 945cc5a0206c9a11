/* SPDX-License-Identifier: MIT */
/* The monitor on a terminal. */
#ifndef KEEL_TOP_SCREEN_H
#define KEEL_TOP_SCREEN_H

#include "top.h"

/* As top_run; `signals` is a signalfd, readable once a signal says to stop. */
int screen_run(const struct top_options *options, struct source *source, int signals, char *error, size_t error_size);

#endif
