/* SPDX-License-Identifier: MIT */
/*
 * Memory and text functions. Copying and filling go by 8 bytes; most of what the hypervisor copies is a few dozen bytes
 * long. From LARGE bytes on the CPU's string instructions are faster.
 */
#include "string.h"

#include "types.h"

#define LARGE 256u

/* Eight bytes anywhere. */
struct word {
    uint64_t value;
} __attribute__((packed, may_alias));

/* Keeps the compiler from making a loop a call of the function that it is in. */
#define LOOP_STAYS() __asm__ volatile("" : : : "memory")

static void copy_words(unsigned char *to, const unsigned char *from, size_t words)
{
#ifdef __x86_64__
    if (words >= LARGE / 8) {
        __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
        return;
    }
#endif
    for (; words; words--, to += 8, from += 8) {
        *(struct word *)to = *(const struct word *)from;
        LOOP_STAYS();
    }
}

static void fill_words(unsigned char *to, uint64_t value, size_t words)
{
#ifdef __x86_64__
    if (words >= LARGE / 8) {
        __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(value) : "memory");
        return;
    }
#endif
    for (; words; words--, to += 8) {
        ((struct word *)to)->value = value;
        LOOP_STAYS();
    }
}

void *memcpy(void *restrict to, const void *restrict from, size_t count)
{
    unsigned char *destination = to;
    const unsigned char *source = from;
    if (count >= 8) {
        copy_words(destination, source, count / 8);
        /* What is left, with bytes that are copied already. */
        *(struct word *)(destination + count - 8) = *(const struct word *)(source + count - 8);
        return to;
    }
    while (count--) {
        destination[count] = source[count];
        LOOP_STAYS();
    }
    return to;
}

void *memmove(void *to, const void *from, size_t count)
{
    unsigned char *destination = to;
    const unsigned char *source = from;
    /* Overlapping ranges go byte by byte, away from what is still to be read. */
    if ((uintptr_t)to - (uintptr_t)from >= count && (uintptr_t)from - (uintptr_t)to >= count)
        return memcpy(to, from, count);
    if ((uintptr_t)to < (uintptr_t)from) {
        for (size_t i = 0; i < count; i++) {
            destination[i] = source[i];
            LOOP_STAYS();
        }
        return to;
    }
    while (count--) {
        destination[count] = source[count];
        LOOP_STAYS();
    }
    return to;
}

void *memset(void *to, int byte, size_t count)
{
    unsigned char *destination = to;
    uint64_t value = (unsigned char)byte * 0x0101010101010101ull;
    if (count >= 8) {
        fill_words(destination, value, count / 8);
        ((struct word *)(destination + count - 8))->value = value;
        return to;
    }
    while (count--) {
        destination[count] = (unsigned char)byte;
        LOOP_STAYS();
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t count)
{
    const unsigned char *first = a, *second = b;
    for (size_t i = 0; i < count; i++)
        if (first[i] != second[i])
            return first[i] - second[i];
    return 0;
}

void *memchr(const void *in, int byte, size_t count)
{
    const unsigned char *at = in;
    for (size_t i = 0; i < count; i++)
        if (at[i] == (unsigned char)byte)
            return (void *)(uintptr_t)(at + i);
    return NULL;
}

size_t strnlen(const char *text, size_t limit)
{
    size_t length = 0;
    while (length < limit && text[length])
        length++;
    return length;
}

size_t strlen(const char *text)
{
    const char *end = text;
    while (*end) {
        end++;
        __asm__ volatile("" : : : "memory"); /* keeps the compiler from making this a call of strlen */
    }
    return (size_t)(end - text);
}

int strcmp(const char *a, const char *b)
{
    for (; *a && *a == *b; a++, b++)
        LOOP_STAYS();
    return (unsigned char)*a - (unsigned char)*b;
}

char *strchr(const char *text, int character)
{
    for (;; text++) {
        if (*text == (char)character)
            return (char *)(uintptr_t)text;
        if (!*text)
            return NULL;
    }
}

size_t string_copy(char *to, const char *from, size_t size)
{
    size_t length = strlen(from);
    if (size) {
        size_t count = length < size ? length : size - 1;
        memcpy(to, from, count);
        to[count] = 0;
    }
    return length;
}
