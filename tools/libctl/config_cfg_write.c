/* SPDX-License-Identifier: MIT */
/* A configuration in xl.cfg's grammar; what was left to the defaults is left out. */
#include "config_devices.h"
#include "config_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_quoted(FILE *file, const char *text)
{
    fputc('"', file);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(file, "\\%c", *c);
        else if (*c < 0x20 || *c == 0x7f)
            fprintf(file, "\\x%02x", *c);
        else
            fputc(*c, file);
    }
    fputc('"', file);
}

static void put_string(FILE *file, const char *key, const char *text)
{
    if (!text)
        return;
    fprintf(file, "%s = ", key);
    put_quoted(file, text);
    fputc('\n', file);
}

/* xl counts in MiB; what is no whole number of them is rounded up. */
static void put_mib(FILE *file, const char *key, uint64_t kib)
{
    fprintf(file, "%s = %llu\n", key, (unsigned long long)((kib + 1023) >> 10));
}

static void put_cpus(FILE *file, const char *key, const struct ctl_affinity *affinity)
{
    char text[CONFIG_CPUS_TEXT_MAX];

    if (affinity->vcpus_count) {
        fprintf(file, "%s = [", key);
        for (uint32_t i = 0; i < affinity->vcpus_count; i++) {
            config_cpus_print(affinity->vcpus[i], text);
            fprintf(file, "%s \"%s\"", i ? "," : "", text);
        }
        fputs(" ]\n", file);
    } else if (affinity->set) {
        config_cpus_print(affinity->all, text);
        put_string(file, key, text);
    }
}

/* One element of a list of devices, which is freed; false: no memory. */
static bool put_device(FILE *file, char *text)
{
    if (!text)
        return false;
    fputs("    ", file);
    put_quoted(file, text);
    fputs(",\n", file);
    free(text);
    return true;
}

static bool put_devices(FILE *file, const struct ctl_config *config)
{
    bool good = true;

    if (config->disks_count)
        fputs("disk = [\n", file);
    for (size_t i = 0; i < config->disks_count; i++)
        good &= put_device(file, config_disk_print(&config->disks[i]));
    if (config->disks_count)
        fputs("]\n", file);
    if (config->nics_count)
        fputs("vif = [\n", file);
    for (size_t i = 0; i < config->nics_count; i++)
        good &= put_device(file, config_nic_print(&config->nics[i]));
    if (config->nics_count)
        fputs("]\n", file);
    return good;
}

char *ctl_config_to_cfg(const struct ctl_config *config)
{
    struct ctl_config defaults;
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    if (!file)
        return NULL;
    ctl_config_init(&defaults);
    put_string(file, "type", "pvh");
    put_string(file, "name", config->name);
    if (config->uuid_set) {
        fputs("uuid = \"", file);
        for (int i = 0; i < 16; i++)
            fprintf(file, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", config->uuid[i]);
        fputs("\"\n", file);
    }
    put_string(file, "kernel", config->kernel);
    put_string(file, "ramdisk", config->ramdisk);
    put_string(file, "cmdline", config->command_line);
    put_mib(file, "memory", config->memory_kib);
    if (config->max_memory_kib != config->memory_kib)
        put_mib(file, "maxmem", config->max_memory_kib);
    fprintf(file, "vcpus = %u\n", config->vcpus);
    if (config->max_vcpus != config->vcpus)
        fprintf(file, "maxvcpus = %u\n", config->max_vcpus);
    put_cpus(file, "cpus", &config->cpus);
    put_cpus(file, "cpus_soft", &config->cpus_soft);
    if (config->cpu_weight)
        fprintf(file, "cpu_weight = %u\n", config->cpu_weight);
    if (config->cap)
        fprintf(file, "cap = %u\n", config->cap);
    bool good = put_devices(file, config);

    if (config->on_poweroff != defaults.on_poweroff)
        put_string(file, "on_poweroff", config_action_names[config->on_poweroff]);
    if (config->on_reboot != defaults.on_reboot)
        put_string(file, "on_reboot", config_action_names[config->on_reboot]);
    if (config->on_crash != defaults.on_crash)
        put_string(file, "on_crash", config_action_names[config->on_crash]);
    if (config->on_watchdog != defaults.on_watchdog)
        put_string(file, "on_watchdog", config_action_names[config->on_watchdog]);
    if (config->on_soft_reset != defaults.on_soft_reset)
        put_string(file, "on_soft_reset", config_action_names[config->on_soft_reset]);
    if (fclose(file) == 0 && good)
        return text;
    free(text);
    return NULL;
}
