/* SPDX-License-Identifier: MIT */
/* Rows: filtered, sorted, by pool, with the parts that are asked for. */
#include "view.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct order {
    const struct sample *sample;
    const struct rates *rates;
    const struct view *view;
};

static int compare(const void *left, const void *right, void *context)
{
    const struct order *order = context;
    struct cell a = { order->sample, order->rates, *(const size_t *)left };
    struct cell b = { order->sample, order->rates, *(const size_t *)right };
    uint64_t pool_a = sample_domain(a.sample, a.index)->pool, pool_b = sample_domain(b.sample, b.index)->pool;
    int result;

    if (order->view->tree && pool_a != pool_b)
        return pool_a < pool_b ? -1 : 1;
    result = columns_compare(&columns[order->view->sort], &a, &b);
    return order->view->reverse ? -result : result;
}

static bool add_row(struct view *view, enum row_kind kind, size_t domain, size_t item)
{
    struct row *row = sample_array_add(&view->rows, sizeof(*row));

    if (row)
        *row = (struct row){ .kind = kind, .domain = domain, .item = item };
    return row;
}

static bool add_parts(struct view *view, enum row_kind kind, size_t domain, size_t first, size_t count)
{
    bool good = true;

    for (size_t i = 0; good && i < count; i++)
        good = add_row(view, kind, domain, first + i);
    return good;
}

static bool add_domain(struct view *view, const struct sample *sample, size_t index)
{
    const struct sample_domain *domain = sample_domain(sample, index);
    bool open = view->has_open && view->open == domain->domid;

    if (!add_row(view, ROW_DOMAIN, index, 0))
        return false;
    /* of an open domain where they are known, by the key in any case: what stands there then says that they are not */
    if ((view->exits || (open && domain->exits != SAMPLE_UNKNOWN)) &&
        (!add_row(view, ROW_EXITS, index, 0) || !add_row(view, ROW_CALLS, index, 0)))
        return false;
    if ((view->vcpus || open) && !add_parts(view, ROW_VCPU, index, domain->vcpus_first, domain->vcpus_count))
        return false;
    if ((view->networks || open) &&
        !add_parts(view, ROW_NETWORK, index, domain->networks_first, domain->networks_count))
        return false;
    return (!view->disks && !open) || add_parts(view, ROW_DISK, index, domain->disks_first, domain->disks_count);
}

/* The row of the selected domain; when it has gone, of the one that took its place on the screen. */
static void follow_selected(struct view *view, const struct sample *sample)
{
    size_t before = view->cursor, nearest = 0;

    view->cursor = 0;
    for (size_t i = 0; i < view->rows.count; i++) {
        const struct row *row = view_row(view, i);

        if (row->kind != ROW_DOMAIN)
            continue;
        if (!view->has_selected || sample_domain(sample, row->domain)->domid == view->selected) {
            view->cursor = i;
            return;
        }
        if (i <= before || view_row(view, nearest)->kind != ROW_DOMAIN)
            nearest = i;
    }
    if (!view->rows.count || view_row(view, nearest)->kind != ROW_DOMAIN)
        return;
    view->cursor = nearest;
    view->selected = sample_domain(sample, view_row(view, nearest)->domain)->domid;
}

bool view_build(struct view *view, const struct sample *sample, const struct rates *rates)
{
    struct order order = { sample, rates, view };
    size_t *indices = calloc(sample->domains.count + 1, sizeof(*indices)), count = 0;
    bool good = indices;

    view->rows.count = 0;
    for (size_t i = 0; good && i < sample->domains.count; i++) {
        if (!*view->filter || strcasestr(sample_domain(sample, i)->name, view->filter))
            indices[count++] = i;
    }
    view->domains_shown = count;
    if (count)
        qsort_r(indices, count, sizeof(*indices), compare, &order);
    for (size_t i = 0; good && i < count; i++) {
        uint64_t pool = sample_domain(sample, indices[i])->pool;

        if (view->tree && (i == 0 || pool != sample_domain(sample, indices[i - 1])->pool))
            good = add_row(view, ROW_POOL, indices[i], 0);
        good = good && add_domain(view, sample, indices[i]);
    }
    free(indices);
    follow_selected(view, sample);
    return good;
}

void view_move(struct view *view, const struct sample *sample, long by, size_t height)
{
    size_t at = view->cursor, step = by < 0 ? (size_t)-by : (size_t)by, first;

    if (!view->rows.count)
        return;
    for (size_t i = at; step;) {
        if (by < 0 ? i == 0 : i + 1 >= view->rows.count)
            break;
        i += by < 0 ? -1ul : 1;
        if (view_row(view, i)->kind == ROW_DOMAIN) {
            at = i;
            step--;
        }
    }
    view->cursor = at;
    view->has_selected |= by != 0;
    if (view_row(view, at)->kind == ROW_DOMAIN)
        view->selected = sample_domain(sample, view_row(view, at)->domain)->domid;
    /* a heading right above the cursor is shown with it */
    first = at && view_row(view, at - 1)->kind == ROW_POOL ? at - 1 : at;
    if (view->top > first)
        view->top = first;
    if (height && at >= view->top + height)
        view->top = at - height + 1;
    if (view->rows.count <= height)
        view->top = 0;
    else if (view->top > view->rows.count - height)
        view->top = view->rows.count - height;
}

void view_sort_next(struct view *view, int by)
{
    view->sort = (view->sort + (by < 0 ? columns_count - 1 : 1)) % columns_count;
    view->reverse = false;
}

void view_free(struct view *view)
{
    free(view->rows.items);
    memset(view, 0, sizeof(*view));
}
