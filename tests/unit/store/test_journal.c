/* SPDX-License-Identifier: MIT */
/*
 * The journal: a daemon that is started on the file of one that was killed goes on. The file is copied at some instant
 * and read by a second daemon; real kills are in test_kills.
 */
#include <sys/stat.h>

#include "journal_daemons.h"
#include "store/journal_format.h"
#include "store/log.h"
#include "store/request.h"

static void some_changes(void)
{
    call_write(&tool, 0, "/a/b/c", "1");
    call_write(&tool, 0, "/a/b/d", "");
    CALL(&tool, XS_SET_PERMS, 0, "/a/b\0n5\0r7");
    CALL(&tool, XS_SET_PERMS, 0, "@releaseDomain\0r0");
    CALL(&tool, XS_MKDIR, 0, "/m/n");
    call_write(&tool, 0, "/gone/x", "1");
    CALL(&tool, XS_RM, 0, "/gone");
    uint32_t tx = start_transaction(&tool);
    call_write(&tool, tx, "/t/1", "one");
    call_write(&tool, tx, "/t/2", "two");
    CALL(&tool, XS_TRANSACTION_END, tx, "T");
    tx = start_transaction(&tool);
    call_write(&tool, tx, "/never", "x");
}

static void what_was_answered_is_there_again(void)
{
    set_up();
    some_changes();
    start_next();
    CU_ASSERT_TRUE(same_trees(&daemon_, &next_));
    CU_ASSERT_TRUE(has(&next_, "/t/2", "two"));
    CU_ASSERT_PTR_NULL(tree_find(next_.store.top, "/never"));
    daemon_destroy(&next_);

    run_command("cp %1$s/journal %1$s/copy", first, "");
    struct daemon another;
    CU_ASSERT_EQUAL_FATAL(daemon_create(&another), 0);
    CU_ASSERT_PTR_NULL(journal_open(&another, first)); /* it is served */
    CU_ASSERT_EQUAL(errno, EWOULDBLOCK);
    daemon_destroy(&another);
    tear_down();
}

static int number_of(const struct node *node)
{
    char text[16] = "";
    if (node->value && node->value->size < sizeof(text))
        memcpy(text, node->value->data, node->value->size);
    return atoi(text);
}

/* The records of the first directory's journal, of which the second one gets copies, cut or changed. */
static size_t read_journal(char *content, size_t size)
{
    char path[96];
    snprintf(path, sizeof(path), "%s/journal", first);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = pread(fd, content, size, 0);
    close(fd);
    if (got <= 0)
        abort();
    return (size_t)got;
}

static void write_second(const char *content, size_t size)
{
    char path[96];
    snprintf(path, sizeof(path), "%s/journal", second);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, content, size) != (ssize_t)size)
        abort();
    close(fd);
}

