/* SPDX-License-Identifier: MIT */
/* Giving devices to running domains and taking them back: what the four verbs share. */
#ifndef KEEL_CLI_DEVICE_CHANGE_H
#define KEEL_CLI_DEVICE_CHANGE_H

#include "cli.h"

/* Disk and interface specifications are at most this long. */
#define DEVICE_SPECIFICATION_MAX 4096

/*
 * The arguments from `first` on as one specification, parted by commas, as xl joins them; false with the usage error
 * printed.
 */
bool device_specification(struct cli *cli, int first, char text[DEVICE_SPECIFICATION_MAX]);
/* Behind a successful attach: waits for the guest if that was asked for, and reports. */
int device_attached(struct cli *cli, uint32_t domid, enum ctl_device_kind kind, uint32_t number);
/* The whole of a detach, once the device's number is known. */
int device_detach(struct cli *cli, uint32_t domid, enum ctl_device_kind kind, uint32_t number);

#endif
