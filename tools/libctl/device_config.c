/* SPDX-License-Identifier: MIT */
/* Devices that came or went while a domain ran, in the configuration that its restart will use. */
#include "device.h"
#include "config_devices.h"
#include <stdlib.h>
#include <string.h>

/* A copy by way of its text. */
static bool add_disk(struct ctl_config *config, const struct ctl_disk *disk)
{
    struct ctl_disk *grown = reallocarray(config->disks, config->disks_count + 1, sizeof(*grown));
    char *text = config_disk_print(disk), why[CONFIG_WHY_MAX];
    bool added = false;

    if (grown)
        config->disks = grown;
    if (grown && text)
        added = config_disk_parse(text, &grown[config->disks_count++], why);
    free(text);
    return added;
}

static bool add_nic(struct ctl_config *config, const struct ctl_nic *nic)
{
    struct ctl_nic *grown = reallocarray(config->nics, config->nics_count + 1, sizeof(*grown));
    char *text = config_nic_print(nic), why[CONFIG_WHY_MAX];
    bool added = false;

    if (grown)
        config->nics = grown;
    if (grown && text)
        added = config_nic_parse(text, &grown[config->nics_count++], NULL, why);
    free(text);
    return added;
}

struct addition {
    const struct ctl_disk *disk; /* one of the two is NULL */
    const struct ctl_nic *nic;
};

static bool add(struct ctl_config *config, const void *context)
{
    const struct addition *addition = context;

    return addition->disk ? add_disk(config, addition->disk) : add_nic(config, addition->nic);
}

int device_config_add(struct ctl *ctl, const struct device_id *id, const struct ctl_disk *disk,
                      const struct ctl_nic *nic)
{
    const struct addition addition = { disk, nic };
    char record[CTL_STORE_PATH_MAX], mark[CTL_STORE_PATH_MAX];

    device_path(record, id, DEVICE_RECORD);
    ctl_path(mark, "%.500s/keel", record);
    return domain_config_alter(ctl, id->domid, add, &addition, mark, "attached");
}

static void drop_disk(struct ctl_config *config, uint32_t number)
{
    size_t kept = 0;

    for (size_t i = 0; i < config->disks_count; i++) {
        uint32_t held;

        if (ctl_disk_number(config->disks[i].vdev, &held) == 0 && held == number)
            config_disk_free(&config->disks[i]);
        else
            config->disks[kept++] = config->disks[i];
    }
    config->disks_count = kept;
}

static void drop_nic(struct ctl_config *config, uint32_t number)
{
    size_t kept = 0;

    for (size_t i = 0; i < config->nics_count; i++) {
        if (config->nics[i].number == number)
            config_nic_free(&config->nics[i]);
        else
            config->nics[kept++] = config->nics[i];
    }
    config->nics_count = kept;
}

static bool drop(struct ctl_config *config, const void *context)
{
    const struct device_id *id = context;

    if (id->kind == CTL_DEVICE_DISK)
        drop_disk(config, id->number);
    else
        drop_nic(config, id->number);
    return true;
}

int device_config_remove(struct ctl *ctl, const struct device_id *id)
{
    return domain_config_alter(ctl, id->domid, drop, id, NULL, NULL);
}
