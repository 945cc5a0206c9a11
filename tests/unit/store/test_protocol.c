/* SPDX-License-Identifier: MIT */
/*
 * The corners of the protocol that its documents name: parts of directories and their generation, transactions that are
 * not there, requests about domains, CONTROL's commands, special watches, limits of a message, and rings that reconnect.
 */
#include "fake_hypervisor.h"
#include "store/log.h"
#include "store/request.h"

static struct daemon daemon_;
static struct client tool, guest;

static void set_up(void)
{
    memset(domains, 0, sizeof(domains));
    fake_daemon = &daemon_;
    CU_ASSERT_EQUAL_FATAL(daemon_create(&daemon_), 0);
    CU_ASSERT_EQUAL_FATAL(domains_open(&daemon_, &hypervisor), 0);
    CU_ASSERT_EQUAL_FATAL(domains_connect_own(&daemon_), 0);
    client_open(&tool, &daemon_, 0);
    client_open(&guest, &daemon_, 9);
    CALL(&tool, XS_MKDIR, 0, "/local/domain/9");
    CALL(&tool, XS_SET_PERMS, 0, "/local/domain/9\0n9");
}

static void tear_down(void)
{
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_CONTROL, 0, "check"), "OK");
    close(tool.fd);
    close(guest.fd);
    daemon_destroy(&daemon_);
}

/* DIRECTORY_PART of "/d" from an offset, in a transaction or not. */
static void part(uint32_t tx, const char *offset, struct message *reply)
{
    char body[64] = "/d";
    size_t size = 3 + (size_t)snprintf(body + 3, sizeof(body) - 3, "%s", offset) + 1;
    client_call(&tool, XS_DIRECTORY_PART, tx, body, size, reply);
}

static void a_part_names_its_directorys_generation(void)
{
    struct message first, other;
    set_up();
    call_write(&tool, 0, "/d/alpha", "");
    call_write(&tool, 0, "/d/beta", "");
    part(0, "0", &first);
    size_t generation = strlen(first.body) + 1;
    CU_ASSERT_EQUAL(first.header.len, generation + 12);
    CU_ASSERT_EQUAL(memcmp(first.body + generation, "alpha\0beta\0", 12), 0); /* the empty name ends it */
    part(0, "6", &other); /* bytes, not names */
    CU_ASSERT_STRING_EQUAL(other.body, first.body);
    CU_ASSERT_EQUAL(memcmp(other.body + generation, "beta\0", 6), 0);
    static const char *const beyond[] = {"11", "12", "4096", "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
        part(0, beyond[i], &other);
        CU_ASSERT_EQUAL(other.header.len, generation + 1);
        CU_ASSERT_EQUAL(other.body[generation], '\0');
    }
    static const char *const wrong[] = {"", "-1", "+1", " 1", "1x", "0x1"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        part(0, wrong[i], &other);
        CU_ASSERT_STRING_EQUAL(other.body, "EINVAL");
    }
    /* What is no change of the list leaves it, what is one does not; there and back again is two. */
    call_write(&tool, 0, "/d/alpha", "value");
    call_write(&tool, 0, "/d/alpha/below", "");
    call_write(&tool, 0, "/elsewhere", "");
    part(0, "0", &other);
    CU_ASSERT_STRING_EQUAL(other.body, first.body);
    call_write(&tool, 0, "/d/gamma", "");
    part(0, "0", &other);
    CU_ASSERT_STRING_NOT_EQUAL(other.body, first.body);
    CALL(&tool, XS_RM, 0, "/d/gamma");
    part(0, "0", &other);
    CU_ASSERT_STRING_NOT_EQUAL(other.body, first.body);
    /* A transaction's own changes count for it alone. */
    uint32_t tx = start_transaction(&tool);
    part(tx, "0", &first);
    CU_ASSERT_STRING_EQUAL(first.body, other.body);
    call_write(&tool, tx, "/d/delta", "");
    part(tx, "0", &first);
    CU_ASSERT_STRING_NOT_EQUAL(first.body, other.body);
    part(0, "0", &first);
    CU_ASSERT_STRING_EQUAL(first.body, other.body);
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_TRANSACTION_END, tx, "T"), "OK");
    CALL(&tool, XS_MKDIR, 0, "/empty");
    CU_ASSERT_STRING_NOT_EQUAL(CALL(&tool, XS_DIRECTORY_PART, 0, "/empty\0" "0"), "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_DIRECTORY_PART, 0, "/d\0" "0"), "EACCES");
    tear_down();
}

