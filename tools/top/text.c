/* SPDX-License-Identifier: MIT */
/* Small texts for people; see text.h. */
#define _XOPEN_SOURCE_EXTENDED
#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
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
        snprintf(text, TEXT_SIZE, percent < 999.95 ? "%.1f" : percent < 99999.5 ? "%.0f" : ">99k", percent);
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
    else if (whole < 1000 * 86400)
        snprintf(text, TEXT_SIZE, "%" PRIu64 "d%02" PRIu64 ":%02" PRIu64, whole / 86400, whole / 3600 % 24,
                 whole / 60 % 60);
    else
        snprintf(text, TEXT_SIZE, "%" PRIu64 "d", whole / 86400);
}

void text_disk(uint64_t id, char text[TEXT_SIZE])
{
    static const struct {
        uint64_t major, minors; /* minors: of one disk, the first of which is the whole */
        const char *prefix;
        char first;
    } kinds[] = { { 202, 16, "xvd", 'a' }, { 8, 16, "sd", 'a' }, { 3, 64, "hd", 'a' }, { 22, 64, "hd", 'c' } };

    if (id >> 28 == 1 && (id >> 8 & 0xfffff) < 26 * 27) {
        unsigned disk = id >> 8 & 0xfffff, part = id & 0xff;
        int at = snprintf(text, TEXT_SIZE, "xvd");

        if (disk >= 26)
            text[at++] = (char)('a' + disk / 26 - 1);
        snprintf(text + at, TEXT_SIZE - (size_t)at, part ? "%c%u" : "%c", 'a' + (int)(disk % 26), part);
        return;
    }
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

/* Characters without a shape of their own that turn the direction of writing, or cannot be seen. */
static bool is_format(wchar_t character)
{
    return (character >= 0x200b && character <= 0x200f) || (character >= 0x2028 && character <= 0x202e) ||
           (character >= 0x2060 && character <= 0x206f) || character == 0xfeff || character == 0x061c;
}

/* How many bytes a character takes that begins here; 0 when it is no valid UTF-8. */
static size_t utf8_length(const unsigned char *text)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t length = text[0] < 0x80 ? 1 : text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : text[0] >= 0xc2 ? 2 : 0;
    uint32_t character = length == 4 ? text[0] & 7u : length == 3 ? text[0] & 15u : text[0] & 31u;

    if (length <= 1 || text[0] > 0xf4)
        return length == 1;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        character = character << 6 | (text[i] & 0x3fu);
    }
    return character < least[length] || character > 0x10ffff || (character >> 11) == 0x1b ? 0 : length;
}

void text_plain(const char *name, char *text, size_t size)
{
    size_t at = 0;

    while (*name) {
        const unsigned char *bytes = (const unsigned char *)name;
        size_t length = utf8_length(bytes);
        bool is_control = *bytes < ' ' || *bytes == 0x7f || (length == 2 && *bytes == 0xc2 && bytes[1] < 0xa0);

        if (at + (length && !is_control ? length : 1) >= size)
            break;
        if (length && !is_control)
            memcpy(text + at, name, length);
        else
            text[at] = '?';
        at += length && !is_control ? length : 1;
        name += length ? length : 1;
    }
    text[at] = '\0';
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
        width = character && !iswcntrl((wint_t)character) && !is_format(character) ? wcwidth(character) : -1;
        /* what joins the character before it needs one of this name */
        if (width < 0 || (width == 0 && at == 0)) {
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
