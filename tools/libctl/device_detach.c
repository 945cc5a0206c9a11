/* SPDX-License-Identifier: MIT */
/*
 * The end of devices: by asking the guest (the backend is marked as going away, whereupon frontend and backend close),
 * or without it (the nodes are removed, whereupon domain 0's driver lets go). And what a cut-off attaching leaves.
 */
#include "creation_lock.h"
#include "device.h"
#include "device_watch.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTLE_MS 2000

/* A driver that had begun to look at a device notes there that it is gone. */
static void forget_error(struct ctl *ctl, const struct device_id *id)
{
    char path[CTL_STORE_PATH_MAX];

    ctl_path(path, "/local/domain/0/error/backend/%s/%u/%u", device_kind_name(id->kind), id->domid, id->number);
    ctl_store_remove(ctl, path, "/local/domain/0");
}

bool device_erase(struct ctl *ctl, const struct device_id *id)
{
    char path[CTL_STORE_PATH_MAX], keep[CTL_STORE_PATH_MAX];
    bool erased;

    /* The record goes last: as long as it is there, what is left is found by it. */
    device_path(path, id, DEVICE_BACKEND);
    erased = ctl_store_remove(ctl, path, "/local/domain/0");
    device_path(path, id, DEVICE_FRONTEND);
    ctl_path(keep, "/local/domain/%u/device", id->domid);
    erased = ctl_store_remove(ctl, path, keep) && erased;
    forget_error(ctl, id);
    if (!erased)
        return false;
    device_path(path, id, DEVICE_RECORD);
    ctl_path(keep, "/libxl/%u", id->domid);
    return ctl_store_remove(ctl, path, keep);
}

bool device_erase_and_settle(struct ctl *ctl, const struct device_id *id)
{
    bool erased = device_erase(ctl, id);

    device_kernel_settle(SETTLE_MS);
    forget_error(ctl, id);
    return erased;
}

/* Calls `visit` for each record of one kind. Returns their count. */
static unsigned for_each_of(struct ctl *ctl, uint32_t domid, enum ctl_device_kind kind,
                            void (*visit)(struct ctl *ctl, const struct device_id *id, void *context), void *context)
{
    char directory[CTL_STORE_PATH_MAX], **names;
    unsigned count = 0;

    ctl_path(directory, "/libxl/%u/device/%s", domid, device_kind_name(kind));
    names = xs_directory(ctl->store, XBT_NULL, directory, &count);
    for (unsigned i = 0; names && i < count; i++) {
        struct device_id id = { kind, domid, (uint32_t)strtoul(names[i], NULL, 10) };

        visit(ctl, &id, context);
    }
    free(names);
    return names ? count : 0;
}

/* Calls `visit` for each record of the domain. Returns their count; for a domain without devices it is one request. */
static unsigned for_each_record(struct ctl *ctl, uint32_t domid,
                                void (*visit)(struct ctl *ctl, const struct device_id *id, void *context),
                                void *context)
{
    char directory[CTL_STORE_PATH_MAX], **kinds;
    unsigned count = 0, visited = 0;

    ctl_path(directory, "/libxl/%u/device", domid);
    kinds = xs_directory(ctl->store, XBT_NULL, directory, &count);
    for (unsigned i = 0; kinds && i < count; i++) {
        if (strcmp(kinds[i], device_kind_name(CTL_DEVICE_DISK)) == 0)
            visited += for_each_of(ctl, domid, CTL_DEVICE_DISK, visit, context);
        else if (strcmp(kinds[i], device_kind_name(CTL_DEVICE_NIC)) == 0)
            visited += for_each_of(ctl, domid, CTL_DEVICE_NIC, visit, context);
    }
    free(kinds);
    return visited;
}

static void erase_visited(struct ctl *ctl, const struct device_id *id, void *context)
{
    device_erase(ctl, id);
}

void device_forget_domain(struct ctl *ctl, uint32_t domid)
{
    if (for_each_record(ctl, domid, erase_visited, NULL)) {
        char path[CTL_STORE_PATH_MAX];

        device_kernel_settle(SETTLE_MS);
        ctl_path(path, "/local/domain/0/error/backend/vbd/%u", domid);
        ctl_store_remove(ctl, path, "/local/domain/0");
        ctl_path(path, "/local/domain/0/error/backend/vif/%u", domid);
        ctl_store_remove(ctl, path, "/local/domain/0");
    }
}

/* --- asking the guest --------------------------------------------------------------------------------------------- */

/* A backend that has closed meanwhile, asked earlier, must not be opened again: nobody would close it. */
static int write_going(struct ctl *ctl, xs_transaction_t transaction, void *context)
{
    const struct device_id *id = context;
    char backend[CTL_STORE_PATH_MAX], path[CTL_STORE_PATH_MAX], state[16], *held;
    bool closed;
    int error;

    device_path(backend, id, DEVICE_BACKEND);
    held = ctl_store_read(ctl, transaction, "%s/state", backend);
    closed = held && atoi(held) == DEVICE_CLOSED;
    free(held);
    if (closed)
        return 0;
    ctl_path(path, "%s/online", backend);
    error = ctl_store_write(ctl, transaction, path, "0");
    if (error)
        return error;
    ctl_path(path, "%s/state", backend);
    snprintf(state, sizeof(state), "%d", DEVICE_CLOSING);
    return ctl_store_write(ctl, transaction, path, state);
}

static bool is_closed(int state)
{
    return state == DEVICE_CLOSED || state == DEVICE_STATE_NONE;
}

