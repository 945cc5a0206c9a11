/* SPDX-License-Identifier: MIT */
/* Memory and text functions. Copies use the CPU's string instructions through the compiler's own loops where it can. */
#include "string.h"

#include "types.h"

void *memcpy(void *restrict to, const void *restrict from, size_t count)
{
#ifdef __x86_64__
    void *at = to;
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(count) : : "memory");
#else
    unsigned char *destination = to;
    const unsigned char *source = from;
    while (count--)
        *destination++ = *source++;
#endif
    return to;
}

void *memmove(void *to, const void *from, size_t count)
{
    unsigned char *destination = to;
    const unsigned char *source = from;
    if ((uintptr_t)to - (uintptr_t)from >= count)
        return memcpy(to, from, count);
    while (count--) {
        destination[count] = source[count];
        __asm__ volatile("" : : : "memory"); /* keeps the compiler from making this a call of memmove */
    }
    return to;
}

void *memset(void *to, int byte, size_t count)
{
#ifdef __x86_64__
    void *at = to;
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(count) : "a"(byte) : "memory");
#else
    volatile unsigned char *destination = to;
    while (count--)
        *destination++ = (unsigned char)byte;
#endif
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

int strncmp(const char *a, const char *b, size_t limit)
{
    for (size_t i = 0; i < limit; i++) {
        unsigned char first = (unsigned char)a[i], second = (unsigned char)b[i];
        if (first != second)
            return first - second;
        if (!first)
            break;
    }
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
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

char *strrchr(const char *text, int character)
{
    const char *found = NULL;
    for (;; text++) {
        if (*text == (char)character)
            found = text;
        if (!*text)
            return (char *)(uintptr_t)found;
    }
}

char *strstr(const char *text, const char *what)
{
    size_t length = strlen(what);
    for (;; text++) {
        if (!strncmp(text, what, length))
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
