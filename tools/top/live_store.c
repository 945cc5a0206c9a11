/* SPDX-License-Identifier: MIT */
/* Store requests by domain. A reply has room for a part of the list only: the rest is asked for. */
#include "live_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>
#include <yajl/yajl_tree.h>

#define REPLIES_MAX 2048 /* a daemon that never comes to an end is not believed */

static struct sample_domain *find_domain(const struct sample *sample, uint64_t domid)
{
    size_t low = 0, high = sample->domains.count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (sample_domain(sample, middle)->domid < domid)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == sample->domains.count || sample_domain(sample, low)->domid != domid)
        return NULL;
    return sample_domain(sample, low);
}

size_t live_store_parse(const char *reply, struct sample *sample, bool *more)
{
    static const char *const left[] = { "more_domains", NULL };
    static const char *const domains[] = { "domains", NULL }, *const id[] = { "domain", NULL };
    static const char *const requests[] = { "requests", NULL };
    char why[64];
    yajl_val tree = yajl_tree_parse(reply, why, sizeof(why)), list = NULL;
    size_t count = 0;

    *more = false;
    if (YAJL_IS_OBJECT(tree))
        list = yajl_tree_get(tree, (const char **)(uintptr_t)domains, yajl_t_array);
    if (list) {
        yajl_val number = yajl_tree_get(tree, (const char **)(uintptr_t)left, yajl_t_number);

        *more = YAJL_IS_INTEGER(number) && YAJL_GET_INTEGER(number) > 0 && list->u.array.len > 0;
    }
    for (; list && count < list->u.array.len; count++) {
        yajl_val entry = list->u.array.values[count], domid, number;
        struct sample_domain *domain;

        if (!YAJL_IS_OBJECT(entry))
            continue;
        domid = yajl_tree_get(entry, (const char **)(uintptr_t)id, yajl_t_number);
        number = yajl_tree_get(entry, (const char **)(uintptr_t)requests, yajl_t_number);
        if (!YAJL_IS_INTEGER(domid) || !YAJL_IS_INTEGER(number) || YAJL_GET_INTEGER(domid) < 0 ||
            YAJL_GET_INTEGER(number) < 0)
            continue;
        domain = find_domain(sample, (uint64_t)YAJL_GET_INTEGER(domid));
        if (domain)
            domain->store_requests = (uint64_t)YAJL_GET_INTEGER(number);
    }
    yajl_tree_free(tree);
    return count;
}

bool live_store_read(struct xs_handle *store, struct sample *sample)
{
    size_t skip = 0;
    bool more = true;

    for (unsigned replies = 0; more && replies < REPLIES_MAX; replies++) {
        char words[64];
        /* two strings, as the protocol has it */
        int length = snprintf(words, sizeof(words), "domains%c%zu", '\0', skip);
        char *reply = xs_control_command(store, "stats", words, (unsigned)length + 1);

        if (!reply)
            return errno != EINVAL && errno != ENOSYS;
        skip += live_store_parse(reply, sample, &more);
        free(reply);
    }
    return true;
}
