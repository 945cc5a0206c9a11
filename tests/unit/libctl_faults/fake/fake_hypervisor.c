/* SPDX-License-Identifier: MIT */
/* A hypervisor behind /dev/xen/privcmd and gntdev, by the linker's --wrap of open, ioctl and mmap; see fake.h. */
#include "fake.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <linux/sockios.h>
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/save.h>
#include <xen/memory.h>
#include <xen/sysctl.h>
#include <xen/sys/gntdev.h>
#include <xen/sys/privcmd.h>

#define DOMAINS_MAX 64u
#define DESCRIPTORS_MAX 1024
#define LOCK_FOLDER "/run/keel"
#define AUTO_FOLDER "/etc/keel/auto"

struct domain {
    bool there, paused, shutdown, introduced, held, dying;
    enum ctl_shutdown reason;
    uint8_t uuid[16];
    uint64_t pages, cpu_time_ns;
    uint32_t vcpus, port, weight;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all that follows */
static struct domain domains[DOMAINS_MAX];
static uint32_t next_domid;
static uint64_t total_pages, free_pages;
static bool is_ours[DESCRIPTORS_MAX]; /* descriptors of /dev/xen */

/* Of this test program and the children that it forks: not this machine's, and not that of another run of the tests. */
static char lock_folder[] = "/tmp/keel-test-XXXXXX";
static pid_t lock_owner;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_scandir(const char *folder, struct dirent ***list, int (*wanted)(const struct dirent *entry),
                   int (*order)(const struct dirent **one, const struct dirent **other));
int __wrap_scandir(const char *folder, struct dirent ***list, int (*wanted)(const struct dirent *entry),
                   int (*order)(const struct dirent **one, const struct dirent **other));
int __real_close(int descriptor);
int __wrap_close(int descriptor);
int __real_ioctl(int descriptor, unsigned long request, void *argument);
int __wrap_ioctl(int descriptor, unsigned long request, ...);
void *__real_mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset);
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset);
int __wrap_mkdir(const char *path, mode_t mode);
int __real_mkdir(const char *path, mode_t mode);
void *__real_malloc(size_t size);

static void remove_lock_folder(void)
{
    char path[64];

    if (getpid() != lock_owner)
        return;
    snprintf(path, sizeof(path), "%s/create.lock", lock_folder);
    unlink(path);
    rmdir(lock_folder);
}

__attribute__((constructor)) static void make_lock_folder(void)
{
    lock_owner = getpid();
    if (!mkdtemp(lock_folder) || atexit(remove_lock_folder) != 0)
        abort();
}

/* --- devices ------------------------------------------------------------------------------------------------------ */

/* Where the test has what libctl and ctld look for in folders of the machine; false for other paths. */
static bool is_elsewhere(const char *path, char elsewhere[512])
{
    static const char *const folders[] = { LOCK_FOLDER, AUTO_FOLDER };

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        size_t length = strlen(folders[i]);

        if (strncmp(path, folders[i], length) != 0 || (path[length] != '/' && path[length] != '\0'))
            continue;
        snprintf(elsewhere, 512, "%s%s", lock_folder, path + length);
        return true;
    }
    return false;
}

const char *fake_auto_folder(void)
{
    return lock_folder;
}

int __wrap_scandir(const char *folder, struct dirent ***list, int (*wanted)(const struct dirent *entry),
                   int (*order)(const struct dirent **one, const struct dirent **other))
{
    char elsewhere[512];

    return __real_scandir(is_elsewhere(folder, elsewhere) ? elsewhere : folder, list, wanted, order);
}

int __wrap_open(const char *path, int flags, ...)
{
    char elsewhere[512];
    va_list arguments;

    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (is_elsewhere(path, elsewhere))
        return __real_open(elsewhere, flags, mode);
    if (strcmp(path, "/dev/xen/xenbus") == 0)
        return fake_kernel_store();
    if (strcmp(path, "/dev/xen/hypercall") == 0) { /* locked memory serves instead */
        errno = ENOENT;
        return -1;
    }
    if (strncmp(path, "/dev/xen/", strlen("/dev/xen/")) != 0)
        return __real_open(path, flags, mode);
    if (fault_here(POINT_HYPERCALL)) {
        errno = EIO;
        return -1;
    }
    int descriptor = __real_open("/dev/null", O_RDWR | O_CLOEXEC);

    if (descriptor < 0 || descriptor >= DESCRIPTORS_MAX)
        abort();
    pthread_mutex_lock(&lock);
    is_ours[descriptor] = true;
    pthread_mutex_unlock(&lock);
    return descriptor;
}

