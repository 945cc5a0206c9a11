/* SPDX-License-Identifier: MIT */
/* The columns of domains on the screen: a table; drawing, sorting and help follow from it. */
#ifndef KEEL_TOP_COLUMNS_H
#define KEEL_TOP_COLUMNS_H

#include "rates.h"
#include "text.h"

/* A domain in its sample. */
struct cell {
    const struct sample *sample;
    const struct rates *rates;
    size_t index;
};

struct column {
    const char *heading; /* what --sort takes too, whatever the case */
    int width;
    void (*print)(double value, char text[TEXT_SIZE]);
    double (*value)(const struct cell *cell); /* NAN: not known. NULL: a text, see columns_text */
    const char *help;
};

/* The first column is the name, whose width is the least it gets. */
extern const struct column columns[];
extern const size_t columns_count;

/* A cell's text, not padded; a name is made safe for terminals. Returns how many columns it takes, at most width. */
int columns_text(const struct column *column, const struct cell *cell, int width, char *text, size_t size);
/* The order of two domains by a column, as qsort has it; numbers fall and texts rise. Never 0 for different domains. */
int columns_compare(const struct column *column, const struct cell *left, const struct cell *right);
/* The column of that heading, or columns_count. */
size_t columns_find(const char *heading);
/* "-b----" and so on, as xentop has it: dying, shut down, blocked, crashed, paused, running. */
void columns_state(const struct sample_domain *domain, char text[7]);

#endif
