/* SPDX-License-Identifier: MIT */
/*
 * Domains that flood the store slow themselves: between a request of domain 0 and its reply so many other requests are
 * handled, and no more, whatever the others send, do not take, or leave half sent. And all that a domain has cost is
 * given back at its end, to the byte.
 */
#define DOMAINS 201
#include "fake_hypervisor.h"
#include "store/request.h"

/* Of the address sanitizer, whose header gcc does not bring. */
size_t __sanitizer_get_current_allocated_bytes(void);

enum {
    REQUESTS_A_TURN = 16, /* of one client, before others are served */
    FLOODERS_MAX = 200,
    PORTS_A_TURN = 64,
    ROUNDS = 30,
};

/* A client that always has more to ask. */
struct flooder {
    struct client client;
    domid_t domain; /* 0: a socket, else a ring */
    const char *bytes; /* of whole requests, sent again and again */
    size_t size, at;
    bool takes_replies;
};

static struct daemon daemon_;
static struct client tool;
static struct flooder flooders[FLOODERS_MAX];

static void set_up(void)
{
    memset(domains, 0, sizeof(domains));
    fake_daemon = &daemon_;
    CU_ASSERT_EQUAL_FATAL(daemon_create(&daemon_), 0);
    CU_ASSERT_EQUAL_FATAL(domains_open(&daemon_, &hypervisor), 0);
    client_open(&tool, &daemon_, 0);
    call_write(&tool, 0, "/x", "value");
}

static void tear_down(void)
{
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_CONTROL, 0, "check"), "OK");
    close(tool.fd);
    daemon_destroy(&daemon_);
}

static size_t append_request(char *to, uint32_t type, const void *body, size_t size)
{
    struct xsd_sockmsg header = {.type = type, .req_id = 7, .len = (uint32_t)size};
    memcpy(to, &header, sizeof(header));
    memcpy(to + sizeof(header), body, size);
    return sizeof(header) + size;
}

enum kind { READS, WATCHES, TRANSACTIONS, BIG_VALUES, FAILURES, UNREAD, LONG, KINDS };

static char requests[KINDS][8192];
static size_t requests_size[KINDS];

static void compose_floods(void)
{
    char big[2002] = "b";
    memset(big + 2, 'v', 2000);
    memset(requests_size, 0, sizeof(requests_size));
#define ADD(kind, type, literal) \
    requests_size[kind] += append_request(requests[kind] + requests_size[kind], type, literal, sizeof(literal))
    ADD(READS, XS_READ, "x");
    ADD(READS, XS_DIRECTORY, "");
    ADD(WATCHES, XS_WATCH, "w\0t");
    ADD(WATCHES, XS_WRITE, "w\0v");
    ADD(WATCHES, XS_UNWATCH, "w\0t");
    ADD(WATCHES, XS_RESET_WATCHES, "");
    for (int i = 0; i < 11; i++)
        ADD(TRANSACTIONS, XS_TRANSACTION_START, "");
    ADD(TRANSACTIONS, XS_RESET_WATCHES, "");
    ADD(BIG_VALUES, XS_WRITE, big);
    ADD(BIG_VALUES, XS_READ, "b");
    ADD(BIG_VALUES, XS_RM, "b");
    ADD(FAILURES, XS_RM, "/");
    ADD(FAILURES, 12345, "");
    ADD(FAILURES, XS_CONTROL, "check");
    ADD(UNREAD, XS_READ, "x");
    ADD(LONG, XS_READ, "x");
#undef ADD
    struct xsd_sockmsg half = {.type = XS_WRITE, .len = XENSTORE_PAYLOAD_MAX};
    memcpy(requests[LONG] + requests_size[LONG], &half, sizeof(half)); /* it does not fit into a ring at once */
    requests_size[LONG] += sizeof(half) + XENSTORE_PAYLOAD_MAX;
}

static void start_flooder(unsigned int number, bool is_ring)
{
    struct flooder *flooder = &flooders[number];
    enum kind kind = (enum kind)(number % KINDS);
    *flooder = (struct flooder){.domain = is_ring ? (domid_t)(number + 1) : 0, .bytes = requests[kind],
                                .size = requests_size[kind], .takes_replies = kind != UNREAD};
    if (is_ring)
        introduce(&tool, flooder->domain);
    else
        client_open(&flooder->client, &daemon_, 0);
}

