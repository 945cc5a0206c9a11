/* SPDX-License-Identifier: MIT */
/* Values on the command line that several verbs take: numbers, seconds, amounts of memory. */
#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECONDS_MAX 31536000u /* a year */

uint64_t cli_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool cli_number(struct cli *cli, const char *what, const char *text, uint32_t least, uint32_t most, uint32_t *number)
{
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (isdigit((unsigned char)*text) && *end == '\0' && errno == 0 && value >= least && value <= most) {
        *number = (uint32_t)value;
        return true;
    }
    cli_usage_error(cli, "\"%.40s\" is no %s, which is a number from %u to %u", text, what, least, most);
    return false;
}

bool cli_timeout(struct cli *cli, uint64_t *seconds)
{
    const char *text = cli_value(cli, 't');
    char *end;

    *seconds = 0;
    if (!text)
        return true;
    *seconds = strtoul(text, &end, 10);
    if (isdigit((unsigned char)*text) && *end == '\0' && *seconds <= SECONDS_MAX)
        return true;
    cli_usage_error(cli, "\"%s\" is no number of seconds up to a year", text);
    return false;
}

bool cli_memory(struct cli *cli, const char *text, uint64_t *kib)
{
    static const char suffixes[] = "bkmgt";
    const char *suffix;
    unsigned long long value;
    char *end;

    errno = 0;
    value = strtoull(text, &end, 10);
    suffix = *end ? strchr(suffixes, tolower((unsigned char)*end)) : strchr(suffixes, 'm');
    if (!isdigit((unsigned char)*text) || errno || !suffix || (*end && end[1]))
        goto bad;
    if (*suffix == 'b') {
        *kib = value >> 10;
    } else {
        unsigned shift = (unsigned)(suffix - suffixes - 1) * 10;

        if (value > UINT64_MAX >> 11 >> shift)
            goto bad;
        *kib = value << shift;
    }
    if (*kib > 0)
        return true;
bad:
    cli_usage_error(cli, "\"%.40s\" is no amount of memory: write MiB, or a number with k, m, g or t behind it", text);
    return false;
}
