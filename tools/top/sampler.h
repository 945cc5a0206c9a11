/* SPDX-License-Identifier: MIT */
/*
 * Two processes for metrics: one with the rights to ask the hypervisor, which reads nothing but single bytes from a
 * pipe; and one without any, which talks to the network and gets samples as JSON lines. Each ends when the other does.
 */
#ifndef KEEL_TOP_SAMPLER_H
#define KEEL_TOP_SAMPLER_H

#include "source.h"

#define SAMPLER_REUSE_MS 500  /* a sample so young is shown again */
#define SAMPLER_WAIT_MS 5000  /* for a sample to come */

/*
 * The side with rights: a sample for each byte read from `requests`, until that ends or the samples do. One that cannot
 * be taken is an empty answer, and `failed` is called with a sentence; but not again before one has been taken.
 */
void sampler_serve(struct source *source, int requests, FILE *answers,
                   void (*failed)(void *context, const char *sentence), void *context);

/* The side without. */
struct sampler;
/* Takes both descriptors over. NULL: no memory. */
struct sampler *sampler_open(int requests, int answers);
void sampler_close(struct sampler *sampler);
/* The metrics of the moment, as metrics_server.h wants them; `context` is the sampler. */
char *sampler_metrics(void *context, size_t *length);

#endif
