/* SPDX-License-Identifier: MIT */
/* ctl vcpu-list: where the vCPUs of domains run and where they may, in xl's columns. */
#include "json.h"
#include "verb_vcpu_list.h"
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>

void vcpu_list_print_header(FILE *out)
{
    fprintf(out, "%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU", "State", "Time(s)",
            "Affinity (Hard / Soft)");
}

void vcpu_list_print(FILE *out, const struct ctl_domain *domain, const struct ctl_vcpu *vcpu, uint32_t host_cpus)
{
    char hard[CLI_CPUS_TEXT_MAX], soft[CLI_CPUS_TEXT_MAX];

    cli_cpus_print(vcpu->hard_affinity, host_cpus, hard);
    cli_cpus_print(vcpu->soft_affinity, host_cpus, soft);
    fprintf(out, "%-32s %5u %5u", *domain->name ? domain->name : "(null)", domain->domid, vcpu->id);
    if (vcpu->online)
        fprintf(out, " %4u   %c%c-", vcpu->cpu, vcpu->running ? 'r' : '-', vcpu->blocked ? 'b' : '-');
    else
        fprintf(out, " %4c   --p", '-');
    fprintf(out, " %9.1f  %s / %s\n", (double)vcpu->cpu_time_ns / 1e9, hard, soft);
}

static void put_vcpu(yajl_gen json, const struct ctl_domain *domain, const struct ctl_vcpu *vcpu, uint32_t host_cpus)
{
    char hard[CLI_CPUS_TEXT_MAX], soft[CLI_CPUS_TEXT_MAX];

    cli_cpus_print(vcpu->hard_affinity, host_cpus, hard);
    cli_cpus_print(vcpu->soft_affinity, host_cpus, soft);
    json_object_open(json);
    json_number(json, "domid", domain->domid);
    json_text(json, "name", domain->name);
    json_number(json, "vcpu", vcpu->id);
    json_bool(json, "online", vcpu->online);
    if (vcpu->online)
        json_number(json, "cpu", vcpu->cpu);
    json_bool(json, "running", vcpu->running);
    json_bool(json, "blocked", vcpu->blocked);
    json_number(json, "cpu_time_ns", vcpu->cpu_time_ns);
    json_text(json, "hard_affinity", hard);
    json_text(json, "soft_affinity", soft);
    json_object_close(json);
}

/* One domain's vCPUs, as text or into the document. A domain that ended in between is left out of a list of all. */
static int print_domain(struct cli *cli, const struct ctl_domain *domain, uint32_t host_cpus, yajl_gen json)
{
    struct ctl_vcpu *vcpus;
    ssize_t count = ctl_vcpu_list(cli->ctl, domain->domid, &vcpus);

    if (count == -ESRCH && cli->arguments_count == 0)
        return CLI_DONE;
    if (count < 0)
        return cli_fail_ctl(cli, (int)count);
    for (ssize_t i = 0; i < count; i++) {
        if (cli->json)
            put_vcpu(json, domain, &vcpus[i], host_cpus);
        else
            vcpu_list_print(cli->out, domain, &vcpus[i], host_cpus);
    }
    free(vcpus);
    return CLI_DONE;
}

static int run(struct cli *cli)
{
    struct ctl_domain *list;
    struct ctl_host host;
    ssize_t count = cli_domains(cli, &list);
    int status = CLI_DONE, result;
    yajl_gen json = NULL;

    if (count < 0)
        return CLI_FAILED;
    result = ctl_host_get(cli->ctl, &host);
    if (result < 0) {
        free(list);
        return cli_fail_ctl(cli, result);
    }
    if (cli->json) {
        json = json_open("keel.vcpu-list/1");
        json_array_open(json, "vcpus");
    } else {
        vcpu_list_print_header(cli->out);
    }
    for (ssize_t i = 0; i < count && status == CLI_DONE; i++)
        status = print_domain(cli, &list[i], host.cpus_online, json);
    free(list);
    if (!cli->json)
        return status;
    json_array_close(json);
    if (status == CLI_DONE)
        return json_close(cli, json, cli->out);
    if (json)
        yajl_gen_free(json);
    return status;
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_vcpu_list = {
    .name = "vcpu-list", .arguments = "[DOMAIN...]", .arguments_most = -1,
    .summary = "Show the vCPUs of all domains, or of those given",
    .details = "State is made of r running and b blocked, or is --p for a vCPU that is offline.\n"
               "Affinity is the list of CPUs where it may run (hard) and prefers to (soft).",
    .options = options, .run = run,
};
