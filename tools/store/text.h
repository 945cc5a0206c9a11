/* SPDX-License-Identifier: MIT */
/* Text built in a buffer of fixed size: what does not fit as a whole is left out. */
#ifndef STORE_TEXT_H
#define STORE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct text {
    char *at;
    size_t size; /* of the buffer, with room for a zero byte; may be made smaller than what is used already */
    size_t used; /* without it */
};

/* Adds to the end. False, and nothing is added, when there is no room for it and a zero byte. */
static inline bool __attribute__((format(printf, 2, 3))) text_add(struct text *text, const char *format, ...)
{
    if (text->used >= text->size)
        return false;
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text->at + text->used, text->size - text->used, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= text->size - text->used) {
        text->at[text->used] = '\0';
        return false;
    }
    text->used += (size_t)size;
    return true;
}

#endif
