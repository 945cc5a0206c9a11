/* SPDX-License-Identifier: MIT */
/* Disks and interfaces in xl's words: what Debian's xl 4.17 makes of the same lines, refusals, and round trips. */
#include "../run_tests.h"
#include "config_case.h"
#include "libctl/config_devices.h"

#include <stdlib.h>
#include <zlib.h>

/* Parses, and prints what came of it; the caller frees it. NULL: refused, with `why` filled. */
static char *disk_as(const char *text, char why[CONFIG_WHY_MAX])
{
    struct ctl_disk disk;
    char *printed = config_disk_parse(text, &disk, why) ? config_disk_print(&disk) : NULL;

    config_disk_free(&disk);
    return printed;
}

static char *nic_as(const char *text, char why[CONFIG_WHY_MAX])
{
    struct ctl_nic nic;
    char *printed = config_nic_parse(text, &nic, NULL, why) ? config_nic_print(&nic) : NULL;

    config_nic_free(&nic);
    return printed;
}

typedef char *(*parser)(const char *text, char why[CONFIG_WHY_MAX]);

static void becomes(parser parse_as, const char *text, const char *expected)
{
    char why[CONFIG_WHY_MAX] = "";
    char *printed = parse_as(text, why);

    CU_ASSERT_PTR_NOT_NULL_FATAL(printed);
    CU_ASSERT_STRING_EQUAL(printed, expected);
    if (strcmp(printed, expected) != 0)
        fprintf(stderr, "%s\n  becomes %s\n  not     %s\n", text, printed, expected);
    char *again = parse_as(printed, why);

    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    CU_ASSERT_STRING_EQUAL(again, printed);
    free(again);
    free(printed);
}

static void is_refused(parser parse_as, const char *text, const char *sentence)
{
    char why[CONFIG_WHY_MAX] = "";
    char *printed = parse_as(text, why);

    CU_ASSERT_PTR_NULL(printed);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, sentence));
    if (!strstr(why, sentence))
        fprintf(stderr, "%s\n  says %s\n  not  %s\n", text, why, sentence);
    free(printed);
}

static void disks(void)
{
    static const char hda[] = "format=raw, vdev=hda, access=rw, target=/dev/vg/g";
    static const char hdc[] = "format=raw, vdev=hdc, access=ro, devtype=cdrom, target=/i.iso";

    becomes(disk_as, "/dev/vg/g,,hda", hda);
    becomes(disk_as, "/dev/vg/g,raw,hda,rw", hda);
    becomes(disk_as, "format=raw, vdev=hda, access=rw, target=/dev/vg/g", hda);
    becomes(disk_as, "phy:/dev/vg/g,hda,w", hda);
    becomes(disk_as, "/i.iso,,hdc,cdrom", hdc);
    becomes(disk_as, "/i.iso,,hdc,,cdrom", hdc);
    becomes(disk_as, "format=raw, vdev=hdc, access=ro, devtype=cdrom, target=/i.iso", hdc);
    becomes(disk_as, "raw:/i.iso,hdc:cdrom,ro", hdc);
    becomes(disk_as, ",empty,hdc,cdrom", "format=empty, vdev=hdc, access=ro, devtype=cdrom, target=");
    becomes(disk_as, "file:/a.img,xvdc,r", "format=raw, vdev=xvdc, access=ro, target=/a.img");
    becomes(disk_as, "tap:qcow2:/x/y,xvda,w", "format=qcow2, vdev=xvda, access=rw, target=/x/y");
    becomes(disk_as, ",hdc:cdrom,r", "format=empty, vdev=hdc, access=ro, devtype=cdrom, target=");
    becomes(disk_as, ",,hdc,cdrom", "format=empty, vdev=hdc, access=ro, devtype=cdrom, target=");
    becomes(disk_as, "format=raw,/dev/vg/g,hda", hda);
    becomes(disk_as, "/dev/vg/g,vdev=hda,raw,w", hda);
    becomes(disk_as, "vdev=hda,/dev/vg/g", hda);
    becomes(disk_as, ",raw,hda,w,target=/dev/vg/g", hda);
    becomes(disk_as, "/dev/vg/g, raw, hda, w", hda);
    becomes(disk_as, "/dev/vg/g,,,,vdev=hda", hda);
    becomes(disk_as, "tapdisk:/dev/vg/g,hda,w", hda);
    becomes(disk_as, "tap:aio:qcow2:/x/y,xvda,w", "format=qcow2, vdev=xvda, access=rw, target=/x/y");
    becomes(disk_as, "foo:bar,raw,xvda", "format=raw, vdev=xvda, access=rw, target=foo:bar");
    becomes(disk_as, "enbd:a:b,xvda,w", "format=raw, vdev=xvda, access=rw, script=block-enbd, target=a:b");
    becomes(disk_as, "/a,raw,xvda,w,specification=virtio,untrusted,no-colo",
            "format=raw, vdev=xvda, access=rw, specification=virtio, untrusted, target=/a");
    becomes(disk_as, "drbd:res,xvda,w", "format=raw, vdev=xvda, access=rw, script=block-drbd, target=res");
    becomes(disk_as, "backendtype=phy,vdev=sda1,target=/dev/x",
            "format=raw, vdev=sda1, access=rw, backendtype=phy, target=/dev/x");
    becomes(disk_as, "/a,qcow2,xvda,r,backend=stor,script=/s,discard,direct-io-safe",
            "format=qcow2, vdev=xvda, access=ro, backend=stor, script=/s, discard, direct-io-safe, target=/a");
    becomes(disk_as, "vdev=xvda,no-discard,target=/a,b,c", "format=raw, vdev=xvda, access=rw, no-discard, target=/a,b,c");
    becomes(disk_as, "/a,vhd,d5p3,w", "format=vhd, vdev=d5p3, access=rw, target=/a");
}

