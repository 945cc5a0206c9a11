/* SPDX-License-Identifier: MIT */
/*
 * Changing a domain that runs, and asking its kernel for something: name, memory, triggers, SysRq; and its age.
 */
#include "config_keys.h"
#include "creation_lock.h"
#include "destroy.h"
#include "hypercall.h"
#include "names.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEBUG_KEYS_MAX 256u

/* The same sentence for all that the hypervisor does not have or refuses. */
static int refused(struct ctl *ctl, int result, uint32_t domid, const char *what)
{
    if (result == -ENOSYS || result == -EOPNOTSUPP)
        return ctl_fail(ctl, EOPNOTSUPP, "this hypervisor cannot %s", what);
    if (result == -ESRCH)
        return ctl_fail(ctl, ESRCH, "there is no domain %u", domid);
    return ctl_fail(ctl, -result, "cannot %s of domain %u: %s", what, domid, strerror(-result));
}

/* --- the name ------------------------------------------------------------------------------------------------ */

struct renaming {
    struct ctl_domain domain;
    const char *name;
};

static int rename_nodes(struct ctl *ctl, xs_transaction_t transaction, void *context)
{
    const struct renaming *renaming = context;
    char path[CTL_STORE_PATH_MAX], uuid[CTL_UUID_TEXT];
    char *held = ctl_store_read(ctl, transaction, "/local/domain/%u/name", renaming->domain.domid);
    int error = held ? names_release(ctl, transaction, held, renaming->domain.domid) : errno;
    struct store_batch *batch;

    free(held);
    if (error == ENOENT && *renaming->domain.name == '\0') /* it never had one; else it was destroyed meanwhile */
        error = 0;
    if (error)
        return error;
    batch = store_batch_open(ctl->store, transaction);
    names_claim(ctl, batch, renaming->name, renaming->domain.domid);
    ctl_path(path, "/local/domain/%u/name", renaming->domain.domid);
    store_batch_write(batch, path, renaming->name, strlen(renaming->name));
    ctl_uuid_text(renaming->domain.uuid, uuid);
    ctl_path(path, "/vm/%s/name", uuid);
    if (renaming->domain.domid)
        store_batch_write(batch, path, renaming->name, strlen(renaming->name));
    return store_batch_run(batch, NULL, NULL);
}

static bool is_name(const char *name)
{
    size_t length = strlen(name);

    for (const unsigned char *c = (const unsigned char *)name; *c; c++)
        if (iscntrl(*c) || *c == '/')
            return false;
    return length > 0 && length <= CTL_NAME_MAX && config_is_utf8(name, length);
}

int ctl_domain_rename(struct ctl *ctl, uint32_t domid, const char *name)
{
    struct renaming renaming = { .name = name };
    int lock, result = ctl_domain_get(ctl, domid, &renaming.domain);

    if (result < 0)
        return result;
    if (!is_name(name))
        return ctl_fail(ctl, EINVAL, "\"%.64s\" is no name: it has 1 to %d bytes of UTF-8 without \"/\" and control "
                        "characters", name, CTL_NAME_MAX);
    lock = creation_lock_name(names_hash(name));
    if (lock == -EEXIST)
        return ctl_fail(ctl, EEXIST, "a domain named \"%s\" already exists: it is being made", name);
    result = names_check(ctl, name, domid);
    if (result < 0)
        goto unlock;
    result = -ctl_store_transact(ctl, rename_nodes, &renaming);
    if (result < 0)
        ctl_fail(ctl, -result, "cannot write the name of domain %u into the store: %s", domid, strerror(-result));

unlock:
    creation_unlock(lock);
    return result;
}

/* --- age ----------------------------------------------------------------------------------------------------- */

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int ctl_domain_uptime(struct ctl *ctl, uint32_t domid, uint64_t *uptime_ns)
{
    char *vm, *start;
    double start_s;
    uint64_t now_ns = clock_ns(CLOCK_REALTIME);

    *uptime_ns = 0;
    if (domid == 0) {
        *uptime_ns = clock_ns(CLOCK_BOOTTIME);
        return 0;
    }
    if (!ctl_store(ctl))
        return -ENOENT;
    vm = ctl_store_read(ctl, XBT_NULL, "/local/domain/%u/vm", domid);
    start = vm ? ctl_store_read(ctl, XBT_NULL, "%s/start_time", vm) : NULL;
    free(vm);
    if (!start)
        return ctl_fail(ctl, ENOENT, "the store does not say when domain %u was created", domid);
    start_s = strtod(start, NULL);
    free(start);
    /* A clock that was set back makes no negative age. */
    if (start_s > 0 && start_s * 1e9 < (double)now_ns)
        *uptime_ns = now_ns - (uint64_t)(start_s * 1e9);
    return 0;
}

