/* SPDX-License-Identifier: MIT */
/*
 * A configuration from JSON: one object becomes the same list of settings that xl.cfg's grammar gives, and the same
 * functions take the values. Members it does not know are warned about.
 */
#include "config_keys.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#define JSON_SOURCE "JSON"

struct reader {
    struct config_settings settings;
    struct config_log *log;
    const char *text;
    size_t length;
    yajl_handle parser;
    size_t before;             /* where the last token ended */
    size_t counted;            /* up to where `place` has been counted */
    struct config_place place; /* of the token at hand */
    bool in_object;
    struct config_value *list; /* the array that is being filled */
};

/* The token at hand begins behind the last one and what parts them. */
static void locate(struct reader *reader)
{
    size_t end = yajl_get_bytes_consumed(reader->parser), at = reader->before;

    while (at < reader->length && reader->text[at] && strchr(" \t\r\n,:", reader->text[at]))
        at++;
    for (; reader->counted < at; reader->counted++) {
        char byte = reader->text[reader->counted];

        if (byte == '\n') {
            reader->place.line++;
            reader->place.column = 1;
        } else if ((byte & 0xc0) != 0x80) {
            reader->place.column++;
        }
    }
    reader->before = end;
}

static int refuse(struct reader *reader, const char *what)
{
    config_error(reader->log, reader->place, "%s", what);
    return 0;
}

/* Adds a value to the array that is open, or gives it to the member whose name came last. */
static int take(struct reader *reader, enum config_kind kind, const char *text, size_t length)
{
    struct config_settings *settings = &reader->settings;
    struct config_value *value;

    locate(reader);
    if (!reader->in_object)
        return refuse(reader, "a configuration is one object: { ... }");
    if (text && memchr(text, 0, length))
        return refuse(reader, "a string cannot hold a zero byte");
    if (reader->list) {
        if (kind == CONFIG_LIST)
            return refuse(reader, "an array within an array has no meaning here");
        struct config_value *items = reallocarray(reader->list->items, reader->list->count + 1, sizeof(*items));
        if (!items)
            goto no_memory;
        reader->list->items = items;
        value = &items[reader->list->count++];
    } else {
        value = &settings->list[settings->count - 1].value;
    }
    *value = (struct config_value){ .kind = kind, .place = reader->place };
    if (kind == CONFIG_LIST) {
        reader->list = value;
        return 1;
    }
    value->text = strndup(text, length);
    if (value->text)
        return 1;
no_memory:
    config_out_of_memory(reader->log);
    return 0;
}

static int on_null(void *context)
{
    struct reader *reader = context;

    locate(reader);
    return refuse(reader, "null has no meaning here; leave the member out");
}

static int on_boolean(void *context, int value)
{
    struct reader *reader = context;

    locate(reader);
    return refuse(reader, "true and false have no meaning here");
}

static int on_number(void *context, const char *text, size_t length)
{
    return take(context, CONFIG_NUMBER, text, length);
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
    return take(context, CONFIG_STRING, (const char *)text, length);
}

static int on_object(void *context)
{
    struct reader *reader = context;

    locate(reader);
    if (reader->in_object)
        return refuse(reader, "an object within the object has no meaning here");
    reader->in_object = true;
    return 1;
}

static int on_member(void *context, const unsigned char *name, size_t length)
{
    struct reader *reader = context;
    struct config_settings *settings = &reader->settings;

    locate(reader);
    if (settings->count >= CONFIG_SETTINGS_MAX)
        return refuse(reader, "too many members");
    struct config_setting *list = reallocarray(settings->list, settings->count + 1, sizeof(*list));
    char *key = strndup((const char *)name, length);

    if (list)
        settings->list = list;
    if (!list || !key) {
        free(key);
        config_out_of_memory(reader->log);
        return 0;
    }
    if (config_settings_find(settings, key)) {
        config_error(reader->log, reader->place, "member \"%.64s\" appears twice", key);
        free(key);
        return 0;
    }
    list[settings->count++] = (struct config_setting){ .key = key, .place = reader->place };
    return 1;
}

static int on_object_end(void *context)
{
    locate(context);
    return 1;
}

static int on_array(void *context)
{
    return take(context, CONFIG_LIST, NULL, 0);
}

static int on_array_end(void *context)
{
    struct reader *reader = context;

    locate(reader);
    reader->list = NULL;
    return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null, .yajl_boolean = on_boolean, .yajl_number = on_number, .yajl_string = on_string,
    .yajl_start_map = on_object, .yajl_map_key = on_member, .yajl_end_map = on_object_end,
    .yajl_start_array = on_array, .yajl_end_array = on_array_end,
};

