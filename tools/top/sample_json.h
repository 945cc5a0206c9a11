/* SPDX-License-Identifier: MIT */
/*
 * Samples as JSON lines, schema keel.top/1: an object with "host", "cpus", "pools" and "domains", whose domains have
 * "vcpus", "networks" and "disks". A counter that nobody keeps is left out. Members that the reader does not know it
 * passes over; what it does know has to be of the right type.
 */
#ifndef KEEL_TOP_SAMPLE_JSON_H
#define KEEL_TOP_SAMPLE_JSON_H

#include "rates.h"

#include <stdio.h>

#define SAMPLE_JSON_SCHEMA "keel.top/1"

/* One line, with the rates if they are given. False: no memory. A failed write shows in the file's state. */
bool sample_json_write(FILE *file, const struct sample *sample, const struct rates *rates);
/* Fills *sample from one line; false with a sentence in `error`, and *sample is then of no use. */
bool sample_json_read(struct sample *sample, const char *line, size_t length, char *error, size_t error_size);

#endif
