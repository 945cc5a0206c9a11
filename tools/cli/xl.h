/* SPDX-License-Identifier: MIT */
/*
 * The program called as `xl`: xl's commands, options, text and exit statuses, on top of the same library and verbs.
 * What reports prints xl's bytes (xl_report.c); what acts runs the verb of ctl (xl_act.c).
 */
#ifndef KEEL_CLI_XL_H
#define KEEL_CLI_XL_H

#include "cli.h"

#include <getopt.h>
#include <yajl/yajl_gen.h>

#define XL_FAILED 1
#define XL_USAGE 2
#define XL_ERROR 3   /* what xl makes of its library's general error */
#define XL_INVALID 6 /* and of its error for wrong arguments */

struct xl_command;

/* One run. */
struct xl {
    struct cli cli; /* its arguments are those of the command */
    const struct xl_command *command;
    bool dry_run;   /* -N */
    unsigned given[128];
    const char *values[128];
};

struct xl_command {
    const char *name, *arguments, *summary;
    const char *letters;         /* as getopt(3) takes them */
    const struct option *words;  /* each stands for a letter; NULL: none */
    int least;                   /* of arguments */
    int (*run)(struct xl *xl);
};

extern const struct xl_command xl_commands[]; /* ends with a NULL name */

/* Whether a program of this name is xl. */
bool xl_is_meant(const char *program);
int xl_main(int argc, char **argv, FILE *out, FILE *err);

/* --- for the commands ---------------------------------------------------------------------------------------- */

void xl_print_usage(FILE *out, const struct xl_command *command);
/* Finds a domain by name or number, or says in xl's words that it is not there. */
bool xl_find(struct xl *xl, const char *name, uint32_t *domid);
/* The sentence of the library's last failure; returns XL_FAILED. */
int xl_fail(struct xl *xl);

int xl_list(struct xl *xl);
int xl_info(struct xl *xl);
int xl_vcpu_list(struct xl *xl);
int xl_domid(struct xl *xl);
int xl_top(struct xl *xl);
int xl_domname(struct xl *xl);
int xl_uptime(struct xl *xl);
int xl_sched_credit2(struct xl *xl);
int xl_sched_credit(struct xl *xl);
int xl_cpupool_list(struct xl *xl);
int xl_block_list(struct xl *xl);
int xl_network_list(struct xl *xl);
int xl_dmesg(struct xl *xl);
int xl_help(struct xl *xl);

int xl_create(struct xl *xl);
int xl_config_update(struct xl *xl);
/* Runs the verb of the command's name on the command's arguments; the first of them is a domain. */
int xl_act(struct xl *xl);
/* The same for pause, unpause and trigger: what the hypervisor refuses is told, and is no failure to xl. */
int xl_ask(struct xl *xl);
int xl_block_attach(struct xl *xl);
int xl_vcpu_set(struct xl *xl);
/* The same for block-detach and network-detach, which have --force. */
int xl_detach(struct xl *xl);
int xl_debug_keys(struct xl *xl);
int xl_stop(struct xl *xl);
int xl_console(struct xl *xl);

#endif
