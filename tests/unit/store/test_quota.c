/* SPDX-License-Identifier: MIT */
/* Limits by domain, live and over a restart; features of rings; and what the daemon says of itself. */
#include "fake_hypervisor.h"
#include "store/journal.h"
#include "store/request.h"
#include "store/text.h"

static struct daemon daemon_;
static struct client tool, five, six;
static char state[] = "/tmp/store-quota-XXXXXX";

static void open_guest(struct client *client, domid_t domain)
{
    make_home(&tool, domain);
    client_open(client, &daemon_, domain);
}

static void set_up(void)
{
    CU_ASSERT_EQUAL_FATAL(daemon_create(&daemon_), 0);
    client_open(&tool, &daemon_, 0);
    open_guest(&five, 5);
    open_guest(&six, 6);
}

static void tear_down(void)
{
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_CONTROL, 0, "check"), "OK");
    close(tool.fd);
    close(five.fd);
    close(six.fd);
    daemon_destroy(&daemon_);
}

static void a_domain_has_limits_of_its_own(void)
{
    set_up();
    CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_SET_QUOTA, 0, "5\0nodes\0" "2"), "OK");
    CU_ASSERT_STRING_EQUAL(call_write(&five, 0, "a", ""), "OK");
    CU_ASSERT_STRING_EQUAL(call_write(&five, 0, "b", ""), "ENOSPC");
    CU_ASSERT_STRING_EQUAL(call_write(&six, 0, "a/b/c", ""), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_SET_QUOTA, 0, "nodes\0" "3"), "OK"); /* all others */
    CU_ASSERT_STRING_EQUAL(call_write(&six, 0, "d", ""), "ENOSPC");
    CU_ASSERT_STRING_EQUAL(call_write(&five, 0, "b", ""), "ENOSPC");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_GET_QUOTA, 0, "5\0nodes"), "2");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_GET_QUOTA, 0, "6\0nodes"), "3");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_GET_QUOTA, 0, "nodes"), "3");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_GET_QUOTA, 0, "7\0nodes"), "ENOENT");
    CU_ASSERT_PTR_NOT_NULL(strstr(CALL(&tool, OPERATION_GET_QUOTA, 0, ""), "nodes node-size watches"));
    CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_SET_QUOTA, 0, "5\0nodes\0" "0"), "OK"); /* no limit */
    CU_ASSERT_STRING_EQUAL(call_write(&five, 0, "b/c/d/e", ""), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_CONTROL, 0, "quota\0set\0" "5\0watches\0" "1"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&five, XS_WATCH, 0, "a\0t"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&five, XS_WATCH, 0, "b\0t"), "ENOSPC");
    CU_ASSERT_PTR_NOT_NULL(strstr(CALL(&tool, XS_CONTROL, 0, "quota\0" "5"), "watches             :        1 of 1"));
    static const char *const wrong[] = {"nodes", "nodes\0x", "nodes\0-1", "what\0" "1",
                                        "x\0nodes\0" "1", "40000\0nodes\0" "1"};
    static const size_t sizes[] = {6, 8, 9, 7, 10, 14};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        CU_ASSERT_STRING_EQUAL(call_text(&tool, OPERATION_SET_QUOTA, 0, wrong[i], sizes[i]), "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&five, OPERATION_SET_QUOTA, 0, "5\0nodes\0" "9"), "EACCES");
    CU_ASSERT_STRING_EQUAL(CALL(&five, OPERATION_GET_QUOTA, 0, "nodes"), "EACCES");
    tear_down();
}

