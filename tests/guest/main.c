/* SPDX-License-Identifier: MIT */
/*
 * The test kernel: finds out what it runs on, then runs the cases that its command line names (tests=NAME,NAME), or all
 * that are meant for a guest or for domain 0; prints a line for each, "TESTS-DONE N passed, N failed", and powers off.
 */
#include "cpu.h"
#include "test.h"

#include <xen/arch-x86/hvm/start_info.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

bool is_dom0;
unsigned int own_domid;
static const char *command_line = "";

extern const struct test_case test_cases_start[], test_cases_end[];
void main(const struct hvm_start_info *info) __attribute__((noreturn));

const char *command_line_value(const char *key, char *value, size_t size)
{
    size_t length = strlen(key);

    for (const char *word = command_line; *word;) {
        const char *end = word;
        while (*end && *end != ' ')
            end++;
        if (!strncmp(word, key, length) && word[length] == '=') {
            size_t count = (size_t)(end - word) - length - 1;

            count = count < size ? count : size - 1;
            memcpy(value, word + length + 1, count);
            value[count] = 0;
            return value;
        }
        for (word = end; *word == ' '; word++)
            ;
    }
    return NULL;
}

void shut_down(unsigned int reason)
{
    struct sched_shutdown shutdown = { .reason = reason };

    sched_op(SCHEDOP_shutdown, &shutdown);
    for (;;)
        __asm__ volatile("cli; hlt");
}

unsigned int vcpu_count(void)
{
    unsigned int count = 0;

    while (vcpu_op(VCPUOP_is_up, count, 0) >= 0)
        count++;
    return count;
}

/* Is name one of the names in the list, which commas separate? */
static bool is_named(const char *list, const char *name)
{
    size_t length = strlen(name);

    for (; *list; list++) {
        if (!strncmp(list, name, length) && (list[length] == ',' || !list[length]))
            return true;
        while (*list && *list != ',')
            list++;
        if (!*list)
            return false;
    }
    return false;
}

static void run_cases(void)
{
    unsigned int passed = 0, failed = 0, cpus = vcpu_count();
    static char names[1024], left_out_names[256];
    const char *named = command_line_value("tests", names, sizeof(names));
    const char *left_out = command_line_value("without", left_out_names, sizeof(left_out_names));

    for (const struct test_case *test = test_cases_start; test < test_cases_end; test++) {
        if (named ? !is_named(named, test->name)
                  : test->where & ONLY_NAMED || !(test->where & (is_dom0 ? IN_DOM0 : IN_GUEST)))
            continue;
        if (left_out && is_named(left_out, test->name))
            continue;
        if (test->where & TWO_CPUS && cpus < 2) {
            print("SKIP %s: it needs a second vCPU\n", test->name);
            continue;
        }
        print("RUN  %s\n", test->name);
        const char *why = test->run();
        interrupts_off();
        if (why) {
            print("FAIL %s: %s\n", test->name, why);
            failed++;
        } else {
            print("PASS %s\n", test->name);
            passed++;
        }
    }
    print("TESTS-DONE %u passed, %u failed\n", passed, failed);
}

void main(const struct hvm_start_info *info)
{
    uint32_t base = 0x40000000;

    /* The leaves move up in steps of 0x100 where another hypervisor's interface comes first. */
    while (base < 0x40010000 && cpuid(base, 0).ebx != XEN_CPUID_SIGNATURE_EBX)
        base += 0x100;
    write_msr(cpuid(base + 2, 0).ebx, (uint64_t)hypercall_page);
    if (info->cmdline_paddr)
        command_line = (const char *)info->cmdline_paddr;
    is_dom0 = info->flags & SIF_INITDOMAIN;
    struct cpuid leaf4 = cpuid(base + 4, 0);
    own_domid = leaf4.eax & XEN_HVM_CPUID_DOMID_PRESENT ? leaf4.ecx : is_dom0 ? 0 : DOMID_SELF;
    interrupts_init();
    console_init();
    print("TESTS-UP %s, domain %u, %u vCPUs, command line: %s\n", is_dom0 ? "dom0" : "guest", own_domid, vcpu_count(),
          command_line);
    shared_init();
    run_cases();
    shut_down(SHUTDOWN_poweroff);
}
