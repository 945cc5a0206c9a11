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

/* Where lines go. With `only`, those whose names begin with it, without their names: what scripts ask for. */
struct lines {
    FILE *out;
    const char *only; /* NULL: all */
    bool any;         /* was printed */
};

static void line(struct lines *lines, const char *name, const char *value)
{
    if (lines->only && strncmp(name, lines->only, strlen(lines->only)) != 0)
        return;
    if (!lines->only)
        fprintf(lines->out, "%-22s : ", name);
    fprintf(lines->out, "%s\n", value);
    lines->any = true;
}

static void number(struct lines *lines, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    line(lines, name, text);
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

static void print_machine(struct lines *lines, const struct ctl_host *host, const struct utsname *system)
{
    char text[VIRT_CAPS_MAX];

    line(lines, "host", system->nodename);
    line(lines, "release", system->release);
    line(lines, "version", system->version);
    line(lines, "machine", system->machine);
    number(lines, "nr_cpus", host->cpus_online);
    number(lines, "max_cpu_id", host->cpus - 1);
    number(lines, "nr_nodes", host->nodes);
    number(lines, "cores_per_socket", host->cores_per_socket);
    number(lines, "threads_per_core", host->threads_per_core);
    snprintf(text, sizeof(text), "%u.%03u", host->cpu_khz / 1000, host->cpu_khz % 1000);
    line(lines, "cpu_mhz", text);
    hw_caps(host, text);
    line(lines, "hw_caps", text);
    virt_caps(host, text);
    line(lines, "virt_caps", text);
    number(lines, "total_memory", host->total_kib >> 10);
    number(lines, "free_memory", (host->free_kib - host->outstanding_kib) >> 10);
    number(lines, "sharing_freed_memory", host->sharing_freed_kib >> 10);
    number(lines, "sharing_used_memory", host->sharing_used_kib >> 10);
    number(lines, "outstanding_claims", host->outstanding_kib >> 10);
    number(lines, "free_cpus", host->free_cpus);
}

struct places {
    struct ctl_cpu_place *cpus;
    struct ctl_node *nodes;
    struct ctl_pci_place *functions;
    ssize_t cpus_count, nodes_count, functions_count;
};

static int places_get(struct ctl *ctl, struct places *places)
{
    places->cpus_count = ctl_cpu_places(ctl, &places->cpus);
    if (places->cpus_count < 0)
        return (int)places->cpus_count;
    places->nodes_count = ctl_nodes(ctl, &places->nodes);
    if (places->nodes_count < 0)
        return (int)places->nodes_count;
    places->functions_count = ctl_pci_places(ctl, &places->functions);
    if (places->functions_count == -EOPNOTSUPP) /* a hypervisor without this call knows of none */
        places->functions_count = 0;
    return places->functions_count < 0 ? (int)places->functions_count : 0;
}

static void places_free(struct places *places)
{
    free(places->cpus);
    free(places->nodes);
    free(places->functions);
}

static void print_places(FILE *out, const struct places *places)
{
    fprintf(out, "cpu_topology           :\ncpu:    core    socket     node\n");
    for (ssize_t i = 0; i < places->cpus_count; i++)
        fprintf(out, "%3u:    %4u     %4u     %4u\n", places->cpus[i].cpu, places->cpus[i].core, places->cpus[i].socket,
                places->cpus[i].node);
    fprintf(out, "device topology        :\ndevice           node\n");
    for (ssize_t i = 0; i < places->functions_count; i++) {
        const struct ctl_pci_place *at = &places->functions[i];

        fprintf(out, "%04x:%02x:%02x.%01x      %u\n", at->segment, at->bus, at->device, at->function, at->node);
    }
    if (places->functions_count == 0)
        fprintf(out, "No device topology data available\n");
    fprintf(out, "numa_info              :\nnode:    memsize    memfree    distances\n");
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
    json_array_open(json, "pci_devices");
    for (ssize_t i = 0; i < places->functions_count; i++) {
        const struct ctl_pci_place *at = &places->functions[i];
        char address[sizeof("0000:00:00.0")];

        snprintf(address, sizeof(address), "%04x:%02x:%02x.%01x", at->segment & 0xffff, at->bus & 0xff,
                 at->device & 0x1f, at->function & 7);
        json_object_open(json);
        json_text(json, "address", address);
        json_number(json, "node", at->node);
        json_object_close(json);
    }
    json_array_close(json);
}

static void print_hypervisor(struct lines *lines, const struct ctl_host *host)
{
    char text[sizeof("4294967295.4294967295") + sizeof(host->xen_extra)];

    number(lines, "xen_major", host->xen_major);
    number(lines, "xen_minor", host->xen_minor);
    line(lines, "xen_extra", host->xen_extra);
    snprintf(text, sizeof(text), "%u.%u%s", host->xen_major, host->xen_minor, host->xen_extra);
    line(lines, "xen_version", text);
    line(lines, "xen_caps", host->capabilities);
    line(lines, "xen_scheduler", host->scheduler);
    number(lines, "xen_pagesize", host->page_size);
    snprintf(text, sizeof(text), "virt_start=0x%llx", (unsigned long long)host->virt_start);
    line(lines, "platform_params", text);
    line(lines, "xen_changeset", host->changeset);
    line(lines, "xen_commandline", host->command_line);
    line(lines, "cc_compiler", host->compiler);
    line(lines, "cc_compile_by", host->compile_by);
    line(lines, "cc_compile_domain", host->compile_domain);
    line(lines, "cc_compile_date", host->compile_date);
    line(lines, "build_id", host->build_id);
    number(lines, "xend_config_format", 4);
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

int info_print(struct cli *cli, bool with_places, const char *only)
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
        struct lines lines = { .out = cli->out, .only = only };

        print_machine(&lines, &host, &system);
        if (with_places)
            print_places(cli->out, &places);
        print_hypervisor(&lines, &host);
        status = lines.any ? CLI_DONE : CLI_USAGE;
    }
    places_free(&places);
    return status;
}

static int run(struct cli *cli)
{
    const char *only = cli->arguments_count ? cli->arguments[0] : NULL;

    if (only && (cli->json || cli_given(cli, 'n')))
        return cli_usage_error(cli, "a NAME picks one of the plain lines: it goes neither with --json nor with --numa");
    int status = info_print(cli, cli_given(cli, 'n') > 0, only);

    return status == CLI_USAGE ? cli_usage_error(cli, "no line's name begins with \"%.40s\"", only) : status;
}

static const struct cli_option options[] = {
    { 'n', "numa", NULL, "where its CPUs, its memory and its PCI devices are as well" },
    { 0 },
};

const struct cli_verb verb_info = {
    .name = "info", .arguments = "[NAME]", .arguments_most = 1, .summary = "Show the machine and its hypervisor",
    .details = "Memory is in MiB (in KiB with --json). With NAME, only the values of the lines whose names begin so, as in "
               "ctl info free_memory.", .options = options, .run = run,
};
