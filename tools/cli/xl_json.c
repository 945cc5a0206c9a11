/* SPDX-License-Identifier: MIT */
/* Domains and configurations as the JSON that xl prints; see xl_json.h. What has xl's default value is left out. */
#include "xl_json.h"
#include "xl_userdata.h"

#include "libctl/config_devices.h"
#include "libctl/device_nodes.h"

#include <errno.h>
#include <string.h>

yajl_gen xl_json_open(void)
{
    yajl_gen json = yajl_gen_alloc(NULL);

    if (json) {
        yajl_gen_config(json, yajl_gen_beautify, 1);
        yajl_gen_config(json, yajl_gen_indent_string, "    ");
    }
    return json;
}

bool xl_json_close(yajl_gen json, FILE *out)
{
    const unsigned char *text;
    size_t length;
    bool good = json && yajl_gen_get_buf(json, &text, &length) == yajl_gen_status_ok;

    if (good)
        fwrite(text, 1, length, out);
    if (json)
        yajl_gen_free(json);
    return good;
}

static void name(yajl_gen json, const char *member)
{
    yajl_gen_string(json, (const unsigned char *)member, strlen(member));
}

static void put_text(yajl_gen json, const char *member, const char *text)
{
    if (!text)
        return;
    name(json, member);
    name(json, text);
}

static void put_number(yajl_gen json, const char *member, uint64_t number)
{
    name(json, member);
    yajl_gen_integer(json, (long long)number);
}

static void open_object(yajl_gen json, const char *member)
{
    name(json, member);
    yajl_gen_map_open(json);
}

static void put_empty(yajl_gen json, const char *member)
{
    open_object(json, member);
    yajl_gen_map_close(json);
}

static void put_identity(yajl_gen json, const struct ctl_config *config, const struct live *live)
{
    char uuid[37];

    open_object(json, "c_info");
    put_text(json, "type", "pvh");
    if (!config) {
        put_text(json, "name", live->domain.name);
        yajl_gen_map_close(json);
        return;
    }
    put_text(json, "name", live ? live->domain.name : config->name);
    if (live)
        put_number(json, "domid", UINT32_MAX); /* xl keeps "any" as the number to be created with */
    cli_uuid_print(live ? live->domain.uuid : config->uuid, uuid);
    put_text(json, "uuid", uuid);
    put_text(json, "run_hotplug_scripts", "True");
    yajl_gen_map_close(json);
}

/* xl shows so many CPUs as the hypervisor's maps have: the machine's, in whole bytes. Without one, all there can be. */
static uint32_t cpus_shown(void)
{
    uint32_t most = CTL_CPUMAP_BYTES * 8, cpus = most;
    struct ctl_host host;
    struct ctl *ctl;

    if (ctl_open(&ctl) < 0)
        return most;
    if (ctl_host_get(ctl, &host) == 0)
        cpus = (host.cpus + 7) & ~7u;
    ctl_close(ctl);
    return cpus < most ? cpus : most;
}

static void put_cpus(yajl_gen json, const uint8_t bitmap[CTL_CPUMAP_BYTES], uint32_t cpus)
{
    yajl_gen_array_open(json);
    for (unsigned cpu = 0; cpu < cpus; cpu++)
        if (bitmap[cpu / 8] >> cpu % 8 & 1)
            yajl_gen_integer(json, cpu);
    yajl_gen_array_close(json);
}

/* For so many vCPUs as the configuration counts, or fewer if its list has not as many entries. */
static void put_affinity(yajl_gen json, const char *member, const struct ctl_config *config,
                         const struct ctl_affinity *affinity)
{
    bool counted = config->vcpus_set || config->max_vcpus_set, listed = affinity->vcpus_count > 0;
    uint32_t count = listed && affinity->vcpus_count < config->max_vcpus ? affinity->vcpus_count : config->max_vcpus;

    if (!counted || (!listed && !affinity->set))
        return;
    uint32_t cpus = cpus_shown();

    name(json, member);
    yajl_gen_array_open(json);
    for (uint32_t vcpu = 0; vcpu < count; vcpu++)
        put_cpus(json, listed ? affinity->vcpus[vcpu] : affinity->all, cpus);
    yajl_gen_array_close(json);
}

