/* SPDX-License-Identifier: MIT */
/* The host's end of network interfaces; see device_link.h. */
#include "device_link.h"
#include "device_nodes.h"
#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_interface_name(const char *name)
{
    return *name && strlen(name) < IFNAMSIZ && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
           name[strcspn(name, "/: \t\n%")] == '\0';
}

static bool is_bridge(const char *name)
{
    char path[64 + IFNAMSIZ];

    snprintf(path, sizeof(path), "/sys/class/net/%s/bridge", name);
    return access(path, F_OK) == 0;
}

int device_link_check(struct ctl *ctl, const char *label, const struct ctl_nic *nic)
{
    const char *bridge = device_nic_bridge(nic);

    if (nic->interface && !is_interface_name(nic->interface))
        return ctl_fail(ctl, EINVAL, "%s: vifname=%.40s is no name of an interface (up to %d characters)", label,
                        nic->interface, IFNAMSIZ - 1);
    if (nic->interface && if_nametoindex(nic->interface))
        return ctl_fail(ctl, EEXIST, "%s: domain 0 has an interface %s already; write another vifname", label,
                        nic->interface);
    if (*bridge && (!is_interface_name(bridge) || !is_bridge(bridge)))
        return ctl_fail(ctl, ENODEV, "%s: domain 0 has no bridge %.40s; make it (ip link add %.40s type bridge), or "
                        "name one with bridge=", label, bridge, bridge);
    return 0;
}

/* One request of an interface; 0 or a negative errno. */
static int request(int socket, unsigned long what, const char *name, struct ifreq *parameters)
{
    snprintf(parameters->ifr_name, sizeof(parameters->ifr_name), "%s", name);
    return ioctl(socket, what, parameters) < 0 ? -errno : 0;
}

static int set_link(struct ctl *ctl, int socket, const char *label, const char *made, const struct ctl_nic *nic)
{
    const char *name = nic->interface ? nic->interface : made, *bridge = device_nic_bridge(nic);
    struct ifreq parameters = { 0 };
    int result = 0;

    if (nic->interface) {
        snprintf(parameters.ifr_newname, sizeof(parameters.ifr_newname), "%s", nic->interface);
        result = request(socket, SIOCSIFNAME, made, &parameters);
        if (result < 0)
            return ctl_fail(ctl, -result, "%s: %s cannot be named %s: %s", label, made, name, strerror(-result));
    }
    if (nic->mtu) {
        parameters.ifr_mtu = (int)nic->mtu;
        result = request(socket, SIOCSIFMTU, name, &parameters);
        if (result < 0)
            return ctl_fail(ctl, -result, "%s: %s cannot have mtu=%u: %s", label, name, nic->mtu, strerror(-result));
    }
    if (*bridge) {
        parameters.ifr_ifindex = (int)if_nametoindex(name);
        result = request(socket, SIOCBRADDIF, bridge, &parameters);
        if (result < 0)
            return ctl_fail(ctl, -result, "%s: %s cannot join the bridge %s: %s", label, name, bridge,
                            strerror(-result));
    }
    result = request(socket, SIOCGIFFLAGS, name, &parameters);
    parameters.ifr_flags = (short)(parameters.ifr_flags | IFF_UP);
    if (result == 0)
        result = request(socket, SIOCSIFFLAGS, name, &parameters);
    return result < 0 ? ctl_fail(ctl, -result, "%s: %s cannot be brought up: %s", label, name, strerror(-result)) : 0;
}

int device_link_join(struct ctl *ctl, const char *label, const struct device_id *id, const struct ctl_nic *nic)
{
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result;
    char made[IFNAMSIZ];

    if (control < 0)
        return ctl_fail(ctl, errno, "%s: no socket for the network's settings: %s", label, strerror(errno));
    snprintf(made, sizeof(made), "vif%u.%u", id->domid, id->number);
    if (if_nametoindex(made))
        result = set_link(ctl, control, label, made, nic);
    else
        result = ctl_fail(ctl, ENODEV, "%s: domain 0's driver has made no interface %s", label, made);
    close(control);
    return result;
}
