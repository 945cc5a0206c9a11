/* SPDX-License-Identifier: MIT */
/* What keys mean: ranges, combinations, CPU lists, refused and ignored keys, and files that are no configuration. */
#include "../run_tests.h"
#include "config_case.h"

#include "libctl/config_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void ranges(void)
{
    refused(HEAD "memory = 0\n", "g.cfg:3:10: key \"memory\": 0 is out of range; it must be from 1 to 16777216 MiB");
    refused(HEAD "memory = 16777217\n", "out of range");
    refused(HEAD "vcpus = 0\n", "g.cfg:3:9: key \"vcpus\": 0 is out of range; it must be from 1 to 128 vCPUs");
    refused(HEAD "vcpus = 129\n", "129 is out of range");
    refused(HEAD "maxvcpus = 129\n", "key \"maxvcpus\": 129 is out of range");
    refused(HEAD "cpu_weight = 0\n", "key \"cpu_weight\": 0 is out of range; it must be from 1 to 65535");
    refused(HEAD "cpu_weight = 65536\n", "out of range");
    refused(HEAD "cap = 65536\n", "out of range");
    refused(HEAD "memory = [1]\n", "g.cfg:3:10: key \"memory\": a number expected, not a list");
    refused(HEAD "memory = 'lots'\n", "key \"memory\": \"lots\" is not a number");
    refused(HEAD "ramdisk = ['/r']\n", "key \"ramdisk\": a string expected, not a list");
    accepted(HEAD "memory = 16777216\nvcpus = 128\nmaxvcpus = 128\ncpu_weight = 65535\ncap = 12800\n");
}

static void combinations(void)
{
    struct config_case result = parse(HEAD "memory=16\nmaxmem=32\nmaxvcpus=4\nvcpus=2\n");

    CU_ASSERT_EQUAL(result.status, 0);
    CU_ASSERT_EQUAL(result.config.memory_kib, 16 << 10);
    CU_ASSERT_EQUAL(result.config.max_memory_kib, 32 << 10);
    CU_ASSERT_EQUAL(result.config.vcpus, 2);
    CU_ASSERT_EQUAL(result.config.max_vcpus, 4);
    end(&result);
    result = parse(HEAD "maxmem=32\nmaxvcpus=4\n");
    CU_ASSERT_EQUAL(result.config.memory_kib, 32 << 10);
    CU_ASSERT_EQUAL(result.config.vcpus, 1);
    CU_ASSERT_EQUAL(result.config.max_vcpus, 4);
    end(&result);
    result = parse(HEAD "memory=77\nvcpus=3\n");
    CU_ASSERT_EQUAL(result.config.max_memory_kib, 77 << 10);
    CU_ASSERT_EQUAL(result.config.max_vcpus, 3);
    end(&result);
    refused(HEAD "memory=16\nmaxmem=8\n", "g.cfg:4:8: key \"maxmem\": 8 is less than the 16 of memory");
    refused(HEAD "vcpus=4\nmaxvcpus=2\n", "g.cfg:3:7: key \"vcpus\": 4 is more than the 2 of maxvcpus");
}

static void required(void)
{
    refused("kernel='/k'\n", "g.cfg: key \"name\" is missing");
    refused("name='g'\n", "g.cfg: key \"kernel\" is missing");
    refused("name='g'\nkernel=''\n", "g.cfg:2:8: key \"kernel\": the path is empty");
    refused("name=''\nkernel='/k'\n", "g.cfg:1:6: key \"name\": the name is empty");
    refused("name='../x'\nkernel='/k'\n", "neither \"/\" nor control characters");
    refused("name='a\\n'\nkernel='/k'\n", "neither \"/\" nor control characters");
}

static void type(void)
{
    accepted(HEAD "type='pvh'\n");
    refused(HEAD "type='pv'\n", "g.cfg:3:6: key \"type\": there are no PV guests, only PVH guests; write \"pvh\"");
    refused(HEAD "type='hvm'\n", "there are no HVM guests");
    refused(HEAD "type='foo'\n", "\"foo\" is no kind of guest");
    refused(HEAD "builder='hvm'\n", "key \"builder\": there are only PVH guests; replace it by type = \"pvh\"");
}

