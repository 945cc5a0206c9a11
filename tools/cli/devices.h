/* SPDX-License-Identifier: MIT */
/* Paravirtual disks and network interfaces of domains, as the store tells of them, in xl's columns. */
#ifndef KEEL_CLI_DEVICES_H
#define KEEL_CLI_DEVICES_H

#include "json.h"

#include <sys/types.h>

enum device_kind { DEVICE_DISK, DEVICE_NIC };

struct device {
    uint32_t number;                   /* 51712 is xvda; of interfaces 0, 1, ... */
    int backend_domid, state, port;    /* -1: not known */
    int ring, receive_ring;            /* grants; receive_ring of interfaces alone */
    char mac[18], backend[256];
};

/* The devices of one kind that a domain has; free *list with free(). Negative: an errno, with its sentence. */
ssize_t devices_read(struct ctl *ctl, uint32_t domid, enum device_kind kind, struct device **list);
void devices_print_header(FILE *out, enum device_kind kind);
void devices_print(FILE *out, enum device_kind kind, uint32_t domid, const struct device *device);
/* The whole of ctl block-list and network-list. */
int devices_run(struct cli *cli, enum device_kind kind);

#endif
