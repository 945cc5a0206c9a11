/* SPDX-License-Identifier: MIT */
/*
 * What is left over, or does not fit together, between the hypervisor's domains and the store's entries; and its
 * mending. Nothing here believes a note: each finding is told by comparing with the domains that there are. Xen's own
 * tools may create a domain meanwhile: they make it first and write about it then, so entries are only taken for an
 * orphan's when the domain is still not there after they have been seen.
 */
#include "creation_lock.h"
#include "destroy.h"
#include "device.h"
#include "hypercall.h"
#include "names.h"
#include "store_nodes.h"
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CREATORS_WAIT_MS 10000
#define NAMING_WAIT_MS 1000

struct check {
    struct ctl *ctl;
    bool mend;
    struct ctl_domain *domains;
    ssize_t domains_count;
    struct ctl_finding *list;
    size_t count;
    bool no_memory;
};

static struct ctl_finding *add(struct check *check, enum ctl_finding_kind kind, uint32_t domid, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* NULL: no memory, which ends the whole. */
static struct ctl_finding *add(struct check *check, enum ctl_finding_kind kind, uint32_t domid, const char *format, ...)
{
    struct ctl_finding *grown = reallocarray(check->list, check->count + 1, sizeof(*grown));
    va_list arguments;

    if (!grown) {
        check->no_memory = true;
        return NULL;
    }
    check->list = grown;
    grown += check->count++;
    *grown = (struct ctl_finding){ .kind = kind, .domid = domid };
    va_start(arguments, format);
    vsnprintf(grown->text, sizeof(grown->text), format, arguments);
    va_end(arguments);
    return grown;
}

static const struct ctl_domain *find(const struct check *check, uint32_t domid)
{
    for (ssize_t i = 0; i < check->domains_count; i++)
        if (check->domains[i].domid == domid)
            return &check->domains[i];
    return NULL;
}

/* --- domains ------------------------------------------------------------------------------------------------- */

static void end_domain(struct check *check, const struct ctl_domain *domain, struct ctl_finding *finding)
{
    if (finding && check->mend)
        finding->mended = ctl_domain_destroy(check->ctl, domain->domid) == 0;
}

/*
 * Xen's own tools name a domain a moment after they have made it. And the store may still have requests before it that a
 * creator sent before it was killed: they make the domain whole, if they are all there.
 */
static bool stays_half_made(struct check *check, const struct ctl_domain *domain)
{
    if (store_is_half_made(check->ctl, domain->domid) <= 0)
        return false;
    poll(NULL, 0, NAMING_WAIT_MS);
    return store_is_half_made(check->ctl, domain->domid) > 0;
}

static void found_device(void *context, const struct device_id *id, const char *why)
{
    struct check *check = context;
    struct ctl_finding *finding = add(check, CTL_FINDING_DEVICE, id->domid, "%s %u of domain %u is cut off in its "
                                      "middle: %s", id->kind == CTL_DEVICE_DISK ? "disk" : "network interface",
                                      id->number, id->domid, why);

    /* Its nodes go last: by them it is found again. */
    if (finding && check->mend)
        finding->mended = device_config_remove(check->ctl, id) == 0 && device_erase(check->ctl, id);
}

static void check_domain(struct check *check, const struct ctl_domain *domain)
{
    char path[CTL_STORE_PATH_MAX], *creating;
    bool began = !domain->paused || domain->cpu_time_ns;
    struct ctl_finding *finding;

    if (domain->domid == 0)
        return;
    if (domain->dying) {
        add(check, CTL_FINDING_DYING, domain->domid, "domain %u is dead, but another domain or a daemon still holds "
            "some of its memory", domain->domid);
        return;
    }
    ctl_path(path, "/local/domain/%u/keel/creating", domain->domid);
    creating = ctl_store_read(check->ctl, XBT_NULL, "%s", path);
    if (creating && began) {
        finding = add(check, CTL_FINDING_NOTE, domain->domid, "domain %u (%s) runs, but the store says that it is "
                      "being made", domain->domid, domain->name);
        if (finding && check->mend)
            finding->mended = xs_rm(check->ctl->store, XBT_NULL, path);
    } else if (!began && stays_half_made(check, domain)) {
        finding = add(check, CTL_FINDING_HALF_MADE, domain->domid, "domain %u%s%s%s is half made: who made it was "
                      "killed", domain->domid, *domain->name ? " (" : "", domain->name, *domain->name ? ")" : "");
        end_domain(check, domain, finding);
    } else if (began && *domain->name == '\0') {
        add(check, CTL_FINDING_NAMELESS, domain->domid, "domain %u runs, but the store has nothing of it; `ctl "
            "destroy %u` ends it", domain->domid, domain->domid);
    } else {
        device_find_left_over(check->ctl, domain->domid, found_device, check);
    }
    free(creating);
}

/* --- the store ----------------------------------------------------------------------------------------------- */

/* Calls `visit` for each child of a directory. */
static void for_each_child(struct check *check, const char *directory,
                           void (*visit)(struct check *check, const char *directory, const char *name))
{
    unsigned count = 0;
    char **names = xs_directory(check->ctl->store, XBT_NULL, directory, &count);

    for (unsigned i = 0; names && i < count && !check->no_memory; i++)
        visit(check, directory, names[i]);
    free(names);
}

/* Whether a domain of this number, or this UUID, is there by now. What cannot be told is there. */
static bool is_there(const struct check *check, uint32_t domid, const char *uuid)
{
    struct ctl_domain *list;
    ssize_t count = ctl_domain_list_bare(check->ctl, 0, &list);
    bool there = count < 0;
    char text[CTL_UUID_TEXT];

    for (ssize_t i = 0; i < count && !there; i++) {
        ctl_uuid_text(list[i].uuid, text);
        there = uuid ? strcmp(text, uuid) == 0 : list[i].domid == domid;
    }
    free(list);
    return there;
}

/* Whether the name is a domain's number, and there is no such domain. */
static bool is_orphan(const struct check *check, const char *name, uint32_t *domid)
{
    char *end;
    unsigned long number = strtoul(name, &end, 10);

    *domid = (uint32_t)number;
    return *name && *end == '\0' && number < DOMID_FIRST_RESERVED && !find(check, *domid) &&
           !is_there(check, *domid, NULL);
}

/* Removes what a finding in the store is about, if that was asked for. */
static void remove_entry(struct check *check, struct ctl_finding *finding, const char *path, const char *keep)
{
    if (finding && check->mend)
        finding->mended = ctl_store_remove(check->ctl, path, keep);
}

static void orphan(struct check *check, uint32_t domid, const char *path, const char *keep)
{
    struct ctl_finding *finding = add(check, CTL_FINDING_ORPHAN, domid, "%s is left in the store by domain %u, which "
                                      "is not there", path, domid);

    remove_entry(check, finding, path, keep);
}

static void check_home(struct check *check, const char *directory, const char *name)
{
    char path[CTL_STORE_PATH_MAX], *held;
    uint32_t domid;

    if (!is_orphan(check, name, &domid))
        return;
    held = ctl_store_read(check->ctl, XBT_NULL, "%s/%s/name", directory, name);
    if (held && check->mend)
        names_release(check->ctl, XBT_NULL, held, domid);
    free(held);
    ctl_path(path, "%s/%s", directory, name);
    orphan(check, domid, path, "/local/domain");
}

static void check_numbered(struct check *check, const char *directory, const char *name)
{
    char path[CTL_STORE_PATH_MAX];
    uint32_t domid;

    if (!is_orphan(check, name, &domid))
        return;
    ctl_path(path, "%s/%s", directory, name);
    orphan(check, domid, path, strncmp(path, "/libxl", 6) == 0 ? "/" : "/local/domain/0");
}

static void check_backend_kind(struct check *check, const char *directory, const char *name)
{
    char path[CTL_STORE_PATH_MAX];

    ctl_path(path, "%s/%s", directory, name);
    for_each_child(check, path, check_numbered);
}

static void check_machine(struct check *check, const char *directory, const char *name)
{
    struct ctl_finding *finding;
    char path[CTL_STORE_PATH_MAX];

    if (is_there(check, 0, name))
        return;
    ctl_path(path, "%s/%s", directory, name);
    finding = add(check, CTL_FINDING_ORPHAN, UINT32_MAX, "%s is left in the store by a domain that is not there", path);
    remove_entry(check, finding, path, "/");
}

static void check_name_note(struct check *check, const char *directory, const char *name)
{
    char path[CTL_STORE_PATH_MAX], *text;
    const struct ctl_domain *domain;
    struct ctl_finding *finding;

    ctl_path(path, "%s/%s", directory, name);
    text = ctl_store_read(check->ctl, XBT_NULL, "%s", path);
    if (!text) /* gone by now, or not told */
        return;
    domain = *text ? find(check, (uint32_t)strtoul(text, NULL, 10)) : NULL;
    free(text);
    if (domain && names_is_note_of(name, domain->name))
        return;
    finding = add(check, CTL_FINDING_NOTE, UINT32_MAX, "%s notes a name that no domain has", path);
    remove_entry(check, finding, path, "/");
}

static int look(struct check *check)
{
    int result;

    check->domains_count = ctl_domain_list_bare(check->ctl, 0, &check->domains);
    if (check->domains_count < 0)
        return (int)check->domains_count;
    result = ctl_domain_read_names(check->ctl, check->domains, (size_t)check->domains_count);
    if (result < 0) {
        free(check->domains);
        return result;
    }
    for (ssize_t i = 0; i < check->domains_count && !check->no_memory; i++)
        check_domain(check, &check->domains[i]);
    for_each_child(check, "/local/domain", check_home);
    for_each_child(check, "/libxl", check_numbered);
    for_each_child(check, "/local/domain/0/backend", check_backend_kind);
    for_each_child(check, "/vm", check_machine);
    for_each_child(check, "/keel/name", check_name_note);
    free(check->domains);
    return check->no_memory ? ctl_fail(check->ctl, ENOMEM, "there is no memory for what was found") : 0;
}

ssize_t ctl_fsck(struct ctl *ctl, bool mend, struct ctl_finding **list)
{
    struct check check = { .ctl = ctl, .mend = mend };
    int lock, result;

    *list = NULL;
    if (!ctl_store(ctl))
        return -ENOENT;
    lock = creation_lock_alone(CREATORS_WAIT_MS);
    if (lock < 0)
        return ctl_fail(ctl, EBUSY, "domains are being created at this moment; try again when that has ended");
    result = look(&check);
    creation_unlock(lock);
    if (result < 0) {
        free(check.list);
        return result;
    }
    *list = check.list;
    return (ssize_t)check.count;
}
