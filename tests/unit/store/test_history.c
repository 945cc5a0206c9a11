/* SPDX-License-Identifier: MIT */
/*
 * A long history of a host: thousands of domains come, use their rings, shut down and go, while the daemon is killed
 * again and again, with requests half sent, not seen, or answered and not taken, and domains that die while no daemon
 * runs. After each start all is as the model says, and a new domain is served and told of as on a fresh host.
 * STORE_HISTORY_SEED and STORE_HISTORY_STEPS choose the run; the seed is printed.
 */
#include "fake_hypervisor.h"
#include "store/journal.h"
#include "store/log.h"

enum { KEYS = 4 };

struct guest {
    bool alive, shut_down;
    unsigned int value[KEYS]; /* 0: there is none */
    bool watched[KEYS];
    uint32_t limit; /* of its watches; 0: the global one */
    uint32_t transaction; /* 0: none is open */
    bool lost;            /* it was open at a kill */
    unsigned int written, committed; /* in a node that only transactions write; 0: not at all */
};

static struct guest guests[DOMAINS];
static struct daemon daemon_;
static struct client tool, watcher;
static char state[] = "/tmp/store-history-XXXXXX", log_path[64];
static unsigned long created, kills;

static uint64_t random_state;
static unsigned int random_below(unsigned int bound)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned int)((random_state >> 33) % bound);
}

static const char *call_format(struct client *client, uint32_t type, const char *format, unsigned int domain)
{
    char body[128]; /* each '|' of the format stands for a zero byte */
    int size = snprintf(body, sizeof(body), format, domain, domain);
    for (int i = 0; i < size; i++)
        if (body[i] == '|')
            body[i] = '\0';
    return call_text(client, type, 0, body, (size_t)size);
}

static void expect_event(const char *format, unsigned int domain)
{
    char text[64];
    snprintf(text, sizeof(text), format, domain);
    CU_ASSERT_STRING_EQUAL(next_event(&watcher), text);
}

