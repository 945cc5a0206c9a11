/* SPDX-License-Identifier: MIT */
/* Samples to JSON lines; see sample_json.h. */
#include "fields.h"
#include "sample_json.h"

#include <math.h>
#include <string.h>
#include <yajl/yajl_gen.h>

static void put_text(yajl_gen json, const char *text)
{
    if (yajl_gen_string(json, (const unsigned char *)text, strlen(text)) != yajl_gen_invalid_string)
        return;
    char ascii[SAMPLE_NAME_SIZE]; /* bytes that are no UTF-8: no text of a sample is longer */
    size_t length = strnlen(text, sizeof(ascii));

    for (size_t i = 0; i < length; i++)
        ascii[i] = (text[i] & 0x80) ? '?' : text[i];
    yajl_gen_string(json, (const unsigned char *)ascii, length);
}

static void put_members(yajl_gen json, const struct field *fields, const void *structure)
{
    for (const struct field *field = fields; field->name; field++) {
        const char *member = (const char *)structure + field->offset;
        uint64_t number = 0;
        bool flag = false;

        if (field->kind == FIELD_NUMBER) {
            memcpy(&number, member, sizeof(number));
            if (number > INT64_MAX) /* unknown, or nothing that JSON's readers can hold */
                continue;
        }
        put_text(json, field->name);
        if (field->kind == FIELD_NUMBER) {
            yajl_gen_integer(json, (long long)number);
        } else if (field->kind == FIELD_BOOL) {
            memcpy(&flag, member, sizeof(flag));
            yajl_gen_bool(json, flag);
        } else {
            put_text(json, member);
        }
    }
}

static void put_rate(yajl_gen json, const char *name, double rate)
{
    char text[32];
    int length = snprintf(text, sizeof(text), "%.3f", rate);

    if (!isfinite(rate) || length >= (int)sizeof(text))
        return;
    put_text(json, name);
    yajl_gen_number(json, text, (size_t)length);
}

static void put_rates(yajl_gen json, const struct field *fields, const void *structure)
{
    for (const struct field *field = fields; field->name; field++) {
        double rate;

        memcpy(&rate, (const char *)structure + field->offset, sizeof(rate));
        put_rate(json, field->name, rate);
    }
}

/* An array of `count` structures from `first` on; `rates`, with a table of its own, runs parallel to it. */
static void put_array(yajl_gen json, const char *name, const struct sample_array *items, size_t item_size,
                      const struct field *fields, size_t first, size_t count, const struct sample_array *rates,
                      size_t rate_size, const struct field *rate_fields)
{
    put_text(json, name);
    yajl_gen_array_open(json);
    for (size_t i = first; i < first + count; i++) {
        yajl_gen_map_open(json);
        put_members(json, fields, (const char *)items->items + i * item_size);
        if (rates)
            put_rates(json, rate_fields, (const char *)rates->items + i * rate_size);
        yajl_gen_map_close(json);
    }
    yajl_gen_array_close(json);
}

static void put_domain(yajl_gen json, const struct sample *sample, const struct rates *rates, size_t index)
{
    const struct sample_domain *domain = sample_domain(sample, index);

    yajl_gen_map_open(json);
    put_members(json, fields_domain, domain);
    if (rates)
        put_rates(json, fields_rates_domain, rates_domain(rates, index));
    put_array(json, "vcpus", &sample->vcpus, sizeof(struct sample_vcpu), fields_vcpu, domain->vcpus_first,
              domain->vcpus_count, rates ? &rates->vcpus : NULL, sizeof(struct rates_vcpu), fields_rates_vcpu);
    put_array(json, "networks", &sample->networks, sizeof(struct sample_network), fields_network,
              domain->networks_first, domain->networks_count, rates ? &rates->networks : NULL,
              sizeof(struct rates_network), fields_rates_network);
    put_array(json, "disks", &sample->disks, sizeof(struct sample_disk), fields_disk, domain->disks_first,
              domain->disks_count, rates ? &rates->disks : NULL, sizeof(struct rates_disk), fields_rates_disk);
    yajl_gen_map_close(json);
}

static void put_host(yajl_gen json, const struct sample *sample, const struct rates *rates)
{
    put_text(json, "schema");
    put_text(json, SAMPLE_JSON_SCHEMA);
    if (rates)
        put_rate(json, "rates_over_seconds", rates->seconds);
    put_text(json, "host");
    yajl_gen_map_open(json);
    put_members(json, fields_host, &sample->host);
    if (rates)
        put_rate(json, "busy_percent", rates->busy_percent);
    yajl_gen_map_close(json);
    put_array(json, "cpus", &sample->cpus, sizeof(struct sample_cpu), fields_cpu, 0, sample->cpus.count,
              rates ? &rates->cpus : NULL, sizeof(struct rates_cpu), fields_rates_cpu);
    put_array(json, "pools", &sample->pools, sizeof(struct sample_pool), fields_pool, 0, sample->pools.count, NULL, 0,
              NULL);
}

bool sample_json_write(FILE *file, const struct sample *sample, const struct rates *rates)
{
    yajl_gen json = yajl_gen_alloc(NULL);
    const unsigned char *text;
    size_t length;
    bool good;

    if (!json)
        return false;
    yajl_gen_config(json, yajl_gen_validate_utf8, 1);
    yajl_gen_map_open(json);
    put_host(json, sample, rates);
    put_text(json, "domains");
    yajl_gen_array_open(json);
    for (size_t i = 0; i < sample->domains.count; i++)
        put_domain(json, sample, rates, i);
    yajl_gen_array_close(json);
    yajl_gen_map_close(json);
    good = yajl_gen_get_buf(json, &text, &length) == yajl_gen_status_ok;
    if (good) {
        fwrite(text, 1, length, file);
        fputc('\n', file);
    }
    yajl_gen_free(json);
    return good;
}
