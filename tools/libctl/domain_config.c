/* SPDX-License-Identifier: MIT */
/*
 * The configuration that a domain was made from, as the store keeps it: what a restart will use.
 */
#include "config.h"
#include "device.h"
#include "store_nodes.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool take_name(const struct ctl_domain *domain, struct ctl_config *config)
{
    char *name;

    if (!*domain->name || (config->name && strcmp(domain->name, config->name) == 0))
        return true;
    name = strdup(domain->name); /* it was renamed */
    if (!name)
        return false;
    free(config->name);
    config->name = name;
    return true;
}

/* What the transaction sees. 0, or a positive errno: ENODATA when there is none; says what is damaged. */
static int read_config(struct ctl *ctl, xs_transaction_t transaction, uint32_t domid, struct ctl_config *config)
{
    struct ctl_config_messages messages = { 0 };
    char directory[CTL_STORE_PATH_MAX], *json;
    int result;

    ctl_path(directory, "/local/domain/%u/keel", domid);
    json = store_config_read(ctl, transaction, directory);
    if (!json)
        return errno == ENOENT ? ENODATA : errno ? errno : EIO;
    result = ctl_config_from_json(config, json, &messages);
    if (result < 0)
        ctl_fail(ctl, EINVAL, "the store's configuration of domain %u makes no sense: %s", domid,
                 messages.count ? messages.list[0].text : strerror(-result));
    ctl_config_messages_free(&messages);
    free(json);
    return result == -ENOMEM ? ENOMEM : result < 0 ? EINVAL : 0;
}

static int unreadable(struct ctl *ctl, int error, uint32_t domid)
{
    if (error == ENODATA)
        return ctl_fail(ctl, ENODATA, "the store has no configuration of domain %u: ctl did not make it", domid);
    return error == EINVAL ? -EINVAL /* said */
                           : ctl_fail(ctl, error, "the configuration of domain %u cannot be had: %s", domid,
                                      strerror(error));
}

int ctl_domain_config_get(struct ctl *ctl, uint32_t domid, struct ctl_config *config)
{
    struct ctl_domain domain;
    int result = ctl_domain_get(ctl, domid, &domain);

    ctl_config_init(config);
    if (result < 0)
        return result;
    if (!ctl_store(ctl))
        return -ENOENT;
    result = read_config(ctl, XBT_NULL, domid, config);
    if (result == 0 && !take_name(&domain, config))
        result = ENOMEM;
    return result ? unreadable(ctl, result, domid) : 0;
}

static int replace(struct ctl *ctl, xs_transaction_t transaction, uint32_t domid, const struct ctl_config *config)
{
    char directory[CTL_STORE_PATH_MAX], path[CTL_STORE_PATH_MAX], *json = ctl_config_to_json(config);
    int error = json ? 0 : ENOMEM;

    ctl_path(directory, "/local/domain/%u/keel", domid);
    ctl_path(path, "%s/config", directory);
    if (!error && !xs_rm(ctl->store, transaction, path) && errno != ENOENT)
        error = errno;
    if (!error && !store_config_write(ctl, transaction, directory, json))
        error = errno;
    free(json);
    return error;
}

struct change {
    uint32_t domid;
    const struct ctl_config *whole; /* the new one, or NULL: what `alter` makes of the present one */
    bool (*alter)(struct ctl_config *config, const void *context);
    const void *context;
    const char *mark, *mark_text; /* a node to be written with it, or NULL */
};

static int change(struct ctl *ctl, xs_transaction_t transaction, void *context)
{
    const struct change *wanted = context;
    struct ctl_config config;
    char *held;
    int error;

    if (wanted->whole) {
        held = ctl_store_read(ctl, transaction, "/local/domain/%u/keel/config/0", wanted->domid);
        error = held ? 0 : errno == ENOENT ? ENODATA : errno;
        free(held);
        return error ? error : replace(ctl, transaction, wanted->domid, wanted->whole);
    }
    ctl_config_init(&config);
    error = read_config(ctl, transaction, wanted->domid, &config);
    if (error == 0 && !wanted->alter(&config, wanted->context))
        error = ENOMEM;
    if (error == 0)
        error = replace(ctl, transaction, wanted->domid, &config);
    ctl_config_free(&config);
    if (error == 0 || error == ENODATA)
        error = wanted->mark ? ctl_store_write(ctl, transaction, wanted->mark, wanted->mark_text) : 0;
    return error;
}

int ctl_domain_config_set(struct ctl *ctl, uint32_t domid, const struct ctl_config *config)
{
    struct change wanted = { .domid = domid, .whole = config };
    struct ctl_domain domain;
    int result = ctl_domain_get(ctl, domid, &domain);

    if (result < 0)
        return result;
    if (!ctl_store(ctl))
        return -ENOENT;
    result = ctl_store_transact(ctl, change, &wanted);
    if (result == ENODATA)
        return unreadable(ctl, result, domid);
    return result ? ctl_fail(ctl, result, "cannot write the configuration of domain %u into the store: %s", domid,
                             strerror(result)) : 0;
}

int domain_config_alter(struct ctl *ctl, uint32_t domid, bool (*alter)(struct ctl_config *config, const void *context),
                        const void *context, const char *mark, const char *mark_text)
{
    struct change wanted = { .domid = domid, .alter = alter, .context = context, .mark = mark, .mark_text = mark_text };
    int result = ctl_store_transact(ctl, change, &wanted);

    return result ? unreadable(ctl, result, domid) : 0;
}
