/* SPDX-License-Identifier: MIT */
/* The text of ctl vcpu-list, byte for byte xl's. */
#ifndef KEEL_CLI_VERB_VCPU_LIST_H
#define KEEL_CLI_VERB_VCPU_LIST_H

#include "cli.h"

void vcpu_list_print_header(FILE *out);
/* host_cpus: how many CPUs "all" means. */
void vcpu_list_print(FILE *out, const struct ctl_domain *domain, const struct ctl_vcpu *vcpu, uint32_t host_cpus);

#endif
