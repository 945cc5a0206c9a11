/* SPDX-License-Identifier: MIT */
/*
 * libctl: control of domains, for every tool of domain 0.
 *
 * Contract of all calls: 0 or a count on success, a negative errno on failure; ctl_error() then holds one sentence
 * that names the file, key or domain and says what is wrong; -EOPNOTSUPP means that the hypervisor does not have it.
 * Calls are synchronous. A handle may be used by one thread at a time, and each thread may have handles of its own:
 * the library has no state outside of them. A child of fork leaves its parent's handles alone and opens its own. Names:
 * `domid` is Xen's domain number; memory is in KiB, time in ns, unless the name says else.
 */
#ifndef KEEL_CTL_H
#define KEEL_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ctl;
struct ctl_config;

/* What libctl.so gives to other programs. */
#define CTL_API __attribute__((visibility("default")))
#define CTL_NAME_MAX 255
#define CTL_CPUMAP_BYTES 64 /* 512 physical CPUs */

/* --- handle ------------------------------------------------------------------------------------------------- */

/*
 * Opens /dev/xen/privcmd; the store is reached at the first call that needs it, so that what the hypervisor alone can
 * answer works without one. -ENODEV when this is no Xen-compatible control domain, -EACCES or -EPERM when the caller
 * may not control it.
 */
CTL_API int ctl_open(struct ctl **out);
CTL_API void ctl_close(struct ctl *ctl);
/* The sentence of the last failure on this handle (never NULL). With ctl == NULL: of the last failed ctl_open. */
CTL_API const char *ctl_error(const struct ctl *ctl);

/* --- domains ------------------------------------------------------------------------------------------------ */

enum ctl_shutdown { CTL_SHUTDOWN_POWEROFF, CTL_SHUTDOWN_REBOOT, CTL_SHUTDOWN_SUSPEND, CTL_SHUTDOWN_CRASH,
                    CTL_SHUTDOWN_WATCHDOG, CTL_SHUTDOWN_SOFT_RESET };

struct ctl_domain {
    uint32_t domid;
    char name[CTL_NAME_MAX + 1]; /* "" where the store has none */
    uint8_t uuid[16];
    bool running, blocked, paused, shutdown, dying;
    enum ctl_shutdown shutdown_reason; /* valid if shutdown */
    uint64_t memory_kib, max_memory_kib;
    uint32_t vcpus_online, vcpus_max;
    uint64_t cpu_time_ns;
    uint32_t pool;                     /* the CPU pool it runs in */
    uint32_t ssid;                     /* the security label's number */
};

struct ctl_vcpu {
    uint32_t id, cpu; /* cpu: where it runs or ran last */
    bool online, running, blocked;
    uint64_t cpu_time_ns;
    uint8_t hard_affinity[CTL_CPUMAP_BYTES], soft_affinity[CTL_CPUMAP_BYTES]; /* bitmaps, least significant bit first */
};

/* All domains by rising id; free *list with free(). Returns the count. */
CTL_API ssize_t ctl_domain_list(struct ctl *ctl, struct ctl_domain **list);
CTL_API int ctl_domain_get(struct ctl *ctl, uint32_t domid, struct ctl_domain *domain);
/*
 * A name, or a number; -ESRCH when there is none, another errno when the store does not tell the names. A name made of
 * digits is matched as a name first.
 */
CTL_API int ctl_domain_find(struct ctl *ctl, const char *name_or_id, uint32_t *domid);

#define CTL_CREATE_PAUSED 1u
/*
 * Builds and (unless CTL_CREATE_PAUSED) starts a guest. A transaction: on failure nothing is left behind. -EEXIST when
 * another domain has the name or is being given it.
 */
CTL_API int ctl_domain_create(struct ctl *ctl, const struct ctl_config *config, unsigned flags, uint32_t *domid);
CTL_API int ctl_domain_pause(struct ctl *ctl, uint32_t domid);
CTL_API int ctl_domain_unpause(struct ctl *ctl, uint32_t domid);
/* Asks the guest through control/shutdown in the store; does not wait. */
CTL_API int ctl_domain_shutdown(struct ctl *ctl, uint32_t domid, enum ctl_shutdown how);
/*
 * Ends a domain at once: devices, hypervisor state, store entries. Returns when all of it is gone; -EBUSY when another
 * domain or a daemon still holds some of its memory 10 s later: it is dead then, and what is left goes with that.
 */
CTL_API int ctl_domain_destroy(struct ctl *ctl, uint32_t domid);
/* Free *list with free(). Returns the count. */
CTL_API ssize_t ctl_vcpu_list(struct ctl *ctl, uint32_t domid, struct ctl_vcpu **list);
/*
 * Path of the terminal that the console daemon serves for the domain; waits up to timeout_ms for it to appear.
 * -ETIMEDOUT; -EPIPE when the store is lost meanwhile.
 */
CTL_API int ctl_console_path(struct ctl *ctl, uint32_t domid, int timeout_ms, char *path, size_t size);

