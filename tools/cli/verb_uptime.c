/* SPDX-License-Identifier: MIT */
/* ctl uptime: how long domains have been there, in xl's columns. */
#include "json.h"
#include "verb_uptime.h"
#include "verbs.h"

#include <stdlib.h>
#include <time.h>

static uint64_t seconds_of(uint64_t uptime_ns)
{
    return uptime_ns / 1000000000u;
}

void uptime_print_header(FILE *out)
{
    fprintf(out, "%-33s %4s %s\n", "Name", "ID", "Uptime");
}

void uptime_print(FILE *out, const struct ctl_domain *domain, uint64_t uptime_ns)
{
    uint64_t seconds = seconds_of(uptime_ns), days = seconds / 86400;
    char text[64];
    int used = 0;

    if (days)
        used = snprintf(text, sizeof(text), "%llu day%s, ", (unsigned long long)days, days > 1 ? "s" : "");
    snprintf(text + used, sizeof(text) - (size_t)used, "%2llu:%02llu:%02llu",
             (unsigned long long)(seconds % 86400 / 3600), (unsigned long long)(seconds % 3600 / 60),
             (unsigned long long)(seconds % 60));
    fprintf(out, "%-33s %4u %s\n", *domain->name ? domain->name : "(null)", domain->domid, text);
}

void uptime_print_short(FILE *out, const struct ctl_domain *domain, uint64_t uptime_ns, time_t now)
{
    uint64_t seconds = seconds_of(uptime_ns), days = seconds / 86400;
    struct tm local;
    char clock[16], text[64];
    int used = 0;

    if (days)
        used = snprintf(text, sizeof(text), "%llu day%s, ", (unsigned long long)days, days > 1 ? "s" : "");
    snprintf(text + used, sizeof(text) - (size_t)used, "%2llu:%02llu", (unsigned long long)(seconds % 86400 / 3600),
             (unsigned long long)(seconds % 3600 / 60));
    localtime_r(&now, &local);
    strftime(clock, sizeof(clock), "%H:%M:%S", &local);
    fprintf(out, " %s up %s, %s (%u)\n", clock, text, *domain->name ? domain->name : "(null)",
            domain->domid);
}

int uptime_run(struct cli *cli, bool brief)
{
    struct ctl_domain *list;
    ssize_t count = cli_domains(cli, &list);
    yajl_gen json = NULL;
    int status = CLI_DONE;

    if (count < 0)
        return CLI_FAILED;
    if (cli->json) {
        json = json_open("keel.uptime/1");
        json_array_open(json, "domains");
    } else if (!brief) {
        uptime_print_header(cli->out);
    }
    for (ssize_t i = 0; i < count; i++) {
        uint64_t uptime_ns;
        int result = ctl_domain_uptime(cli->ctl, list[i].domid, &uptime_ns);

        if (result < 0) {
            status = cli_fail_ctl(cli, result);
        } else if (cli->json) {
            json_object_open(json);
            json_number(json, "domid", list[i].domid);
            json_text(json, "name", list[i].name);
            json_number(json, "uptime_ns", uptime_ns);
            json_object_close(json);
        } else if (brief) {
            uptime_print_short(cli->out, &list[i], uptime_ns, time(NULL));
        } else {
            uptime_print(cli->out, &list[i], uptime_ns);
        }
    }
    free(list);
    if (!cli->json)
        return status;
    json_array_close(json);
    int written = json_close(cli, json, cli->out);

    return status == CLI_DONE ? written : status;
}

static int run(struct cli *cli)
{
    return uptime_run(cli, cli_given(cli, 's') > 0);
}

static const struct cli_option options[] = {
    { 's', "short", NULL, "a line a domain, as uptime(1) has it" },
    { 0 },
};

const struct cli_verb verb_uptime = {
    .name = "uptime", .arguments = "[DOMAIN...]", .arguments_most = -1,
    .summary = "Show how long domains have been there", .options = options, .run = run,
};
