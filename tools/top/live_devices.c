/* SPDX-License-Identifier: MIT */
/*
 * The devices that domain 0 serves. Interfaces are called vifDOMAIN.DEVICE; what domain 0 receives there is what the
 * guest sent. Block devices are called KIND-DOMAIN-DEVICE among the devices of the bus xen-backend.
 */
#include "live_devices.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A device as it was found, before it is known to which domain it belongs. */
struct found_network {
    unsigned domid;
    struct sample_network network;
};
struct found_disk {
    unsigned domid;
    struct sample_disk disk;
};

static int by_domain_and_network(const void *left, const void *right)
{
    const struct found_network *a = left, *b = right;

    if (a->domid != b->domid)
        return a->domid < b->domid ? -1 : 1;
    return (a->network.id > b->network.id) - (a->network.id < b->network.id);
}

static int by_domain_and_disk(const void *left, const void *right)
{
    const struct found_disk *a = left, *b = right;

    if (a->domid != b->domid)
        return a->domid < b->domid ? -1 : 1;
    return (a->disk.id > b->disk.id) - (a->disk.id < b->disk.id);
}

/* One line of /proc/net/dev; false when it is about another interface. */
static bool parse_network(const char *line, struct found_network *found)
{
    unsigned domid, device;
    int at = 0;
    unsigned long long rx[4], tx[4];

    if (sscanf(line, " vif%u.%u:%n", &domid, &device, &at) != 2 || !at)
        return false;
    if (sscanf(line + at, "%llu %llu %llu %llu %*u %*u %*u %*u %llu %llu %llu %llu", &rx[0], &rx[1], &rx[2], &rx[3],
               &tx[0], &tx[1], &tx[2], &tx[3]) != 8)
        return false;
    found->domid = domid;
    found->network = (struct sample_network){
        .id = device, .rx_bytes = tx[0], .rx_packets = tx[1], .rx_errors = tx[2], .rx_drops = tx[3],
        .tx_bytes = rx[0], .tx_packets = rx[1], .tx_errors = rx[2], .tx_drops = rx[3],
    };
    return true;
}

bool live_networks_read(struct sample *sample, const char *root)
{
    char path[4096], line[512];
    struct sample_array found = { 0 };
    size_t at = 0;
    bool good = true;

    snprintf(path, sizeof(path), "%s/proc/net/dev", root);
    FILE *file = fopen(path, "re");

    if (!file)
        return true;
    while (good && fgets(line, sizeof(line), file)) {
        struct found_network network, *added;

        if (!parse_network(line, &network))
            continue;
        added = sample_array_add(&found, sizeof(network));
        good = added;
        if (added)
            *added = network;
    }
    fclose(file);
    if (found.count)
        qsort(found.items, found.count, sizeof(struct found_network), by_domain_and_network);
    for (size_t i = 0; i < sample->domains.count; i++) {
        struct sample_domain *domain = sample_domain(sample, i);
        const struct found_network *items = found.items;

        domain->networks_first = sample->networks.count;
        while (at < found.count && items[at].domid < domain->domid)
            at++;
        for (; good && at < found.count && items[at].domid == domain->domid; at++) {
            struct sample_network *network = sample_array_add(&sample->networks, sizeof(*network));

            good = network;
            if (network) {
                *network = items[at].network;
                domain->networks_count++;
            }
        }
    }
    free(found.items);
    return good;
}

static uint64_t read_counter(int folder, const char *name)
{
    char text[32];
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof(text) - 1);

    if (file >= 0)
        close(file);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    return strtoull(text, NULL, 10);
}

static bool read_disk(int bus, const char *name, struct found_disk *found)
{
    char path[512], kind[16];
    unsigned long long device;
    int statistics, end = 0;

    if (sscanf(name, "%15[a-z]-%u-%llu%n", kind, &found->domid, &device, &end) != 3 || name[end])
        return false;
    snprintf(path, sizeof(path), "%s/statistics", name);
    statistics = openat(bus, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (statistics < 0 || faccessat(statistics, "rd_req", F_OK, 0) != 0) {
        if (statistics >= 0)
            close(statistics);
        return false; /* a network or console */
    }
    found->disk = (struct sample_disk){
        .id = device,
        .out_of_requests = read_counter(statistics, "oo_req"),
        .reads = read_counter(statistics, "rd_req"),
        .writes = read_counter(statistics, "wr_req"),
        .read_sectors = read_counter(statistics, "rd_sect"),
        .write_sectors = read_counter(statistics, "wr_sect"),
    };
    snprintf(found->disk.backend, sizeof(found->disk.backend), "%s", kind);
    close(statistics);
    return true;
}

static bool collect_disks(const char *root, struct sample_array *found)
{
    char path[4096];
    bool good = true;

    snprintf(path, sizeof(path), "%s/sys/bus/xen-backend/devices", root);
    DIR *bus = opendir(path);

    if (!bus)
        return true;
    for (struct dirent *entry; good && (entry = readdir(bus));) {
        struct found_disk disk, *added;

        if (!read_disk(dirfd(bus), entry->d_name, &disk))
            continue;
        added = sample_array_add(found, sizeof(disk));
        good = added;
        if (added)
            *added = disk;
    }
    closedir(bus);
    if (found->count)
        qsort(found->items, found->count, sizeof(struct found_disk), by_domain_and_disk);
    return good;
}

bool live_disks_read(struct sample *sample, const char *root)
{
    struct sample_array found = { 0 };
    bool good = collect_disks(root, &found);
    size_t at = 0;

    for (size_t i = 0; i < sample->domains.count; i++) {
        struct sample_domain *domain = sample_domain(sample, i);
        const struct found_disk *items = found.items;

        domain->disks_first = sample->disks.count;
        while (at < found.count && items[at].domid < domain->domid)
            at++;
        for (; good && at < found.count && items[at].domid == domain->domid; at++) {
            struct sample_disk *disk = sample_array_add(&sample->disks, sizeof(*disk));

            good = disk;
            if (disk) {
                *disk = items[at].disk;
                domain->disks_count++;
            }
        }
    }
    free(found.items);
    return good;
}
