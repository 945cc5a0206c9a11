/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_console_io. Domain 0 writes the console as it likes and reads what is typed, from a ring that VIRQ_CONSOLE
 * announces. What another domain writes becomes lines of the log that name it, and only so many a second.
 */

#include "console.h"
#include "domain.h"
#include "printk.h"

#define WRITE_CHUNK 256u
#define INPUT_RING_SIZE 1024u /* a power of two; bytes beyond it are dropped, as a serial port would */

static DEFINE_SPINLOCK(input_lock, LOCK_RANK_CONSOLE_INPUT);
static char input_ring[INPUT_RING_SIZE];
static uint32_t input_produced, input_consumed; /* bytes ever, modulo 2^32; guarded by input_lock */

static void take_input(const char *bytes, size_t count)
{
    spin_lock(&input_lock);
    for (size_t i = 0; i < count && input_produced - input_consumed < INPUT_RING_SIZE; i++)
        input_ring[input_produced++ % INPUT_RING_SIZE] = bytes[i];
    spin_unlock(&input_lock);
    event_send_global_virq(VIRQ_CONSOLE);
}

void console_io_init(void) { console_set_input_handler(take_input); }

/* At most size bytes that were typed, taken out of the ring. */
static size_t consume_input(char *to, size_t size)
{
    size_t count = 0;
    spin_lock(&input_lock);
    while (count < size && input_consumed != input_produced)
        to[count++] = input_ring[input_consumed++ % INPUT_RING_SIZE];
    spin_unlock(&input_lock);
    return count;
}

static long read_input(struct hypercall *call)
{
    uint64_t size = call->argument[1], buffer = call->argument[2], done = 0;
    char chunk[WRITE_CHUNK];
    while (done < size) {
        size_t count = consume_input(chunk, MIN(size - done, (uint64_t)sizeof(chunk)));
        if (!count)
            break;
        if (copy_to_guest(buffer + done, chunk, count))
            return -XEN_EFAULT;
        done += count;
    }
    return (long)done;
}

/* What may stand in a line of the log: nothing that moves a terminal's cursor, not even as UTF-8 (U+0080 to U+009F). */
static bool is_text(char c) { return (c >= ' ' && c < 0x7f) || c == '\t'; }

/* A guest's text, a line of the log for each of its lines; what is no text shows as dots. */
static void log_text(domid_t id, char *text, size_t count)
{
    for (size_t start = 0, end; start < count; start = end + 1) {
        for (end = start; end < count && text[end] != '\n';)
            end++;
        size_t length = end - start;
        if (length && text[start + length - 1] == '\r')
            length--;
        for (size_t i = start; i < start + length; i++)
            if (!is_text(text[i]))
                text[i] = '.';
        if (length)
            log_guest(LOG_WARNING, "d%u: %.*s", id, (int)length, text + start);
    }
}

static long write_output(struct hypercall *call)
{
    const struct domain *d = call->vcpu->domain;
    uint64_t size = call->argument[1], buffer = call->argument[2];
    char chunk[WRITE_CHUNK];
    while (size) {
        size_t count = (size_t)MIN(size, (uint64_t)sizeof(chunk));
        if (copy_from_guest(chunk, buffer, count))
            return -XEN_EFAULT;
        if (d->is_privileged)
            console_write(chunk, count);
        else
            log_text(d->id, chunk, count);
        buffer += count;
        size -= count;
        if (size && hypercall_should_yield()) {
            call->argument[1] = size;
            call->argument[2] = buffer;
            return hypercall_continue(call);
        }
    }
    return 0;
}

long hypercall_console_io(struct hypercall *call)
{
    if (call->argument[1] > INT32_MAX) /* the ABI's count is an int */
        return -XEN_EINVAL;
    switch (call->argument[0]) {
    case CONSOLEIO_write: return write_output(call);
    case CONSOLEIO_read: return call->vcpu->domain->is_privileged ? read_input(call) : -XEN_EPERM;
    default: return -XEN_ENOSYS;
    }
}