int __wrap_close(int descriptor)
{
    pthread_mutex_lock(&lock);
    if (descriptor >= 0 && descriptor < DESCRIPTORS_MAX)
        is_ours[descriptor] = false;
    pthread_mutex_unlock(&lock);
    return __real_close(descriptor);
}

static bool is_device(int descriptor)
{
    pthread_mutex_lock(&lock);
    bool ours = descriptor >= 0 && descriptor < DESCRIPTORS_MAX && is_ours[descriptor];

    pthread_mutex_unlock(&lock);
    return ours;
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    return strncmp(path, LOCK_FOLDER, strlen(LOCK_FOLDER)) == 0 ? 0 : __real_mkdir(path, mode);
}

void *__wrap_mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset)
{
    if (!is_device(descriptor))
        return __real_mmap(address, size, protection, flags, descriptor, offset);
    return __real_mmap(address, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* --- hypercalls: each returns 0 or a count, or a negative errno ------------------------------------------------- */

static struct domain *domain_of(uint32_t domid)
{
    return domid < DOMAINS_MAX && domains[domid].there ? &domains[domid] : NULL;
}

static void fill_info(uint32_t domid, struct xen_domctl_getdomaininfo *info)
{
    const struct domain *domain = &domains[domid];

    *info = (struct xen_domctl_getdomaininfo){ .domain = (domid_t)domid, .tot_pages = domain->pages,
                                               .max_pages = domain->pages, .cpu_time = domain->cpu_time_ns,
                                               .max_vcpu_id = domain->vcpus - 1, .nr_online_vcpus = domain->vcpus };
    memcpy(info->handle, domain->uuid, sizeof(info->handle));
    info->flags = (domain->paused ? XEN_DOMINF_paused : 0) | (domid ? XEN_DOMINF_hvm_guest : XEN_DOMINF_running);
    info->flags |= domain->dying ? XEN_DOMINF_dying : 0;
    if (domain->shutdown)
        info->flags |= XEN_DOMINF_shutdown | (uint32_t)domain->reason << XEN_DOMINF_shutdownshift;
}

static int create_domain(struct xen_domctl *domctl)
{
    for (uint32_t tried = 1; tried < DOMAINS_MAX; tried++, next_domid++) {
        uint32_t domid = (next_domid - 1) % (DOMAINS_MAX - 1) + 1; /* numbers come again */

        if (domains[domid].there)
            continue;
        domains[domid] = (struct domain){ .there = true, .paused = true, .vcpus = 1 };
        memcpy(domains[domid].uuid, domctl->u.createdomain.handle, sizeof(domains[0].uuid));
        domctl->domain = (domid_t)domid;
        next_domid = domid + 1;
        return 0;
    }
    return -ENOMEM;
}

static void put_record(uint8_t **at, uint16_t type, uint32_t length)
{
    const struct hvm_save_descriptor descriptor = { type, 0, length };

    memcpy(*at, &descriptor, sizeof(descriptor));
    memset(*at + sizeof(descriptor), 0, length);
    *at += sizeof(descriptor) + length;
}

static int get_context(struct xen_domctl_hvmcontext *context)
{
    uint32_t size = 2 * sizeof(struct hvm_save_descriptor) + HVM_SAVE_LENGTH(HEADER);
    uint8_t *at = context->buffer.p;

    if (at && context->size < size)
        return -ENOSPC;
    context->size = size;
    if (at) {
        put_record(&at, HVM_SAVE_CODE(HEADER), HVM_SAVE_LENGTH(HEADER));
        put_record(&at, HVM_SAVE_CODE(END), 0);
    }
    return 0;
}

/* The machine has CPU 0 alone; any others may be preferred. */
static int set_affinity(const struct xen_domctl_vcpuaffinity *affinity)
{
    bool has_cpu = !(affinity->flags & XEN_VCPUAFFINITY_HARD) || (affinity->cpumap_hard.bitmap.p[0] & 1);

    return has_cpu ? 0 : -EINVAL;
}

static int call_domctl(struct xen_domctl *domctl)
{
    struct domain *domain = domain_of(domctl->domain);

    if (domctl->cmd == XEN_DOMCTL_createdomain)
        return create_domain(domctl);
    if (!domain)
        return -ESRCH;
    switch (domctl->cmd) {
    case XEN_DOMCTL_destroydomain:
        free_pages += domain->pages;
        domain->pages = 0;
        domain->dying = true;
        if (!domain->held)
            *domain = (struct domain){ 0 };
        return 0;
    case XEN_DOMCTL_getdomaininfo: fill_info(domctl->domain, &domctl->u.getdomaininfo); return 0;
    case XEN_DOMCTL_gethvmcontext: return get_context(&domctl->u.hvmcontext);
    case XEN_DOMCTL_max_vcpus: domain->vcpus = domctl->u.max_vcpus.max; return 0;
    case XEN_DOMCTL_pausedomain: domain->paused = true; return 0;
    case XEN_DOMCTL_unpausedomain:
        domain->paused = false;
        domain->cpu_time_ns = 1000;
        return 0;
    case XEN_DOMCTL_sethvmcontext:
    case XEN_DOMCTL_set_paging_mempool_size:
    case XEN_DOMCTL_max_mem:
    case XEN_DOMCTL_scheduler_op: return 0;
    case XEN_DOMCTL_setvcpuaffinity: return set_affinity(&domctl->u.vcpuaffinity);
    }
    fprintf(stderr, "the fake has no domctl %u\n", domctl->cmd);
    return -ENOSYS;
}

static int list_domains(struct xen_sysctl_getdomaininfolist *list)
{
    list->num_domains = 0;
    for (uint32_t domid = list->first_domain; domid < DOMAINS_MAX && list->num_domains < list->max_domains; domid++)
        if (domains[domid].there)
            fill_info(domid, &list->buffer.p[list->num_domains++]);
    return 0;
}

static int call_sysctl(struct xen_sysctl *sysctl)
{
    switch (sysctl->cmd) {
    case XEN_SYSCTL_sched_id: sysctl->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2; return 0;
    case XEN_SYSCTL_getdomaininfolist: return list_domains(&sysctl->u.getdomaininfolist);
    case XEN_SYSCTL_physinfo:
        sysctl->u.physinfo = (struct xen_sysctl_physinfo){ .nr_cpus = 1, .nr_nodes = 1, .total_pages = total_pages,
                                                           .free_pages = free_pages, .capabilities =
                                                           XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap };
        return 0;
    }
    fprintf(stderr, "the fake has no sysctl %u\n", sysctl->cmd);
    return -ENOSYS;
}

static int call_memory(unsigned command, void *argument)
{
    struct xen_memory_reservation *reservation = argument;
    struct domain *domain;
    uint64_t done = 0;

    if (command == XENMEM_set_memory_map)
        return 0;
    if (command != XENMEM_populate_physmap) {
        fprintf(stderr, "the fake has no memory operation %u\n", command);
        return -ENOSYS;
    }
    domain = domain_of(reservation->domid);
    if (!domain)
        return -ESRCH;
    for (; done < reservation->nr_extents && free_pages >> reservation->extent_order; done++) {
        free_pages -= 1ull << reservation->extent_order;
        domain->pages += 1ull << reservation->extent_order;
    }
    return (int)done;
}

static int call(const struct privcmd_hypercall *call)
{
    struct evtchn_alloc_unbound *unbound = (void *)(uintptr_t)call->arg[1];

    switch (call->op) {
    case __HYPERVISOR_domctl: return call_domctl((void *)(uintptr_t)call->arg[0]);
    case __HYPERVISOR_sysctl: return call_sysctl((void *)(uintptr_t)call->arg[0]);
    case __HYPERVISOR_memory_op: return call_memory((unsigned)call->arg[0], (void *)(uintptr_t)call->arg[1]);
    case __HYPERVISOR_hvm_op: return 0;
    case __HYPERVISOR_event_channel_op:
        if (call->arg[0] != EVTCHNOP_alloc_unbound || !domain_of(unbound->dom))
            return -EINVAL;
        unbound->port = ++domains[unbound->dom].port;
        return 0;
    }
    fprintf(stderr, "the fake has no hypercall %llu\n", (unsigned long long)call->op);
    return -ENOSYS;
}

static int copy_grants(struct ioctl_gntdev_grant_copy *copy)
{
    for (uint32_t i = 0; i < copy->count; i++)
        copy->segments[i].status = GNTST_okay;
    return 0;
}

int __wrap_ioctl(int descriptor, unsigned long request, ...)
{
    va_list arguments;

    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    if (request == SIOCGIFFLAGS || request == SIOCSIFFLAGS || request == SIOCSIFNAME) /* an interface's, not there */
        return 0;
    if (!is_device(descriptor))
        return __real_ioctl(descriptor, request, argument);
    if (fault_here(POINT_HYPERCALL)) {
        errno = EINVAL;
        return -1;
    }
    int result = -ENOTTY;

    pthread_mutex_lock(&lock);
    if (request == IOCTL_PRIVCMD_HYPERCALL)
        result = call(argument);
    else if (request == IOCTL_GNTDEV_GRANT_COPY)
        result = copy_grants(argument);
    else if (request == IOCTL_PRIVCMD_MMAP_RESOURCE || request == IOCTL_PRIVCMD_MMAPBATCH_V2)
        result = 0;
    else
        fprintf(stderr, "the fake has no ioctl %lx\n", request);
    pthread_mutex_unlock(&lock);
    if (result < 0)
        errno = -result;
    return result < 0 ? -1 : result;
}

/* --- the test's side --------------------------------------------------------------------------------------- */

void fake_start(uint64_t memory_kib)
{
    memset(domains, 0, sizeof(domains));
    domains[0] = (struct domain){ .there = true, .vcpus = 1, .introduced = true };
    next_domid = 1;
    total_pages = free_pages = memory_kib / 4;
    fake_store_start();
}

void fake_end(void)
{
    fault_disarm();
    fake_store_end();
}

bool fake_introduce(uint32_t domid, bool there)
{
    pthread_mutex_lock(&lock);
    struct domain *domain = domain_of(domid);

    if (domain)
        domain->introduced = there;
    pthread_mutex_unlock(&lock);
    return domain != NULL;
}

void fake_shut_down(uint32_t domid, enum ctl_shutdown reason)
{
    domains[domid].shutdown = true;
    domains[domid].reason = reason;
}

void fake_go_on(uint32_t domid)
{
    domains[domid].shutdown = false;
}

void fake_hold(uint32_t domid, bool held)
{
    domains[domid].held = held;
    if (!held && domains[domid].dying)
        domains[domid] = (struct domain){ 0 };
}

bool fake_is_whole(uint32_t domid)
{
    return domains[domid].there && !domains[domid].dying && !domains[domid].paused && domains[domid].introduced;
}

bool fake_is_there(uint32_t domid)
{
    return domains[domid].there;
}

unsigned fake_guests(void)
{
    unsigned count = 0;

    for (uint32_t domid = 1; domid < DOMAINS_MAX; domid++)
        count += domains[domid].there;
    return count;
}

uint32_t fake_next_domid(void)
{
    return next_domid;
}

static void print_line(void *context, const char *text)
{
    fprintf(context, "%s\n", text);
}

char *fake_inventory(void)
{
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    fprintf(file, "free: %llu pages\n", (unsigned long long)free_pages);
    for (uint32_t domid = 0; domid < DOMAINS_MAX; domid++)
        if (domains[domid].there)
            fprintf(file, "domain %u: %llu pages%s%s\n", domid, (unsigned long long)domains[domid].pages,
                    domains[domid].paused ? ", paused" : "", domains[domid].introduced ? ", introduced" : "");
    fake_store_print(print_line, file);
    fclose(file);
    return text;
}
