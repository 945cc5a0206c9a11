/* SPDX-License-Identifier: MIT */
/*
 * A memory file system of 1 MiB that is full: writes fail with ENOSPC and nothing of them is there, reads go on, and so
 * do writes once there is room; a kill in any of these states loses nothing that was answered.
 */
#include <string.h>

#include "../run_tests.h"
#include "daemon_process.h"
#include "small_file_system.h"

enum { VALUE_SIZE = 3000, FILLER_SIZE = 300 * 1024, NODES_MAX = 2000 };

static char base[] = "/tmp/store-full-XXXXXX", filler_path[64];
static int mount_error;

static bool write_node(unsigned int number, char letter)
{
    char path[32], value[VALUE_SIZE];
    memset(value, letter, sizeof(value));
    snprintf(path, sizeof(path), "/full/%u", number);
    return xs_write(handle, XBT_NULL, path, value, sizeof(value));
}

static bool node_is(unsigned int number, char letter)
{
    char path[32], expected[VALUE_SIZE];
    unsigned int size = 0;
    memset(expected, letter, sizeof(expected));
    snprintf(path, sizeof(path), "/full/%u", number);
    char *value = xs_read(handle, XBT_NULL, path, &size);
    bool same = value && size == sizeof(expected) && memcmp(value, expected, size) == 0;
    free(value);
    return same;
}

/* Nodes from a number on, until there is no room; the first number that found none. */
static unsigned int write_until_full(unsigned int number)
{
    while (number < NODES_MAX && write_node(number, 'v'))
        number++;
    CU_ASSERT_EQUAL(errno, ENOSPC);
    return number;
}

static void all_are_there(unsigned int count)
{
    unsigned int names = 0;
    free(xs_directory(handle, XBT_NULL, "/full", &names));
    CU_ASSERT_EQUAL(names, count);
    for (unsigned int i = 0; i < count; i++)
        CU_ASSERT_TRUE(node_is(i, 'v'));
    char *reply = xs_control_command(handle, "check", NULL, 0);
    CU_ASSERT_TRUE(reply && strcmp(reply, "OK") == 0);
    free(reply);
}

static void kill_and_start(void)
{
    end_daemon(SIGKILL);
    xs_close(handle);
    start_daemon();
}

static void a_full_file_system_stops_writes_alone(void)
{
    if (mount_error) {
        printf("(skipped: no file system can be mounted here: %s) ", strerror(mount_error));
        return;
    }
    start_daemon();
    CU_ASSERT_EQUAL(take_room(filler_path, FILLER_SIZE), FILLER_SIZE);
    unsigned int count = write_until_full(0);
    CU_ASSERT_TRUE(count > 50);
    all_are_there(count);
    CU_ASSERT_FALSE(write_node(0, 'w'));
    CU_ASSERT_EQUAL(errno, ENOSPC);
    CU_ASSERT_TRUE(node_is(0, 'v'));
    xs_transaction_t transaction = xs_transaction_start(handle);
    char value[VALUE_SIZE] = "in";
    CU_ASSERT_TRUE(xs_write(handle, transaction, "/full/0", value, sizeof(value)));
    CU_ASSERT_TRUE(xs_write(handle, transaction, "/full/1", value, sizeof(value)));
    CU_ASSERT_FALSE(xs_transaction_end(handle, transaction, false));
    CU_ASSERT_EQUAL(errno, ENOSPC);
    CU_ASSERT_TRUE(xs_watch(handle, "/full", "t")); /* what is not in the journal of a socket's client goes on */
    CU_ASSERT_TRUE(xs_unwatch(handle, "/full", "t"));
    all_are_there(count);

    kill_and_start(); /* full as it is */
    all_are_there(count);
    CU_ASSERT_FALSE(write_node(count, 'v'));
    CU_ASSERT_EQUAL(errno, ENOSPC);

    CU_ASSERT_TRUE(xs_rm(handle, XBT_NULL, "/full/0")); /* there is room of its own for that, which a kill leaves */
    kill_and_start();
    CU_ASSERT_PTR_NULL(xs_read(handle, XBT_NULL, "/full/0", NULL));
    CU_ASSERT_TRUE(xs_rm(handle, XBT_NULL, "/full/1"));
    CU_ASSERT_FALSE(write_node(0, 'v'));

    CU_ASSERT_EQUAL(unlink(filler_path), 0);
    CU_ASSERT_TRUE(write_node(0, 'v'));
    CU_ASSERT_TRUE(write_node(1, 'v'));
    unsigned int more = write_until_full(count);
    CU_ASSERT_TRUE(more > count + 50);
    all_are_there(more);
    kill_and_start();
    all_are_there(more);
    char damaged[128];
    snprintf(damaged, sizeof(damaged), "%s/journal.damaged", state_path);
    CU_ASSERT_NOT_EQUAL(access(damaged, F_OK), 0);

    /* Each is written anew again and again: what there is of old records gives its room back, or nothing is lost. */
    char letters[50];
    memset(letters, 'v', sizeof(letters));
    for (int i = 0; i < 600; i++) {
        unsigned int number = (unsigned int)i % sizeof(letters);
        if (write_node(number, (char)('a' + i % 26)))
            letters[number] = (char)('a' + i % 26);
        if (i % 150 == 149)
            kill_and_start();
    }
    for (unsigned int i = 0; i < sizeof(letters); i++)
        CU_ASSERT_TRUE(node_is(i, letters[i]));
    xs_close(handle);
    end_daemon(SIGTERM);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"a full file system stops writes alone, and only while it is full", a_full_file_system_stops_writes_alone},
    };
    if (!mkdtemp(base))
        return 1;
    snprintf(filler_path, sizeof(filler_path), "%s/filler", base);
    place_daemon(base);
    mount_error = mount_small(base);
    int status = RUN_TESTS("full", tests);
    if (!mount_error)
        umount(base);
    rmdir(base);
    return status;
}
