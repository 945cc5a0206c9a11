/* SPDX-License-Identifier: MIT */
/* What the supported keys of xl.cfg(5) mean: from settings to a struct ctl_config, each value checked. */
#include "config_keys.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char *const config_action_names[CTL_ACTION_SOFT_RESET + 1] = {
    [CTL_ACTION_DESTROY] = "destroy",
    [CTL_ACTION_RESTART] = "restart",
    [CTL_ACTION_RENAME_RESTART] = "rename-restart",
    [CTL_ACTION_PRESERVE] = "preserve",
    [CTL_ACTION_COREDUMP_DESTROY] = "coredump-destroy",
    [CTL_ACTION_COREDUMP_RESTART] = "coredump-restart",
    [CTL_ACTION_SOFT_RESET] = "soft-reset",
};

bool config_get_number(struct config_builder *builder, const struct config_setting *setting, uint64_t least,
                       uint64_t most, const char *unit, uint64_t *number)
{
    const struct config_value *value = &setting->value;
    const char *text = value->text;

    if (value->kind == CONFIG_LIST) {
        config_error(builder->log, value->place, "key \"%s\": a number expected, not a list", setting->key);
        return false;
    }
    switch (config_number(text + strspn(text, " \t"), number)) {
    case CONFIG_NUMBER_BAD:
        config_error(builder->log, value->place, "key \"%s\": \"%.40s\" is not a number; write a whole number%s%s",
                     setting->key, text, *unit ? " of " : "", unit);
        return false;
    case CONFIG_NUMBER_OK:
        if (*number >= least && *number <= most)
            return true;
        break;
    case CONFIG_NUMBER_NEGATIVE:
    case CONFIG_NUMBER_HUGE:
        break;
    }
    config_error(builder->log, value->place, "key \"%s\": %.40s is out of range; it must be from %llu to %llu%s%s",
                 setting->key, text, (unsigned long long)least, (unsigned long long)most, *unit ? " " : "", unit);
    return false;
}

const char *config_get_string(struct config_builder *builder, const struct config_setting *setting)
{
    const struct config_value *value = &setting->value;
    uint64_t number;

    if (value->kind == CONFIG_LIST) {
        config_error(builder->log, value->place, "key \"%s\": a string expected, not a list", setting->key);
        return NULL;
    }
    if (value->kind == CONFIG_NUMBER && config_number(value->text, &number) == CONFIG_NUMBER_BAD) {
        config_error(builder->log, value->place, "key \"%s\": a string needs quotes: \"%.40s\"", setting->key,
                     value->text);
        return NULL;
    }
    return value->text;
}

bool config_set_string(struct config_builder *builder, const struct config_setting *setting, char **field)
{
    const char *text = config_get_string(builder, setting);

    if (!text)
        return false;
    free(*field);
    *field = strdup(text);
    if (!*field)
        config_out_of_memory(builder->log);
    return *field != NULL;
}

void config_apply_type(struct config_builder *builder, const struct config_setting *setting)
{
    const char *type = config_get_string(builder, setting);

    if (!type || strcmp(type, "pvh") == 0)
        return;
    if (strcmp(type, "pv") == 0 || strcmp(type, "hvm") == 0)
        config_error(builder->log, setting->value.place, "key \"%s\": there are no %s guests, only PVH guests; write "
                     "\"pvh\" and give a kernel that can start so", setting->key, strcmp(type, "pv") ? "HVM" : "PV");
    else
        config_error(builder->log, setting->value.place, "key \"%s\": \"%.40s\" is no kind of guest; write \"pvh\"",
                     setting->key, type);
}

void config_apply_builder(struct config_builder *builder, const struct config_setting *setting)
{
    if (config_settings_find(builder->settings, "type"))
        config_warning(builder->log, setting->place, "key \"builder\" is ignored: type says what the guest is");
    else
        config_error(builder->log, setting->value.place, "key \"builder\": there are only PVH guests; replace it by "
                     "type = \"pvh\" and give a kernel that can start so");
}

void config_apply_name(struct config_builder *builder, const struct config_setting *setting)
{
    const char *name = config_get_string(builder, setting);
    struct config_place place = setting->value.place;

    if (!name)
        return;
    if (*name == '\0') {
        config_error(builder->log, place, "key \"name\": the name is empty");
        return;
    }
    if (strlen(name) > CTL_NAME_MAX) {
        config_error(builder->log, place, "key \"name\": the name is longer than %d bytes", CTL_NAME_MAX);
        return;
    }
    for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
        if (iscntrl(*c) || *c == '/') {
            config_error(builder->log, place, "key \"name\": a name has neither \"/\" nor control characters");
            return;
        }
    }
    config_set_string(builder, setting, &builder->config->name);
}

