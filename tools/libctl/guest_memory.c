/* SPDX-License-Identifier: MIT */
/*
 * Giving a guest its memory and filling it.
 */
#include "guest_memory.h"
#include "layout.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/memory.h>
#include <xen/sys/gntdev.h>
#include <xen/sys/privcmd.h>

#define EXTENTS_BATCH 1024u
#define GRANTS_IN_PAGE (CTL_PAGE_SIZE / sizeof(struct grant_entry_v1))
#define WINDOW (GRANTS_IN_PAGE - GNTTAB_NR_RESERVED_ENTRIES)
#define MAP_BATCH 512u
#define OWN_DOMID 0

_Static_assert(sizeof(struct grant_entry_v1) == 8, "grant_entry_v1 has the ABI's size");
_Static_assert(sizeof(struct ioctl_gntdev_grant_copy_segment) == 24, "the copy segment has the ABI's size");
_Static_assert(sizeof(struct xen_memory_reservation) == 32, "xen_memory_reservation has the ABI's size");

static const uint8_t zeros[CTL_PAGE_SIZE] __attribute__((aligned(CTL_PAGE_SIZE)));

/* --- populate ----------------------------------------------------------------------------------------------- */

int guest_memory_populate(struct ctl *ctl, uint32_t domid, uint64_t gfn, uint64_t pages)
{
    xen_pfn_t *extents = hypercall_alloc(ctl, EXTENTS_BATCH * sizeof(*extents));
    unsigned order_max = 18;
    int result = 0;

    if (!extents)
        return -ENOMEM;
    while (pages) {
        unsigned order = layout_order(gfn, pages, order_max);
        struct xen_memory_reservation reservation = { .extent_order = order, .domid = (domid_t)domid };
        uint64_t count = 0, at = gfn, left = pages;

        while (count < EXTENTS_BATCH && left && layout_order(at, left, order_max) == order) {
            extents[count++] = at;
            at += 1ull << order;
            left -= 1ull << order;
        }
        set_xen_guest_handle(reservation.extent_start, extents);
        reservation.nr_extents = count;
        result = hypercall_memory(ctl, XENMEM_populate_physmap, &reservation, sizeof(reservation));
        if (result < 0)
            break;
        gfn += (uint64_t)result << order;
        pages -= (uint64_t)result << order;
        if ((uint64_t)result < count) { /* no extent so large is left */
            if (!order) {
                result = -ENOMEM;
                break;
            }
            order_max = order == 18 ? 9 : 0;
        }
        result = 0;
    }
    hypercall_free(ctl, extents, EXTENTS_BATCH * sizeof(*extents));
    return result;
}

int guest_memory_populate_pages(struct ctl *ctl, uint32_t domid, const uint64_t *gfns, size_t count)
{
    xen_pfn_t *extents = hypercall_alloc(ctl, count * sizeof(*extents));
    struct xen_memory_reservation reservation = { .nr_extents = count, .domid = (domid_t)domid };
    int result;

    if (!extents)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        extents[i] = gfns[i];
    set_xen_guest_handle(reservation.extent_start, extents);
    result = hypercall_memory(ctl, XENMEM_populate_physmap, &reservation, sizeof(reservation));
    hypercall_free(ctl, extents, count * sizeof(*extents));
    return result < 0 ? result : (size_t)result < count ? -ENOMEM : 0;
}

/* --- the grant table ---------------------------------------------------------------------------------------- */

struct grant_entry_v1 *guest_grants_map(struct ctl *ctl, uint32_t domid)
{
    struct privcmd_mmap_resource resource = { .dom = (domid_t)domid, .type = XENMEM_resource_grant_table,
                                              .id = XENMEM_resource_grant_table_id_shared, .num = 1 };
    void *page = mmap(NULL, CTL_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, ctl->privcmd, 0);

    if (page == MAP_FAILED)
        return NULL;
    resource.addr = (uintptr_t)page;
    if (ioctl(ctl->privcmd, IOCTL_PRIVCMD_MMAP_RESOURCE, &resource) < 0) {
        int error = errno;

        munmap(page, CTL_PAGE_SIZE);
        errno = error;
        return NULL;
    }
    return page;
}

void guest_grants_unmap(struct grant_entry_v1 *grants)
{
    if (grants)
        munmap(grants, CTL_PAGE_SIZE);
}

/* --- writing by grant copy ---------------------------------------------------------------------------------- */

struct window {
    int gntdev;
    uint32_t domid;
    struct grant_entry_v1 *grants;
    struct ioctl_gntdev_grant_copy_segment *segments;
    unsigned used, room;
};

static int window_flush(struct window *window)
{
    struct ioctl_gntdev_grant_copy copy = { .count = window->used, .segments = window->segments };

    if (!window->used)
        return 0;
    if (ioctl(window->gntdev, IOCTL_GNTDEV_GRANT_COPY, &copy) < 0)
        return -errno;
    for (unsigned i = 0; i < window->used; i++)
        if (window->segments[i].status != GNTST_okay)
            return -EFAULT;
    window->used = 0;
    return 0;
}