static void any_cut_of_the_file_is_some_state_of_the_past(void)
{
    set_up();
    for (int i = 0; i < 20; i++) {
        char value[16];
        snprintf(value, sizeof(value), "%d", i);
        uint32_t tx = start_transaction(&tool);
        call_write(&tool, tx, "/x", value);
        call_write(&tool, tx, "/y", value);
        CALL(&tool, XS_TRANSACTION_END, tx, "T");
    }
    char content[8192];
    int last = 20;
    CU_ASSERT_TRUE_FATAL(journal_size(daemon_.journal) < sizeof(content));
    read_journal(content, sizeof(content));
    run_command("rm -rf %2$s; cp -r %1$s %2$s", first, second);
    for (size_t size = journal_size(daemon_.journal); size >= JOURNAL_HEADER_SIZE; size--) {
        write_second(content, size);
        CU_ASSERT_EQUAL_FATAL(daemon_create(&next_), 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(journal_open(&next_, second));
        const struct node *x = tree_find(next_.store.top, "/x"), *y = tree_find(next_.store.top, "/y");
        CU_ASSERT_EQUAL(x != NULL, y != NULL);
        if (x && y) {
            int now = number_of(x);
            CU_ASSERT_TRUE(now == last || now == last - 1);
            CU_ASSERT_EQUAL(now, number_of(y));
            last = now;
        }
        daemon_destroy(&next_);
    }
    CU_ASSERT_EQUAL(last, 0);
    tear_down();
}

static void damage_is_told_and_passed_over(void)
{
    set_up();
    some_changes();
    char path[96];
    snprintf(path, sizeof(path), "%s/journal", first);
    struct stat status;
    CU_ASSERT_EQUAL(stat(path, &status), 0);
    call_write(&tool, 0, "/after", "1");
    /* One byte in the middle of a record's payload, others behind it. */
    int fd = open(path, O_RDWR);
    char byte;
    CU_ASSERT_EQUAL(pread(fd, &byte, 1, JOURNAL_HEADER_SIZE + 16 + 10), 1);
    byte ^= 0x20;
    CU_ASSERT_EQUAL(pwrite(fd, &byte, 1, JOURNAL_HEADER_SIZE + 16 + 10), 1);
    close(fd);
    start_next();
    CU_ASSERT_TRUE(has(&next_, "/after", "1"));
    CU_ASSERT_TRUE(has(&next_, "/t/1", "one"));
    CU_ASSERT_PTR_NULL(tree_find(next_.store.top, "/a/b/c"));
    snprintf(path, sizeof(path), "%s/journal.damaged", second);
    CU_ASSERT_EQUAL(stat(path, &status), 0);
    loop_turn(&next_.loop, 0, true); /* writes the file anew */
    struct daemon again;
    journal_close(next_.journal);
    CU_ASSERT_EQUAL_FATAL(daemon_create(&again), 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(journal_open(&again, second));
    CU_ASSERT_TRUE(same_trees(&next_, &again));
    daemon_destroy(&again);
    daemon_destroy(&next_);
    tear_down();
}

/* A record is written size first, kind last: what a kill leaves of it in between, whatever its payload was. */
static void a_record_that_was_not_finished_is_no_damage(void)
{
    set_up();
    call_write(&tool, 0, "/forged", "1");
    size_t forged_size = journal_size(daemon_.journal) - JOURNAL_HEADER_SIZE - 16;
    call_write(&tool, 0, "/forged", "2");
    size_t end = journal_size(daemon_.journal);
    char path[96], kept[96], content[4096];
    snprintf(path, sizeof(path), "%s/journal", second);
    snprintf(kept, sizeof(kept), "%s/journal.damaged", second);
    for (size_t written = 4; written < 4 + 12 + forged_size; written++) {
        run_command("rm -rf %2$s; cp -r %1$s %2$s", first, second);
        int fd = open(path, O_RDWR);
        CU_ASSERT_EQUAL(pread(fd, content, 16 + forged_size, JOURNAL_HEADER_SIZE), (ssize_t)(16 + forged_size));
        uint32_t header[4] = {(uint32_t)forged_size, 0, 0x5a5a5a5a, 0x5a5a5a5a};
        memcpy(content, header, sizeof(header)); /* then the first record, as a payload: it must not count again */
        size_t size = written <= 4 ? 4 : written + 4 > 16 + forged_size ? 16 + forged_size : written + 4;
        CU_ASSERT_EQUAL(pwrite(fd, content, size, (off_t)end), (ssize_t)size);
        close(fd);
        CU_ASSERT_EQUAL_FATAL(daemon_create(&next_), 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(journal_open(&next_, second));
        CU_ASSERT_TRUE(has(&next_, "/forged", "2"));
        CU_ASSERT_EQUAL(access(kept, F_OK), -1);
        struct client writer;
        client_open(&writer, &next_, 0);
        CU_ASSERT_STRING_EQUAL(call_write(&writer, 0, "/x", "3"), "OK");
        client_close(&writer);
        struct daemon again;
        journal_close(next_.journal);
        CU_ASSERT_EQUAL_FATAL(daemon_create(&again), 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(journal_open(&again, second));
        CU_ASSERT_TRUE(same_trees(&next_, &again));
        CU_ASSERT_EQUAL(access(kept, F_OK), -1);
        daemon_destroy(&again);
        daemon_destroy(&next_);
    }
    tear_down();
}

static void random_bytes_are_no_journal_but_no_crash(void)
{
    set_up();
    some_changes();
    char content[4096];
    run_command("rm -rf %2$s; cp -r %1$s %2$s", first, second);
    srand(1);
    for (int round = 0; round < 300; round++) {
        size_t size = read_journal(content, sizeof(content));
        for (int i = 0; i < 5; i++)
            content[round % 7 == 0 ? rand() % 16 : rand() % (int)size] = (char)rand();
        write_second(content, size);
        CU_ASSERT_EQUAL_FATAL(daemon_create(&next_), 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(journal_open(&next_, second));
        CU_ASSERT_PTR_NOT_NULL(tree_find(next_.store.top, "/"));
        daemon_destroy(&next_);
    }
    tear_down();
}

static void the_file_stays_small(void)
{
    set_up();
    char value[1001];
    memset(value, 'v', 1000);
    value[1000] = '\0';
    for (int i = 0; i < 20000; i++) {
        char path[32];
        snprintf(path, sizeof(path), "/n/%d", i % 50);
        call_write(&tool, 0, path, value);
    }
    char path[96];
    struct stat status;
    snprintf(path, sizeof(path), "%s/journal", first);
    CU_ASSERT_EQUAL(stat(path, &status), 0);
    CU_ASSERT_TRUE(status.st_size < 3 * 1024 * 1024);
    start_next();
    CU_ASSERT_TRUE(same_trees(&daemon_, &next_));
    daemon_destroy(&next_);
    tear_down();
}

/* A tree of some thousand nodes, most of them in the snapshot that the file begins with. */
static void make_snapshot(void)
{
    set_up();
    char path[64], value[101];
    memset(value, 'v', 100);
    value[100] = '\0';
    for (int i = 0; i < 3000; i++) {
        snprintf(path, sizeof(path), "/tree/%d/%d/leaf%d", i % 7, i % 91, i);
        call_write(&tool, 0, path, i % 3 ? value : "");
    }
    CALL(&tool, XS_SET_PERMS, 0, "/tree/3\0n5\0r7");
    CALL(&tool, XS_SET_PERMS, 0, "@introduceDomain\0n0\0r7");
    call_write(&tool, 0, "/", "the root's");
    for (int i = 0; i < 6000; i++)
        call_write(&tool, 0, "/x", value);
    turn(&daemon_);
}

static void a_tree_is_read_back_from_a_snapshot(void)
{
    make_snapshot();
    start_next();
    CU_ASSERT_TRUE(same_trees(&daemon_, &next_));
    CU_ASSERT_TRUE(next_.store.generation < 7000); /* most of it was not replayed */
    CU_ASSERT_TRUE(has(&next_, "/", "the root's"));
    struct client client;
    client_open(&client, &next_, 0);
    CU_ASSERT_STRING_EQUAL(CALL(&client, XS_CONTROL, 0, "check"), "OK");
    CU_ASSERT_STRING_EQUAL(call_write(&client, 0, "/tree/3/3/new", "x"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&client, XS_RM, 0, "/tree/4"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&client, XS_CONTROL, 0, "check"), "OK");
    close(client.fd);
    daemon_destroy(&next_);
    tear_down();
}

static bool count_node(void *context, const char *path, const struct node *node)
{
    ++*(size_t *)context;
    return true;
}

static size_t count_nodes(const struct daemon *daemon)
{
    size_t count = 0;
    tree_walk(daemon->store.top, count_node, &count);
    return count;
}

static void damage_in_a_snapshot_costs_a_part_of_it(void)
{
    make_snapshot();
    char path[96];
    struct stat status;
    size_t all = count_nodes(&daemon_);
    snprintf(path, sizeof(path), "%s/journal", second);
    srand(5);
    for (int round = 0; round < 30; round++) {
        run_command("rm -rf %2$s; cp -r %1$s %2$s", first, second);
        int fd = open(path, O_RDWR);
        CU_ASSERT_EQUAL(fstat(fd, &status), 0);
        off_t at = 40 + rand() % (int)(status.st_size / 3);
        char bytes[2];
        CU_ASSERT_EQUAL(pread(fd, bytes, 2, at), 2);
        bytes[0] ^= 0x10;
        CU_ASSERT_EQUAL(pwrite(fd, bytes, 2, at), 2);
        close(fd);
        CU_ASSERT_EQUAL_FATAL(daemon_create(&next_), 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(journal_open(&next_, second));
        size_t left = count_nodes(&next_);
        CU_ASSERT_TRUE(left < all && left > all / 4);
        struct client client;
        client_open(&client, &next_, 0);
        CU_ASSERT_STRING_EQUAL(CALL(&client, XS_CONTROL, 0, "check"), "OK");
        close(client.fd);
        daemon_destroy(&next_);
    }
    tear_down();
}

static void rings_go_on_where_they_were(void)
{
    set_up_with_rings();
    introduce(&tool, 5);
    introduce(&tool, 6);
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WRITE, "x\0v"), "OK");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WATCH, "x\0token"), "OK");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WATCH, "y\0removed"), "OK");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_UNWATCH, "y\0removed"), "OK");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_TRANSACTION_START, ""), "1");
    struct message message;
    while (get_message(5, &message))
        ;
    /* A reply is not taken yet, the next request is half there, and the one after it not at all. */
    struct xsd_sockmsg read_x = {.type = XS_READ, .req_id = 71, .len = 2};
    put(5, &read_x, sizeof(read_x));
    put(5, "x", 2);
    read_x.req_id = 72;
    put(5, &read_x, 10);
    fire(105);
    CU_ASSERT_EQUAL(domains[5].page.req_cons, domains[5].page.req_prod);
    domains[6].life = DOMAIN_GONE;

    start_next();
    fake_daemon = &next_;
    CU_ASSERT_EQUAL(domains_open(&next_, &hypervisor), 0);
    CU_ASSERT_EQUAL(domains_connect_own(&next_), 0);
    journal_restore_domains(next_.journal);
    turn(&next_);
    put(5, (const char *)&read_x + 10, sizeof(read_x) - 10);
    put(5, "x", 2);
    fire(105);
    CU_ASSERT_TRUE(get_message(5, &message));
    CU_ASSERT_EQUAL(message.header.req_id, 71);
    CU_ASSERT_STRING_EQUAL(message.body, "v");
    CU_ASSERT_TRUE(get_message(5, &message));
    CU_ASSERT_EQUAL(message.header.type, XS_WATCH_EVENT);
    CU_ASSERT_STRING_EQUAL(message.body, "x"); /* relative as it was set */
    CU_ASSERT_TRUE(get_message(5, &message));
    CU_ASSERT_EQUAL(message.header.req_id, 72);
    CU_ASSERT_STRING_EQUAL(message.body, "v");
    CU_ASSERT_FALSE(get_message(5, &message)); /* nothing twice */

    /* Its transaction is lost, and that is told at its end, where clients expect it. */
    struct xsd_sockmsg write_lost = {.type = XS_WRITE, .req_id = 72, .tx_id = 1, .len = 6};
    struct xsd_sockmsg end = {.type = XS_TRANSACTION_END, .req_id = 73, .tx_id = 1, .len = 2};
    put(5, &write_lost, sizeof(write_lost));
    put(5, "lost\0v", 6);
    CU_ASSERT_TRUE(get_message(5, &message));
    CU_ASSERT_STRING_EQUAL(message.body, "OK");
    put(5, &end, sizeof(end));
    put(5, "T", 2);
    CU_ASSERT_TRUE(get_message(5, &message));
    CU_ASSERT_STRING_EQUAL(message.body, "EAGAIN");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_READ, "lost"), "ENOENT");
    put(5, &end, sizeof(end));
    put(5, "F", 2);
    CU_ASSERT_TRUE(get_message(5, &message));
    CU_ASSERT_STRING_EQUAL(message.body, "OK");
    end.tx_id = 2; /* one that never was */
    put(5, &end, sizeof(end));
    put(5, "T", 2);
    CU_ASSERT_TRUE(get_message(5, &message));
    CU_ASSERT_STRING_EQUAL(message.body, "ENOENT");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WRITE, "x\0again"), "OK");
    CU_ASSERT_TRUE(get_message(5, &message));
    CU_ASSERT_EQUAL(message.header.type, XS_WATCH_EVENT);
    CU_ASSERT_PTR_NULL(domains_find(&next_, 6));
    CU_ASSERT_PTR_NULL(tree_find(next_.store.top, "/local/domain/6"));
    daemon_destroy(&next_);
    tear_down();
}

