/* SPDX-License-Identifier: MIT */
/* A sample in Prometheus' text format, version 0.0.4. Names are keel_*, units are in them: seconds, bytes. */
#ifndef KEEL_TOP_METRICS_H
#define KEEL_TOP_METRICS_H

#include "sample.h"

#include <stdio.h>

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* A counter that nobody keeps is left out. The text is valid UTF-8 whatever the names of domains are. */
void metrics_print(FILE *file, const struct sample *sample);

#endif
