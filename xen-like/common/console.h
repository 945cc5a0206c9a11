/* SPDX-License-Identifier: MIT */
/*
 * The console: one device, shared by the hypervisor's log, domain 0's output, and input that goes to either. Ctrl-a
 * three times switches the input between domain 0 and the hypervisor's debug keys.
 */
#ifndef KEEL_CONSOLE_H
#define KEEL_CONSOLE_H

#include "types.h"

/* Bytes of a domain to the console as they are, without prefix and not into the log. Any CPU. */
void console_write(const char *bytes, size_t count);

/*
 * Who gets what is typed while domain 0 has the input. The handler runs in interrupt context: interrupts off, no lock
 * held; it must not wait. NULL: typed bytes are dropped.
 */
void console_set_input_handler(void (*handler)(const char *bytes, size_t count));
/* The device driver gives what was typed. Interrupt context, no lock held, one CPU at a time. */
void console_receive(const char *bytes, size_t count);

/*
 * A key for the hypervisor's own input: fn runs in interrupt context, interrupts off, no lock held. The description is
 * what 'h' prints. BUG if the key is taken.
 */
void register_debug_key(char key, const char *description, void (*fn)(char key));
/* As if the key had been typed (XEN_SYSCTL_debug_keys). */
void run_debug_key(char key);

/* The console lock, for printk.c. Breaking it is for panic alone: its holder may have been stopped. */
unsigned long console_lock(void);
void console_unlock(unsigned long interrupts);
void console_break_lock(void);

/* Lets typed bytes come to domain 0 (console_io.c). Once, at boot, before domain 0 runs. */
void console_io_init(void);
/* Registers the debug keys that show the core's state (debug_keys.c). Once, at boot. */
void debug_keys_init(void);

#endif
