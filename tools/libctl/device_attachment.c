/* SPDX-License-Identifier: MIT */
/*
 * The way of a device from a specification to a driver that serves it: the medium (a disk's) is opened, all nodes are
 * written in one transaction, domain 0's driver takes the device, and the host's end of a network interface joins its
 * bridge. Whatever fails, what was made is taken back.
 */
#include "device_attachment.h"
#include "device_link.h"
#include "device_nodes.h"
#include "device_watch.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DRIVER_WAIT_MS 10000
#define NICS_MAX 4096u
#define SYSFS_BACKENDS "/sys/bus/xen-backend"

/* --- checks ------------------------------------------------------------------------------------------------------- */

void attachment_set_label(struct attachment *attachment, const char *domain)
{
    char what[64] = "network interface";

    if (attachment->disk)
        snprintf(what, sizeof(what), "disk %.40s", attachment->disk->vdev);
    else if (attachment->nic->number_set)
        snprintf(what, sizeof(what), "network interface %u", attachment->nic->number);
    snprintf(attachment->label, sizeof(attachment->label), "%s of %s", what, domain);
}

static int check_driver(struct attachment *attachment)
{
    const char *kind = device_kind_name(attachment->id.kind);
    char path[64];

    snprintf(path, sizeof(path), SYSFS_BACKENDS "/drivers/%s", kind);
    return access(path, F_OK) == 0 ? 0 : ctl_fail(attachment->ctl, ENODEV, "%s: domain 0's kernel has no driver that "
                                                  "serves it: load %s", attachment->label,
                                                  attachment->disk ? "xen-blkback" : "xen-netback");
}

int attachment_check_possible(struct attachment *attachment)
{
    char why[DEVICE_WHY_MAX];

    if (attachment->disk ? !device_disk_possible(attachment->disk, why) : !device_nic_possible(attachment->nic, why))
        return ctl_fail(attachment->ctl, EOPNOTSUPP, "%s: %s", attachment->label, why);
    if (attachment->disk && ctl_disk_number(attachment->disk->vdev, &attachment->id.number) < 0)
        return ctl_fail(attachment->ctl, EINVAL, "%s: there is no such disk; name it as in xvda or xvdb1",
                        attachment->label);
    if (attachment->nic)
        attachment->id.number = attachment->nic->number;
    return check_driver(attachment);
}

int attachment_check(struct attachment *attachment)
{
    int result = attachment_check_possible(attachment);

    if (result < 0)
        return result;
    return attachment->disk ? device_medium_check(attachment->ctl, attachment->label, attachment->disk)
                            : device_link_check(attachment->ctl, attachment->label, attachment->nic);
}

/* --- the store ---------------------------------------------------------------------------------------------------- */

/* An interface without a number gets the lowest that is free. */
static int choose_number(struct attachment *attachment)
{
    char path[CTL_STORE_PATH_MAX];

    if (attachment->disk || attachment->nic->number_set)
        return 0;
    for (attachment->id.number = 0; attachment->id.number < NICS_MAX; attachment->id.number++) {
        int exists;

        device_path(path, &attachment->id, DEVICE_RECORD);
        exists = ctl_store_has(attachment->ctl, attachment->transaction, path);
        if (exists <= 0)
            return -exists;
    }
    return ENOSPC;
}

/* A directory of one side: domain 0's, or the guest's own, readable by the other. */
static int make_directory(struct attachment *attachment, enum device_side side)
{
    struct xs_handle *store = attachment->ctl->store;
    const unsigned guest = attachment->id.domid;
    struct xs_permissions permissions[2] = {
        { .id = side == DEVICE_FRONTEND ? guest : 0, .perms = XS_PERM_NONE },
        { .id = side == DEVICE_FRONTEND ? 0 : guest, .perms = XS_PERM_READ },
    };
    char path[CTL_STORE_PATH_MAX];
    int exists;

    device_path(path, &attachment->id, side);
    exists = ctl_store_has(attachment->ctl, attachment->transaction, path);
    if (exists)
        return exists > 0 ? EEXIST : -exists;
    return xs_mkdir(store, attachment->transaction, path) &&
           xs_set_permissions(store, attachment->transaction, path, permissions, side == DEVICE_RECORD ? 1 : 2)
               ? 0 : errno;
}

static void put(void *context, enum device_side side, const char *name, const char *value)
{
    struct attachment *attachment = context;
    char directory[CTL_STORE_PATH_MAX], path[CTL_STORE_PATH_MAX];

    if (attachment->error)
        return;
    device_path(directory, &attachment->id, side);
    ctl_path(path, "%s/%s", directory, name);
    attachment->error = ctl_store_write(attachment->ctl, attachment->transaction, path, value);
}

