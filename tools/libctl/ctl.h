/* SPDX-License-Identifier: MIT */
/*
 * libctl: control of domains, for every tool of domain 0.
 *
 * Contract of all calls: 0 or a count on success, a negative errno on failure; ctl_error() then holds one sentence
 * that names the file, key or domain and says what is wrong. Calls are synchronous. A handle may be used by one
 * thread at a time. Names: `domid` is Xen's domain number; memory is in KiB, time in ns, unless the name says else.
 */
#ifndef KEEL_CTL_H
#define KEEL_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ctl;
struct ctl_config;

#define CTL_API __attribute__((visibility("default")))
#define CTL_NAME_MAX 255
#define CTL_CPUMAP_BYTES 64 /* 512 physical CPUs */

/* --- handle ------------------------------------------------------------------------------------------------- */

/*
 * Opens /dev/xen/privcmd; the store is reached at the first call that needs it, so that what the hypervisor alone can
 * answer works without one. -ENODEV when this is no Xen-compatible control domain.
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
/* A name, or a number; -ESRCH when there is none. A name made of digits is matched as a name first. */
CTL_API int ctl_domain_find(struct ctl *ctl, const char *name_or_id, uint32_t *domid);

#define CTL_CREATE_PAUSED 1u
/* Builds and (unless CTL_CREATE_PAUSED) starts a guest. A transaction: on failure nothing is left behind. */
CTL_API int ctl_domain_create(struct ctl *ctl, const struct ctl_config *config, unsigned flags, uint32_t *domid);
CTL_API int ctl_domain_pause(struct ctl *ctl, uint32_t domid);
CTL_API int ctl_domain_unpause(struct ctl *ctl, uint32_t domid);
/* Asks the guest through control/shutdown in the store; does not wait. */
CTL_API int ctl_domain_shutdown(struct ctl *ctl, uint32_t domid, enum ctl_shutdown how);
/* Ends a domain at once: devices, hypervisor state, store entries. Returns when all of it is gone. */
CTL_API int ctl_domain_destroy(struct ctl *ctl, uint32_t domid);
/* Free *list with free(). Returns the count. */
CTL_API ssize_t ctl_vcpu_list(struct ctl *ctl, uint32_t domid, struct ctl_vcpu **list);
/* Path of the terminal that the console daemon serves for the domain; waits up to timeout_ms for it to appear. */
CTL_API int ctl_console_path(struct ctl *ctl, uint32_t domid, int timeout_ms, char *path, size_t size);

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
/* The hypervisor's log, NUL-terminated; free *text with free(). Returns its length. */
CTL_API ssize_t ctl_dmesg(struct ctl *ctl, bool clear, char **text);

#endif