static void uuid(void)
{
    static const uint8_t expected[16] = { 0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x12, 0x34,
                                          0x12, 0x34, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc };
    struct config_case result = parse(HEAD "uuid='12345678-1234-1234-1234-123456789aBC'\n");

    CU_ASSERT(result.config.uuid_set);
    CU_ASSERT_EQUAL(memcmp(result.config.uuid, expected, 16), 0);
    end(&result);
    accepted(HEAD "uuid='12345678123412341234123456789abc'\n");
    refused(HEAD "uuid='abc'\n", "g.cfg:3:6: key \"uuid\": \"abc\" is no UUID");
    refused(HEAD "uuid='12345678-1234-1234-1234-123456789abg'\n", "is no UUID");
    refused(HEAD "uuid='12345678-12341-234-1234-123456789abc'\n", "is no UUID");
}

static void actions(void)
{
    struct config_case result = parse(HEAD "on_crash='coredump-restart'\non_reboot='rename-restart'\n"
                                      "on_watchdog='soft-reset'\non_poweroff='preserve'\non_soft_reset='destroy'\n");

    CU_ASSERT_EQUAL(result.status, 0);
    CU_ASSERT_EQUAL(result.config.on_crash, CTL_ACTION_COREDUMP_RESTART);
    CU_ASSERT_EQUAL(result.config.on_reboot, CTL_ACTION_RENAME_RESTART);
    CU_ASSERT_EQUAL(result.config.on_watchdog, CTL_ACTION_SOFT_RESET);
    CU_ASSERT_EQUAL(result.config.on_poweroff, CTL_ACTION_PRESERVE);
    CU_ASSERT_EQUAL(result.config.on_soft_reset, CTL_ACTION_DESTROY);
    end(&result);
    warned(HEAD "on_soft_reset='soft-reset'\n",
           "g.cfg:3:15: key \"on_soft_reset\": a soft reset is not available; the domain is destroyed");
    refused(HEAD "on_crash='restrat'\n", "key \"on_crash\": \"restrat\" is no action; write \"restart\"");
    refused(HEAD "on_crash='bogus'\n", "is no action; write destroy, restart");
}

static void cpus_are(const char *list, const char *expected)
{
    char text[CONFIG_CPUS_TEXT_MAX], why[160];
    uint8_t bitmap[CTL_CPUMAP_BYTES];

    CU_ASSERT_FATAL(config_cpus_parse(list, bitmap, why, sizeof(why)));
    config_cpus_print(bitmap, text);
    CU_ASSERT_STRING_EQUAL(text, expected);
}

static void cpus_refused(const char *list, const char *reason)
{
    uint8_t bitmap[CTL_CPUMAP_BYTES];
    char why[160] = "";

    CU_ASSERT_FALSE(config_cpus_parse(list, bitmap, why, sizeof(why)));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, reason));
}

static void cpus(void)
{
    char all_others[CONFIG_CPUS_TEXT_MAX * 4] = "", *at = all_others, text[CONFIG_CPUS_TEXT_MAX];

    cpus_are("0-3,5,^1", "0,2-3,5");
    cpus_are("all,^7", "0-6,8-511");
    cpus_are("all", "all");
    cpus_are("^1,all", "all");
    cpus_are(" 1,, 2 ,511", "1-2,511");
    cpus_are("0", "0");
    cpus_refused("^1", "leaves no CPU");
    cpus_refused("", "leaves no CPU");
    cpus_refused("all,^all", "leaves no CPU");
    cpus_refused("3-1", "range 3-1 runs backwards");
    cpus_refused("abc", "\"abc\" is no CPU");
    cpus_refused("0-", "\"0-\" is no CPU");
    cpus_refused("1 2", "\"1 2\" is no CPU");
    cpus_refused("512", "goes beyond CPU 511");
    cpus_refused("0-99999999999999999999", "goes beyond CPU 511");
    cpus_refused("nodes:0", "names NUMA nodes");
    cpus_refused("0-3,^node:1", "\"^node:1\" names NUMA nodes");
    /* The longest text that a bitmap can have must fit. */
    for (unsigned cpu = 1; cpu < CTL_CPUMAP_BYTES * 8; cpu += 2)
        at += sprintf(at, "%s%u", cpu > 1 ? "," : "", cpu);
    cpus_are(all_others, strcpy(text, all_others));
    refused(HEAD "cpus='0-3,nodes:0'\n", "g.cfg:3:6: key \"cpus\": \"nodes:0\" names NUMA nodes");
    refused(HEAD "vcpus=2\ncpus=['0','x']\n", "g.cfg:4:11: key \"cpus\": \"x\" is no CPU");
    accepted(HEAD "cpus=1\n");
    accepted(HEAD "cpus=[]\n");
    warned(HEAD "cpus=['0',1]\n", "the list has 2 entries for 1 vCPU;");
}

