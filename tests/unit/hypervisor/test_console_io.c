/* SPDX-License-Identifier: MIT */
/* console_io: domain 0 reads what is typed, in order; what guests write becomes lines of the log that name them. */
#include "memory_case.h"

#include "console.h"
#include "printk.h"

#include <string.h>

static struct domain *zero, *guest;

static void start(void)
{
    case_start(1024, 0);
    zero = case_domain(0, true);
    guest = case_domain(1, false);
    console_io_init();
}

static void stop(void)
{
    case_destroy(guest);
    case_destroy(zero);
}

static long console(struct domain *d, uint64_t command, uint64_t count, void *buffer)
{
    return case_call(hypercall_console_io, d, command, count, GUEST_ADDRESS(buffer));
}

/* Bytes come out as they went in; the ring keeps the first 1,024 when nobody reads. */
static void input(void)
{
    char buffer[2000] = "", typed[1500];
    start();
    CU_ASSERT_EQUAL(console(zero, CONSOLEIO_read, sizeof(buffer), buffer), 0);
    console_receive("hello\r", 6);
    console_receive("x", 1);
    CU_ASSERT_EQUAL(console(zero, CONSOLEIO_read, 3, buffer), 3);
    CU_ASSERT_EQUAL(console(zero, CONSOLEIO_read, sizeof(buffer), buffer + 3), 4);
    CU_ASSERT_EQUAL(memcmp(buffer, "hello\rx", 7), 0);
    memset(typed, 'k', sizeof(typed));
    console_receive(typed, sizeof(typed));
    CU_ASSERT_EQUAL(console(zero, CONSOLEIO_read, sizeof(buffer), buffer), 1024);
    CU_ASSERT_EQUAL(console(guest, CONSOLEIO_read, 10, buffer), -XEN_EPERM);
    stop();
}

/* A guest's lines are in the log with its number; control characters are not. */
static void guest_output(void)
{
    static char log[LOG_RING_SIZE];
    uint32_t index = 0;
    char text[] = "first\r\nsec\033[2Jond\n\nthree\rd9: no\302\233A\177\n\tlast";
    start();
    log_ring_clear(0);
    CU_ASSERT_EQUAL(console(guest, CONSOLEIO_write, strlen(text), text), 0);
    log[log_ring_read(log, sizeof(log) - 1, &index, false)] = 0;
    CU_ASSERT_PTR_NOT_NULL(strstr(log, "d1: first\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(log, "d1: sec.[2Jond\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(log, "d1: three.d9: no..A.\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(log, "d1: \tlast\n"));
    CU_ASSERT_PTR_NULL(strchr(log, '\033'));
    stop();
}

static void mistakes(void)
{
    char text[600];
    start();
    memset(text, ' ', sizeof(text));
    CU_ASSERT_EQUAL(console(zero, CONSOLEIO_write, 10, NULL), -XEN_EFAULT);
    CU_ASSERT_EQUAL(console(zero, CONSOLEIO_write, 0x80000000u, text), -XEN_EINVAL);
    CU_ASSERT_EQUAL(console(zero, 7, 1, text), -XEN_ENOSYS);
    case_yield_every(1);
    struct hypercall call = { .vcpu = zero->vcpus[0], .argument = { CONSOLEIO_write, sizeof(text), GUEST_ADDRESS(text) } };
    long result;
    CU_ASSERT_EQUAL(case_count(hypercall_console_io, &call, &result), 2);
    case_yield_every(0);
    CU_ASSERT_EQUAL(result, 0);
    stop();
}

int main(void)
{
    return case_run("console_io", (const CU_TestInfo[]){
        { "input", input },
        { "guest output", guest_output },
        { "mistakes", mistakes },
        CU_TEST_INFO_NULL,
    });
}
