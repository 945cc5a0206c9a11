/* SPDX-License-Identifier: MIT */
/*
 * What is on the screen, without the screen: which rows there are, in which order, which one is selected. Knows no
 * terminal, so that tests can look at it.
 */
#ifndef KEEL_TOP_VIEW_H
#define KEEL_TOP_VIEW_H

#include "columns.h"

enum row_kind { ROW_POOL, ROW_DOMAIN, ROW_EXITS, ROW_CALLS, ROW_VCPU, ROW_NETWORK, ROW_DISK };

struct row {
    enum row_kind kind;
    size_t domain; /* its index in the sample; of a pool's row: of its first domain */
    size_t item;   /* the index of a vCPU, network or disk */
};

#define VIEW_FILTER_SIZE SAMPLE_NAME_SIZE /* no name is longer */

struct view {
    /* what the user has chosen */
    size_t sort; /* a column */
    bool reverse, tree, exits, vcpus, networks, disks, cpus;
    char filter[VIEW_FILTER_SIZE]; /* domains whose name has this in it, whatever the case; "": all */
    bool has_open, has_selected;
    uint64_t selected, open; /* by domain id: the row at the cursor once it was moved, the domain with all parts */
    size_t top, left;        /* first row, and first column behind the name, that are shown */
    /* what follows from it and a sample */
    struct sample_array rows; /* struct row */
    size_t cursor;            /* the selected domain's row; 0 if there is none */
    size_t domains_shown;
};

static inline const struct row *view_row(const struct view *view, size_t index)
{
    return (const struct row *)view->rows.items + index;
}

/* Makes the rows anew and follows the selected domain. False: no memory. */
bool view_build(struct view *view, const struct sample *sample, const struct rates *rates);
/* Moves the selection by so many domains, and `top` so that it is among `height` rows. */
void view_move(struct view *view, const struct sample *sample, long by, size_t height);
/* Another column to sort by, `by` columns on. */
void view_sort_next(struct view *view, int by);
void view_free(struct view *view);

#endif
