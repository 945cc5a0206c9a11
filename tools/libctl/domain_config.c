/* SPDX-License-Identifier: MIT */
/*
 * The configuration that a domain was made from, as the store keeps it: what a restart will use.
 */
#include "config.h"
#include "store_nodes.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int ctl_domain_config_get(struct ctl *ctl, uint32_t domid, struct ctl_config *config)
{
    struct ctl_config_messages messages = { 0 };
    char directory[CTL_STORE_PATH_MAX], *json;
    struct ctl_domain domain;
    int result = ctl_domain_get(ctl, domid, &domain);

    ctl_config_init(config);
    if (result < 0)
        return result;
    if (!ctl_store(ctl))
        return -ENOENT;
    ctl_path(directory, "/local/domain/%u/keel", domid);
    json = store_config_read(ctl, directory);
    if (!json)
        return ctl_fail(ctl, ENODATA, "the store has no configuration of domain %u: ctl did not make it", domid);
    result = ctl_config_from_json(config, json, &messages);
    if (result < 0)
        ctl_fail(ctl, -result, "the store's configuration of domain %u makes no sense: %s", domid,
                 messages.count ? messages.list[0].text : strerror(-result));
    ctl_config_messages_free(&messages);
    free(json);
    if (result == 0 && *domain.name && strcmp(domain.name, config->name) != 0) {
        char *name = strdup(domain.name); /* it was renamed */

        if (!name)
            return ctl_fail(ctl, ENOMEM, "there is no memory for the configuration of domain %u", domid);
        free(config->name);
        config->name = name;
    }
    return result;
}

struct replacement {
    const char *directory, *json;
};

static int replace(struct ctl *ctl, xs_transaction_t transaction, void *context)
{
    const struct replacement *replacement = context;
    char path[CTL_STORE_PATH_MAX];

    ctl_path(path, "%s/config", replacement->directory);
    if (!xs_rm(ctl->store, transaction, path) && errno != ENOENT)
        return errno;
    return store_config_write(ctl, transaction, replacement->directory, replacement->json) ? 0 : errno;
}

int ctl_domain_config_set(struct ctl *ctl, uint32_t domid, const struct ctl_config *config)
{
    char directory[CTL_STORE_PATH_MAX], *json, *held;
    struct ctl_domain domain;
    int result = ctl_domain_get(ctl, domid, &domain);

    if (result < 0)
        return result;
    if (!ctl_store(ctl))
        return -ENOENT;
    ctl_path(directory, "/local/domain/%u/keel", domid);
    held = store_config_read(ctl, directory);
    free(held);
    if (!held)
        return ctl_fail(ctl, ENODATA, "the store has no configuration of domain %u: ctl did not make it", domid);
    json = ctl_config_to_json(config);
    if (!json)
        return ctl_fail(ctl, ENOMEM, "there is no memory for the configuration of domain %u", domid);
    struct replacement replacement = { directory, json };

    result = ctl_store_transact(ctl, replace, &replacement);
    free(json);
    return result ? ctl_fail(ctl, result, "cannot write the configuration of domain %u into the store: %s", domid,
                             strerror(result)) : 0;
}