static void put_vcpus(yajl_gen json, const struct ctl_config *config, const struct live *live)
{
    uint32_t online = live ? live->online : config->vcpus;

    if (live || config->vcpus_set || config->max_vcpus_set)
        put_number(json, "max_vcpus", config->max_vcpus);
    if (live || config->vcpus_set) {
        name(json, "avail_vcpus");
        yajl_gen_array_open(json);
        for (uint32_t vcpu = 0; vcpu < online; vcpu++)
            yajl_gen_integer(json, vcpu);
        yajl_gen_array_close(json);
    }
    put_affinity(json, "vcpu_hard_affinity", config, &config->cpus);
    put_affinity(json, "vcpu_soft_affinity", config, &config->cpus_soft);
    if (config->cpus.vcpus_count || config->cpus_soft.vcpus_count || config->cpus_soft.set)
        put_text(json, "numa_placement", "False");
}

static void put_share(yajl_gen json, const struct ctl_config *config, const struct live *live)
{
    open_object(json, "sched_params");
    if (live) {
        put_text(json, "sched", live->scheduler == CTL_SCHEDULER_CREDIT ? "credit" : "credit2");
        put_number(json, "weight", live->share.weight);
        put_number(json, "cap", live->share.cap);
    } else {
        if (config->cpu_weight)
            put_number(json, "weight", config->cpu_weight);
        if (config->cap_set)
            put_number(json, "cap", config->cap);
    }
    yajl_gen_map_close(json);
}

static void put_machine(yajl_gen json, const struct ctl_config *config, const struct live *live)
{
    open_object(json, "b_info");
    if (config)
        put_vcpus(json, config, live);
    if (live || config->memory_set || config->max_memory_set)
        put_number(json, "max_memkb", live ? live->max_kib : config->max_memory_kib);
    if (live || config->memory_set)
        put_number(json, "target_memkb", live ? live->target_kib + (uint64_t)live->video_kib : config->memory_kib);
    if (live && live->video_kib >= 0)
        put_number(json, "video_memkb", (uint64_t)live->video_kib);
    put_share(json, config, live);
    if (config) {
        put_text(json, "claim_mode", "True");
        put_text(json, "kernel", config->kernel);
        put_text(json, "cmdline", config->command_line);
        put_text(json, "ramdisk", config->ramdisk);
    }
    put_empty(json, "type.pvh");
    put_empty(json, "arch_arm");
    open_object(json, "arch_x86");
    if (config && live)
        put_text(json, "msr_relaxed", "False");
    yajl_gen_map_close(json);
    yajl_gen_map_close(json);
}

static void put_trust(yajl_gen json, enum ctl_trust trust)
{
    if (trust != CTL_TRUST_DEFAULT)
        put_text(json, "trusted", trust == CTL_TRUSTED ? "True" : "False");
}

/* Of a domain that is there xl shows some defaults too. */
static void put_disk(yajl_gen json, const struct ctl_disk *disk, bool live)
{
    yajl_gen_map_open(json);
    put_text(json, "backend_domname", disk->backend);
    put_text(json, "pdev_path", disk->target);
    put_text(json, "vdev", disk->vdev);
    put_text(json, "backend", config_disk_backend(disk));
    put_text(json, "format", config_disk_format(disk));
    put_text(json, "script", disk->script);
    if (disk->cdrom)
        put_number(json, "removable", 1);
    if (disk->writable)
        put_number(json, "readwrite", 1);
    if (disk->cdrom)
        put_number(json, "is_cdrom", 1);
    if (disk->direct_io_safe) {
        name(json, "direct_io_safe");
        yajl_gen_bool(json, 1);
    }
    if (disk->discard != CTL_DISCARD_DEFAULT)
        put_text(json, "discard_enable", disk->discard == CTL_DISCARD_ON ? "True" : "False");
    put_text(json, "specification", config_disk_protocol(disk));
    put_text(json, "colo_restore_enable", live ? "False" : NULL);
    put_trust(json, disk->trust);
    yajl_gen_map_close(json);
}

