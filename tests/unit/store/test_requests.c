/* SPDX-License-Identifier: MIT */
/*
 * The wire protocol, request by request, over a socket pair: replies, errors by name, permissions, quotas, bad input.
 */
#include "support.h"
#include "store/request.h"

static struct daemon daemon_;
static struct client tool, guest;

static void set_up(void)
{
    CU_ASSERT_EQUAL_FATAL(daemon_create(&daemon_), 0);
    client_open(&tool, &daemon_, 0);
    client_open(&guest, &daemon_, 5);
}

static void tear_down(void)
{
    close(tool.fd);
    close(guest.fd);
    daemon_destroy(&daemon_);
}

static void nodes_are_written_and_read(void)
{
    set_up();
    CU_ASSERT_STRING_EQUAL(call_write(&tool, 0, "/a/b/c", "hello"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_READ, 0, "/a/b/c"), "hello");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_READ, 0, "/a/b"), "");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_READ, 0, "/a/none"), "ENOENT");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_MKDIR, 0, "/a/b/c"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_READ, 0, "/a/b/c"), "hello");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_MKDIR, 0, "/a/e"), "OK");
    struct message reply;
    CU_ASSERT_TRUE(client_call(&tool, XS_DIRECTORY, 0, "/a", 3, &reply));
    CU_ASSERT_EQUAL(reply.header.len, 4);
    CU_ASSERT_EQUAL(memcmp(reply.body, "b\0e", 4), 0);
    CU_ASSERT_TRUE(client_call(&tool, XS_DIRECTORY, 0, "/a/e", 5, &reply));
    CU_ASSERT_EQUAL(reply.header.len, 0);
    char binary[] = "/bin\0\0\1\2\0";
    CU_ASSERT_TRUE(client_call(&tool, XS_WRITE, 0, binary, 9, &reply));
    CU_ASSERT_TRUE(client_call(&tool, XS_READ, 0, "/bin", 5, &reply));
    CU_ASSERT_EQUAL(reply.header.len, 4);
    CU_ASSERT_EQUAL(memcmp(reply.body, "\0\1\2", 4), 0);
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_RM, 0, "/a"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_RM, 0, "/a"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_RM, 0, "/a/b"), "ENOENT");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_RM, 0, "/"), "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_READ, 0, "/a/b/c"), "ENOENT");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_CONTROL, 0, "check"), "OK");
    tear_down();
}

static void a_long_directory_comes_in_parts(void)
{
    set_up();
    char expected[64 * 1024];
    size_t total = 0;
    for (int i = 0; i < 1000; i++) {
        char path[64];
        int size = snprintf(path, sizeof(path), "/list/entry-%04d", i);
        call_write(&tool, 0, path, "");
        memcpy(expected + total, path + 6, (size_t)size - 5);
        total += (size_t)size - 5;
    }
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_DIRECTORY, 0, "/list"), "E2BIG");
    char got[64 * 1024];
    size_t used = 0;
    bool last = false;
    while (!last && used < sizeof(got) - XENSTORE_PAYLOAD_MAX) {
        char body[32];
        memcpy(body, "/list", 6);
        size_t size = 6 + (size_t)snprintf(body + 6, sizeof(body) - 6, "%zu", used) + 1;
        struct message reply;
        CU_ASSERT_TRUE_FATAL(client_call(&tool, XS_DIRECTORY_PART, 0, body, size, &reply));
        size_t skip = strlen(reply.body) + 1;
        size_t names = reply.header.len - skip;
        last = names == 0 || (reply.body[reply.header.len - 1] == '\0' && reply.body[reply.header.len - 2] == '\0');
        if (last && names > 0)
            names--; /* the empty name that ends the list */
        memcpy(got + used, reply.body + skip, names);
        used += names;
    }
    CU_ASSERT_EQUAL(used, total);
    CU_ASSERT_EQUAL(memcmp(got, expected, total), 0);
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_DIRECTORY_PART, 0, "/list\0x"), "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_DIRECTORY_PART, 0, "/none\0" "0"), "ENOENT");
    tear_down();
}

