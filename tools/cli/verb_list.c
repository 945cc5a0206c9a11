/* SPDX-License-Identifier: MIT */
/* ctl list: the domains there are, in xl's columns. */
#include "json.h"
#include "verb_list.h"
#include "verbs.h"
#include "xl_json.h"

#include <errno.h>
#include <stdlib.h>

void list_print_header(FILE *out, bool verbose)
{
    fprintf(out, "%-40s %5s %5s %5s\tState\tTime(s)", "Name", "ID", "Mem", "VCPUs");
    if (verbose)
        fprintf(out, "   %-28s    %s\t%s", "UUID", "Reason-Code", "Security Label");
}

void list_print(FILE *out, const struct ctl_domain *domain, bool verbose)
{
    bool crashed = domain->shutdown && domain->shutdown_reason == CTL_SHUTDOWN_CRASH;

    fprintf(out, "%-40s %5u %5llu %5u     %c%c%c%c%c%c  %8.1f", *domain->name ? domain->name : "(null)", domain->domid,
            (unsigned long long)(domain->memory_kib >> 10), domain->vcpus_online, domain->running ? 'r' : '-',
            domain->blocked ? 'b' : '-', domain->paused ? 'p' : '-', domain->shutdown ? 's' : '-', crashed ? 'c' : '-',
            domain->dying ? 'd' : '-', (double)domain->cpu_time_ns / 1e9);
    if (verbose) {
        char uuid[37];

        cli_uuid_print(domain->uuid, uuid);
        fprintf(out, " %s", uuid);
        if (domain->shutdown)
            fprintf(out, " %8x", (unsigned)domain->shutdown_reason);
        else
            fprintf(out, " %8s", "-");
        fprintf(out, " %16s", "-");
    }
}

static void put_domain(yajl_gen json, const struct ctl_domain *domain)
{
    char uuid[37];

    cli_uuid_print(domain->uuid, uuid);
    json_object_open(json);
    json_number(json, "domid", domain->domid);
    json_text(json, "name", domain->name);
    json_text(json, "uuid", uuid);
    json_bool(json, "running", domain->running);
    json_bool(json, "blocked", domain->blocked);
    json_bool(json, "paused", domain->paused);
    json_bool(json, "shutdown", domain->shutdown);
    json_bool(json, "dying", domain->dying);
    if (domain->shutdown)
        json_text(json, "shutdown_reason", cli_shutdown_word(domain->shutdown_reason));
    json_number(json, "memory_kib", domain->memory_kib);
    json_number(json, "max_memory_kib", domain->max_memory_kib);
    json_number(json, "vcpus_online", domain->vcpus_online);
    json_number(json, "vcpus_max", domain->vcpus_max);
    json_number(json, "cpu_time_ns", domain->cpu_time_ns);
    json_object_close(json);
}

static int run(struct cli *cli)
{
    struct ctl_domain *list;
    ssize_t count = cli_domains(cli, &list);
    int status = CLI_DONE;
    bool verbose = cli_given(cli, 'v') > 0;

    if (count < 0)
        return CLI_FAILED;
    if (cli->json) {
        yajl_gen json = json_open("keel.list/1");

        json_array_open(json, "domains");
        for (ssize_t i = 0; i < count; i++)
            put_domain(json, &list[i]);
        json_array_close(json);
        status = json_close(cli, json, cli->out);
    } else if (cli_given(cli, 'l')) {
        if (!xl_json_list(cli->ctl, list, count, cli->out))
            status = cli_fail(cli, ENOMEM, "there is no memory for the long list");
    } else {
        list_print_header(cli->out, verbose);
        fputc('\n', cli->out);
        for (ssize_t i = 0; i < count; i++) {
            list_print(cli->out, &list[i], verbose);
            fputc('\n', cli->out);
        }
    }
    free(list);
    return status;
}

static const struct cli_option options[] = {
    { 'l', "long", NULL, "all that xl tells of them, as xl's JSON" },
    { 'v', "verbose", NULL, "UUID and reason of a shutdown as well" },
    { 0 },
};

const struct cli_verb verb_list = {
    .name = "list", .arguments = "[DOMAIN...]", .arguments_most = -1,
    .summary = "Show the domains, or those given",
    .details = "State is made of r running, b blocked, p paused, s shut down, c crashed, d dying.\n"
               "Mem is in MiB; Time(s) is the CPU time that the domain has used.",
    .options = options, .run = run,
};
