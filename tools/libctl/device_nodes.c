/* SPDX-License-Identifier: MIT */
/* The nodes of a device; see device_nodes.h. */
#include "device_nodes.h"
#include "config_devices.h"
#include "sha256.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BRIDGE_DEFAULT "xenbr0"
/* Linux' netback wants a script that it never runs, and Debian's xl one to run at a device's end: it does nothing. */
#define NO_SCRIPT "/bin/true"
#define VALUE_MAX 4096

struct nodes {
    const struct device_id *id;
    device_put *put;
    void *context;
};

static void node(const struct nodes *nodes, enum device_side side, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* What a backend has stands in the record too. */
static void node(const struct nodes *nodes, enum device_side side, const char *name, const char *format, ...)
{
    char value[VALUE_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(value, sizeof(value), format, arguments);
    va_end(arguments);
    nodes->put(nodes->context, side, name, value);
    if (side == DEVICE_BACKEND)
        nodes->put(nodes->context, DEVICE_RECORD, name, value);
}

/* The nodes of every device: each side points at the other. */
static void common_nodes(const struct nodes *nodes)
{
    char frontend[CTL_STORE_PATH_MAX], backend[CTL_STORE_PATH_MAX];

    device_path(frontend, nodes->id, DEVICE_FRONTEND);
    device_path(backend, nodes->id, DEVICE_BACKEND);
    node(nodes, DEVICE_FRONTEND, "backend", "%s", backend);
    node(nodes, DEVICE_FRONTEND, "backend-id", "0");
    node(nodes, DEVICE_FRONTEND, "state", "%d", DEVICE_INITIALISING);
    node(nodes, DEVICE_RECORD, "frontend", "%s", frontend);
    node(nodes, DEVICE_RECORD, "backend", "%s", backend);
    nodes->put(nodes->context, DEVICE_BACKEND, "frontend", frontend);
    node(nodes, DEVICE_BACKEND, "frontend-id", "%u", nodes->id->domid);
    node(nodes, DEVICE_BACKEND, "online", "1");
    node(nodes, DEVICE_BACKEND, "script", NO_SCRIPT);
    node(nodes, DEVICE_BACKEND, "state", "%d", DEVICE_INITIALISING);
}

static void trust_node(const struct nodes *nodes, enum ctl_trust trust)
{
    if (trust != CTL_TRUST_DEFAULT)
        node(nodes, DEVICE_FRONTEND, "trusted", trust == CTL_TRUSTED ? "1" : "0");
}

void device_nodes_disk(const struct device_id *id, const struct ctl_disk *disk, unsigned major, unsigned minor,
                       device_put *put, void *context)
{
    const struct nodes nodes = { id, put, context };

    common_nodes(&nodes);
    node(&nodes, DEVICE_FRONTEND, "virtual-device", "%u", id->number);
    /* A CD is a disk that cannot be written: Linux takes no paravirtual CD drive in a PVH guest. */
    node(&nodes, DEVICE_FRONTEND, "device-type", "disk");
    trust_node(&nodes, disk->trust);
    node(&nodes, DEVICE_BACKEND, "removable", "1");
    node(&nodes, DEVICE_BACKEND, "bootable", "1");
    node(&nodes, DEVICE_BACKEND, "dev", "%s", disk->vdev);
    node(&nodes, DEVICE_BACKEND, "type", "phy");
    node(&nodes, DEVICE_BACKEND, "mode", disk->writable ? "w" : "r");
    node(&nodes, DEVICE_BACKEND, "device-type", "disk");
    node(&nodes, DEVICE_BACKEND, "discard-enable", disk->discard == CTL_DISCARD_OFF ? "0" : "1");
    if (disk->direct_io_safe)
        node(&nodes, DEVICE_BACKEND, "direct-io-safe", "1");
    node(&nodes, DEVICE_BACKEND, "params", "%s", disk->target);
    node(&nodes, DEVICE_BACKEND, "physical-device", "%x:%x", major, minor);
}

void device_nodes_nic(const struct device_id *id, const struct ctl_nic *nic, const uint8_t mac[6], device_put *put,
                      void *context)
{
    const struct nodes nodes = { id, put, context };
    char mac_text[18];

    config_mac_print(mac, mac_text);
    common_nodes(&nodes);
    node(&nodes, DEVICE_FRONTEND, "handle", "%u", id->number);
    node(&nodes, DEVICE_FRONTEND, "mac", "%s", mac_text);
    trust_node(&nodes, nic->trust);
    node(&nodes, DEVICE_BACKEND, "handle", "%u", id->number);
    node(&nodes, DEVICE_BACKEND, "mac", "%s", mac_text);
    node(&nodes, DEVICE_BACKEND, "type", "vif");
    node(&nodes, DEVICE_BACKEND, "bridge", "%s", device_nic_bridge(nic));
    if (nic->interface)
        node(&nodes, DEVICE_BACKEND, "vifname", "%s", nic->interface);
    if (nic->ip)
        node(&nodes, DEVICE_BACKEND, "ip", "%s", nic->ip);
    if (nic->rate_interval_us)
        node(&nodes, DEVICE_BACKEND, "rate", "%llu,%u", (unsigned long long)nic->rate_bytes, nic->rate_interval_us);
    if (nic->mtu) {
        node(&nodes, DEVICE_FRONTEND, "mtu", "%u", nic->mtu);
        node(&nodes, DEVICE_BACKEND, "mtu", "%u", nic->mtu);
    }
}

void device_mac_choose(const uint8_t uuid[16], uint32_t number, uint8_t mac[6])
{
    uint8_t source[20], digest[SHA256_BYTES];

    memcpy(source, uuid, 16);
    memcpy(source + 16, &number, sizeof(number));
    sha256(source, sizeof(source), digest);
    memcpy(mac, (const uint8_t[]){ 0x00, 0x16, 0x3e, digest[0] & 0x7f, digest[1], digest[2] }, 6);
}

const char *device_nic_bridge(const struct ctl_nic *nic)
{
    return nic->bridge ? nic->bridge : BRIDGE_DEFAULT;
}

static bool refuse(char why[DEVICE_WHY_MAX], const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(char why[DEVICE_WHY_MAX], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(why, DEVICE_WHY_MAX, format, arguments);
    va_end(arguments);
    return false;
}

/* Domain 0 by one of its names; NULL: the usual one, which it is. */
static bool is_domain_zero(const char *name)
{
    return !name || strcmp(name, "0") == 0 || strcmp(name, "Domain-0") == 0;
}

bool device_disk_possible(const struct ctl_disk *disk, char why[DEVICE_WHY_MAX])
{
    if (disk->format == CTL_DISK_EMPTY)
        return refuse(why, "an empty CD drive is not available: no CD can be put in later; leave it out");
    if (disk->protocol == CTL_PROTOCOL_VIRTIO)
        return refuse(why, "specification=virtio is not available; leave it out");
    if (disk->format != CTL_DISK_RAW)
        return refuse(why, "format %s has no backend; convert the image to raw (qemu-img convert -O raw)",
                      config_disk_format(disk));
    if (disk->backend_type != CTL_DISK_ANY && disk->backend_type != CTL_DISK_PHY)
        return refuse(why, "backendtype=%s is not available; leave it out", config_disk_backend(disk));
    if (disk->script)
        return refuse(why, "script=%.64s is not available: no scripts are run for disks; name a block device or a file",
                      disk->script);
    if (!is_domain_zero(disk->backend))
        return refuse(why, "backend=%.64s is not available: domain 0 serves all disks; leave it out", disk->backend);
    return true;
}

bool device_nic_possible(const struct ctl_nic *nic, char why[DEVICE_WHY_MAX])
{
    const char *script = nic->script ? strrchr(nic->script, '/') : NULL;

    script = script ? script + 1 : nic->script;
    if (nic->type == CTL_NIC_IOEMU)
        return refuse(why, "type=ioemu has no backend; write type=vif");
    if (script && *script && strcmp(script, "vif-bridge") != 0)
        return refuse(why, "script=%.64s is not available: the interface is joined to its bridge without a script; "
                      "leave it out", nic->script);
    if (nic->gateway_device)
        return refuse(why, "gatewaydev is not available: there is no script that uses it; leave it out");
    if (!is_domain_zero(nic->backend))
        return refuse(why, "backend=%.64s is not available: domain 0 serves all interfaces; leave it out",
                      nic->backend);
    return true;
}
