/* SPDX-License-Identifier: MIT */
/* ctl apply: brings a guest to what its configuration says, and tells what changed. Done again, it changes nothing. */
#include "affinity.h"
#include "config_argument.h"
#include "create_whole.h"
#include "json.h"
#include "live.h"
#include "verbs.h"

#include "libctl/config_devices.h"
#include "libctl/config_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WEIGHT_DEFAULT 256u /* of both schedulers */
#define DETACH_TIMEOUT_MS 10000
#define MIB(kib) ((unsigned long long)(((kib) + 1023) >> 10))

/* A guest that is there, and what it is to become. */
struct change {
    struct cli *cli;
    uint32_t domid;
    const struct ctl_config *wanted;
    struct ctl_config held; /* what it was made from, with the live values of what can be changed */
    enum ctl_scheduler scheduler;
    struct ctl_vcpu *vcpus;
    ssize_t vcpus_count;
};

/* One thing that a configuration says. `put` prints its value; `do_now` changes it at once, NULL: at a restart. */
struct aspect {
    const char *key;
    void (*put)(FILE *file, const struct ctl_config *config);
    int (*do_now)(struct change *change);
};

/* --- values -------------------------------------------------------------------------------------------------- */

static void put_or_nothing(FILE *file, const char *text)
{
    fprintf(file, "%s", text ? text : "");
}

static void put_kernel(FILE *file, const struct ctl_config *config)
{
    put_or_nothing(file, config->kernel);
}

static void put_ramdisk(FILE *file, const struct ctl_config *config)
{
    put_or_nothing(file, config->ramdisk);
}

static void put_command_line(FILE *file, const struct ctl_config *config)
{
    put_or_nothing(file, config->command_line);
}

static void put_memory(FILE *file, const struct ctl_config *config)
{
    fprintf(file, "%llu", MIB(config->memory_kib));
}

static void put_max_memory(FILE *file, const struct ctl_config *config)
{
    fprintf(file, "%llu", MIB(config->max_memory_kib));
}

static void put_vcpus(FILE *file, const struct ctl_config *config)
{
    fprintf(file, "%u", config->vcpus);
}

static void put_max_vcpus(FILE *file, const struct ctl_config *config)
{
    fprintf(file, "%u", config->max_vcpus);
}

static void put_affinity(FILE *file, const struct ctl_affinity *affinity)
{
    char text[CONFIG_CPUS_TEXT_MAX];

    for (uint32_t i = 0; i < affinity->vcpus_count; i++) {
        config_cpus_print(affinity->vcpus[i], text);
        fprintf(file, i ? "; %s" : "%s", *text ? text : "none");
    }
    if (affinity->vcpus_count)
        return;
    if (affinity->set)
        config_cpus_print(affinity->all, text);
    fputs(!affinity->set ? "all" : *text ? text : "none", file);
}

static void put_cpus(FILE *file, const struct ctl_config *config)
{
    put_affinity(file, &config->cpus);
}

static void put_cpus_soft(FILE *file, const struct ctl_config *config)
{
    put_affinity(file, &config->cpus_soft);
}

static void put_weight(FILE *file, const struct ctl_config *config)
{
    fprintf(file, "%u", config->cpu_weight ? config->cpu_weight : WEIGHT_DEFAULT);
}

static void put_cap(FILE *file, const struct ctl_config *config)
{
    fprintf(file, "%u", config->cap);
}

static void put_disks(FILE *file, const struct ctl_config *config)
{
    for (size_t i = 0; i < config->disks_count; i++) {
        char *text = config_disk_print(&config->disks[i]);

        fprintf(file, i ? "; %s" : "%s", text ? text : "");
        free(text);
    }
}

static void put_nics(FILE *file, const struct ctl_config *config)
{
    for (size_t i = 0; i < config->nics_count; i++) {
        struct ctl_nic nic = config->nics[i];

        nic.number_set = nic.number != i; /* as one is written that is at its place */
        char *text = config_nic_print(&nic);

        fprintf(file, i ? "; %s" : "%s", text ? text : "");
        free(text);
    }
}

