/* SPDX-License-Identifier: MIT */
/* What the kernel of domain 0 counts for the devices that it serves: /proc/net/dev, and sysfs of the Xen backends. */
#ifndef KEEL_TOP_LIVE_DEVICES_H
#define KEEL_TOP_LIVE_DEVICES_H

#include "sample.h"

/*
 * Add the networks or disks of all domains to *sample and tie them to its domains, which are in order of their ids.
 * `root` is put before all paths ("" but in tests). What is not there is no error; false: no memory.
 */
bool live_networks_read(struct sample *sample, const char *root);
bool live_disks_read(struct sample *sample, const char *root);

#endif
