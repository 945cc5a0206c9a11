/* SPDX-License-Identifier: MIT */
/*
 * The numbers of a guest's disks, from their names, as xen-vbd-interface(7) defines them:
 *
 *   xvd, d*p*   202 << 8 | disk << 4 | partition         disks and partitions up to 15
 *               1 << 28  | disk << 8 | partition         above
 *   sd          8 << 8   | disk << 4 | partition         up to 15
 *   hd          3 << 8   | disk << 6 | partition         hda, hdb; up to 63
 *               22 << 8  | (disk - 2) << 6 | partition   hdc, hdd
 */
#include "device.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DISKS_MAX (1u << 20)
#define PARTITIONS_MAX (1u << 8)

/* A decimal number without leading zeros, below `limit`; false when there is none. Moves *text behind it. */
static bool take_number(const char **text, uint32_t limit, uint32_t *number)
{
    char *end;
    unsigned long value = strtoul(*text, &end, 10);

    if (!isdigit((unsigned char)**text) || value >= limit || (**text == '0' && end - *text > 1))
        return false;
    *text = end;
    *number = (uint32_t)value;
    return true;
}

/* "a" is 0, "z" 25, "aa" 26, ... */
static bool take_letters(const char **text, uint32_t *disk)
{
    uint32_t value = 0;

    if (!islower((unsigned char)**text))
        return false;
    for (; islower((unsigned char)**text); (*text)++) {
        value = value * 26 + (uint32_t)(**text - 'a') + 1;
        if (value > DISKS_MAX)
            return false;
    }
    *disk = value - 1;
    return true;
}

static bool encode(const char *family, uint32_t disk, uint32_t partition, uint32_t *number)
{
    if (strcmp(family, "hd") == 0) {
        if (disk > 3 || partition > 63)
            return false;
        *number = (disk < 2 ? 3u : 22u) << 8 | (disk & 1) << 6 | partition;
    } else if (strcmp(family, "sd") == 0) {
        if (disk > 15 || partition > 15)
            return false;
        *number = 8u << 8 | disk << 4 | partition;
    } else if (disk <= 15 && partition <= 15) {
        *number = 202u << 8 | disk << 4 | partition;
    } else {
        *number = 1u << 28 | disk << 8 | partition;
    }
    return true;
}

int ctl_disk_number(const char *vdev, uint32_t *number)
{
    static const char *const families[] = { "xvd", "hd", "sd" };
    uint32_t disk, partition = 0;
    const char *at;

    if (isdigit((unsigned char)*vdev)) {
        char *end;
        unsigned long value = strtoul(vdev, &end, 0);

        *number = (uint32_t)value;
        return *end == '\0' && value < 1ul << 29 ? 0 : -EINVAL;
    }
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        if (strncmp(vdev, families[i], strlen(families[i])) != 0)
            continue;
        at = vdev + strlen(families[i]);
        if (!take_letters(&at, &disk) || (*at && !take_number(&at, PARTITIONS_MAX, &partition)) || *at)
            return -EINVAL;
        return encode(families[i], disk, partition, number) ? 0 : -EINVAL;
    }
    at = vdev + 1;
    if (*vdev != 'd' || !take_number(&at, DISKS_MAX, &disk))
        return -EINVAL;
    if (*at == 'p') {
        at++;
        if (!take_number(&at, PARTITIONS_MAX, &partition))
            return -EINVAL;
    }
    return *at == '\0' && encode("xvd", disk, partition, number) ? 0 : -EINVAL;
}
