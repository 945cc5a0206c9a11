/* SPDX-License-Identifier: MIT */
/*
 * What a hypervisor counts of vCPUs: how long they wait, how often they wake, what they leave the guest for. Keel tells
 * it in Xen's hypfs, a text for each vCPU (docs/abi.md, "Counters"); Debian's Xen has no such place.
 */
#ifndef KEEL_TOP_LIVE_COUNTERS_H
#define KEEL_TOP_LIVE_COUNTERS_H

#include "sample.h"

struct ctl;

bool live_counters_exist(struct ctl *ctl);
/*
 * Fills in what is counted of the domain, and of those of its vCPUs that the sample has. What cannot be read, since the
 * domain has gone for example, stays unknown.
 */
void live_counters_read(struct ctl *ctl, struct sample *sample, struct sample_domain *domain);

/* For that and for tests: the text of one vCPU, whose numbers are added to the domain's; `vcpu` may be NULL. */
void live_counters_add(const char *text, struct sample_domain *domain, struct sample_vcpu *vcpu);
/* A domain whose numbers are all 0, to add to. */
void live_counters_begin(struct sample_domain *domain);

#endif