static bool parse_uuid(const char *text, uint8_t uuid[16])
{
    static const char digits[] = "0123456789abcdef";
    bool hyphens = strlen(text) == 36;

    if (!hyphens && strlen(text) != 32)
        return false;
    for (unsigned i = 0; i < 16; i++) {
        if (hyphens && (i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
            return false;
        const char *high = strchr(digits, tolower((unsigned char)text[0]));
        const char *low = strchr(digits, tolower((unsigned char)text[1]));

        if (!high || !low)
            return false;
        uuid[i] = (uint8_t)((high - digits) << 4 | (low - digits));
        text += 2;
    }
    return true;
}

void config_apply_uuid(struct config_builder *builder, const struct config_setting *setting)
{
    const char *text = config_get_string(builder, setting);

    if (!text)
        return;
    builder->config->uuid_set = parse_uuid(text, builder->config->uuid);
    if (!builder->config->uuid_set)
        config_error(builder->log, setting->value.place,
                     "key \"uuid\": \"%.48s\" is no UUID; write 32 hexadecimal digits "
                     "as 8-4-4-4-12",
                     text);
}

static void set_path(struct config_builder *builder, const struct config_setting *setting, char **field)
{
    if (config_set_string(builder, setting, field) && **field == '\0') {
        free(*field);
        *field = NULL;
    }
}

void config_apply_kernel(struct config_builder *builder, const struct config_setting *setting)
{
    set_path(builder, setting, &builder->config->kernel);
}

void config_apply_ramdisk(struct config_builder *builder, const struct config_setting *setting)
{
    set_path(builder, setting, &builder->config->ramdisk);
}

void config_apply_memory(struct config_builder *builder, const struct config_setting *setting)
{
    uint64_t mib;

    if (config_get_number(builder, setting, 1, CONFIG_MEMORY_MAX_MIB, "MiB", &mib))
        builder->config->memory_kib = mib << 10;
}

void config_apply_max_memory(struct config_builder *builder, const struct config_setting *setting)
{
    uint64_t mib;

    if (config_get_number(builder, setting, 1, CONFIG_MEMORY_MAX_MIB, "MiB", &mib))
        builder->config->max_memory_kib = mib << 10;
}

void config_apply_vcpus(struct config_builder *builder, const struct config_setting *setting)
{
    uint64_t vcpus;

    if (config_get_number(builder, setting, 1, CONFIG_VCPUS_MAX, "vCPUs", &vcpus))
        builder->config->vcpus = (uint32_t)vcpus;
}

void config_apply_max_vcpus(struct config_builder *builder, const struct config_setting *setting)
{
    uint64_t vcpus;

    if (config_get_number(builder, setting, 1, CONFIG_VCPUS_MAX, "vCPUs", &vcpus))
        builder->config->max_vcpus = (uint32_t)vcpus;
}

static bool parse_cpus(struct config_builder *builder, const struct config_setting *setting,
                       const struct config_value *value, uint8_t bitmap[CTL_CPUMAP_BYTES])
{
    char why[160];

    if (value->kind == CONFIG_LIST)
        config_error(builder->log, value->place, "key \"%s\": a list of CPUs in a string expected, not a list",
                     setting->key);
    else if (!config_cpus_parse(value->text, bitmap, why, sizeof(why)))
        config_error(builder->log, value->place, "key \"%s\": %s", setting->key, why);
    else
        return true;
    return false;
}

static void apply_affinity(struct config_builder *builder, const struct config_setting *setting,
                           struct ctl_affinity *affinity)
{
    const struct config_value *value = &setting->value;

    if (value->kind != CONFIG_LIST) {
        affinity->set = parse_cpus(builder, setting, value, affinity->all);
        return;
    }
    if (value->count == 0)
        return;
    if (value->count > CONFIG_VCPUS_MAX) {
        config_error(builder->log, value->place,
                     "key \"%s\": the list has %zu entries, one for a vCPU; there are at most %u "
                     "vCPUs",
                     setting->key, value->count, CONFIG_VCPUS_MAX);
        return;
    }
    affinity->vcpus = calloc(value->count, sizeof(*affinity->vcpus));
    if (!affinity->vcpus) {
        config_out_of_memory(builder->log);
        return;
    }
    affinity->vcpus_count = (uint32_t)value->count;
    for (size_t i = 0; i < value->count; i++)
        parse_cpus(builder, setting, &value->items[i], affinity->vcpus[i]);
}

void config_apply_cpus(struct config_builder *builder, const struct config_setting *setting)
{
    apply_affinity(builder, setting, &builder->config->cpus);
}

void config_apply_cpus_soft(struct config_builder *builder, const struct config_setting *setting)
{
    apply_affinity(builder, setting, &builder->config->cpus_soft);
}

void config_apply_cpu_weight(struct config_builder *builder, const struct config_setting *setting)
{
    uint64_t weight;

    if (config_get_number(builder, setting, 1, 65535, "", &weight))
        builder->config->cpu_weight = (uint32_t)weight;
}

void config_apply_cap(struct config_builder *builder, const struct config_setting *setting)
{
    uint64_t cap;

    if (config_get_number(builder, setting, 0, 65535, "percent of one CPU", &cap))
        builder->config->cap = (uint32_t)cap;
}

static enum ctl_action *action_field(struct ctl_config *config, const char *key)
{
    const struct {
        const char *key;
        enum ctl_action *field;
    } fields[] = {
        { "on_poweroff", &config->on_poweroff }, { "on_reboot", &config->on_reboot }, { "on_crash", &config->on_crash },
        { "on_watchdog", &config->on_watchdog }, { "on_soft_reset", &config->on_soft_reset },
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (strcmp(fields[i].key, key) == 0)
            return fields[i].field;
    }
    return NULL;
}

/* An action that is understood but not to be had in full is told when it is asked for, not when a guest crashes. */
static void warn_of_action(struct config_builder *builder, const struct config_setting *setting, enum ctl_action action)
{
    if (builder->is_json) /* a configuration that has been read, and warned about, before */
        return;
    if (action == CTL_ACTION_SOFT_RESET)
        config_warning(builder->log, setting->value.place,
                       "key \"%s\": a soft reset is not available; the domain is destroyed", setting->key);
}

void config_apply_action(struct config_builder *builder, const struct config_setting *setting)
{
    const char *text = config_get_string(builder, setting);
    const size_t count = sizeof(config_action_names) / sizeof(config_action_names[0]);

    if (!text)
        return;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, config_action_names[i]) == 0) {
            *action_field(builder->config, setting->key) = (enum ctl_action)i;
            warn_of_action(builder, setting, (enum ctl_action)i);
            return;
        }
    }
    const char *nearest = config_nearest(text, config_action_names, count, sizeof(config_action_names[0]));

    config_error(builder->log, setting->value.place, "key \"%s\": \"%.40s\" is no action; write %s%s%s", setting->key,
                 text,
                 nearest ? "\""
                         : "destroy, restart, rename-restart, preserve, coredump-destroy, coredump-restart or "
                           "soft-reset",
                 nearest ? nearest : "", nearest ? "\"" : "");
}

