/* SPDX-License-Identifier: MIT */
/* The text of list and vcpu-list, against lines that Debian's xl 4.17 printed. */
#include "../run_tests.h"
#include "cli/verb_list.h"
#include "cli/verb_vcpu_list.h"

#include <stdlib.h>
#include <string.h>

static char *text;
static size_t text_size;

static void text_is(FILE *file, const char *expected)
{
    fclose(file);
    CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
    text = NULL;
}

static void list(void)
{
    struct ctl_domain dom0 = { .name = "Domain-0", .running = true, .memory_kib = 1023 << 10, .vcpus_online = 2,
                               .cpu_time_ns = 71400000000 };
    struct ctl_domain guest = { .domid = 1,
                                .name = "aguestwithaverylongnamethatgoesoverfortycharacters",
                                .paused = true,
                                .memory_kib = 64 << 10,
                                .vcpus_online = 1 };
    FILE *file = open_memstream(&text, &text_size);

    list_print_header(file, false);
    fputc('\n', file);
    list_print(file, &dom0, false);
    fputc('\n', file);
    list_print(file, &guest, false);
    fputc('\n', file);
    text_is(file, "Name                                        ID   Mem VCPUs\tState\tTime(s)\n"
            "Domain-0                                     0  1023     2     r-----      71.4\n"
            "aguestwithaverylongnamethatgoesoverfortycharacters     1    64     1     --p---       0.0\n");
}

static void list_verbose(void)
{
    struct ctl_domain guest = { .domid = 1,
                                .name = "aguestwithaverylongnamethatgoesoverfortycharacters",
                                .paused = true,
                                .memory_kib = 64 << 10,
                                .vcpus_online = 1,
                                .uuid = { 0x30, 0xdf, 0x37, 0xac, 0xce, 0x8d, 0x41, 0xae, 0x9f, 0xf1, 0xbd, 0x63, 0xe3,
                                          0x13, 0x0a, 0x7d } };
    FILE *file = open_memstream(&text, &text_size);

    list_print_header(file, true);
    fputc('\n', file);
    list_print(file, &guest, true);
    fputc('\n', file);
    text_is(
        file,
        "Name                                        ID   Mem VCPUs\tState\tTime(s)   UUID                            "
        "Reason-Code\tSecurity Label\n"
        "aguestwithaverylongnamethatgoesoverfortycharacters     1    64     1     --p---       0.0 "
        "30df37ac-ce8d-41ae-9ff1-bd63e3130a7d        -                -\n");
}

static void vcpu_list(void)
{
    struct ctl_domain dom0 = { .name = "Domain-0" };
    struct ctl_domain guest = { .domid = 1, .name = "aguestwithaverylongnamethatgoesoverfortycharacters" };
    struct ctl_vcpu first = { .online = true, .running = true, .cpu_time_ns = 51300000000, .hard_affinity = { 0xff },
                              .soft_affinity = { 0xff } };
    struct ctl_vcpu second = { .id = 1, .cpu = 1, .online = true, .blocked = true, .cpu_time_ns = 21700000000,
                               .hard_affinity = { 3 }, .soft_affinity = { 3 } };
    struct ctl_vcpu offline = { .id = 2, .hard_affinity = { 1 }, .soft_affinity = { 2 } };
    FILE *file = open_memstream(&text, &text_size);

    vcpu_list_print_header(file);
    vcpu_list_print(file, &dom0, &first, 2);
    vcpu_list_print(file, &dom0, &second, 2);
    vcpu_list_print(file, &guest, &offline, 2);
    text_is(file, "Name                                ID  VCPU   CPU State   Time(s) Affinity (Hard / Soft)\n"
            "Domain-0                             0     0    0   r--      51.3  all / all\n"
            "Domain-0                             0     1    1   -b-      21.7  all / all\n"
            "aguestwithaverylongnamethatgoesoverfortycharacters     1     2    -   --p       0.0  0 / 1\n");
}

static void cpus(void)
{
    static const struct {
        uint8_t bytes[2];
        uint32_t host_cpus;
        const char *text;
    } cases[] = {
        { { 0x00 }, 4, "none" }, { { 0x0f }, 4, "all" }, { { 0xff, 0xff }, 4, "all" }, { { 0x05 }, 4, "0,2" },
        { { 0x07 }, 4, "0-2" }, { { 0xf6 }, 16, "1-2,4-7" }, { { 0x80, 0x01 }, 16, "7-8" }, { { 0x01 }, 1, "all" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t bitmap[CTL_CPUMAP_BYTES] = { cases[i].bytes[0], cases[i].bytes[1] };
        char result[CLI_CPUS_TEXT_MAX];

        cli_cpus_print(bitmap, cases[i].host_cpus, result);
        CU_ASSERT_STRING_EQUAL(result, cases[i].text);
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(list),
        TEST_CASE(list_verbose),
        TEST_CASE(vcpu_list),
        TEST_CASE(cpus),
    };
    return RUN_TESTS("tables", tests);
}