static void bad_disks(void)
{
    is_refused(disk_as, "", "no vdev");
    is_refused(disk_as, "/a", "no vdev");
    is_refused(disk_as, "/a,raw", "no vdev");
    is_refused(disk_as, "vdev=xvda", "no target");
    is_refused(disk_as, "/a,zip,xvda", "\"zip\" is no format of a disk");
    is_refused(disk_as, "/a,qed,xvdaa,!", "\"!\" is no access to a disk");
    is_refused(disk_as, "/a,raw,foo", "\"foo\" is no virtual disk");
    is_refused(disk_as, "/a,raw,xvd", "\"xvd\" is no virtual disk");
    is_refused(disk_as, "/a,raw,d5p", "\"d5p\" is no virtual disk");
    is_refused(disk_as, "bogus=1,target=/a,vdev=xvda", "\"bogus\" is no parameter of a disk");
    is_refused(disk_as, "/a,raw,xvda,w,x", "\"x\" is no fifth thing");
    is_refused(disk_as, "/a,raw,xvda,vdev=xvdb", "its vdev is given twice, the second time as \"xvdb\"");
    is_refused(disk_as, "/a,raw,xvda,w,format=qcow2", "its format is given twice");
    is_refused(disk_as, "raw:qcow2:/a,xvda,w", "its format is given twice");
    is_refused(disk_as, "/a,raw,xvda,w,target=/b", "its target is given twice");
    is_refused(disk_as, "foo:bar,xvda,w", "\"xvda\" is no format of a disk");
    is_refused(disk_as, "/a,raw,xvda,specification=scsi", "\"scsi\" is no specification of a disk");
    is_refused(disk_as, "/a,raw,xvda,colo", "colo is refused: disks are not replicated");
    is_refused(disk_as, "/a,raw,xvda,colo-host=h", "colo-host is refused: disks are not replicated");
    is_refused(disk_as, "/a,empty,xvda,w", "only a CD drive can be empty");
    is_refused(disk_as, "/a,raw,xvda,devtype=tape", "\"tape\" is no kind of device");
    is_refused(disk_as, "/a,raw,xvda,backendtype=x", "\"x\" is no backend of a disk");
    char longest[1000];

    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    is_refused(disk_as, longest, "it is too long");
}

