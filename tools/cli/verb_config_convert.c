/* SPDX-License-Identifier: MIT */
/* ctl config convert: a configuration in another form. */
#include "config_argument.h"
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int to_xml(struct cli *cli, const struct ctl_config *config, char **text)
{
    struct ctl_config_messages messages;
    int result = ctl_config_to_xml(config, text, &messages), status = CLI_DONE;

    for (size_t i = 0; i < messages.count; i++) {
        if (messages.list[i].is_error)
            status = cli_fail(cli, -result, "%s", messages.list[i].text);
        else
            cli_warn(cli, "%s", messages.list[i].text);
    }
    ctl_config_messages_free(&messages);
    return status;
}

static int convert(struct cli *cli, const struct ctl_config *config, const char *form)
{
    char *text = NULL;
    int status = CLI_DONE;

    if (strcmp(form, "xml") == 0)
        status = to_xml(cli, config, &text);
    else if (strcmp(form, "json") == 0)
        text = ctl_config_to_json(config);
    else
        text = ctl_config_to_cfg(config);
    if (text)
        fprintf(cli->out, "%s%s", text, *text && text[strlen(text) - 1] == '\n' ? "" : "\n");
    else if (status == CLI_DONE)
        status = cli_fail(cli, ENOMEM, "there is no memory for the configuration");
    free(text);
    return status;
}

static int run(struct cli *cli)
{
    const char *form = cli_value(cli, 't') ? cli_value(cli, 't') : cli->json ? "json" : "cfg";
    struct ctl_config config;

    if (strcmp(form, "xml") != 0 && strcmp(form, "json") != 0 && strcmp(form, "cfg") != 0)
        return cli_usage_error(cli, "\"%.40s\" is no form of a configuration; write xml, json or cfg", form);
    int status = config_argument_read(cli, 0, &config);

    if (status == CLI_DONE)
        status = convert(cli, &config, form);
    ctl_config_free(&config);
    return status;
}

static const struct cli_option options[] = {
    { 't', "to", "FORM", "xml (libvirt's), json or cfg; cfg without it" },
    { 'f', "defconfig", "FILE", "the configuration file" },
    { 'q', "quiet", NULL, "no warnings about the file" },
    { 0 },
};

const struct cli_verb verb_config_convert = {
    .name = "config convert", .arguments = "[FILE] [KEY=VALUE...]", .arguments_most = -1,
    .summary = "Show a configuration in another form",
    .details = "FILE may have any of the three forms. What libvirt's XML cannot say is named in warnings.",
    .options = options, .run = run,
};
