/* SPDX-License-Identifier: MIT */
/*
 * The devices that domain 0 serves. Interfaces are called vifDOMAIN.DEVICE, or as their configuration's vifname says;
 * then the kernel tells which device they belong to. What domain 0 receives there is what the guest sent. Block devices are called KIND-DOMAIN-DEVICE among the devices of the bus xen-backend.
 */
#include "live_devices.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A device as it was found, before it is known where its domain is. */
struct found {
    unsigned domid;
    uint64_t id;
    union {
        struct sample_network network;
        struct sample_disk disk;
    };
};

static int by_domain_and_id(const void *left, const void *right)
{
    const struct found *a = left, *b = right;

    if (a->domid != b->domid)
        return a->domid < b->domid ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

static bool add_found(struct sample_array *list, const struct found *found)
{
    struct found *added = sample_array_add(list, sizeof(*found));

    if (added)
        *added = *found;
    return added;
}

static bool add_network(struct sample *sample, struct sample_domain *domain, const struct found *found)
{
    struct sample_network *network = sample_array_add(&sample->networks, sizeof(*network));

    if (!network)
        return false;
    *network = found->network;
    if (domain->networks_count++ == 0)
        domain->networks_first = sample->networks.count - 1;
    return true;
}

static bool add_disk(struct sample *sample, struct sample_domain *domain, const struct found *found)
{
    struct sample_disk *disk = sample_array_add(&sample->disks, sizeof(*disk));

    if (!disk)
        return false;
    *disk = found->disk;
    if (domain->disks_count++ == 0)
        domain->disks_first = sample->disks.count - 1;
    return true;
}

/* Gives what was found to its domains, in order, and frees the list; what belongs to none is left out. */
static bool attach(struct sample *sample, struct sample_array *list,
                   bool (*add)(struct sample *sample, struct sample_domain *domain, const struct found *found))
{
    const struct found *items = list->items;
    bool good = true;
    size_t at = 0;

    if (list->count)
        qsort(list->items, list->count, sizeof(struct found), by_domain_and_id);
    for (size_t i = 0; good && i < sample->domains.count; i++) {
        struct sample_domain *domain = sample_domain(sample, i);

        while (at < list->count && items[at].domid < domain->domid)
            at++;
        for (; good && at < list->count && items[at].domid == domain->domid; at++)
            good = add(sample, domain, &items[at]);
    }
    free(list->items);
    return good;
}

/* Whether an interface by another name is that of such a device. */
static bool find_device(const char *root, const char *interface, unsigned *domid, unsigned *device)
{
    char path[4096], target[512];
    const char *name;
    ssize_t length;
    int end = 0;

    snprintf(path, sizeof(path), "%s/sys/class/net/%s/device", root, interface);
    length = readlink(path, target, sizeof(target) - 1);
    if (length <= 0)
        return false;
    target[length] = '\0';
    name = strrchr(target, '/');
    name = name ? name + 1 : target;
    return sscanf(name, "vif-%u-%u%n", domid, device, &end) == 2 && !name[end];
}

/* One line of /proc/net/dev; false when it is about another interface. */
static bool parse_network(const char *root, const char *line, struct found *found)
{
    unsigned domid, device;
    int at = 0;
    unsigned long long rx[4], tx[4];
    char interface[16];

    if (sscanf(line, " vif%u.%u:%n", &domid, &device, &at) != 2 || !at) {
        at = 0;
        if (sscanf(line, " %15[^: \t/]:%n", interface, &at) != 1 || !at || !find_device(root, interface, &domid, &device))
            return false;
    }
    if (sscanf(line + at, "%llu %llu %llu %llu %*u %*u %*u %*u %llu %llu %llu %llu", &rx[0], &rx[1], &rx[2], &rx[3],
               &tx[0], &tx[1], &tx[2], &tx[3]) != 8)
        return false;
    found->domid = domid;
    found->id = device;
    found->network = (struct sample_network){
        .id = device, .rx_bytes = tx[0], .rx_packets = tx[1], .rx_errors = tx[2], .rx_drops = tx[3],
        .tx_bytes = rx[0], .tx_packets = rx[1], .tx_errors = rx[2], .tx_drops = rx[3],
    };
    return true;
}

bool live_networks_read(struct sample *sample, const char *root)
{
    char path[4096], line[512];
    struct sample_array list = { 0 };
    struct found found;
    bool good = true;

    snprintf(path, sizeof(path), "%s/proc/net/dev", root);
    FILE *file = fopen(path, "re");

    if (!file)
        return true;
    while (good && fgets(line, sizeof(line), file)) {
        if (parse_network(root, line, &found))
            good = add_found(&list, &found);
    }
    fclose(file);
    return attach(sample, &list, add_network) && good;
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

static bool read_disk(int bus, const char *name, struct found *found)
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
    found->id = device;
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

bool live_disks_read(struct sample *sample, const char *root)
{
    char path[4096];
    struct sample_array list = { 0 };
    struct found found;
    bool good = true;

    snprintf(path, sizeof(path), "%s/sys/bus/xen-backend/devices", root);
    DIR *bus = opendir(path);

    if (!bus)
        return true;
    for (struct dirent *entry; good && (entry = readdir(bus));) {
        if (read_disk(dirfd(bus), entry->d_name, &found))
            good = add_found(&list, &found);
    }
    closedir(bus);
    return attach(sample, &list, add_disk) && good;
}