static void refused_and_ignored_keys(void)
{
    refused(HEAD "vtpm=['backend=x']\n",
            "g.cfg:3:1: key \"vtpm\": devices of this kind are not available; remove it "
            "or set it to []");
    refused(HEAD "p9=['tag=x']\n", "key \"p9\": devices of this kind");
    refused(HEAD "firmware='uefi'\n", "key \"firmware\": a PVH guest has no firmware");
    refused(HEAD "hap=0\n", "only nested paging");
    warned(HEAD "vnc=1\n", "g.cfg:3:1: key \"vnc\" is ignored: a PVH guest has no emulated display");
    warned(HEAD "acpi=0\n", "key \"acpi\" is ignored: a PVH guest always has this feature");
    accepted(HEAD "disk=[]\nvif=[ ]\nvnc=0\nsdl=0\nhap=1\nacpi=1\nbootloader=''\npassthrough='disabled'\n");
}

static void table_is_sound(void)
{
    for (size_t i = 0; i < config_keys_count; i++) {
        const struct config_key *key = &config_keys[i];

        CU_ASSERT_PTR_EQUAL(config_key_find(key->name), key); /* no name twice */
        CU_ASSERT_EQUAL(key->reason == NULL, key->verdict == CONFIG_SUPPORTED);
        if (key->verdict == CONFIG_IGNORED)
            CU_ASSERT_EQUAL(strncmp(key->reason, "is ignored: ", 12), 0);
    }
    CU_ASSERT(config_keys_count > 140);
}

static void file_says(const char *path, int status, const char *sentence)
{
    struct config_case result;

    result.status = ctl_config_read(&result.config, path, NULL, 0, &result.messages);
    CU_ASSERT_EQUAL(result.status, status);
    CU_ASSERT_EQUAL(result.messages.count, 1);
    CU_ASSERT(says(&result, true, path));
    CU_ASSERT(says(&result, true, sentence));
    end(&result);
}