static void put_on_poweroff(FILE *file, const struct ctl_config *config)
{
    fputs(config_action_names[config->on_poweroff], file);
}

static void put_on_reboot(FILE *file, const struct ctl_config *config)
{
    fputs(config_action_names[config->on_reboot], file);
}

static void put_on_crash(FILE *file, const struct ctl_config *config)
{
    fputs(config_action_names[config->on_crash], file);
}

static void put_on_watchdog(FILE *file, const struct ctl_config *config)
{
    fputs(config_action_names[config->on_watchdog], file);
}

static void put_on_soft_reset(FILE *file, const struct ctl_config *config)
{
    fputs(config_action_names[config->on_soft_reset], file);
}

static void put_uuid(FILE *file, const struct ctl_config *config)
{
    char text[37];

    cli_uuid_print(config->uuid, text);
    put_or_nothing(file, config->uuid_set ? text : NULL);
}

/* --- changes ------------------------------------------------------------------------------------------------- */

static int change_memory(struct change *change)
{
    return ctl_memory_set(change->cli->ctl, change->domid, change->wanted->memory_kib);
}

static int change_max_memory(struct change *change)
{
    return ctl_memory_max(change->cli->ctl, change->domid, change->wanted->max_memory_kib);
}

static int change_vcpus(struct change *change)
{
    return ctl_vcpu_set(change->cli->ctl, change->domid, change->wanted->vcpus);
}

static int change_cpus(struct change *change)
{
    int result = 0;

    for (ssize_t vcpu = 0; vcpu < change->vcpus_count && result == 0; vcpu++)
        result = ctl_vcpu_pin(change->cli->ctl, change->domid, change->vcpus[vcpu].id,
                              affinity_wanted(&change->wanted->cpus, change->vcpus[vcpu].id), NULL);
    return result;
}

static int change_cpus_soft(struct change *change)
{
    int result = 0;

    for (ssize_t vcpu = 0; vcpu < change->vcpus_count && result == 0; vcpu++)
        result = ctl_vcpu_pin(change->cli->ctl, change->domid, change->vcpus[vcpu].id, NULL,
                              affinity_wanted(&change->wanted->cpus_soft, change->vcpus[vcpu].id));
    return result;
}

static int change_share(struct change *change)
{
    const struct ctl_config *wanted = change->wanted;
    struct ctl_share share = { wanted->cpu_weight ? wanted->cpu_weight : WEIGHT_DEFAULT, wanted->cap };

    return ctl_share_set(change->cli->ctl, change->domid, change->scheduler, &share);
}

/* The disk of the same number, or NULL. */
static const struct ctl_disk *same_disk(const struct ctl_config *config, const struct ctl_disk *disk)
{
    uint32_t number, other;

    for (size_t i = 0; i < config->disks_count; i++)
        if (ctl_disk_number(disk->vdev, &number) == 0 && ctl_disk_number(config->disks[i].vdev, &other) == 0 &&
            number == other)
            return &config->disks[i];
    return NULL;
}

static const struct ctl_nic *same_nic(const struct ctl_config *config, const struct ctl_nic *nic)
{
    for (size_t i = 0; i < config->nics_count; i++)
        if (config->nics[i].number == nic->number)
            return &config->nics[i];
    return NULL;
}

static int take_device(struct change *change, enum ctl_device_kind kind, uint32_t number)
{
    return ctl_device_detach(change->cli->ctl, change->domid, kind, number, 0, DETACH_TIMEOUT_MS);
}

/* Takes those that are not wanted before it gives what is: a medium may have changed its place. */
static int change_disks(struct change *change)
{
    const struct ctl_config *held = &change->held, *wanted = change->wanted;
    uint32_t number;
    int result = 0;

    for (size_t i = 0; i < held->disks_count && result == 0; i++)
        if (!same_disk(wanted, &held->disks[i]) && ctl_disk_number(held->disks[i].vdev, &number) == 0)
            result = take_device(change, CTL_DEVICE_DISK, number);
    for (size_t i = 0; i < wanted->disks_count && result == 0; i++)
        if (!same_disk(held, &wanted->disks[i]))
            result = ctl_disk_attach(change->cli->ctl, change->domid, &wanted->disks[i], &number);
    return result;
}

