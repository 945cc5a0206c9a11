/* SPDX-License-Identifier: MIT */
/*
 * The members of a sample's structures by name: one table for whoever writes JSON, reads it, or writes CSV.
 * A table ends with an entry without a name.
 */
#ifndef KEEL_TOP_FIELDS_H
#define KEEL_TOP_FIELDS_H

#include <stddef.h>

enum field_kind { FIELD_NUMBER, FIELD_BOOL, FIELD_TEXT, FIELD_RATE };

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset, size; /* size: of a text's buffer */
};

extern const struct field fields_host[], fields_cpu[], fields_pool[], fields_domain[], fields_vcpu[], fields_network[],
    fields_disk[];
/* Of the structures of rates.h; all are FIELD_RATE. */
extern const struct field fields_rates_domain[], fields_rates_vcpu[], fields_rates_network[], fields_rates_disk[],
    fields_rates_cpu[];

#endif