static void start(void)
{
    CU_ASSERT_EQUAL_FATAL(daemon_create(&daemon_), 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(journal_open(&daemon_, state));
    fake_daemon = &daemon_;
    CU_ASSERT_EQUAL_FATAL(domains_open(&daemon_, &hypervisor), 0);
    CU_ASSERT_EQUAL_FATAL(domains_connect_own(&daemon_), 0);
    journal_restore_domains(daemon_.journal);
    domains_check_life(&daemon_);
    client_open(&tool, &daemon_, 0);
    client_open(&watcher, &daemon_, 0); /* as a console daemon does when the store is back */
    CALL(&watcher, XS_WATCH, 0, "@introduceDomain\0i");
    expect_event("@introduceDomain i", 0);
    CALL(&watcher, XS_WATCH, 0, "@releaseDomain\0r");
    expect_event("@releaseDomain r", 0);
    CALL(&watcher, XS_WATCH, 0, "@releaseDomain\0d\0" "1");
    expect_event("@releaseDomain d", 0);
}

/* What a kill leaves: the journal, and the pages as they were. */
static void end(void)
{
    static struct fake_domain before[DOMAINS];
    memcpy(before, domains, sizeof(domains));
    close(tool.fd);
    close(watcher.fd);
    daemon_destroy(&daemon_);
    memcpy(domains, before, sizeof(domains));
}

static void create(domid_t domain)
{
    struct guest *guest = &guests[domain];
    if (guest->alive)
        return;
    domains[domain] = (struct fake_domain){.life = DOMAIN_RUNNING};
    uint32_t at = random_below(100000); /* rings need not start at 0 */
    domains[domain].page.req_cons = domains[domain].page.req_prod = at;
    domains[domain].page.rsp_cons = domains[domain].page.rsp_prod = at * 7;
    CU_ASSERT_STRING_EQUAL(call_format(&tool, XS_MKDIR, "/local/domain/%u|", domain), "OK");
    CU_ASSERT_STRING_EQUAL(call_format(&tool, XS_SET_PERMS, "/local/domain/%u|n%u|", domain), "OK");
    CU_ASSERT_STRING_EQUAL(call_format(&tool, XS_WRITE, "/back/%u|x", domain), "OK");
    CU_ASSERT_STRING_EQUAL(call_format(&tool, XS_SET_PERMS, "/back/%u|n0|r%u|", domain), "OK");
    CU_ASSERT_STRING_EQUAL(call_format(&tool, XS_INTRODUCE, "%u|77|3|", domain), "OK");
    expect_event("@introduceDomain i", 0);
    *guest = (struct guest){.alive = true};
    created++;
    CU_ASSERT_STRING_EQUAL(RING_CALL(domain, XS_READ, "nothing"), "ENOENT");
}

static void expect_release(domid_t domain)
{
    /* The two watches of one name fire in any order. */
    char text[64], first[64];
    snprintf(text, sizeof(text), "@releaseDomain/%u d", domain);
    snprintf(first, sizeof(first), "%s", next_event(&watcher));
    const char *second = next_event(&watcher);
    CU_ASSERT_TRUE((strcmp(first, text) == 0 && strcmp(second, "@releaseDomain r") == 0) ||
                   (strcmp(second, text) == 0 && strcmp(first, "@releaseDomain r") == 0));
}

static void leave(domid_t domain, enum domain_life life)
{
    struct guest *guest = &guests[domain];
    if (!guest->alive || (life == DOMAIN_SHUT_DOWN && guest->shut_down))
        return;
    domains[domain].life = life;
    fire(99);
    expect_release(domain);
    guest->shut_down = true;
    if (life == DOMAIN_GONE)
        *guest = (struct guest){0};
}

static void name_key(char *to, unsigned int key)
{
    memcpy(to, "key0", 5);
    to[3] = (char)('0' + key);
}

/* A request of a guest, whose effect the model has from here on; returns its size. */
static size_t random_request(domid_t domain, uint32_t *type, char *body, const char **reply)
{
    static char value[16];
    struct guest *guest = &guests[domain];
    unsigned int key = random_below(KEYS);
    name_key(body, key);
    *reply = "OK";
    switch (random_below(5)) {
    case 0:
        *type = XS_READ;
        snprintf(value, sizeof(value), "%u", guest->value[key]);
        *reply = guest->value[key] ? value : "ENOENT";
        return 5;
    case 1:
        *type = XS_RM;
        guest->value[key] = 0;
        return 5;
    case 2:
        *type = guest->watched[key] ? XS_UNWATCH : XS_WATCH;
        guest->watched[key] = !guest->watched[key];
        memcpy(body + 5, "t", 2);
        return 7;
    default:
        *type = XS_WRITE;
        guest->value[key] = 1 + random_below(1000000);
        return 5 + (size_t)sprintf(body + 5, "%u", guest->value[key]);
    }
}

/* The one reply to request `id`; no other comes with it. */
static void expect_reply(domid_t domain, uint32_t id, const char *text)
{
    struct message message;
    unsigned int replies = 0;
    while (get_message(domain, &message))
        if (message.header.type != XS_WATCH_EVENT) {
            replies++;
            CU_ASSERT_EQUAL(message.header.req_id, id);
            CU_ASSERT_STRING_EQUAL(message.body, text);
        }
    CU_ASSERT_EQUAL(replies, 1);
}

static void call_in_transaction(domid_t domain, uint32_t type, uint32_t transaction, const void *body, size_t size,
                                const char *reply)
{
    char bytes[128];
    struct xsd_sockmsg header = {.type = type, .req_id = 8, .tx_id = transaction, .len = (uint32_t)size};
    memcpy(bytes, &header, sizeof(header));
    memcpy(bytes + sizeof(header), body, size);
    CU_ASSERT_EQUAL(put(domain, bytes, sizeof(header) + size), sizeof(header) + size);
    fire(domain + 100u);
    expect_reply(domain, 8, reply);
}

/* One step more of a transaction, which goes on over kills as if nothing had been, and then does not take effect. */
static void go_on_in_transaction(domid_t domain)
{
    struct guest *guest = &guests[domain];
    char text[32];
    if (!guest->transaction) {
        guest->transaction = domains_find(&daemon_, domain)->connection.last_transaction_id + 1;
        guest->lost = false;
        guest->written = guest->committed;
        snprintf(text, sizeof(text), "%u", guest->transaction);
        call_in_transaction(domain, XS_TRANSACTION_START, 0, "", 1, text);
    } else if (random_below(2)) {
        guest->written = 1 + random_below(1000000);
        size_t size = (size_t)snprintf(text, sizeof(text), "inside|%u", guest->written);
        text[6] = '\0';
        call_in_transaction(domain, XS_WRITE, guest->transaction, text, size, "OK");
    } else {
        bool commit = random_below(4) > 0;
        call_in_transaction(domain, XS_TRANSACTION_END, guest->transaction, commit ? "T" : "F", 2,
                            commit && guest->lost ? "EAGAIN" : "OK");
        if (commit && !guest->lost)
            guest->committed = guest->written;
        guest->transaction = 0;
    }
}

static void use_ring(domid_t domain)
{
    uint32_t type;
    char body[64];
    const char *reply;
    if (!guests[domain].alive || guests[domain].shut_down)
        return;
    if (random_below(8) == 0) {
        go_on_in_transaction(domain);
        return;
    }
    size_t size = random_request(domain, &type, body, &reply);
    put_request(domain, type, 7, body, size);
    expect_reply(domain, 7, reply);
}

static void check_all(void)
{
    char path[64], text[16];
    for (domid_t domain = 1; domain < DOMAINS; domain++) {
        const struct guest *guest = &guests[domain];
        unsigned int watches = 0;
        CU_ASSERT_STRING_EQUAL(call_format(&tool, XS_IS_DOMAIN_INTRODUCED, "%u|", domain), guest->alive ? "T" : "F");
        for (unsigned int key = 0; key < KEYS; key++) {
            snprintf(path, sizeof(path), "/local/domain/%u/key%u", domain, key);
            snprintf(text, sizeof(text), "%u", guest->value[key]);
            CU_ASSERT_STRING_EQUAL(call_path(&tool, XS_READ, 0, path), guest->value[key] ? text : "ENOENT");
            watches += guest->watched[key];
        }
        snprintf(path, sizeof(path), "/local/domain/%u/inside", domain);
        snprintf(text, sizeof(text), "%u", guest->committed);
        CU_ASSERT_STRING_EQUAL(call_path(&tool, XS_READ, 0, path), guest->committed ? text : "ENOENT");
        const struct ring_connection *ring = domains_find(&daemon_, domain);
        CU_ASSERT_EQUAL(ring != NULL, guest->alive);
        if (ring)
            CU_ASSERT_EQUAL(ring->connection.watch_count, watches);
        CU_ASSERT_EQUAL(usage_get(&daemon_.store.usage, domain).references, guest->alive);
    }
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_CONTROL, 0, "check"), "OK");
}

