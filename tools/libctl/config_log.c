/* SPDX-License-Identifier: MIT */
/* Collects findings about a configuration; see config_log.h. */
#include "config_log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE_SHOWN_MAX 200 /* so that a long path leaves room for the sentence */

void config_log_init(struct config_log *log, struct ctl_config_messages *messages)
{
    *log = (struct config_log){ .messages = messages };
    *messages = (struct ctl_config_messages){ 0 };
}

void ctl_config_messages_free(struct ctl_config_messages *messages)
{
    free(messages->list);
    *messages = (struct ctl_config_messages){ 0 };
}

/* A sentence must stay one line and valid UTF-8 whatever a file says: anything else becomes '?'. */
static void make_printable(char *text)
{
    size_t continuation = 0;

    for (char *c = text; *c; c++) {
        unsigned char byte = (unsigned char)*c;

        if (continuation > 0 && (byte & 0xc0) == 0x80) {
            continuation--;
            continue;
        }
        for (; continuation > 0 && c > text; continuation = 0)
            c[-1] = '?';
        if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && byte < 0xc2) || byte >= 0xf5)
            *c = '?';
        else if (byte >= 0xf0)
            continuation = 3;
        else if (byte >= 0xe0)
            continuation = 2;
        else if (byte >= 0xc0)
            continuation = 1;
    }
    /* The buffer's end may cut a character in two. */
    size_t length = strlen(text);

    while (continuation > 0 && length > 0 && (text[length - 1] & 0xc0) == 0x80)
        text[--length] = '\0';
    if (continuation > 0 && length > 0)
        text[length - 1] = '\0';
}

static void add(struct config_log *log, bool is_error, struct config_place place, const char *format, va_list arguments)
{
    struct ctl_config_messages *messages = log->messages;
    unsigned *counter = is_error ? &log->errors : &log->warnings;

    if ((*counter)++ >= CONFIG_LOG_MAX)
        return;
    struct ctl_config_message *list = reallocarray(messages->list, messages->count + 1, sizeof(*list));
    if (!list) {
        log->out_of_memory = true;
        return;
    }
    messages->list = list;
    struct ctl_config_message *message = &list[messages->count++];

    *message = (struct ctl_config_message){ .is_error = is_error, .line = place.line };
    message->column = place.line ? place.column : 0;
    size_t size = sizeof(message->text), used = 0;
    int length = place.line
        ? snprintf(message->text, size, "%.*s:%u:%u: ", SOURCE_SHOWN_MAX, place.source, place.line, place.column)
        : snprintf(message->text, size, "%.*s: ", SOURCE_SHOWN_MAX, place.source);
    if (length > 0 && (size_t)length < size)
        used = (size_t)length;
    vsnprintf(message->text + used, size - used, format, arguments);
    make_printable(message->text);
}

void config_error(struct config_log *log, struct config_place place, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(log, true, place, format, arguments);
    va_end(arguments);
}

void config_warning(struct config_log *log, struct config_place place, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(log, false, place, format, arguments);
    va_end(arguments);
}

void config_out_of_memory(struct config_log *log)
{
    log->out_of_memory = true;
}

int config_log_status(const struct config_log *log)
{
    if (log->out_of_memory)
        return -ENOMEM;
    return log->errors ? -EINVAL : 0;
}
