/* SPDX-License-Identifier: MIT */
/* The hypervisor through Linux' devices: /dev/xen/evtchn, gntdev and privcmd, and xenfs for domain 0's own ring. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store/checksum.h"
#include "store/hypervisor.h"
#include "store/log.h"
#include "store/memory.h"

#include <xen/grant_table.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>
#include <xen/sys/privcmd.h>
#include <xen/sys/xenbus_dev.h>
#include <xen/sysctl.h>

#define PAGE_SIZE 4096
_Static_assert(sizeof(struct xenstore_domain_interface) <= PAGE_SIZE, "the ring is one page");

struct xen {
    struct hypervisor hypervisor; /* first: a pointer to one is a pointer to the other */
    int event_fd, grant_fd, privcmd_fd;
    void *hypercall_page; /* memory that a hypercall may read and write */
};

/* What a getdomaininfolist of one domain needs, in the hypercall page. */
struct life_query {
    struct xen_sysctl sysctl;
    xen_domctl_getdomaininfo_t info;
};
_Static_assert(sizeof(struct life_query) <= PAGE_SIZE, "the query fits into the hypercall page");

static struct xen *xen_of(struct hypervisor *hypervisor)
{
    return (struct xen *)hypervisor;
}

static int map_by_grant(struct xen *xen, domid_t domain, struct ring_mapping *mapping)
{
    struct ioctl_gntdev_map_grant_ref map = {.count = 1, .refs = {{.domid = domain, .ref = GNTTAB_RESERVED_XENSTORE}}};
    if (xen->grant_fd < 0)
        return ENODEV;
    if (ioctl(xen->grant_fd, IOCTL_GNTDEV_MAP_GRANT_REF, &map) < 0)
        return errno;
    void *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, xen->grant_fd, (off_t)map.index);
    if (page == MAP_FAILED) {
        int error = errno;
        struct ioctl_gntdev_unmap_grant_ref unmap = {.index = map.index, .count = 1};
        ioctl(xen->grant_fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap);
        return error;
    }
    *mapping = (struct ring_mapping){.page = page, .granted = true, .grant_index = map.index};
    return 0;
}

static int map_by_frame(struct xen *xen, domid_t domain, uint64_t gfn, struct ring_mapping *mapping)
{
    void *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, xen->privcmd_fd, 0);
    if (page == MAP_FAILED)
        return errno;
    xen_pfn_t frame = gfn;
    int frame_error = 0;
    privcmd_mmapbatch_v2_t batch = {
        .num = 1, .dom = domain, .addr = (uintptr_t)page, .arr = &frame, .err = &frame_error};
    int error = ioctl(xen->privcmd_fd, IOCTL_PRIVCMD_MMAPBATCH_V2, &batch) < 0 ? errno : -frame_error;
    if (error) {
        munmap(page, PAGE_SIZE);
        return error;
    }
    *mapping = (struct ring_mapping){.page = page};
    return 0;
}

static int map_ring(struct hypervisor *hypervisor, domid_t domain, uint64_t gfn, struct ring_mapping *mapping)
{
    struct xen *xen = xen_of(hypervisor);
    int by_grant = map_by_grant(xen, domain, mapping);
    if (!by_grant)
        return 0;
    int by_frame = map_by_frame(xen, domain, gfn, mapping);
    if (by_frame) {
        log_error("the ring of domain %u cannot be mapped: by its grant: %s; frame 0x%llx: %s", domain,
                  strerror(by_grant), (unsigned long long)gfn, strerror(by_frame));
        return EINVAL;
    }
    return 0;
}

/* The kernel's ring through the device made for it. */
static int map_own_by_device(struct ring_mapping *mapping, event_port_t *remote_port)
{
    int fd = open("/dev/xen/xenbus_backend", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int port = ioctl(fd, IOCTL_XENBUS_BACKEND_EVTCHN, 0);
    void *page = port < 0 ? MAP_FAILED : mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    int error = page == MAP_FAILED ? errno : 0;
    close(fd);
    if (error)
        return error;
    *mapping = (struct ring_mapping){.page = page};
    *remote_port = (event_port_t)port;
    return 0;
}

static int read_number(const char *path, event_port_t *number)
{
    char text[24];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    ssize_t size = read(fd, text, sizeof(text) - 1);
    int error = size < 0 ? errno : 0;
    close(fd);
    if (error)
        return error;
    text[size] = '\0';
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || value == 0 || value > UINT32_MAX)
        return EINVAL;
    *number = (event_port_t)value;
    return 0;
}

