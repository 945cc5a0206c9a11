/* SPDX-License-Identifier: MIT */
/* The configuration that Debian's xl keeps of a guest, shown with the guest as it is. */
#include "../run_tests.h"
#include "cli/xl_json.h"
#include "cli/xl_userdata.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "userdata-d.7.11111111-1111-1111-1111-111111111111.libxl-json"

static const struct live live = {
    .domain = { .domid = 7, .name = "now", .uuid = { 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                                                     0x11, 0x11, 0x11, 0x11 } },
    .share = { 300, 20 }, .scheduler = CTL_SCHEDULER_CREDIT2, .target_kib = 2048, .max_kib = 4096, .video_kib = 0,
    .online = 1,
};

/* What is shown of a file that holds this; empty: nothing is. */
static char *shown(const char *kept, size_t size)
{
    char folder[] = "/tmp/keel-userdata-XXXXXX", path[128], *text = NULL;
    size_t length;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/" NAME, folder);
    FILE *file = fopen(path, "w"), *out = open_memstream(&text, &length);

    CU_ASSERT_FATAL(file && out);
    fwrite(kept, 1, size, file);
    fclose(file);
    yajl_gen json = xl_json_open();
    bool put = xl_userdata_put(json, folder, &live);

    if (put)
        xl_json_close(json, out);
    else
        yajl_gen_free(json);
    fclose(out);
    unlink(path);
    rmdir(folder);
    CU_ASSERT_EQUAL(put, *text != '\0');
    return text;
}

static void as_it_is(void)
{
    static const char kept[] = /* with the zero byte that libxl writes */
        "{ \"c_info\": { \"type\": \"pvh\", \"name\": \"then\", \"domid\": 4294967295 },\n"
        "  \"b_info\": { \"max_vcpus\": 2, \"avail_vcpus\": [ 0, 1 ], \"max_memkb\": 1, \"target_memkb\": 1,\n"
        "  \"sched_params\": { }, \"cmdline\": \"name\", \"arch_x86\": { \"name\": \"deep\", \"max_memkb\": 5 } },\n"
        "  \"disks\": [ { \"name\": 1.50, \"x\": [ true, false, null ] } ], \"name\": \"outer\" }";
    char *text = shown(kept, sizeof(kept));

    CU_ASSERT_STRING_EQUAL(text, "{\n    \"c_info\": {\n        \"type\": \"pvh\",\n        \"name\": \"now\",\n"
        "        \"domid\": 4294967295\n    },\n    \"b_info\": {\n        \"max_vcpus\": 2,\n        \"avail_vcpus\": [\n"
        "            0\n        ],\n        \"max_memkb\": 4096,\n        \"target_memkb\": 2048,\n"
        "        \"sched_params\": {\n            \"sched\": \"credit2\",\n            \"weight\": 300,\n"
        "            \"cap\": 20\n        },\n        \"cmdline\": \"name\",\n        \"arch_x86\": {\n"
        "            \"name\": \"deep\",\n            \"max_memkb\": 5\n        }\n    },\n    \"disks\": [\n        {\n"
        "            \"name\": 1.50,\n            \"x\": [\n                true,\n                false,\n"
        "                null\n            ]\n        }\n    ],\n    \"name\": \"outer\"\n}\n");
    free(text);
}

/* What the host's own start keeps of Domain-0. */
static void what_was_not_kept(void)
{
    static const char kept[] = "{ \"c_info\": { \"type\": \"pvh\" }, \"b_info\": { \"sched_params\": { }, \"x\": { } } }",
                      turned[] = "{ \"b_info\": { \"max_vcpus\": 1 }, \"c_info\": { \"uuid\": \"u\" } }";
    char *text = shown(kept, strlen(kept));

    CU_ASSERT_STRING_EQUAL(text, "{\n    \"c_info\": {\n        \"type\": \"pvh\",\n        \"name\": \"now\"\n    },\n"
        "    \"b_info\": {\n        \"max_memkb\": 4096,\n        \"target_memkb\": 2048,\n        \"sched_params\": {\n"
        "            \"sched\": \"credit2\",\n            \"weight\": 300,\n            \"cap\": 20\n        },\n"
        "        \"x\": {\n\n        }\n    }\n}\n");
    free(text);
    text = shown(turned, strlen(turned));
    CU_ASSERT_STRING_EQUAL(text, "{\n    \"b_info\": {\n        \"max_vcpus\": 1,\n        \"max_memkb\": 4096,\n"
        "        \"target_memkb\": 2048\n    },\n    \"c_info\": {\n        \"name\": \"now\",\n        \"uuid\": \"u\"\n"
        "    }\n}\n");
    free(text);
}

/* Nothing is shown of what is no object, or cut off, or not there. */
static void junk(void)
{
    static const char *const kept[] = { "", "[ 1 ]", "{ \"c_info\": ", "\xff", "3" };

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        free(shown(kept[i], strlen(kept[i])));
    yajl_gen json = xl_json_open();

    CU_ASSERT_FALSE(xl_userdata_put(json, "/nonexistent", &live));
    yajl_gen_free(json);
}

int main(void)
{
    static const CU_TestInfo tests[] = { TEST_CASE(as_it_is), TEST_CASE(what_was_not_kept), TEST_CASE(junk) };

    return RUN_TESTS("what xl has kept", tests);
}
