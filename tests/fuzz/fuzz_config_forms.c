/* SPDX-License-Identifier: MIT */
/*
 * Other forms of a configuration: libvirt's XML, JSON, and disks and interfaces in xl's words, by the first byte. What
 * is taken must come back the same from what is written of it.
 */
#include "libctl/config_devices.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(char *first, char *(*again)(const char *text))
{
    char *second = first ? again(first) : NULL;

    if (first && (!second || strcmp(first, second) != 0))
        abort();
    free(second);
    free(first);
}

static char *disk(const char *text)
{
    char why[CONFIG_WHY_MAX];
    struct ctl_disk parsed;
    char *printed = config_disk_parse(text, &parsed, why) ? config_disk_print(&parsed) : NULL;

    config_disk_free(&parsed);
    return printed;
}

static char *nic(const char *text)
{
    char unknown[CONFIG_WHY_MAX], why[CONFIG_WHY_MAX];
    struct ctl_nic parsed;
    char *printed = config_nic_parse(text, &parsed, unknown, why) ? config_nic_print(&parsed) : NULL;

    config_nic_free(&parsed);
    return printed;
}

static void whole(const char *text, size_t length, bool xml)
{
    struct ctl_config_messages messages, more;
    struct ctl_config config;
    char *written = NULL;
    int result = xml ? ctl_config_from_xml(&config, "fuzz", text, length, &messages)
                     : ctl_config_from_json(&config, text, &messages);

    if (result == 0 && ctl_config_to_xml(&config, &written, &more) == 0)
        free(written);
    if (result == 0)
        ctl_config_messages_free(&more);
    if (result == 0)
        free(ctl_config_to_cfg(&config));
    ctl_config_messages_free(&messages);
    ctl_config_free(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;

    if (size == 0 || size > 4096 || memchr(data + 1, 0, size - 1))
        return 0;
    text = strndup((const char *)data + 1, size - 1);
    if (!text)
        return 0;
    switch (data[0] & 3) {
    case 0: whole(text, strlen(text), true); break;
    case 1: whole(text, strlen(text), false); break;
    case 2: round_trip(disk(text), disk); break;
    case 3: round_trip(nic(text), nic); break;
    }
    free(text);
    return 0;
}