static int map_own_ring(struct hypervisor *hypervisor, struct ring_mapping *mapping, event_port_t *remote_port)
{
    int error = read_number("/proc/xen/xsd_port", remote_port);
    int fd = error ? -1 : open("/proc/xen/xsd_kva", O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        int by_device = map_own_by_device(mapping, remote_port);
        if (by_device)
            log_error("domain 0's own ring: neither /proc/xen/xsd_kva and xsd_port (is xenfs mounted?) nor "
                      "/dev/xen/xenbus_backend (%s) offers it",
                      strerror(by_device));
        return by_device;
    }
    void *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    error = page == MAP_FAILED ? errno : 0;
    close(fd);
    if (error)
        log_error("/proc/xen/xsd_kva cannot be mapped: %s", strerror(error));
    else
        *mapping = (struct ring_mapping){.page = page};
    return error;
}

static void unmap_ring(struct hypervisor *hypervisor, struct ring_mapping *mapping)
{
    if (!mapping->page)
        return;
    munmap(mapping->page, PAGE_SIZE);
    if (mapping->granted) {
        struct ioctl_gntdev_unmap_grant_ref unmap = {.index = mapping->grant_index, .count = 1};
        ioctl(xen_of(hypervisor)->grant_fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap);
    }
    mapping->page = NULL;
}

static int bind_port(struct hypervisor *hypervisor, domid_t domain, event_port_t remote_port, event_port_t *port)
{
    struct ioctl_evtchn_bind_interdomain bind = {.remote_domain = domain, .remote_port = remote_port};
    int bound = ioctl(xen_of(hypervisor)->event_fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &bind);
    if (bound < 0) {
        int error = errno;
        log_error("port %u of domain %u cannot be bound: %s", remote_port, domain, strerror(error));
        return error;
    }
    *port = (event_port_t)bound;
    return 0;
}

static void unbind_port(struct hypervisor *hypervisor, event_port_t port)
{
    struct ioctl_evtchn_unbind unbind = {.port = port};
    if (port != 0)
        ioctl(xen_of(hypervisor)->event_fd, IOCTL_EVTCHN_UNBIND, &unbind);
}

static void notify_port(struct hypervisor *hypervisor, event_port_t port)
{
    struct ioctl_evtchn_notify notify = {.port = port};
    if (port != 0)
        ioctl(xen_of(hypervisor)->event_fd, IOCTL_EVTCHN_NOTIFY, &notify);
}

static unsigned int pending(struct hypervisor *hypervisor, event_port_t *ports, unsigned int count)
{
    int fd = xen_of(hypervisor)->event_fd;
    ssize_t got = read(fd, ports, count * sizeof(ports[0]));
    if (got < 0 && errno == EFBIG) {
        log_error("/dev/xen/evtchn lost events: its buffer was too small");
        ioctl(fd, IOCTL_EVTCHN_RESET, 0);
    }
    return got < 0 ? 0 : (unsigned int)got / sizeof(ports[0]);
}

static void unmask(struct hypervisor *hypervisor, event_port_t port)
{
    if (write(xen_of(hypervisor)->event_fd, &port, sizeof(port)) != sizeof(port))
        log_error("event channel port %u cannot be unmasked: %s", port, strerror(errno));
}

/* What the hypervisor says of a domain, in the hypercall page. 0, ENOENT when there is none, or errno, told to the
 * log. */