/* The journal's hook that lets a change through to the file and then "kills" the daemon: copies its directory. */
static int (*record_hook)(void *context, const struct change_list *changes);
static bool copy_after_record;

static int record_and_copy(void *context, const struct change_list *changes)
{
    int error = record_hook(context, changes);
    if (copy_after_record)
        run_command("rm -rf %2$s; cp -r %1$s %2$s", first, second);
    copy_after_record = false;
    return error;
}

static void what_was_done_but_not_answered_is_answered_once(void)
{
    set_up_with_rings();
    CU_ASSERT_STRING_EQUAL(RING_CALL(0, XS_WRITE, "/x\0v"), "OK");
    CU_ASSERT_STRING_EQUAL(RING_CALL(0, XS_TRANSACTION_START, ""), "1");
    struct xsd_sockmsg write_y = {.type = XS_WRITE, .req_id = 42, .tx_id = 1, .len = 4};
    struct message message;
    put(0, &write_y, sizeof(write_y));
    put(0, "/y\0w", 4);
    CU_ASSERT_TRUE(get_message(0, &message));

    /* A batch: the commit is in the journal, and the daemon dies before the page sees anything of it. */
    struct xenstore_domain_interface page = domains[0].page;
    struct xsd_sockmsg end = {.type = XS_TRANSACTION_END, .req_id = 43, .tx_id = 1, .len = 2};
    struct xsd_sockmsg read_y = {.type = XS_READ, .req_id = 44, .len = 3};
    put(0, &end, sizeof(end));
    put(0, "T", 2);
    put(0, &read_y, sizeof(read_y));
    put(0, "/y", 3);
    page = domains[0].page;
    record_hook = daemon_.store.record;
    daemon_.store.record = record_and_copy;
    copy_after_record = true;
    fire(100);
    CU_ASSERT_FALSE(copy_after_record);
    domains[0].page = page;

    CU_ASSERT_EQUAL_FATAL(daemon_create(&next_), 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(journal_open(&next_, second));
    fake_daemon = &next_;
    CU_ASSERT_EQUAL(domains_open(&next_, &hypervisor), 0);
    CU_ASSERT_EQUAL(domains_connect_own(&next_), 0);
    journal_restore_domains(next_.journal);
    uint64_t generation = next_.store.generation;
    CU_ASSERT_TRUE(get_message(0, &message));
    CU_ASSERT_EQUAL(message.header.req_id, 43);
    CU_ASSERT_STRING_EQUAL(message.body, "OK");
    CU_ASSERT_TRUE(get_message(0, &message));
    CU_ASSERT_EQUAL(message.header.req_id, 44);
    CU_ASSERT_STRING_EQUAL(message.body, "w");
    CU_ASSERT_EQUAL(next_.store.generation, generation); /* not a second time */
    CU_ASSERT_EQUAL(domains_find(&next_, 0)->done_count, 0);
    daemon_destroy(&next_);
    tear_down();
}

/* What a kill leaves between a write to the one file and one to the other. */
static void start_on(const char *journal_from, const char *rings_from)
{
    char command[512];
    snprintf(command, sizeof(command), "rm -rf %s; cp -r %s/%s %s; cp %s/%s/rings %s", second, base, journal_from,
             second, base, rings_from, second);
    if (system(command) != 0)
        abort();
    CU_ASSERT_EQUAL_FATAL(daemon_create(&next_), 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(journal_open(&next_, second));
    fake_daemon = &next_;
    CU_ASSERT_EQUAL(domains_open(&next_, &hypervisor), 0);
    CU_ASSERT_EQUAL(domains_connect_own(&next_), 0);
    journal_restore_domains(next_.journal);
}

/* Changes a byte of the ring states of a kept directory. */
static void damage_rings(const char *name, off_t at)
{
    char path[128], byte;
    snprintf(path, sizeof(path), "%s/%s/rings", base, name);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    CU_ASSERT_EQUAL(pread(fd, &byte, 1, at), 1);
    byte ^= 0x40;
    CU_ASSERT_EQUAL(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void keep_as(const char *name)
{
    char command[512];
    snprintf(command, sizeof(command), "rm -rf %s/%s; cp -r %s %s/%s", base, name, first, base, name);
    if (system(command) != 0)
        abort();
}

static void journal_and_ring_states_need_not_agree(void)
{
    set_up_with_rings();
    CU_ASSERT_STRING_EQUAL(RING_CALL(0, XS_WRITE, "/x\0v"), "OK");
    make_home(&tool, 5);
    keep_as("before");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_INTRODUCE, 0, "5\0" "77\0" "3"), "OK");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WRITE, "x\0v"), "OK");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WATCH, "x\0t"), "OK");
    turn(&daemon_);
    keep_as("introduced");
    uint64_t size = journal_size(daemon_.journal);
    for (int i = 0; i < 100; i++)
        CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_READ, "x"), "v");
    CU_ASSERT_EQUAL(journal_size(daemon_.journal), size); /* what changes nothing costs the journal nothing */
    struct fake_domain used = domains[5];
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_INTRODUCE, 0, "5\0" "77\0" "3"), "OK");
    keep_as("again");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_RELEASE, 0, "5"), "OK");
    keep_as("released");

    start_on("before", "introduced"); /* killed before the introduction was recorded */
    CU_ASSERT_PTR_NULL(domains_find(&next_, 5));
    struct client client;
    client_open(&client, &next_, 0);
    CU_ASSERT_STRING_EQUAL(CALL(&client, XS_INTRODUCE, 0, "5\0" "77\0" "3"), "OK");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_READ, "x"), "ENOENT");
    close(client.fd);
    daemon_destroy(&next_);
    run_command("test $(stat -c %%s %s/rings) = 49152", second, ""); /* one slot a domain */

    start_on("released", "again"); /* before the slot was given back */
    CU_ASSERT_PTR_NULL(domains_find(&next_, 5));
    CU_ASSERT_PTR_NULL(tree_find(next_.store.top, "/local/domain/5"));
    daemon_destroy(&next_);
    run_command("test $(stat -c %%s %s/rings) = 24576", second, "");

    for (int halves = 1; halves <= 3; halves++) { /* of the second slot: the one that counts, the other, both */
        domains[5] = used;
        for (int half = 0; half < 2; half++)
            if (halves & 1 << half)
                damage_rings("introduced", RING_SLOT_SIZE + half * RING_HALF_SIZE + 50);
        start_on("introduced", "introduced");
        run_command("test -e %s/rings.damaged", second, "");
        CU_ASSERT_EQUAL(domains_find(&next_, 5)->connection.watch_count, 1);
        CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_READ, "x"), "v");
        CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WRITE, "x\0v"), "OK");
        daemon_destroy(&next_);
        for (int half = 0; half < 2; half++)
            if (halves & 1 << half)
                damage_rings("introduced", RING_SLOT_SIZE + half * RING_HALF_SIZE + 50);
    }

    domains[5] = used;
    start_on("again", "introduced"); /* never left by a kill, but by damage: it goes on with what the page says */
    CU_ASSERT_PTR_NOT_NULL(domains_find(&next_, 5));
    CU_ASSERT_EQUAL(domains_find(&next_, 5)->connection.watch_count, 0);
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_READ, "x"), "v");
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_WATCH, "x\0t"), "OK");
    run_command("rm -rf %1$s/again; cp -r %2$s %1$s/again", base, second);
    daemon_destroy(&next_);
    start_on("again", "again"); /* and has a state of its own from then on */
    CU_ASSERT_EQUAL(domains_find(&next_, 5)->connection.watch_count, 1);
    CU_ASSERT_STRING_EQUAL(RING_CALL(5, XS_READ, "x"), "v");
    daemon_destroy(&next_);
    run_command("test $(stat -c %%s %s/rings) = 49152", second, "");
    tear_down();
}

