/* SPDX-License-Identifier: MIT */
/*
 * Devices of a domain, inside the library. A device has three directories in the store, written and removed together:
 * its frontend (the guest's), its backend (domain 0's, from which the kernel's driver makes it), and the record
 * (/libxl/DOMID/device/KIND/NUMBER, which no guest can write): what is there is told by the record alone.
 * The record's node "keel" marks a device as libctl's: "attaching" until it is whole, then "attached".
 */
#ifndef KEEL_CTL_DEVICE_H
#define KEEL_CTL_DEVICE_H

#include "config.h"
#include "internal.h"

#define DEVICE_WHY_MAX 256

/* The states of xenbus as numbers of the store (xen/io/xenbus.h). */
enum device_state { DEVICE_INITIALISING = 1, DEVICE_INIT_WAIT = 2, DEVICE_CONNECTED = 4, DEVICE_CLOSING = 5,
                    DEVICE_CLOSED = 6 };

struct device_id {
    enum ctl_device_kind kind;
    uint32_t domid, number;
};

enum device_side { DEVICE_FRONTEND, DEVICE_BACKEND, DEVICE_RECORD };
#define DEVICE_SIDES 3

/* "vbd", "vif". */
const char *device_kind_name(enum ctl_device_kind kind);
void device_path(char path[CTL_STORE_PATH_MAX], const struct device_id *id, enum device_side side);

/* --- for a domain's creation and end (device.c) ------------------------------------------------------------------- */

/* Whether all devices of the configuration can be had; changes nothing. Sets the sentence. */
int device_check_all(struct ctl *ctl, const struct ctl_config *config);
/*
 * Makes all devices of a domain that has not run yet, and returns when domain 0's drivers have taken them. After a
 * failure device_forget_domain takes away those that were made. Sets the sentence.
 */
int device_create_all(struct ctl *ctl, uint32_t domid, const struct ctl_config *config);
/* Removes all devices of a domain that is dead or was never started. Never fails. */
void device_forget_domain(struct ctl *ctl, uint32_t domid);

/* --- for fsck (device_detach.c) ----------------------------------------------------------------------------------- */

/*
 * Calls `found` for each device of a living domain whose attaching or detaching was cut off. Nobody may attach or
 * detach at the same time (creation_lock.h).
 */
void device_find_left_over(struct ctl *ctl, uint32_t domid,
                           void (*found)(void *context, const struct device_id *id, const char *why), void *context);
/* Removes its nodes, upon which domain 0's driver lets go of it. False when they may still be there. */
bool device_erase(struct ctl *ctl, const struct device_id *id);
/* The same, and waits until domain 0's kernel has acted upon it, which leaves no word about it then. */
bool device_erase_and_settle(struct ctl *ctl, const struct device_id *id);

/* --- the configuration for the next restart (device_config.c) ----------------------------------------------------- */

/*
 * Puts the device into the domain's stored configuration, if it has one, and marks its record as attached: both or none.
 * One of disk and nic is NULL. Sets the sentence.
 */
int device_config_add(struct ctl *ctl, const struct device_id *id, const struct ctl_disk *disk,
                      const struct ctl_nic *nic);
int device_config_remove(struct ctl *ctl, const struct device_id *id);

/*
 * Lets `alter` (false: no memory) change a domain's stored configuration, so that of two at one time neither is lost;
 * it is called again where another was faster. The node `mark`, unless it is NULL, gets its text with it. 0 too when the
 * domain has no configuration. Sets the sentence. (domain_config.c)
 */
int domain_config_alter(struct ctl *ctl, uint32_t domid, bool (*alter)(struct ctl_config *config, const void *context),
                        const void *context, const char *mark, const char *mark_text);

#endif
