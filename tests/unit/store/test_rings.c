/* SPDX-License-Identifier: MIT */
/*
 * Domains and their rings, against a hypervisor that is a table: introduction, requests over the page, hostile indices,
 * reconnection, deaths, and what is left of a domain that is gone.
 */
#include "fake_hypervisor.h"

static struct daemon daemon_;
static struct client tool;

static void set_up(void)
{
    memset(domains, 0, sizeof(domains));
    refuse_bind = false;
    fake_daemon = &daemon_;
    CU_ASSERT_EQUAL_FATAL(daemon_create(&daemon_), 0);
    CU_ASSERT_EQUAL_FATAL(domains_open(&daemon_, &hypervisor), 0);
    CU_ASSERT_EQUAL_FATAL(domains_connect_own(&daemon_), 0);
    client_open(&tool, &daemon_, 0);
}

static void tear_down(void)
{
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_CONTROL, 0, "check"), "OK");
    close(tool.fd);
    daemon_destroy(&daemon_);
}

static void an_introduced_domain_is_served(void)
{
    set_up();
    CALL(&tool, XS_WATCH, 0, "@introduceDomain\0i");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "@introduceDomain i");
    /* A request is there before the introduction, and its event is lost. */
    struct xsd_sockmsg header = {.type = XS_READ, .req_id = 1, .len = 2};
    put(5, &header, sizeof(header));
    put(5, "x", 2);
    introduce(&tool, 5);
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "@introduceDomain i");
    struct message reply;
    CU_ASSERT_TRUE(get_message(5, &reply));
    CU_ASSERT_STRING_EQUAL(reply.body, "ENOENT");
    CU_ASSERT_TRUE(domains[5].notified > 0);
    CU_ASSERT_EQUAL(domains[5].page.server_features, RING_FEATURES);
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_IS_DOMAIN_INTRODUCED, 0, "5"), "T");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WRITE, "x\0v"), "OK");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_READ, "x"), "v");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_RELEASE, "5"), "EACCES");
    CU_ASSERT_STRING_EQUAL(RING_CALL(0, XS_READ, "/local/domain/5/x"), "v"); /* the kernel of domain 0 */
    tear_down();
}

static void put_read_silently(domid_t domain)
{
    struct xsd_sockmsg header = {.type = XS_READ, .req_id = 77, .len = 2};
    put(domain, &header, sizeof(header));
    put(domain, "x", 2);
}

/* Linux sends no event for a request that it adds while it still sees earlier ones in the ring. */
static void a_request_added_without_an_event_is_served(void)
{
    const struct xenstore_domain_interface *page = &domains[5].page;
    set_up();
    introduce(&tool, 5);
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WRITE, "x\0v"), "OK");
    when_notified = put_read_silently;
    put_read_silently(5);
    fire(105);
    turn(&daemon_);
    CU_ASSERT_PTR_NULL(when_notified);
    CU_ASSERT_EQUAL(page->req_cons, page->req_prod);
    CU_ASSERT_EQUAL(page->rsp_prod - page->rsp_cons, 2 * (sizeof(struct xsd_sockmsg) + sizeof("v")));
    tear_down();
}

static void messages_longer_than_the_ring_pass(void)
{
    set_up();
    introduce(&tool, 5);
    char body[3 + 2000];
    memcpy(body, "x", 2);
    for (size_t i = 2; i < sizeof(body); i++)
        body[i] = (char)('a' + i % 26);
    for (int round = 0; round < 5; round++)
        CU_ASSERT_STRING_EQUAL(ring_call(5, XS_WRITE, body, sizeof(body)), "OK");
    const char *value = RING_CALL(5, XS_READ, "x");
    CU_ASSERT_EQUAL(strlen(value), sizeof(body) - 2);
    CU_ASSERT_EQUAL(memcmp(value, body + 2, sizeof(body) - 2), 0);
    tear_down();
}

static void lying_indices_cut_off_their_domain_alone(void)
{
    set_up();
    introduce(&tool, 5);
    struct xenstore_domain_interface *page = &domains[5].page;
    RING_CALL(5, XS_WRITE, "x\0v");
    page->req_prod = page->req_cons + XENSTORE_RING_SIZE + 1;
    fire(105);
    CU_ASSERT_EQUAL(page->error, XENSTORE_ERROR_RINGIDX);
    uint32_t consumer = page->req_cons;
    fire(105);
    CU_ASSERT_EQUAL(page->req_cons, consumer); /* it is not listened to any more */
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_READ, 0, "/local/domain/5/x"), "v");

    page->connection = XENSTORE_RECONNECT;
    fire(105);
    CU_ASSERT_EQUAL(page->connection, XENSTORE_CONNECTED);
    CU_ASSERT_EQUAL(page->error, XENSTORE_ERROR_NONE);
    CU_ASSERT_EQUAL(page->req_prod, 0);
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_READ, "x"), "v");

    page->rsp_cons = page->rsp_prod + 5;
    put_request(5, XS_READ, 1, "x", 2);
    CU_ASSERT_EQUAL(page->error, XENSTORE_ERROR_RINGIDX);

    page->connection = XENSTORE_RECONNECT;
    fire(105);
    struct xsd_sockmsg header = {.type = XS_READ, .len = XENSTORE_PAYLOAD_MAX + 1};
    put(5, &header, sizeof(header));
    fire(105);
    CU_ASSERT_EQUAL(page->error, XENSTORE_ERROR_PROTO);
    page->req_cons = 12345; /* the daemon's own index is not read back */
    page->connection = XENSTORE_RECONNECT;
    fire(105);
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_READ, "x"), "v");
    tear_down();
}

