/* SPDX-License-Identifier: MIT */
/*
 * What the configuration parser has to say, collected: each finding becomes one sentence that opens with its place.
 * A flood is cut short: after CONFIG_LOG_MAX findings of a kind the rest are counted, not kept.
 */
#ifndef KEEL_CONFIG_LOG_H
#define KEEL_CONFIG_LOG_H

#include "config.h"

#define CONFIG_LOG_MAX 20

/* A place in a source. line 0: the source as a whole (a setting of the command line, a missing key). */
struct config_place {
    const char *source;
    unsigned line, column; /* from 1; columns count characters, a tab is one */
};

struct config_log {
    struct ctl_config_messages *messages;
    unsigned errors, warnings;
    bool out_of_memory;
};

void config_log_init(struct config_log *log, struct ctl_config_messages *messages);
void config_error(struct config_log *log, struct config_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void config_warning(struct config_log *log, struct config_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Notes that memory ran out; the parse ends with -ENOMEM. */
void config_out_of_memory(struct config_log *log);
/* 0, -ENOMEM, or -EINVAL if there was an error. */
int config_log_status(const struct config_log *log);

#endif
