/* SPDX-License-Identifier: MIT */
/* ctl fsck: what is left over or does not fit together, and its mending. */
#include "json.h"
#include "verbs.h"

#include <stdlib.h>

static const char *word_of(enum ctl_finding_kind kind)
{
    static const char *const words[] = {
        [CTL_FINDING_HALF_MADE] = "half-made", [CTL_FINDING_DYING] = "dying", [CTL_FINDING_NAMELESS] = "nameless",
        [CTL_FINDING_ORPHAN] = "orphan", [CTL_FINDING_NOTE] = "note",
        [CTL_FINDING_DEVICE] = "device",
    };

    return words[kind];
}

static int print_json(struct cli *cli, const struct ctl_finding *list, ssize_t count)
{
    yajl_gen json = json_open("keel.fsck/1");

    json_array_open(json, "findings");
    for (ssize_t i = 0; i < count; i++) {
        json_object_open(json);
        json_text(json, "kind", word_of(list[i].kind));
        if (list[i].domid != UINT32_MAX)
            json_number(json, "domid", list[i].domid);
        json_text(json, "text", list[i].text);
        json_bool(json, "mended", list[i].mended);
        json_object_close(json);
    }
    json_array_close(json);
    return json_close(cli, json, cli->out);
}

static int run(struct cli *cli)
{
    struct ctl_finding *list;
    ssize_t count, left = 0;
    int status = CLI_DONE;

    if (!cli_open(cli))
        return CLI_FAILED;
    count = ctl_fsck(cli->ctl, !cli_given(cli, 'n'), &list);
    cli_end_progress(cli);
    if (count < 0)
        return cli_fail_ctl(cli, (int)count);
    for (ssize_t i = 0; i < count; i++)
        left += !list[i].mended;
    if (cli->json)
        status = print_json(cli, list, count);
    for (ssize_t i = 0; i < count && !cli->json; i++)
        fprintf(cli->out, "%s%s\n", list[i].text, list[i].mended ? ": mended" : "");
    if (count == 0 && !cli->json && !cli_given(cli, 'q'))
        fprintf(cli->out, "nothing is left over\n");
    free(list);
    return status == CLI_DONE && left > 0 ? CLI_FAILED : status;
}

static const struct cli_option options[] = {
    { 'n', "dry-run", NULL, "only look" },
    { 'q', "quiet", NULL, "print what is found only" },
    { 0 },
};

const struct cli_verb verb_fsck = {
    .name = "fsck", .arguments = "", .summary = "Find what is left over of domains, and mend it",
    .details = "Domains whose creator was killed are ended; what the store holds of domains that are not there is\n"
               "removed, and so are devices whose attaching or detaching was cut off. The status is 1 when something\n"
               "is left as it was.",
    .options = options, .run = run, .busy = "looking for what is left over",
};
