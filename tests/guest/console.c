/* SPDX-License-Identifier: MIT */
/*
 * Output: as domain 0, or with console=hypervisor, by console_io; as a guest through the console ring that the domain
 * builder made. A ring that nobody empties loses text after a while, and never stops a test.
 */
#include <stdarg.h>

#include "test.h"

#include <xen/hvm/params.h>
#include <xen/io/console.h>
#include <xen/sched.h>

static volatile struct xencons_interface *ring;
static evtchn_port_t ring_port;

void console_init(void)
{
    char value[16];

    if (is_dom0 || command_line_value("console", value, sizeof(value)))
        return;
    uint64_t gfn = hvm_parameter(HVM_PARAM_CONSOLE_PFN);
    uint64_t port = hvm_parameter(HVM_PARAM_CONSOLE_EVTCHN);

    if (gfn == 0 || gfn == UINT64_MAX || gfn >= (1ull << 20))
        return;
    ring = (void *)(gfn * PAGE_SIZE);
    ring_port = (evtchn_port_t)port;
}

static void ring_write(const char *text, size_t length)
{
    XENCONS_RING_IDX producer = ring->out_prod;
    unsigned long patience = 200000;

    while (length) {
        if (producer - ring->out_cons >= sizeof(ring->out)) {
            event_send(ring_port);
            sched_op(SCHEDOP_yield, 0);
            if (!patience--)
                return;
            continue;
        }
        ring->out[MASK_XENCONS_IDX(producer, ring->out)] = *text++;
        length--;
        __asm__ volatile("" ::: "memory");
        ring->out_prod = ++producer;
    }
    event_send(ring_port);
}

static void write(const char *text, size_t length)
{
    if (ring)
        ring_write(text, length);
    else
        hypercall3(__HYPERVISOR_console_io, CONSOLEIO_write, length, text);
}

struct text {
    char *at, *end;
};

static void put(struct text *text, char c)
{
    if (text->at < text->end)
        *text->at++ = c;
}

static void put_number(struct text *text, uint64_t number, unsigned int base)
{
    char digits[20];
    unsigned int count = 0;

    do
        digits[count++] = "0123456789abcdef"[number % base];
    while (number /= base);
    while (count)
        put(text, digits[--count]);
}

static size_t format_text(char *buffer, size_t size, const char *format, va_list arguments)
{
    struct text text = { buffer, buffer + size - 1 };

    for (; *format; format++) {
        if (*format != '%') {
            put(&text, *format);
            continue;
        }
        bool is_long = false;
        while (*++format == 'l')
            is_long = true;
        switch (*format) {
        case 's':
            for (const char *s = va_arg(arguments, const char *); *s; s++)
                put(&text, *s);
            break;
        case 'c':
            put(&text, (char)va_arg(arguments, int));
            break;
        case 'd': {
            long number = is_long ? va_arg(arguments, long) : va_arg(arguments, int);
            if (number < 0)
                put(&text, '-');
            put_number(&text, number < 0 ? -(uint64_t)number : (uint64_t)number, 10);
            break;
        }
        case 'u':
        case 'x':
            put_number(&text, is_long ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned int),
                       *format == 'u' ? 10 : 16);
            break;
        default:
            put(&text, *format);
        }
    }
    *text.at = 0;
    return (size_t)(text.at - buffer);
}

void print(const char *format, ...)
{
    char buffer[512];
    va_list arguments;

    va_start(arguments, format);
    size_t length = format_text(buffer, sizeof(buffer), format, arguments);
    va_end(arguments);
    write(buffer, length);
}

const char *failure(const char *format, ...)
{
    static char buffer[256];
    va_list arguments;

    va_start(arguments, format);
    format_text(buffer, sizeof(buffer), format, arguments);
    va_end(arguments);
    return buffer;
}