static void an_unknown_transaction_is_an_error_everywhere(void)
{
    static const struct {
        uint32_t type;
        const char *body;
        size_t size;
    } with_transaction[] = {
        {XS_DIRECTORY, "/", 2},       {XS_DIRECTORY_PART, "/\0" "0", 4}, {XS_READ, "/", 2},  {XS_GET_PERMS, "/", 2},
        {XS_SET_PERMS, "/x\0n0", 6},  {XS_WRITE, "/x\0v", 4},            {XS_MKDIR, "/x", 3}, {XS_RM, "/x", 3},
        {XS_TRANSACTION_END, "T", 2}, {XS_TRANSACTION_START, "", 1},
    };
    struct message reply;
    set_up();
    uint32_t tx = start_transaction(&tool);
    for (size_t i = 0; i < sizeof(with_transaction) / sizeof(with_transaction[0]); i++) {
        client_call(&tool, with_transaction[i].type, tx + 1, with_transaction[i].body, with_transaction[i].size, &reply);
        CU_ASSERT_STRING_EQUAL(reply.body, "ENOENT");
        client_call(&guest, with_transaction[i].type, tx, with_transaction[i].body, with_transaction[i].size, &reply);
        CU_ASSERT_STRING_EQUAL(reply.body, "ENOENT"); /* it is another's */
    }
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_READ, 0, "/x"), "ENOENT");
    /* Where a transaction means nothing, its number does not matter, and comes back. */
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_WATCH, 4711, "/x\0t"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_GET_DOMAIN_PATH, 4711, "3"), "/local/domain/3");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_RESET_WATCHES, 0, ""), "OK"); /* ends transactions too */
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_TRANSACTION_END, tx, "T"), "ENOENT");
    tx = start_transaction(&tool);
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_TRANSACTION_END, tx, ""), "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_TRANSACTION_END, tx, "TF"), "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_TRANSACTION_END, tx, "F"), "OK"); /* those did not end it */
    tear_down();
}

static void requests_about_domains_are_domain_0s(void)
{
    static const struct {
        uint32_t type;
        const char *body;
        size_t size;
    } wrong[] = {
        {XS_INTRODUCE, "5\0" "77", 5},       {XS_INTRODUCE, "", 1},           {XS_INTRODUCE, "0\0" "77\0" "3", 7},
        {XS_INTRODUCE, "32752\0" "7\0" "3", 10}, {XS_INTRODUCE, "5\0" "77\0-3", 8}, {XS_RELEASE, "0", 2},
        {XS_RELEASE, "", 1},                 {XS_RELEASE, "5\0x", 4},         {XS_RELEASE, "five", 5},
        {XS_RESUME, "0", 2},                 {XS_RESUME, "x", 2},             {XS_SET_TARGET, "5", 2},
        {XS_SET_TARGET, "5\0" "0", 4},       {XS_SET_TARGET, "0\0" "5", 4},   {XS_SET_TARGET, "5\0x", 4},
        {XS_GET_DOMAIN_PATH, "65536", 6},    {XS_GET_DOMAIN_PATH, "", 1},     {XS_IS_DOMAIN_INTRODUCED, "-1", 3},
        {XS_IS_DOMAIN_INTRODUCED, "65536", 6},
    };
    struct message reply;
    set_up();
    introduce(&tool, 5);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        client_call(&tool, wrong[i].type, 0, wrong[i].body, wrong[i].size, &reply);
        CU_ASSERT_STRING_EQUAL(reply.body, "EINVAL");
    }
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_RELEASE, 0, "6"), "ENOENT");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_RESUME, 0, "6"), "ENOENT");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_SET_TARGET, 0, "6\0" "5"), "ENOENT");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_RELEASE, "5"), "EACCES");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_RESUME, "5"), "EACCES");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_SET_TARGET, "5\0" "6"), "EACCES");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_INTRODUCE, "6\0" "7\0" "3"), "EACCES");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_CONTROL, "help"), "EACCES");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_GET_DOMAIN_PATH, "007"), "/local/domain/7");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_IS_DOMAIN_INTRODUCED, "32752"), "T"); /* DOMID_SELF */
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_IS_DOMAIN_INTRODUCED, "6"), "F");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_RELEASE, 0, "5"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_IS_DOMAIN_INTRODUCED, 0, "5"), "F");
    CU_ASSERT_FALSE(domains[5].mapped || domains[5].bound);
    tear_down();
}

