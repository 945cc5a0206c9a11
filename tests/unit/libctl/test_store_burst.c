/* SPDX-License-Identifier: MIT */
/* Many names in one go: against a daemon of the test's own that answers rightly, wrongly, or not to the end. */
#include "../run_tests.h"
#include "libctl/store_burst.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

#define DOMAINS 150

static char socket_path[64];
static int listener;
/* What the daemon does wrong at the domain of this number; 0: nothing. */
static enum { RIGHT, WRONG_ORDER, TOO_LONG, CUT_OFF } fault;
static unsigned fault_at;

static bool read_whole(int fd, void *bytes, size_t length)
{
    return recv(fd, bytes, length, MSG_WAITALL) == (ssize_t)length;
}

/* Answers like the store: domain N is "domain-N", every seventh has no name. */
static void *serve(void *unused)
{
    int fd = accept(listener, NULL, NULL);
    struct xsd_sockmsg header;
    char path[128], answer[64];
    unsigned number;

    while (read_whole(fd, &header, sizeof(header)) && header.len < sizeof(path) && read_whole(fd, path, header.len)) {
        if (sscanf(path, "/local/domain/%u/name", &number) != 1 || header.type != XS_READ)
            break;
        snprintf(answer, sizeof(answer), number % 7 == 6 ? "ENOENT" : "domain-%u", number);
        header.type = number % 7 == 6 ? XS_ERROR : XS_READ;
        header.len = (uint32_t)strlen(answer) + (number % 7 == 6);
        if (fault == WRONG_ORDER && number == fault_at)
            header.req_id++;
        if (fault == TOO_LONG && number == fault_at)
            header.len = XENSTORE_PAYLOAD_MAX + 1;
        if (fault == CUT_OFF && number == fault_at)
            break;
        send(fd, &header, sizeof(header), MSG_NOSIGNAL);
        send(fd, answer, header.len < sizeof(answer) ? header.len : sizeof(answer), MSG_NOSIGNAL);
    }
    close(fd);
    return NULL;
}

static bool names(struct ctl_domain *list)
{
    pthread_t thread;

    for (uint32_t i = 0; i < DOMAINS; i++)
        list[i] = (struct ctl_domain){ .domid = i };
    pthread_create(&thread, NULL, serve, NULL);
    bool good = store_burst_names(list, DOMAINS);

    pthread_join(thread, NULL);
    return good;
}

static void right_answers(void)
{
    static struct ctl_domain list[DOMAINS];
    char expected[64];

    fault = RIGHT;
    CU_ASSERT(names(list));
    for (uint32_t i = 0; i < DOMAINS; i++) {
        snprintf(expected, sizeof(expected), "domain-%u", i);
        CU_ASSERT_STRING_EQUAL(list[i].name, i % 7 == 6 ? "" : expected);
    }
}

static void wrong_answers(void)
{
    static struct ctl_domain list[DOMAINS];

    for (fault = WRONG_ORDER; fault <= CUT_OFF; fault++) {
        for (fault_at = 0; fault_at < DOMAINS; fault_at += 37)
            CU_ASSERT_FALSE(names(list));
    }
}

static void no_daemon(void)
{
    struct ctl_domain list[1] = { { .domid = 1 } };

    setenv("XENSTORED_PATH", "/no/such/socket", 1);
    CU_ASSERT_FALSE(store_burst_names(list, 1));
    setenv("XENSTORED_PATH", socket_path, 1);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(right_answers),
        TEST_CASE(wrong_answers),
        TEST_CASE(no_daemon),
    };
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    snprintf(socket_path, sizeof(socket_path), "/tmp/keel-burst-%d", (int)getpid());
    strcpy(address.sun_path, socket_path);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(listener, 4) != 0)
        return 2;
    setenv("XENSTORED_PATH", socket_path, 1);
    int status = RUN_TESTS("many reads of the store", tests);
    unlink(socket_path);
    return status;
}
