/* SPDX-License-Identifier: MIT */
/* Limits and features of domains: GET_ and SET_QUOTA, GET_ and SET_FEATURE, and CONTROL's quota and quota-soft. */
#include <errno.h>
#include <string.h>

#include "store/control.h"
#include "store/daemon.h"
#include "store/domain.h"
#include "store/journal.h"
#include "store/number.h"
#include "store/text.h"

#define STRINGS_MAX 4

/* The zero-terminated strings that the whole body is; -1 when it is anything else or more of them. */
static int split(const struct request *request, const char *strings[STRINGS_MAX])
{
    int count = 0;
    for (size_t at = 0; at < request->size; at += strlen(request->body + at) + 1) {
        if (count == STRINGS_MAX || !memchr(request->body + at, '\0', request->size - at))
            return -1;
        strings[count++] = request->body + at;
    }
    /* An empty string alone is what clients send that have nothing to say. */
    return count == 1 && strings[0][0] == '\0' ? 0 : count;
}

/* The limits in force for a domain that the store knows: connected, owning something, or with limits of its own. */
static const struct quota *quota_of(const struct daemon *daemon, domid_t domain)
{
    const struct account *account = account_find(&daemon->accounts, domain);
    if (account)
        return &account->quota;
    return usage_get(&daemon->store.usage, domain).nodes > 0 ? &daemon->store.quota : NULL;
}

/* Sets a limit: of one domain, or of all that have none of their own (DOMID_INVALID). */
static int set_quota(struct daemon *daemon, domid_t domain, const struct quota_field *field, const char *value)
{
    uint64_t number;
    if (!field || !number_parse(value, INT32_MAX, false, &number))
        return EINVAL;
    if (daemon->journal && journal_put_quota(daemon->journal, domain, field, (unsigned int)number))
        return ENOSPC;
    daemon_set_quota(daemon, domain, field, (unsigned int)number);
    return 0;
}

int request_get_quota(struct request *request)
{
    const char *strings[STRINGS_MAX];
    int count = split(request, strings);
    struct text text = {.at = request->reply, .size = XENSTORE_PAYLOAD_MAX};
    if (count < 0 || count > 2)
        return EINVAL;
    for (size_t i = 0; count == 0 && i < quota_field_count; i++)
        text_add(&text, "%s%s%s", i ? " " : "", quota_fields[i].soft ? "soft-" : "", quota_fields[i].name);
    if (count > 0) {
        const struct quota_field *field = quota_find_any(strings[count - 1]);
        const struct quota *quota = &request->daemon->store.quota;
        domid_t domain;
        if (!field || (count == 2 && !number_parse_domain(strings[0], &domain)))
            return EINVAL;
        if (count == 2 && !(quota = quota_of(request->daemon, domain)))
            return ENOENT;
        text_add(&text, "%u", quota_get(quota, field));
    }
    request->reply_size = text.used + 1;
    return 0;
}

int request_set_quota(struct request *request)
{
    const char *strings[STRINGS_MAX];
    int count = split(request, strings);
    domid_t domain = DOMID_INVALID;
    if (count < 2 || count > 3 || (count == 3 && !number_parse_domain(strings[0], &domain)))
        return EINVAL;
    return set_quota(request->daemon, domain, quota_find_any(strings[count - 2]), strings[count - 1]);
}

int request_get_feature(struct request *request)
{
    const char *strings[STRINGS_MAX];
    int count = split(request, strings);
    domid_t domain = request->actor->domain;
    struct text text = {.at = request->reply, .size = XENSTORE_PAYLOAD_MAX};
    if (count < 0 || count > 1 || (count == 1 && !number_parse_domain(strings[0], &domain)))
        return EINVAL;
    if (count == 1 && !actor_is_privileged(request->actor))
        return EACCES;
    const struct account *account = account_find(&request->daemon->accounts, domain);
    if (count == 1 && domain != 0 && !account)
        return ENOENT;
    text_add(&text, "%u", account && account->features_chosen ? account->features : RING_FEATURES);
    request->reply_size = text.used + 1;
    return 0;
}

int request_set_feature(struct request *request)
{
    domid_t domain;
    uint64_t features;
    if (!number_parse_domain(request->arguments[0], &domain) || domain == 0 ||
        !number_parse(request->arguments[1], UINT32_MAX, false, &features) || (features & ~(uint64_t)RING_FEATURES))
        return EINVAL;
    if (domains_find(request->daemon, domain))
        return EBUSY; /* its kernel has read them already */
    if (request->daemon->journal &&
        journal_put_features(request->daemon->journal, domain, (uint32_t)features))
        return ENOSPC;
    account_choose_features(&request->daemon->accounts, domain, (uint32_t)features);
    return 0;
}

static int show_quota(struct request *request, const struct quota *quota, bool soft)
{
    struct text text = {.at = request->reply, .size = XENSTORE_PAYLOAD_MAX};
    for (size_t i = 0; i < quota_field_count; i++)
        if (quota_fields[i].soft == soft)
            text_add(&text, "%-20s: %8u\n", quota_fields[i].name, quota_get(quota, &quota_fields[i]));
    request->reply_size = text.used + 1;
    return 0;
}

/* What a domain has, with what it may have. */
static int show_domain(struct request *request, const char *name, bool soft)
{
    const struct daemon *daemon = request->daemon;
    domid_t domain;
    if (!number_parse_domain(name, &domain))
        return EINVAL;
    const struct quota *quota = quota_of(daemon, domain);
    if (!quota)
        return ENOENT;
    const struct account *account = account_find(&daemon->accounts, domain);
    struct usage_entry usage = usage_get(&daemon->store.usage, domain);
    long long memory = usage.bytes + (account ? account->memory : 0);
    struct text text = {.at = request->reply, .size = XENSTORE_PAYLOAD_MAX};
    unsigned int watches = 0, transactions = 0;
    for (const struct connection *connection = daemon->connections; connection; connection = connection->next)
        if (connection->actor.domain == domain) {
            watches += connection->watch_count;
            transactions += connection->transaction_count;
        }
    text_add(&text, "Domain %u:\n", domain);
    if (soft) {
        text_add(&text, "%-20s: %8lld of %u\n", "memory", memory, quota->soft_memory);
    } else {
        text_add(&text, "%-20s: %8lld of %u\n", "nodes", (long long)usage.nodes, quota->nodes);
        text_add(&text, "%-20s: %8u of %u\n", "watches", watches, quota->watches);
        text_add(&text, "%-20s: %8u of %u\n", "transactions", transactions, quota->transactions);
        text_add(&text, "%-20s: %8lld of %u\n", "memory", memory, quota->memory);
    }
    request->reply_size = text.used + 1;
    return 0;
}

/* "", "DOMID", "set NAME VALUE" or "set DOMID NAME VALUE". */
static int run_quota(struct request *request, const char *const *arguments, int count, bool soft)
{
    domid_t domain = DOMID_INVALID;
    if (count == 0)
        return show_quota(request, &request->daemon->store.quota, soft);
    if (count == 1)
        return show_domain(request, arguments[0], soft);
    if (count < 3 || count > 4 || strcmp(arguments[0], "set") != 0 ||
        (count == 4 && !number_parse_domain(arguments[1], &domain)))
        return EINVAL;
    return set_quota(request->daemon, domain, quota_find(arguments[count - 2], soft), arguments[count - 1]);
}

int control_quota(struct request *request, const char *const *arguments, int count)
{
    return run_quota(request, arguments, count, false);
}

int control_quota_soft(struct request *request, const char *const *arguments, int count)
{
    return run_quota(request, arguments, count, true);
}
