/* SPDX-License-Identifier: MIT */
/* Transactions: isolation, what conflicts and what does not, quotas, and their end with the connection. */
#include "support.h"

static struct daemon daemon_;
static struct client one, two;

static void set_up(void)
{
    CU_ASSERT_EQUAL_FATAL(daemon_create(&daemon_), 0);
    client_open(&one, &daemon_, 0);
    client_open(&two, &daemon_, 0);
    call_write(&one, 0, "/a/x", "1");
    call_write(&one, 0, "/b/y", "2");
}

static void tear_down(void)
{
    CU_ASSERT_STRING_EQUAL(CALL(&one, XS_CONTROL, 0, "check"), "OK");
    close(one.fd);
    close(two.fd);
    daemon_destroy(&daemon_);
}

static void changes_show_at_the_end_only(void)
{
    set_up();
    uint32_t tx = start_transaction(&one);
    CU_ASSERT_STRING_EQUAL(call_write(&one, tx, "/a/x", "new"), "OK");
    CU_ASSERT_STRING_EQUAL(call_write(&one, tx, "/c/d/e", "made"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&one, XS_RM, tx, "/b"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&one, XS_READ, tx, "/a/x"), "new");
    CU_ASSERT_STRING_EQUAL(CALL(&one, XS_READ, tx, "/b/y"), "ENOENT");
    CU_ASSERT_STRING_EQUAL(CALL(&two, XS_READ, 0, "/a/x"), "1");
    CU_ASSERT_STRING_EQUAL(CALL(&two, XS_READ, 0, "/c/d/e"), "ENOENT");
    CU_ASSERT_STRING_EQUAL(CALL(&two, XS_READ, tx, "/a/x"), "ENOENT"); /* the id is another connection's */
    CU_ASSERT_STRING_EQUAL(CALL(&one, XS_TRANSACTION_END, tx, "T"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&two, XS_READ, 0, "/a/x"), "new");
    CU_ASSERT_STRING_EQUAL(CALL(&two, XS_READ, 0, "/c/d/e"), "made");
    CU_ASSERT_STRING_EQUAL(CALL(&two, XS_READ, 0, "/b/y"), "ENOENT");
    CU_ASSERT_STRING_EQUAL(CALL(&one, XS_TRANSACTION_END, tx, "T"), "ENOENT");
    tear_down();
}

static void an_abandoned_one_leaves_nothing(void)
{
    set_up();
    uint32_t tx = start_transaction(&one);
    call_write(&one, tx, "/a/x", "new");
    CU_ASSERT_STRING_EQUAL(CALL(&one, XS_TRANSACTION_END, tx, "F"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&one, XS_READ, 0, "/a/x"), "1");
    start_transaction(&two);
    client_close(&two);
    client_open(&two, &daemon_, 0);
    tear_down();
}

static void it_reads_one_state(void)
{
    set_up();
    uint32_t tx = start_transaction(&one);
    CU_ASSERT_STRING_EQUAL(CALL(&one, XS_READ, tx, "/a/x"), "1");
    call_write(&two, 0, "/b/y", "changed");
    CU_ASSERT_STRING_EQUAL(CALL(&one, XS_READ, tx, "/b/y"), "2");
    CU_ASSERT_STRING_EQUAL(CALL(&one, XS_TRANSACTION_END, tx, "T"), "OK"); /* read only: one consistent state */
    tear_down();
}

/* Runs `inside` in a transaction with a write, `outside` beside it, and returns how it ends. */
static const char *end_of(uint32_t type, const char *path, void (*outside)(void))
{
    uint32_t tx = start_transaction(&one);
    if (path)
        call_path(&one, type, tx, path);
    call_write(&one, tx, "/mine", "1");
    outside();
    return CALL(&one, XS_TRANSACTION_END, tx, "T");
}

static void write_x(void)
{
    call_write(&two, 0, "/a/x", "other");
}

static void make_z(void)
{
    call_write(&two, 0, "/a/z", "other");
}

static void remove_a(void)
{
    CALL(&two, XS_RM, 0, "/a");
}

static void set_permissions_of_x(void)
{
    CALL(&two, XS_SET_PERMS, 0, "/a/x\0r0");
}

static void write_elsewhere(void)
{
    call_write(&two, 0, "/b/y", "other");
    call_write(&two, 0, "/b/z", "other");
    CALL(&two, XS_RM, 0, "/b/y");
}

static void what_was_looked_at_conflicts(void)
{
    set_up();
    CU_ASSERT_STRING_EQUAL(end_of(XS_READ, "/a/x", write_x), "EAGAIN");
    CU_ASSERT_STRING_EQUAL(CALL(&one, XS_READ, 0, "/mine"), "ENOENT");
    CU_ASSERT_STRING_EQUAL(end_of(XS_GET_PERMS, "/a/x", set_permissions_of_x), "EAGAIN");
    CU_ASSERT_STRING_EQUAL(end_of(XS_READ, "/a/z", make_z), "EAGAIN"); /* that it was not there */
    CU_ASSERT_STRING_EQUAL(end_of(XS_DIRECTORY, "/b", write_elsewhere), "EAGAIN");
    CU_ASSERT_STRING_EQUAL(end_of(XS_MKDIR, "/a/x", remove_a), "EAGAIN");
    tear_down();
}

