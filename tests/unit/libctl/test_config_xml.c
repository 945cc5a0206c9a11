/* SPDX-License-Identifier: MIT */
/* Configurations as libvirt's XML and in xl.cfg's grammar: round trips, named losses, refusals with their line. */
#include "../run_tests.h"
#include "config_case.h"

#include <errno.h>
#include <stdlib.h>

static struct config_case from_xml(const char *xml)
{
    struct config_case result;

    result.status = ctl_config_from_xml(&result.config, "g.xml", xml, strlen(xml), &result.messages);
    return result;
}

/* The same but for where it came from. */
static bool same(struct ctl_config *a, struct ctl_config *b)
{
    char *sources[2] = { a->source, b->source };

    a->source = b->source = NULL;
    char *first = ctl_config_to_json(a), *second = ctl_config_to_json(b);
    bool equal = first && second && strcmp(first, second) == 0;

    if (!equal)
        fprintf(stderr, "%s\n%s\n", first, second);
    free(first);
    free(second);
    a->source = sources[0];
    b->source = sources[1];
    return equal;
}

/* Into XML and back, losing nothing and saying nothing. */
static void through_xml(const char *text)
{
    struct config_case first = parse(text), second;
    struct ctl_config_messages losses;
    char *xml;

    CU_ASSERT_EQUAL_FATAL(first.status, 0);
    CU_ASSERT_EQUAL_FATAL(ctl_config_to_xml(&first.config, &xml, &losses), 0);
    CU_ASSERT_EQUAL(losses.count, 0);
    second = from_xml(xml);
    CU_ASSERT_EQUAL(second.status, 0);
    CU_ASSERT_EQUAL(second.messages.count, 0);
    for (size_t i = 0; i < second.messages.count; i++)
        fprintf(stderr, "%s\n%s", second.messages.list[i].text, xml);
    CU_ASSERT(same(&first.config, &second.config));
    free(xml);
    ctl_config_messages_free(&losses);
    end(&first);
    end(&second);
}

static void xml_round_trips(void)
{
    through_xml(HEAD);
    through_xml(HEAD "uuid='12345678-1234-1234-1234-123456789abc'\nramdisk='/r'\ncmdline='a=\"b\" <c> & \xc3\xa4'\n"
                "memory=100\nmaxmem=200\nvcpus=2\nmaxvcpus=4\ncpus='0-3,^1'\non_poweroff='preserve'\n"
                "on_reboot='rename-restart'\non_crash='coredump-restart'\n");
    through_xml(HEAD "vcpus=2\ncpus=['0','1-2']\n");
    through_xml(HEAD "disk=['/dev/vg/a,,xvda','/b.qcow2,qcow2,xvdb,r','/i.iso,,hdc,cdrom',"
                "'vdev=xvdd,backendtype=qdisk,backend=stor,discard,target=/x,y']\n");
    through_xml(HEAD "vif=['mac=00:16:3e:01:02:03,bridge=b0,model=e1000,vifname=v,script=/s,ip=1.2.3.4,mtu=9000','']\n");
}

static void xml_losses(void)
{
    static const char *const lost[] = { "cap", "cpu_weight", "on_watchdog", "on_soft_reset", "a disk's script",
                                        "direct-io-safe", "gatewaydev", "a rate in xl's units", "devid", "specification",
                                        "key \"cpus_soft\": libvirt's XML cannot say which CPUs are preferred",
                                        "key \"disk\": libvirt's XML cannot say whether its backend",
                                        "key \"vif\": libvirt's XML cannot say whether its backend" };
    struct config_case first = parse(HEAD "cap=5\ncpu_weight=9\non_watchdog='restart'\non_soft_reset='destroy'\ncpus_soft='0'\n"
                                     "disk=['/a,,xvda,script=/s,direct-io-safe,specification=xen,trusted']\n"
                                     "vif=['gatewaydev=g,rate=1Mb/s,devid=4,untrusted']\n");
    struct config_case messages = { 0 };
    char *xml;

    CU_ASSERT_EQUAL_FATAL(first.status, 0);
    CU_ASSERT_EQUAL(ctl_config_to_xml(&first.config, &xml, &messages.messages), 0);
    CU_ASSERT_EQUAL(messages.messages.count, sizeof(lost) / sizeof(lost[0]));
    for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++)
        CU_ASSERT(says(&messages, false, lost[i]));
    free(xml);
    ctl_config_messages_free(&messages.messages);
    end(&first);
}

