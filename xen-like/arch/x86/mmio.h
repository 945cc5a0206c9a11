/* SPDX-License-Identifier: MIT */
/*
 * Carries out a decoded memory instruction on a device register. Apart from mmio_access (virtualization.h) so that the
 * arithmetic can be tested without a machine.
 */
#ifndef KEEL_X86_MMIO_H
#define KEEL_X86_MMIO_H

#include "arch_domain.h"
#include "instruction.h"

struct mmio_device {
    void *data;
    /* size bytes at an address that is size-aligned; the upper bits of the result are zero. */
    uint64_t (*read)(void *data, uint64_t address, unsigned int size);
    void (*write)(void *data, uint64_t address, unsigned int size, uint64_t value);
};

/*
 * Reads and writes the device once each as the instruction says, and sets registers and flags. rip is not moved.
 * Answers true when the instruction is complete, false when a repeated one has a step left.
 */
bool mmio_execute(const struct instruction *instruction, const struct mmio_device *device, uint64_t address,
                  struct guest_registers *registers);

#endif
