/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's log: formatted lines go into a ring of 64 KiB, which tools read by sysctl, and those of sufficient
 * level to the console, as "(KEEL) text". Any CPU, any context but NMI; takes the console lock, which is innermost.
 */
#ifndef KEEL_PRINTK_H
#define KEEL_PRINTK_H

#include <stdarg.h>

#include "types.h"

/* LOG_ALWAYS: what somebody has asked for, or the last words before a halt. */
enum log_level { LOG_ALWAYS, LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/*
 * One line of the log; a newline at the end of the format is accepted and not needed. Longer lines than 511 bytes are
 * cut. Formats: %d %i %u %x %X %o %c %s %p %% with flags - 0 + # and space, width, precision, * for both, and hh h l ll
 * z j t; %pS prints a text address as name+offset. No floating point, no %n.
 */
void printk(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void vprintk(enum log_level level, const char *format, va_list arguments);

#define log_error(...) printk(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) printk(LOG_WARNING, __VA_ARGS__)
#define log_info(...) printk(LOG_INFO, __VA_ARGS__)
#define log_debug(...) printk(LOG_DEBUG, __VA_ARGS__)

/*
 * For lines that a guest can cause at will: at most LOG_GUEST_BURST of them in LOG_GUEST_INTERVAL_NS for all guests
 * together; the number of those left out is logged when the next one passes. Lines that the level keeps out of the log
 * count for nothing.
 */
void log_guest(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define LOG_GUEST_BURST 20u
#define LOG_GUEST_INTERVAL_NS (5 * NS_PER_S)

/*
 * Formats into buffer, always terminated if size > 0; returns the length that the whole text has, as C's snprintf.
 * Debug builds and others alike print "%?" for a conversion that is not known and stop there.
 */
int keel_vsnprintf(char *buffer, size_t size, const char *format, va_list arguments);
int keel_snprintf(char *buffer, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* --- the ring, for XEN_SYSCTL_readconsole ---------------------------------------------------------------------- */

#define LOG_RING_SIZE 65536u

/*
 * Copies logged bytes to buffer and returns how many. From *index if incremental (moved up to the oldest byte kept),
 * else from the oldest byte. *index becomes that of the first byte not copied. Indices count bytes ever logged, modulo
 * 2^32.
 */
size_t log_ring_read(char *buffer, size_t size, uint32_t *index, bool incremental);
/* Forgets what has been logged before index (as returned by log_ring_read). */
void log_ring_clear(uint32_t index);

#endif
