/* SPDX-License-Identifier: MIT */
/* Domains as comma-separated values (RFC 4180, lines ended by a newline alone). */
#include "batch.h"
#include "fields.h"
#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

void csv_print_header(FILE *file)
{
    fputs("wall_time_ms", file);
    for (const struct field *field = fields_domain; field->name; field++)
        fprintf(file, ",%s", field->name);
    for (const struct field *field = fields_rates_domain; field->name; field++)
        fprintf(file, ",%s", field->name);
    fputc('\n', file);
}

/* A text that begins like a formula would be computed by spreadsheets. */
static void print_text(FILE *file, const char *text)
{
    bool is_formula = *text && strchr("=+-@", *text);

    if (!is_formula && !text[strcspn(text, ",\"")]) {
        fputs(text, file);
        return;
    }
    fputs(is_formula ? "\"'" : "\"", file);
    for (; *text; text++)
        fputs(*text == '"' ? "\"\"" : (char[]){ *text, 0 }, file);
    fputc('"', file);
}

static void print_field(FILE *file, const struct field *field, const void *structure)
{
    const char *member = (const char *)structure + field->offset;
    char text[SAMPLE_NAME_SIZE]; /* no text of a sample is longer */
    uint64_t number;
    double rate;
    bool flag;

    fputc(',', file);
    switch (field->kind) {
    case FIELD_NUMBER:
        memcpy(&number, member, sizeof(number));
        if (number != SAMPLE_UNKNOWN)
            fprintf(file, "%" PRIu64, number);
        break;
    case FIELD_BOOL:
        memcpy(&flag, member, sizeof(flag));
        fputc(flag ? '1' : '0', file);
        break;
    case FIELD_TEXT:
        text_plain(member, text, sizeof(text));
        print_text(file, text);
        break;
    case FIELD_RATE:
        memcpy(&rate, member, sizeof(rate));
        if (isfinite(rate))
            fprintf(file, "%.3f", rate);
        break;
    }
}

void csv_print(FILE *file, const struct sample *sample, const struct rates *rates)
{
    for (size_t i = 0; i < sample->domains.count; i++) {
        fprintf(file, "%" PRIu64, sample->host.wall_time_ms);
        for (const struct field *field = fields_domain; field->name; field++)
            print_field(file, field, sample_domain(sample, i));
        for (const struct field *field = fields_rates_domain; field->name; field++)
            print_field(file, field, rates_domain(rates, i));
        fputc('\n', file);
    }
}