static void xml_says(const char *xml, bool is_error, const char *sentence)
{
    struct config_case result = from_xml(xml);

    CU_ASSERT_EQUAL(result.status, is_error ? -EINVAL : 0);
    CU_ASSERT(says(&result, is_error, sentence));
    end(&result);
}

#define GUEST "<domain type='xen'><name>g</name><os><type machine='xenpvh'>xenpvh</type><kernel>/k</kernel></os>\n"

static void xml_mistakes(void)
{
    xml_says("", true, "not well-formed XML");
    xml_says("<domain", true, "g.xml:1:");
    xml_says("<a/>", true, "<a> is no <domain>");
    xml_says("<domain type='kvm'/>", true, "the domain's type is \"kvm\", not \"xen\"");
    xml_says("<!DOCTYPE domain [<!ENTITY e 'x'>]><domain type='xen'><name>&e;</name></domain>", true, "document type");
    xml_says("<domain type='xen'><name>g</name></domain>", true, "kernel");
    xml_says("<domain type='xen'>\n<os><type>linux</type></os></domain>", true, "g.xml:2:5: element <type>: there are only PVH");
    xml_says(GUEST "<memory unit='furlong'>5</memory></domain>", true, "g.xml:2:1: element <memory>: an amount");
    xml_says(GUEST "<vcpu>0</vcpu></domain>", true, "g.xml:2:1: key \"vcpus\": 0 is out of range");
    xml_says(GUEST "<name>h</name></domain>", true, "element <name> appears twice");
    xml_says(GUEST "<on_reboot>explode</on_reboot></domain>", true, "\"explode\" is no action");
    xml_says(GUEST "<devices>\n<hostdev/></devices></domain>", true, "g.xml:3:1: element <hostdev>: devices of this kind");
    xml_says(GUEST "<devices><disk><source file='/a'/></disk></devices></domain>", true, "no vdev");
    xml_says(GUEST "<devices><interface><mac address='x'/></interface></devices></domain>", true, "\"x\" is no MAC address");
    xml_says(GUEST "<devices><interface><source bridge='a,b'/></interface></devices></domain>", true, "a comma cannot be");
    xml_says(GUEST "<cputune><vcpupin vcpu='1'/></cputune></domain>", true, "g.xml:2:10: element <vcpupin>: vcpu, below 128");
    xml_says(GUEST "<cputune><vcpupin vcpu='128' cpuset='0'/></cputune></domain>", true, "element <vcpupin>: vcpu, below 128");
    xml_says(GUEST "<cputune><vcpupin vcpu='0' cpuset='0'/>\n<vcpupin vcpu='0' cpuset='1'/></cputune></domain>", true,
             "g.xml:3:1: element <vcpupin>: vcpu, below 128, and cpuset are needed, for each vCPU once");
    xml_says(GUEST "<cputune><vcpupin vcpu='0' cpuset='0'/>\n<vcpupin vcpu='1' cpuset='x'/></cputune></domain>", true,
             "g.xml:3:1: key \"cpus\": \"x\" is no CPU");
    xml_says(GUEST "<cputune/><cputune/></domain>", true, "element <cputune> appears twice");
    xml_says(GUEST "<genid/></domain>", false, "element <genid> is ignored");
    xml_says(GUEST "<title>\xc3\xa4</title><genid/><on_x/>\n</domain>", false, "g.xml:2:25: element <on_x> is ignored");
    xml_says(GUEST "<devices><disk\n type='file'><source file='/a'/><target dev='xvda'/></disk>\n  <hostdev/> <hostdev/>"
             "</devices></domain>", true, "g.xml:4:14: element <hostdev>");
    xml_says(GUEST "<devices>\n  <disk\n type='file'/></devices></domain>", true, "g.xml:3:3: key \"disks\": no vdev");
    xml_says(GUEST "<title>x</title></domain>", false, "g.xml:2:1: element <title> is ignored");
    xml_says(GUEST "<features><acpi/><viridian/></features></domain>", false, "element <viridian> is ignored");
    xml_says(GUEST "<clock offset='localtime'/></domain>", false, "element <clock>: offset \"localtime\" is ignored");
    xml_says(GUEST "<devices><graphics type='vnc'/></devices></domain>", false, "element <graphics> is ignored");
    xml_says(GUEST "<devices><disk><driver cache='none'/><target dev='xvda'/><source dev='/a'/></disk></devices></domain>",
             false, "attribute cache of <driver> is ignored");
    xml_says(GUEST "<devices><disk><boot order='1'/><target dev='xvda'/><source dev='/a'/></disk></devices></domain>",
             false, "element <boot> is ignored");
    xml_says(GUEST "<devices><interface type='bridge'><bandwidth/></interface></devices></domain>", false,
             "element <bandwidth> is ignored");
    xml_says(GUEST "<devices><interface type='network'><source network='default'/></interface></devices></domain>", true,
             "type \"network\" is not available");
    struct config_case result = from_xml(GUEST "<memory unit='GiB'>1</memory><currentMemory>524288</currentMemory>"
                                         "</domain>\n<!-- -->\n");

    CU_ASSERT_EQUAL(result.status, 0);
    CU_ASSERT_EQUAL(result.config.max_memory_kib, 1 << 20);
    CU_ASSERT_EQUAL(result.config.memory_kib, 1 << 19);
    end(&result);
}

