/* SPDX-License-Identifier: MIT */
/* Giving and taking devices; see device_change.h. */
#include "device_change.h"
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

int device_attached(struct cli *cli, uint32_t domid, enum ctl_device_kind kind, uint32_t number)
{
    int timeout_ms, result;

    if (cli_given(cli, 'w')) {
        if (!take_timeout(cli, &timeout_ms))
            return CLI_USAGE;
        result = ctl_device_wait(cli->ctl, domid, kind, number, timeout_ms);
        if (result < 0)
            return cli_fail_ctl(cli, result);
    }
    return report(cli, domid, kind, number, true);
}

int device_detach(struct cli *cli, uint32_t domid, enum ctl_device_kind kind, uint32_t number)
{
    int timeout_ms, result;

    if (!take_timeout(cli, &timeout_ms))
        return CLI_USAGE;
    result = ctl_device_detach(cli->ctl, domid, kind, number, cli_given(cli, 'f') ? CTL_DETACH_FORCE : 0, timeout_ms);
    return result < 0 ? cli_fail_ctl(cli, result) : report(cli, domid, kind, number, false);
}