enum ctl_finding_kind {
    CTL_FINDING_HALF_MADE, /* a domain whose creator was killed: it is ended */
    CTL_FINDING_DYING,     /* a dead domain that something holds: cannot be mended here */
    CTL_FINDING_NAMELESS,  /* a domain that runs without entries in the store: is left alone */
    CTL_FINDING_ORPHAN,    /* entries in the store without their domain: are removed */
    CTL_FINDING_NOTE,      /* a note in the store that is no longer true: is removed */
    CTL_FINDING_DEVICE,    /* a device whose attaching or detaching was cut off: is removed */
};
struct ctl_finding {
    enum ctl_finding_kind kind;
    uint32_t domid;        /* UINT32_MAX: none */
    bool mended;
    char text[256];        /* a sentence */
};
/*
 * What is left over or does not fit together; mended where that can be, if `mend`. Free *list with free(). Returns the
 * count. -EBUSY while a domain is being created: a half-made one could not be told from it.
 */
CTL_API ssize_t ctl_fsck(struct ctl *ctl, bool mend, struct ctl_finding **list);

/* --- changing what runs (domain_change.c, vcpu_change.c) ---------------------------------------------------------- */

/* -EEXIST when another domain has the name, -EINVAL when it is none (empty, too long, with / or control characters). */
CTL_API int ctl_domain_rename(struct ctl *ctl, uint32_t domid, const char *name);
/* Since its creation; for domain 0 since this kernel's boot. */
CTL_API int ctl_domain_uptime(struct ctl *ctl, uint32_t domid, uint64_t *uptime_ns);
#define CTL_VCPUS_ALL UINT32_MAX
/* Where a vCPU (or all) may and prefers to run; NULL leaves one of the two as it is. -EINVAL when no CPU is left. */
CTL_API int ctl_vcpu_pin(struct ctl *ctl, uint32_t domid, uint32_t vcpu, const uint8_t hard[CTL_CPUMAP_BYTES],
                         const uint8_t soft[CTL_CPUMAP_BYTES]);
/* Asks the guest to have the first `online` of its vCPUs online. */
CTL_API int ctl_vcpu_set(struct ctl *ctl, uint32_t domid, uint32_t online);
/* Asks the guest's balloon driver for this much memory; not above what memory-max allows. */
CTL_API int ctl_memory_set(struct ctl *ctl, uint32_t domid, uint64_t memory_kib);
/* The most that ctl_memory_set may ask for. */
CTL_API int ctl_memory_max(struct ctl *ctl, uint32_t domid, uint64_t memory_kib);
/* ctl_trigger: 1 where it has been raised, but the domain is a PVH guest, to which a button does nothing. */
enum ctl_trigger { CTL_TRIGGER_NMI, CTL_TRIGGER_RESET, CTL_TRIGGER_INIT, CTL_TRIGGER_POWER, CTL_TRIGGER_SLEEP };
CTL_API int ctl_trigger(struct ctl *ctl, uint32_t domid, enum ctl_trigger trigger, uint32_t vcpu);
/* Asks the guest's kernel, through the store, for what SysRq and this key do. */
CTL_API int ctl_sysrq(struct ctl *ctl, uint32_t domid, char key);
/* As if the keys were typed at the hypervisor's own console. */
CTL_API int ctl_debug_keys(struct ctl *ctl, const char *keys);

/* --- shares of the CPUs (scheduler.c) --------------------------------------------------------------------------- */

enum ctl_scheduler { CTL_SCHEDULER_CREDIT, CTL_SCHEDULER_CREDIT2, CTL_SCHEDULER_OTHER };
struct ctl_share {
    uint32_t weight; /* 1 to 65535, relative to the others' */
    uint32_t cap;    /* percent of one CPU; 0: none */
};
struct ctl_pool {
    uint32_t id, domains;
    char name[64];
    enum ctl_scheduler scheduler;
    char scheduler_name[16];
    uint8_t cpus[CTL_CPUMAP_BYTES];
};
struct ctl_pool_times {
    uint32_t ratelimit_us;
    uint32_t timeslice_ms, migration_delay_us; /* credit alone */
};
CTL_API int ctl_share_get(struct ctl *ctl, uint32_t domid, enum ctl_scheduler scheduler, struct ctl_share *share);
CTL_API int ctl_share_set(struct ctl *ctl, uint32_t domid, enum ctl_scheduler scheduler,
                          const struct ctl_share *share);
/* All CPU pools; free *list with free(). A hypervisor that has no pools shows one, Pool-0, with all CPUs. */
CTL_API ssize_t ctl_pool_list(struct ctl *ctl, struct ctl_pool **list);
CTL_API int ctl_pool_times_get(struct ctl *ctl, const struct ctl_pool *pool, struct ctl_pool_times *times);
CTL_API int ctl_pool_times_set(struct ctl *ctl, const struct ctl_pool *pool, const struct ctl_pool_times *times);

/* --- events (events.c) ------------------------------------------------------------------------------------------ */