static bool file_has(const char *path, const char *text)
{
    char content[8192] = "";
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    content[fread(content, 1, sizeof(content) - 1, file)] = '\0';
    fclose(file);
    return strstr(content, text) != NULL;
}

static const char *control_file(const char *command, const char *path)
{
    char body[128];
    int size = snprintf(body, sizeof(body), "%s%c%s", command, 0, path) + 1;
    return call_text(&tool, XS_CONTROL, 0, body, (size_t)size);
}

static void control_has_its_ten_commands(void)
{
    static const char *const names[] = {"check", "help",      "live-update", "log",        "logfile",
                                        "print", "memreport", "quota",       "quota-soft", "stats"};
    char path[] = "/tmp/store-control-XXXXXX";
    close(mkstemp(path));
    set_up();
    introduce(&tool, 5);
    const char *help = CALL(&tool, XS_CONTROL, 0, "help");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(help, names[i]));
    CU_ASSERT_STRING_EQUAL(call_text(&tool, XS_CONTROL, 0, "log\0off", 7), "OK"); /* without its last zero byte */
    CU_ASSERT_STRING_EQUAL(control_file("logfile", path), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_CONTROL, 0, "print\0said by the test"), "OK");
    CU_ASSERT_TRUE(file_has(path, "said by the test"));
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_CONTROL, 0, "log\0on"), "OK");
    CALL(&tool, XS_READ, 0, "/traced");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_CONTROL, 0, "log\0off"), "OK");
    CALL(&tool, XS_READ, 0, "/untraced");
    CU_ASSERT_TRUE(file_has(path, "READ /traced tx 0: ENOENT"));
    CU_ASSERT_FALSE(file_has(path, "/untraced"));
    CU_ASSERT_STRING_EQUAL(control_file("logfile", "/dev/null"), "OK");
    CU_ASSERT_PTR_NOT_NULL(strstr(CALL(&tool, XS_CONTROL, 0, "memreport"), "domain 5: 1 nodes"));
    CU_ASSERT_STRING_EQUAL(control_file("memreport", path), "OK");
    CU_ASSERT_TRUE(file_has(path, "domain 5: 1 nodes"));
    CU_ASSERT_STRING_EQUAL(control_file("memreport", "/nowhere/at/all"), "ENOENT");
    CU_ASSERT_PTR_NOT_NULL(strstr(CALL(&tool, XS_CONTROL, 0, "quota"), "nodes               :     1000\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(CALL(&tool, XS_CONTROL, 0, "quota-soft"), "memory"));
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_CONTROL, 0, "quota-soft\0set\0" "5\0memory\0" "20"), "OK");
    CU_ASSERT_PTR_NOT_NULL(strstr(CALL(&tool, XS_CONTROL, 0, "quota-soft\0" "5"), " of 20\n"));
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_CONTROL, 0, "quota\0" "6"), "ENOENT");
    /* Of --state there is none here, so that nothing would be left. */
    CU_ASSERT_PTR_NOT_NULL(strstr(CALL(&tool, XS_CONTROL, 0, "live-update\0-s"), "--state"));
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_CONTROL, 0, "live-update\0-a"), "OK");
    static const struct {
        const char *body;
        size_t size;
    } wrong[] = {
        {"", 1}, {"nonsense", 9}, {"log", 4}, {"log\0maybe", 10}, {"logfile", 8}, {"print", 6}, {"print\0a\0b", 10},
        {"memreport\0a\0b", 14}, {"quota\0set", 10}, {"quota\0set\0nodes", 16}, {"quota\0set\0memory\0x", 19},
        {"quota-soft\0set\0nodes\0" "1", 23}, {"quota\0x", 8}, {"live-update\0-x", 15}, {"live-update\0-s\0-t", 18},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CU_ASSERT_STRING_EQUAL(call_text(&tool, XS_CONTROL, 0, wrong[i].body, wrong[i].size), "EINVAL");
    unlink(path);
    tear_down();
}

