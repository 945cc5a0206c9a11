/* SPDX-License-Identifier: MIT */
/*
 * What the daemon needs of the hypervisor: other domains' ring pages, event channels, and who is alive. One
 * implementation speaks to Xen's ABI through Linux' devices; tests have their own.
 */
#ifndef STORE_HYPERVISOR_H
#define STORE_HYPERVISOR_H

#include <stdbool.h>
#include <stdint.h>
#include <xen/io/xs_wire.h>
#include <xen/xen.h>

typedef uint32_t event_port_t;

/* A mapped ring page; what is in it beside `page` is the implementation's. */
struct ring_mapping {
    struct xenstore_domain_interface *page;
    bool granted; /* mapped by grant, with this index */
    uint64_t grant_index;
};

enum domain_life {
    DOMAIN_RUNNING,
    DOMAIN_SHUT_DOWN, /* or crashed; still there */
    DOMAIN_GONE       /* dying, or not there at all */
};

struct hypervisor;

struct hypervisor_operations {
    /* Maps the ring of a domain: by its reserved grant, else the frame `gfn`. 0 or errno. */
    int (*map_ring)(struct hypervisor *hypervisor, domid_t domain, uint64_t gfn, struct ring_mapping *mapping);
    /* Maps the ring of the domain this daemon runs in, and says which port its kernel listens on. 0 or errno. */
    int (*map_own_ring)(struct hypervisor *hypervisor, struct ring_mapping *mapping, event_port_t *remote_port);
    void (*unmap_ring)(struct hypervisor *hypervisor, struct ring_mapping *mapping);
    /* Binds to a port of another domain. 0 or errno. */
    int (*bind)(struct hypervisor *hypervisor, domid_t domain, event_port_t remote_port, event_port_t *port);
    void (*unbind)(struct hypervisor *hypervisor, event_port_t port);
    void (*notify)(struct hypervisor *hypervisor, event_port_t port);
    /* Takes up to `count` ports that have fired; each stays silent until it is unmasked. Returns how many. */
    unsigned int (*pending)(struct hypervisor *hypervisor, event_port_t *ports, unsigned int count);
    void (*unmask)(struct hypervisor *hypervisor, event_port_t port);
    enum domain_life (*life)(struct hypervisor *hypervisor, domid_t domain);
    /* What another domain that has been given the same number does not share; 0 when that is not known. May be NULL. */
    uint64_t (*identity)(struct hypervisor *hypervisor, domid_t domain);
    void (*close)(struct hypervisor *hypervisor);
};

struct hypervisor {
    const struct hypervisor_operations *operations;
    int event_fd;             /* readable when a port has fired; -1: ports are looked at by hand */
    event_port_t death_port;  /* fires when some domain shut down or is gone */
};

/* Opens Xen's devices. NULL with errno, and a sentence in the log that names the device. */
struct hypervisor *xen_open(void);

#endif
