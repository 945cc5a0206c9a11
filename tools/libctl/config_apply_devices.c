/* SPDX-License-Identifier: MIT */
/* The lists of disks and network interfaces of a configuration. */
#include "config_devices.h"
#include "config_keys.h"

#include <stdlib.h>
#include <string.h>

#define DEVICES_MAX 256u

/* The setting as a list of strings; false when it is none, with the error in the log. */
static bool is_list(struct config_builder *builder, const struct config_setting *setting, const char *example)
{
    const struct config_value *value = &setting->value;

    if (value->kind != CONFIG_LIST) {
        if (value->text[0] == '\0' || strcmp(value->text, "0") == 0) /* none, as scripts write it */
            return false;
        config_error(builder->log, value->place, "key \"%s\": a list of strings expected, as in %s", setting->key,
                     example);
        return false;
    }
    if (value->count > DEVICES_MAX) {
        config_error(builder->log, value->place, "key \"%s\": %zu devices; there can be %u", setting->key, value->count,
                     DEVICES_MAX);
        return false;
    }
    for (size_t i = 0; i < value->count; i++) {
        if (value->items[i].kind == CONFIG_LIST) {
            config_error(builder->log, value->items[i].place, "key \"%s\": a string expected, as in %s", setting->key,
                         example);
            return false;
        }
    }
    return value->count > 0;
}

/* By the number: one disk may have several names. */
static bool is_same_disk(const char *one, const char *other)
{
    uint32_t number, other_number;

    return strcmp(one, other) == 0 || (ctl_disk_number(one, &number) == 0 &&
                                       ctl_disk_number(other, &other_number) == 0 && number == other_number);
}

void config_apply_disks(struct config_builder *builder, const struct config_setting *setting)
{
    const struct config_value *value = &setting->value;
    struct ctl_config *config = builder->config;
    char why[CONFIG_WHY_MAX];

    if (!is_list(builder, setting, "[ \"/dev/vg/guest,raw,xvda,rw\" ]"))
        return;
    config->disks = calloc(value->count, sizeof(*config->disks));
    if (!config->disks) {
        config_out_of_memory(builder->log);
        return;
    }
    for (size_t i = 0; i < value->count; i++) {
        struct ctl_disk *disk = &config->disks[config->disks_count++];

        if (!config_disk_parse(value->items[i].text, disk, why)) {
            config_error(builder->log, value->items[i].place, "key \"%s\": %s", setting->key, why);
            continue;
        }
        for (size_t j = 0; j < i; j++) {
            const char *other = config->disks[j].vdev;
            bool same_name = other && strcmp(other, disk->vdev) == 0;

            if (!other || !is_same_disk(other, disk->vdev))
                continue;
            config_error(builder->log, value->items[i].place, "key \"%s\": there are two disks %s%s%s%s", setting->key,
                         other, same_name ? "" : " (", same_name ? "" : disk->vdev, same_name ? "" : ")");
            break;
        }
    }
}

void config_apply_nics(struct config_builder *builder, const struct config_setting *setting)
{
    const struct config_value *value = &setting->value;
    struct ctl_config *config = builder->config;
    char unknown[CONFIG_WHY_MAX], why[CONFIG_WHY_MAX];

    if (!is_list(builder, setting, "[ \"bridge=xenbr0\" ]"))
        return;
    config->nics = calloc(value->count, sizeof(*config->nics));
    if (!config->nics) {
        config_out_of_memory(builder->log);
        return;
    }
    for (size_t i = 0; i < value->count; i++) {
        struct ctl_nic *nic = &config->nics[config->nics_count++];

        if (!config_nic_parse(value->items[i].text, nic, unknown, why)) {
            config_error(builder->log, value->items[i].place, "key \"%s\": %s", setting->key, why);
            nic->number = UINT32_MAX; /* like no other */
            continue;
        }
        if (*unknown)
            config_warning(builder->log, value->items[i].place,
                           "key \"%s\": no parameter of an interface, and ignored: %s", setting->key, unknown);
        if (!nic->number_set)
            nic->number = (uint32_t)i;
        for (size_t j = 0; j < i; j++)
            if (config->nics[j].number == nic->number)
                config_error(builder->log, value->items[i].place,
                             "key \"%s\": there are two interfaces with the number %u (devid)", setting->key,
                             nic->number);
    }
}