static void special_watches_have_permissions(void)
{
    set_up();
    introduce(&tool, 5);
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_SET_PERMS, "@releaseDomain\0r5"), "EACCES");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_SET_PERMS, 0, "@releaseDomain\0n0\0r9"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_WATCH, 0, "@releaseDomain\0all"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_WATCH, 0, "@releaseDomain\0which\0" "1"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_WATCH, 0, "@introduceDomain\0i"), "OK"); /* that it may not see */
    for (int i = 0; i < 3; i++)
        next_event(&guest);
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_INTRODUCE, 0, "6\0" "77\0" "3"), "OK");
    CU_ASSERT_STRING_EQUAL(next_event(&guest), "");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_RELEASE, 0, "6"), "OK");
    const char *one = next_event(&guest);
    bool which_first = strcmp(one, "@releaseDomain/6 which") == 0;
    CU_ASSERT_TRUE(which_first || strcmp(one, "@releaseDomain all") == 0);
    CU_ASSERT_STRING_EQUAL(next_event(&guest), which_first ? "@releaseDomain all" : "@releaseDomain/6 which");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_SET_PERMS, 0, "@releaseDomain\0n0"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_RELEASE, 0, "5"), "OK");
    CU_ASSERT_STRING_EQUAL(next_event(&guest), "");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_WATCH, 0, "@else\0t"), "OK"); /* never fires, but is no error */
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_RM, 0, "@releaseDomain"), "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_DIRECTORY, 0, "@releaseDomain"), "EINVAL");
    tear_down();
}

static void a_message_may_be_full(void)
{
    struct message reply;
    char body[XENSTORE_PAYLOAD_MAX] = "/full";
    set_up();
    memset(body + 6, 'v', sizeof(body) - 6);
    CU_ASSERT_TRUE(client_call(&tool, XS_WRITE, 0, body, sizeof(body), &reply));
    CU_ASSERT_TRUE(client_call(&tool, XS_READ, 0, "/full", 6, &reply));
    CU_ASSERT_EQUAL(reply.header.len, sizeof(body) - 6);
    CU_ASSERT_EQUAL(memcmp(reply.body, body + 6, sizeof(body) - 6), 0);
    /* A watch whose event could never be sent. */
    memset(body, 'a', sizeof(body));
    body[0] = '/', body[3000] = '\0', body[sizeof(body) - 1] = '\0';
    CU_ASSERT_TRUE(client_call(&tool, XS_WATCH, 0, body, sizeof(body), &reply));
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_READ, 0, "/full/none"), "ENOENT");
    struct xsd_sockmsg over = {.type = XS_WRITE, .len = XENSTORE_PAYLOAD_MAX + 1};
    CU_ASSERT_EQUAL(write(tool.fd, &over, sizeof(over)), sizeof(over));
    CU_ASSERT_FALSE(client_receive(&tool, &reply));
    CU_ASSERT_TRUE(client_hung_up(&tool));
    client_open(&tool, &daemon_, 0);
    tear_down();
}

