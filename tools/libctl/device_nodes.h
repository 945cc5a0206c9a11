/* SPDX-License-Identifier: MIT */
/*
 * What the store holds of a device, as xen/io/blkif.h, xen/io/netif.h and xenstore-paths(7) define it and Debian's xl
 * reads it. Pure: from a specification to nodes.
 */
#ifndef KEEL_CTL_DEVICE_NODES_H
#define KEEL_CTL_DEVICE_NODES_H

#include "device.h"

/* Called for each node, below the directory of that side. */
typedef void device_put(void *context, enum device_side side, const char *name, const char *value);

/* `major` and `minor` are those of the block device that domain 0's driver is to open. */
void device_nodes_disk(const struct device_id *id, const struct ctl_disk *disk, unsigned major, unsigned minor,
                       device_put *put, void *context);
void device_nodes_nic(const struct device_id *id, const struct ctl_nic *nic, const uint8_t mac[6], device_put *put,
                      void *context);
/*
 * The MAC address of an interface that was given none: 00:16:3e, the range of Xen, and three bytes that follow from
 * the domain's UUID and the interface's number, so that a restarted guest finds the same.
 */
void device_mac_choose(const uint8_t uuid[16], uint32_t number, uint8_t mac[6]);

/* The bridge that it joins: "" for none, "xenbr0" where the configuration is silent. */
const char *device_nic_bridge(const struct ctl_nic *nic);

/*
 * Whether domain 0 can serve what the specification asks for; if not, the rest of a sentence is in `why`. Looks at
 * nothing but the specification.
 */
bool device_disk_possible(const struct ctl_disk *disk, char why[DEVICE_WHY_MAX]);
bool device_nic_possible(const struct ctl_nic *nic, char why[DEVICE_WHY_MAX]);

#endif