static int change_nics(struct change *change)
{
    const struct ctl_config *held = &change->held, *wanted = change->wanted;
    uint32_t number;
    int result = 0;

    for (size_t i = 0; i < held->nics_count && result == 0; i++)
        if (!same_nic(wanted, &held->nics[i]))
            result = take_device(change, CTL_DEVICE_NIC, held->nics[i].number);
    for (size_t i = 0; i < wanted->nics_count && result == 0; i++) {
        struct ctl_nic nic = wanted->nics[i];

        nic.number_set = true;
        if (!same_nic(held, &nic))
            result = ctl_nic_attach(change->cli->ctl, change->domid, &nic, &number);
    }
    return result;
}

/* What is said by the stored configuration alone. */
static int change_note(struct change *change)
{
    return 0;
}

/* maxmem before memory: what is asked for must be allowed. */
static const struct aspect aspects[] = {
    { "uuid", put_uuid, NULL },
    { "kernel", put_kernel, NULL },
    { "ramdisk", put_ramdisk, NULL },
    { "cmdline", put_command_line, NULL },
    { "maxmem", put_max_memory, change_max_memory },
    { "memory", put_memory, change_memory },
    { "maxvcpus", put_max_vcpus, NULL },
    { "vcpus", put_vcpus, change_vcpus },
    { "cpus", put_cpus, change_cpus },
    { "cpus_soft", put_cpus_soft, change_cpus_soft },
    { "cpu_weight", put_weight, change_share },
    { "cap", put_cap, change_share },
    { "disk", put_disks, change_disks },
    { "vif", put_nics, change_nics },
    { "on_poweroff", put_on_poweroff, change_note },
    { "on_reboot", put_on_reboot, change_note },
    { "on_crash", put_on_crash, change_note },
    { "on_watchdog", put_on_watchdog, change_note },
    { "on_soft_reset", put_on_soft_reset, change_note },
};

static char *value_of(const struct aspect *aspect, const struct ctl_config *config)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    if (!file)
        return NULL;
    aspect->put(file, config);
    if (fclose(file) == 0)
        return text;
    free(text);
    return NULL;
}

/* Frees both. */
static bool is_same_text(char *one, char *other)
{
    bool same = one && other && strcmp(one, other) == 0;

    free(one);
    free(other);
    return same;
}

/* Whether devices only come and go, none becomes another. */
static bool devices_stay(const struct change *change, bool disks)
{
    const struct ctl_config *held = &change->held, *wanted = change->wanted;

    for (size_t i = 0; disks && i < held->disks_count; i++) {
        const struct ctl_disk *disk = same_disk(wanted, &held->disks[i]);

        if (disk && !is_same_text(config_disk_print(disk), config_disk_print(&held->disks[i])))
            return false;
    }
    for (size_t i = 0; !disks && i < held->nics_count; i++) {
        const struct ctl_nic *nic = same_nic(wanted, &held->nics[i]);
        struct ctl_nic one = held->nics[i], other = nic ? *nic : one;

        one.number_set = other.number_set = true;
        if (!is_same_text(config_nic_print(&one), config_nic_print(&other)))
            return false;
    }
    return true;
}

/* Less memory at most, vCPUs beyond those there are, and devices that become others have to wait for a restart. */
static bool is_now(const struct change *change, const struct aspect *aspect)
{
    if (aspect->do_now == change_max_memory)
        return change->wanted->max_memory_kib > change->held.max_memory_kib;
    if (aspect->do_now == change_vcpus)
        return change->wanted->vcpus <= change->held.max_vcpus;
    if (aspect->do_now == change_disks || aspect->do_now == change_nics)
        return devices_stay(change, aspect->do_now == change_disks);
    return aspect->do_now != NULL;
}

