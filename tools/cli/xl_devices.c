/* SPDX-License-Identifier: MIT */
/* Devices as xl lists them. */
#include "devices.h"
#include "xl.h"

#include <stdlib.h>

static void print_devices(struct xl *xl, enum device_kind kind, uint32_t domid)
{
    struct device *list;
    ssize_t count = devices_read(xl->cli.ctl, domid, kind, &list);

    for (ssize_t i = 0; i < count; i++)
        devices_print(xl->cli.out, kind, domid, &list[i]);
    free(list);
}

int xl_block_list(struct xl *xl)
{
    uint32_t domid;

    devices_print_header(xl->cli.out, DEVICE_DISK);
    for (int i = 0; i < xl->cli.arguments_count; i++) {
        const char *name = xl->cli.arguments[i];

        if (!cli_is_domid(name, &domid) && ctl_domain_find(xl->cli.ctl, name, &domid) < 0)
            fprintf(xl->cli.err, "%s is an invalid domain identifier\n", xl->cli.arguments[i]);
        else
            print_devices(xl, DEVICE_DISK, domid);
    }
    return 0;
}

int xl_network_list(struct xl *xl)
{
    uint32_t domid;

    devices_print_header(xl->cli.out, DEVICE_NIC);
    for (int i = 0; i < xl->cli.arguments_count; i++) {
        if (!cli_is_domid(xl->cli.arguments[i], &domid) && !xl_find(xl, xl->cli.arguments[i], &domid))
            return XL_FAILED;
        print_devices(xl, DEVICE_NIC, domid);
    }
    return 0;
}
