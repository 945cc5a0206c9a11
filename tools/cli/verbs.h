/* SPDX-License-Identifier: MIT */
/* The verbs, each in its own file verb_NAME.c. */
#ifndef KEEL_CLI_VERBS_H
#define KEEL_CLI_VERBS_H

#include "cli.h"

extern const struct cli_verb verb_create, verb_list, verb_info, verb_console, verb_pause, verb_unpause, verb_shutdown,
    verb_reboot, verb_destroy, verb_dmesg, verb_vcpu_list, verb_domid, verb_domname, verb_version, verb_help;

#endif
