/* SPDX-License-Identifier: MIT */
/* Lists of CPUs in xl's words ("0-3,^1"): read from left to right, each part adds or (with ^) takes away. */
#include "config_keys.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define CPUS_MAX (CTL_CPUMAP_BYTES * 8u)

/* A CPU's number at *text, which moves behind it; CPUS_MAX stands for all that are too large. */
static bool read_cpu(const char **text, unsigned *cpu)
{
    if (!isdigit((unsigned char)**text))
        return false;
    for (*cpu = 0; isdigit((unsigned char)**text); ++*text)
        *cpu = *cpu * 10 + (unsigned)(**text - '0') < CPUS_MAX ? *cpu * 10 + (unsigned)(**text - '0') : CPUS_MAX;
    return true;
}

/* One part without its blanks, `length` bytes long. */
static bool read_part(const char *part, size_t length, uint8_t bitmap[CTL_CPUMAP_BYTES], char *why, size_t why_size)
{
    const char *text = part, *end = part + length;
    bool removes = *text == '^';
    unsigned first, last;

    if (removes)
        text++;
    if (strncmp(text, "node:", 5) == 0 || strncmp(text, "nodes:", 6) == 0) {
        snprintf(why, why_size, "\"%.*s\" names NUMA nodes, which are not known here; name the CPUs themselves",
                 (int)(length < 60 ? length : 60), part);
        return false;
    }
    if (end - text == 3 && strncmp(text, "all", 3) == 0) {
        memset(bitmap, removes ? 0 : 0xff, CTL_CPUMAP_BYTES);
        return true;
    }
    if (!read_cpu(&text, &first))
        goto bad;
    last = first;
    if (*text == '-') {
        text++;
        if (!read_cpu(&text, &last))
            goto bad;
    }
    if (text != end)
        goto bad;
    if (first >= CPUS_MAX || last >= CPUS_MAX) {
        snprintf(why, why_size, "\"%.*s\" goes beyond CPU %u, the last one there can be",
                 (int)(length < 60 ? length : 60), part, CPUS_MAX - 1);
        return false;
    }
    if (first > last) {
        snprintf(why, why_size, "the range %u-%u runs backwards", first, last);
        return false;
    }
    for (unsigned cpu = first; cpu <= last; cpu++) {
        if (removes)
            bitmap[cpu / 8] &= (uint8_t)~(1u << cpu % 8);
        else
            bitmap[cpu / 8] |= (uint8_t)(1u << cpu % 8);
    }
    return true;
bad:
    snprintf(why, why_size, "\"%.*s\" is no CPU, range of CPUs (0-3) or \"all\"", (int)(length < 60 ? length : 60),
             part);
    return false;
}

bool config_cpus_parse(const char *text, uint8_t bitmap[CTL_CPUMAP_BYTES], char *why, size_t why_size)
{
    static const uint8_t none[CTL_CPUMAP_BYTES];

    memset(bitmap, 0, CTL_CPUMAP_BYTES);
    while (*text) {
        size_t length;

        text += strspn(text, " \t,");
        length = strcspn(text, ",");
        size_t part_length = length;

        while (part_length > 0 && isspace((unsigned char)text[part_length - 1]))
            part_length--;
        if (part_length > 0 && !read_part(text, part_length, bitmap, why, why_size))
            return false;
        text += length;
    }
    if (memcmp(bitmap, none, CTL_CPUMAP_BYTES) == 0) {
        snprintf(why, why_size, "the list leaves no CPU to run on");
        return false;
    }
    return true;
}

void config_cpus_print(const uint8_t bitmap[CTL_CPUMAP_BYTES], char text[CONFIG_CPUS_TEXT_MAX])
{
    size_t used = 0;
    unsigned cpu = 0;

    text[0] = '\0';
    while (cpu < CPUS_MAX) {
        unsigned first = cpu;

        while (cpu < CPUS_MAX && bitmap[cpu / 8] >> cpu % 8 & 1)
            cpu++;
        if (cpu == first) {
            cpu++;
            continue;
        }
        if (first == 0 && cpu == CPUS_MAX)
            snprintf(text, CONFIG_CPUS_TEXT_MAX, "all");
        else if (cpu - first == 1)
            used += (size_t)snprintf(text + used, CONFIG_CPUS_TEXT_MAX - used, "%s%u", used ? "," : "", first);
        else
            used +=
                (size_t)snprintf(text + used, CONFIG_CPUS_TEXT_MAX - used, "%s%u-%u", used ? "," : "", first, cpu - 1);
    }
}

const uint8_t *config_affinity_of(const struct ctl_affinity *affinity, uint32_t vcpu)
{
    return vcpu < affinity->vcpus_count ? affinity->vcpus[vcpu] : affinity->set ? affinity->all : NULL;
}
