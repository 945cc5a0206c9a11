/* SPDX-License-Identifier: MIT */
/*
 * The daemon's log: standard error in the foreground, syslog behind it, a file on request. Lines are single sentences.
 */
#ifndef STORE_LOG_H
#define STORE_LOG_H

#include <stdbool.h>

/* From here on lines go to syslog instead of standard error. */
void log_to_syslog(void);

/* From here on lines go to the end of this file. 0 or errno; on failure nothing changes. */
int log_to_file(const char *path);

/* Turns the trace of single requests (log_trace) on or off; it is off at start. */
void log_set_trace(bool enabled);
extern bool log_trace_enabled;

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
