/* SPDX-License-Identifier: MIT */
/* A configuration as JSON; config_json_read.c reads it back. Members that have no value are left out. */
#include "config_devices.h"
#include "config_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_gen.h>

static void put_name(yajl_gen json, const char *text)
{
    yajl_gen_string(json, (const unsigned char *)text, strlen(text));
}

static void put_string(yajl_gen json, const char *member, const char *text)
{
    if (!text)
        return;
    put_name(json, member);
    put_name(json, text);
}

static void put_number(yajl_gen json, const char *member, uint64_t number)
{
    put_name(json, member);
    yajl_gen_integer(json, (long long)number);
}

static void put_cpus(yajl_gen json, const char *key, const struct ctl_affinity *affinity)
{
    char text[CONFIG_CPUS_TEXT_MAX];

    if (affinity->vcpus_count > 0) {
        put_name(json, key);
        yajl_gen_array_open(json);
        for (uint32_t i = 0; i < affinity->vcpus_count; i++) {
            config_cpus_print(affinity->vcpus[i], text);
            put_name(json, text);
        }
        yajl_gen_array_close(json);
    } else if (affinity->set) {
        config_cpus_print(affinity->all, text);
        put_string(json, key, text);
    }
}

/* One element of a list of devices, whose text is freed; false: no memory. */
static bool put_device(yajl_gen json, char *text)
{
    if (text)
        put_name(json, text);
    free(text);
    return text != NULL;
}

static bool put_devices(yajl_gen json, const struct ctl_config *config)
{
    bool good = true;

    if (config->disks_count) {
        put_name(json, "disks");
        yajl_gen_array_open(json);
        for (size_t i = 0; i < config->disks_count; i++)
            good &= put_device(json, config_disk_print(&config->disks[i]));
        yajl_gen_array_close(json);
    }
    if (config->nics_count) {
        put_name(json, "vifs");
        yajl_gen_array_open(json);
        for (size_t i = 0; i < config->nics_count; i++)
            good &= put_device(json, config_nic_print(&config->nics[i]));
        yajl_gen_array_close(json);
    }
    return good;
}

static void put_uuid(yajl_gen json, const uint8_t uuid[16])
{
    char text[37];

    snprintf(text, sizeof(text), "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", uuid[0],
             uuid[1], uuid[2], uuid[3], uuid[4], uuid[5], uuid[6], uuid[7], uuid[8], uuid[9], uuid[10], uuid[11],
             uuid[12], uuid[13], uuid[14], uuid[15]);
    put_string(json, "uuid", text);
}

char *ctl_config_to_json(const struct ctl_config *config)
{
    yajl_gen json = yajl_gen_alloc(NULL);
    const unsigned char *text;
    size_t length;
    char *copy = NULL;

    if (!json)
        return NULL;
    yajl_gen_config(json, yajl_gen_beautify, 1);
    yajl_gen_config(json, yajl_gen_validate_utf8, 1);
    yajl_gen_map_open(json);
    put_string(json, "schema", "keel.config/1");
    put_string(json, "source", config->source);
    put_string(json, "type", "pvh");
    put_string(json, "name", config->name);
    if (config->uuid_set)
        put_uuid(json, config->uuid);
    put_string(json, "kernel", config->kernel);
    put_string(json, "ramdisk", config->ramdisk);
    put_string(json, "command_line", config->command_line);
    put_number(json, "memory_kib", config->memory_kib);
    put_number(json, "max_memory_kib", config->max_memory_kib);
    put_number(json, "vcpus", config->vcpus);
    put_number(json, "max_vcpus", config->max_vcpus);
    put_cpus(json, "cpus", &config->cpus);
    put_cpus(json, "cpus_soft", &config->cpus_soft);
    if (config->cpu_weight)
        put_number(json, "cpu_weight", config->cpu_weight);
    put_number(json, "cap", config->cap);
    bool good = put_devices(json, config);

    put_string(json, "on_poweroff", config_action_names[config->on_poweroff]);
    put_string(json, "on_reboot", config_action_names[config->on_reboot]);
    put_string(json, "on_crash", config_action_names[config->on_crash]);
    put_string(json, "on_watchdog", config_action_names[config->on_watchdog]);
    put_string(json, "on_soft_reset", config_action_names[config->on_soft_reset]);
    yajl_gen_map_close(json);
    if (good && yajl_gen_get_buf(json, &text, &length) == yajl_gen_status_ok)
        copy = strndup((const char *)text, length);
    yajl_gen_free(json);
    return copy;
}
