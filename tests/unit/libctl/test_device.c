/* SPDX-License-Identifier: MIT */
/* Devices, as far as they are decided without a hypervisor: numbers, nodes of the store, addresses, refusals. */
#include "../run_tests.h"
#include "libctl/config_devices.h"
#include "libctl/device_link.h"
#include "libctl/device_medium.h"
#include "libctl/device_nodes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void numbers_are_those_of_xen_vbd_interface(void)
{
    static const struct { const char *vdev; uint32_t number; } disks[] = {
        { "xvda", 51712 }, { "xvda1", 51713 }, { "xvdb", 51728 }, { "xvdp15", 51967 }, { "xvdq", 1u << 28 | 16 << 8 },
        { "xvdaa", 1u << 28 | 26 << 8 }, { "xvda16", 1u << 28 | 16 }, { "d0", 51712 }, { "d1p2", 51730 },
        { "d16", 1u << 28 | 16 << 8 }, { "hda", 768 }, { "hdb", 832 }, { "hdc", 5632 }, { "hdd63", 5759 },
        { "sda", 2048 }, { "sdb1", 2065 }, { "sdp", 2288 }, { "51712", 51712 }, { "0xca00", 51712 },
    };
    static const char *const refused[] = {
        "", "xvd", "xvdA", "xvda256", "xvda1p1", "xvda01", "hde", "hda64", "sdq", "sda16", "d", "dx", "d1p", "d01",
        "vda", "51712x", "xvdzzzzzz", "99999999999",
    };
    uint32_t number;

    for (size_t i = 0; i < sizeof(disks) / sizeof(disks[0]); i++) {
        number = 0;
        CU_ASSERT_EQUAL(ctl_disk_number(disks[i].vdev, &number), 0);
        CU_ASSERT_EQUAL(number, disks[i].number);
        if (number != disks[i].number)
            fprintf(stderr, "%s is %u, not %u\n", disks[i].vdev, number, disks[i].number);
    }
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        CU_ASSERT_EQUAL(ctl_disk_number(refused[i], &number), -EINVAL);
        if (ctl_disk_number(refused[i], &number) != -EINVAL)
            fprintf(stderr, "\"%s\" is taken\n", refused[i]);
    }
}

/* Nodes are told as lines: a letter for the side, name and value. */
static void tell(void *context, enum device_side side, const char *name, const char *value)
{
    fprintf(context, "%c %s=%s\n", "FBR"[side], name, value);
}

static void has_line(const char *lines, const char *line)
{
    const char *at = strstr(lines, line);
    bool whole = at && (at == lines || at[-1] == '\n') && at[strlen(line)] == '\n';

    CU_ASSERT(whole);
    if (!whole)
        fprintf(stderr, "no line \"%s\" in:\n%s", line, lines);
}

static char *disk_nodes(const char *text)
{
    const struct device_id id = { CTL_DEVICE_DISK, 7, 51728 };
    char why[CONFIG_WHY_MAX], *lines = NULL;
    struct ctl_disk disk;
    size_t size;
    FILE *file = open_memstream(&lines, &size);

    CU_ASSERT_FATAL(config_disk_parse(text, &disk, why));
    device_nodes_disk(&id, &disk, 7, 18, tell, file);
    fclose(file);
    config_disk_free(&disk);
    return lines;
}

static void a_disk_has_these_nodes(void)
{
    static const char *const expected[] = {
        "F backend=/local/domain/0/backend/vbd/7/51728", "F backend-id=0", "F state=1", "F virtual-device=51728",
        "F device-type=disk", "B frontend=/local/domain/7/device/vbd/51728", "B frontend-id=7", "B online=1",
        "B state=1", "B removable=1", "B bootable=1", "B dev=xvdb", "B type=phy", "B mode=w", "B device-type=disk",
        "B discard-enable=1", "B params=/a/b,c", "B physical-device=7:12",
        "R backend=/local/domain/0/backend/vbd/7/51728", "R frontend=/local/domain/7/device/vbd/51728",
        "R params=/a/b,c", "R dev=xvdb", "R mode=w", "R type=phy",
    };
    char *lines = disk_nodes("vdev=xvdb,target=/a/b,c");

    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        has_line(lines, expected[i]);
    has_line(lines, "B script=/bin/true");
    free(lines);
    lines = disk_nodes("/x,raw,xvdb,ro,no-discard,direct-io-safe");
    has_line(lines, "B mode=r");
    has_line(lines, "B discard-enable=0");
    has_line(lines, "B direct-io-safe=1");
    CU_ASSERT_PTR_NULL(strstr(lines, "trusted"));
    free(lines);
    lines = disk_nodes("/x,,xvdb,cdrom,untrusted"); /* a CD is a disk that cannot be written */
    has_line(lines, "B mode=r");
    has_line(lines, "F device-type=disk");
    has_line(lines, "F trusted=0");
    free(lines);
}

