/* SPDX-License-Identifier: MIT */
/*
 * What the files of libctl share: the handle, its error sentence, and access to the store.
 * Inside the library a function returns 0 or a count, or a negative errno after having set the sentence (ctl_fail);
 * the wrappers of hypercall.h set no sentence, their callers know what was meant.
 */
#ifndef KEEL_CTL_INTERNAL_H
#define KEEL_CTL_INTERNAL_H

#include "ctl.h"
#include <xenstore.h>

#define CTL_PAGE_SHIFT 12
#define CTL_PAGE_SIZE 4096u
#define CTL_ERROR_MAX 1024
#define CTL_STORE_PATH_MAX 512

/* No domain has more; sums and products of sizes up to this do not overflow. */
#define CTL_MEMORY_MAX_KIB (1ull << 42)

/* Of a domain's limit: the rings, the ACPI tables, what a balloon driver is off by. */
#define CTL_MEMORY_SLACK_KIB 1024u

struct ctl_known_names; /* names.c */

struct ctl {
    int privcmd;              /* /dev/xen/privcmd */
    int buffers;              /* /dev/xen/hypercall, or -1: locked anonymous memory instead */
    uint8_t *arena;           /* hypercall-safe memory, used as a stack */
    size_t arena_used;
    struct xs_handle *store;  /* NULL until the first call that needs it */
    struct ctl_known_names *known_names; /* NULL until a name was checked */
    char error[CTL_ERROR_MAX];
};

/* Sets the sentence and returns -error (error is a positive errno). */
int ctl_fail(struct ctl *ctl, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The store's connection, opened at need; NULL with the sentence set when there is no store. */
struct xs_handle *ctl_store(struct ctl *ctl);
/*
 * Asks the store for something; if the connection is lost, closes it, so that its next use opens another, and returns
 * true. For programs that outlive a store's daemon; never while something holds what ctl_store returned.
 */
bool ctl_store_renew(struct ctl *ctl);
/*
 * Connects to the store again after ctl_events_next's -EPIPE; what has happened meanwhile is told next. The descriptor is
 * another one. Fails as ctl_events_open does, and may be tried again.
 */
struct ctl_events;
int ctl_events_reopen(struct ctl *ctl, struct ctl_events *events);
/*
 * A connection of a long-lived daemon's own, through the store's socket alone: NULL until that is there. The kernel's
 * transport (/dev/xen/xenbus), which xs_open falls back to, does not tell when the store is lost, nor are watches
 * through it certain to outlive that.
 */
struct xs_handle *ctl_store_open_socket(void);
/* The domains from id `first` on, by rising id, without their names; free *list with free(). Returns the count. Sets the
 * sentence. */
ssize_t ctl_domain_list_bare(struct ctl *ctl, uint32_t first, struct ctl_domain **list);
/* Puts in the names that are missing, as far as the store has them; -errno with the sentence set when it does not say. */
int ctl_domain_read_names(struct ctl *ctl, struct ctl_domain *list, size_t count);
/* Puts the name in, if the store has one. */
void ctl_domain_read_name(struct ctl *ctl, struct ctl_domain *domain);
/* "credit2" for XEN_SCHEDULER_CREDIT2; never NULL. */
const char *ctl_scheduler_name(uint32_t id);
/* Like snprintf into a store path; a path too long is cut, which the store then refuses. */
void ctl_path(char path[CTL_STORE_PATH_MAX], const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The text of a node, or NULL when there is none; free with free(). Sets no sentence. */
char *ctl_store_read(struct ctl *ctl, xs_transaction_t transaction, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* 1: the node is there; 0: it is not; a negative errno when the store does not tell. Sets no sentence. */
int ctl_store_has(struct ctl *ctl, xs_transaction_t transaction, const char *path);
/* Writes a node's text. 0 or a positive errno; sets no sentence. */
int ctl_store_write(struct ctl *ctl, xs_transaction_t transaction, const char *path, const char *text);
/*
 * Runs `work` inside a transaction, again for as long as others' changes make it void. `work` returns 0 or a positive
 * errno, which ends it without a trace. Returns 0 or a positive errno; sets no sentence.
 */
int ctl_store_transact(struct ctl *ctl, int (*work)(struct ctl *ctl, xs_transaction_t transaction, void *context),
                       void *context);
/*
 * Removes a node with all below it, then each parent that this leaves empty, up to but not including `keep`. False when
 * it may still be there.
 */
bool ctl_store_remove(struct ctl *ctl, const char *path, const char *keep);

#endif