static int write_nodes(struct ctl *ctl, xs_transaction_t transaction, void *context)
{
    struct attachment *attachment = context;

    attachment->transaction = transaction;
    attachment->error = choose_number(attachment);
    for (int side = 0; side < DEVICE_SIDES && !attachment->error; side++)
        attachment->error = make_directory(attachment, (enum device_side)side);
    if (attachment->error)
        return attachment->error;
    put(attachment, DEVICE_RECORD, "keel", attachment->live ? "attaching" : "attached");
    if (attachment->disk) {
        device_nodes_disk(&attachment->id, attachment->disk, attachment->medium.major, attachment->medium.minor, put,
                          attachment);
    } else {
        memcpy(attachment->mac, attachment->nic->mac, sizeof(attachment->mac));
        if (!attachment->nic->mac_set)
            device_mac_choose(attachment->uuid, attachment->id.number, attachment->mac);
        device_nodes_nic(&attachment->id, attachment->nic, attachment->mac, put, attachment);
    }
    return attachment->error;
}

static int write_all(struct attachment *attachment)
{
    int error = ctl_store_transact(attachment->ctl, write_nodes, attachment);

    if (error == EEXIST)
        return ctl_fail(attachment->ctl, EEXIST, "%s: the domain has it already", attachment->label);
    return error ? ctl_fail(attachment->ctl, error, "%s: its nodes cannot be written into the store: %s",
                            attachment->label, strerror(error)) : 0;
}

int attachment_write(struct attachment *attachment, enum device_side side, const char *name, const char *value)
{
    attachment->transaction = XBT_NULL;
    attachment->error = 0;
    put(attachment, side, name, value);
    return attachment->error ? ctl_fail(attachment->ctl, attachment->error, "%s: %s cannot be written into the store: "
                                        "%s", attachment->label, name, strerror(attachment->error)) : 0;
}

/* --- the driver --------------------------------------------------------------------------------------------------- */

/* The driver has seen it; whether it wants it is another question. */
static bool is_seen(int state)
{
    return state >= DEVICE_INIT_WAIT || state == DEVICE_STATE_NONE;
}

static bool is_usable(int state)
{
    return state >= DEVICE_INIT_WAIT && state <= DEVICE_CONNECTED;
}

/* Says what the driver has against it, in its own words where it left some. */
static int driver_refuses(struct attachment *attachment)
{
    const struct device_id *id = &attachment->id;
    char *words = ctl_store_read(attachment->ctl, XBT_NULL, "/local/domain/0/error/backend/%s/%u/%u/error",
                                 device_kind_name(id->kind), id->domid, id->number);
    int result = ctl_fail(attachment->ctl, EIO, "%s: domain 0's driver does not take it: %s", attachment->label,
                          words ? words : "its kernel's log may tell why");

    free(words);
    return result;
}

/* A disk is taken when the driver has opened its medium, which it shows in sysfs and not in the store. */
static bool has_opened_medium(const struct attachment *attachment)
{
    char path[128];

    snprintf(path, sizeof(path), SYSFS_BACKENDS "/devices/vbd-%u-%u/physical_device", attachment->id.domid,
             attachment->id.number);
    return access(path, F_OK) == 0;
}

static int wait_driver(struct attachment *attachment)
{
    char backend[CTL_STORE_PATH_MAX];
    int state;

    device_path(backend, &attachment->id, DEVICE_BACKEND);
    state = device_state_wait(attachment->ctl, backend, is_seen, DRIVER_WAIT_MS);
    if (state == -ETIMEDOUT)
        return ctl_fail(attachment->ctl, EIO, "%s: domain 0's driver has not taken it within %d s", attachment->label,
                        DRIVER_WAIT_MS / 1000);
    if (state < 0)
        return ctl_fail(attachment->ctl, -state, "%s: the store does not tell what becomes of it: %s",
                        attachment->label, strerror(-state));
    if (!is_usable(state))
        return driver_refuses(attachment);
    /* The state is told before the driver has opened a disk's medium or made an interface. */
    if (!device_kernel_settle(DRIVER_WAIT_MS))
        return ctl_fail(attachment->ctl, EIO, "%s: domain 0's kernel does not tell whether its driver has taken it",
                        attachment->label);
    return attachment->nic || has_opened_medium(attachment) ? 0 : driver_refuses(attachment);
}

int attachment_make(struct attachment *attachment)
{
    int result = 0;

    attachment->medium.descriptor = -1;
    if (attachment->disk)
        result = device_medium_open(attachment->ctl, attachment->label, attachment->disk, &attachment->medium);
    if (result < 0)
        return result;
    if (attachment->disk)
        result = device_medium_check_others(attachment->ctl, attachment->label, attachment->disk, NULL);
    if (result == 0)
        result = write_all(attachment);
    if (result < 0)
        goto close_medium;
    /* Another that came at the same time has not seen this one before: it, or this one, sees the other now. */
    if (attachment->disk)
        result = device_medium_check_others(attachment->ctl, attachment->label, attachment->disk, &attachment->id);
    if (result == 0)
        result = wait_driver(attachment);
    if (result < 0)
        goto erase_device;
    if (attachment->nic) {
        result = device_link_join(attachment->ctl, attachment->label, &attachment->id, attachment->nic);
        if (result == 0)
            result = attachment_write(attachment, DEVICE_BACKEND, "hotplug-status", "connected");
        if (result < 0)
            goto erase_device;
    }
    goto close_medium;

erase_device:
    device_erase_and_settle(attachment->ctl, &attachment->id);
close_medium:
    device_medium_close(&attachment->medium);
    return result;
}
