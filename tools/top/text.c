/* SPDX-License-Identifier: MIT */
/* Small texts for people; see text.h. */
#define _XOPEN_SOURCE_EXTENDED
#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

static void scaled(double number, double unit, const char *letters, char text[TEXT_SIZE])
{
    char letter[2] = "";

    if (isnan(number)) {
        strcpy(text, "-");
        return;
    }
    while (number >= unit - 0.5 && *letters) {
        number /= unit;
        letter[0] = *letters++;
    }
    snprintf(text, TEXT_SIZE, letter[0] && number < 9.95 ? "%.1f%s" : "%.0f%s", number, letter);
}

void text_bytes(double bytes, char text[TEXT_SIZE])
{
    scaled(bytes, 1024, "KMGTPE", text);
}

void text_count(double count, char text[TEXT_SIZE])
{
    scaled(count, 1000, "kMGTPE", text);
}

void text_percent(double percent, char text[TEXT_SIZE])
{
    if (isnan(percent))
        strcpy(text, "-");
    else
        snprintf(text, TEXT_SIZE, "%.1f", percent);
}

void text_seconds(double seconds, char text[TEXT_SIZE])
{
    uint64_t whole = isnan(seconds) || seconds < 0 || seconds > 1e12 ? 0 : (uint64_t)seconds;

    if (isnan(seconds))
        strcpy(text, "-");
    else if (whole < 1000)
        snprintf(text, TEXT_SIZE, "%.1f", seconds);
    else if (whole < 100 * 3600)
        snprintf(text, TEXT_SIZE, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, whole / 3600, whole / 60 % 60, whole % 60);
    else
        snprintf(text, TEXT_SIZE, "%" PRIu64 "d%02" PRIu64 ":%02" PRIu64, whole / 86400, whole / 3600 % 24,
                 whole / 60 % 60);
}

void text_disk(uint64_t id, char text[TEXT_SIZE])
{
    static const struct {
        uint64_t major, minors; /* minors: of one disk, the first of which is the whole */
        const char *prefix;
        char first;
    } kinds[] = { { 202, 16, "xvd", 'a' }, { 8, 16, "sd", 'a' }, { 3, 64, "hd", 'a' }, { 22, 64, "hd", 'c' } };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        uint64_t disk = (id & 0xff) / kinds[i].minors, part = (id & 0xff) % kinds[i].minors;

        if (id >> 8 != kinds[i].major)
            continue;
        if (part)
            snprintf(text, TEXT_SIZE, "%s%c%" PRIu64, kinds[i].prefix, kinds[i].first + (char)disk, part);
        else
            snprintf(text, TEXT_SIZE, "%s%c", kinds[i].prefix, kinds[i].first + (char)disk);
        return;
    }
    snprintf(text, TEXT_SIZE, "%" PRIu64, id);
}

int text_fit(const char *name, int columns, char *text, size_t size)
{
    size_t left = strlen(name), at = 0;
    int used = 0;
    mbstate_t state = { 0 };

    while (left && used < columns && at + 1 < size) {
        wchar_t character;
        size_t length = mbrtowc(&character, name, left, &state);
        int width;

        if (length == 0 || length > left) {
            memset(&state, 0, sizeof(state));
            length = 1;
            character = L'\0';
        }
        width = character && !iswcntrl((wint_t)character) ? wcwidth(character) : -1;
        if (width < 0) {
            text[at++] = '?';
            used++;
        } else if (used + width > columns || at + length >= size) {
            break;
        } else {
            memcpy(text + at, name, length);
            at += length;
            used += width;
        }
        name += length;
        left -= length;
    }
    text[at] = '\0';
    return used;
}
