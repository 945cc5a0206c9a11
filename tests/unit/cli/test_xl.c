/* SPDX-License-Identifier: MIT */
/* The program called as xl, as far as that needs no hypervisor: against what Debian's xl 4.17 printed. */
#include "../run_tests.h"
#include "cli/verb_cpupool_list.h"
#include "cli/verb_uptime.h"
#include "cli/xl.h"
#include "outcome.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN(...) outcome_of(xl_main, "xl", (const char *const[]){ __VA_ARGS__, NULL })

static void names(void)
{
    CU_ASSERT(xl_is_meant("xl"));
    CU_ASSERT(xl_is_meant("/usr/sbin/xl"));
    CU_ASSERT_FALSE(xl_is_meant("ctl"));
    CU_ASSERT_FALSE(xl_is_meant("/xl/ctl"));
    CU_ASSERT_FALSE(xl_is_meant(NULL));
}

/* All digits are a number, of a domain that is there or not. */
static void numbers(void)
{
    uint32_t domid;

    CU_ASSERT(cli_is_domid("17", &domid) && domid == 17);
    CU_ASSERT(cli_is_domid("007", &domid) && domid == 7);
    CU_ASSERT(cli_is_domid("99999999999999999999", &domid) && domid == UINT32_MAX);
    CU_ASSERT_FALSE(cli_is_domid("17a", &domid));
    CU_ASSERT_FALSE(cli_is_domid("-1", &domid));
    CU_ASSERT_FALSE(cli_is_domid("0x1", &domid));
}

static void ends_with(struct outcome outcome, int status, const char *err)
{
    CU_ASSERT_EQUAL(outcome.status, status);
    CU_ASSERT_STRING_EQUAL(outcome.err, err);
    end(&outcome);
}

static void says(struct outcome outcome, const char *out)
{
    CU_ASSERT_EQUAL(outcome.status, 0);
    CU_ASSERT_STRING_EQUAL(outcome.out, out);
    end(&outcome);
}

static void mistakes(void)
{
    ends_with(RUN("nosuchverb"), 1, "command not implemented\n");
    ends_with(RUN("-vx", "list"), 1, "xl: invalid option -- 'x'\nunknown global option\n");
    ends_with(RUN("list", "-x"), 2, "option `x' not supported.\n");
    ends_with(RUN("domid"), 2, "'xl domid' requires at least 1 argument.\n\n");
    ends_with(RUN("rename", "a"), 2, "'xl rename' requires at least 2 arguments.\n\n");
    ends_with(RUN("create", "-n", "/no/such.cfg"), 3,
              "Failed to read config file: /no/such.cfg: No such file or directory\n");
    ends_with(RUN("create", "-n", "/tmp"), 3, "Failed to read config file: /tmp: Is a directory\n");
    ends_with(RUN("create", "-n"), 6, "Config file not specified and none in save file\n");
    ends_with(RUN("create", "-n", "memory=3"), 6, "Config file not specified and none in save file\n");
    ends_with(RUN("create", "-n", "/no/such.cfg", "memory"), 2, "");
    ends_with(RUN("create", "-n", "-f", "/no/such.cfg", "/another.cfg"), 2, "");
    ends_with(RUN("-N", "list"), 1, "command does not implement -N (dryrun) option\n");
    ends_with(RUN("-N", "block-attach", "a", "b"), 1, "command does not implement -N (dryrun) option\n");
    ends_with(RUN("-x", "list"), 1, "xl: invalid option -- 'x'\nunknown global option\n");
    ends_with(RUN("-vtTf", "list", "-h"), 0, "");
    ends_with(RUN("list", "-h"), 0, "");
    ends_with(RUN("help", "list"), 0, "");
    says(RUN("help", "nosuchverb"), "command \"nosuchverb\" not implemented\n");
    ends_with(outcome_of(xl_main, "xl", (const char *const[]){ NULL }), 1, "");
}

#define HEAD_JSON "{\n    \"c_info\": {\n        \"type\": \"pvh\",\n        \"name\": \"x\",\n" \
    "        \"uuid\": \"11111111-2222-3333-4444-555555555555\",\n        \"run_hotplug_scripts\": \"True\"\n    },\n" \
    "    \"b_info\": {\n"
#define END_JSON "        \"type.pvh\": {\n\n        },\n        \"arch_arm\": {\n\n        },\n        \"arch_x86\": {\n\n" \
    "        }\n    },\n"
#define REST_JSON "    \"on_reboot\": \"restart\",\n    \"on_soft_reset\": \"soft_reset\"\n}\n"

