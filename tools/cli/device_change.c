/* SPDX-License-Identifier: MIT */
/* Giving and taking devices; see device_change.h. */
#include "device_change.h"
#include "interruption.h"
#include "json.h"

#include <errno.h>
#include <string.h>

#define TIMEOUT_DEFAULT_S 10

static const char *schema(enum ctl_device_kind kind, bool attached)
{
    if (kind == CTL_DEVICE_DISK)
        return attached ? "keel.block-attach/1" : "keel.block-detach/1";
    return attached ? "keel.network-attach/1" : "keel.network-detach/1";
}

bool device_specification(struct cli *cli, int first, char text[DEVICE_SPECIFICATION_MAX])
{
    size_t length = 0;

    text[0] = '\0';
    for (int i = first; i < cli->arguments_count; i++) {
        int added = snprintf(text + length, DEVICE_SPECIFICATION_MAX - length, "%s%s", i > first ? "," : "",
                             cli->arguments[i]);

        length += (size_t)added;
        if (length >= DEVICE_SPECIFICATION_MAX) {
            cli_usage_error(cli, "the device's description is longer than %d characters", DEVICE_SPECIFICATION_MAX - 1);
            return false;
        }
    }
    return true;
}

/* -t, or what is usual; false with the usage error printed. */
static bool take_timeout(struct cli *cli, int *timeout_ms)
{
    uint64_t seconds;

    if (!cli_timeout(cli, &seconds))
        return false;
    if (!cli_value(cli, 't'))
        seconds = TIMEOUT_DEFAULT_S;
    *timeout_ms = seconds > INT32_MAX / 1000 ? INT32_MAX : (int)(seconds * 1000);
    return true;
}

static int report(struct cli *cli, uint32_t domid, enum ctl_device_kind kind, uint32_t number, bool attached)
{
    if (!cli->json)
        return CLI_DONE;
    yajl_gen json = json_open(schema(kind, attached));

    json_number(json, "domid", domid);
    json_number(json, kind == CTL_DEVICE_DISK ? "vdev" : "devid", number);
    return json_close(cli, json, cli->out);
}

/* With signals held back, so that an interrupted attaching is undone whole. */
static int attach_or_undo(struct cli *cli, uint32_t domid, const struct ctl_disk *disk, const struct ctl_nic *nic,
                          uint32_t *number)
{
    enum ctl_device_kind kind = disk ? CTL_DEVICE_DISK : CTL_DEVICE_NIC;
    struct interruption interruption;
    int result, status = CLI_DONE;

    interruption_hold(&interruption);
    result = disk ? ctl_disk_attach(cli->ctl, domid, disk, number) : ctl_nic_attach(cli->ctl, domid, nic, number);
    if (result == 0 && interruption_came(&interruption)) {
        result = ctl_device_detach(cli->ctl, domid, kind, *number, CTL_DETACH_FORCE, 0);
        if (result == 0)
            status = cli_fail(cli, EINTR, "it was interrupted; the device is taken back from domain %u", domid);
    }
    if (result < 0)
        status = cli_fail_ctl(cli, result);
    interruption_release(&interruption);
    return status;
}

int device_attach(struct cli *cli, const struct ctl_disk *disk, const struct ctl_nic *nic)
{
    enum ctl_device_kind kind = disk ? CTL_DEVICE_DISK : CTL_DEVICE_NIC;
    uint32_t domid, number;
    int timeout_ms, result, status;

    if (!take_timeout(cli, &timeout_ms))
        return CLI_USAGE;
    if (!cli_find(cli, cli->arguments[0], &domid))
        return CLI_FAILED;
    status = attach_or_undo(cli, domid, disk, nic, &number);
    if (status == CLI_DONE && cli_given(cli, 'w')) {
        result = ctl_device_wait(cli->ctl, domid, kind, number, timeout_ms);
        if (result < 0)
            return cli_fail_ctl(cli, result);
    }
    return status == CLI_DONE ? report(cli, domid, kind, number, true) : status;
}

int device_detach(struct cli *cli, enum ctl_device_kind kind)
{
    unsigned flags = cli_given(cli, 'f') ? CTL_DETACH_FORCE : 0;
    const char *name = cli->arguments[1];
    uint32_t domid, number;
    int timeout_ms, result = 0;

    if (kind == CTL_DEVICE_DISK && ctl_disk_number(name, &number) < 0)
        return cli_usage_error(cli, "\"%.40s\" is no disk; write xvdb, or its number", name);
    if (!take_timeout(cli, &timeout_ms))
        return CLI_USAGE;
    if (!cli_find(cli, cli->arguments[0], &domid))
        return CLI_FAILED;
    if (kind == CTL_DEVICE_NIC)
        result = ctl_nic_find(cli->ctl, domid, name, &number);
    if (result == 0)
        result = ctl_device_detach(cli->ctl, domid, kind, number, flags, timeout_ms);
    return result < 0 ? cli_fail_ctl(cli, result) : report(cli, domid, kind, number, false);
}
