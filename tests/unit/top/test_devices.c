/* SPDX-License-Identifier: MIT */
/* What the kernel counts for devices, from files as it writes them. */
#include "sample_case.h"
#include "top/live_devices.h"
#include "top/live_store.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/keel-top-XXXXXX";

static void put(const char *path, const char *text)
{
    char full[512];

    snprintf(full, sizeof(full), "%s/%s", root, path);
    for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        mkdir(full, 0755);
    }
    FILE *file = fopen(full, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static void remove_root(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf %s", root);
    CU_ASSERT_EQUAL(system(command), 0);
    memcpy(root, "/tmp/keel-top-XXXXXX", sizeof(root));
}

/* The device that an interface belongs to, as the kernel shows it. */
static void link_device(const char *interface, const char *target)
{
    char text[256];

    snprintf(text, sizeof(text), "sys/class/net/%s/mtu", interface);
    put(text, "1500\n");
    snprintf(text, sizeof(text), "%s/sys/class/net/%s/device", root, interface);
    CU_ASSERT_EQUAL(symlink(target, text), 0);
}

static void networks(void)
{
    struct sample sample = { 0 };

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
    put("proc/net/dev",
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls "
        "carrier compressed\n"
        "    lo:       1       2    3    4    5     6          7         8        9      10   11   12   13    14      "
        "15         16\n"
        "vif2.1:     100       2    3    4    5     6          7         8     9000      10   11   12   13    14      "
        "15         16\n"
        "vif2.0:123456789012       2    3    4    5     6          7         8        9      10   11   12   13    14 "
        "     15         16\n"
        "vif7.0-emu: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
        "   web0:     400       2    3    4    5     6          7         8     9000      10   11   12   13    14      "
        "15         16\n"
        "   eth0:     500       2    3    4    5     6          7         8     9000      10   11   12   13    14      "
        "15         16\n"
        "vif9.0:     100       2    3\n"
        "vif3.0:     100       2    3    4    5     6          7         8     9000      10   11   12   13    14      "
        "15         16\n");
    link_device("web0", "../../../vif-7-1"); /* vifname=web0 */
    link_device("eth0", "../../../0000:00:03.0");
    sample_at(&sample, 1);
    add_domain(&sample, 0, "0");
    add_domain(&sample, 2, "2");
    add_domain(&sample, 7, "7");
    CU_ASSERT(live_networks_read(&sample, root));
    CU_ASSERT_EQUAL(sample_domain(&sample, 0)->networks_count, 0);
    CU_ASSERT_EQUAL_FATAL(sample_domain(&sample, 1)->networks_count, 2);
    CU_ASSERT_EQUAL_FATAL(sample_domain(&sample, 2)->networks_count, 1);
    CU_ASSERT_EQUAL(sample_network(&sample, 2)->id, 1);
    CU_ASSERT_EQUAL(sample_network(&sample, 2)->tx_bytes, 400);
    CU_ASSERT_EQUAL(sample_network(&sample, 0)->id, 0);
    CU_ASSERT_EQUAL(sample_network(&sample, 0)->tx_bytes, 123456789012); /* received here, sent by the guest */
    CU_ASSERT_EQUAL(sample_network(&sample, 0)->rx_bytes, 9);
    CU_ASSERT_EQUAL(sample_network(&sample, 1)->id, 1);
    CU_ASSERT_EQUAL(sample_network(&sample, 1)->rx_bytes, 9000);
    CU_ASSERT_EQUAL(sample_network(&sample, 1)->rx_packets, 10);
    CU_ASSERT_EQUAL(sample_network(&sample, 1)->tx_drops, 4);
    sample_free(&sample);
    remove_root();
}

static void disks(void)
{
    struct sample sample = { 0 };

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
    put("sys/bus/xen-backend/devices/vbd-3-51728/statistics/rd_req", "5\n");
    put("sys/bus/xen-backend/devices/vbd-3-51712/statistics/rd_req", "12\n");
    put("sys/bus/xen-backend/devices/vbd-3-51712/statistics/wr_req", "13\n");
    put("sys/bus/xen-backend/devices/vbd-3-51712/statistics/oo_req", "1\n");
    put("sys/bus/xen-backend/devices/vbd-3-51712/statistics/rd_sect", "120\n");
    put("sys/bus/xen-backend/devices/vbd-3-51712/statistics/wr_sect", "130\n");
    put("sys/bus/xen-backend/devices/console-3-0/devtype", "console\n");
    put("sys/bus/xen-backend/devices/vbd-3-x/statistics/rd_req", "12\n");
    put("sys/bus/xen-backend/devices/vbd-4-51712/statistics/rd_req", "12\n");
    sample_at(&sample, 1);
    add_domain(&sample, 3, "3");
    CU_ASSERT(live_disks_read(&sample, root));
    CU_ASSERT_EQUAL_FATAL(sample_domain(&sample, 0)->disks_count, 2);
    CU_ASSERT_EQUAL_FATAL(sample.disks.count, 2);
    const struct sample_disk *disk = sample_disk(&sample, 0);

    CU_ASSERT_EQUAL(disk->id, 51712);
    CU_ASSERT_STRING_EQUAL(disk->backend, "vbd");
    CU_ASSERT(disk->reads == 12 && disk->writes == 13 && disk->out_of_requests == 1 && disk->read_sectors == 120 &&
              disk->write_sectors == 130);
    CU_ASSERT_EQUAL(sample_disk(&sample, 1)->id, 51728);
    sample_free(&sample);
    remove_root();
}

/* Replies of the store's daemon, and what is none. */
static void store_requests(void)
{
    static const char *const nonsense[] = {
        "", "[]", "{\"domains\":7}", "{\"domains\":[7,[],{}]}", "{\"domains\":[{\"domain\":5,\"requests\":-1}]}",
        "{\"domains\":[{\"domain\":5,\"requests\":1.5}]}", "{\"more_domains\":3}",
    };
    struct sample sample = { 0 };
    bool more;

    sample_at(&sample, 1);
    add_domain(&sample, 0, "0");
    add_domain(&sample, 5, "5");
    add_domain(&sample, 9, "9");
    CU_ASSERT_EQUAL(live_store_parse("{\"schema\":\"x\",\"domains\":[{\"domain\":0,\"requests\":12},{\"domain\":7,"
                                     "\"requests\":1},{\"domain\":9,\"requests\":3}],\"more_domains\":2}",
                                     &sample, &more), 3);
    CU_ASSERT(more);
    CU_ASSERT_EQUAL(sample_domain(&sample, 0)->store_requests, 12);
    CU_ASSERT_EQUAL(sample_domain(&sample, 1)->store_requests, SAMPLE_UNKNOWN);
    CU_ASSERT_EQUAL(sample_domain(&sample, 2)->store_requests, 3);
    for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
        live_store_parse(nonsense[i], &sample, &more);
        CU_ASSERT(!more);
        CU_ASSERT_EQUAL(sample_domain(&sample, 1)->store_requests, SAMPLE_UNKNOWN);
    }
    sample_free(&sample);
}

static void nothing_there(void)
{
    struct sample sample = { 0 };

    sample_at(&sample, 1);
    add_domain(&sample, 1, "1");
    CU_ASSERT(live_networks_read(&sample, "/nonexistent"));
    CU_ASSERT(live_disks_read(&sample, "/nonexistent"));
    CU_ASSERT_EQUAL(sample.networks.count + sample.disks.count, 0);
    sample_free(&sample);
}

TEST_MAIN("devices", { "networks", networks }, { "disks", disks }, { "store_requests", store_requests },
          { "nothing_there", nothing_there })
