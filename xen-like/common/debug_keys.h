/* SPDX-License-Identifier: MIT */
/* The debug keys that show the core's state. Those about the machine are registered by the architecture. */
#ifndef KEEL_DEBUG_KEYS_H
#define KEEL_DEBUG_KEYS_H

/* Registers them. Once, at boot. */
void debug_keys_init(void);

#endif
