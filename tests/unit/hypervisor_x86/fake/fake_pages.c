/* SPDX-License-Identifier: MIT */
/* Machine memory and its allocator; see fake_pages.h. */
#include "fake_pages.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arch_host.h"
#include "cpu.h"
#include "panic.h"
#include "paging.h"

struct cpu_features cpu_features;
struct page *frame_table;
uint64_t frame_table_end;
uint64_t fake_pages_left, fake_pages_used;
unsigned int fake_kicks, fake_kicks_before_free, fake_yield_questions, fake_yield_every;

static uint16_t free_frames[FAKE_FRAMES_HANDED_OUT]; /* numbers + 1 */
static unsigned int free_count;
static bool is_handed_out[FAKE_FRAMES_HANDED_OUT];

static void *map_at(uint64_t address, size_t size)
{
    void *memory = mmap((void *)address, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (address ? MAP_FIXED : 0), -1, 0);
    if (memory == MAP_FAILED)
        abort();
    return memory;
}

void fake_pages_start(void)
{
    map_at(DIRECT_MAP_BASE, FAKE_FRAMES << PAGE_SHIFT);
    if (frame_table)
        munmap(frame_table, FAKE_FRAMES * sizeof(*frame_table));
    frame_table = map_at(0, FAKE_FRAMES * sizeof(*frame_table));
    frame_table_end = FAKE_FRAMES;
    free_count = 0;
    for (unsigned int i = FAKE_FRAMES_HANDED_OUT; i-- > 1;) /* frame 0 is nobody's */
        free_frames[free_count++] = (uint16_t)i;
    memset(is_handed_out, 0, sizeof(is_handed_out));
    fake_pages_left = ~0ull;
    fake_pages_used = 0;
    fake_kicks = fake_kicks_before_free = fake_yield_questions = fake_yield_every = 0;
    fake_cpu = 0;
}

struct page *fake_page_own(uint64_t mfn, struct domain *d)
{
    struct page *page = &frame_table[mfn];
    page->owner = d;
    page->references = 1;
    return page;
}

/* --- page.h ------------------------------------------------------------------------------------------------------- */

void *page_allocate_mapped(unsigned int order)
{
    if (order || !free_count || !fake_pages_left)
        return NULL;
    if (fake_pages_left != ~0ull)
        fake_pages_left--;
    uint16_t frame = free_frames[--free_count];
    is_handed_out[frame] = true;
    fake_pages_used++;
    return memset(mfn_to_virt(frame), 0, PAGE_SIZE);
}

void page_free_mapped(void *pointer, unsigned int order)
{
    uint64_t frame = virt_to_mfn(pointer);
    if (order || frame >= FAKE_FRAMES_HANDED_OUT || !is_handed_out[frame])
        abort();
    memset(pointer, 0xa5, PAGE_SIZE);
    is_handed_out[frame] = false;
    free_frames[free_count++] = (uint16_t)frame;
    fake_pages_used--;
    fake_kicks_before_free = fake_kicks;
}

bool page_get(struct page *page, struct domain *d)
{
    if (!page->references || page->owner != d)
        return false;
    page->references++;
    return true;
}

void page_get_again(struct page *page)
{
    if (!page->references++)
        abort();
}

void page_put(struct page *page)
{
    if (!page->references--)
        abort();
}

/* --- what is below ------------------------------------------------------------------------------------------------ */

void *arch_mfn_to_virtual(mfn_t mfn) { return mfn_to_virt(mfn.value); }
mfn_t arch_virtual_to_mfn(const void *pointer) { return make_mfn(virt_to_mfn(pointer)); }

void arch_vcpu_kick(struct vcpu *v)
{
    fake_kicks++;
    v->arch.in_guest = false;
}

bool hypercall_should_yield(void) { return fake_yield_every && ++fake_yield_questions % fake_yield_every == 0; }

void arch_relax(void) {}
unsigned long arch_interrupts_save(void) { return 0; }
void arch_interrupts_restore(unsigned long state) {}

void panic(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    abort();
}
