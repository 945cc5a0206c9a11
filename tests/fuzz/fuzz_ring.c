/* SPDX-License-Identifier: MIT */
/*
 * A ring page of a hostile domain: the input is what it does to its page, bytes, indices and fields, between services,
 * while a tool of domain 0 changes what it watches. Whatever it is, the daemon goes on, takes no byte from outside of the
 * rings, and a reconnection makes the ring work again; the end of the domain frees all of it.
 */
#include <stdlib.h>
#include <string.h>

#include "store/daemon.h"
#include "store/domain.h"
#include "store/log.h"

#define DOMAIN 5
#define PORT 105

static struct xenstore_domain_interface page __attribute__((aligned(4096)));
static bool gone;

static int map_ring(struct hypervisor *hypervisor, domid_t domain, uint64_t gfn, struct ring_mapping *mapping)
{
    *mapping = (struct ring_mapping){.page = &page};
    return 0;
}

static void unmap_ring(struct hypervisor *hypervisor, struct ring_mapping *mapping)
{
    mapping->page = NULL;
}

static int bind_port(struct hypervisor *hypervisor, domid_t domain, event_port_t remote_port, event_port_t *port)
{
    *port = PORT;
    return 0;
}

static void leave(struct hypervisor *hypervisor, event_port_t port)
{
}

static void end(struct hypervisor *hypervisor)
{
}

static unsigned int pending(struct hypervisor *hypervisor, event_port_t *ports, unsigned int count)
{
    ports[0] = PORT;
    return 1;
}

static enum domain_life life(struct hypervisor *hypervisor, domid_t domain)
{
    return gone ? DOMAIN_GONE : DOMAIN_RUNNING;
}

static const struct hypervisor_operations operations = {
    .map_ring = map_ring, .unmap_ring = unmap_ring, .bind = bind_port, .unbind = leave, .notify = leave,
    .pending = pending, .unmask = leave, .life = life, .close = end};

static void change_watched(struct daemon *daemon)
{
    static const struct actor domain_0 = {.domain = 0, .target = DOMID_INVALID};
    struct change_list changes = {0};
    struct view view = store_view(&daemon->store, &changes);
    store_write(&view, &domain_0, "/local/domain/5/a", "v", 1);
    daemon_publish(daemon, &changes);
}

/* One step of the domain; what it takes of the input. */
static size_t step(struct daemon *daemon, const uint8_t *data, size_t size)
{
    uint32_t value = size > 1 ? data[1] : 0;
    if (data[0] & 0x80)
        value = 0u - value;
    uint32_t *const indices[] = {&page.req_prod, &page.rsp_cons, &page.req_cons, &page.rsp_prod};
    uint32_t *const fields[] = {&page.connection, &page.error, &page.server_features};
    unsigned int what = data[0] & 0x0f;
    if (what < 4) {
        *indices[what] += value * (what < 2 ? 1 : 16);
        return 2;
    }
    if (what < 7) {
        *fields[what - 4] = value;
        return 2;
    }
    if (what == 7)
        change_watched(daemon);
    else if (what == 8)
        domains_poll(daemon);
    else if (what == 9)
        page.rsp_cons = page.rsp_prod;
    if (what < 10)
        return 1;
    size_t count = size - 1 < value ? size - 1 : value; /* bytes, and the index behind them */
    for (size_t i = 2; i < count + 1; i++)
        page.req[MASK_XENSTORE_IDX(page.req_prod++)] = (char)data[i];
    return count + 2;
}

/* What a kernel does that starts over, and then asks for something. */
static void must_work(struct daemon *daemon)
{
    struct xsd_sockmsg header = {.type = XS_READ, .req_id = 77, .len = 2};
    page.connection = XENSTORE_RECONNECT;
    domains_poll(daemon);
    if (page.connection != XENSTORE_CONNECTED || page.error != XENSTORE_ERROR_NONE || page.req_prod || page.rsp_prod)
        abort();
    memcpy(page.req, &header, sizeof(header));
    memcpy(page.req + sizeof(header), "/", 2);
    page.req_prod = sizeof(header) + 2;
    domains_poll(daemon);
    memcpy(&header, page.rsp, sizeof(header));
    if (page.req_cons != page.req_prod || page.rsp_prod < sizeof(header) || header.req_id != 77)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct daemon daemon;
    static struct hypervisor hypervisor = {.operations = &operations, .event_fd = -1, .death_port = 99};
    static int quiet;
    bool fresh;
    if (!quiet)
        quiet = !log_to_file("/dev/null");
    memset(&page, 0, sizeof(page));
    gone = false;
    if (daemon_create(&daemon) || domains_open(&daemon, &hypervisor) ||
        domains_introduce(&daemon, DOMAIN, 1, 1, &fresh))
        abort();
    change_watched(&daemon);
    for (unsigned int steps = 0; size > 0 && steps < 200; steps++) {
        size_t taken = step(&daemon, data, size);
        taken = taken < size ? taken : size;
        data += taken;
        size -= taken;
        if (steps % 4 == 3)
            daemon.loop.after_turn(daemon.loop.context);
    }
    must_work(&daemon);
    gone = true;
    domains_check_life(&daemon);
    if (daemon.connections || account_find(&daemon.accounts, DOMAIN) || daemon.watches.point_count)
        abort();
    daemon_destroy(&daemon);
    return 0;
}
