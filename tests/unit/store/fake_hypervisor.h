/* SPDX-License-Identifier: MIT */
/* A hypervisor that is a table, and domains that use their rings as a kernel does. */
#ifndef TESTS_STORE_FAKE_HYPERVISOR_H
#define TESTS_STORE_FAKE_HYPERVISOR_H

#include "support.h"

#ifndef DOMAINS
#define DOMAINS 10
#endif

struct fake_domain {
    struct xenstore_domain_interface page __attribute__((aligned(4096)));
    bool mapped, bound;
    enum domain_life life;
    uint64_t identity;
    unsigned int notified;
};

/* Domain N's port is N + 100 on this side. A program that defines DOMAINS_SHARED puts them where children see them. */
#ifdef DOMAINS_SHARED
static struct fake_domain *domains;
#else
static struct fake_domain domains[DOMAINS];
#endif
static event_port_t fired[64];
static unsigned int fired_count;
static bool refuse_bind;

static inline int fake_map(struct hypervisor *hypervisor, domid_t domain, uint64_t gfn, struct ring_mapping *mapping)
{
    if (domain >= DOMAINS || gfn == 0)
        return EINVAL;
    domains[domain].mapped = true;
    *mapping = (struct ring_mapping){.page = &domains[domain].page};
    return 0;
}

static inline int fake_map_own(struct hypervisor *hypervisor, struct ring_mapping *mapping, event_port_t *port)
{
    *port = 1;
    return fake_map(hypervisor, 0, 1, mapping);
}

static inline void fake_unmap(struct hypervisor *hypervisor, struct ring_mapping *mapping)
{
    for (int i = 0; i < DOMAINS; i++)
        if (mapping->page == &domains[i].page)
            domains[i].mapped = false;
    mapping->page = NULL;
}

static inline int fake_bind(struct hypervisor *hypervisor, domid_t domain, event_port_t remote_port, event_port_t *port)
{
    if (refuse_bind)
        return EINVAL;
    domains[domain].bound = true;
    *port = domain + 100u;
    return 0;
}

static inline void fake_unbind(struct hypervisor *hypervisor, event_port_t port)
{
    if (port >= 100)
        domains[port - 100].bound = false;
}

/* What a domain does, once, at the moment when it is notified. */
static void (*when_notified)(domid_t domain);

static inline void fake_notify(struct hypervisor *hypervisor, event_port_t port)
{
    void (*action)(domid_t domain) = when_notified;

    if (port >= 100)
        domains[port - 100].notified++;
    when_notified = NULL;
    if (action && port >= 100)
        action((domid_t)(port - 100));
}

static inline unsigned int fake_pending(struct hypervisor *hypervisor, event_port_t *ports, unsigned int count)
{
    unsigned int taken = fired_count < count ? fired_count : count;
    memcpy(ports, fired, taken * sizeof(ports[0]));
    fired_count = 0;
    return taken;
}

static inline void fake_unmask(struct hypervisor *hypervisor, event_port_t port)
{
}

static inline enum domain_life fake_life(struct hypervisor *hypervisor, domid_t domain)
{
    return domains[domain].life;
}

static inline uint64_t fake_identity(struct hypervisor *hypervisor, domid_t domain)
{
    return domains[domain].identity;
}

static inline void fake_close(struct hypervisor *hypervisor)
{
}

static const struct hypervisor_operations operations = {
    .map_ring = fake_map,
    .map_own_ring = fake_map_own,
    .unmap_ring = fake_unmap,
    .bind = fake_bind,
    .unbind = fake_unbind,
    .notify = fake_notify,
    .pending = fake_pending,
    .unmask = fake_unmask,
    .life = fake_life,
    .identity = fake_identity,
    .close = fake_close,
};
static struct hypervisor hypervisor = {.operations = &operations, .event_fd = -1, .death_port = 99};

/* The daemon whose domains these are. */
static struct daemon *fake_daemon;

static inline void fire(event_port_t port)
{
    fired[fired_count++] = port;
    domains_poll(fake_daemon);
    turn(fake_daemon);
}

/* Puts bytes into a domain's ring as its kernel does, as far as there is room. */
static inline size_t put(domid_t domain, const void *data, size_t size)
{
    struct xenstore_domain_interface *page = &domains[domain].page;
    size_t i;
    for (i = 0; i < size && page->req_prod - page->req_cons < XENSTORE_RING_SIZE; i++)
        page->req[MASK_XENSTORE_IDX(page->req_prod++)] = ((const char *)data)[i];
    return i;
}

static inline size_t get(domid_t domain, void *data, size_t size)
{
    struct xenstore_domain_interface *page = &domains[domain].page;
    size_t i;
    for (i = 0; i < size && page->rsp_cons != page->rsp_prod; i++)
        ((char *)data)[i] = page->rsp[MASK_XENSTORE_IDX(page->rsp_cons++)];
    return i;
}

static inline void put_request(domid_t domain, uint32_t type, uint32_t id, const void *body, size_t size)
{
    struct xsd_sockmsg header = {.type = type, .req_id = id, .len = (uint32_t)size};
    char bytes[CONNECTION_MESSAGE_MAX];
    memcpy(bytes, &header, sizeof(header));
    memcpy(bytes + sizeof(header), body, size);
    size_t total = sizeof(header) + size, sent = 0;
    for (int i = 0; i < 100 && sent < total; i++) {
        sent += put(domain, bytes + sent, total - sent);
        fire(domain + 100u);
    }
    CU_ASSERT_EQUAL(sent, total);
}

static inline bool get_message(domid_t domain, struct message *message)
{
    size_t got = 0, wanted = sizeof(message->header);
    char *bytes = (char *)message;
    for (int i = 0; i < 100 && got < wanted; i++) {
        got += get(domain, bytes + got, wanted - got);
        if (got == sizeof(message->header) && wanted == got)
            wanted += message->header.len;
        else
            fire(domain + 100u);
    }
    if (got < wanted)
        return false;
    message->body[message->header.len] = '\0';
    return true;
}

static inline const char *ring_call(domid_t domain, uint32_t type, const void *body, size_t size)
{
    static struct message reply;
    put_request(domain, type, 42, body, size);
    do
        if (!get_message(domain, &reply))
            return "no reply";
    while (reply.header.type == XS_WATCH_EVENT);
    CU_ASSERT_EQUAL(reply.header.req_id, 42);
    return reply.body;
}
#define RING_CALL(domain, type, literal) ring_call(domain, type, literal, sizeof(literal))

#endif
