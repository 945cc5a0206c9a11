/* SPDX-License-Identifier: MIT */
/*
 * printf's formatting into a buffer of known size (contract in printk.h). Nothing is ever written beyond the buffer,
 * and counting goes on past its end so that the caller learns what would have been needed.
 */
#include "printk.h"
#include "string.h"
#include "symbols.h"

struct output {
    char *buffer;
    size_t size, length;
};

struct conversion {
    bool is_left, is_zero_padded, has_prefix, is_long;
    int width, precision; /* precision < 0: none given */
};

static void put(struct output *out, char character)
{
    if (out->length + 1 < out->size)
        out->buffer[out->length] = character;
    out->length++;
}

static void put_many(struct output *out, char character, int count)
{
    while (count-- > 0)
        put(out, character);
}

static void put_text(struct output *out, const struct conversion *c, const char *text)
{
    size_t length = strnlen(text, c->precision < 0 ? SIZE_MAX : (size_t)c->precision);
    int padding = c->width > 0 && (size_t)c->width > length ? c->width - (int)length : 0;

    if (!c->is_left)
        put_many(out, ' ', padding);
    for (size_t i = 0; i < length; i++)
        put(out, text[i]);
    if (c->is_left)
        put_many(out, ' ', padding);
}

static void put_number(struct output *out, const struct conversion *c, uint64_t value, bool is_negative,
                       unsigned int base)
{
    char text[24];
    int length = 0, prefix = c->has_prefix && base == 16 && value ? 2 : 0, zeros = 0, total;

    for (uint64_t rest = value; rest; rest /= base)
        text[length++] = "0123456789abcdef"[rest % base];
    if (!length && c->precision != 0)
        text[length++] = '0';
    if (c->precision > length)
        zeros = c->precision - length;
    total = length + zeros + prefix + is_negative;
    if (c->is_zero_padded && !c->is_left && c->precision < 0 && c->width > total) {
        zeros += c->width - total;
        total = c->width;
    }
    if (!c->is_left)
        put_many(out, ' ', c->width - total);
    if (is_negative)
        put(out, '-');
    if (prefix) {
        put(out, '0');
        put(out, 'x');
    }
    put_many(out, '0', zeros);
    while (length)
        put(out, text[--length]);
    if (c->is_left)
        put_many(out, ' ', c->width - total);
}

static void put_pointer(struct output *out, struct conversion *c, uintptr_t value)
{
    c->has_prefix = true;
    put_number(out, c, value, false, 16);
    if (!value)
        put_text(out, &(struct conversion){ .precision = -1 }, "x0");
}

static void put_symbol(struct output *out, struct conversion *c, uintptr_t value)
{
    size_t offset;
    const char *name = symbol_lookup(value, &offset);
    struct conversion plain = { .precision = -1 };

    if (!name) {
        put_pointer(out, c, value);
        return;
    }
    put_text(out, c, name);
    plain.has_prefix = true;
    put_text(out, &(struct conversion){ .precision = -1 }, offset ? "+" : "+0x0");
    if (offset)
        put_number(out, &plain, offset, false, 16);
}

static int parse_decimal(const char **at, va_list *arguments)
{
    int value = 0;
    if (**at == '*') {
        (*at)++;
        return va_arg(*arguments, int);
    }
    for (; **at >= '0' && **at <= '9'; (*at)++)
        if (value < 100000)
            value = value * 10 + (**at - '0');
    return value;
}

static struct conversion parse_conversion(const char **at, va_list *arguments)
{
    struct conversion c = { .precision = -1 };

    for (;; (*at)++) {
        if (**at == '-')
            c.is_left = true;
        else if (**at == '0')
            c.is_zero_padded = true;
        else if (**at == '#')
            c.has_prefix = true;
        else
            break;
    }
    c.width = parse_decimal(at, arguments);
    if (c.width < 0) {
        c.is_left = true;
        c.width = c.width == INT32_MIN ? 0 : -c.width;
    }
    if (**at == '.') {
        (*at)++;
        c.precision = parse_decimal(at, arguments);
    }
    for (; **at == 'l' || **at == 'z'; (*at)++)
        c.is_long = true;
    return c;
}

int keel_vsnprintf(char *buffer, size_t size, const char *format, va_list original)
{
    struct output out = { .buffer = buffer, .size = size };
    va_list arguments;

    va_copy(arguments, original);
    for (const char *at = format; *at; at++) {
        if (*at != '%') {
            put(&out, *at);
            continue;
        }
        at++;
        struct conversion c = parse_conversion(&at, &arguments);
        switch (*at) {
        case 'd': {
            int64_t value = c.is_long ? va_arg(arguments, long) : va_arg(arguments, int);
            put_number(&out, &c, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0, 10);
            break;
        }
        case 'u':
        case 'x': {
            uint64_t value = c.is_long ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned int);
            put_number(&out, &c, value, false, *at == 'u' ? 10 : 16);
            break;
        }
        case 'c': {
            char text[2] = { (char)va_arg(arguments, int), 0 };
            put_text(&out, &c, text);
            break;
        }
        case 's': {
            const char *text = va_arg(arguments, const char *);
            put_text(&out, &c, text ? text : "(null)");
            break;
        }
        case 'p': {
            uintptr_t value = (uintptr_t)va_arg(arguments, void *);
            if (at[1] == 'S') {
                at++;
                put_symbol(&out, &c, value);
            } else {
                put_pointer(&out, &c, value);
            }
            break;
        }
        case '%':
            put(&out, '%');
            break;
        default:
            put(&out, '%');
            put(&out, '?');
            goto done;
        }
    }
done:
    va_end(arguments);
    if (size)
        buffer[out.length < size ? out.length : size - 1] = 0;
    return out.length > INT32_MAX ? INT32_MAX : (int)out.length;
}

int keel_snprintf(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = keel_vsnprintf(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}