static void put_nic(yajl_gen json, const struct ctl_nic *nic, const struct live *live)
{
    uint8_t chosen[6];
    char mac[18];

    yajl_gen_map_open(json);
    put_text(json, "backend_domname", nic->backend);
    put_number(json, "devid", nic->number);
    if (nic->mtu)
        put_number(json, "mtu", nic->mtu);
    put_text(json, "model", nic->model);
    if (live)
        device_mac_choose(live->domain.uuid, nic->number, chosen);
    config_mac_print(nic->mac_set || !live ? nic->mac : chosen, mac);
    put_text(json, "mac", nic->mac_set || live ? mac : NULL);
    put_text(json, "ip", nic->ip);
    put_text(json, "bridge", nic->bridge);
    put_text(json, "ifname", nic->interface);
    put_text(json, "script", nic->script);
    if (live || nic->type != CTL_NIC_ANY)
        put_text(json, "nictype", nic->type == CTL_NIC_IOEMU ? "vif_ioemu" : "vif");
    if (nic->rate_interval_us) {
        put_number(json, "rate_bytes_per_interval", nic->rate_bytes);
        put_number(json, "rate_interval_usecs", nic->rate_interval_us);
    }
    put_text(json, "gatewaydev", nic->gateway_device);
    put_trust(json, nic->trust);
    yajl_gen_map_close(json);
}

static void put_devices(yajl_gen json, const struct ctl_config *config, const struct live *live)
{
    if (config->disks_count) {
        name(json, "disks");
        yajl_gen_array_open(json);
        for (size_t i = 0; i < config->disks_count; i++)
            put_disk(json, &config->disks[i], live != NULL);
        yajl_gen_array_close(json);
    }
    if (config->nics_count) {
        name(json, "nics");
        yajl_gen_array_open(json);
        for (size_t i = 0; i < config->nics_count; i++)
            put_nic(json, &config->nics[i], live);
        yajl_gen_array_close(json);
    }
}

static void put_action(yajl_gen json, const char *member, enum ctl_action action)
{
    static const char *const words[] = {
        [CTL_ACTION_RESTART] = "restart", [CTL_ACTION_RENAME_RESTART] = "restart_rename",
        [CTL_ACTION_PRESERVE] = "preserve", [CTL_ACTION_COREDUMP_DESTROY] = "coredump_destroy",
        [CTL_ACTION_COREDUMP_RESTART] = "coredump_restart", [CTL_ACTION_SOFT_RESET] = "soft_reset",
    };

    put_text(json, member, words[action]); /* none for destroy, xl's default */
}

void xl_json_config(yajl_gen json, const struct ctl_config *config, const struct live *live)
{
    if (!json)
        return;
    yajl_gen_map_open(json);
    put_identity(json, config, live);
    put_machine(json, config, live);
    if (config) {
        put_devices(json, config, live);
        put_action(json, "on_poweroff", config->on_poweroff);
        put_action(json, "on_reboot", config->on_reboot);
        put_action(json, "on_watchdog", config->on_watchdog);
        put_action(json, "on_crash", config->on_crash);
        put_action(json, "on_soft_reset", config->on_soft_reset);
    }
    yajl_gen_map_close(json);
}

void xl_json_domain(yajl_gen json, const struct ctl_config *config, const struct live *live)
{
    if (!json)
        return;
    yajl_gen_map_open(json);
    put_number(json, "domid", live->domain.domid);
    name(json, "config");
    if (config || !xl_userdata_put(json, XL_USERDATA_FOLDER, live))
        xl_json_config(json, config, live);
    yajl_gen_map_close(json);
}

bool xl_json_list(struct ctl *ctl, const struct ctl_domain *list, ssize_t count, FILE *out)
{
    yajl_gen json = xl_json_open();

    if (json)
        yajl_gen_array_open(json);
    for (ssize_t i = 0; i < count; i++) {
        struct ctl_config config;
        struct live live;
        int known = ctl_domain_config_get(ctl, list[i].domid, &config);

        if (known != -ESRCH && live_read(ctl, &list[i], &live))
            xl_json_domain(json, known == 0 ? &config : NULL, &live);
        ctl_config_free(&config);
    }
    if (json)
        yajl_gen_array_close(json);
    if (!xl_json_close(json, out))
        return false;
    fputc('\n', out);
    return true;
}
