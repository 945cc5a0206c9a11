/* SPDX-License-Identifier: MIT */
/* Any bytes as a configuration: a verdict without a crash; what is accepted survives the way through JSON unchanged. */
#include "libctl/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const struct ctl_config *config)
{
    struct ctl_config_messages messages;
    struct ctl_config again;
    char *first = ctl_config_to_json(config), *second;

    if (!first || ctl_config_from_json(&again, first, &messages) != 0)
        abort();
    second = ctl_config_to_json(&again);
    if (!second || strcmp(first, second) != 0)
        abort();
    ctl_config_free(&again);
    ctl_config_messages_free(&messages);
    free(first);
    free(second);
}

static void parse(const uint8_t *data, size_t size, const char *const *overrides, size_t count)
{
    struct ctl_config_messages messages;
    struct ctl_config config;

    if (ctl_config_parse(&config, "fuzz.cfg", (const char *)data, size, overrides, count, &messages) == 0)
        check_round_trip(&config);
    else if (messages.count == 0)
        abort(); /* a refusal must say why */
    ctl_config_free(&config);
    ctl_config_messages_free(&messages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char base[] = "name = 'g'\nkernel = '/k'\n";
    struct ctl_config_messages messages;
    struct ctl_config config;
    char *text = strndup((const char *)data, size);
    const char *overrides[] = { text };

    if (!text)
        return 0;
    parse(data, size, NULL, 0);
    parse((const uint8_t *)base, sizeof(base) - 1, overrides, 1);
    if (ctl_config_from_json(&config, text, &messages) == 0)
        check_round_trip(&config);
    ctl_config_free(&config);
    ctl_config_messages_free(&messages);
    free(text);
    return 0;
}