/* --- memory -------------------------------------------------------------------------------------------------- */

static int set_limit(struct ctl *ctl, uint32_t domid, uint64_t memory_kib)
{
    struct xen_domctl domctl = { .cmd = XEN_DOMCTL_max_mem, .domain = (domid_t)domid };
    int result;

    domctl.u.max_mem.max_memkb = memory_kib + CTL_MEMORY_SLACK_KIB;
    result = hypercall_domctl(ctl, &domctl);
    return result < 0 ? refused(ctl, result, domid, "change the memory limit") : 0;
}

/* The most memory that the domain may be asked to have: of one that libctl made, and of others. */
static bool read_limit(struct ctl *ctl, uint32_t domid, uint64_t *kib)
{
    char *text = ctl_store_read(ctl, XBT_NULL, "/local/domain/%u/keel/memory-max", domid);

    if (!text)
        text = ctl_store_read(ctl, XBT_NULL, "/local/domain/%u/memory/static-max", domid);
    bool found = text != NULL;

    *kib = text ? strtoull(text, NULL, 10) : 0;
    free(text);
    return found;
}

static int write_kib(struct ctl *ctl, uint32_t domid, const char *node, uint64_t kib)
{
    char path[CTL_STORE_PATH_MAX], text[24];
    int error;

    ctl_path(path, "/local/domain/%u/%s", domid, node);
    snprintf(text, sizeof(text), "%llu", (unsigned long long)kib);
    error = ctl_store_write(ctl, XBT_NULL, path, text);
    return error ? ctl_fail(ctl, error, "cannot write %s in the store: %s", path, strerror(error)) : 0;
}

int ctl_memory_set(struct ctl *ctl, uint32_t domid, uint64_t memory_kib)
{
    struct ctl_domain domain;
    uint64_t most_kib;
    int result = ctl_domain_get(ctl, domid, &domain);

    if (result < 0)
        return result;
    if (!ctl_store(ctl))
        return -ENOENT;
    if (!read_limit(ctl, domid, &most_kib))
        return ctl_fail(ctl, ENOENT, "domain %u has no memory/static-max in the store: its memory cannot be changed",
                        domid);
    if (memory_kib == 0 || memory_kib > most_kib)
        return ctl_fail(ctl, EINVAL, "domain %u can have from 1 to %llu KiB of memory (maxmem), not %llu", domid,
                        (unsigned long long)most_kib, (unsigned long long)memory_kib);
    /* Domain 0's own limit stays: what its kernel was booted with is not this call's to take. */
    if (domid != 0)
        result = set_limit(ctl, domid, memory_kib);
    return result < 0 ? result : write_kib(ctl, domid, "memory/target", memory_kib);
}

int ctl_memory_max(struct ctl *ctl, uint32_t domid, uint64_t memory_kib)
{
    struct ctl_domain domain;
    int result = ctl_domain_get(ctl, domid, &domain);
    char *held;

    if (result < 0)
        return result;
    if (!ctl_store(ctl))
        return -ENOENT;
    if (memory_kib > CTL_MEMORY_MAX_KIB)
        return ctl_fail(ctl, EINVAL, "no domain can have %llu KiB of memory", (unsigned long long)memory_kib);
    if (memory_kib < domain.memory_kib)
        return ctl_fail(ctl, EINVAL, "domain %u has %llu KiB of memory; its limit cannot be below that", domid,
                        (unsigned long long)domain.memory_kib);
    result = set_limit(ctl, domid, memory_kib);
    if (result < 0)
        return result;
    held = ctl_store_read(ctl, XBT_NULL, "/local/domain/%u/keel/memory-max", domid);
    free(held);
    return write_kib(ctl, domid, held ? "keel/memory-max" : "memory/static-max", memory_kib);
}

/* --- triggers and keys --------------------------------------------------------------------------------------- */

