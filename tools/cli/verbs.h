/* SPDX-License-Identifier: MIT */
/* The verbs, each in its own file verb_NAME.c. */
#ifndef KEEL_CLI_VERBS_H
#define KEEL_CLI_VERBS_H

#include "cli.h"

extern const struct cli_verb verb_create, verb_list, verb_info, verb_console, verb_pause, verb_unpause, verb_shutdown,
    verb_reboot, verb_destroy, verb_dmesg, verb_vcpu_list, verb_top, verb_metrics, verb_domid, verb_domname,
    verb_version, verb_help, verb_completion;
extern const struct cli_verb verb_rename, verb_uptime, verb_vcpu_pin, verb_vcpu_set, verb_mem_set, verb_mem_max,
    verb_sched_credit2, verb_sched_credit, verb_cpupool_list, verb_trigger, verb_sysrq, verb_debug_keys, verb_wait,
    verb_events, verb_check, verb_config_update, verb_config_convert, verb_fsck,
    verb_apply, verb_block_list, verb_network_list, verb_block_attach, verb_block_detach, verb_network_attach,
    verb_network_detach, verb_dump_core;

extern const struct cli_verb verb_store_ls, verb_store_read, verb_store_write, verb_store_mkdir, verb_store_rm,
    verb_store_list, verb_store_exists, verb_store_chmod, verb_store_watch, verb_store_stats;

#endif
