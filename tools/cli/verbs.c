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
    &verb_store_ls,
    &verb_store_read,
    &verb_store_write,
    &verb_store_mkdir,
    &verb_store_rm,
    &verb_store_list,
    &verb_store_exists,
    &verb_store_chmod,
    &verb_store_watch,
    &verb_store_stats,
    &verb_version,
    &verb_help,
    NULL,
};