/* Those of ACPI's fixed hardware: what a PVH guest's tables do not have, nor another way to press a button. */
static bool has_buttons(struct ctl *ctl, uint32_t domid)
{
    struct xen_domctl domctl = { .cmd = XEN_DOMCTL_getdomaininfo, .domain = (domid_t)domid };
    const struct xen_domctl_getdomaininfo *info = &domctl.u.getdomaininfo;

    return hypercall_domctl(ctl, &domctl) < 0 || info->domain != domid || !(info->flags & XEN_DOMINF_hvm_guest) ||
           (info->arch_config.emulation_flags & XEN_X86_EMU_PM);
}

int ctl_trigger(struct ctl *ctl, uint32_t domid, enum ctl_trigger trigger, uint32_t vcpu)
{
    static const uint32_t numbers[] = {
        [CTL_TRIGGER_NMI] = XEN_DOMCTL_SENDTRIGGER_NMI, [CTL_TRIGGER_RESET] = XEN_DOMCTL_SENDTRIGGER_RESET,
        [CTL_TRIGGER_INIT] = XEN_DOMCTL_SENDTRIGGER_INIT, [CTL_TRIGGER_POWER] = XEN_DOMCTL_SENDTRIGGER_POWER,
        [CTL_TRIGGER_SLEEP] = XEN_DOMCTL_SENDTRIGGER_SLEEP,
    };
    struct xen_domctl domctl = { .cmd = XEN_DOMCTL_sendtrigger, .domain = (domid_t)domid };
    bool is_button = trigger == CTL_TRIGGER_POWER || trigger == CTL_TRIGGER_SLEEP;
    struct ctl_domain domain;
    int result;

    if (domid >= DOMID_FIRST_RESERVED)
        return refused(ctl, -ESRCH, domid, "raise this trigger in a vCPU");
    if ((unsigned)trigger >= sizeof(numbers) / sizeof(numbers[0]))
        return ctl_fail(ctl, EINVAL, "there is no trigger of the number %d", (int)trigger);
    domctl.u.sendtrigger.trigger = numbers[trigger];
    domctl.u.sendtrigger.vcpu = vcpu;
    result = hypercall_domctl(ctl, &domctl);
    if (result == -ESRCH && ctl_domain_get(ctl, domid, &domain) == 0)
        return ctl_fail(ctl, ESRCH, "domain %u has no vCPU %u", domid, vcpu);
    if (result < 0)
        return refused(ctl, result, domid, "raise this trigger in a vCPU");
    return is_button && !has_buttons(ctl, domid);
}

int ctl_sysrq(struct ctl *ctl, uint32_t domid, char key)
{
    char path[CTL_STORE_PATH_MAX];
    const char text[2] = { key };
    struct ctl_domain domain;
    int result = ctl_domain_get(ctl, domid, &domain), error;

    if (result < 0)
        return result;
    if (!ctl_store(ctl))
        return -ENOENT;
    ctl_path(path, "/local/domain/%u/control/sysrq", domid);
    error = ctl_store_write(ctl, XBT_NULL, path, text);
    return error ? ctl_fail(ctl, error, "cannot write %s in the store: %s", path, strerror(error)) : 0;
}

int ctl_debug_keys(struct ctl *ctl, const char *keys)
{
    struct xen_sysctl sysctl = { .cmd = XEN_SYSCTL_debug_keys };
    size_t length = strlen(keys);
    char *safe;
    int result;

    if (length == 0 || length > DEBUG_KEYS_MAX)
        return ctl_fail(ctl, EINVAL, "give 1 to %u debug keys", DEBUG_KEYS_MAX);
    safe = hypercall_alloc(ctl, length);
    if (!safe)
        return ctl_fail(ctl, ENOMEM, "there is no memory for the debug keys");
    memcpy(safe, keys, length);
    set_xen_guest_handle(sysctl.u.debug_keys.keys, safe);
    sysctl.u.debug_keys.nr_keys = (uint32_t)length;
    result = hypercall_sysctl(ctl, &sysctl);
    hypercall_free(ctl, safe, length);
    if (result == -ENOSYS || result == -EOPNOTSUPP)
        return ctl_fail(ctl, EOPNOTSUPP, "this hypervisor takes no debug keys from domain 0");
    return result < 0 ? ctl_fail(ctl, -result, "the hypervisor refuses the debug keys: %s", strerror(-result)) : 0;
}
