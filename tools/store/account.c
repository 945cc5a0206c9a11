/* SPDX-License-Identifier: MIT */
/* Accounts of domains, in a list: there are as many as domains that talk to the store. */
#include "store/account.h"

#include <stdlib.h>

#include "store/memory.h"

struct account *account_find(const struct account_table *table, domid_t domain)
{
    struct account *account = table->first;
    while (account && account->domain != domain)
        account = account->next;
    return account;
}

static struct account *find_or_make(struct account_table *table, domid_t domain)
{
    struct account *account = account_find(table, domain);
    if (account)
        return account;
    account = allocate(sizeof(*account));
    account->table = table;
    account->domain = domain;
    account->quota = *table->defaults;
    account->next = table->first;
    table->first = account;
    return account;
}

static void free_unused(struct account *account)
{
    if (account->references > 0 || account->own || account->features_chosen)
        return;
    struct account **link = &account->table->first;
    while (*link != account)
        link = &(*link)->next;
    *link = account->next;
    free(account);
}

struct account *account_get(struct account_table *table, domid_t domain)
{
    struct account *account = find_or_make(table, domain);
    account->references++;
    return account;
}

void account_put(struct account *account)
{
    account->references--;
    free_unused(account);
}

static void follow(struct account *account)
{
    for (size_t i = 0; i < quota_field_count; i++)
        if (!(account->own & 1u << i))
            *quota_value(&account->quota, &quota_fields[i]) = quota_get(account->table->defaults, &quota_fields[i]);
}

void account_set_quota(struct account_table *table, domid_t domain, const struct quota_field *field,
                       unsigned int value)
{
    struct account *account = find_or_make(table, domain);
    account->own |= 1u << (field - quota_fields);
    *quota_value(&account->quota, field) = value;
}

void account_choose_features(struct account_table *table, domid_t domain, uint32_t features)
{
    struct account *account = find_or_make(table, domain);
    account->features = features;
    account->features_chosen = true;
}

void account_follow_defaults(struct account_table *table)
{
    for (struct account *account = table->first; account; account = account->next)
        follow(account);
}

void account_forget(struct account_table *table, domid_t domain)
{
    struct account *account = account_find(table, domain);
    if (!account)
        return;
    account->own = 0;
    account->features_chosen = false;
    follow(account);
    free_unused(account);
}

void account_table_clear(struct account_table *table)
{
    while (table->first) {
        struct account *next = table->first->next;
        free(table->first);
        table->first = next;
    }
}