/*
 * What becomes of domains, as it happens: the descriptor is readable when there may be something to fetch. What comes
 * and goes between two fetches is not seen: a domain that lives shorter than that, a shutdown whose domain is gone.
 * A handle of events is used by one thread at a time, with the ctl that opened it.
 */
struct ctl_events;
enum ctl_event_kind { CTL_EVENT_CREATED, CTL_EVENT_RENAMED, CTL_EVENT_SHUTDOWN, CTL_EVENT_DESTROYED };
struct ctl_event {
    enum ctl_event_kind kind;
    uint32_t domid;
    uint8_t uuid[16];
    char name[CTL_NAME_MAX + 1];
    enum ctl_shutdown reason; /* of CTL_EVENT_SHUTDOWN */
};
/* Domains that there are already give no event. */
CTL_API int ctl_events_open(struct ctl *ctl, struct ctl_events **out);
CTL_API void ctl_events_close(struct ctl_events *events);
CTL_API int ctl_events_fd(const struct ctl_events *events);
/*
 * 1 with *event filled, 0 when there is nothing at the moment: the descriptor is only waited for after that. It never
 * waits. -EPIPE: the store is gone, open anew; after another failure nothing is lost, the next call looks again.
 */
CTL_API int ctl_events_next(struct ctl *ctl, struct ctl_events *events, struct ctl_event *event);
/* "created", "renamed", "shutdown", "destroyed". */
CTL_API const char *ctl_event_word(enum ctl_event_kind kind);

/* --- times (times.c) -------------------------------------------------------------------------------------------- */

struct ctl_vcpu_time {
    uint32_t id, cpu; /* cpu: where it runs or ran last */
    bool online, running, blocked;
    uint64_t cpu_time_ns;
};
/* Up to `most` vCPUs, ids below `vcpus_max`, of a domain; one hypercall each. Returns the count. */
CTL_API ssize_t ctl_vcpu_times(struct ctl *ctl, uint32_t domid, uint32_t vcpus_max, struct ctl_vcpu_time *list,
                               size_t most);
/* How long a vCPU of the caller's own domain has been runnable while others ran. */
CTL_API int ctl_own_wait_time(struct ctl *ctl, uint32_t vcpu, uint64_t *wait_ns);
/* How long each physical CPU has been idle; by number, up to `most`. Returns the count. */
CTL_API ssize_t ctl_cpu_idle_times(struct ctl *ctl, uint64_t *idle_ns, size_t most);

/* --- host --------------------------------------------------------------------------------------------------- */

struct ctl_host {
    uint32_t cpus, cpus_online, nodes, cores_per_socket, threads_per_core, cpu_khz;
    uint64_t total_kib, free_kib, outstanding_kib;
    uint32_t hw_caps[8];
    bool hvm, hap;
    uint32_t virt_caps;        /* XEN_SYSCTL_PHYSCAP_* */
    uint32_t free_cpus;        /* in no CPU pool */
    uint64_t sharing_freed_kib, sharing_used_kib; /* saved by, and in, pages that guests share */
    uint32_t xen_major, xen_minor;
    char xen_extra[64], changeset[64], capabilities[1024], command_line[1024], scheduler[32];
    char compiler[128], compile_by[64], compile_domain[64], compile_date[64], build_id[65];
    uint32_t page_size;
    uint64_t virt_start;
};
CTL_API int ctl_host_get(struct ctl *ctl, struct ctl_host *host);

/*
 * Writes the memory and the registers of a domain into a new file, in the form that Xen's tools have for cores; the
 * domain stands still meanwhile. A file that cannot be written whole is removed. -EINTR when SIGINT, SIGTERM, SIGHUP or
 * SIGQUIT comes meanwhile: it is held back until the domain goes on and the file is removed.
 */
CTL_API int ctl_domain_dump(struct ctl *ctl, uint32_t domid, const char *path);

#define CTL_NODES_MAX 64u

/* Where a CPU is. */
struct ctl_cpu_place {
    uint32_t cpu, core, socket, node;
};

/* A part of the machine's memory that some CPUs are near to. */
struct ctl_node {
    uint32_t id;
    uint64_t memory_kib, free_kib;
    uint32_t distances_count, distances[CTL_NODES_MAX]; /* to the node of each number; 10 to itself */
};

/* The node that a PCI function is near to. */
struct ctl_pci_place {
    uint32_t segment, bus, device, function, node;
};

/*
 * The CPUs that are online, the nodes, and those PCI functions whose node the hypervisor knows, in the order in which
 * domain 0's kernel lists them; free *list with free(). Return the count.
 */
CTL_API ssize_t ctl_cpu_places(struct ctl *ctl, struct ctl_cpu_place **list);
CTL_API ssize_t ctl_nodes(struct ctl *ctl, struct ctl_node **list);
CTL_API ssize_t ctl_pci_places(struct ctl *ctl, struct ctl_pci_place **list);
/* The hypervisor's log, NUL-terminated; free *text with free(). Returns its length. */
CTL_API ssize_t ctl_dmesg(struct ctl *ctl, bool clear, char **text);

#ifdef __cplusplus
}
#endif

#endif