static void apply_schema(struct config_builder *builder, const struct config_setting *setting)
{
    const char *schema = config_get_string(builder, setting);

    if (schema && strcmp(schema, "keel.config/1") != 0)
        config_error(builder->log, setting->value.place,
                     "member \"schema\": \"%.40s\" is not known; this is keel.config/1", schema);
}

static void apply_source(struct config_builder *builder, const struct config_setting *setting)
{
    config_set_string(builder, setting, &builder->config->source);
}

static void apply_command_line(struct config_builder *builder, const struct config_setting *setting)
{
    config_set_string(builder, setting, &builder->config->command_line);
}

static void apply_memory_kib(struct config_builder *builder, const struct config_setting *setting)
{
    config_get_number(builder, setting, 1, CONFIG_MEMORY_MAX_MIB << 10, "KiB", &builder->config->memory_kib);
}

static void apply_max_memory_kib(struct config_builder *builder, const struct config_setting *setting)
{
    config_get_number(builder, setting, 1, CONFIG_MEMORY_MAX_MIB << 10, "KiB", &builder->config->max_memory_kib);
}

static const struct member {
    const char *name;
    void (*apply)(struct config_builder *builder, const struct config_setting *setting);
} members[] = {
    { "schema", apply_schema },
    { "source", apply_source },
    { "type", config_apply_type },
    { "name", config_apply_name },
    { "uuid", config_apply_uuid },
    { "kernel", config_apply_kernel },
    { "ramdisk", config_apply_ramdisk },
    { "command_line", apply_command_line },
    { "memory_kib", apply_memory_kib },
    { "max_memory_kib", apply_max_memory_kib },
    { "vcpus", config_apply_vcpus },
    { "max_vcpus", config_apply_max_vcpus },
    { "cpus", config_apply_cpus },
    { "cpus_soft", config_apply_cpus_soft },
    { "cpu_weight", config_apply_cpu_weight },
    { "cap", config_apply_cap },
    { "disks", config_apply_disks },
    { "vifs", config_apply_nics },
    { "on_poweroff", config_apply_action },
    { "on_reboot", config_apply_action },
    { "on_crash", config_apply_action },
    { "on_watchdog", config_apply_action },
    { "on_soft_reset", config_apply_action },
};
#define MEMBERS_COUNT (sizeof(members) / sizeof(members[0]))

void config_apply_member(struct config_builder *builder, const struct config_setting *setting)
{
    for (size_t i = 0; i < MEMBERS_COUNT; i++) {
        if (strcmp(members[i].name, setting->key) == 0) {
            members[i].apply(builder, setting);
            return;
        }
    }
    const char *nearest = config_nearest(setting->key, members, MEMBERS_COUNT, sizeof(members[0]));

    config_warning(builder->log, setting->place, "member \"%.64s\" is unknown and ignored%s%s%s", setting->key,
                   nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

/* Reports a syntax error that no callback has reported. */
static void report_syntax(struct reader *reader, yajl_status status)
{
    if (status == yajl_status_ok || reader->log->errors || reader->log->out_of_memory)
        return;
    reader->before = yajl_get_bytes_consumed(reader->parser);
    locate(reader);
    config_error(reader->log, reader->place, "not valid JSON here");
}

int config_from_json(struct ctl_config *config, const char *source, const char *json,
                     struct ctl_config_messages *messages)
{
    struct config_log log;
    struct reader reader = { .log = &log, .text = json, .length = strlen(json), .place = { source, 1, 1 } };
    struct config_builder builder = { .config = config, .log = &log, .settings = &reader.settings, .is_json = true };

    config_log_init(&log, messages);
    ctl_config_init(config);
    if (reader.length > CONFIG_TEXT_MAX) {
        config_error(&log, (struct config_place){ source, 0, 0 }, "larger than %u KiB", CONFIG_TEXT_MAX >> 10);
        return -EINVAL;
    }
    reader.parser = yajl_alloc(&callbacks, NULL, &reader);
    if (!reader.parser)
        return -ENOMEM;
    yajl_status status = yajl_parse(reader.parser, (const unsigned char *)json, reader.length);

    if (status == yajl_status_ok)
        status = yajl_complete_parse(reader.parser);
    report_syntax(&reader, status);
    for (size_t i = 0; i < reader.settings.count && config_log_status(&log) == 0; i++)
        config_apply_member(&builder, &reader.settings.list[i]);
    if (config_log_status(&log) == 0)
        config_complete(&builder, source);
    yajl_free(reader.parser);
    config_settings_free(&reader.settings);
    return config_log_status(&log);
}

int ctl_config_from_json(struct ctl_config *config, const char *json, struct ctl_config_messages *messages)
{
    return config_from_json(config, JSON_SOURCE, json, messages);
}