static void interfaces(void)
{
    becomes(nic_as, "", "");
    becomes(nic_as, "bridge=xenbr0", "bridge=xenbr0");
    becomes(nic_as, "mac=0:16:3E:1:2:3", "mac=00:16:3e:01:02:03");
    becomes(nic_as, " mac = 00:16:3e:11:22:33 , bridge=b ", "mac=00:16:3e:11:22:33,bridge=b");
    becomes(nic_as, "type=vif,vifname=a,model=b,script=/s,backend=stor,gatewaydev=g,ip=1.2.3.4 5.6.7.8,devid=3,mtu=9000",
            "gatewaydev=g,vifname=a,script=/s,ip=1.2.3.4 5.6.7.8,model=b,backend=stor,type=vif,devid=3,mtu=9000");
    becomes(nic_as, "rate=10Mb/s", "rate=1250000B/s@50000us");
    becomes(nic_as, "rate=250KB/s@20ms", "rate=250000B/s@20000us");
    becomes(nic_as, "rate=1MB/s@1s", "rate=1000000B/s@1000000us");
    becomes(nic_as, "rate=1Gb/s@500us", "rate=125000000B/s@500us");
    becomes(nic_as, "rate=1GB/s@2s", "rate=1000000000B/s@2000000us");
    becomes(nic_as, "rate=10Mb/s@20", "rate=1250000B/s@20000000us"); /* as xl 4.17 takes it */
    becomes(nic_as, "netdev=eth0", "gatewaydev=eth0");
    becomes(nic_as, "bridge=b,untrusted", "bridge=b,untrusted");
    becomes(nic_as, "trusted", "trusted");
}

static bool is_known(parser parse_as, const char *text)
{
    char why[CONFIG_WHY_MAX] = "";

    free(parse_as(text, why));
    return !strstr(why, "is no parameter") && !strstr(why, "is no fifth");
}

/*
 * Every parameter that Debian's manual page has a heading for, a line that begins with `mark`, is known to the parser,
 * as a flag or with a value. Returns how many there are.
 */
static int manual_of(const char *page, const char *mark, parser parse_as, const char *before)
{
    gzFile manual = gzopen(page, "r");
    char line[1024];
    int found = 0;

    if (!manual)
        fprintf(stderr, "%s is not there: make setup unpacks it\n", page);
    CU_ASSERT_PTR_NOT_NULL_FATAL(manual);
    while (gzgets(manual, line, sizeof(line))) {
        if (strncmp(line, mark, strlen(mark)) != 0)
            continue;
        for (const char *at = line + strlen(mark); at; found++) { /* "discard\fR / \fBno-discard": both */
            char flag[128], pair[136];

            at += strncmp(at, "\\fB", 3) == 0 ? 3 : 0;
            snprintf(flag, sizeof(flag), "%s%.*s", before, (int)strspn(at, "abcdefghijklmnopqrstuvwxyz-"), at);
            snprintf(pair, sizeof(pair), "%s=x", flag);
            bool known = is_known(parse_as, flag) || is_known(parse_as, pair) || strstr(flag, "deprecated-prefix");

            CU_ASSERT(known);
            if (!known)
                fprintf(stderr, "%s has %s\n", page, flag);
            at = strstr(at, " / ");
            at += at ? 3 : 0;
        }
    }
    gzclose(manual);
    return found;
}

static void manuals(void)
{
#define MANUALS "build/debian/xen/usr/share/man/man5/" /* the tests run in the root of the tree */
    CU_ASSERT(manual_of(MANUALS "xl-disk-configuration.5.gz", ".IP \"\\fB", disk_as, "/a,raw,xvda,w,") > 18);
    CU_ASSERT(manual_of(MANUALS "xl-network-configuration.5.gz", ".SS \"", nic_as, "") > 12);
}

static void bad_interfaces(void)
{
    is_refused(nic_as, "mac=junk", "\"junk\" is no MAC address");
    is_refused(nic_as, "mac=00:16:3e:11:22", "is no MAC address");
    is_refused(nic_as, "mac=00:16:3e:11:22:33:44", "is no MAC address");
    is_refused(nic_as, "mac=01:16:3e:11:22:33", "its first byte is that of a group");
    is_refused(nic_as, "rate=junk", "\"junk\" is no rate");
    is_refused(nic_as, "rate=5Mb", "\"5Mb\" is no rate");
    is_refused(nic_as, "rate=5Mb/s@7h", "is no rate");
    is_refused(nic_as, "rate=99999999999GB/s", "is no rate");
    is_refused(nic_as, "rate=1MB/s@61s", "is no rate of up to a minute's interval");
    is_refused(nic_as, "rate=1b/s", "is no rate of a byte or more");
    is_refused(nic_as, "type=foo", "\"foo\" is no kind of interface");
    is_refused(nic_as, "mtu=x", "\"x\" is no MTU");
    is_refused(nic_as, "devid=-1", "\"-1\" is no number of an interface");
    is_refused(nic_as, "colour=red", "\"colour\" is no parameter of an interface");
    is_refused(nic_as, "bridge", "write it as key=value");
}

