/* SPDX-License-Identifier: MIT */
/* A configuration as libvirt's domain XML. What that cannot say is named in a warning each. */
#include "config_devices.h"
#include "config_keys.h"
#include "xml_library.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writer {
    const struct xml_library *xml;
    const struct ctl_config *config;
    struct config_log *log;
};

static xmlNodePtr child(const struct writer *writer, xmlNodePtr parent, const char *name, const char *text)
{
    return writer->xml->NewTextChild(parent, NULL, BAD_CAST name, BAD_CAST text);
}

static xmlNodePtr child_number(const struct writer *writer, xmlNodePtr parent, const char *name, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    return child(writer, parent, name, text);
}

static void property(const struct writer *writer, xmlNodePtr node, const char *name, const char *value)
{
    if (value)
        writer->xml->NewProp(node, BAD_CAST name, BAD_CAST value);
}

static void property_number(const struct writer *writer, xmlNodePtr node, const char *name, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    property(writer, node, name, text);
}

/* Names what is lost. */
static void lost(const struct writer *writer, const char *key, const char *what)
{
    const struct config_place place = { writer->config->source ? writer->config->source : "configuration", 0, 0 };

    config_warning(writer->log, place, "key \"%s\": libvirt's XML cannot say %s; it is left out", key, what);
}

static void put_memory(const struct writer *writer, xmlNodePtr domain)
{
    xmlNodePtr memory = child_number(writer, domain, "memory", writer->config->max_memory_kib);

    property(writer, memory, "unit", "KiB");
    memory = child_number(writer, domain, "currentMemory", writer->config->memory_kib);
    property(writer, memory, "unit", "KiB");
}

static void put_vcpus(const struct writer *writer, xmlNodePtr domain)
{
    const struct ctl_config *config = writer->config;
    xmlNodePtr vcpu = child_number(writer, domain, "vcpu", config->max_vcpus), tune;
    char cpus[CONFIG_CPUS_TEXT_MAX];

    property(writer, vcpu, "placement", "static");
    if (config->cpus.set) {
        config_cpus_print(config->cpus.all, cpus);
        if (strcmp(cpus, "all") != 0)
            property(writer, vcpu, "cpuset", cpus);
    }
    if (config->vcpus != config->max_vcpus)
        property_number(writer, vcpu, "current", config->vcpus);
    if (config->cpus_soft.set || config->cpus_soft.vcpus_count)
        lost(writer, "cpus_soft", "which CPUs are preferred");
    if (config->cpus.vcpus_count == 0)
        return;
    tune = child(writer, domain, "cputune", NULL);
    for (uint32_t i = 0; i < config->cpus.vcpus_count; i++) {
        xmlNodePtr pin = child(writer, tune, "vcpupin", NULL);

        config_cpus_print(config->cpus.vcpus[i], cpus);
        if (strcmp(cpus, "all") == 0)
            snprintf(cpus, sizeof(cpus), "0-%u", CTL_CPUMAP_BYTES * 8 - 1);
        property_number(writer, pin, "vcpu", i);
        property(writer, pin, "cpuset", cpus);
    }
}

static void put_boot(const struct writer *writer, xmlNodePtr domain)
{
    const struct ctl_config *config = writer->config;
    xmlNodePtr os = child(writer, domain, "os", NULL), type = child(writer, os, "type", "xenpvh");

    property(writer, type, "arch", "x86_64");
    property(writer, type, "machine", "xenpvh");
    child(writer, os, "kernel", config->kernel);
    if (config->ramdisk)
        child(writer, os, "initrd", config->ramdisk);
    if (config->command_line)
        child(writer, os, "cmdline", config->command_line);
}

static void put_actions(const struct writer *writer, xmlNodePtr domain)
{
    const struct ctl_config *config = writer->config;

    if (config->on_poweroff <= CTL_ACTION_PRESERVE)
        child(writer, domain, "on_poweroff", config_action_names[config->on_poweroff]);
    else
        lost(writer, "on_poweroff", "this action");
    if (config->on_reboot <= CTL_ACTION_PRESERVE)
        child(writer, domain, "on_reboot", config_action_names[config->on_reboot]);
    else
        lost(writer, "on_reboot", "this action");
    if (config->on_crash <= CTL_ACTION_COREDUMP_RESTART)
        child(writer, domain, "on_crash", config_action_names[config->on_crash]);
    else
        lost(writer, "on_crash", "this action");
    if (config->on_watchdog != CTL_ACTION_DESTROY)
        lost(writer, "on_watchdog", "what an expired watchdog leads to");
    if (config->on_soft_reset != CTL_ACTION_SOFT_RESET)
        lost(writer, "on_soft_reset", "what a soft reset leads to");
    if (config->cpu_weight)
        lost(writer, "cpu_weight", "a Xen domain's weight");
    if (config->cap)
        lost(writer, "cap", "a Xen domain's cap");
}

