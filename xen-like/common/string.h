/* SPDX-License-Identifier: MIT */
/*
 * The part of C's string.h that the hypervisor uses, with C's meanings. The compiler may call the mem* functions by
 * itself.
 */
#ifndef KEEL_STRING_H
#define KEEL_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int byte, size_t count);
int memcmp(const void *a, const void *b, size_t count);
void *memchr(const void *in, int byte, size_t count);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t limit);
int strcmp(const char *a, const char *b);
char *strchr(const char *text, int character);

/*
 * Copies as much as fits, always terminated if size > 0; returns the length of from, so a result >= size means it was
 * cut.
 */
size_t string_copy(char *to, const char *from, size_t size);

#endif