/* Another domain that has got the number of one that died unseen has nothing of it, and is not connected. */
static void a_number_that_was_given_again_is_another_domain(void)
{
    set_up_with_rings();
    domains[5].identity = 111;
    domains[6].identity = 222;
    introduce(&tool, 5);
    introduce(&tool, 6);
    introduce(&tool, 7);
    turn(&daemon_);
    keep_as("before");
    domains[5].identity = 333;
    domains[7].identity = 444; /* which was not known at the introduction */
    start_on("before", "before");
    CU_ASSERT_PTR_NULL(domains_find(&next_, 5));
    CU_ASSERT_PTR_NULL(tree_find(next_.store.top, "/local/domain/5"));
    CU_ASSERT_PTR_NOT_NULL(domains_find(&next_, 6));
    CU_ASSERT_PTR_NOT_NULL(domains_find(&next_, 7));
    CU_ASSERT_PTR_NOT_NULL(tree_find(next_.store.top, "/local/domain/6"));
    struct client client;
    client_open(&client, &next_, 0);
    domains[6].identity = 555;
    CU_ASSERT_STRING_EQUAL(CALL(&client, XS_INTRODUCE, 0, "6\0" "77\0" "3"), "OK");
    CU_ASSERT_PTR_NULL(tree_find(next_.store.top, "/local/domain/6"));
    CU_ASSERT_STRING_EQUAL(RING_CALL(6, XS_READ, "x"), "EACCES"); /* it has no home yet */
    close(client.fd);
    daemon_destroy(&next_);
    tear_down();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"what was answered is there again, and a served directory is refused", what_was_answered_is_there_again},
        {"any cut of the file is a state of the past, transactions whole",
         any_cut_of_the_file_is_some_state_of_the_past},
        {"damage is told, kept and passed over", damage_is_told_and_passed_over},
        {"a record that was not finished is no damage", a_record_that_was_not_finished_is_no_damage},
        {"random bytes are no journal, but no crash", random_bytes_are_no_journal_but_no_crash},
        {"the file stays small", the_file_stays_small},
        {"a tree is read back from a snapshot", a_tree_is_read_back_from_a_snapshot},
        {"damage in a snapshot costs a part of it", damage_in_a_snapshot_costs_a_part_of_it},
        {"rings go on where they were", rings_go_on_where_they_were},
        {"what was done but not answered is answered once", what_was_done_but_not_answered_is_answered_once},
        {"journal and ring states need not agree", journal_and_ring_states_need_not_agree},
        {"a number that was given again is another domain", a_number_that_was_given_again_is_another_domain},
    };
    if (!make_directories())
        return 1;
    int status = RUN_TESTS("journal", tests);
    run_command("rm -rf %s %s", base, "");
    return status;
}