/* Sends as much as fits, and takes what there is. */
static void flood(struct flooder *flooder)
{
    char trash[4096];
    bool is_ring = flooder->domain != 0;
    for (;;) {
        size_t left = flooder->size - flooder->at;
        ssize_t sent = is_ring ? (ssize_t)put(flooder->domain, flooder->bytes + flooder->at, left)
                               : send(flooder->client.fd, flooder->bytes + flooder->at, left, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent <= 0)
            break;
        flooder->at = (flooder->at + (size_t)sent) % flooder->size;
    }
    while (flooder->takes_replies &&
           (is_ring ? get(flooder->domain, trash, sizeof(trash)) > 0
                    : recv(flooder->client.fd, trash, sizeof(trash), MSG_DONTWAIT) > 0))
        ;
}

/* All of them go on, and some of the rings' events come: each time others, as many as are taken at once. */
static void flood_all(unsigned int count)
{
    static unsigned int next;
    for (unsigned int i = 0; i < count; i++)
        flood(&flooders[i]);
    for (unsigned int i = 0; i < count && fired_count < PORTS_A_TURN; i++) {
        const struct flooder *flooder = &flooders[next++ % count];
        if (flooder->domain)
            fired[fired_count++] = flooder->domain + 100u;
    }
    domains_poll(&daemon_);
    loop_turn(&daemon_.loop, 0, true);
}

static bool has_reply(void)
{
    char byte;
    return recv(tool.fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 1;
}

/* The most requests of others that are handled between a request of domain 0 and its reply. */
static uint64_t worst_wait(unsigned int count, uint64_t *flooded)
{
    struct message reply;
    uint64_t worst = 0, began = daemon_.statistics.requests;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t before = daemon_.statistics.requests;
        client_send(&tool, XS_READ, 0, "/x", 3);
        while (!has_reply())
            flood_all(count);
        uint64_t others = daemon_.statistics.requests - before - 1;
        worst = others > worst ? others : worst;
        CU_ASSERT_TRUE(client_receive(&tool, &reply));
        CU_ASSERT_STRING_EQUAL(reply.body, "value");
    }
    *flooded = daemon_.statistics.requests - began;
    return worst;
}

/* Each client that floods has its turn of 16 requests when its bytes come, and one more when it is queued for more. */
static void domain_0_waits_for(unsigned int rings, unsigned int sockets)
{
    unsigned int count = rings + sockets;
    uint64_t flooded;
    set_up();
    compose_floods();
    for (unsigned int i = 0; i < count; i++)
        start_flooder(i, i < rings);
    uint64_t worst = worst_wait(count, &flooded);
    printf("[%u that flood: a request of domain 0 waits for %llu at most, of %llu] ", count,
           (unsigned long long)worst, (unsigned long long)flooded);
    CU_ASSERT_TRUE(worst <= 2 * REQUESTS_A_TURN * count);
    CU_ASSERT_TRUE(flooded > (uint64_t)ROUNDS * REQUESTS_A_TURN * count / 2); /* they do flood */
    for (unsigned int i = rings; i < count; i++)
        close(flooders[i].client.fd);
    tear_down();
}

static void guests_that_flood_do_not_delay_domain_0(void)
{
    domain_0_waits_for(7, 0);
    domain_0_waits_for(200, 0);
}

static void tools_that_flood_do_not_delay_each_other(void)
{
    domain_0_waits_for(7, 42);
}

/* Takes what a ring has for its domain, so that it is served on. */
static void drain(domid_t domain)
{
    char trash[4096];
    for (int i = 0; i < 50; i++) {
        get(domain, trash, sizeof(trash));
        fire(domain + 100u);
    }
}

/* A domain's whole life, in which it takes all that it may have: nodes, watches with events that it does not take,
 * transactions, a message half sent, permissions on others' nodes, limits of its own. */
