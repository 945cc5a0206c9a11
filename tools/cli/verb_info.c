/* SPDX-License-Identifier: MIT */
/* ctl info: the machine and its hypervisor, in xl's lines. */
#include "json.h"
#include "verb_info.h"
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <xen/xen.h>
#include <xen/sysctl.h>

#define VIRT_CAPS_MAX 160

static void line(FILE *out, const char *name, const char *value)
{
    fprintf(out, "%-22s : %s\n", name, value);
}

static void number(FILE *out, const char *name, uint64_t value)
{
    fprintf(out, "%-22s : %llu\n", name, (unsigned long long)value);
}

static void virt_caps(const struct ctl_host *host, char text[VIRT_CAPS_MAX])
{
    const struct {
        uint32_t needed;
        const char *name;
    } words[] = {
        { XEN_SYSCTL_PHYSCAP_pv, "pv" },
        { XEN_SYSCTL_PHYSCAP_hvm, "hvm" },
        { XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_directio, "hvm_directio" },
        { XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_directio, "pv_directio" },
        { XEN_SYSCTL_PHYSCAP_hap, "hap" },
        { XEN_SYSCTL_PHYSCAP_shadow, "shadow" },
        { XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share, "iommu_hap_pt_share" },
        { XEN_SYSCTL_PHYSCAP_vmtrace, "vmtrace" },
        { XEN_SYSCTL_PHYSCAP_vpmu, "vpmu" },
        { XEN_SYSCTL_PHYSCAP_gnttab_v1, "gnttab-v1" },
        { XEN_SYSCTL_PHYSCAP_gnttab_v2, "gnttab-v2" },
    };
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if ((host->virt_caps & words[i].needed) == words[i].needed)
            used += (size_t)snprintf(text + used, VIRT_CAPS_MAX - used, "%s%s", used ? " " : "", words[i].name);
    }
}

static void hw_caps(const struct ctl_host *host, char text[8 * 9])
{
    size_t used = 0;

    for (int i = 0; i < 8; i++)
        used += (size_t)sprintf(text + used, i ? ":%08x" : "%08x", host->hw_caps[i]);
}

static void print_machine(FILE *out, const struct ctl_host *host, const struct utsname *system)
{
    char text[VIRT_CAPS_MAX];

    line(out, "host", system->nodename);
    line(out, "release", system->release);
    line(out, "version", system->version);
    line(out, "machine", system->machine);
    number(out, "nr_cpus", host->cpus_online);
    number(out, "max_cpu_id", host->cpus - 1);
    number(out, "nr_nodes", host->nodes);
    number(out, "cores_per_socket", host->cores_per_socket);
    number(out, "threads_per_core", host->threads_per_core);
    fprintf(out, "%-22s : %u.%03u\n", "cpu_mhz", host->cpu_khz / 1000, host->cpu_khz % 1000);
    hw_caps(host, text);
    line(out, "hw_caps", text);
    virt_caps(host, text);
    line(out, "virt_caps", text);
    number(out, "total_memory", host->total_kib >> 10);
    number(out, "free_memory", (host->free_kib - host->outstanding_kib) >> 10);
    number(out, "sharing_freed_memory", host->sharing_freed_kib >> 10);
    number(out, "sharing_used_memory", host->sharing_used_kib >> 10);
    number(out, "outstanding_claims", host->outstanding_kib >> 10);
    number(out, "free_cpus", host->free_cpus);
}

/* What xl says of PCI devices where the hypervisor does not tell which node they are near to. */
#define NO_DEVICES "device topology        :\ndevice           node\nNo device topology data available\n"

struct places {
    struct ctl_cpu_place *cpus;
    struct ctl_node *nodes;
    ssize_t cpus_count, nodes_count;
};

static int places_get(struct ctl *ctl, struct places *places)
{
    places->cpus_count = ctl_cpu_places(ctl, &places->cpus);
    if (places->cpus_count < 0)
        return (int)places->cpus_count;
    places->nodes_count = ctl_nodes(ctl, &places->nodes);
    return places->nodes_count < 0 ? (int)places->nodes_count : 0;
}

static void print_places(FILE *out, const struct places *places)
{
    fprintf(out, "cpu_topology           :\ncpu:    core    socket     node\n");
    for (ssize_t i = 0; i < places->cpus_count; i++)
        fprintf(out, "%3u:    %4u     %4u     %4u\n", places->cpus[i].cpu, places->cpus[i].core, places->cpus[i].socket,
                places->cpus[i].node);
    fprintf(out, NO_DEVICES "numa_info              :\nnode:    memsize    memfree    distances\n");
    for (ssize_t i = 0; i < places->nodes_count; i++) {
        const struct ctl_node *node = &places->nodes[i];

        fprintf(out, "%4u:    %6llu     %6llu      ", node->id, (unsigned long long)node->memory_kib >> 10,
                (unsigned long long)node->free_kib >> 10);
        for (uint32_t to = 0; to < node->distances_count; to++)
            fprintf(out, to ? ",%u" : "%u", node->distances[to]);
        fputc('\n', out);
    }
}

