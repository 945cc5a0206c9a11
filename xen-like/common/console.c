/* SPDX-License-Identifier: MIT */
/* The console's lock, its input switch, and the debug keys. Contract in console.h. */
#include "console.h"

#include "arch_host.h"
#include "lock.h"
#include "panic.h"
#include "printk.h"

#define SWITCH_CHARACTER 0x01 /* Ctrl-a */
#define SWITCH_COUNT 3u

static struct spinlock lock = SPINLOCK_INIT("console", LOCK_RANK_CONSOLE);

static void (*_Atomic input_handler)(const char *bytes, size_t count);
static bool input_is_ours;       /* typed bytes are debug keys; the input interrupt's CPU alone */
static unsigned int switch_seen; /* SWITCH_CHARACTERs in a row */

static struct debug_key {
    const char *description;
    void (*fn)(char key);
} debug_keys[128];

unsigned long console_lock(void) { return spin_lock_irqsave(&lock); }

void console_unlock(unsigned long interrupts) { spin_unlock_irqrestore(&lock, interrupts); }

void console_break_lock(void) { spin_lock_init(&lock, "console", LOCK_RANK_CONSOLE); }

void console_write(const char *bytes, size_t count)
{
    unsigned long interrupts = console_lock();
    arch_console_write(bytes, count);
    console_unlock(interrupts);
}

void console_set_input_handler(void (*handler)(const char *bytes, size_t count)) { input_handler = handler; }

void register_debug_key(char key, const char *description, void (*fn)(char key))
{
    BUG_ON((unsigned char)key >= ARRAY_SIZE(debug_keys) || debug_keys[(unsigned char)key].fn);
    debug_keys[(unsigned char)key] = (struct debug_key){ description, fn };
}

static void print_help(void)
{
    printk(LOG_ALWAYS, "debug keys:");
    printk(LOG_ALWAYS, " h: this list");
    for (unsigned int key = 0; key < ARRAY_SIZE(debug_keys); key++)
        if (debug_keys[key].fn)
            printk(LOG_ALWAYS, " %c: %s", (char)key, debug_keys[key].description);
}

void run_debug_key(char key)
{
    if (key == 'h')
        print_help();
    else if ((unsigned char)key < ARRAY_SIZE(debug_keys) && debug_keys[(unsigned char)key].fn)
        debug_keys[(unsigned char)key].fn(key);
    else if (key >= ' ')
        printk(LOG_ALWAYS, "no debug key '%c': 'h' lists them", key);
}

static void switch_input(void)
{
    input_is_ours = !input_is_ours;
    printk(LOG_ALWAYS, "*** Serial input to %s (type 'CTRL-a' three times to switch input)",
           input_is_ours ? "Keel" : "DOM0");
}

static void deliver(const char *bytes, size_t count)
{
    void (*handler)(const char *, size_t) = input_handler;

    if (!count)
        return;
    if (input_is_ours) {
        for (size_t i = 0; i < count; i++)
            run_debug_key(bytes[i]);
    } else if (handler) {
        handler(bytes, count);
    }
}

void console_receive(const char *bytes, size_t count)
{
    size_t start = 0;

    for (size_t i = 0; i < count; i++) {
        switch_seen = bytes[i] == SWITCH_CHARACTER ? switch_seen + 1 : 0;
        if (switch_seen == SWITCH_COUNT) {
            /* The last of the three is eaten, as in Xen; the others went to whom the input was with. */
            deliver(bytes + start, i - start);
            start = i + 1;
            switch_seen = 0;
            switch_input();
        }
    }
    deliver(bytes + start, count - start);
}
