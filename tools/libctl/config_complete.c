/* SPDX-License-Identifier: MIT */
/* What one setting alone cannot tell: required keys, limits that depend on each other, and defaults that follow. */
#include "config_keys.h"

/* The names of the same thing in xl.cfg and in JSON. */
static const char *name_of(const struct config_builder *builder, const char *key, const char *member)
{
    return builder->is_json ? member : key;
}

static const struct config_setting *find(const struct config_builder *builder, const char *key, const char *member)
{
    return config_settings_find(builder->settings, name_of(builder, key, member));
}

static void check_present(struct config_builder *builder, const char *source)
{
    const struct config_place whole = { source, 0, 0 };
    const struct config_setting *kernel = find(builder, "kernel", "kernel");

    if (!find(builder, "name", "name"))
        config_error(builder->log, whole, "key \"name\" is missing: every guest needs a name, as in name = \"guest1\"");
    if (!kernel)
        config_error(builder->log, whole,
                     "key \"kernel\" is missing: name the guest's kernel, as in kernel = \"/boot/vmlinuz\"");
    else if (!builder->config->kernel && kernel->value.kind != CONFIG_LIST)
        config_error(builder->log, kernel->value.place, "key \"kernel\": the path is empty");
}

static void complete_memory(struct config_builder *builder)
{
    const struct config_setting *memory = find(builder, "memory", "memory_kib");
    const struct config_setting *max_memory = find(builder, "maxmem", "max_memory_kib");
    struct ctl_config *config = builder->config;

    config->memory_set = memory;
    config->max_memory_set = max_memory;
    if (!memory && max_memory)
        config->memory_kib = config->max_memory_kib;
    else if (memory && !max_memory)
        config->max_memory_kib = config->memory_kib;
    else if (memory && max_memory && config->max_memory_kib < config->memory_kib)
        config_error(builder->log, max_memory->value.place, "key \"%s\": %s is less than the %s of %s", max_memory->key,
                     max_memory->value.text ? max_memory->value.text : "it",
                     memory->value.text ? memory->value.text : "value", memory->key);
}

static void check_affinity(struct config_builder *builder, const char *key, const struct ctl_affinity *affinity)
{
    const struct config_setting *setting = config_settings_find(builder->settings, key);
    uint32_t vcpus = builder->config->max_vcpus;

    if (setting && affinity->vcpus_count > vcpus)
        config_warning(builder->log, setting->place,
                       "key \"%s\": the list has %u entries for %u vCPU%s; the last ones are not used", key,
                       affinity->vcpus_count, vcpus, vcpus == 1 ? "" : "s");
}

static void complete_vcpus(struct config_builder *builder)
{
    const struct config_setting *vcpus = find(builder, "vcpus", "vcpus");
    const struct config_setting *max_vcpus = find(builder, "maxvcpus", "max_vcpus");
    struct ctl_config *config = builder->config;

    config->vcpus_set = vcpus;
    config->max_vcpus_set = max_vcpus;
    if (!max_vcpus)
        config->max_vcpus = config->vcpus;
    else if (vcpus && config->vcpus > config->max_vcpus)
        config_error(builder->log, vcpus->value.place, "key \"vcpus\": %u is more than the %u of %s", config->vcpus,
                     config->max_vcpus, max_vcpus->key);
    config->cap_set = find(builder, "cap", "cap");
    check_affinity(builder, "cpus", &config->cpus);
    check_affinity(builder, "cpus_soft", &config->cpus_soft);
}

void config_complete(struct config_builder *builder, const char *source)
{
    check_present(builder, source);
    complete_memory(builder);
    complete_vcpus(builder);
}
