/* SPDX-License-Identifier: MIT */
/*
 * Switching the machine off or starting it again. The seam's arch_machine_power_off and arch_machine_reboot are here
 * too.
 */
#ifndef KEEL_X86_POWER_H
#define KEEL_X86_POWER_H

/* ACPI's S5; if the machine has none, or it does not work, says so and halts. */
void machine_power_off(void) __attribute__((noreturn));
/* The ACPI reset register, then the keyboard controller, then a triple fault. */
void machine_reboot(void) __attribute__((noreturn));

#endif
