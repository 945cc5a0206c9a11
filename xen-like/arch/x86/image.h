/* SPDX-License-Identifier: MIT */
/* Bounds of the hypervisor's image, from the linker script; all but boot_stack_top are page-aligned. */
#ifndef KEEL_X86_IMAGE_H
#define KEEL_X86_IMAGE_H

extern const char image_start[], text_start[], text_end[], rodata_start[], rodata_end[], data_start[];
extern const char boot_stack_guard[], boot_stack_top[], image_end[];

#endif
