/* SPDX-License-Identifier: MIT */
/* One device on its way to a domain: what device.c does to each, at a domain's creation and later. */
#ifndef KEEL_CTL_DEVICE_ATTACHMENT_H
#define KEEL_CTL_DEVICE_ATTACHMENT_H

#include "device_medium.h"

#define ATTACHMENT_LABEL_MAX 128

struct attachment {
    struct ctl *ctl;
    struct device_id id;
    const struct ctl_disk *disk; /* one of the two is NULL */
    const struct ctl_nic *nic;
    char label[ATTACHMENT_LABEL_MAX]; /* begins each sentence: "disk xvda of domain 5" */
    bool live;                   /* the domain runs: the device is marked as being attached until it is whole */
    struct device_medium medium;
    uint8_t uuid[16], mac[6];
    xs_transaction_t transaction;
    int error;                   /* of the transaction's writes, a positive errno */
};

/* `domain` is how sentences call the domain; id.kind and one of disk and nic are set. */
void attachment_set_label(struct attachment *attachment, const char *domain);
/* What the specification alone decides, and whether there is a driver. Sets id.number. All set the sentence. */
int attachment_check_possible(struct attachment *attachment);
/* The same, and whether file, device, bridge and names are as they have to be. Changes nothing. */
int attachment_check(struct attachment *attachment);
/* Makes the device; on failure nothing of it is left. */
int attachment_make(struct attachment *attachment);
/* Writes one more node of a device that is made. */
int attachment_write(struct attachment *attachment, enum device_side side, const char *name, const char *value);

#endif