static char *nic_nodes(const char *text)
{
    const struct device_id id = { CTL_DEVICE_NIC, 7, 2 };
    char why[CONFIG_WHY_MAX], *lines = NULL;
    struct ctl_nic nic;
    size_t size;
    FILE *file = open_memstream(&lines, &size);

    CU_ASSERT_FATAL(config_nic_parse(text, &nic, NULL, why));
    device_nodes_nic(&id, &nic, nic.mac, tell, file);
    fclose(file);
    config_nic_free(&nic);
    return lines;
}

static void an_interface_has_these_nodes(void)
{
    static const char *const expected[] = {
        "F backend=/local/domain/0/backend/vif/7/2", "F backend-id=0", "F state=1", "F handle=2",
        "F mac=00:16:3e:01:02:0f", "F mtu=1400", "B frontend=/local/domain/7/device/vif/2", "B frontend-id=7",
        "B online=1", "B state=1", "B handle=2", "B mac=00:16:3e:01:02:0f", "B bridge=br1", "B script=/bin/true",
        "B type=vif", "B vifname=web", "B rate=62500,50000", "B mtu=1400", "B ip=10.0.0.1", "R handle=2",
        "R mac=00:16:3e:01:02:0f",
    };
    char *lines = nic_nodes("mac=0:16:3e:1:2:f,bridge=br1,vifname=web,rate=10Mb/s,mtu=1400,ip=10.0.0.1");

    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        has_line(lines, expected[i]);
    free(lines);
    lines = nic_nodes("");
    has_line(lines, "B bridge=xenbr0");
    CU_ASSERT_PTR_NULL(strstr(lines, "rate="));
    CU_ASSERT_PTR_NULL(strstr(lines, "mtu="));
    free(lines);
    lines = nic_nodes("bridge=");
    has_line(lines, "B bridge=");
    free(lines);
}

static void an_address_follows_from_uuid_and_number(void)
{
    const uint8_t one[16] = { 1 }, other[16] = { 2 };
    uint8_t first[6], again[6], second[6], others[6];

    device_mac_choose(one, 0, first);
    device_mac_choose(one, 0, again);
    device_mac_choose(one, 1, second);
    device_mac_choose(other, 0, others);
    CU_ASSERT_EQUAL(memcmp(first, (const uint8_t[]){ 0x00, 0x16, 0x3e }, 3), 0);
    CU_ASSERT(first[3] < 0x80);
    CU_ASSERT_EQUAL(memcmp(first, again, 6), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(first, second, 6), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(first, others, 6), 0);
}

static void disk_is(const char *text, const char *words)
{
    char why[CONFIG_WHY_MAX], refusal[DEVICE_WHY_MAX] = "";
    struct ctl_disk disk;

    CU_ASSERT_FATAL(config_disk_parse(text, &disk, why));
    CU_ASSERT_EQUAL(device_disk_possible(&disk, refusal), words == NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(refusal, words ? words : ""));
    if (!strstr(refusal, words ? words : ""))
        fprintf(stderr, "%s is refused with: %s\n", text, refusal);
    config_disk_free(&disk);
}

static void nic_is(const char *text, const char *words)
{
    char why[CONFIG_WHY_MAX], refusal[DEVICE_WHY_MAX] = "";
    struct ctl_nic nic;

    CU_ASSERT_FATAL(config_nic_parse(text, &nic, NULL, why));
    CU_ASSERT_EQUAL(device_nic_possible(&nic, refusal), words == NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(refusal, words ? words : ""));
    if (!strstr(refusal, words ? words : ""))
        fprintf(stderr, "%s is refused with: %s\n", text, refusal);
    config_nic_free(&nic);
}

static void what_has_no_backend_is_refused(void)
{
    disk_is("/a,raw,xvda,rw", NULL);
    disk_is("phy:/dev/x,xvda,r", NULL);
    disk_is("/a,raw,xvda,rw,backendtype=phy,backend=0", NULL);
    disk_is("/a,qcow2,xvda,rw", "format qcow2");
    disk_is("/a,vhd,xvda,rw", "format vhd");
    disk_is("/a,,hdc,cdrom", NULL);
    disk_is(",,hdc,cdrom", "an empty CD drive");
    disk_is("/a,raw,xvda,rw,specification=xen,trusted", NULL);
    disk_is("/a,raw,xvda,rw,specification=virtio", "specification=virtio");
    disk_is("/a,raw,xvda,rw,backendtype=qdisk", "backendtype=qdisk");
    disk_is("drbd:r0,xvda,w", "script=block-drbd");
    disk_is("/a,raw,xvda,rw,backend=storage", "backend=storage");
    nic_is("", NULL);
    nic_is("bridge=br0,script=/etc/xen/scripts/vif-bridge,model=e1000,backend=Domain-0", NULL);
    nic_is("script=vif-route", "script=vif-route");
    nic_is("type=ioemu", "type=ioemu");
    nic_is("gatewaydev=eth0", "gatewaydev");
    nic_is("backend=net", "backend=net");
}