static void prints(const char *lines, const char *expected)
{
    char path[] = "/tmp/keel-xl-XXXXXX";
    int fd = mkstemp(path);

    CU_ASSERT_FATAL(fd >= 0);
    dprintf(fd, "type=\"pvh\"\nname=\"x\"\nkernel=\"/k\"\nuuid=\"11111111-2222-3333-4444-555555555555\"\n%s\n", lines);
    close(fd);
    struct outcome outcome = RUN("create", "-q", "-n", path);

    CU_ASSERT_EQUAL(outcome.status, 0);
    CU_ASSERT_STRING_EQUAL(outcome.out, expected);
    if (strcmp(outcome.out, expected) != 0)
        fprintf(stderr, "%s\n%s", outcome.out, outcome.err);
    end(&outcome);
    outcome = RUN("-N", "create", "-q", path);
    CU_ASSERT_STRING_EQUAL(outcome.out, expected);
    end(&outcome);
    unlink(path);
}

static void configurations(void)
{
    prints("", HEAD_JSON "        \"sched_params\": {\n\n        },\n        \"claim_mode\": \"True\",\n"
           "        \"kernel\": \"/k\",\n" END_JSON REST_JSON);
    prints("maxvcpus=4\nvcpus=2\nmaxmem=64\ncpu_weight=300\n", HEAD_JSON "        \"max_vcpus\": 4,\n"
           "        \"avail_vcpus\": [\n            0,\n            1\n        ],\n        \"max_memkb\": 65536,\n"
           "        \"sched_params\": {\n            \"weight\": 300\n        },\n        \"claim_mode\": \"True\",\n"
           "        \"kernel\": \"/k\",\n" END_JSON REST_JSON);
    prints("vcpus=2\ncpus='0'\ncpus_soft=['1']\n", HEAD_JSON "        \"max_vcpus\": 2,\n"
           "        \"avail_vcpus\": [\n            0,\n            1\n        ],\n"
           "        \"vcpu_hard_affinity\": [\n            [\n                0\n            ],\n            [\n"
           "                0\n            ]\n        ],\n        \"vcpu_soft_affinity\": [\n            [\n"
           "                1\n            ]\n        ],\n        \"numa_placement\": \"False\",\n"
           "        \"sched_params\": {\n\n        },\n        \"claim_mode\": \"True\",\n"
           "        \"kernel\": \"/k\",\n" END_JSON REST_JSON);
    prints("disk=[\"/a,qcow2,xvda,r,backend=stor,script=/s,discard,direct-io-safe\"]\nvif=['rate=10Mb/s']\n",
           HEAD_JSON "        \"sched_params\": {\n\n        },\n        \"claim_mode\": \"True\",\n"
           "        \"kernel\": \"/k\",\n" END_JSON
           "    \"disks\": [\n        {\n            \"backend_domname\": \"stor\",\n            \"pdev_path\": \"/a\",\n"
           "            \"vdev\": \"xvda\",\n            \"format\": \"qcow2\",\n            \"script\": \"/s\",\n"
           "            \"direct_io_safe\": true,\n            \"discard_enable\": \"True\"\n        }\n    ],\n"
           "    \"nics\": [\n        {\n            \"devid\": 0,\n            \"rate_bytes_per_interval\": 62500,\n"
           "            \"rate_interval_usecs\": 50000\n        }\n    ],\n" REST_JSON);
}

static void tables(void)
{
    struct ctl_domain dom0 = { .name = "Domain-0" }, guest = { .domid = 12, .name = "one" };
    struct ctl_pool pool = { .name = "Pool-0", .scheduler_name = "credit2", .domains = 3, .cpus = { 0x0b } };
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    uptime_print_header(file);
    uptime_print(file, &dom0, UINT64_C(73) * 1000000000);
    uptime_print(file, &guest, (UINT64_C(2) * 86400 + 3 * 3600 + 4 * 60 + 5) * 1000000000);
    cpupool_print_header(file, false);
    cpupool_print(file, &pool, false);
    cpupool_print_header(file, true);
    cpupool_print(file, &pool, true);
    fclose(file);
    CU_ASSERT_STRING_EQUAL(text, "Name                                ID Uptime\n"
                           "Domain-0                             0  0:01:13\n"
                           "one                                 12 2 days,  3:04:05\n"
                           "Name               CPUs   Sched     Active   Domain count\n"
                           "Pool-0               3   credit2       y          3\n"
                           "Name               CPU list\n"
                           "Pool-0             0,1,3\n");
    free(text);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(names),
        TEST_CASE(numbers), TEST_CASE(mistakes),
        TEST_CASE(configurations),
        TEST_CASE(tables),
    };
    return RUN_TESTS("xl", tests);
}