static int query_domain(struct xen *xen, domid_t domain, const xen_domctl_getdomaininfo_t **info)
{
    struct life_query *query = xen->hypercall_page;
    memset(query, 0, sizeof(*query));
    query->sysctl.cmd = XEN_SYSCTL_getdomaininfolist;
    query->sysctl.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    query->sysctl.u.getdomaininfolist.first_domain = domain;
    query->sysctl.u.getdomaininfolist.max_domains = 1;
    set_xen_guest_handle(query->sysctl.u.getdomaininfolist.buffer, &query->info);
    privcmd_hypercall_t call = {.op = __HYPERVISOR_sysctl, .arg = {(uintptr_t)&query->sysctl}};
    if (ioctl(xen->privcmd_fd, IOCTL_PRIVCMD_HYPERCALL, &call) < 0) {
        int error = errno;
        log_error("the hypervisor does not say whether domain %u is alive: %s", domain, strerror(error));
        return error == ENOENT ? EIO : error;
    }
    *info = &query->info;
    return query->sysctl.u.getdomaininfolist.num_domains == 1 && query->info.domain == domain ? 0 : ENOENT;
}

static enum domain_life life(struct hypervisor *hypervisor, domid_t domain)
{
    const xen_domctl_getdomaininfo_t *info;
    int error = query_domain(xen_of(hypervisor), domain, &info);
    if (error == ENOENT || (!error && (info->flags & XEN_DOMINF_dying)))
        return DOMAIN_GONE;
    return !error && (info->flags & XEN_DOMINF_shutdown) ? DOMAIN_SHUT_DOWN : DOMAIN_RUNNING;
}

/* The handle that its creator chose: tools take the UUID, which they make anew for each domain. */
static uint64_t identity(struct hypervisor *hypervisor, domid_t domain)
{
    static const xen_domain_handle_t none;
    const xen_domctl_getdomaininfo_t *info;
    if (query_domain(xen_of(hypervisor), domain, &info) || memcmp(info->handle, none, sizeof(none)) == 0)
        return 0;
    return checksum_bytes(0, info->handle, sizeof(info->handle));
}

static void close_xen(struct hypervisor *hypervisor)
{
    struct xen *xen = xen_of(hypervisor);
    if (xen->hypercall_page)
        munmap(xen->hypercall_page, PAGE_SIZE);
    if (xen->privcmd_fd >= 0)
        close(xen->privcmd_fd);
    if (xen->grant_fd >= 0)
        close(xen->grant_fd);
    if (xen->event_fd >= 0)
        close(xen->event_fd);
    free(xen);
}

static const struct hypervisor_operations operations = {
    .map_ring = map_ring,
    .map_own_ring = map_own_ring,
    .unmap_ring = unmap_ring,
    .bind = bind_port,
    .unbind = unbind_port,
    .notify = notify_port,
    .pending = pending,
    .unmask = unmask,
    .life = life,
    .identity = identity,
    .close = close_xen,
};

static int open_device(const char *path, int flags, bool required)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | flags);
    if (fd < 0 && required)
        log_error("%s cannot be opened: %s; is this domain 0, and is its module loaded?", path, strerror(errno));
    return fd;
}

/* Memory for hypercalls: the kernel's device for it keeps the page in place; older kernels have a locked page. */
static void *map_hypercall_page(void)
{
    int fd = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
    void *page = MAP_FAILED;
    if (fd >= 0) {
        page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
    }
    if (page == MAP_FAILED)
        page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
    return page == MAP_FAILED ? NULL : page;
}

struct hypervisor *xen_open(void)
{
    struct xen *xen = allocate(sizeof(*xen));
    xen->hypervisor.operations = &operations;
    xen->grant_fd = open_device("/dev/xen/gntdev", 0, false);
    xen->privcmd_fd = open_device("/dev/xen/privcmd", 0, true);
    xen->event_fd = open_device("/dev/xen/evtchn", O_NONBLOCK, true);
    xen->hypervisor.event_fd = xen->event_fd;
    xen->hypercall_page = map_hypercall_page();
    if (xen->privcmd_fd < 0 || xen->event_fd < 0 || !xen->hypercall_page) {
        close_xen(&xen->hypervisor);
        errno = ENODEV;
        return NULL;
    }
    struct ioctl_evtchn_bind_virq bind = {.virq = VIRQ_DOM_EXC};
    int port = ioctl(xen->event_fd, IOCTL_EVTCHN_BIND_VIRQ, &bind);
    if (port < 0) {
        int error = errno;
        log_error("the event of domains' ends cannot be bound: %s; does another store daemon run?", strerror(error));
        close_xen(&xen->hypervisor);
        errno = error;
        return NULL;
    }
    xen->hypervisor.death_port = (event_port_t)port;
    return &xen->hypervisor;
}