static int ask_guest(struct ctl *ctl, struct device_id *id, const char *label, int timeout_ms)
{
    char backend[CTL_STORE_PATH_MAX];
    int result = ctl_store_transact(ctl, write_going, id);

    if (result)
        return ctl_fail(ctl, result, "%s: the guest cannot be asked for it: %s", label, strerror(result));
    device_path(backend, id, DEVICE_BACKEND);
    result = device_state_wait(ctl, backend, is_closed, timeout_ms);
    if (result == -ETIMEDOUT)
        return ctl_fail(ctl, ETIMEDOUT, "%s: the guest has not let go of it within %d s; try again, or take it away by "
                        "--force", label, timeout_ms / 1000);
    return result < 0 ? ctl_fail(ctl, -result, "%s: the store does not tell what becomes of it: %s", label,
                                 strerror(-result)) : 0;
}

int ctl_device_detach(struct ctl *ctl, uint32_t domid, enum ctl_device_kind kind, uint32_t number, unsigned flags,
                      int timeout_ms)
{
    struct device_id id = { kind, domid, number };
    char record[CTL_STORE_PATH_MAX], backend[CTL_STORE_PATH_MAX], mark[CTL_STORE_PATH_MAX], label[64];
    struct ctl_domain domain;
    int is_there, is_ours, lock, result = ctl_domain_get(ctl, domid, &domain);

    if (result < 0)
        return result;
    if (!ctl_store(ctl))
        return -ENOENT;
    snprintf(label, sizeof(label), "%s %u of domain %u", kind == CTL_DEVICE_DISK ? "disk" : "network interface",
             number, domid);
    device_path(record, &id, DEVICE_RECORD);
    ctl_path(mark, "%.500s/keel", record);
    is_there = ctl_store_has(ctl, XBT_NULL, record);
    is_ours = ctl_store_has(ctl, XBT_NULL, mark);
    if (is_there < 0 || is_ours < 0)
        return ctl_fail(ctl, EIO, "%s: the store does not tell of it", label);
    if (!is_there)
        return ctl_fail(ctl, ENODEV, "%s: the domain has no such device", label);
    if (!is_ours)
        return ctl_fail(ctl, EOPNOTSUPP, "%s: it was attached by other tools, whose scripts have to take it back; "
                        "detach it with them", label);
    lock = creation_lock();
    device_path(backend, &id, DEVICE_BACKEND);
    if (!(flags & CTL_DETACH_FORCE) && device_state_read(ctl, backend) != DEVICE_STATE_NONE &&
        device_state_read(ctl, backend) >= DEVICE_CONNECTED && !domain.shutdown)
        result = ask_guest(ctl, &id, label, timeout_ms);
    if (result == 0)
        result = device_config_remove(ctl, &id);
    if (result == 0 && !device_erase_and_settle(ctl, &id))
        result = ctl_fail(ctl, EIO, "%s: its nodes cannot be removed from the store; `ctl fsck` does it later", label);
    creation_unlock(lock);
    return result;
}

int ctl_nic_find(struct ctl *ctl, uint32_t domid, const char *number_or_mac, uint32_t *number)
{
    char directory[CTL_STORE_PATH_MAX], **names, *end;
    unsigned count = 0;
    bool found = false;

    if (!ctl_store(ctl))
        return -ENOENT;
    unsigned long value = strtoul(number_or_mac, &end, 10);

    *number = (uint32_t)value;
    if (isdigit((unsigned char)*number_or_mac) && *end == '\0' && value <= UINT32_MAX)
        return 0;
    ctl_path(directory, "/libxl/%u/device/%s", domid, device_kind_name(CTL_DEVICE_NIC));
    names = xs_directory(ctl->store, XBT_NULL, directory, &count);
    for (unsigned i = 0; names && i < count && !found; i++) {
        char *mac = ctl_store_read(ctl, XBT_NULL, "%s/%s/mac", directory, names[i]);

        found = mac && strcasecmp(mac, number_or_mac) == 0;
        if (found)
            *number = (uint32_t)strtoul(names[i], NULL, 10);
        free(mac);
    }
    free(names);
    return found ? 0 : ctl_fail(ctl, ENODEV, "domain %u has no network interface %.40s", domid, number_or_mac);
}

/* --- left over ---------------------------------------------------------------------------------------------------- */

struct left_over {
    void (*found)(void *context, const struct device_id *id, const char *why);
    void *context;
};

static void look_at(struct ctl *ctl, const struct device_id *id, void *context)
{
    const struct left_over *left_over = context;
    char record[CTL_STORE_PATH_MAX], backend[CTL_STORE_PATH_MAX], *mark, *online;
    bool is_gone;
    int state;

    device_path(record, id, DEVICE_RECORD);
    device_path(backend, id, DEVICE_BACKEND);
    mark = ctl_store_read(ctl, XBT_NULL, "%s/keel", record);
    online = ctl_store_read(ctl, XBT_NULL, "%s/online", backend);
    is_gone = !online && errno == ENOENT;
    state = device_state_read(ctl, backend);
    if (mark && strcmp(mark, "attaching") == 0)
        left_over->found(left_over->context, id, "who attached it was killed");
    else if (mark && (is_gone || (online && strcmp(online, "0") == 0 && is_closed(state))))
        left_over->found(left_over->context, id, "its detaching did not come to its end");
    free(online);
    free(mark);
}

void device_find_left_over(struct ctl *ctl, uint32_t domid,
                           void (*found)(void *context, const struct device_id *id, const char *why), void *context)
{
    struct left_over left_over = { found, context };

    for_each_record(ctl, domid, look_at, &left_over);
}