static void write_file(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

static void files(void)
{
    char directory[] = "/tmp/keel-config-XXXXXX", path[64];
    struct config_case result;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/g.cfg", directory);
    file_says(path, -ENOENT, "cannot be read: No such file or directory");
    file_says(directory, -EISDIR, "a directory, not a configuration file");
    file_says("/dev/zero", -EINVAL, "a device, not a configuration file");
    write_file(path, "", 0);
    file_says(path, -EINVAL, "empty");
    write_file(path, " \n\n", 3);
    file_says(path, -EINVAL, "empty");
    write_file(path, "\177ELF\2\1\1\0", 8);
    file_says(path, -EINVAL, "not a text file: byte 0x7f at offset 0");
    write_file(path, "name='g'\n\0", 10);
    file_says(path, -EINVAL, "not a text file: byte 0x00 at offset 9");
    CU_ASSERT_EQUAL(truncate(path, 100 << 20), 0);
    file_says(path, -EFBIG, "102400 KiB large: not a configuration");
    write_file(path, HEAD, strlen(HEAD));
    result.status = ctl_config_read(&result.config, path, NULL, 0, &result.messages);
    CU_ASSERT_EQUAL(result.status, 0);
    CU_ASSERT_STRING_EQUAL(result.config.source, path);
    end(&result);
    file_says("/proc/self/mem", -EIO, "cannot be read: Input/output error"); /* opens for root too, but does not read */
    unlink(path);
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    int writer = open(path, O_RDWR);

    CU_ASSERT_EQUAL(write(writer, "\1", 1), 1);
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    close(writer);
    file_says(path, -EINVAL, "not a text file"); /* a pipe is read to its end */
    close(reader);
    unlink(path);
    rmdir(directory);
}

static bool same_affinity(const struct ctl_affinity *a, const struct ctl_affinity *b)
{
    return a->set == b->set && memcmp(a->all, b->all, CTL_CPUMAP_BYTES) == 0 && a->vcpus_count == b->vcpus_count &&
           (a->vcpus_count == 0 || memcmp(a->vcpus, b->vcpus, a->vcpus_count * sizeof(*a->vcpus)) == 0);
}

static bool same(const struct ctl_config *a, const struct ctl_config *b)
{
    char *a_text = ctl_config_to_json(a), *b_text = ctl_config_to_json(b);
    bool equal = a_text && b_text && strcmp(a_text, b_text) == 0;

    free(a_text);
    free(b_text);
    return equal && a->uuid_set == b->uuid_set && memcmp(a->uuid, b->uuid, 16) == 0 &&
           a->memory_kib == b->memory_kib && a->max_memory_kib == b->max_memory_kib && a->vcpus == b->vcpus &&
           a->max_vcpus == b->max_vcpus && a->cpu_weight == b->cpu_weight && a->cap == b->cap &&
           a->on_poweroff == b->on_poweroff && a->on_reboot == b->on_reboot && a->on_crash == b->on_crash &&
           a->on_watchdog == b->on_watchdog && a->on_soft_reset == b->on_soft_reset && strcmp(a->name, b->name) == 0 &&
           strcmp(a->kernel, b->kernel) == 0 && !a->ramdisk == !b->ramdisk &&
           (!a->ramdisk || strcmp(a->ramdisk, b->ramdisk) == 0) && !a->command_line == !b->command_line &&
           (!a->command_line || strcmp(a->command_line, b->command_line) == 0) &&
           same_affinity(&a->cpus, &b->cpus) && same_affinity(&a->cpus_soft, &b->cpus_soft);
}

static void round_trip(const char *text)
{
    struct config_case first = parse(text), second;
    char *json = ctl_config_to_json(&first.config);

    CU_ASSERT_EQUAL_FATAL(first.status, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    second.status = ctl_config_from_json(&second.config, json, &second.messages);
    CU_ASSERT_EQUAL(second.status, 0);
    CU_ASSERT_EQUAL(second.messages.count, 0);
    CU_ASSERT_STRING_EQUAL(second.config.source, "g.cfg");
    CU_ASSERT(same(&first.config, &second.config));
    free(json);
    end(&first);
    end(&second);
}

/* cpus_soft is written as cpus is, and both as they were given. */
static void preferred_cpus(void)
{
    struct config_case result = parse(HEAD "vcpus=2\ncpus='0-1'\ncpus_soft=['1']\n");
    char *cfg = ctl_config_to_cfg(&result.config);

    CU_ASSERT_EQUAL(result.messages.count, 0);
    CU_ASSERT_FALSE(result.config.cpus_soft.set);
    CU_ASSERT_EQUAL_FATAL(result.config.cpus_soft.vcpus_count, 1);
    CU_ASSERT_EQUAL(config_affinity_of(&result.config.cpus_soft, 0)[0], 2);
    CU_ASSERT_PTR_NULL(config_affinity_of(&result.config.cpus_soft, 1));
    CU_ASSERT_EQUAL(config_affinity_of(&result.config.cpus, 1)[0], 3);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cfg);
    CU_ASSERT_PTR_NOT_NULL(strstr(cfg, "cpus = \"0-1\"\ncpus_soft = [ \"1\" ]\n"));
    free(cfg);
    end(&result);
    refused(HEAD "cpus_soft='x'\n", "g.cfg:3:11: key \"cpus_soft\": \"x\" is no CPU");
    warned(HEAD "cpus_soft=['0','1']\n", "key \"cpus_soft\": the list has 2 entries for 1 vCPU; the last ones");
}

static void json_round_trips(void)
{
    round_trip(HEAD);
    round_trip(
        HEAD
        "ramdisk='/r'\ncmdline='a \\\"b\\\" \\\\ \\n \\x01 \xc3\xa4'\nuuid='12345678-1234-1234-1234-123456789abc'\n"
        "memory=100\nmaxmem=200\nvcpus=2\nmaxvcpus=4\ncpus='0-3,^1,511'\ncpu_weight=512\ncap=50\non_poweroff='preserve'"
        "\n"
        "on_reboot='rename-restart'\non_crash='coredump-destroy'\non_watchdog='restart'\non_soft_reset='destroy'\n");
    round_trip(HEAD "cpus='all'\ncmdline=''\n");
    round_trip(HEAD "vcpus=3\ncpus=['0','1-2','all']\n");
    round_trip(HEAD "vcpus=3\ncpus='0-3'\ncpus_soft='1'\n");
    round_trip(HEAD "vcpus=3\ncpus=['0']\ncpus_soft=['0','all']\n");
    round_trip(HEAD "disk=['/a,qcow2,xvda,r,discard','vdev=xvdc,target=/b,c','phy:/d,xvdb,w']\n");
    round_trip(HEAD "vif=['mac=00:16:3e:01:02:03,bridge=b,rate=10Mb/s','']\n");
}

static void json_says(const char *json, const char *sentence)
{
    struct config_case result;

    result.status = ctl_config_from_json(&result.config, json, &result.messages);
    CU_ASSERT_EQUAL(result.status, -EINVAL);
    CU_ASSERT(says(&result, true, sentence));
    end(&result);
}

static void json_mistakes(void)
{
    struct config_case result;

    json_says("", "not valid JSON");
    json_says("{", "not valid JSON");
    json_says("[]", "a configuration is one object");
    json_says("5", "a configuration is one object");
    json_says("{\"name\":{}}", "an object within the object");
    json_says("{\"name\":null}", "null has no meaning");
    json_says("{\"name\":true}", "true and false");
    json_says("{\"cpus\":[[\"0\"]]}", "an array within an array");
    json_says("{\"name\":\"a\\u0000\"}", "zero byte");
    json_says("{\"name\":\"a\",\"name\":\"b\"}", "member \"name\" appears twice");
    json_says("{\"name\":\"a\"} x", "not valid JSON");
    json_says("{\"name\":\"\xff\"}", "not valid JSON");
    json_says("{\"name\":\"g\"}", "key \"kernel\" is missing");
    json_says("{\"schema\":\"keel.config/9\"}", "\"keel.config/9\" is not known");
    json_says("{\n \"name\":\"g\",\"kernel\":\"/k\",\n \"vcpus\": 0}", "JSON:3:11: key \"vcpus\": 0 is out of range");
    json_says("{\"name\":\"g\",\"kernel\":\"/k\",\"vcpus\":1.5}", "\"1.5\" is not a number");
    json_says("{\"name\":\"g\",\"kernel\":\"/k\",\"memory_kib\":1e3}", "\"1e3\" is not a number");
    json_says("{\"name\":\"g\",\"kernel\":\"/k\",\"memory_kib\":16,\"max_memory_kib\":8}",
              "key \"max_memory_kib\": 8 is less than the 16 of memory_kib");
    result.status =
        ctl_config_from_json(&result.config, "{\"name\":\"g\",\"kernel\":\"/k\",\"memory\":64}", &result.messages);
    CU_ASSERT_EQUAL(result.status, 0);
    CU_ASSERT(says(&result, false, "member \"memory\" is unknown and ignored"));
    end(&result);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(ranges),
        TEST_CASE(combinations),
        TEST_CASE(required),
        TEST_CASE(type),
        TEST_CASE(uuid),
        TEST_CASE(actions),
        TEST_CASE(cpus),
        TEST_CASE(refused_and_ignored_keys),
        TEST_CASE(table_is_sound),
        TEST_CASE(files),
        TEST_CASE(preferred_cpus),
        TEST_CASE(json_round_trips),
        TEST_CASE(json_mistakes),
    };
    return RUN_TESTS("config values", tests);
}
