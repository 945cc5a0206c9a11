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
/*
 * The whole of an attach, to the domain of the first argument; one of the two is NULL. Interrupted, it is undone. Waits
 * for the guest if that was asked for.
 */
int device_attach(struct cli *cli, const struct ctl_disk *disk, const struct ctl_nic *nic);
/* The whole of a detach of the device that the second argument names, from the domain of the first. */
int device_detach(struct cli *cli, enum ctl_device_kind kind);

#endif
