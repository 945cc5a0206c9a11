/* SPDX-License-Identifier: MIT */
/* Devices, as far as they are decided without a hypervisor: numbers, nodes of the store, addresses, refusals. */
#include "../run_tests.h"
#include "libctl/config_devices.h"
#include "libctl/device_nodes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    free(lines);
}

static char *nic_nodes(const char *text)
{
    const struct device_id id = { CTL_DEVICE_NIC, 7, 2 };
    char why[CONFIG_WHY_MAX], *lines = NULL;
    struct ctl_nic nic;
    size_t size;
    FILE *file = open_memstream(&lines, &size);

    CU_ASSERT_FATAL(config_nic_parse(text, &nic, why));
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

    CU_ASSERT_FATAL(config_nic_parse(text, &nic, why));
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
    disk_is("/a,,hdc,cdrom", "CD drives");
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

int main(void)
{
    const CU_TestInfo tests[] = {
        TEST_CASE(numbers_are_those_of_xen_vbd_interface), TEST_CASE(a_disk_has_these_nodes),
        TEST_CASE(an_interface_has_these_nodes), TEST_CASE(an_address_follows_from_uuid_and_number),
        TEST_CASE(what_has_no_backend_is_refused),
    };

    return RUN_TESTS("devices", tests);
}
