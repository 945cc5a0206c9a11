/* SPDX-License-Identifier: MIT */
/* The log: lines into the ring and, by level, to the console. Console lock guards the ring. */
#include "printk.h"

#include "arch_host.h"
#include "command_line.h"
#include "console.h"
#include "string.h"

#define LINE_MAX 512u
#define LINE_PREFIX "(KEEL) "

static char ring[LOG_RING_SIZE];
static uint32_t ring_head;  /* index of the next byte to log, counts bytes ever logged */
static uint32_t ring_start; /* index of the oldest byte kept */

/* Lines of this level and more urgent ones are logged at all; Xen's default is warnings. */
static enum log_level log_threshold = LOG_WARNING;

/*
 * loglvl=LEVEL or LEVEL/LEVEL: lines below the first are dropped; the second, Xen's rate limit, changes nothing here.
 */
static bool parse_log_level(const char *value)
{
    static const struct { const char *name; enum log_level level; } levels[] = {
        { "none", LOG_ALWAYS }, { "error", LOG_ERROR }, { "warning", LOG_WARNING }, { "info", LOG_INFO },
        { "debug", LOG_DEBUG }, { "all", LOG_DEBUG },
    };
    const char *slash = strchr(value, '/');
    size_t length = slash ? (size_t)(slash - value) : strlen(value);

    for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
        if (strlen(levels[i].name) == length && !memcmp(levels[i].name, value, length)) {
            log_threshold = levels[i].level;
            return true;
        }
    return false;
}
COMMAND_LINE_CUSTOM("loglvl", parse_log_level, "none, error, warning, info, debug or all");

static void ring_put(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ring[ring_head++ % LOG_RING_SIZE] = bytes[i];
    if (ring_head - ring_start > LOG_RING_SIZE)
        ring_start = ring_head - LOG_RING_SIZE;
}

void vprintk(enum log_level level, const char *format, va_list arguments)
{
    char line[LINE_MAX + 2] = LINE_PREFIX;
    size_t prefix = sizeof(LINE_PREFIX) - 1, room = LINE_MAX - prefix, length;
    int wanted;

    if (level > log_threshold)
        return;
    wanted = keel_vsnprintf(line + prefix, room, format, arguments);
    length = prefix + ((size_t)wanted < room ? (size_t)wanted : room - 1);
    while (length > prefix && line[length - 1] == '\n')
        length--;
    line[length++] = '\n';

    unsigned long interrupts = console_lock();
    ring_put(line, length);
    line[length - 1] = '\r';
    line[length++] = '\n';
    arch_console_write(line, length);
    console_unlock(interrupts);
}

void printk(enum log_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vprintk(level, format, arguments);
    va_end(arguments);
}

/* True if a line that a guest caused may be logged; *left_out gets how many before it were not. */
static bool guest_line_allowed(uint32_t *left_out)
{
    static uint64_t interval_start_ns;
    static uint32_t lines, refused;
    uint64_t now_ns = arch_time_ns();
    bool allowed;

    unsigned long interrupts = console_lock();
    if (now_ns - interval_start_ns >= LOG_GUEST_INTERVAL_NS) {
        interval_start_ns = now_ns;
        lines = 0;
    }
    allowed = lines < LOG_GUEST_BURST;
    *left_out = 0;
    if (allowed) {
        lines++;
        *left_out = refused;
        refused = 0;
    } else {
        refused++;
    }
    console_unlock(interrupts);
    return allowed;
}

void log_guest(enum log_level level, const char *format, ...)
{
    uint32_t left_out;
    va_list arguments;

    if (level > log_threshold || !guest_line_allowed(&left_out))
        return;
    if (left_out)
        log_warning("%u lines that guests caused were left out", left_out);
    va_start(arguments, format);
    vprintk(level, format, arguments);
    va_end(arguments);
}

size_t log_ring_read(char *buffer, size_t size, uint32_t *index, bool incremental)
{
    unsigned long interrupts = console_lock();
    uint32_t at = ring_start, kept = ring_head - ring_start;
    size_t count = 0;

    /* An index outside what is kept (older, or never handed out) reads as the oldest byte. */
    if (incremental && *index - ring_start <= kept)
        at = *index;
    while (count < size && at != ring_head)
        buffer[count++] = ring[at++ % LOG_RING_SIZE];
    *index = at;
    console_unlock(interrupts);
    return count;
}

void log_ring_clear(uint32_t index)
{
    unsigned long interrupts = console_lock();
    if (index - ring_start <= ring_head - ring_start)
        ring_start = index;
    console_unlock(interrupts);
}
