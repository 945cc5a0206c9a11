/* SPDX-License-Identifier: MIT */
/*
 * A guest's configuration, as read from a file in xl.cfg's grammar (xl.cfg(5)) and the command line.
 * Parsing touches nothing but the file: no hypervisor, no store, no kernel file.
 */
#ifndef KEEL_CONFIG_H
#define KEEL_CONFIG_H

#include "ctl.h"

#ifdef __cplusplus
extern "C" {
#endif

enum ctl_action { CTL_ACTION_DESTROY, CTL_ACTION_RESTART, CTL_ACTION_RENAME_RESTART, CTL_ACTION_PRESERVE,
                  CTL_ACTION_COREDUMP_DESTROY, CTL_ACTION_COREDUMP_RESTART, CTL_ACTION_SOFT_RESET };

enum ctl_disk_format { CTL_DISK_RAW, CTL_DISK_QCOW, CTL_DISK_QCOW2, CTL_DISK_VHD, CTL_DISK_QED, CTL_DISK_EMPTY };
enum ctl_disk_backend { CTL_DISK_ANY, CTL_DISK_PHY, CTL_DISK_TAP, CTL_DISK_QDISK, CTL_DISK_STANDALONE };
enum ctl_discard { CTL_DISCARD_DEFAULT, CTL_DISCARD_ON, CTL_DISCARD_OFF };
enum ctl_disk_protocol { CTL_PROTOCOL_DEFAULT, CTL_PROTOCOL_XEN, CTL_PROTOCOL_VIRTIO };
/* Whether the guest's driver is told to trust the device's backend; one that is told nothing does. */
enum ctl_trust { CTL_TRUST_DEFAULT, CTL_TRUSTED, CTL_UNTRUSTED };

/* As in xl-disk-configuration(5). */
struct ctl_disk {
    char *target;              /* file or device; "" for an empty CD drive */
    char *vdev;                /* what the guest calls it: "xvda" */
    enum ctl_disk_format format;
    enum ctl_disk_backend backend_type;
    char *backend;             /* the domain that serves it; NULL: domain 0 */
    char *script;              /* NULL: the usual one */
    bool writable, cdrom, direct_io_safe;
    enum ctl_discard discard;
    enum ctl_disk_protocol protocol; /* specification */
    enum ctl_trust trust;
};

enum ctl_nic_type { CTL_NIC_ANY, CTL_NIC_VIF, CTL_NIC_IOEMU };

/* As in xl-network-configuration(5). */
struct ctl_nic {
    bool mac_set, number_set;
    uint8_t mac[6];
    uint32_t number;           /* devid */
    char *bridge, *gateway_device, *interface, *script, *ip, *model, *backend; /* NULL: the usual */
    enum ctl_nic_type type;
    uint32_t mtu;              /* 0: the usual */
    uint64_t rate_bytes;       /* an interval; rate_interval_us 0: no limit */
    uint32_t rate_interval_us;
    enum ctl_trust trust;
};

/* CPUs of vCPUs: as one list for all, or one each. Bits beyond the host's CPUs are ignored. */
struct ctl_affinity {
    bool set;
    uint8_t all[CTL_CPUMAP_BYTES]; /* cpus = "...", if set */
    /* cpus = [...]: a bitmap each for vCPU 0, 1, ...; NULL: none. vCPUs beyond the count follow `all`. */
    uint8_t (*vcpus)[CTL_CPUMAP_BYTES];
    uint32_t vcpus_count;
};

struct ctl_config {
    char *source;              /* the file's name, for messages; NULL when built by a program */
    char *name;                /* required */
    bool uuid_set;
    uint8_t uuid[16];
    char *kernel;              /* required: ELF or bzImage */
    char *ramdisk;             /* NULL: none */
    char *command_line;        /* cmdline, or root and extra joined as xl does; NULL: none */
    uint64_t memory_kib, max_memory_kib;
    uint32_t vcpus, max_vcpus;
    bool memory_set, max_memory_set, vcpus_set, max_vcpus_set, cap_set; /* written there, not what follows or is usual */
    struct ctl_affinity cpus, cpus_soft; /* where they may run, and where by preference */
    uint32_t cpu_weight;       /* 0: the scheduler's default */
    uint32_t cap;              /* percent of one CPU; 0: none */
    struct ctl_disk *disks;
    size_t disks_count;
    struct ctl_nic *nics;
    size_t nics_count;
    enum ctl_action on_poweroff, on_reboot, on_crash, on_watchdog, on_soft_reset;
};

/* One finding: an error stops, a warning does not. */
struct ctl_config_message {
    bool is_error;
    unsigned line, column;     /* 0: not about a place in the file */
    char text[512];            /* one sentence that names file, line and key */
};

struct ctl_config_messages {
    struct ctl_config_message *list;
    size_t count;
};

/* Fills *config with defaults. Every config is ended by ctl_config_free, also after a failed parse. */
CTL_API void ctl_config_init(struct ctl_config *config);
CTL_API void ctl_config_free(struct ctl_config *config);
/*
 * Reads a file: in xl.cfg's grammar, or JSON (it begins with "{"), or libvirt's XML (it begins with "<"). A directory,
 * a binary, or one over 1 MiB is refused with a sentence. Then `overrides` (each a line of xl.cfg's grammar, later
 * ones win). -EINVAL when *messages holds an error, -errno when it cannot be read (said in
 * *messages too). Free messages with ctl_config_messages_free.
 */
CTL_API int ctl_config_read(struct ctl_config *config, const char *path, const char *const *overrides,
                            size_t overrides_count, struct ctl_config_messages *messages);
/* The same from memory; `source` is the name used in messages. */
CTL_API int ctl_config_parse(struct ctl_config *config, const char *source, const char *text, size_t length,
                             const char *const *overrides, size_t overrides_count,
                             struct ctl_config_messages *messages);
CTL_API void ctl_config_messages_free(struct ctl_config_messages *messages);
/* The configuration as JSON text (what ctl_config_from_json reads back); free with free(). NULL: no memory. */
CTL_API char *ctl_config_to_json(const struct ctl_config *config);
CTL_API int ctl_config_from_json(struct ctl_config *config, const char *json, struct ctl_config_messages *messages);
/*
 * libvirt's domain XML, both ways. Losses of the first are warnings in *messages; free *text with free(). The second
 * reads `length` bytes; `source` is the name used in messages. -EOPNOTSUPP where libxml2 is not installed.
 */
CTL_API int ctl_config_to_xml(const struct ctl_config *config, char **text, struct ctl_config_messages *messages);
CTL_API int ctl_config_from_xml(struct ctl_config *config, const char *source, const char *text, size_t length,
                                struct ctl_config_messages *messages);
/* In xl.cfg's grammar; free with free(). NULL: no memory. Memory is rounded up to whole MiB. */
CTL_API char *ctl_config_to_cfg(const struct ctl_config *config);
/*
 * The configuration that a domain was created from, or was given by ctl_domain_config_set, with the domain's present
 * name; -ENODATA for a domain that libctl did not make. *config is ended by ctl_config_free either way.
 */
CTL_API int ctl_domain_config_get(struct ctl *ctl, uint32_t domid, struct ctl_config *config);
/* What a restart of the domain will use; the domain itself stays as it is. */
CTL_API int ctl_domain_config_set(struct ctl *ctl, uint32_t domid, const struct ctl_config *config);

/* --- devices of a domain that is there (device.c) --------------------------------------------------------------- */

/*
 * Domain 0's kernel serves them (xen-blkback, xen-netback): disks that are files or block devices, in raw format, and
 * network interfaces. -EOPNOTSUPP for what has no backend.
 */
enum ctl_device_kind { CTL_DEVICE_DISK, CTL_DEVICE_NIC };

/* The number of a disk that the guest is to call so, as in xen-vbd-interface(7): 51712 for "xvda". -EINVAL. */
CTL_API int ctl_disk_number(const char *vdev, uint32_t *number);
/*
 * Gives a domain a disk or an interface; returns when domain 0's driver has taken it (the guest may take its time).
 * -EEXIST when the domain has it, -EBUSY when another writes to the disk. The domain's stored configuration has it then
 * too. On failure nothing is left behind.
 */
CTL_API int ctl_disk_attach(struct ctl *ctl, uint32_t domid, const struct ctl_disk *disk, uint32_t *number);
CTL_API int ctl_nic_attach(struct ctl *ctl, uint32_t domid, const struct ctl_nic *nic, uint32_t *number);
/* Waits until the guest uses it; -ETIMEDOUT. */
CTL_API int ctl_device_wait(struct ctl *ctl, uint32_t domid, enum ctl_device_kind kind, uint32_t number,
                            int timeout_ms);
#define CTL_DETACH_FORCE 1u
/*
 * Asks the guest for the device and removes it; -ETIMEDOUT when the guest keeps it so long (it is still asked then).
 * CTL_DETACH_FORCE removes it without asking. -ENODEV when the domain has none of this number.
 */
CTL_API int ctl_device_detach(struct ctl *ctl, uint32_t domid, enum ctl_device_kind kind, uint32_t number,
                              unsigned flags, int timeout_ms);
/* The number of an interface that is given by number or MAC address. */
CTL_API int ctl_nic_find(struct ctl *ctl, uint32_t domid, const char *number_or_mac, uint32_t *number);

#ifdef __cplusplus
}
#endif

#endif
