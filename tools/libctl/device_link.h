/* SPDX-License-Identifier: MIT */
/* The host's end of a guest's network interface: its name, MTU and bridge, by ioctls and without scripts. */
#ifndef KEEL_CTL_DEVICE_LINK_H
#define KEEL_CTL_DEVICE_LINK_H

#include "device.h"

/* Whether names fit and the bridge is there; changes nothing. `label` begins the sentence of a failure. */
int device_link_check(struct ctl *ctl, const char *label, const struct ctl_nic *nic);
/* Names the interface that the driver has made as asked, joins it to its bridge and brings it up. */
int device_link_join(struct ctl *ctl, const char *label, const struct device_id *id, const struct ctl_nic *nic);

#endif
