/* SPDX-License-Identifier: MIT */
/*
 * The end of a domain: the hypervisor's part, then every store entry that creation or a backend made for it.
 */
#include "hypercall.h"
#include "destroy.h"
#include "device.h"
#include "names.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GONE_POLL_NS 1000000L
#define GONE_WAIT_NS 10000000000ll

static bool is_gone(struct ctl *ctl, uint32_t domid)
{
    struct xen_domctl domctl = { .cmd = XEN_DOMCTL_getdomaininfo, .domain = (domid_t)domid };
    int result = hypercall_domctl(ctl, &domctl);

    return result == -ESRCH || (result >= 0 && domctl.u.getdomaininfo.domain != domid);
}

static bool wait_gone(struct ctl *ctl, uint32_t domid, int64_t most_ns)
{
    const struct timespec pause = { .tv_nsec = GONE_POLL_NS };

    for (int64_t waited_ns = 0; waited_ns < most_ns; waited_ns += GONE_POLL_NS) {
        if (is_gone(ctl, domid))
            return true;
        nanosleep(&pause, NULL);
    }
    return is_gone(ctl, domid);
}

/* Calls `visit` for each node below a directory of the store. */
static void for_each_child(struct ctl *ctl, const char *directory,
                           void (*visit)(struct ctl *ctl, const char *path))
{
    unsigned count = 0;
    char **names = xs_directory(ctl->store, XBT_NULL, directory, &count);
    char path[CTL_STORE_PATH_MAX];

    for (unsigned i = 0; names && i < count; i++) {
        ctl_path(path, "%s/%s", directory, names[i]);
        visit(ctl, path);
    }
    free(names);
}

/*
 * A frontend names its backend's directory. The frontend's directory is the guest's to write, so only a path that is
 * a backend's of this very domain is believed: /local/domain/B/backend/KIND/DOMID/...
 */
static void remove_backend(struct ctl *ctl, const char *frontend)
{
    char *backend = ctl_store_read(ctl, XBT_NULL, "%s/backend", frontend);
    unsigned backend_domid, domid, other;
    char kind[32], rest[64], keep[CTL_STORE_PATH_MAX];

    if (backend && sscanf(frontend, "/local/domain/%u/", &domid) == 1 &&
        sscanf(backend, "/local/domain/%u/backend/%31[^/]/%u/%63[^/]", &backend_domid, kind, &other, rest) == 4 &&
        other == domid) {
        ctl_path(keep, "/local/domain/%u", backend_domid);
        ctl_store_remove(ctl, backend, keep);
    }
    free(backend);
}

static void remove_backends_of_kind(struct ctl *ctl, const char *kind)
{
    for_each_child(ctl, kind, remove_backend);
}

/* Whether a living domain but this one has the UUID: one that was restarted under it, or renamed and kept. */
static bool has_twin(struct ctl *ctl, uint32_t domid, const uint8_t uuid[16])
{
    struct ctl_domain *list;
    ssize_t count = ctl_domain_list_bare(ctl, 0, &list);
    bool found = false;

    for (ssize_t i = 0; i < count && !found; i++)
        found = list[i].domid != domid && !list[i].dying && memcmp(list[i].uuid, uuid, sizeof(list[i].uuid)) == 0;
    if (count >= 0)
        free(list);
    return found;
}

void ctl_store_forget_domain(struct ctl *ctl, uint32_t domid, const uint8_t uuid[16])
{
    char path[CTL_STORE_PATH_MAX], text[CTL_UUID_TEXT];
    char *vm, *name;

    if (!ctl_store(ctl))
        return;
    name = ctl_store_read(ctl, XBT_NULL, "/local/domain/%u/name", domid);
    if (name)
        names_release(ctl, XBT_NULL, name, domid);
    free(name);
    device_forget_domain(ctl, domid);
    ctl_path(path, "/local/domain/%u/device", domid);
    for_each_child(ctl, path, remove_backends_of_kind);
    ctl_path(path, "/local/domain/%u/console", domid);
    remove_backend(ctl, path);
    /* A renamed or restarted domain may share the UUID with another: /vm/UUID goes with the last one. */
    ctl_uuid_text(uuid, text);
    ctl_path(path, "/vm/%s", text);
    vm = ctl_store_read(ctl, XBT_NULL, "/local/domain/%u/vm", domid);
    if ((!vm || !strcmp(vm, path)) && !has_twin(ctl, domid, uuid))
        ctl_store_remove(ctl, path, "/");
    free(vm);
    ctl_path(path, "/libxl/%u", domid);
    ctl_store_remove(ctl, path, "/");
    ctl_path(path, "/local/domain/%u", domid);
    ctl_store_remove(ctl, path, "/local/domain");
}

void ctl_uuid_text(const uint8_t uuid[16], char text[CTL_UUID_TEXT])
{
    char *at = text;

    for (unsigned i = 0; i < 16; i++)
        at += sprintf(at, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", uuid[i]);
}

int destroy_within(struct ctl *ctl, uint32_t domid, int64_t most_ns)
{
    struct ctl_domain domain;
    int result;

    if (!domid)
        return ctl_fail(ctl, EINVAL, "domain 0 cannot be destroyed");
    result = ctl_domain_get(ctl, domid, &domain);
    if (result < 0)
        return result;
    do
        result = hypercall_domctl_plain(ctl, domid, XEN_DOMCTL_destroydomain);
    while (result == -EAGAIN || result == -EINTR);
    if (result < 0 && result != -ESRCH)
        return ctl_fail(ctl, -result, "cannot destroy domain %u: %s", domid, strerror(-result));
    if (!ctl_store(ctl))
        return ctl_fail(ctl, ENOENT, "domain %u is destroyed, but the store cannot be reached: its entries stay there",
                        domid);
    /* The store holds the domain's ring mapped; told to let go, it frees the last page. */
    xs_release_domain(ctl->store, domid);
    ctl_store_forget_domain(ctl, domid, domain.uuid);
    if (!wait_gone(ctl, domid, most_ns))
        return ctl_fail(ctl, EBUSY, "domain %u is dead, but another domain or daemon still holds some of its memory",
                        domid);
    return 0;
}

int ctl_domain_destroy(struct ctl *ctl, uint32_t domid)
{
    return destroy_within(ctl, domid, GONE_WAIT_NS);
}
