/* SPDX-License-Identifier: MIT */
/*
 * What a disk is made of in domain 0: a block device, or a file behind a loop device (a block device too, where a
 * guest's pages must not be given to the machine's disks). The kernel takes the loop device back by itself as soon as
 * nobody has it open (LO_FLAGS_AUTOCLEAR): no process can leave one behind, however it ends.
 */
#ifndef KEEL_CTL_DEVICE_MEDIUM_H
#define KEEL_CTL_DEVICE_MEDIUM_H

#include "device.h"

struct device_medium {
    int descriptor;      /* open until the driver has opened it too; -1: none */
    unsigned major, minor;
};

/* Opens it. `label` begins the sentence of a failure: -EBUSY for what is mounted in domain 0. */
int device_medium_open(struct ctl *ctl, const char *label, const struct ctl_disk *disk, struct device_medium *medium);
void device_medium_close(struct device_medium *medium);
/* Whether it is there and may be read or written as asked, and is nobody's (below). Changes nothing. */
int device_medium_check(struct ctl *ctl, const char *label, const struct ctl_disk *disk);
/*
 * -EBUSY when another disk of a living domain is made of the same while one of the two may write. Called after a disk's
 * own nodes are in the store (they are `self`, else NULL), it cannot miss one that is being made at the same time.
 */
int device_medium_check_others(struct ctl *ctl, const char *label, const struct ctl_disk *disk,
                               const struct device_id *self);

#endif
