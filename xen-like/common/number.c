/* SPDX-License-Identifier: MIT */
/* Numbers in text: see number.h. */
#include "number.h"

static int digit_value(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    character |= 0x20;
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    return 16;
}

bool parse_unsigned(const char *text, size_t length, uint64_t *value)
{
    uint64_t result = 0;
    unsigned int base = 10;
    size_t i = 0;

    if (length > 2 && text[0] == '0' && (text[1] | 0x20) == 'x')
        base = 16, i = 2;
    else if (length > 1 && text[0] == '0')
        base = 8, i = 1;
    if (i == length)
        return false;
    for (; i < length; i++) {
        unsigned int digit = (unsigned int)digit_value(text[i]);
        if (digit >= base || __builtin_mul_overflow(result, (uint64_t)base, &result) ||
            __builtin_add_overflow(result, (uint64_t)digit, &result))
            return false;
    }
    *value = result;
    return true;
}

/* 0: no suffix that is known */
static uint64_t suffix_unit(char suffix)
{
    switch (suffix | 0x20) {
    case 'b': return 1;
    case 'k': return KIB(1);
    case 'm': return MIB(1);
    case 'g': return GIB(1);
    case 't': return GIB(1024);
    default: return 0;
    }
}

bool parse_size(const char *text, size_t length, uint64_t default_unit, uint64_t *bytes)
{
    uint64_t unit = default_unit, number, result;

    /* In hexadecimal, B is a digit. */
    if (length && digit_value(text[length - 1]) >= ((length > 2 && (text[1] | 0x20) == 'x') ? 16 : 10)) {
        unit = suffix_unit(text[length - 1]);
        length--;
    }
    if (!unit || !parse_unsigned(text, length, &number) || __builtin_mul_overflow(number, unit, &result))
        return false;
    *bytes = result;
    return true;
}