/* The daemon is killed while a guest has a request under way, at some stage of it. */
static void kill_during_request(domid_t domain)
{
    char bytes[128];
    struct xsd_sockmsg header = {.req_id = 99};
    const char *reply;
    bool busy = guests[domain].alive && !guests[domain].shut_down;
    size_t size = 0, half = 0;
    if (busy) {
        size = random_request(domain, &header.type, bytes + sizeof(header), &reply);
        header.len = (uint32_t)size;
        memcpy(bytes, &header, sizeof(header));
        size += sizeof(header);
        half = random_below(2) ? size : random_below((unsigned int)size);
        CU_ASSERT_EQUAL(put(domain, bytes, half), half);
        if (random_below(2))
            fire(domain + 100u); /* else the event is lost with the daemon */
    }
    domid_t victim = (domid_t)(1 + random_below(DOMAINS - 1));
    end();
    if (random_below(4) == 0 && victim != domain && guests[victim].alive) {
        domains[victim].life = DOMAIN_GONE;
        guests[victim] = (struct guest){0};
    }
    start();
    kills++;
    for (domid_t other = 1; other < DOMAINS; other++)
        guests[other].lost = true;
    if (busy) {
        put(domain, bytes + half, size - half);
        fire(domain + 100u);
        expect_reply(domain, 99, reply);
    }
    /* What else is there are events: one for each watch, as nobody knows what it missed. */
    struct message message;
    for (domid_t other = 1; other < DOMAINS; other++)
        while (guests[other].alive && !guests[other].shut_down && get_message(other, &message))
            CU_ASSERT_EQUAL(message.header.type, XS_WATCH_EVENT);
    check_all();
}

static void a_long_history_with_kills_leaves_no_trace(void)
{
    const char *seed = getenv("STORE_HISTORY_SEED"), *wanted = getenv("STORE_HISTORY_STEPS");
    unsigned long limit = wanted ? strtoul(wanted, NULL, 10) : 10000;
    random_state = seed ? strtoull(seed, NULL, 10) : 3;
    printf("seed %llu ", (unsigned long long)random_state);
    fflush(stdout);
    start();
    for (unsigned long i = 0; i < limit && CU_get_number_of_failures() == 0; i++) {
        domid_t domain = (domid_t)(1 + random_below(DOMAINS - 1));
        unsigned int what = random_below(200);
        if (what < 10)
            create(domain);
        else if (what < 15)
            leave(domain, DOMAIN_GONE);
        else if (what < 18)
            leave(domain, DOMAIN_SHUT_DOWN);
        else if (what < 20)
            kill_during_request(domain);
        else
            use_ring(domain);
        CU_ASSERT_STRING_EQUAL(next_event(&watcher), ""); /* nobody is told of what has not happened */
    }
    for (domid_t domain = 1; domain < DOMAINS; domain++)
        leave(domain, DOMAIN_GONE);
    check_all();
    printf("%lu domains, %lu kills ", created, kills);
    end();
    char command[128];
    snprintf(command, sizeof(command), "grep -E 'damaged|older than|cannot' %s", log_path);
    CU_ASSERT_NOT_EQUAL(system(command), 0);
}

int main(void)
{
    static const CU_TestInfo cases[] = {
        {"a long history with kills leaves no trace", a_long_history_with_kills_leaves_no_trace},
    };
    if (!mkdtemp(state))
        return 1;
    snprintf(log_path, sizeof(log_path), "%s/log", state);
    log_to_file(log_path);
    int status = RUN_TESTS("history", cases);
    char command[64];
    snprintf(command, sizeof(command), "rm -rf %s", state);
    return system(command) != 0 || status;
}