static void medium_is(const char *target, int result, const char *words)
{
    struct ctl ctl = { .privcmd = -1, .buffers = -1 };
    char text[256], why[CONFIG_WHY_MAX];
    struct ctl_disk disk;

    snprintf(text, sizeof(text), "vdev=xvda,target=%s", target);
    CU_ASSERT_FATAL(config_disk_parse(text, &disk, why));
    CU_ASSERT_EQUAL(device_medium_check(&ctl, "disk xvda of domain 5", &disk), result);
    CU_ASSERT_PTR_NOT_NULL(strstr(ctl.error, words));
    CU_ASSERT_EQUAL(strncmp(ctl.error, "disk xvda of domain 5: ", 23), 0);
    if (!strstr(ctl.error, words))
        fprintf(stderr, "%s gives: %s\n", target, ctl.error);
    config_disk_free(&disk);
}

static void what_is_no_disk_is_told_from_one(void)
{
    char folder[] = "/tmp/keel-device-XXXXXX", path[64];

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/missing", folder);
    medium_is(path, -ENOENT, "missing: No such file or directory");
    medium_is("no-such-device", -ENOENT, "/dev/no-such-device: ");
    medium_is(folder, -EINVAL, "neither a file nor a block device");
    medium_is("/dev/null", -EINVAL, "neither a file nor a block device");
    snprintf(path, sizeof(path), "%s/pipe", folder);
    CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
    medium_is(path, -EINVAL, "neither a file nor a block device"); /* and does not wait for a writer */
    unlink(path);
    snprintf(path, sizeof(path), "%s/short", folder);
    CU_ASSERT_EQUAL_FATAL(mknod(path, S_IFREG | 0600, 0), 0);
    CU_ASSERT_EQUAL_FATAL(truncate(path, 511), 0);
    medium_is(path, -EINVAL, "less than one sector of 512 bytes");
    unlink(path);
    rmdir(folder);
}

static void link_is(const char *text, int result, const char *words)
{
    struct ctl ctl = { .privcmd = -1, .buffers = -1 };
    char why[CONFIG_WHY_MAX];
    struct ctl_nic nic;

    CU_ASSERT_FATAL(config_nic_parse(text, &nic, NULL, why));
    CU_ASSERT_EQUAL(device_link_check(&ctl, "network interface 0 of domain 5", &nic), result);
    CU_ASSERT_PTR_NOT_NULL(strstr(ctl.error, words));
    if (!strstr(ctl.error, words))
        fprintf(stderr, "%s gives: %s\n", text, ctl.error);
    config_nic_free(&nic);
}

static void names_of_interfaces_and_bridges_are_checked(void)
{
    link_is("bridge=", 0, "");
    link_is("bridge=,vifname=web0", 0, "");
    link_is("bridge=,vifname=lo", -EEXIST, "has an interface lo already");
    link_is("bridge=,vifname=a-name-of-sixteen", -EINVAL, "no name of an interface (up to 15 characters)");
    link_is("bridge=,vifname=a/b", -EINVAL, "no name of an interface");
    link_is("bridge=,vifname=vif%d", -EINVAL, "no name of an interface");
    link_is("bridge=no-such-br", -ENODEV, "no bridge no-such-br");
    link_is("bridge=lo", -ENODEV, "no bridge lo");
    link_is("bridge=../../tmp", -ENODEV, "no bridge ../../tmp");
}

int main(void)
{
    const CU_TestInfo tests[] = {
        TEST_CASE(numbers_are_those_of_xen_vbd_interface), TEST_CASE(a_disk_has_these_nodes),
        TEST_CASE(an_interface_has_these_nodes), TEST_CASE(an_address_follows_from_uuid_and_number),
        TEST_CASE(what_has_no_backend_is_refused), TEST_CASE(what_is_no_disk_is_told_from_one),
        TEST_CASE(names_of_interfaces_and_bridges_are_checked),
    };

    return RUN_TESTS("devices", tests);
}
