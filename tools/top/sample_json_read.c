/* SPDX-License-Identifier: MIT */
/*
 * JSON lines to samples. The line is read in one pass without a tree in memory: a stack says which structure is being
 * filled, a table of its members what a value belongs to. Whoever wrote it is not trusted: depth and sizes are bounded.
 */
#include "fields.h"
#include "sample_json.h"

#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#define DEPTH_MAX 8
#define ITEMS_MAX 65536 /* of any array of a sample */
#define LAST(array) ((array)->count - 1)

enum place { PLACE_ROOT, PLACE_HOST, PLACE_CPUS, PLACE_POOLS, PLACE_DOMAINS, PLACE_VCPUS, PLACE_NETWORKS, PLACE_DISKS,
             PLACE_NONE };

/* An array of objects that a structure has; `within` is where it may stand. */
static const struct {
    const char *name;
    enum place within, place;
    const struct field *fields;
    size_t array, size;
} lists[] = {
    { "cpus", PLACE_ROOT, PLACE_CPUS, fields_cpu, offsetof(struct sample, cpus), sizeof(struct sample_cpu) },
    { "pools", PLACE_ROOT, PLACE_POOLS, fields_pool, offsetof(struct sample, pools), sizeof(struct sample_pool) },
    { "domains", PLACE_ROOT, PLACE_DOMAINS, fields_domain, offsetof(struct sample, domains),
      sizeof(struct sample_domain) },
    { "vcpus", PLACE_DOMAINS, PLACE_VCPUS, fields_vcpu, offsetof(struct sample, vcpus), sizeof(struct sample_vcpu) },
    { "networks", PLACE_DOMAINS, PLACE_NETWORKS, fields_network, offsetof(struct sample, networks),
      sizeof(struct sample_network) },
    { "disks", PLACE_DOMAINS, PLACE_DISKS, fields_disk, offsetof(struct sample, disks), sizeof(struct sample_disk) },
};
#define LISTS (sizeof(lists) / sizeof(lists[0]))

struct reader {
    struct sample *sample;
    enum place stack[DEPTH_MAX]; /* the objects that are open */
    size_t depth;
    size_t passed_over; /* depth inside of something unknown */
    size_t list;        /* the array whose elements come next, or LISTS */
    size_t list_stack[DEPTH_MAX];
    const struct field *field; /* what the next value is, or NULL */
    enum { KEY_NONE, KEY_SCHEMA, KEY_HOST, KEY_LIST } key;
    size_t key_list;
    bool has_schema;
    const char *error;
};

static int refuse(struct reader *reader, const char *error)
{
    reader->error = error;
    return 0;
}

static struct sample_array *list_array(const struct reader *reader, size_t list)
{
    return (struct sample_array *)((char *)reader->sample + lists[list].array);
}

/* The structure that members of the innermost object go to, with its table; NULL for the outermost object. */
static void *structure_of(const struct reader *reader, const struct field **fields)
{
    enum place place = reader->stack[reader->depth - 1];

    *fields = NULL;
    if (place == PLACE_HOST) {
        *fields = fields_host;
        return &reader->sample->host;
    }
    for (size_t i = 0; i < LISTS; i++) {
        if (lists[i].place == place) {
            const struct sample_array *array = list_array(reader, i);

            *fields = lists[i].fields;
            return (char *)array->items + LAST(array) * lists[i].size;
        }
    }
    return NULL;
}

/* A new element of the array that is open; false when there is no room. */
static bool add_element(struct reader *reader)
{
    struct sample *sample = reader->sample;
    struct sample_array *array = list_array(reader, reader->list);
    struct sample_domain *domain = sample->domains.count ? sample_domain(sample, LAST(&sample->domains)) : NULL;
    void *item = array->count < ITEMS_MAX ? sample_array_add(array, lists[reader->list].size) : NULL;

    if (!item)
        return false;
    switch (lists[reader->list].place) {
    case PLACE_DOMAINS:
        sample_domain_unknown(item);
        break;
    case PLACE_VCPUS:
        sample_vcpu_unknown(item);
        domain->vcpus_first = domain->vcpus_count ? domain->vcpus_first : LAST(array);
        domain->vcpus_count++;
        break;
    case PLACE_NETWORKS:
        domain->networks_first = domain->networks_count ? domain->networks_first : LAST(array);
        domain->networks_count++;
        break;
    case PLACE_DISKS:
        domain->disks_first = domain->disks_count ? domain->disks_first : LAST(array);
        domain->disks_count++;
        break;
    default:
        break;
    }
    return true;
}

static int on_map_start(void *context)
{
    struct reader *reader = context;
    enum place place;

    if (reader->passed_over || (reader->depth && reader->list == LISTS && reader->key != KEY_HOST)) {
        reader->passed_over++;
        return 1;
    }
    if (reader->depth == DEPTH_MAX)
        return refuse(reader, "it is nested too deeply");
    if (reader->depth == 0)
        place = PLACE_ROOT;
    else if (reader->key == KEY_HOST)
        place = PLACE_HOST;
    else
        place = lists[reader->list].place;
    if (reader->list != LISTS && !add_element(reader))
        return refuse(reader, "it has more items than there is memory for");
    reader->list_stack[reader->depth] = reader->list;
    reader->stack[reader->depth++] = place;
    reader->list = LISTS;
    reader->key = KEY_NONE;
    reader->field = NULL;
    return 1;
}

