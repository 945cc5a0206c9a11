/* SPDX-License-Identifier: MIT */
/* Devices: where they stand in the store, those that a domain is born with, and those that it is given later. */
#include "creation_lock.h"
#include "device_attachment.h"
#include "device_link.h"
#include "device_watch.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *device_kind_name(enum ctl_device_kind kind)
{
    return kind == CTL_DEVICE_DISK ? "vbd" : "vif";
}

void device_path(char path[CTL_STORE_PATH_MAX], const struct device_id *id, enum device_side side)
{
    const char *kind = device_kind_name(id->kind);

    if (side == DEVICE_FRONTEND)
        ctl_path(path, "/local/domain/%u/device/%s/%u", id->domid, kind, id->number);
    else if (side == DEVICE_BACKEND)
        ctl_path(path, "/local/domain/0/backend/%s/%u/%u", kind, id->domid, id->number);
    else
        ctl_path(path, "/libxl/%u/device/%s/%u", id->domid, kind, id->number);
}

/* --- a new domain's ----------------------------------------------------------------------------------------------- */

/* The device at `index`, disks first; false behind the last. */
static bool pick(const struct ctl_config *config, size_t index, const char *domain, struct attachment *attachment)
{
    if (index >= config->disks_count + config->nics_count)
        return false;
    attachment->disk = index < config->disks_count ? &config->disks[index] : NULL;
    attachment->nic = attachment->disk ? NULL : &config->nics[index - config->disks_count];
    attachment->id.kind = attachment->disk ? CTL_DEVICE_DISK : CTL_DEVICE_NIC;
    attachment_set_label(attachment, domain);
    return true;
}

int device_check_all(struct ctl *ctl, const struct ctl_config *config)
{
    struct attachment attachment = { .ctl = ctl };
    char domain[ATTACHMENT_LABEL_MAX / 2];
    int result = 0;

    snprintf(domain, sizeof(domain), "guest \"%.40s\"", config->name);
    for (size_t i = 0; result == 0 && pick(config, i, domain, &attachment); i++)
        result = attachment_check(&attachment);
    return result;
}

int device_create_all(struct ctl *ctl, uint32_t domid, const struct ctl_config *config)
{
    struct attachment attachment = { .ctl = ctl, .id.domid = domid };
    char domain[ATTACHMENT_LABEL_MAX / 2];
    struct ctl_domain made;
    int result = 0;

    if (config->disks_count + config->nics_count == 0)
        return 0;
    result = ctl_domain_get(ctl, domid, &made);
    if (result < 0)
        return result;
    memcpy(attachment.uuid, made.uuid, sizeof(attachment.uuid));
    snprintf(domain, sizeof(domain), "guest \"%.40s\"", config->name);
    for (size_t i = 0; result == 0 && pick(config, i, domain, &attachment); i++) {
        result = attachment_check_possible(&attachment);
        if (result == 0)
            result = attachment_make(&attachment);
    }
    return result;
}

/* --- a living domain's -------------------------------------------------------------------------------------------- */

static int attach(struct attachment *attachment, uint32_t domid)
{
    struct ctl *ctl = attachment->ctl;
    struct ctl_domain domain;
    struct ctl_nic numbered;
    char name[32];
    int lock, result;

    if (domid == 0)
        return ctl_fail(ctl, EOPNOTSUPP, "domain 0 is given no devices: it has its own");
    result = ctl_domain_get(ctl, domid, &domain);
    if (result < 0)
        return result;
    if (!ctl_store(ctl))
        return -ENOENT;
    if (domain.shutdown || domain.dying)
        return ctl_fail(ctl, ESRCH, "domain %u has shut down: it can be given no devices", domid);
    memcpy(attachment->uuid, domain.uuid, sizeof(attachment->uuid));
    attachment->id.domid = domid;
    attachment->live = true;
    snprintf(name, sizeof(name), "domain %u", domid);
    attachment_set_label(attachment, name);
    lock = creation_lock();
    result = attachment_check_possible(attachment);
    if (result == 0 && attachment->nic)
        result = device_link_check(ctl, attachment->label, attachment->nic);
    if (result == 0)
        result = attachment_make(attachment);
    if (result < 0)
        goto unlock;
    if (attachment->nic) {
        numbered = *attachment->nic;
        numbered.number = attachment->id.number;
        numbered.number_set = true;
    }
    result = device_config_add(ctl, &attachment->id, attachment->disk, attachment->nic ? &numbered : NULL);
    if (result < 0)
        device_erase_and_settle(ctl, &attachment->id);

unlock:
    creation_unlock(lock);
    return result;
}

int ctl_disk_attach(struct ctl *ctl, uint32_t domid, const struct ctl_disk *disk, uint32_t *number)
{
    struct attachment attachment = { .ctl = ctl, .id.kind = CTL_DEVICE_DISK, .disk = disk };
    int result = attach(&attachment, domid);

    *number = attachment.id.number;
    return result;
}

int ctl_nic_attach(struct ctl *ctl, uint32_t domid, const struct ctl_nic *nic, uint32_t *number)
{
    struct attachment attachment = { .ctl = ctl, .id.kind = CTL_DEVICE_NIC, .nic = nic };
    int result = attach(&attachment, domid);

    *number = attachment.id.number;
    return result;
}

static bool is_connected(int state)
{
    return state == DEVICE_CONNECTED || state == DEVICE_STATE_NONE || state >= DEVICE_CLOSING;
}

/* The backend is connected first for disks, the frontend for networks: both have to be. */
int ctl_device_wait(struct ctl *ctl, uint32_t domid, enum ctl_device_kind kind, uint32_t number, int timeout_ms)
{
    const struct device_id id = { kind, domid, number };
    const char *what = kind == CTL_DEVICE_DISK ? "disk" : "network interface";
    char path[CTL_STORE_PATH_MAX];
    int state = DEVICE_CONNECTED;

    if (!ctl_store(ctl))
        return -ENOENT;
    for (int side = DEVICE_FRONTEND; side <= DEVICE_BACKEND && state == DEVICE_CONNECTED; side++) {
        device_path(path, &id, (enum device_side)side);
        state = device_state_wait(ctl, path, is_connected, timeout_ms);
    }
    if (state == DEVICE_CONNECTED)
        return 0;
    if (state == -ETIMEDOUT)
        return ctl_fail(ctl, ETIMEDOUT, "domain %u has not begun to use %s %u within %d s; it keeps it", domid, what,
                        number, timeout_ms / 1000);
    return ctl_fail(ctl, state < 0 ? -state : ENODEV, "domain %u does not come to use %s %u: %s", domid, what, number,
                    state < 0 ? strerror(-state) : "the device is closed");
}