/* A ring whose domain starts over with a request half sent, replies not taken, watches and transactions. */
static void a_ring_reconnects_in_the_middle_of_anything(void)
{
    struct xenstore_domain_interface *page = &domains[5].page;
    struct message message;
    set_up();
    introduce(&tool, 5);
    CU_ASSERT_EQUAL(page->server_features & XENSTORE_SERVER_FEATURE_RECONNECTION, XENSTORE_SERVER_FEATURE_RECONNECTION);
    CU_ASSERT_EQUAL(page->server_features & XENSTORE_SERVER_FEATURE_ERROR, XENSTORE_SERVER_FEATURE_ERROR);
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WRITE, "x\0v"), "OK");
    for (int round = 0; round < 20; round++) {
        CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WATCH, "x\0t"), "OK");
        RING_CALL(5, XS_TRANSACTION_START, "");
        struct xsd_sockmsg read_x = {.type = XS_READ, .req_id = 9, .len = 2};
        for (int i = 0; i < 30; i++) { /* of which the last ones may not find room for their replies */
            put(5, &read_x, sizeof(read_x));
            put(5, "x", 2);
        }
        read_x.len = 1000;
        put(5, &read_x, (size_t)round % sizeof(read_x) + 1);
        if (round % 2)
            fire(105);
        if (round % 3 == 0) { /* it was cut off before */
            page->rsp_cons = page->rsp_prod + 1;
            fire(105);
        }
        page->connection = XENSTORE_RECONNECT;
        unsigned int notified = domains[5].notified;
        fire(105);
        CU_ASSERT_EQUAL(page->connection, XENSTORE_CONNECTED);
        CU_ASSERT_EQUAL(page->error, XENSTORE_ERROR_NONE);
        CU_ASSERT_EQUAL(page->req_prod | page->req_cons | page->rsp_prod | page->rsp_cons, 0);
        CU_ASSERT_TRUE(domains[5].notified > notified);
        CU_ASSERT_FALSE(get_message(5, &message)); /* nothing of before */
        CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_READ, "x"), "v");
        CU_ASSERT_EQUAL(domains_find(&daemon_, 5)->connection.watch_count, 0);
        CU_ASSERT_EQUAL(domains_find(&daemon_, 5)->connection.transaction_count, 0);
    }
    page->connection = 77; /* no state that there is */
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_READ, "x"), "v");
    page->connection = XENSTORE_CONNECTED;
    struct xsd_sockmsg over = {.type = XS_READ, .len = XENSTORE_PAYLOAD_MAX + 1};
    put(5, &over, sizeof(over));
    fire(105);
    CU_ASSERT_EQUAL(page->error, XENSTORE_ERROR_PROTO);
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_INTRODUCE, 0, "5\0" "77\0" "3"), "OK"); /* as another kernel: kexec */
    CU_ASSERT_EQUAL(page->error, XENSTORE_ERROR_NONE);
    tear_down();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"a part of a directory names its generation", a_part_names_its_directorys_generation},
        {"an unknown transaction is an error everywhere", an_unknown_transaction_is_an_error_everywhere},
        {"requests about domains are domain 0's, and checked", requests_about_domains_are_domain_0s},
        {"CONTROL has its ten commands", control_has_its_ten_commands},
        {"special watches have permissions, and depth", special_watches_have_permissions},
        {"a message may be full, and no longer", a_message_may_be_full},
        {"a ring reconnects in the middle of anything", a_ring_reconnects_in_the_middle_of_anything},
    };
    return RUN_TESTS("protocol", tests);
}