static void live_and_die(domid_t domain)
{
    char body[128], value[1801];
    int size;
    introduce(&tool, domain);
    size = snprintf(body, sizeof(body), "%u%cwatches%c100", domain, 0, 0) + 1;
    CU_ASSERT_STRING_EQUAL(call_text(&tool, OPERATION_SET_QUOTA, 0, body, (size_t)size), "OK");
    memset(value, 'v', sizeof(value));
    for (int i = 0; i < 200; i++) {
        size = snprintf(body, sizeof(body), "data/%d", i) + 1;
        memcpy(value, body, (size_t)size);
        CU_ASSERT_STRING_EQUAL(ring_call(domain, XS_WRITE, value, i % 20 ? (size_t)size : sizeof(value)), "OK");
    }
    for (int i = 0; i < 100; i++) {
        size = snprintf(body, sizeof(body), "data/%d%ctoken-%d", i, 0, i) + 1;
        CU_ASSERT_STRING_EQUAL(ring_call(domain, XS_WATCH, body, (size_t)size), "OK");
    }
    for (int i = 0; i < 10; i++)
        CU_ASSERT_STRING_NOT_EQUAL(RING_CALL(domain, XS_TRANSACTION_START, ""), "ENOSPC");
    CU_ASSERT_STRING_EQUAL(RING_CALL(domain, XS_TRANSACTION_START, ""), "ENOSPC");
    drain(domain);
    for (int i = 0; i < 10; i++) { /* each in a transaction of its own */
        struct xsd_sockmsg header = {.type = XS_WRITE, .tx_id = (uint32_t)i + 1, .len = 1000};
        memcpy(value, "data/in", 8);
        put(domain, &header, sizeof(header));
        fire(domain + 100u);
        put(domain, value, 1000);
        fire(domain + 100u);
    }
    for (int i = 0; i < 3000; i++) { /* events that find no room */
        size = snprintf(body, sizeof(body), "/local/domain/%u/data/%d", domain, i % 100) + 1;
        call_text(&tool, XS_WRITE, 0, body, (size_t)size);
    }
    size = snprintf(body, sizeof(body), "/x%cn0%cr%u", 0, 0, domain) + 1;
    CU_ASSERT_STRING_EQUAL(call_text(&tool, XS_SET_PERMS, 0, body, (size_t)size), "OK");
    struct xsd_sockmsg half = {.type = XS_WRITE, .len = 4000};
    put(domain, &half, sizeof(half));
    fire(domain + 100u);
    const struct account *account = account_find(&daemon_.accounts, domain);
    CU_ASSERT_PTR_NOT_NULL_FATAL(account);
    CU_ASSERT_TRUE(account->memory > 100 * 50 + 10 * 1000);
    CU_ASSERT_TRUE(usage_get(&daemon_.store.usage, domain).nodes >= 200);

    domains[domain].life = DOMAIN_GONE;
    fire(99);
    memset(&domains[domain], 0, sizeof(domains[domain]));
}

static unsigned int connections_of(domid_t domain)
{
    unsigned int count = 0;
    for (const struct connection *connection = daemon_.connections; connection; connection = connection->next)
        count += connection->actor.domain == domain;
    return count;
}

static void a_domains_end_gives_all_back(void)
{
    size_t allocated = 0;
    set_up();
    make_home(&tool, 9); /* /local/domain stays, as on a host */
    for (int round = 0; round < 6; round++) {
        domid_t domain = (domid_t)(1 + round % 2);
        live_and_die(domain);
        struct usage_entry usage = usage_get(&daemon_.store.usage, domain);
        CU_ASSERT_EQUAL(usage.nodes, 0);
        CU_ASSERT_EQUAL(usage.references, 0);
        CU_ASSERT_EQUAL(usage.bytes, 0);
        CU_ASSERT_PTR_NULL(account_find(&daemon_.accounts, domain));
        CU_ASSERT_EQUAL(connections_of(domain), 0);
        CU_ASSERT_EQUAL(daemon_.watches.point_count, 0);
        CU_ASSERT_FALSE(domains[domain].mapped);
        turn(&daemon_);
        /* Tables have grown by the end of the second life; from then on nothing is kept. */
        if (round == 1)
            allocated = __sanitizer_get_current_allocated_bytes();
        if (round > 1)
            CU_ASSERT_EQUAL(__sanitizer_get_current_allocated_bytes(), allocated);
    }
    tear_down();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"guests that flood do not delay domain 0", guests_that_flood_do_not_delay_domain_0},
        {"tools that flood do not delay each other", tools_that_flood_do_not_delay_each_other},
        {"what a domain has cost is given back at its end, to the byte", a_domains_end_gives_all_back},
    };
    return RUN_TESTS("fairness", tests);
}
