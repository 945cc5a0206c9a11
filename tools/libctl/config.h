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
    bool affinity_set;
    uint8_t hard_affinity[CTL_CPUMAP_BYTES]; /* cpus= ; bits beyond the host's CPUs are ignored */
    /* cpus = [...]: a bitmap each for vCPU 0, 1, ...; NULL: none. vCPUs beyond the count follow hard_affinity. */
    uint8_t (*vcpu_affinity)[CTL_CPUMAP_BYTES];
    uint32_t vcpu_affinity_count;
    uint32_t cpu_weight;       /* 0: the scheduler's default */
    uint32_t cap;              /* percent of one CPU; 0: none */
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
 * Reads a file (a directory, a binary, or one over 1 MiB is refused with a sentence), then `overrides` (each a line
 * of the same grammar, later ones win). -EINVAL when *messages holds an error, -errno when it cannot be read (said in
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
 * The configuration that a domain was created from, or was given by ctl_domain_config_set, with the domain's present
 * name; -ENODATA for a domain that libctl did not make. *config is ended by ctl_config_free either way.
 */
CTL_API int ctl_domain_config_get(struct ctl *ctl, uint32_t domid, struct ctl_config *config);
/* What a restart of the domain will use; the domain itself stays as it is. */
CTL_API int ctl_domain_config_set(struct ctl *ctl, uint32_t domid, const struct ctl_config *config);

#ifdef __cplusplus
}
#endif

#endif