static void reconnection_ends_watches_and_transactions(void)
{
    set_up();
    introduce(&tool, 5);
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WATCH, "x\0t"), "OK");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_TRANSACTION_START, ""), "1");
    struct connection *connection = &domains_find(&daemon_, 5)->connection;
    CU_ASSERT_EQUAL(connection->watch_count, 1);
    domains[5].page.connection = XENSTORE_RECONNECT;
    fire(105);
    CU_ASSERT_EQUAL(connection->watch_count, 0);
    CU_ASSERT_EQUAL(connection->transaction_count, 0);
    tear_down();
}

static void a_domains_end_frees_all_of_it(void)
{
    set_up();
    introduce(&tool, 5);
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WRITE, "x\0v"), "OK");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WATCH, "x\0t"), "OK");
    RING_CALL(5, XS_TRANSACTION_START, "");
    call_write(&tool, 0, "/back/5", "b");
    CALL(&tool, XS_SET_PERMS, 0, "/back/5\0n0\0r5\0r6");
    CALL(&tool, XS_WATCH, 0, "@releaseDomain\0r");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "@releaseDomain r");

    domains[5].life = DOMAIN_SHUT_DOWN;
    fire(99);
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "@releaseDomain r");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_IS_DOMAIN_INTRODUCED, 0, "5"), "T");
    fire(99);
    CU_ASSERT_STRING_EQUAL(next_event(&tool), ""); /* told once */
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_RESUME, 0, "5"), "OK");
    fire(99);
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "@releaseDomain r");

    domains[5].life = DOMAIN_GONE;
    fire(99);
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "@releaseDomain r");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_IS_DOMAIN_INTRODUCED, 0, "5"), "F");
    CU_ASSERT_FALSE(domains[5].mapped);
    CU_ASSERT_FALSE(domains[5].bound);
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_READ, 0, "/local/domain/5"), "ENOENT");
    struct message reply;
    client_call(&tool, XS_GET_PERMS, 0, "/back/5", 8, &reply);
    CU_ASSERT_EQUAL(reply.header.len, 6);
    CU_ASSERT_EQUAL(memcmp(reply.body, "n0\0r6", 6), 0);
    CU_ASSERT_EQUAL(usage_get(&daemon_.store.usage, 5).nodes, 0);
    CU_ASSERT_EQUAL(usage_get(&daemon_.store.usage, 5).references, 0);
    fire(105); /* a late event of the port that is no more */
    tear_down();
}

static void a_failed_introduction_leaves_nothing(void)
{
    set_up();
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_INTRODUCE, 0, "5\0" "0\0" "3"), "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_INTRODUCE, 0, "5\0" "x\0" "3"), "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_INTRODUCE, 0, "5\0" "7\0" "0"), "EINVAL");
    refuse_bind = true;
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_INTRODUCE, 0, "5\0" "7\0" "3"), "EINVAL");
    CU_ASSERT_FALSE(domains[5].mapped);
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_IS_DOMAIN_INTRODUCED, 0, "5"), "F");
    refuse_bind = false;
    introduce(&tool, 5);
    RING_CALL(5, XS_WATCH, "x\0t");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_INTRODUCE, 0, "5\0" "77\0" "3"), "OK"); /* again: it starts over */
    CU_ASSERT_EQUAL(domains_find(&daemon_, 5)->connection.watch_count, 0);
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_READ, "y"), "ENOENT");
    tear_down();
}

static void a_target_gives_its_rights(void)
{
    set_up();
    introduce(&tool, 5);
    CALL(&tool, XS_MKDIR, 0, "/local/domain/6");
    CALL(&tool, XS_SET_PERMS, 0, "/local/domain/6\0n6");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_SET_TARGET, 0, "5\0" "6"), "ENOENT");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_INTRODUCE, 0, "6\0" "78\0" "3"), "OK");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WRITE, "/local/domain/6/x\0v"), "EACCES");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_SET_TARGET, 0, "5\0" "6"), "OK");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WRITE, "/local/domain/6/x\0v"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_RELEASE, 0, "6"), "OK");
    CU_ASSERT_EQUAL(domains_find(&daemon_, 5)->connection.actor.target, DOMID_INVALID);
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_READ, 0, "/local/domain/6"), "ENOENT");
    tear_down();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"an introduced domain is served, also what it asked before", an_introduced_domain_is_served},
        {"a request added without an event is served", a_request_added_without_an_event_is_served},
        {"messages longer than the ring pass in pieces", messages_longer_than_the_ring_pass},
        {"lying indices and lengths cut off their own domain only", lying_indices_cut_off_their_domain_alone},
        {"reconnection ends watches and transactions", reconnection_ends_watches_and_transactions},
        {"a domain's end is told, and frees all of it", a_domains_end_frees_all_of_it},
        {"a failed introduction leaves nothing; a second one starts over", a_failed_introduction_leaves_nothing},
        {"a domain has its target's rights while that is there", a_target_gives_its_rights},
    };
    return RUN_TESTS("rings", tests);
}