/* libvirt pins some vCPUs and leaves the others to <vcpu>, wherever that stands. */
static void pins(void)
{
    static const struct {
        const char *xml, *list;
    } cases[] = {
        { "<vcpu>3</vcpu><cputune><vcpupin vcpu='1' cpuset='0'/></cputune></domain>", "cpus = [ \"all\", \"0\" ]\n" },
        { "<cputune><vcpupin vcpu='1' cpuset='0'/></cputune><vcpu current='2' cpuset='0-1'>3</vcpu></domain>",
          "cpus = [ \"0-1\", \"0\", \"0-1\" ]\n" },
        { "<vcpu cpuset='2'>2</vcpu><cputune><vcpupin vcpu='1' cpuset='1'/><vcpupin vcpu='0' cpuset='0'/></cputune></domain>",
          "cpus = [ \"0\", \"1\" ]\n" },
        { "<vcpu cpuset='2'>2</vcpu><cputune/></domain>", "cpus = \"2\"\n" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[1024];

        snprintf(text, sizeof(text), GUEST "%s", cases[i].xml);
        struct config_case result = from_xml(text);
        char *cfg = result.status == 0 ? ctl_config_to_cfg(&result.config) : NULL;

        CU_ASSERT_EQUAL(result.messages.count, 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(cfg);
        CU_ASSERT_PTR_NOT_NULL(strstr(cfg, cases[i].list));
        free(cfg);
        end(&result);
    }
}

static void cfg_round_trips(void)
{
    static const char *const texts[] = {
        HEAD,
        HEAD "uuid='12345678-1234-1234-1234-123456789abc'\ncmdline='a \\\"b\\\" \\\\ \\n \\x01 \xc3\xa4'\nramdisk='/r'\n"
             "memory=100\nmaxmem=200\nvcpus=2\nmaxvcpus=4\ncpus=['0','all']\ncpu_weight=5\ncap=7\n"
             "on_poweroff='preserve'\non_reboot='destroy'\non_crash='restart'\non_watchdog='restart'\n"
             "on_soft_reset='destroy'\n",
        HEAD "cpus='0-3'\ncpus_soft='1'\ndisk=['/a,qcow2,xvda,r']\nvif=['bridge=b','']\n",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct config_case first = parse(texts[i]);
        char *cfg = ctl_config_to_cfg(&first.config);

        CU_ASSERT_PTR_NOT_NULL_FATAL(cfg);
        struct config_case second = parse(cfg);

        CU_ASSERT_EQUAL(second.status, 0);
        CU_ASSERT(same(&first.config, &second.config));
        free(cfg);
        end(&first);
        end(&second);
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(xml_round_trips),
        TEST_CASE(xml_losses),
        TEST_CASE(xml_mistakes),
        TEST_CASE(pins),
        TEST_CASE(cfg_round_trips),
    };
    return RUN_TESTS("other forms of a configuration", tests);
}