static void permissions_hold(void)
{
    set_up();
    call_write(&tool, 0, "/secret", "s");
    call_write(&tool, 0, "/shared", "s");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_SET_PERMS, 0, "/shared\0n0\0r5"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_READ, 0, "/secret"), "EACCES");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_READ, 0, "/none"), "EACCES");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_READ, 0, "/shared/none"), "ENOENT");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_READ, 0, "/shared"), "s");
    CU_ASSERT_STRING_EQUAL(call_write(&guest, 0, "/shared", "x"), "EACCES");
    CU_ASSERT_STRING_EQUAL(call_write(&guest, 0, "/shared/x", "x"), "EACCES");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_RM, 0, "/shared"), "EACCES");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_SET_PERMS, 0, "/shared\0b5"), "EACCES");

    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_MKDIR, 0, "/local/domain/5"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_SET_PERMS, 0, "/local/domain/5\0n5"), "OK");
    CU_ASSERT_STRING_EQUAL(call_write(&guest, 0, "data/x", "mine"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_READ, 0, "/local/domain/5/data/x"), "mine");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_GET_PERMS, 0, "data/x"), "n5");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_SET_PERMS, 0, "data/x\0r5"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_SET_PERMS, 0, "data/x\0r6"), "EPERM");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_SET_PERMS, 0, "data/x\0n5\0r1\0r2\0r3\0r4\0r6"), "ENOSPC");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_SET_PERMS, 0, "data/x\0q5"), "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_SET_PERMS, 0, "data/x"), "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_GET_PERMS, 0, "@releaseDomain"), "n0");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_READ, 0, "@releaseDomain"), "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_CONTROL, 0, "check"), "EACCES");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_INTRODUCE, 0, "7\0" "1\0" "1"), "EACCES");
    tear_down();
}

static void quotas_hold_for_guests_alone(void)
{
    set_up();
    CALL(&tool, XS_MKDIR, 0, "/local/domain/5");
    CALL(&tool, XS_SET_PERMS, 0, "/local/domain/5\0n5");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_CONTROL, 0, "quota\0set\0nodes\0" "10"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_CONTROL, 0, "quota\0set\0nonsense\0" "10"), "EINVAL");
    int written = 0;
    for (int i = 0; i < 20; i++) {
        char path[16];
        snprintf(path, sizeof(path), "n%d", i);
        if (strcmp(call_write(&guest, 0, path, ""), "OK") == 0)
            written++;
    }
    CU_ASSERT_EQUAL(written, 9); /* with its home ten */
    CU_ASSERT_STRING_EQUAL(call_write(&guest, 0, "x/y/z", ""), "ENOSPC");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_RM, 0, "n0"), "OK");
    CU_ASSERT_STRING_EQUAL(call_write(&guest, 0, "n0", ""), "OK");
    char value[3000];
    memset(value, 'v', sizeof(value));
    value[2049] = '\0';
    CU_ASSERT_STRING_EQUAL(call_write(&guest, 0, "n0", value), "ENOSPC");
    CU_ASSERT_STRING_EQUAL(call_write(&tool, 0, "/big", value), "OK");
    for (int i = 0; i < 10; i++)
        CU_ASSERT_NOT_EQUAL(start_transaction(&guest), 0);
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_TRANSACTION_START, 0, ""), "ENOSPC");
    for (int i = 0; i < 129; i++) {
        char body[32];
        memcpy(body, "w", 2);
        size_t size = 2 + (size_t)snprintf(body + 2, sizeof(body) - 2, "%d", i) + 1;
        CU_ASSERT_STRING_EQUAL(call_text(&guest, XS_WATCH, 0, body, size), i < 128 ? "OK" : "ENOSPC");
    }
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_RESET_WATCHES, 0, ""), "OK");
    CU_ASSERT_NOT_EQUAL(start_transaction(&guest), 0);
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_WATCH, 0, "w\0t"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_CONTROL, 0, "check"), "OK");
    tear_down();
}

static void malformed_requests_get_errors(void)
{
    set_up();
    struct message reply;
    CU_ASSERT_STRING_EQUAL(CALL(&tool, OPERATION_COUNT, 0, ""), "ENOSYS");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_INVALID, 0, ""), "ENOSYS");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_WATCH_EVENT, 0, "/a\0t"), "ENOSYS");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_ERROR, 0, ""), "ENOSYS");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_SET_TARGET + 1, 0, ""), "ENOSYS");
    for (uint32_t type = 0; type < OPERATION_COUNT; type++) {
        client_call(&tool, type, 0, "", 0, &reply); /* no body at all: any answer, but an answer */
        CU_ASSERT_STRING_NOT_EQUAL(reply.body, "no reply");
        client_call(&tool, type, 0, "/a", 2, &reply); /* no zero byte */
        CU_ASSERT_STRING_NOT_EQUAL(reply.body, "no reply");
    }
    CU_ASSERT_FALSE(client_call(&tool, XS_READ, 0, "/a", 2, &reply));
    CU_ASSERT_STRING_EQUAL(reply.body, "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_READ, 0, "/a\0b"), "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_READ, 77, "/a"), "ENOENT");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_TRANSACTION_END, 77, "T"), "ENOENT");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_TRANSACTION_END, 0, "T"), "ENOENT");
    uint32_t tx = start_transaction(&tool);
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_TRANSACTION_START, tx, ""), "EBUSY");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_TRANSACTION_END, tx, "X"), "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_TRANSACTION_END, tx, "F"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_UNWATCH, 0, "/a\0t"), "ENOENT");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_INTRODUCE, 0, "5\0" "1\0" "1"), "ENOSYS");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_INTRODUCE, 0, "0\0" "1\0" "1"), "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_INTRODUCE, 0, "99999\0" "1\0" "1"), "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_RELEASE, 0, "5"), "ENOENT");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_IS_DOMAIN_INTRODUCED, 0, "0"), "T");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_IS_DOMAIN_INTRODUCED, 0, "5"), "F");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_GET_DOMAIN_PATH, 0, "5"), "/local/domain/5");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_GET_DOMAIN_PATH, 0, "five"), "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_CONTROL, 0, "live-update"), "EINVAL");
    CU_ASSERT_PTR_NOT_NULL(strstr(CALL(&tool, XS_CONTROL, 0, "help"), "live-update -f <file>"));
    tear_down();
}