static int on_map_end(void *context)
{
    struct reader *reader = context;

    if (reader->passed_over) {
        reader->passed_over--;
        return 1;
    }
    reader->depth--;
    reader->list = reader->list_stack[reader->depth];
    reader->key = KEY_NONE;
    reader->field = NULL;
    return 1;
}

static int on_array_start(void *context)
{
    struct reader *reader = context;

    if (reader->passed_over || reader->key != KEY_LIST || !reader->depth) {
        if (reader->depth == 0)
            return refuse(reader, "it is no object");
        reader->passed_over++;
        return 1;
    }
    reader->list = reader->key_list;
    reader->key = KEY_NONE;
    return 1;
}

static int on_array_end(void *context)
{
    struct reader *reader = context;

    if (reader->passed_over)
        reader->passed_over--;
    else
        reader->list = LISTS;
    return 1;
}

static bool is_name(const char *name, const unsigned char *text, size_t length)
{
    return strncmp(name, (const char *)text, length) == 0 && name[length] == '\0';
}

static int on_key(void *context, const unsigned char *text, size_t length)
{
    struct reader *reader = context;
    const struct field *fields;
    enum place place;

    if (reader->passed_over)
        return 1;
    place = reader->stack[reader->depth - 1];
    reader->field = NULL;
    reader->key = KEY_NONE;
    structure_of(reader, &fields);
    for (; fields && fields->name; fields++) {
        if (is_name(fields->name, text, length)) {
            reader->field = fields;
            return 1;
        }
    }
    if (place == PLACE_ROOT && is_name("schema", text, length))
        reader->key = KEY_SCHEMA;
    if (place == PLACE_ROOT && is_name("host", text, length))
        reader->key = KEY_HOST;
    for (size_t i = 0; i < LISTS; i++) {
        if (lists[i].within == place && is_name(lists[i].name, text, length)) {
            reader->key = KEY_LIST;
            reader->key_list = i;
        }
    }
    return 1;
}

/* Where the value that has come goes to, if it is wanted and of this kind. *wanted false: pass over it. */
static char *value_place(struct reader *reader, enum field_kind kind, bool *wanted)
{
    const struct field *fields;
    char *structure;

    *wanted = !reader->passed_over && reader->field;
    if (!*wanted)
        return NULL;
    if (reader->field->kind != kind)
        return NULL;
    structure = structure_of(reader, &fields);
    return structure ? structure + reader->field->offset : NULL;
}

static int on_number(void *context, const char *text, size_t length)
{
    struct reader *reader = context;
    bool wanted;
    char *place = value_place(reader, FIELD_NUMBER, &wanted), digits[24];
    uint64_t number;

    if (!wanted)
        return 1;
    if (!place || length >= sizeof(digits))
        return refuse(reader, "a member has a value of the wrong type");
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (strspn(digits, "0123456789") != length)
        return refuse(reader, "a member has a value of the wrong type");
    number = strtoull(digits, NULL, 10);
    if (number > INT64_MAX)
        return refuse(reader, "a member has a number that is too large");
    memcpy(place, &number, sizeof(number));
    return 1;
}

static int on_bool(void *context, int value)
{
    struct reader *reader = context;
    bool wanted, flag = value;
    char *place = value_place(reader, FIELD_BOOL, &wanted);

    if (!wanted)
        return 1;
    if (!place)
        return refuse(reader, "a member has a value of the wrong type");
    memcpy(place, &flag, sizeof(flag));
    return 1;
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
    struct reader *reader = context;
    bool wanted;
    char *place = value_place(reader, FIELD_TEXT, &wanted);

    if (!reader->passed_over && reader->key == KEY_SCHEMA) {
        reader->has_schema = is_name(SAMPLE_JSON_SCHEMA, text, length);
        return reader->has_schema ? 1 : refuse(reader, "its schema is not " SAMPLE_JSON_SCHEMA);
    }
    if (!wanted)
        return 1;
    if (!place)
        return refuse(reader, "a member has a value of the wrong type");
    snprintf(place, reader->field->size, "%.*s", (int)length, (const char *)text);
    return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_boolean = on_bool, .yajl_number = on_number, .yajl_string = on_string, .yajl_start_map = on_map_start,
    .yajl_map_key = on_key, .yajl_end_map = on_map_end, .yajl_start_array = on_array_start,
    .yajl_end_array = on_array_end,
};

bool sample_json_read(struct sample *sample, const char *line, size_t length, char *error, size_t error_size)
{
    struct reader reader = { .sample = sample, .list = LISTS };
    yajl_handle parser = yajl_alloc(&callbacks, NULL, &reader);
    yajl_status status;

    sample_clear(sample);
    if (!parser) {
        snprintf(error, error_size, "there is no memory for it");
        return false;
    }
    status = yajl_parse(parser, (const unsigned char *)line, length);
    if (status == yajl_status_ok)
        status = yajl_complete_parse(parser);
    yajl_free(parser);
    if (status != yajl_status_ok || !reader.has_schema) {
        snprintf(error, error_size, "%s", reader.error ? reader.error : status != yajl_status_ok
                 ? "it is no JSON" : "it names no schema");
        return false;
    }
    sample_sort(sample);
    return true;
}