static void tell(struct cli *cli, yajl_gen json, const char *key, const char *from, const char *to, bool now)
{
    if (json) {
        json_object_open(json);
        json_text(json, "key", key);
        json_text(json, "from", from);
        json_text(json, "to", to);
        json_text(json, "when", now ? "now" : "restart");
        json_object_close(json);
    } else if (cli_given(cli, 'd')) {
        fprintf(cli->out, "-%s = %s\n+%s = %s%s\n", key, from, key, to, now ? "" : "  # at the next restart");
    } else if (!cli_given(cli, 'q')) {
        fprintf(cli->out, "%s: %s -> %s%s\n", key, *from ? from : "nothing", *to ? to : "nothing",
                now ? "" : ", at the next restart");
    }
}

static int apply_aspects(struct change *change, yajl_gen json, unsigned *changes)
{
    struct cli *cli = change->cli;
    int status = CLI_DONE;

    for (size_t i = 0; i < sizeof(aspects) / sizeof(aspects[0]) && status == CLI_DONE; i++) {
        char *from = value_of(&aspects[i], &change->held), *to = value_of(&aspects[i], change->wanted);
        bool now = is_now(change, &aspects[i]);
        int result = 0;

        if (!from || !to) {
            status = cli_fail(cli, ENOMEM, "there is no memory to compare two configurations");
        } else if (strcmp(from, to) != 0) {
            if (now && !cli_given(cli, 'n'))
                result = aspects[i].do_now(change);
            if (result < 0)
                status = cli_fail_ctl(cli, result);
            else
                tell(cli, json, aspects[i].key, from, to, now);
            ++*changes;
        }
        free(from);
        free(to);
    }
    return status;
}

/* --- the verb ------------------------------------------------------------------------------------------------ */

static int read_cpus(struct change *change)
{
    struct ctl *ctl = change->cli->ctl;
    struct ctl_config *held = &change->held;
    struct ctl_host host;
    int result = ctl_host_get(ctl, &host);

    if (result < 0)
        return cli_fail_ctl(change->cli, result);
    change->vcpus_count = ctl_vcpu_list(ctl, change->domid, &change->vcpus);
    if (change->vcpus_count < 0)
        return cli_fail_ctl(change->cli, (int)change->vcpus_count);
    struct affinity_live live = { change->vcpus, (uint32_t)change->vcpus_count, host.cpus, false };
    struct affinity_live live_soft = { change->vcpus, (uint32_t)change->vcpus_count, host.cpus, true };

    if (affinity_hold(&held->cpus, &change->wanted->cpus, &live) &&
        affinity_hold(&held->cpus_soft, &change->wanted->cpus_soft, &live_soft))
        return CLI_DONE;
    return cli_fail(change->cli, ENOMEM, "there is no memory to compare two configurations");
}

/* The live values over those that the domain was made from. */
static int read_held(struct change *change)
{
    struct ctl_domain domain;
    struct live live;
    int result = ctl_domain_config_get(change->cli->ctl, change->domid, &change->held);

    if (result == 0)
        result = ctl_domain_get(change->cli->ctl, change->domid, &domain);
    if (result < 0)
        return cli_fail_ctl(change->cli, result);
    if (!live_read(change->cli->ctl, &domain, &live))
        return cli_fail_ctl(change->cli, -ESRCH);
    change->held.memory_kib = live.target_kib;
    change->held.max_memory_kib = live.max_kib;
    change->held.vcpus = live.online;
    change->held.cpu_weight = live.share.weight;
    change->held.cap = live.share.cap;
    change->scheduler = live.scheduler;
    if (!change->held.uuid_set)
        memcpy(change->held.uuid, domain.uuid, sizeof(domain.uuid));
    change->held.uuid_set = change->wanted->uuid_set; /* one that is not written is any */
    return read_cpus(change);
}

