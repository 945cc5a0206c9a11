/* SPDX-License-Identifier: MIT */
/* All domains, by rising id. Being in the list is one reference; a domain that is found has references left. */
#include "domain.h"

static DEFINE_SPINLOCK(list_lock, LOCK_RANK_DOMAIN_LIST);
static struct list domains = LIST_INIT(domains);
static domid_t last_given_id; /* guarded by list_lock */

struct domain *domain_zero;

static struct domain *domain_of(struct list *link) { return LIST_ENTRY(link, struct domain, link); }

/* The first with an id >= id, or NULL. The lock is held. */
static struct domain *find_from(domid_t id)
{
    LIST_FOR_EACH(link, &domains)
        if (domain_of(link)->id >= id)
            return domain_of(link);
    return NULL;
}

struct domain *domain_get(domid_t id)
{
    spin_lock(&list_lock);
    struct domain *d = find_from(id);
    if (d && d->id == id)
        domain_get_again(d);
    else
        d = NULL;
    spin_unlock(&list_lock);
    return d;
}

struct domain *domain_get_next(domid_t id)
{
    spin_lock(&list_lock);
    struct domain *d = find_from(id);
    if (d)
        domain_get_again(d);
    spin_unlock(&list_lock);
    return d;
}

struct domain *domain_get_target(const struct vcpu *caller, domid_t id)
{
    if (id != DOMID_SELF && id != caller->domain->id)
        return domain_get(id);
    domain_get_again(caller->domain);
    return caller->domain;
}

int domain_list_add(struct domain *d)
{
    spin_lock(&list_lock);
    struct domain *next = find_from(d->id);
    bool is_taken = next && next->id == d->id;
    if (!is_taken) {
        list_add_last(next ? &next->link : &domains, &d->link);
        if (d->id)
            last_given_id = d->id;
    }
    spin_unlock(&list_lock);
    return is_taken ? -XEN_EEXIST : 0;
}

void domain_list_remove(struct domain *d)
{
    spin_lock(&list_lock);
    list_remove(&d->link);
    spin_unlock(&list_lock);
}

domid_t domain_list_free_id(void)
{
    spin_lock(&list_lock);
    uint32_t id = last_given_id;
    domid_t found = DOMID_INVALID;
    for (uint32_t tries = 1; tries < DOMAIN_MAX; tries++) {
        id = id + 1 < DOMAIN_MAX ? id + 1 : 1;
        const struct domain *d = find_from((domid_t)id);
        if (!d || d->id != id) {
            found = (domid_t)id;
            break;
        }
    }
    spin_unlock(&list_lock);
    return found;
}
