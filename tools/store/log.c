/* SPDX-License-Identifier: MIT */
/* Where the daemon's lines go. */
#include "store/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

bool log_trace_enabled;
static bool use_syslog;
static FILE *file;

void log_to_syslog(void)
{
    openlog("stored", LOG_PID, LOG_DAEMON);
    use_syslog = true;
}

int log_to_file(const char *path)
{
    FILE *opened = fopen(path, "ae");
    if (!opened)
        return errno;
    setvbuf(opened, NULL, _IOLBF, 0);
    if (file)
        fclose(file);
    file = opened;
    return 0;
}

void log_set_trace(bool enabled)
{
    log_trace_enabled = enabled;
}

static void write_line(int priority, const char *format, va_list arguments)
{
    char line[1024];
    vsnprintf(line, sizeof(line), format, arguments);
    if (file)
        fprintf(file, "%s\n", line);
    else if (use_syslog)
        syslog(priority, "%s", line);
    else
        fprintf(stderr, "stored: %s\n", line);
}

void log_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line(LOG_ERR, format, arguments);
    va_end(arguments);
}

void log_info(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line(LOG_INFO, format, arguments);
    va_end(arguments);
}

void log_trace(const char *format, ...)
{
    if (!log_trace_enabled)
        return;
    va_list arguments;
    va_start(arguments, format);
    write_line(LOG_DEBUG, format, arguments);
    va_end(arguments);
}