static void an_overlong_message_ends_the_connection_alone(void)
{
    set_up();
    struct xsd_sockmsg header = {.type = XS_READ, .len = XENSTORE_PAYLOAD_MAX + 1};
    CU_ASSERT_EQUAL(write(guest.fd, &header, sizeof(header)), sizeof(header));
    CU_ASSERT_TRUE(client_hung_up(&guest));
    CU_ASSERT_STRING_EQUAL(call_write(&tool, 0, "/a", "1"), "OK");
    tear_down();
}

static void bytes_may_come_one_by_one_or_all_at_once(void)
{
    set_up();
    char bytes[20 * 32];
    size_t size = 0;
    for (uint32_t i = 0; i < 20; i++) {
        struct xsd_sockmsg header = {.type = XS_WRITE, .req_id = 100 + i, .len = 5};
        memcpy(bytes + size, &header, sizeof(header));
        memcpy(bytes + size + sizeof(header), "/n\0xy", 5);
        size += sizeof(header) + 5;
    }
    struct message reply;
    CU_ASSERT_EQUAL(write(tool.fd, bytes, size), (ssize_t)size);
    for (uint32_t i = 0; i < 20; i++) {
        CU_ASSERT_TRUE(client_receive(&tool, &reply));
        CU_ASSERT_EQUAL(reply.header.req_id, 100 + i);
    }
    for (size_t i = 0; i < size; i++) {
        CU_ASSERT_EQUAL(write(tool.fd, bytes + i, 1), 1);
        turn(&daemon_);
    }
    for (uint32_t i = 0; i < 20; i++)
        CU_ASSERT_TRUE(client_receive(&tool, &reply));
    tear_down();
}

static void a_client_that_reads_nothing_is_not_served_on(void)
{
    set_up();
    char value[4001];
    memset(value, 'v', 4000);
    value[4000] = '\0';
    call_write(&tool, 0, "/big", value);
    fcntl(tool.fd, F_SETFL, O_NONBLOCK);
    struct xsd_sockmsg header = {.type = XS_READ, .len = 5};
    char request[sizeof(header) + 5];
    memcpy(request, &header, sizeof(header));
    memcpy(request + sizeof(header), "/big", 5);
    unsigned int sent = 0;
    for (int idle = 0; idle < 50;) {
        if (write(tool.fd, request, sizeof(request)) == (ssize_t)sizeof(request))
            sent++, idle = 0;
        else
            idle++;
        turn(&daemon_);
        if (sent > 100000)
            break;
    }
    CU_ASSERT_TRUE(sent < 100000);
    CU_ASSERT_TRUE(tool.connection->output_end - tool.connection->output_start < 256 * 1024);
    struct message reply;
    for (unsigned int i = 0; i < 1000 && i < sent - 1; i++)
        CU_ASSERT_TRUE_FATAL(client_receive(&tool, &reply));
    tear_down();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"nodes are written, read, listed and removed", nodes_are_written_and_read},
        {"a directory longer than a message comes in parts", a_long_directory_comes_in_parts},
        {"permissions decide what a guest may do", permissions_hold},
        {"quotas bound a guest, not domain 0", quotas_hold_for_guests_alone},
        {"malformed requests get the protocol's errors", malformed_requests_get_errors},
        {"an overlong message ends its own connection only", an_overlong_message_ends_the_connection_alone},
        {"requests may arrive in any pieces", bytes_may_come_one_by_one_or_all_at_once},
        {"a client that does not read is not served on, and costs bounded memory",
         a_client_that_reads_nothing_is_not_served_on},
    };
    return RUN_TESTS("requests", tests);
}