static void memory_is_accounted_and_bounded(void)
{
    set_up();
    char value[2001];
    memset(value, 'v', 2000);
    value[2000] = '\0';
    CALL(&tool, XS_CONTROL, 0, "quota\0set\0" "5\0memory\0" "100000");
    char path[16];
    const char *reply = "OK";
    int written = 0;
    for (; written < 100 && strcmp(reply, "OK") == 0; written++) {
        snprintf(path, sizeof(path), "n%d", written);
        reply = call_write(&five, 0, path, value);
    }
    CU_ASSERT_STRING_EQUAL(reply, "ENOMEM");
    CU_ASSERT_TRUE(written > 20 && written < 50);
    CU_ASSERT_STRING_EQUAL(call_write(&five, 0, "n0", "small"), "OK"); /* it may shrink */
    CU_ASSERT_STRING_EQUAL(CALL(&five, XS_RM, 0, "n1"), "OK");
    CU_ASSERT_STRING_EQUAL(call_write(&five, 0, "n1", value), "OK");
    CU_ASSERT_STRING_EQUAL(call_write(&six, 0, "n0", value), "OK"); /* others have their own */
    for (int i = 0; i < written; i++) {
        snprintf(path, sizeof(path), "n%d", i);
        call_path(&five, XS_RM, 0, path);
    }
    CU_ASSERT_TRUE(usage_get(&daemon_.store.usage, 5).bytes < 300); /* its home alone */
    int64_t before = five.connection->actor.account->memory;
    for (int i = 0; i < 20; i++) {
        char body[32];
        size_t size = (size_t)snprintf(body, sizeof(body), "w%d%ctoken", i, 0) + 1;
        CU_ASSERT_STRING_EQUAL(call_text(&five, XS_WATCH, 0, body, size), "OK");
    }
    uint32_t tx = start_transaction(&five);
    call_write(&five, tx, "in", value);
    CU_ASSERT_TRUE(five.connection->actor.account->memory > before + 20 * 50 + 2000);
    CALL(&five, XS_RESET_WATCHES, 0, "");
    CU_ASSERT_EQUAL(five.connection->actor.account->memory, before);
    tear_down();
}

static void features_are_chosen_before_the_introduction(void)
{
    set_up();
    fake_daemon = &daemon_;
    memset(domains, 0, sizeof(domains));
    CU_ASSERT_EQUAL(domains_open(&daemon_, &hypervisor), 0);
    CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_GET_FEATURE, 0, ""), "7");
    CU_ASSERT_STRING_EQUAL(CALL(&five, OPERATION_GET_FEATURE, 0, ""), "7");
    CU_ASSERT_STRING_EQUAL(CALL(&five, OPERATION_GET_FEATURE, 0, "5"), "EACCES");
    CU_ASSERT_STRING_EQUAL(CALL(&five, OPERATION_SET_FEATURE, 0, "5\0" "1"), "EACCES");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_SET_FEATURE, 0, "7\0" "8"), "EINVAL"); /* none that there is */
    CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_SET_FEATURE, 0, "7\0" "2"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_GET_FEATURE, 0, "7"), "2");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_INTRODUCE, 0, "7\0" "77\0" "3"), "OK");
    CU_ASSERT_EQUAL(domains[7].page.server_features, 2);
    CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_SET_FEATURE, 0, "7\0" "7"), "EBUSY");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_RELEASE, 0, "7"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_GET_FEATURE, 0, "7"), "ENOENT"); /* the next 7 starts afresh */
    tear_down();
}

static void limits_outlive_the_daemon(void)
{
    for (int round = 0; round < 3; round++) {
        CU_ASSERT_EQUAL_FATAL(daemon_create(&daemon_), 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(journal_open(&daemon_, state));
        client_open(&tool, &daemon_, 0);
        if (round == 0) {
            open_guest(&five, 5);
            CALL(&tool, OPERATION_SET_QUOTA, 0, "5\0nodes\0" "17");
            CALL(&tool, OPERATION_SET_QUOTA, 0, "5\0nodes\0" "18");
            CALL(&tool, OPERATION_SET_QUOTA, 0, "watches\0" "19");
            CALL(&tool, XS_CONTROL, 0, "quota-soft\0set\0memory\0" "20");
            CALL(&tool, OPERATION_SET_FEATURE, 0, "7\0" "3");
            close(five.fd);
        }
        CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_GET_QUOTA, 0, "5\0nodes"), "18");
        CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_GET_QUOTA, 0, "5\0watches"), "19");
        CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_GET_QUOTA, 0, "5\0soft-memory"), "20");
        CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_GET_FEATURE, 0, "7"), "3");
        for (int i = 0; round == 1 && i < 3000; i++) { /* until the file is written anew */
            char value[1001];
            memset(value, 'v', 1000);
            value[1000] = '\0';
            call_write(&tool, 0, "/x", value);
        }
        close(tool.fd);
        daemon_destroy(&daemon_);
    }
}

