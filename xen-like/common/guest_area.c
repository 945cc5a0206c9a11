/* SPDX-License-Identifier: MIT */
/* Areas in a guest's memory that the hypervisor writes: pinned pages, so that a write cannot fail. */
#include "arch.h"
#include "string.h"

/* Takes the area's pages; nothing is registered if one cannot be had. */
static int pin(struct guest_area *area, struct vcpu *v, uint64_t guest_address, size_t size)
{
    uint32_t offset, second_offset;

    if (guest_address + size < guest_address)
        return -XEN_EFAULT;
    area->page[0] = arch_guest_virtual_to_page(v, guest_address, true, &offset);
    if (!area->page[0])
        return -XEN_EFAULT;
    area->page[1] = NULL;
    area->offset = (uint16_t)offset;
    if (offset + size > PAGE_SIZE) {
        area->page[1] = arch_guest_virtual_to_page(v, guest_address + (PAGE_SIZE - offset), true, &second_offset);
        if (!area->page[1]) {
            page_put(area->page[0]);
            area->page[0] = NULL;
            return -XEN_EFAULT;
        }
    }
    return 0;
}

int guest_area_register(struct guest_area *area, struct vcpu *v, uint64_t guest_address, size_t size)
{
    struct guest_area pinned;
    int error = pin(&pinned, v, guest_address, size);

    if (error)
        return error;
    guest_area_unregister(area);
    *area = pinned;
    return 0;
}

void guest_area_unregister(struct guest_area *area)
{
    for (size_t i = 0; i < ARRAY_SIZE(area->page); i++) {
        if (area->page[i])
            page_put(area->page[i]);
        area->page[i] = NULL;
    }
}

void guest_area_write_at(struct guest_area *area, size_t offset, const void *from, size_t size)
{
    size_t start = area->offset + offset;

    if (start < PAGE_SIZE) {
        size_t first = MIN(size, PAGE_SIZE - start);
        memcpy((char *)page_to_virtual(area->page[0]) + start, from, first);
        from = (const char *)from + first;
        size -= first;
        start = PAGE_SIZE;
    }
    if (size)
        memcpy((char *)page_to_virtual(area->page[1]) + (start - PAGE_SIZE), from, size);
}