static void put_disk(const struct writer *writer, xmlNodePtr devices, const struct ctl_disk *disk)
{
    static const char *const drivers[] = { [CTL_DISK_PHY] = "phy", [CTL_DISK_TAP] = "tap", [CTL_DISK_QDISK] = "qemu" };
    bool block = strncmp(disk->target, "/dev/", 5) == 0;
    xmlNodePtr node = child(writer, devices, "disk", NULL), driver, source;

    property(writer, node, "type", block ? "block" : "file");
    property(writer, node, "device", disk->cdrom ? "cdrom" : "disk");
    driver = child(writer, node, "driver", NULL);
    if (disk->backend_type == CTL_DISK_STANDALONE)
        lost(writer, "disk", "backendtype=standalone");
    else
        property(writer, driver, "name", drivers[disk->backend_type]);
    property(writer, driver, "type", disk->format == CTL_DISK_EMPTY ? "raw" : config_disk_format(disk));
    if (disk->discard != CTL_DISCARD_DEFAULT)
        property(writer, driver, "discard", disk->discard == CTL_DISCARD_ON ? "unmap" : "ignore");
    if (*disk->target) {
        source = child(writer, node, "source", NULL);
        property(writer, source, block ? "dev" : "file", disk->target);
    }
    if (disk->backend)
        property(writer, child(writer, node, "backenddomain", NULL), "name", disk->backend);
    source = child(writer, node, "target", NULL);
    property(writer, source, "dev", disk->vdev);
    property(writer, source, "bus", "xen");
    if (!disk->writable)
        child(writer, node, "readonly", NULL);
    if (disk->script)
        lost(writer, "disk", "a disk's script");
    if (disk->direct_io_safe)
        lost(writer, "disk", "direct-io-safe");
    if (disk->protocol != CTL_PROTOCOL_DEFAULT)
        lost(writer, "disk", "specification");
    if (disk->trust != CTL_TRUST_DEFAULT)
        lost(writer, "disk", "whether its backend is trusted");
}

static void put_nic(const struct writer *writer, xmlNodePtr devices, const struct ctl_nic *nic, size_t index)
{
    xmlNodePtr node = child(writer, devices, "interface", NULL);
    char mac[18];

    property(writer, node, "type", nic->bridge ? "bridge" : "ethernet");
    config_mac_print(nic->mac, mac);
    if (nic->mac_set)
        property(writer, child(writer, node, "mac", NULL), "address", mac);
    if (nic->bridge)
        property(writer, child(writer, node, "source", NULL), "bridge", nic->bridge);
    if (nic->backend)
        property(writer, child(writer, node, "backenddomain", NULL), "name", nic->backend);
    if (nic->ip)
        property(writer, child(writer, node, "ip", NULL), "address", nic->ip);
    if (nic->script)
        property(writer, child(writer, node, "script", NULL), "path", nic->script);
    if (nic->interface)
        property(writer, child(writer, node, "target", NULL), "dev", nic->interface);
    if (nic->model)
        property(writer, child(writer, node, "model", NULL), "type", nic->model);
    if (nic->mtu)
        property_number(writer, child(writer, node, "mtu", NULL), "size", nic->mtu);
    if (nic->gateway_device)
        lost(writer, "vif", "gatewaydev");
    if (nic->rate_interval_us)
        lost(writer, "vif", "a rate in xl's units");
    if (nic->type != CTL_NIC_ANY)
        lost(writer, "vif", "type");
    if (nic->trust != CTL_TRUST_DEFAULT)
        lost(writer, "vif", "whether its backend is trusted");
    if (nic->number != index)
        lost(writer, "vif", "devid");
}

static void put_domain(const struct writer *writer, xmlNodePtr domain)
{
    const struct ctl_config *config = writer->config;
    xmlNodePtr devices;
    char uuid[37], *at = uuid;

    property(writer, domain, "type", "xen");
    child(writer, domain, "name", config->name);
    for (int i = 0; i < 16; i++)
        at += sprintf(at, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", config->uuid[i]);
    if (config->uuid_set)
        child(writer, domain, "uuid", uuid);
    put_memory(writer, domain);
    put_vcpus(writer, domain);
    put_boot(writer, domain);
    put_actions(writer, domain);
    devices = child(writer, domain, "devices", NULL);
    for (size_t i = 0; i < config->disks_count; i++)
        put_disk(writer, devices, &config->disks[i]);
    for (size_t i = 0; i < config->nics_count; i++)
        put_nic(writer, devices, &config->nics[i], i);
    property(writer, child(writer, devices, "console", NULL), "type", "pty");
}

int ctl_config_to_xml(const struct ctl_config *config, char **text, struct ctl_config_messages *messages)
{
    const struct config_place whole = { config->source ? config->source : "configuration", 0, 0 };
    struct config_log log;
    struct writer writer = { .xml = xml_library(), .config = config, .log = &log };
    xmlChar *dump = NULL;
    int length = 0;

    *text = NULL;
    config_log_init(&log, messages);
    if (!writer.xml) {
        config_error(&log, whole, "XML needs libxml2, which is not installed");
        return -EOPNOTSUPP;
    }
    xmlDocPtr document = writer.xml->NewDoc(BAD_CAST "1.0");
    xmlNodePtr domain = document ? writer.xml->NewNode(NULL, BAD_CAST "domain") : NULL;

    if (domain) {
        writer.xml->DocSetRootElement(document, domain);
        put_domain(&writer, domain);
        writer.xml->DocDumpFormatMemoryEnc(document, &dump, &length, "UTF-8", 1);
    }
    if (dump)
        *text = strndup((const char *)dump, (size_t)length);
    if (dump)
        (*writer.xml->Free)(dump);
    if (document)
        writer.xml->FreeDoc(document);
    if (!*text)
        config_out_of_memory(&log);
    return config_log_status(&log);
}