static void nothing_else_conflicts(void)
{
    set_up();
    CU_ASSERT_STRING_EQUAL(end_of(XS_READ, "/a/x", write_elsewhere), "OK");
    CU_ASSERT_STRING_EQUAL(end_of(XS_DIRECTORY, "/a", write_x), "OK"); /* the list is the same */
    CU_ASSERT_STRING_EQUAL(end_of(XS_READ, "/a", make_z), "OK");       /* the value is the same */
    CU_ASSERT_STRING_EQUAL(end_of(0, NULL, remove_a), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&one, XS_READ, 0, "/b/z"), "other"); /* others' changes are kept */
    CU_ASSERT_STRING_EQUAL(CALL(&one, XS_READ, 0, "/mine"), "1");
    tear_down();
}

static void disjoint_writers_all_succeed(void)
{
    set_up();
    enum { WRITERS = 16 };
    struct client writers[WRITERS];
    uint32_t tx[WRITERS];
    char path[64];
    for (int i = 0; i < WRITERS; i++) {
        client_open(&writers[i], &daemon_, 0);
        tx[i] = start_transaction(&writers[i]);
    }
    for (int round = 0; round < 10; round++)
        for (int i = 0; i < WRITERS; i++) {
            snprintf(path, sizeof(path), "/w/%d/%d", i, round);
            CU_ASSERT_STRING_EQUAL(call_write(&writers[i], tx[i], path, "v"), "OK");
            CU_ASSERT_STRING_EQUAL(call_path(&writers[i], XS_READ, tx[i], path), "v");
        }
    for (int i = 0; i < WRITERS; i++)
        CU_ASSERT_STRING_EQUAL(CALL(&writers[i], XS_TRANSACTION_END, tx[i], "T"), "OK");
    for (int i = 0; i < WRITERS; i++) {
        snprintf(path, sizeof(path), "/w/%d/9", i);
        CU_ASSERT_STRING_EQUAL(call_path(&one, XS_READ, 0, path), "v");
        close(writers[i].fd);
    }
    tear_down();
}

static void a_guests_transaction_is_bounded(void)
{
    set_up();
    struct client guest;
    client_open(&guest, &daemon_, 5);
    CALL(&one, XS_MKDIR, 0, "/local/domain/5");
    CALL(&one, XS_SET_PERMS, 0, "/local/domain/5\0n5");
    CALL(&one, XS_CONTROL, 0, "quota\0set\0transaction-nodes\0" "20");
    CALL(&one, XS_CONTROL, 0, "quota\0set\0nodes\0" "30");
    uint32_t tx = start_transaction(&guest);
    int seen = 0;
    for (int i = 0; i < 40; i++) {
        char path[16];
        snprintf(path, sizeof(path), "n%d", i);
        seen += strcmp(call_path(&guest, XS_READ, tx, path), "ENOENT") == 0;
    }
    CU_ASSERT_EQUAL(seen, 20);
    CALL(&guest, XS_TRANSACTION_END, tx, "F");

    tx = start_transaction(&guest);
    int changed = 0;
    for (int i = 0; i < 40; i++)
        changed += strcmp(call_write(&guest, tx, "same", "value"), "OK") == 0;
    CU_ASSERT_EQUAL(changed, 20);
    CALL(&guest, XS_TRANSACTION_END, tx, "F");
    CALL(&one, XS_CONTROL, 0, "quota\0set\0transaction-nodes\0" "1000");

    tx = start_transaction(&guest);
    int made = 0;
    for (int i = 0; i < 40; i++) {
        char path[16];
        snprintf(path, sizeof(path), "m%d", i);
        made += strcmp(call_write(&guest, tx, path, ""), "OK") == 0;
    }
    CU_ASSERT_EQUAL(made, 29);
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_TRANSACTION_END, tx, "T"), "OK");
    CU_ASSERT_STRING_EQUAL(call_write(&guest, 0, "more", ""), "ENOSPC");
    close(guest.fd);
    tear_down();
}

static void a_guests_transaction_ends_when_it_is_too_old(void)
{
    set_up();
    client_close(&two);
    client_open(&two, &daemon_, 5);
    uint32_t old = start_transaction(&two), own = start_transaction(&one);
    uint64_t now = statistics_now_ns();
    CU_ASSERT_TRUE(connection_tick(two.connection, now + 50000000000u));
    CU_ASSERT_STRING_EQUAL(CALL(&two, XS_READ, old, "/none"), "EACCES");
    connection_tick(two.connection, now + 70000000000u);
    connection_tick(one.connection, now + 70000000000u);
    CU_ASSERT_STRING_EQUAL(CALL(&two, XS_READ, old, "/none"), "EAGAIN");
    CU_ASSERT_STRING_EQUAL(CALL(&two, XS_TRANSACTION_END, old, "T"), "EAGAIN");
    CU_ASSERT_STRING_EQUAL(CALL(&two, XS_TRANSACTION_END, old, "T"), "ENOENT");
    CU_ASSERT_EQUAL(two.connection->transaction_count, 0);
    CU_ASSERT_STRING_EQUAL(CALL(&one, XS_TRANSACTION_END, own, "T"), "OK"); /* domain 0's may last */
    tear_down();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"changes show to others at the end only", changes_show_at_the_end_only},
        {"an abandoned transaction leaves nothing", an_abandoned_one_leaves_nothing},
        {"a transaction reads one state", it_reads_one_state},
        {"a change by another of what was looked at is a conflict", what_was_looked_at_conflicts},
        {"a change by another of anything else is none, and is kept", nothing_else_conflicts},
        {"sixteen writers in disjoint subtrees all succeed", disjoint_writers_all_succeed},
        {"a guest's transactions are bounded by quotas", a_guests_transaction_is_bounded},
        {"a guest's transaction ends when it is too old", a_guests_transaction_ends_when_it_is_too_old},
    };
    return RUN_TESTS("transactions", tests);
}