static void put_places(yajl_gen json, const struct places *places)
{
    json_array_open(json, "cpus");
    for (ssize_t i = 0; i < places->cpus_count; i++) {
        json_object_open(json);
        json_number(json, "cpu", places->cpus[i].cpu);
        json_number(json, "core", places->cpus[i].core);
        json_number(json, "socket", places->cpus[i].socket);
        json_number(json, "node", places->cpus[i].node);
        json_object_close(json);
    }
    json_array_close(json);
    json_array_open(json, "memory_nodes");
    for (ssize_t i = 0; i < places->nodes_count; i++) {
        const struct ctl_node *node = &places->nodes[i];

        json_object_open(json);
        json_number(json, "node", node->id);
        json_number(json, "memory_kib", node->memory_kib);
        json_number(json, "free_memory_kib", node->free_kib);
        json_array_open(json, "distances");
        for (uint32_t to = 0; to < node->distances_count; to++)
            yajl_gen_integer(json, node->distances[to]);
        json_array_close(json);
        json_object_close(json);
    }
    json_array_close(json);
}

static void print_hypervisor(FILE *out, const struct ctl_host *host)
{
    number(out, "xen_major", host->xen_major);
    number(out, "xen_minor", host->xen_minor);
    line(out, "xen_extra", host->xen_extra);
    fprintf(out, "%-22s : %u.%u%s\n", "xen_version", host->xen_major, host->xen_minor, host->xen_extra);
    line(out, "xen_caps", host->capabilities);
    line(out, "xen_scheduler", host->scheduler);
    number(out, "xen_pagesize", host->page_size);
    fprintf(out, "%-22s : virt_start=0x%llx\n", "platform_params", (unsigned long long)host->virt_start);
    line(out, "xen_changeset", host->changeset);
    line(out, "xen_commandline", host->command_line);
    line(out, "cc_compiler", host->compiler);
    line(out, "cc_compile_by", host->compile_by);
    line(out, "cc_compile_domain", host->compile_domain);
    line(out, "cc_compile_date", host->compile_date);
    line(out, "build_id", host->build_id);
    number(out, "xend_config_format", 4);
}

static int print_json(struct cli *cli, const struct ctl_host *host, const struct utsname *system,
                      const struct places *places)
{
    yajl_gen json = json_open("keel.info/1");
    char text[VIRT_CAPS_MAX];

    json_text(json, "host", system->nodename);
    json_text(json, "release", system->release);
    json_text(json, "version", system->version);
    json_text(json, "machine", system->machine);
    json_number(json, "cpus_online", host->cpus_online);
    json_number(json, "cpus_possible", host->cpus);
    json_number(json, "free_cpus", host->free_cpus);
    json_number(json, "nodes", host->nodes);
    json_number(json, "cores_per_socket", host->cores_per_socket);
    json_number(json, "threads_per_core", host->threads_per_core);
    json_number(json, "cpu_khz", host->cpu_khz);
    hw_caps(host, text);
    json_text(json, "hw_caps", text);
    virt_caps(host, text);
    json_text(json, "virt_caps", text);
    json_number(json, "total_memory_kib", host->total_kib);
    json_number(json, "free_memory_kib", host->free_kib);
    json_number(json, "outstanding_claims_kib", host->outstanding_kib);
    json_number(json, "sharing_freed_kib", host->sharing_freed_kib);
    json_number(json, "sharing_used_kib", host->sharing_used_kib);
    json_number(json, "xen_major", host->xen_major);
    json_number(json, "xen_minor", host->xen_minor);
    json_text(json, "xen_extra", host->xen_extra);
    json_text(json, "xen_caps", host->capabilities);
    json_text(json, "xen_scheduler", host->scheduler);
    json_number(json, "page_size", host->page_size);
    snprintf(text, sizeof(text), "0x%llx", (unsigned long long)host->virt_start);
    json_text(json, "virt_start", text);
    json_text(json, "xen_changeset", host->changeset);
    json_text(json, "xen_command_line", host->command_line);
    json_text(json, "compiler", host->compiler);
    json_text(json, "compile_by", host->compile_by);
    json_text(json, "compile_domain", host->compile_domain);
    json_text(json, "compile_date", host->compile_date);
    json_text(json, "build_id", host->build_id);
    if (places)
        put_places(json, places);
    return json_close(cli, json, cli->out);
}

int info_print(struct cli *cli, bool with_places)
{
    struct places places = { 0 };
    struct utsname system;
    struct ctl_host host;

    if (!cli_open(cli))
        return CLI_FAILED;
    int result = ctl_host_get(cli->ctl, &host);

    if (result < 0)
        return cli_fail_ctl(cli, result);
    if (uname(&system) < 0)
        return cli_fail(cli, errno, "the kernel does not tell its name: %s", strerror(errno));
    int status = CLI_DONE;

    result = with_places ? places_get(cli->ctl, &places) : 0;
    if (result < 0) {
        status = cli_fail_ctl(cli, result);
    } else if (cli->json) {
        status = print_json(cli, &host, &system, with_places ? &places : NULL);
    } else {
        print_machine(cli->out, &host, &system);
        if (with_places)
            print_places(cli->out, &places);
        print_hypervisor(cli->out, &host);
    }
    free(places.cpus);
    free(places.nodes);
    return status;
}

static int run(struct cli *cli)
{
    return info_print(cli, cli_given(cli, 'n') > 0);
}

static const struct cli_option options[] = {
    { 'n', "numa", NULL, "where its CPUs and its memory are as well" },
    { 0 },
};

const struct cli_verb verb_info = {
    .name = "info", .arguments = "", .summary = "Show the machine and its hypervisor",
    .details = "Memory is in MiB (in KiB with --json).", .options = options, .run = run,
};
