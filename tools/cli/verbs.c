/* SPDX-License-Identifier: MIT */
/* The table of verbs, in the order that help shows them. */
#include "verbs.h"

const struct cli_verb *const cli_verbs[] = {
    &verb_create,
    &verb_list,
    &verb_console,
    &verb_pause,
    &verb_unpause,
    &verb_shutdown,
    &verb_reboot,
    &verb_destroy,
    &verb_vcpu_list,
    &verb_domid,
    &verb_domname,
    &verb_info,
    &verb_dmesg,
    &verb_version,
    &verb_help,
    NULL,
};