static void the_daemon_says_what_it_counts(void)
{
    set_up();
    call_write(&five, 0, "x", "y");
    CALL(&five, XS_READ, 0, "nothing");
    const char *text = CALL(&tool, XS_CONTROL, 0, "stats");
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "{\"schema\":\"keel.store.stats/1\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "{\"name\":\"WRITE\",\"requests\":1,\"errors\":0,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "{\"name\":\"READ\",\"requests\":1,\"errors\":1,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "{\"domain\":5,\"requests\":2,\"errors\":1,"));
    /* Whatever there is to tell, it fits and is closed: of long lists the rest can be asked for. */
    static struct client many[200];
    for (int i = 0; i < 200; i++)
        client_open(&many[i], &daemon_, (domid_t)(100 + i));
    for (uint32_t type = 0; type < OPERATION_COUNT; type++)
        CALL(&many[0], type, 0, "");
    text = CALL(&tool, XS_CONTROL, 0, "stats");
    CU_ASSERT_TRUE(strlen(text) < XENSTORE_PAYLOAD_MAX);
    CU_ASSERT_EQUAL(text[strlen(text) - 1], '}');
    int depth = 0;
    for (const char *at = text; *at; at++)
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
    CU_ASSERT_EQUAL(depth, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"more_domains\":"));
    CU_ASSERT_PTR_NULL(strstr(text, "\"more_domains\":0"));
    text = CALL(&tool, XS_CONTROL, 0, "stats\0domains\0" "202");
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"more_domains\":0"));
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_CONTROL, 0, "stats\0domains\0x"), "EINVAL");
    /* A reply is cut at a line's end, a file has all. */
    text = CALL(&tool, XS_CONTROL, 0, "memreport");
    CU_ASSERT_TRUE(strlen(text) < XENSTORE_PAYLOAD_MAX && text[strlen(text) - 1] == '\n');
    CU_ASSERT_TRUE(strlen(text) > XENSTORE_PAYLOAD_MAX - 200);
    char body[96] = "memreport", line[128];
    int lines = 0;
    size_t size = (size_t)snprintf(body + 10, sizeof(body) - 10, "%s/report", state) + 11;
    CU_ASSERT_STRING_EQUAL(call_text(&tool, XS_CONTROL, 0, body, size), "OK");
    FILE *report = fopen(body + 10, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(report);
    while (fgets(line, sizeof(line), report))
        lines += strncmp(line, "connection ", 11) == 0;
    fclose(report);
    CU_ASSERT_TRUE(lines > 200);
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_CONTROL, 0, "stats\0what"), "EINVAL");
    for (int i = 0; i < 200; i++)
        close(many[i].fd);
    turn(&daemon_);
    tear_down();
}

static void text_stays_in_its_buffer(void)
{
    char buffer[8] = "#######";
    struct text text = {.at = buffer, .size = 4};
    CU_ASSERT_TRUE(text_add(&text, "%s", "abc"));
    CU_ASSERT_FALSE(text_add(&text, "%s", "d"));
    text.size = 2; /* less than it holds */
    CU_ASSERT_FALSE(text_add(&text, "%s", "0123456789"));
    CU_ASSERT_STRING_EQUAL(buffer, "abc");
    CU_ASSERT_STRING_EQUAL(buffer + 4, "###");
    text.size = sizeof(buffer);
    CU_ASSERT_TRUE(text_add(&text, "%s", "defg"));
    CU_ASSERT_STRING_EQUAL(buffer, "abcdefg");
}

static void times_are_counted_by_powers_of_two(void)
{
    struct latency latency = {0};
    CU_ASSERT_EQUAL(latency_percentile(&latency, 50), 0);
    for (uint64_t i = 1; i <= 1000; i++)
        latency_add(&latency, i);
    latency_add(&latency, UINT64_MAX / 2);
    latency_add(&latency, 0);
    CU_ASSERT_EQUAL(latency_percentile(&latency, 1), 16);
    CU_ASSERT_EQUAL(latency_percentile(&latency, 50), 512);
    CU_ASSERT_EQUAL(latency_percentile(&latency, 99), 1024);
    CU_ASSERT_EQUAL(latency.count, 1002);
    CU_ASSERT_EQUAL(latency.max_ns, UINT64_MAX / 2);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"a domain has limits of its own, others the global ones", a_domain_has_limits_of_its_own},
        {"memory is accounted to its domain, and bounded", memory_is_accounted_and_bounded},
        {"a ring's features are chosen before its introduction", features_are_chosen_before_the_introduction},
        {"limits outlive the daemon", limits_outlive_the_daemon},
        {"the daemon says what it counts, in one reply", the_daemon_says_what_it_counts},
        {"text stays in its buffer", text_stays_in_its_buffer},
        {"times are counted by powers of two", times_are_counted_by_powers_of_two},
    };
    if (!mkdtemp(state))
        return 1;
    int status = RUN_TESTS("quota", tests);
    char command[64];
    snprintf(command, sizeof(command), "rm -rf %s", state);
    return system(command) ? 1 : status;
}
