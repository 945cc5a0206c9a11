/* SPDX-License-Identifier: MIT */
/* A 16550 as the console. */
#include "serial.h"

#include "acpi.h"
#include "command_line.h"
#include "console.h"
#include "cpu.h"
#include "ioapic.h"
#include "number.h"
#include "panic.h"
#include "registers.h"
#include "string.h"
#include "traps.h"

enum {
    UART_DATA = 0,
    UART_INTERRUPTS = 1,
    UART_FIFO = 2,
    UART_LINE = 3,
    UART_MODEM = 4,
    UART_STATUS = 5,
    UART_SCRATCH = 7,
};

#define LINE_DIVISOR 0x80
#define MODEM_ON 0x0b /* DTR, RTS, and OUT2, which lets the interrupt through */
#define STATUS_RECEIVED 0x01
#define STATUS_CAN_SEND 0x20
#define FIFO_ON 0xc7 /* both FIFOs cleared, interrupt at 14 bytes or when the line rests */
#define FIFO_SIZE 16u
#define SEND_TRIES 1000000u
#define RECEIVE_CHUNK 64u

struct line {
    uint16_t base;
    uint8_t irq;
    uint32_t baud;
    uint8_t format; /* the line control register's low bits */
};

static struct line com[2] = {
    { .base = 0x3f8, .irq = 4, .baud = 115200, .format = 3 },
    { .base = 0x2f8, .irq = 3, .baud = 115200, .format = 3 },
};
static unsigned int console_port; /* index into com */
static bool is_wanted = true, is_working;

/* The next field of a comma-separated list; its length. */
static size_t next_field(const char **list, const char **field)
{
    const char *end = strchr(*list, ',');
    size_t length = end ? (size_t)(end - *list) : strlen(*list);
    *field = *list;
    *list += length + (end != NULL);
    return length;
}

/* "8n1": data bits, parity, stop bits */
static bool parse_format(const char *text, size_t length, uint8_t *format)
{
    if (length != 3 || text[0] < '5' || text[0] > '8' || (text[2] != '1' && text[2] != '2'))
        return false;
    *format = (uint8_t)(text[0] - '5' + (text[2] == '2' ? 4 : 0));
    if (text[1] == 'o')
        *format |= 0x08;
    else if (text[1] == 'e')
        *format |= 0x18;
    return text[1] == 'n' || text[1] == 'o' || text[1] == 'e';
}

/* BAUD[,FORMAT[,BASE[,IRQ]]] */
static bool parse_com(const char *value, struct line *line)
{
    struct line new = *line;
    const char *field;
    uint64_t number;
    size_t length;

    if ((length = next_field(&value, &field))) {
        if (!parse_unsigned(field, length, &number) || number < 50 || number > 115200)
            return false;
        new.baud = (uint32_t)number;
    }
    if ((length = next_field(&value, &field)) && !parse_format(field, length, &new.format))
        return false;
    if ((length = next_field(&value, &field))) {
        if (!parse_unsigned(field, length, &number) || !number || number > 0xfff8)
            return false;
        new.base = (uint16_t)number;
    }
    if ((length = next_field(&value, &field))) {
        if (!parse_unsigned(field, length, &number) || number > 15)
            return false;
        new.irq = (uint8_t)number;
    }
    *line = new;
    return !*value;
}

static bool parse_com1(const char *value) { return parse_com(value, &com[0]); }
static bool parse_com2(const char *value) { return parse_com(value, &com[1]); }

static bool parse_console(const char *value)
{
    const char *field;

    is_wanted = false;
    while (*value) {
        size_t length = next_field(&value, &field);
        if (length == 4 && (!memcmp(field, "com1", 4) || !memcmp(field, "com2", 4))) {
            is_wanted = true;
            console_port = field[3] - '1';
        } else if (!(length == 3 && !memcmp(field, "vga", 3)) && !(length == 4 && !memcmp(field, "none", 4))) {
            is_wanted = true;
            return false;
        }
    }
    return true;
}

COMMAND_LINE_CUSTOM("com1", parse_com1, "BAUD,FORMAT,BASE,IRQ like 115200,8n1,0x3f8,4");
COMMAND_LINE_CUSTOM("com2", parse_com2, "BAUD,FORMAT,BASE,IRQ like 115200,8n1,0x2f8,3");
COMMAND_LINE_CUSTOM("console", parse_console, "com1, com2 or none");

static bool uart_is_there(uint16_t base)
{
    outb(base + UART_SCRATCH, 0x5a);
    return inb(base + UART_SCRATCH) == 0x5a;
}

void serial_initialise(void)
{
    const struct line *line = &com[console_port];
    uint32_t divisor = 115200 / line->baud;

    is_working = is_wanted && uart_is_there(line->base);
    if (!is_working)
        return;
    outb(line->base + UART_INTERRUPTS, 0);
    outb(line->base + UART_LINE, LINE_DIVISOR);
    outb(line->base + UART_DATA, (uint8_t)divisor);
    outb(line->base + UART_INTERRUPTS, (uint8_t)(divisor >> 8));
    outb(line->base + UART_LINE, line->format);
    outb(line->base + UART_FIFO, FIFO_ON);
    outb(line->base + UART_MODEM, MODEM_ON);
}

void serial_write(const char *bytes, size_t count)
{
    uint16_t base = com[console_port].base;

    while (count && is_working) {
        uint32_t tries = 0;
        while (!(inb(base + UART_STATUS) & STATUS_CAN_SEND))
            if (++tries == SEND_TRIES)
                return; /* a port that never gets rid of its bytes must not stop the machine */
        for (unsigned int i = 0; i < FIFO_SIZE && count; i++, count--)
            outb(base + UART_DATA, (uint8_t)*bytes++);
    }
}

static void handle_input(uint8_t vector)
{
    uint16_t base = com[console_port].base;
    char bytes[RECEIVE_CHUNK];
    size_t count;

    inb(base + UART_FIFO); /* reading the cause takes it back */
    do {
        for (count = 0; count < sizeof(bytes) && (inb(base + UART_STATUS) & STATUS_RECEIVED); count++)
            bytes[count] = (char)inb(base + UART_DATA);
        console_receive(bytes, count);
    } while (count == sizeof(bytes));
}

void serial_start_input(void)
{
    const struct line *line = &com[console_port];
    struct acpi_override interrupt = acpi_isa_interrupt(line->irq);
    uint8_t vector;

    if (!is_working || !ioapic_has_gsi(interrupt.gsi))
        return;
    vector = allocate_interrupt_vector(handle_input);
    BUG_ON(!vector);
    ioapic_route(interrupt.gsi, &(struct ioapic_route){
        .vector = vector,
        .apic_id = this_cpu()->apic_id,
        .is_level = interrupt.is_level,
        .is_active_low = interrupt.is_active_low,
    });
    outb(line->base + UART_INTERRUPTS, 1);
}

uint16_t serial_port_base(void) { return is_working ? com[console_port].base : 0; }

uint32_t serial_gsi(void) { return is_working ? acpi_isa_interrupt(com[console_port].irq).gsi : 0; }
