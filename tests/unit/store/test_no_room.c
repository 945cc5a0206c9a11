/* SPDX-License-Identifier: MIT */
/* The journal's file cannot grow: what is refused, what goes on, and that nothing is promised which a kill would take. */
#include <signal.h>
#include <sys/resource.h>

#include "journal_daemons.h"
#include "store/request.h"

/* As if the file system were full, for whoever wants more. */
static void files_grow_to(rlim_t size)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = size < limit.rlim_max ? size : limit.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit);
}

static void without_room_writes_fail_and_reads_go_on(void)
{
    set_up();
    files_grow_to(500 + 32 * 1024); /* what domain 0's removals may still take */
    call_write(&tool, 0, "/a", "1");
    const char *reply = "OK";
    int written = 0;
    for (; written < 50 && strcmp(reply, "OK") == 0; written++)
        reply = call_write(&tool, 0, "/a", "2");
    CU_ASSERT_STRING_EQUAL(reply, "ENOSPC");
    CU_ASSERT_STRING_EQUAL(call_write(&tool, 0, "/a", "3"), "ENOSPC");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_READ, 0, "/a"), "2");
    uint32_t tx = start_transaction(&tool);
    call_write(&tool, tx, "/a", "4");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_TRANSACTION_END, tx, "T"), "ENOSPC");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_READ, 0, "/a"), "2");
    files_grow_to(RLIM_INFINITY);
    CU_ASSERT_STRING_EQUAL(call_write(&tool, 0, "/a", "5"), "OK");
    start_next();
    CU_ASSERT_TRUE(has(&next_, "/a", "5"));
    daemon_destroy(&next_);
    tear_down();
}

/* A guest's removals are refused like its writes; those of domain 0 find room of their own, which has an end. */
static void without_room_domain_0_removes(void)
{
    set_up_with_rings();
    introduce(&tool, 5);
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WRITE, "own\0v"), "OK");
    char path[32];
    for (int i = 0; i < 2000; i++) {
        snprintf(path, sizeof(path), "/some/%d", i);
        call_write(&tool, 0, path, "");
    }
    files_grow_to(0);
    while (strcmp(call_write(&tool, 0, "/fill", ""), "OK") == 0)
        ;
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_RM, "own"), "ENOSPC");
    uint32_t tx = start_transaction(&tool);
    CALL(&tool, XS_RM, tx, "/some/0");
    call_write(&tool, tx, "/some/1", "1");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_TRANSACTION_END, tx, "T"), "ENOSPC"); /* it would write, too */
    tx = start_transaction(&tool);
    CALL(&tool, XS_RM, tx, "/some/0");
    CALL(&tool, XS_RM, tx, "/some/1");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_TRANSACTION_END, tx, "T"), "OK");
    int removed = 2;
    for (const char *reply = "OK"; removed < 2000 && strcmp(reply, "OK") == 0; removed += strcmp(reply, "OK") == 0) {
        snprintf(path, sizeof(path), "/some/%d", removed);
        reply = call_text(&tool, XS_RM, 0, path, strlen(path) + 1);
        if (removed == 100)
            CU_ASSERT_STRING_EQUAL(call_write(&tool, 0, "/fill", ""), "ENOSPC");
    }
    CU_ASSERT_TRUE(removed > 300 && removed < 2000);
    files_grow_to(RLIM_INFINITY);
    start_next();
    CU_ASSERT_TRUE(same_trees(&daemon_, &next_));
    daemon_destroy(&next_);
    CU_ASSERT_STRING_EQUAL(call_write(&tool, 0, "/fill", ""), "OK");
    tear_down();
}

/* What could not be there after a kill is not promised: also the introduction of a domain, whose ring would be lost. */
static void without_room_nothing_is_promised(void)
{
    set_up_with_rings();
    introduce(&tool, 5);
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WRITE, "x\0v"), "OK");
    files_grow_to(300000); /* before it is written anew */
    char value[1001];
    memset(value, 'v', sizeof(value));
    for (size_t size = sizeof(value) - 1;; size = 0) {
        value[size] = '\0';
        for (int i = 0; i < 2000 && strcmp(call_write(&tool, 0, "/fill", value), "OK") == 0; i++)
            ;
        if (size == 0)
            break;
    }
    CU_ASSERT_STRING_EQUAL(call_write(&tool, 0, "/fill", ""), "ENOSPC");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_INTRODUCE, 0, "6\0" "77\0" "3"), "ENOSPC");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_IS_DOMAIN_INTRODUCED, 0, "6"), "F");
    CU_ASSERT_FALSE(domains[6].mapped || domains[6].bound);
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_SET_TARGET, 0, "5\0" "5"), "ENOSPC");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_SET_QUOTA, 0, "5\0nodes\0" "7"), "ENOSPC");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_SET_FEATURE, 0, "7\0" "1"), "ENOSPC");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_READ, "x"), "v");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WRITE, "x\0w"), "ENOSPC");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WATCH, "x\0t"), "ENOSPC");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_READ, "x"), "v");
    files_grow_to(RLIM_INFINITY);
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_INTRODUCE, 0, "6\0" "77\0" "3"), "OK");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WRITE, "x\0w"), "OK");

    start_next();
    fake_daemon = &next_;
    CU_ASSERT_EQUAL(domains_open(&next_, &hypervisor), 0);
    CU_ASSERT_EQUAL(domains_connect_own(&next_), 0);
    journal_restore_domains(next_.journal);
    CU_ASSERT_PTR_NOT_NULL(domains_find(&next_, 6));
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_READ, "x"), "w");
    daemon_destroy(&next_);
    tear_down();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"without room writes fail and reads go on", without_room_writes_fail_and_reads_go_on},
        {"without room domain 0 can still remove something", without_room_domain_0_removes},
        {"without room nothing is promised that a kill would take", without_room_nothing_is_promised},
    };
    signal(SIGXFSZ, SIG_IGN);
    if (!make_directories())
        return 1;
    int status = RUN_TESTS("no room", tests);
    run_command("rm -rf %s %s", base, "");
    return status;
}