/* However many there are, their names take no more than their room. */
static void unknown_interface_parameters(void)
{
    char text[CONFIG_WHY_MAX * 2] = "bridge=b", unknown[CONFIG_WHY_MAX + 1], why[CONFIG_WHY_MAX];
    struct ctl_nic nic;

    unknown[CONFIG_WHY_MAX] = '#';
    for (int i = 0; i < 60; i++)
        strcat(text, ",abc=1");
    CU_ASSERT_TRUE(config_nic_parse(text, &nic, unknown, why));
    CU_ASSERT_STRING_EQUAL(nic.bridge, "b");
    CU_ASSERT_EQUAL(strlen(unknown), CONFIG_WHY_MAX - 1);
    CU_ASSERT_EQUAL(unknown[CONFIG_WHY_MAX], '#');
    config_nic_free(&nic);
    CU_ASSERT_FALSE(config_nic_parse("abc=1,mac=junk", &nic, unknown, why));
    config_nic_free(&nic);
    CU_ASSERT_TRUE(config_nic_parse("mtu=9", &nic, unknown, why));
    CU_ASSERT_STRING_EQUAL(unknown, "");
    config_nic_free(&nic);
}

static void in_a_configuration(void)
{
    struct config_case result = parse(HEAD "disk = [ '/a,,xvda', '/b,,xvdb,r' ]\nvif = [ '', 'devid=7', 'bridge=b' ]\n");

    CU_ASSERT_EQUAL_FATAL(result.status, 0);
    CU_ASSERT_EQUAL_FATAL(result.config.disks_count, 2);
    CU_ASSERT_STRING_EQUAL(result.config.disks[1].target, "/b");
    CU_ASSERT_FALSE(result.config.disks[1].writable);
    CU_ASSERT_EQUAL_FATAL(result.config.nics_count, 3);
    CU_ASSERT_EQUAL(result.config.nics[0].number, 0);
    CU_ASSERT_EQUAL(result.config.nics[1].number, 7);
    CU_ASSERT_EQUAL(result.config.nics[2].number, 2);
    end(&result);
    /* as in xl, what is no parameter is told of; the rest counts */
    result = parse(HEAD "vif = [ 'accel=1,bridge=b,fast', 'colour=red' ]\n");
    CU_ASSERT_EQUAL_FATAL(result.status, 0);
    CU_ASSERT(says(&result, false, "g.cfg:3:9: key \"vif\": no parameter of an interface, and ignored: \"accel\", \"fast\""));
    CU_ASSERT(says(&result, false, "g.cfg:3:34: key \"vif\": no parameter of an interface, and ignored: \"colour\""));
    CU_ASSERT_EQUAL_FATAL(result.config.nics_count, 2);
    CU_ASSERT_STRING_EQUAL(result.config.nics[0].bridge, "b");
    end(&result);
    refused(HEAD "disk=['/a,,xvda',\n  '/b,,xvda']\n", "g.cfg:4:3: key \"disk\": there are two disks xvda");
    /* by their numbers: xvda has other names */
    refused(HEAD "disk=['/a,,xvda', '/b,,d0', '/c,,51712']\n", "g.cfg:3:19: key \"disk\": there are two disks xvda (d0)");
    refused(HEAD "vif=['', 'devid=0']\n", "g.cfg:3:10: key \"vif\": there are two interfaces with the number 0 (devid)");
    refused(HEAD "vif=['devid=1', '']\n", "g.cfg:3:17: key \"vif\": there are two interfaces with the number 1 (devid)");
    accepted(HEAD "vif=['devid=1', 'devid=0']\n");
    refused(HEAD "disk='phy:/dev/x,xvda,w'\n", "key \"disk\": a list of strings expected");
    refused(HEAD "disk=[['/a']]\n", "g.cfg:3:7: key \"disk\": a string expected");
    refused(HEAD "vif=['mac=1']\n", "g.cfg:3:6: key \"vif\": \"1\" is no MAC address");
    accepted(HEAD "disk=[]\nvif=''\n");
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(disks),
        TEST_CASE(bad_disks),
        TEST_CASE(interfaces),
        TEST_CASE(bad_interfaces),
        TEST_CASE(unknown_interface_parameters),
        TEST_CASE(manuals),
        TEST_CASE(in_a_configuration),
    };
    return RUN_TESTS("devices of a configuration", tests);
}
