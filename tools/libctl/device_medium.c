/* SPDX-License-Identifier: MIT */
/* What disks are made of; see device_medium.h. */
#include "device_medium.h"
#include "hypercall.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LOOP_CONTROL "/dev/loop-control"
#define LOOP_ATTEMPTS_MAX 64 /* another may take the device that was free a moment ago */
#define BACKENDS "/local/domain/0/backend/vbd"
#define SECTOR_BYTES 512

/* A device may be named without /dev/, as xl takes it. */
static void target_path(const struct ctl_disk *disk, char path[CTL_STORE_PATH_MAX])
{
    snprintf(path, CTL_STORE_PATH_MAX, "%s%s", *disk->target == '/' ? "" : "/dev/", disk->target);
}

/* Of a block device that is mounted, or part of an array, the kernel gives no exclusive use. */
static bool is_free(const char *path)
{
    int exclusive = open(path, O_RDWR | O_EXCL | O_CLOEXEC | O_NONBLOCK);

    if (exclusive >= 0)
        close(exclusive);
    return exclusive >= 0 || errno != EBUSY;
}

/* Opens the target; the descriptor, or a negative errno with the sentence set. */
static int open_target(struct ctl *ctl, const char *label, const struct ctl_disk *disk, struct stat *status)
{
    char path[CTL_STORE_PATH_MAX];
    int flags = (disk->writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK, target, result;

    if (strlen(disk->target) >= sizeof(path) - sizeof("/dev/"))
        return ctl_fail(ctl, ENAMETOOLONG, "%s: its target \"%.40s...\" is too long", label, disk->target);
    target_path(disk, path);
    /* A pipe or a terminal must not even be opened. */
    if (stat(path, status) < 0)
        return ctl_fail(ctl, errno, "%s: %s: %s", label, path, strerror(errno));
    if (!S_ISREG(status->st_mode) && !S_ISBLK(status->st_mode))
        return ctl_fail(ctl, EINVAL, "%s: %s is neither a file nor a block device", label, path);
    if (S_ISBLK(status->st_mode) && disk->writable && !is_free(path))
        return ctl_fail(ctl, EBUSY, "%s: %s is in use in domain 0 (mounted?); unmount it, or write access=ro", label,
                        path);
    target = open(path, flags);
    if (target < 0)
        return ctl_fail(ctl, errno, "%s: %s cannot be opened to %s: %s", label, path,
                        disk->writable ? "read and write" : "read", strerror(errno));
    if (fstat(target, status) == 0 && (S_ISBLK(status->st_mode) ||
                                       (S_ISREG(status->st_mode) && status->st_size >= SECTOR_BYTES)))
        return target;
    result = ctl_fail(ctl, EINVAL, "%s: %s has less than one sector of %d bytes", label, path, SECTOR_BYTES);
    close(target);
    return result;
}

/* --- who else has it --------------------------------------------------------------------------------------------- */

static bool is_same(const struct stat *one, const struct stat *other)
{
    if (S_ISBLK(one->st_mode) || S_ISBLK(other->st_mode))
        return S_ISBLK(one->st_mode) && S_ISBLK(other->st_mode) && one->st_rdev == other->st_rdev;
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

/* The text of a node, NULL when it is not there; *told is false when the store does not tell. */
static char *read_told(struct ctl *ctl, const char *backend, const char *name, bool *told)
{
    char *text = ctl_store_read(ctl, XBT_NULL, "%s/%s", backend, name);

    *told = *told && (text || errno == ENOENT);
    return text;
}

/* Whether the disk of this backend is made of the same, and one of the two may write; so it is where nobody tells. */
static bool is_taken_by(struct ctl *ctl, const char *backend, const struct ctl_disk *disk, const struct stat *status)
{
    bool told = true, taken = false;
    char *params = read_told(ctl, backend, "params", &told);
    char *mode = read_told(ctl, backend, "mode", &told);
    char path[CTL_STORE_PATH_MAX];
    struct stat other;

    if (params && *params && mode && (disk->writable || strchr(mode, 'w')) && strlen(params) < sizeof(path) - 6) {
        target_path(&(struct ctl_disk){ .target = params }, path);
        taken = stat(path, &other) == 0 && is_same(status, &other);
    }
    free(params);
    free(mode);
    return taken || !told;
}

/* One that has shut down writes no more. */
static bool may_still_write(struct ctl *ctl, const char *domid)
{
    struct ctl_domain domain;
    int result = ctl_domain_get(ctl, (uint32_t)strtoul(domid, NULL, 10), &domain);

    return result == 0 ? !domain.shutdown && !domain.dying : result != -ESRCH;
}

static int not_told(struct ctl *ctl, const char *label, const struct ctl_disk *disk)
{
    return ctl_fail(ctl, EIO, "%s: the store does not tell whether others have %s", label, disk->target);
}

int device_medium_check_others(struct ctl *ctl, const char *label, const struct ctl_disk *disk,
                               const struct device_id *self)
{
    char directory[CTL_STORE_PATH_MAX], backend[CTL_STORE_PATH_MAX], own[CTL_STORE_PATH_MAX] = "";
    unsigned domains_count = 0, disks_count;
    struct xs_handle *store = ctl_store(ctl);
    char **domains, **disks;
    struct stat status;
    int result = 0;

    if (!store)
        return -ENOENT;
    target_path(disk, backend);
    if (stat(backend, &status) < 0)
        return ctl_fail(ctl, errno, "%s: %s: %s", label, backend, strerror(errno));
    if (self)
        device_path(own, self, DEVICE_BACKEND);
    domains = xs_directory(store, XBT_NULL, BACKENDS, &domains_count);
    if (!domains && errno != ENOENT)
        return not_told(ctl, label, disk);
    for (unsigned i = 0; domains && i < domains_count && result == 0; i++) {
        ctl_path(directory, BACKENDS "/%s", domains[i]);
        disks_count = 0;
        disks = xs_directory(store, XBT_NULL, directory, &disks_count);
        if (!disks && errno != ENOENT)
            result = not_told(ctl, label, disk);
        for (unsigned j = 0; disks && j < disks_count && result == 0; j++) {
            ctl_path(backend, "%s/%s", directory, disks[j]);
            if (strcmp(backend, own) != 0 && is_taken_by(ctl, backend, disk, &status) &&
                may_still_write(ctl, domains[i]))
                result = ctl_fail(ctl, EBUSY, "%s: %s is a disk of domain %s too; two may share it only if both write "
                                  "access=ro", label, disk->target, domains[i]);
        }
        free(disks);
    }
    free(domains);
    return result;
}

/* --- loop devices ------------------------------------------------------------------------------------------------ */

/* Puts the file behind a loop device; its descriptor, or a negative errno with the sentence set. */
static int open_loop(struct ctl *ctl, const char *label, const struct ctl_disk *disk, int file)
{
    struct loop_config config = {
        .fd = (uint32_t)file,
        .info = { .lo_flags = LO_FLAGS_AUTOCLEAR | (disk->writable ? 0u : LO_FLAGS_READ_ONLY) },
    };
    int control = open(LOOP_CONTROL, O_RDWR | O_CLOEXEC), loop = -1, error = 0;

    if (control < 0)
        return ctl_fail(ctl, errno, "%s: %s: %s: a file needs a loop device (modprobe loop)", label, LOOP_CONTROL,
                        strerror(errno));
    snprintf((char *)config.info.lo_file_name, sizeof(config.info.lo_file_name), "%s", disk->target);
    for (int attempt = 0; attempt < LOOP_ATTEMPTS_MAX && loop < 0; attempt++) {
        char path[32];
        int number = ioctl(control, LOOP_CTL_GET_FREE);

        error = errno;
        if (number < 0)
            break;
        snprintf(path, sizeof(path), "/dev/loop%d", number);
        loop = open(path, (disk->writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
        error = errno;
        if (loop < 0)
            break;
        if (ioctl(loop, LOOP_CONFIGURE, &config) < 0) {
            error = errno;
            close(loop);
            loop = -1;
            if (error != EBUSY)
                break;
        }
    }
    close(control);
    return loop < 0 ? ctl_fail(ctl, error, "%s: %s gets no loop device: %s", label, disk->target, strerror(error))
                    : loop;
}

/*
 * Whether the driver must not hand a guest's pages to a disk of the machine: without an IOMMU that translates for a
 * domain 0 with nested paging, the disk would reach other memory than meant. A loop device copies.
 */
static bool must_copy(struct ctl *ctl)
{
    struct xen_sysctl sysctl = { .cmd = XEN_SYSCTL_physinfo };
    FILE *file = fopen("/sys/hypervisor/guest_type", "re");
    char type[16] = "";

    if (file) {
        if (!fgets(type, sizeof(type), file))
            *type = '\0';
        fclose(file);
    }
    return strncmp(type, "PV\n", 3) != 0 &&
           (hypercall_sysctl(ctl, &sysctl) < 0 || !(sysctl.u.physinfo.capabilities & XEN_SYSCTL_PHYSCAP_directio));
}

int device_medium_open(struct ctl *ctl, const char *label, const struct ctl_disk *disk, struct device_medium *medium)
{
    struct stat status;
    int target = open_target(ctl, label, disk, &status), loop, result;

    *medium = (struct device_medium){ .descriptor = -1 };
    if (target < 0)
        return target;
    if (S_ISREG(status.st_mode) || must_copy(ctl)) {
        loop = open_loop(ctl, label, disk, target);
        close(target);
        target = loop;
        if (loop < 0)
            return loop;
        if (fstat(loop, &status) < 0) {
            result = ctl_fail(ctl, errno, "%s: its loop device: %s", label, strerror(errno));
            close(loop);
            return result;
        }
    }
    medium->descriptor = target;
    medium->major = major(status.st_rdev);
    medium->minor = minor(status.st_rdev);
    return 0;
}

void device_medium_close(struct device_medium *medium)
{
    if (medium->descriptor >= 0)
        close(medium->descriptor);
    medium->descriptor = -1;
}

int device_medium_check(struct ctl *ctl, const char *label, const struct ctl_disk *disk)
{
    struct stat status;
    int target = open_target(ctl, label, disk, &status);

    if (target < 0)
        return target;
    close(target);
    return device_medium_check_others(ctl, label, disk, NULL);
}