/* The stored configuration becomes what was asked for, whichever part of it could be done now. */
static int store(struct change *change)
{
    struct ctl_config stored;
    char *wanted = ctl_config_to_json(change->wanted), *held = NULL;
    int result = ctl_domain_config_get(change->cli->ctl, change->domid, &stored);

    if (result == 0)
        held = ctl_config_to_json(&stored);
    if (result == 0 && wanted && (!held || strcmp(held, wanted) != 0))
        result = ctl_domain_config_set(change->cli->ctl, change->domid, change->wanted);
    ctl_config_free(&stored);
    free(held);
    free(wanted);
    return result < 0 ? cli_fail_ctl(change->cli, result) : CLI_DONE;
}

static yajl_gen open_report(struct cli *cli, const struct ctl_config *config, bool created)
{
    yajl_gen json = cli->json ? json_open("keel.apply/1") : NULL;

    json_text(json, "name", config->name);
    json_bool(json, "dry_run", cli_given(cli, 'n') > 0);
    json_bool(json, "created", created);
    return json;
}

static int close_report(struct cli *cli, yajl_gen json, uint32_t domid)
{
    if (!cli->json)
        return CLI_DONE;
    if (domid != UINT32_MAX)
        json_number(json, "domid", domid);
    return json_close(cli, json, cli->out);
}

static int change_guest(struct cli *cli, const struct ctl_config *config, uint32_t domid)
{
    struct change change = { .cli = cli, .domid = domid, .wanted = config };
    yajl_gen json = open_report(cli, config, false);
    unsigned changes = 0;
    int status = read_held(&change);

    json_array_open(json, "changes");
    if (status == CLI_DONE)
        status = apply_aspects(&change, json, &changes);
    json_array_close(json);
    if (status == CLI_DONE && !cli_given(cli, 'n'))
        status = store(&change);
    if (status == CLI_DONE && changes == 0 && !cli->json && !cli_given(cli, 'q') && !cli_given(cli, 'd'))
        fprintf(cli->out, "%s is as %s says\n", config->name, config->source);
    ctl_config_free(&change.held);
    free(change.vcpus);
    if (status == CLI_DONE)
        return close_report(cli, json, domid);
    if (json)
        yajl_gen_free(json);
    return status;
}

static int make_guest(struct cli *cli, const struct ctl_config *config)
{
    uint32_t domid = UINT32_MAX;
    int status = config_check_files(cli, config);
    struct interruption interruption;

    if (status == CLI_DONE && !cli_given(cli, 'n'))
        status = create_whole(cli, config, &domid, &interruption);
    if (status != CLI_DONE)
        return status;
    yajl_gen json = open_report(cli, config, true);

    json_array_open(json, "changes");
    json_array_close(json);
    if (!cli->json && !cli_given(cli, 'q'))
        fprintf(cli->out, cli_given(cli, 'd') ? "+name = %s\n" : "%s: created\n", config->name);
    return close_report(cli, json, domid);
}

static int run(struct cli *cli)
{
    struct ctl_config config;
    uint32_t domid;
    int status = config_argument_read(cli, 0, &config);

    if (status == CLI_DONE && !cli_open(cli))
        status = CLI_FAILED;
    if (status == CLI_DONE) {
        int result = ctl_domain_find(cli->ctl, config.name, &domid);

        if (result == -ESRCH)
            status = make_guest(cli, &config);
        else
            status = result < 0 ? cli_fail_ctl(cli, result) : change_guest(cli, &config, domid);
    }
    ctl_config_free(&config);
    return status;
}

static const struct cli_option options[] = {
    { 'd', "diff", NULL, "show the changes as lines of a configuration, with - and +" },
    { 'n', "dry-run", NULL, "only show them" },
    { 'q', "quiet", NULL, "print errors only" },
    { 'f', "defconfig", "FILE", "the configuration file" },
    { 0 },
};

const struct cli_verb verb_apply = {
    .name = "apply", .arguments = "[FILE] [KEY=VALUE...]", .arguments_most = -1,
    .summary = "Bring a guest to what its configuration says",
    .details = "A guest that is not there is created. Memory, vCPUs, affinity, weight and cap are changed at once,\n"
               "disks and interfaces come and go; the rest is kept for the next restart, and told so. Doing it\n"
               "again changes nothing.",
    .options = options, .run = run,
};
