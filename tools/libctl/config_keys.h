/* SPDX-License-Identifier: MIT */
/*
 * The table of all keys of xl.cfg(5), and what becomes of each: it has a meaning here, it is ignored with a word, or
 * it is refused with a reason. A refusal is for what a guest would miss: its disk, its firmware, its isolation.
 */
#ifndef KEEL_CONFIG_KEYS_H
#define KEEL_CONFIG_KEYS_H

#include "config_syntax.h"

/* Where settings go while a configuration is made of them. */
struct config_builder {
    struct ctl_config *config;
    struct config_log *log;
    const struct config_settings *settings;
    bool is_json; /* members are named as in config_json.c, else as in xl.cfg(5) */
};

enum config_verdict {
    CONFIG_SUPPORTED,
    CONFIG_IGNORED, /* warned about */
    CONFIG_REFUSED, /* an error */
};

struct config_key {
    const char *name;
    enum config_verdict verdict;
    /* Why it is ignored or refused: the rest of a sentence that begins with the key. */
    const char *reason;
    /* The values, parted by |, with which an ignored or refused key asks for nothing. NULL: 0, "" and []. */
    const char *harmless;
    /* Takes a supported key's value. NULL: read with another key (root and extra with cmdline). */
    void (*apply)(struct config_builder *builder, const struct config_setting *setting);
};

extern const struct config_key config_keys[];
extern const size_t config_keys_count;

const struct config_key *config_key_find(const char *name);
/* Which of `names` (count of them, `stride` bytes apart) `word` was probably meant to be; NULL: none is near. */
const char *config_nearest(const char *word, const void *names, size_t count, size_t stride);
/* Whether the setting asks for nothing that its ignored or refused key would have to give. */
bool config_key_is_harmless(const struct config_key *key, const struct config_value *value);

/* The supported keys (config_apply.c). */
void config_apply_type(struct config_builder *builder, const struct config_setting *setting);
void config_apply_builder(struct config_builder *builder, const struct config_setting *setting);
void config_apply_name(struct config_builder *builder, const struct config_setting *setting);
void config_apply_uuid(struct config_builder *builder, const struct config_setting *setting);
void config_apply_kernel(struct config_builder *builder, const struct config_setting *setting);
void config_apply_ramdisk(struct config_builder *builder, const struct config_setting *setting);
void config_apply_memory(struct config_builder *builder, const struct config_setting *setting);
void config_apply_max_memory(struct config_builder *builder, const struct config_setting *setting);
void config_apply_vcpus(struct config_builder *builder, const struct config_setting *setting);
void config_apply_max_vcpus(struct config_builder *builder, const struct config_setting *setting);
void config_apply_cpus(struct config_builder *builder, const struct config_setting *setting);
void config_apply_cpus_soft(struct config_builder *builder, const struct config_setting *setting);
void config_apply_cpu_weight(struct config_builder *builder, const struct config_setting *setting);
void config_apply_cap(struct config_builder *builder, const struct config_setting *setting);
void config_apply_disks(struct config_builder *builder, const struct config_setting *setting);
void config_apply_nics(struct config_builder *builder, const struct config_setting *setting);
void config_apply_action(struct config_builder *builder, const struct config_setting *setting);

/* The settings of xl.cfg's keys into the configuration, then config_complete. */
void config_apply_all(struct config_builder *builder);

/* One setting, named as in config_json_read.c, into the configuration; what is unknown is warned about. */
void config_apply_member(struct config_builder *builder, const struct config_setting *setting);

/* Shared with the JSON reader. Each reports what is wrong and returns false then. */
bool config_get_number(struct config_builder *builder, const struct config_setting *setting, uint64_t least,
                       uint64_t most, const char *unit, uint64_t *number);
const char *config_get_string(struct config_builder *builder, const struct config_setting *setting);
bool config_set_string(struct config_builder *builder, const struct config_setting *setting, char **field);
/* Fills what follows from other settings and checks what no setting alone can tell. */
void config_complete(struct config_builder *builder, const char *source);

#define CONFIG_VCPUS_MAX 128u
#define CONFIG_MEMORY_MAX_MIB (UINT64_C(16) << 20)

extern const char *const config_action_names[CTL_ACTION_SOFT_RESET + 1];

/* What ctl_config_from_json does with a text from this file, which its messages name (config_json_read.c). */
int config_from_json(struct ctl_config *config, const char *source, const char *json,
                     struct ctl_config_messages *messages);

/* Whether these bytes are text in UTF-8 (config_lexer.c). */
bool config_is_utf8(const char *text, size_t length);

/* Lists of CPUs in xl's words (config_cpus.c). */
/* "0-3,^1" or "all" into a bitmap; false with a reason, the rest of a sentence, in `why`. */
bool config_cpus_parse(const char *text, uint8_t bitmap[CTL_CPUMAP_BYTES], char *why, size_t why_size);
/* The reverse; needs CONFIG_CPUS_TEXT_MAX bytes at most. */
#define CONFIG_CPUS_TEXT_MAX (CTL_CPUMAP_BYTES * 8 * 4)
void config_cpus_print(const uint8_t bitmap[CTL_CPUMAP_BYTES], char text[CONFIG_CPUS_TEXT_MAX]);
/* Where this vCPU may run as that says; NULL: anywhere. */
const uint8_t *config_affinity_of(const struct ctl_affinity *affinity, uint32_t vcpu);

#endif