/* cmdline, or root and extra joined as xl joins them. */
static void apply_command_line(struct config_builder *builder)
{
    const struct config_setting *whole = config_settings_find(builder->settings, "cmdline");
    const struct config_setting *root = config_settings_find(builder->settings, "root");
    const struct config_setting *extra = config_settings_find(builder->settings, "extra");
    struct ctl_config *config = builder->config;
    const char *root_text = root ? config_get_string(builder, root) : NULL;
    const char *extra_text = extra ? config_get_string(builder, extra) : NULL;

    if (whole) {
        if (root)
            config_warning(builder->log, root->place, "key \"root\" is ignored: cmdline is the whole command line");
        if (extra)
            config_warning(builder->log, extra->place, "key \"extra\" is ignored: cmdline is the whole command line");
        config_set_string(builder, whole, &config->command_line);
        return;
    }
    if (!root_text && !extra_text)
        return;
    size_t size = sizeof("root= ") + (root_text ? strlen(root_text) : 0) + (extra_text ? strlen(extra_text) : 0);

    config->command_line = malloc(size);
    if (!config->command_line) {
        config_out_of_memory(builder->log);
        return;
    }
    char *end = config->command_line;

    *end = '\0';
    if (root_text)
        end = stpcpy(stpcpy(end, "root="), root_text);
    if (root_text && extra_text)
        end = stpcpy(end, " ");
    if (extra_text)
        stpcpy(end, extra_text);
}

static void apply(struct config_builder *builder, const struct config_setting *setting)
{
    const struct config_key *key = config_key_find(setting->key);

    if (!key) {
        const char *nearest = config_nearest(setting->key, config_keys, config_keys_count, sizeof(config_keys[0]));

        config_warning(builder->log, setting->place, "key \"%.64s\" is unknown and ignored%s%s%s", setting->key,
                       nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
        return;
    }
    if (key->verdict == CONFIG_SUPPORTED) {
        if (key->apply)
            key->apply(builder, setting);
    } else if (!config_key_is_harmless(key, &setting->value)) {
        if (key->verdict == CONFIG_IGNORED)
            config_warning(builder->log, setting->place, "key \"%s\" %s", key->name, key->reason);
        else
            config_error(builder->log, setting->place, "key \"%s\": %s", key->name, key->reason);
    }
}

void config_apply_all(struct config_builder *builder)
{
    for (size_t i = 0; i < builder->settings->count; i++)
        apply(builder, &builder->settings->list[i]);
    apply_command_line(builder);
}