static int window_add(struct window *window, uint64_t paddr, const void *data, uint16_t size)
{
    unsigned reference = GNTTAB_NR_RESERVED_ENTRIES + window->used;
    struct grant_entry_v1 *grant = &window->grants[reference];
    struct ioctl_gntdev_grant_copy_segment *segment = &window->segments[window->used++];

    grant->domid = OWN_DOMID;
    grant->frame = (uint32_t)(paddr >> CTL_PAGE_SHIFT);
    __atomic_store_n(&grant->flags, GTF_permit_access, __ATOMIC_RELEASE);
    memset(segment, 0, sizeof(*segment));
    segment->source.virt = (void *)data;
    segment->dest.foreign.ref = reference;
    segment->dest.foreign.offset = (uint16_t)(paddr & (CTL_PAGE_SIZE - 1));
    segment->dest.foreign.domid = (uint16_t)window->domid;
    segment->len = size;
    segment->flags = GNTCOPY_dest_gref;
    return window->used == window->room ? window_flush(window) : 0;
}

/* Calls `add` for each page that the piece touches. */
static int for_each_page(const struct guest_piece *piece, int (*add)(struct window *window, uint64_t paddr,
                                                                     const void *data, uint16_t size),
                         struct window *window)
{
    for (uint64_t at = 0; at < piece->size;) {
        uint64_t paddr = piece->paddr + at, size = CTL_PAGE_SIZE - (paddr & (CTL_PAGE_SIZE - 1));
        int result;

        if (size > piece->size - at)
            size = piece->size - at;
        result = add(window, paddr, piece->data ? (const uint8_t *)piece->data + at : zeros, (uint16_t)size);
        if (result < 0)
            return result;
        at += size;
    }
    return 0;
}

/* How many segments the pieces are, but no more than a window takes. */
static unsigned segments_needed(const struct guest_piece *pieces, size_t count)
{
    uint64_t segments = 1;

    for (size_t i = 0; i < count && segments < WINDOW; i++)
        segments += pieces[i].size / CTL_PAGE_SIZE + 2; /* where it begins and ends within a page */
    return segments < WINDOW ? (unsigned)segments : WINDOW;
}

static int write_by_copy(uint32_t domid, struct grant_entry_v1 *grants, const struct guest_piece *pieces,
                         size_t count)
{
    struct window window = { .domid = domid, .grants = grants, .room = segments_needed(pieces, count) };
    int result = 0;

    window.gntdev = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);
    if (window.gntdev < 0)
        return -errno;
    window.segments = calloc(window.room, sizeof(*window.segments));
    if (!window.segments) {
        close(window.gntdev);
        return -ENOMEM;
    }
    for (size_t i = 0; i < count && !result; i++)
        result = for_each_page(&pieces[i], window_add, &window);
    if (!result)
        result = window_flush(&window);
    memset(grants + GNTTAB_NR_RESERVED_ENTRIES, 0, WINDOW * sizeof(*grants));
    free(window.segments);
    close(window.gntdev);
    return result;
}

/* --- writing by mapping ------------------------------------------------------------------------------------- */

static void *map_pages(struct ctl *ctl, uint32_t domid, uint64_t gfn, size_t pages)
{
    xen_pfn_t gfns[MAP_BATCH];
    int errors[MAP_BATCH];
    struct privcmd_mmapbatch_v2 batch = { .num = (unsigned)pages, .dom = (domid_t)domid, .arr = gfns, .err = errors };
    void *mapped = mmap(NULL, pages * CTL_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, ctl->privcmd, 0);

    if (mapped == MAP_FAILED)
        return NULL;
    for (size_t i = 0; i < pages; i++)
        gfns[i] = gfn + i;
    batch.addr = (uintptr_t)mapped;
    if (ioctl(ctl->privcmd, IOCTL_PRIVCMD_MMAPBATCH_V2, &batch) < 0) {
        int error = errno;

        munmap(mapped, pages * CTL_PAGE_SIZE);
        errno = error;
        return NULL;
    }
    return mapped;
}

static int write_by_mapping(struct ctl *ctl, uint32_t domid, const struct guest_piece *piece)
{
    for (uint64_t at = 0; at < piece->size;) {
        uint64_t paddr = piece->paddr + at, offset = paddr & (CTL_PAGE_SIZE - 1);
        uint64_t size = (uint64_t)MAP_BATCH * CTL_PAGE_SIZE - offset;
        size_t pages;
        uint8_t *mapped;

        if (size > piece->size - at)
            size = piece->size - at;
        pages = (size_t)((offset + size + CTL_PAGE_SIZE - 1) >> CTL_PAGE_SHIFT);
        mapped = map_pages(ctl, domid, paddr >> CTL_PAGE_SHIFT, pages);
        if (!mapped)
            return -errno;
        if (piece->data)
            memcpy(mapped + offset, (const uint8_t *)piece->data + at, size);
        else
            memset(mapped + offset, 0, size);
        munmap(mapped, pages * CTL_PAGE_SIZE);
        at += size;
    }
    return 0;
}

int guest_memory_write(struct ctl *ctl, uint32_t domid, struct grant_entry_v1 *grants,
                       const struct guest_piece *pieces, size_t count)
{
    int result = write_by_copy(domid, grants, pieces, count);

    /* Only the lack of grant copy is a reason to do it the other way; a page that cannot be read stays unreadable. */
    if (result != -ENOENT && result != -ENODEV && result != -ENXIO && result != -ENOTTY && result != -ENOSYS)
        return result;
    for (size_t i = 0; i < count; i++) {
        result = write_by_mapping(ctl, domid, &pieces[i]);
        if (result < 0)
            return result;
    }
    return 0;
}
