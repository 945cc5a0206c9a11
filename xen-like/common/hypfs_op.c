/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_hypfs_op, for the privileged domain alone: a tree that can only be read. In it, /counters/d3v0 is a text
 * of what is counted of vCPU 0 of domain 3 (counters.c); docs/abi.md describes it.
 */
#include "arch.h"
#include "number.h"
#include "panic.h"
#include "printk.h"
#include "string.h"

#include <xen/hypfs.h>

_Static_assert(sizeof(struct xen_hypfs_direntry) == 12, "ABI");
_Static_assert(offsetof(struct xen_hypfs_dirlistentry, name) == 14, "ABI");

#define FOLDER "counters"
#define PATH_SIZE 32u /* no path that exists is longer */
#define TEXT_SIZE 2048u
#define ENTRY_SIZE 32u /* of each entry of a folder: a name has at most 17 characters */

/* Where contents go: behind the entry's head, as far as there is room. */
struct output {
    uint64_t address, room, length;
    int error;
};

static void put(struct output *out, const void *data, size_t size)
{
    if (!out->error && out->length + size <= out->room &&
        copy_to_guest(out->address + sizeof(struct xen_hypfs_direntry) + out->length, data, size))
        out->error = -XEN_EFAULT;
    out->length += size;
}

static void put_entry(struct output *out, const char *name, uint8_t type, uint32_t content_length, bool is_last)
{
    union {
        struct xen_hypfs_dirlistentry entry;
        char bytes[ENTRY_SIZE];
    } u = { .entry = { .e = { .type = type, .content_len = content_length }, .off_next = is_last ? 0 : ENTRY_SIZE } };

    string_copy(u.bytes + offsetof(struct xen_hypfs_dirlistentry, name), name,
                ENTRY_SIZE - offsetof(struct xen_hypfs_dirlistentry, name));
    put(out, &u, sizeof(u));
}

static void vcpu_name(const struct vcpu *v, char name[PATH_SIZE])
{
    keel_snprintf(name, PATH_SIZE, "d%uv%u", v->domain->id, v->id);
}

/* All vCPUs that there are. How long their texts are changes by the moment: the most that it can be is told. */
static void put_vcpus(struct output *out)
{
    char name[PATH_SIZE] = "";
    struct domain *d;

    for (uint32_t id = 0; id < DOMAIN_MAX && (d = domain_get_next((domid_t)id)); id = d->id + 1u, domain_put(d)) {
        DOMAIN_FOR_EACH_VCPU(d, v) {
            if (name[0])
                put_entry(out, name, XEN_HYPFS_TYPE_STRING, TEXT_SIZE, false);
            vcpu_name(v, name);
        }
    }
    put_entry(out, name, XEN_HYPFS_TYPE_STRING, TEXT_SIZE, true); /* the caller's domain at least has one */
}

/* The text of the vCPU of that name. */
static int put_counters(struct output *out, const char *name)
{
    const char *middle = strchr(name, 'v');
    char text[TEXT_SIZE], canonical[PATH_SIZE];
    uint64_t domid, id;
    int error = -XEN_ENOENT;

    if (name[0] != 'd' || !middle || !parse_unsigned(name + 1, (size_t)(middle - name - 1), &domid) ||
        !parse_unsigned(middle + 1, strlen(middle + 1), &id) || domid >= DOMAIN_MAX || id >= DOMAIN_MAX_VCPUS)
        return error;
    struct domain *d = domain_get((domid_t)domid);
    if (!d)
        return error;
    struct vcpu *v = domain_vcpu(d, (uint32_t)id);
    if (v) {
        vcpu_name(v, canonical);
        if (strcmp(canonical, name) == 0) {
            size_t length = vcpu_counters_text(v, text, sizeof(text));
            ASSERT(length < sizeof(text));
            put(out, text, length + 1);
            error = 0;
        }
    }
    domain_put(d);
    return error;
}

static int put_contents(struct output *out, const char *path, struct xen_hypfs_direntry *head)
{
    out->length = 0;
    if (strcmp(path, "/") == 0) {
        put_entry(out, FOLDER, XEN_HYPFS_TYPE_DIR, 0, true);
    } else if (strcmp(path, "/" FOLDER) == 0) {
        put_vcpus(out);
    } else if (memcmp(path, "/" FOLDER "/", sizeof("/" FOLDER "/") - 1) == 0) {
        head->type = XEN_HYPFS_TYPE_STRING;
        return put_counters(out, path + sizeof("/" FOLDER "/") - 1);
    } else {
        return -XEN_ENOENT;
    }
    return 0;
}

static long hypfs_read(struct hypercall *call)
{
    uint64_t path_size = call->argument[2], size = call->argument[4];
    struct xen_hypfs_direntry head = { .type = XEN_HYPFS_TYPE_DIR };
    struct output out = { .address = call->argument[3] };
    char path[PATH_SIZE] = "";

    if (path_size == 0 || path_size > XEN_HYPFS_MAX_PATHLEN || size < sizeof(head))
        return -XEN_EINVAL;
    if (path_size > sizeof(path))
        return -XEN_ENOENT;
    if (copy_from_guest(path, call->argument[1], path_size))
        return -XEN_EFAULT;
    if (path[0] != '/' || strnlen(path, path_size) != path_size - 1)
        return -XEN_EINVAL;
    int error = put_contents(&out, path, &head); /* without room: how long they are */
    if (error)
        return error;
    head.content_len = (uint32_t)out.length;
    if (out.length <= size - sizeof(head)) {
        out.room = size - sizeof(head);
        error = put_contents(&out, path, &head);
        if (error || out.error)
            return error ? error : out.error;
        head.content_len = (uint32_t)out.length; /* it may have become longer in between */
    }
    if (COPY_STRUCT_TO_GUEST(call->argument[3], &head))
        return -XEN_EFAULT;
    return out.length > size - sizeof(head) ? -XEN_ENOBUFS : 0;
}

long hypercall_hypfs_op(struct hypercall *call)
{
    if (!call->vcpu->domain->is_privileged)
        return -XEN_EPERM;
    switch (call->argument[0]) {
    case XEN_HYPFS_OP_get_version: return XEN_HYPFS_VERSION;
    case XEN_HYPFS_OP_read: return hypfs_read(call);
    case XEN_HYPFS_OP_write_contents: return -XEN_EACCES;
    default: return -XEN_EOPNOTSUPP;
    }
}
