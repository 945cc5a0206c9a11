/* SPDX-License-Identifier: MIT */
/*
 * The nested page table: what is mapped is found again by the code and by a walk of the table as hardware does it, with
 * the permissions of its type; pieces of large mappings change alone; tables are given back; memory may run out.
 */
#include <stdlib.h>
#include <string.h>

#include "../run_tests.h"
#include "cpu.h"
#include "fake_pages.h"
#include "p2m.h"
#include "paging.h"

#define PAGES_2M 512ull
#define PAGES_1G (512ull * 512)
#define D (&fake_domain)

/* --- a walk as hardware does it (APM 2, 5.3 and 15.25) ------------------------------------------------------------ */

struct walked {
    bool is_present, is_writable, is_executable, is_user, is_uncached;
    unsigned int order;
    uint64_t mfn;
};

static struct walked walk(uint64_t gfn)
{
    struct walked w = { .is_writable = true, .is_executable = true, .is_user = true };
    const uint64_t *table = page_to_virtual(fake_domain.arch.p2m_root);

    for (unsigned int shift = 27;; shift -= 9) {
        uint64_t entry = table[gfn >> shift & 511];
        w.order = shift;
        if (!(entry & 1))
            return w;
        w.is_writable &= entry >> 1 & 1;
        w.is_user &= entry >> 2 & 1;
        w.is_executable &= !(entry >> 63);
        if (shift == 27 && entry & 1 << 7) /* reserved at the top */
            return (struct walked){ .order = ~0u };
        bool is_large = shift && entry & 1 << 7;
        if (is_large || !shift) {
            if (!shift && entry & 1 << 7) /* means the PAT here */
                return (struct walked){ .order = ~0u };
            uint64_t frame = (entry & 0x000ffffffffff000ull) >> 12, offset = gfn & ((1ull << shift) - 1);
            if (frame & ((1ull << shift) - 1)) /* reserved in a large entry */
                return (struct walked){ .order = ~0u };
            w.is_present = true;
            w.is_uncached = (entry >> 3 & 3) == 3;
            w.mfn = frame + offset;
            return w;
        }
        table = mfn_to_virt((entry & 0x000ffffffffff000ull) >> 12);
    }
}

/* Code and hardware both find that, and agree on how large the mapping is. */
static bool is_mapped(uint64_t gfn, uint64_t mfn, enum p2m_type type, unsigned int order)
{
    enum p2m_type found_type;
    unsigned int found_order;
    mfn_t found = arch_p2m_get(D, make_gfn(gfn), &found_type, &found_order);
    struct walked w = walk(gfn);
    return w.is_present && w.is_user && w.mfn == mfn && w.order == order && found.value == mfn && found_type == type &&
           found_order == order;
}

static bool is_hole(uint64_t gfn)
{
    enum p2m_type type = P2M_RAM;
    mfn_t mfn = arch_p2m_get(D, make_gfn(gfn), &type, NULL);
    struct walked w = walk(gfn);
    return !w.is_present && w.order <= 27 && type == P2M_NONE && !mfn_is_valid_number(mfn);
}

/* The same for `count` pages from gfn on, mapped in a row. How many are as they should be. */
static uint64_t count_mapped(uint64_t gfn, uint64_t mfn, enum p2m_type type, unsigned int order, uint64_t count)
{
    uint64_t good = 0;
    for (uint64_t i = 0; i < count; i++)
        good += is_mapped(gfn + i, mfn + i, type, order);
    return good;
}

/* --- the domain --------------------------------------------------------------------------------------------------- */

static int set(uint64_t gfn, uint64_t mfn, unsigned int order, enum p2m_type type)
{
    return arch_p2m_set(D, make_gfn(gfn), make_mfn(mfn), order, type);
}
static int clear(uint64_t gfn, unsigned int order) { return arch_p2m_clear(D, make_gfn(gfn), order); }

static void start(void)
{
    fake_pages_start();
    fake_domain_create(2);
    fake_domain.max_pages = 4096;
    cpu_features.pages_1g = true;
    CU_ASSERT_EQUAL_FATAL(p2m_create(D), 0);
    CU_ASSERT_EQUAL(fake_pages_used, 1);
}

/* All tables are given back. */
static void end(void)
{
    CU_ASSERT_EQUAL(fake_domain.arch.p2m_pages, fake_pages_used);
    p2m_free(D);
    CU_ASSERT_EQUAL(fake_pages_used, 0);
    CU_ASSERT_EQUAL(fake_domain.arch.p2m_pages, 0);
    CU_ASSERT_PTR_NULL(fake_domain.arch.p2m_root);
    lock_assert_none_held();
    fake_domain_destroy();
}

/* vCPU 0 is in the guest. A flush kicks it and has all vCPUs drop their translations. */
static void enter_guest(void)
{
    fake_kicks = 0;
    DOMAIN_FOR_EACH_VCPU(D, v)
        v->arch.flush_pending = false;
    fake_domain.vcpus[0]->arch.in_guest = true;
}
static bool was_flushed(void)
{
    return fake_kicks == 1 && fake_domain.vcpus[0]->arch.flush_pending && fake_domain.vcpus[1]->arch.flush_pending;
}
static bool was_not_flushed(void)
{
    return !fake_kicks && !fake_domain.vcpus[0]->arch.flush_pending && !fake_domain.vcpus[1]->arch.flush_pending;
}

/* --- cases -------------------------------------------------------------------------------------------------------- */

static void one_page(void)
{
    start();
    enter_guest();
    CU_ASSERT_EQUAL(set(0x12345, 0x54321, 0, P2M_RAM), 0);
    CU_ASSERT_TRUE(was_not_flushed()); /* nothing was there */
    CU_ASSERT_EQUAL(fake_pages_used, 4);
    CU_ASSERT_TRUE(is_mapped(0x12345, 0x54321, P2M_RAM, 0));
    CU_ASSERT_TRUE(is_hole(0x12344));
    CU_ASSERT_TRUE(is_hole(0x12346));
    CU_ASSERT_TRUE(is_hole(0));
    CU_ASSERT_EQUAL(arch_p2m_max_gfn(D).value, 0x12345);
    static const struct { uint64_t gfn; unsigned int order; } holes[] = { /* as large as the empty entry tells */
        { 0x12344, 0 }, { 0, 9 }, { PAGES_1G, 18 }, { 1ull << 27, 27 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(holes); i++) {
        unsigned int order = ~0u;
        arch_p2m_get(D, make_gfn(holes[i].gfn), NULL, &order);
        CU_ASSERT_EQUAL(order, holes[i].order);
    }

    CU_ASSERT_EQUAL(set(0x12345, 0x777, 0, P2M_RAM), 0); /* replaced */
    CU_ASSERT_TRUE(was_flushed());
    CU_ASSERT_TRUE(is_mapped(0x12345, 0x777, P2M_RAM, 0));

    enter_guest();
    CU_ASSERT_EQUAL(clear(0x12345, 0), 0);
    CU_ASSERT_TRUE(was_flushed());
    CU_ASSERT_TRUE(is_hole(0x12345));
    enter_guest();
    CU_ASSERT_EQUAL(clear(0x12345, 0), 0); /* again: nothing to do */
    CU_ASSERT_TRUE(was_not_flushed());
    CU_ASSERT_EQUAL(arch_p2m_max_gfn(D).value, 0x12345); /* the highest ever */
    end();
}

static void two_mebibytes(void)
{
    start();
    CU_ASSERT_EQUAL(set(3 * PAGES_2M, 7 * PAGES_2M, 9, P2M_RAM), 0);
    CU_ASSERT_EQUAL(fake_pages_used, 3);
    CU_ASSERT_EQUAL(count_mapped(3 * PAGES_2M, 7 * PAGES_2M, P2M_RAM, 9, 512), 512);
    CU_ASSERT_TRUE(is_hole(3 * PAGES_2M - 1));
    CU_ASSERT_TRUE(is_hole(4 * PAGES_2M));
    CU_ASSERT_EQUAL(arch_p2m_max_gfn(D).value, 4 * PAGES_2M - 1);
    enter_guest();
    CU_ASSERT_EQUAL(clear(3 * PAGES_2M, 9), 0);
    CU_ASSERT_TRUE(was_flushed());
    CU_ASSERT_TRUE(is_hole(3 * PAGES_2M));
    CU_ASSERT_TRUE(is_hole(4 * PAGES_2M - 1));
    CU_ASSERT_EQUAL(fake_pages_used, 3);
    end();
}

static void one_gibibyte(void)
{
    start();
    CU_ASSERT_EQUAL(set(2 * PAGES_1G, 1 * PAGES_1G, 18, P2M_RAM), 0);
    CU_ASSERT_EQUAL(fake_pages_used, 2);
    CU_ASSERT_EQUAL(count_mapped(2 * PAGES_1G, 1 * PAGES_1G, P2M_RAM, 18, PAGES_1G), PAGES_1G);
    CU_ASSERT_TRUE(is_hole(2 * PAGES_1G - 1));
    CU_ASSERT_TRUE(is_hole(3 * PAGES_1G));
    enter_guest();
    CU_ASSERT_EQUAL(clear(2 * PAGES_1G, 18), 0);
    CU_ASSERT_TRUE(was_flushed());
    CU_ASSERT_TRUE(is_hole(2 * PAGES_1G));
    CU_ASSERT_TRUE(is_hole(3 * PAGES_1G - 1));
    end();
}

/* Without 1 GiB pages the same is 512 entries of 2 MiB, and is cleared as such. */
static void no_gibibyte_pages(void)
{
    start();
    cpu_features.pages_1g = false;
    CU_ASSERT_EQUAL(set(2 * PAGES_1G, 1 * PAGES_1G, 18, P2M_RAM), 0);
    CU_ASSERT_EQUAL(fake_pages_used, 3);
    CU_ASSERT_EQUAL(count_mapped(2 * PAGES_1G, 1 * PAGES_1G, P2M_RAM, 9, PAGES_1G), PAGES_1G);
    CU_ASSERT_EQUAL(clear(2 * PAGES_1G, 18), 0);
    for (uint64_t i = 0; i < 512; i++)
        CU_ASSERT_TRUE(is_hole(2 * PAGES_1G + i * PAGES_2M + i));
    end();
}

/* Numbers that are not aligned to a large page's size are mapped in smaller pieces; orders between the sizes too. */
static void largest_pieces_that_fit(void)
{
    start();
    CU_ASSERT_EQUAL(set(PAGES_2M, 5 * PAGES_2M + 8, 9, P2M_RAM), 0);
    CU_ASSERT_EQUAL(count_mapped(PAGES_2M, 5 * PAGES_2M + 8, P2M_RAM, 0, 512), 512);
    CU_ASSERT_EQUAL(set(PAGES_1G, 2 * PAGES_1G + PAGES_2M, 18, P2M_RAM), 0);
    CU_ASSERT_EQUAL(count_mapped(PAGES_1G, 2 * PAGES_1G + PAGES_2M, P2M_RAM, 9, PAGES_1G), PAGES_1G);
    CU_ASSERT_EQUAL(set(4 * PAGES_1G, 3 * PAGES_1G, 11, P2M_RAM), 0);
    CU_ASSERT_EQUAL(count_mapped(4 * PAGES_1G, 3 * PAGES_1G, P2M_RAM, 9, 4 * PAGES_2M), 4 * PAGES_2M);
    CU_ASSERT_TRUE(is_hole(4 * PAGES_1G + 4 * PAGES_2M));
    CU_ASSERT_EQUAL(set(6 * PAGES_1G, 5 * PAGES_1G, 8, P2M_RAM), 0);
    CU_ASSERT_EQUAL(count_mapped(6 * PAGES_1G, 5 * PAGES_1G, P2M_RAM, 0, 256), 256);
    CU_ASSERT_TRUE(is_hole(6 * PAGES_1G + 256));
    end();
}

static void split_two_mebibytes(void)
{
    const uint64_t gfn = 6 * PAGES_2M, mfn = 9 * PAGES_2M;
    start();
    CU_ASSERT_EQUAL(set(gfn, mfn, 9, P2M_RAM), 0);
    uint64_t used = fake_pages_used;
    enter_guest();
    CU_ASSERT_EQUAL(set(gfn + 100, 0xabc, 0, P2M_GRANT), 0);
    CU_ASSERT_TRUE(was_flushed());
    CU_ASSERT_EQUAL(fake_pages_used, used + 1);
    CU_ASSERT_EQUAL(count_mapped(gfn, mfn, P2M_RAM, 0, 100), 100);
    CU_ASSERT_TRUE(is_mapped(gfn + 100, 0xabc, P2M_GRANT, 0));
    CU_ASSERT_EQUAL(count_mapped(gfn + 101, mfn + 101, P2M_RAM, 0, 411), 411);
    CU_ASSERT_EQUAL(clear(gfn + 511, 0), 0);
    CU_ASSERT_TRUE(is_hole(gfn + 511));
    CU_ASSERT_TRUE(is_mapped(gfn + 510, mfn + 510, P2M_RAM, 0));
    CU_ASSERT_TRUE(is_hole(gfn + 512));
    CU_ASSERT_EQUAL(fake_pages_used, used + 1);
    end();
}

static void split_one_gibibyte(void)
{
    const uint64_t gfn = 3 * PAGES_1G, mfn = PAGES_1G, hole = gfn + 77 * PAGES_2M + 5;
    start();
    CU_ASSERT_EQUAL(set(gfn, mfn, 18, P2M_RAM), 0);
    enter_guest();
    CU_ASSERT_EQUAL(clear(hole, 0), 0); /* one page: a table of 2 MiB entries, and in it one of 4 KiB entries */
    CU_ASSERT_TRUE(was_flushed());
    CU_ASSERT_EQUAL(fake_pages_used, 4);
    CU_ASSERT_TRUE(is_hole(hole));
    CU_ASSERT_EQUAL(count_mapped(gfn, mfn, P2M_RAM, 9, 77 * PAGES_2M), 77 * PAGES_2M);
    CU_ASSERT_EQUAL(count_mapped(gfn + 77 * PAGES_2M, mfn + 77 * PAGES_2M, P2M_RAM, 0, 5), 5);
    CU_ASSERT_EQUAL(count_mapped(hole + 1, mfn + 77 * PAGES_2M + 6, P2M_RAM, 0, 506), 506);
    CU_ASSERT_EQUAL(count_mapped(gfn + 78 * PAGES_2M, mfn + 78 * PAGES_2M, P2M_RAM, 9, 434 * PAGES_2M), 434 * PAGES_2M);

    CU_ASSERT_EQUAL(set(5 * PAGES_1G, 2 * PAGES_1G, 18, P2M_RAM), 0);
    uint64_t used = fake_pages_used;
    CU_ASSERT_EQUAL(clear(5 * PAGES_1G + 3 * PAGES_2M, 9), 0); /* 2 MiB of it: one table */
    CU_ASSERT_EQUAL(fake_pages_used, used + 1);
    CU_ASSERT_TRUE(is_hole(5 * PAGES_1G + 3 * PAGES_2M));
    CU_ASSERT_TRUE(is_hole(5 * PAGES_1G + 4 * PAGES_2M - 1));
    CU_ASSERT_TRUE(is_mapped(5 * PAGES_1G + 3 * PAGES_2M - 1, 2 * PAGES_1G + 3 * PAGES_2M - 1, P2M_RAM, 9));
    CU_ASSERT_TRUE(is_mapped(5 * PAGES_1G + 4 * PAGES_2M, 2 * PAGES_1G + 4 * PAGES_2M, P2M_RAM, 9));
    end();
}

/* The pieces of a large mapping keep its type, and so its permissions. */
static void a_split_keeps_the_type(void)
{
    static const enum p2m_type types[] = { P2M_RAM_READ_ONLY, P2M_GRANT_READ_ONLY, P2M_MMIO, P2M_FOREIGN };
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        start();
        CU_ASSERT_EQUAL(set(PAGES_1G, PAGES_1G, 18, types[i]), 0);
        struct walked whole = walk(PAGES_1G + 1);
        CU_ASSERT_EQUAL(set(PAGES_1G, 1, 0, P2M_RAM), 0);
        for (unsigned int level = 0; level < 2; level++) {
            uint64_t gfn = PAGES_1G + (level ? PAGES_2M : 1);
            struct walked piece = walk(gfn);
            CU_ASSERT_TRUE(is_mapped(gfn, gfn, types[i], 9 * level));
            CU_ASSERT_EQUAL(piece.is_writable, whole.is_writable);
            CU_ASSERT_EQUAL(piece.is_executable, whole.is_executable);
            CU_ASSERT_EQUAL(piece.is_uncached, whole.is_uncached);
        }
        end();
    }
}

/* A large mapping over smaller ones gives their tables back, once no CPU can walk them. */
static void a_large_mapping_replaces_tables(void)
{
    start();
    CU_ASSERT_EQUAL(set(PAGES_1G, 3 * PAGES_2M + 1, 9, P2M_RAM), 0); /* 512 pages */
    CU_ASSERT_EQUAL(set(PAGES_1G + PAGES_2M, 5 * PAGES_2M, 9, P2M_RAM), 0);
    CU_ASSERT_EQUAL(set(PAGES_1G + 2 * PAGES_2M, 0x123, 0, P2M_RAM), 0);
    CU_ASSERT_EQUAL(fake_pages_used, 5);
    enter_guest();
    CU_ASSERT_EQUAL(set(PAGES_1G, 8 * PAGES_2M, 9, P2M_RAM), 0);
    CU_ASSERT_EQUAL(fake_pages_used, 4);
    CU_ASSERT_TRUE(was_flushed());
    CU_ASSERT_EQUAL(fake_kicks_before_free, 1);
    CU_ASSERT_EQUAL(count_mapped(PAGES_1G, 8 * PAGES_2M, P2M_RAM, 9, 512), 512);
    CU_ASSERT_TRUE(is_mapped(PAGES_1G + PAGES_2M, 5 * PAGES_2M, P2M_RAM, 9));
    enter_guest();
    CU_ASSERT_EQUAL(set(PAGES_1G, 4 * PAGES_1G, 18, P2M_RAM), 0);
    CU_ASSERT_EQUAL(fake_pages_used, 2);
    CU_ASSERT_TRUE(was_flushed());
    CU_ASSERT_EQUAL(fake_kicks_before_free, 1);
    CU_ASSERT_EQUAL(count_mapped(PAGES_1G, 4 * PAGES_1G, P2M_RAM, 18, 4 * PAGES_2M), 4 * PAGES_2M);
    end();
}

/* Clearing what was never there costs neither tables nor a flush, however much it is. */
static void clearing_nothing_is_free(void)
{
    start();
    enter_guest();
    CU_ASSERT_EQUAL(clear(0, 36), 0); /* everything */
    CU_ASSERT_EQUAL(clear(0x12345, 0), 0);
    CU_ASSERT_EQUAL(fake_pages_used, 1);
    CU_ASSERT_TRUE(was_not_flushed());
    CU_ASSERT_EQUAL(set(5 * PAGES_1G + 5, 5, 0, P2M_RAM), 0);
    CU_ASSERT_EQUAL(clear(0, 36), 0);
    CU_ASSERT_TRUE(is_hole(5 * PAGES_1G + 5));
    CU_ASSERT_TRUE(was_flushed());
    end();
}

/* What each type of mapping lets the guest do, and whether it is a page that hypercalls may reach. */
static void types_and_permissions(void)
{
    static const struct {
        enum p2m_type type;
        bool can_write, can_execute, is_uncached;
        bool is_page, is_writable_page;
    } types[] = {
        { P2M_RAM, true, true, false, true, true },
        { P2M_RAM_READ_ONLY, false, true, false, true, false },
        { P2M_GRANT, true, false, false, true, true },
        { P2M_GRANT_READ_ONLY, false, false, false, true, false },
        { P2M_FOREIGN, true, false, false, true, true },
        { P2M_MMIO, true, false, true, false, false },
    };
    static struct domain other;
    start();
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        bool is_own = types[i].type == P2M_RAM || types[i].type == P2M_RAM_READ_ONLY;
        for (unsigned int order = 0; order <= 18; order += 9) {
            uint64_t gfn = PAGES_1G * (i + 1), mfn = PAGES_1G;
            CU_ASSERT_EQUAL(set(gfn, mfn, order, types[i].type), 0);
            CU_ASSERT_TRUE(is_mapped(gfn, mfn, types[i].type, order));
            struct walked w = walk(gfn);
            CU_ASSERT_EQUAL(w.is_writable, types[i].can_write);
            CU_ASSERT_EQUAL(w.is_executable, types[i].can_execute);
            CU_ASSERT_EQUAL(w.is_uncached, types[i].is_uncached);

            uint64_t last = (1ull << order) - 1;
            enum p2m_type found = P2M_NONE;
            struct page *page = fake_page_own(mfn + last, is_own ? D : &other);
            CU_ASSERT_PTR_EQUAL(arch_p2m_get_page(D, make_gfn(gfn + last), false, &found),
                                types[i].is_page ? page : NULL);
            CU_ASSERT_EQUAL(found, types[i].type);
            CU_ASSERT_EQUAL(page->references, types[i].is_page ? 2 : 1);
            page->references = 1;
            CU_ASSERT_PTR_EQUAL(arch_p2m_get_page(D, make_gfn(gfn + last), true, NULL),
                                types[i].is_writable_page ? page : NULL);
            CU_ASSERT_EQUAL(page->references, types[i].is_writable_page ? 2 : 1);

            uint64_t left = 0;
            spin_lock(&fake_domain.arch.p2m_lock);
            void *at = p2m_translate_locked(D, (gfn << PAGE_SHIFT) + 16, false, &left);
            CU_ASSERT_PTR_EQUAL(at, types[i].is_page ? (char *)mfn_to_virt(mfn) + 16 : NULL);
            CU_ASSERT_TRUE(!at || left == (PAGE_SIZE << order) - 16);
            at = p2m_translate_locked(D, gfn << PAGE_SHIFT, true, &left);
            CU_ASSERT_PTR_EQUAL(at, types[i].is_writable_page ? mfn_to_virt(mfn) : NULL);
            spin_unlock(&fake_domain.arch.p2m_lock);
        }
    }
    end();
}

/* Pages that the map shows but that are not there to be had. */
static void pages_that_are_gone(void)
{
    static struct domain other;
    enum p2m_type type = P2M_RAM;
    start();
    CU_ASSERT_PTR_NULL(arch_p2m_get_page(D, make_gfn(5), false, &type));
    CU_ASSERT_EQUAL(type, P2M_NONE);
    CU_ASSERT_EQUAL(set(5, 0x3000, 0, P2M_RAM), 0);
    CU_ASSERT_PTR_NULL(arch_p2m_get_page(D, make_gfn(5), false, &type)); /* freed while the domain dies */
    CU_ASSERT_EQUAL(type, P2M_RAM);
    fake_page_own(0x3000, &other);
    CU_ASSERT_PTR_NULL(arch_p2m_get_page(D, make_gfn(5), false, NULL)); /* and given to another */
    CU_ASSERT_EQUAL(set(5, 0x3000, 0, P2M_RAM_READ_ONLY), 0);
    CU_ASSERT_PTR_NULL(arch_p2m_get_page(D, make_gfn(5), false, NULL));
    CU_ASSERT_EQUAL(frame_table[0x3000].references, 1);
    CU_ASSERT_EQUAL(set(6, FAKE_FRAMES + 7, 0, P2M_RAM), 0); /* beyond the machine's memory */
    CU_ASSERT_EQUAL(set(7, FAKE_FRAMES + 7, 0, P2M_FOREIGN), 0);
    CU_ASSERT_PTR_NULL(arch_p2m_get_page(D, make_gfn(6), false, NULL));
    CU_ASSERT_PTR_NULL(arch_p2m_get_page(D, make_gfn(7), false, NULL));
    CU_ASSERT_PTR_NULL(arch_p2m_get_page(D, make_gfn(1ull << 36), false, &type));
    CU_ASSERT_PTR_NULL(arch_p2m_get_page(D, make_gfn(~0ull), false, &type));
    CU_ASSERT_EQUAL(clear(7, 0), 0);
    end();
}

static void *translate(uint64_t guest_physical)
{
    uint64_t left = 0;
    spin_lock(&fake_domain.arch.p2m_lock);
    void *at = p2m_translate_locked(D, guest_physical, false, &left);
    spin_unlock(&fake_domain.arch.p2m_lock);
    return at;
}

/* Pages found lately are not found any more once the map has changed, however often it has. */
static void recent_translations(void)
{
    start();
    CU_ASSERT_EQUAL(set(0x40, 0x3000, 0, P2M_RAM), 0);
    CU_ASSERT_EQUAL(set(0x41, 0x3001, 0, P2M_RAM), 0);
    for (int i = 0; i < 2; i++)
        CU_ASSERT_PTR_EQUAL(translate(0x40123), (char *)mfn_to_virt(0x3000) + 0x123);
    CU_ASSERT_EQUAL(set(0x40, 0x3005, 0, P2M_RAM), 0);
    CU_ASSERT_PTR_EQUAL(translate(0x40123), (char *)mfn_to_virt(0x3005) + 0x123);
    /* An address beyond what can be mapped shares its low bits with that page and its high bits with a generation. */
    for (unsigned int bit = 48; bit < 64; bit++)
        CU_ASSERT_PTR_NULL(translate(1ull << bit | 0x40123));
    CU_ASSERT_EQUAL(clear(0x40, 0), 0);
    CU_ASSERT_PTR_NULL(translate(0x40123));

    CU_ASSERT_EQUAL(set(0x40, 0x3006, 0, P2M_RAM), 0);
    uint64_t generation = fake_domain.arch.p2m_generation, changes = 0;
    CU_ASSERT_PTR_EQUAL(translate(0x40000), mfn_to_virt(0x3006));
    CU_ASSERT_EQUAL(set(0x40, 0x3007, 0, P2M_RAM), 0); /* the last is kept as of a generation that will come again */
    do {
        CU_ASSERT_EQUAL_FATAL(set(0x41, 0x3001 + changes % 2, 0, P2M_RAM), 0);
        CU_ASSERT_FATAL(fake_domain.arch.p2m_generation != 0);
    } while (fake_domain.arch.p2m_generation != generation && ++changes < 100000);
    CU_ASSERT_EQUAL(fake_domain.arch.p2m_generation, generation);
    CU_ASSERT_PTR_EQUAL(translate(0x40000), mfn_to_virt(0x3007));
    end();
}

/* No memory for tables: an error, nothing is half mapped, nothing is lost. */
static void out_of_memory(void)
{
    for (uint64_t left = 0; left < 3; left++) { /* a page needs three tables below the root */
        start();
        fake_pages_left = left;
        CU_ASSERT_EQUAL(set(0x123, 0x456, 0, P2M_RAM), -XEN_ENOMEM);
        CU_ASSERT_TRUE(is_hole(0x123));
        CU_ASSERT_EQUAL(fake_pages_used, 1 + left);
        fake_pages_left = ~0ull;
        CU_ASSERT_EQUAL(set(0x123, 0x456, 0, P2M_RAM), 0);
        CU_ASSERT_TRUE(is_mapped(0x123, 0x456, P2M_RAM, 0));
        end();
    }

    start(); /* in the middle of a block: what was mapped of it is taken back */
    fake_pages_left = 2 + 3;
    CU_ASSERT_EQUAL(set(0, PAGES_2M + 1, 11, P2M_RAM), -XEN_ENOMEM);
    CU_ASSERT_EQUAL(fake_pages_left, 0);
    for (uint64_t gfn = 0; gfn < 4 * PAGES_2M; gfn++)
        CU_ASSERT_TRUE_FATAL(is_hole(gfn));
    end();

    start(); /* a large mapping cannot be split: it stays as it is */
    CU_ASSERT_EQUAL(set(PAGES_1G, PAGES_1G, 18, P2M_RAM), 0);
    for (fake_pages_left = 0; fake_pages_left < 2; fake_pages_left++) {
        uint64_t left = fake_pages_left;
        CU_ASSERT_EQUAL(clear(PAGES_1G + 5, 0), -XEN_ENOMEM);
        unsigned int order = left ? 9 : 18; /* with one table it is split to 2 MiB, which map the same */
        CU_ASSERT_EQUAL(count_mapped(PAGES_1G, PAGES_1G, P2M_RAM, order, PAGES_1G), PAGES_1G);
        fake_pages_left = 0;
        CU_ASSERT_EQUAL(set(PAGES_1G + 5, 0x99, 0, P2M_GRANT), -XEN_ENOMEM);
        CU_ASSERT_TRUE(is_mapped(PAGES_1G + 5, PAGES_1G + 5, P2M_RAM, order));
        fake_pages_left = left;
    }
    end();

    fake_pages_start(); /* not even a root */
    fake_domain_create(1);
    fake_pages_left = 0;
    CU_ASSERT_EQUAL(p2m_create(D), -XEN_ENOMEM);
    p2m_free(D);
    CU_ASSERT_EQUAL(fake_pages_used, 0);
}

/* A domain's tables are limited, so that it cannot use up the machine with few pages far apart; domain 0's are not. */
static void tables_are_limited(void)
{
    for (int is_privileged = 0; is_privileged < 2; is_privileged++) {
        uint64_t gfn = 0;
        start();
        fake_domain.is_privileged = is_privileged;
        while (gfn < 2000 * PAGES_2M && set(gfn, gfn, 0, P2M_RAM) == 0)
            gfn += PAGES_2M;
        if (is_privileged) {
            CU_ASSERT_EQUAL(gfn, 2000 * PAGES_2M);
        } else {
            CU_ASSERT_TRUE(is_hole(gfn));
            CU_ASSERT_EQUAL(fake_pages_used, 1024 + 4096 / 64);
        }
        CU_ASSERT_TRUE(is_mapped(gfn - PAGES_2M, gfn - PAGES_2M, P2M_RAM, 0));
        end();
    }
}

static void numbers_out_of_range(void)
{
    const uint64_t limit = 1ull << 36;
    start();
    CU_ASSERT_EQUAL(set(limit - 1, 1, 0, P2M_RAM), 0);
    CU_ASSERT_TRUE(is_mapped(limit - 1, 1, P2M_RAM, 0));
    CU_ASSERT_EQUAL(arch_p2m_max_gfn(D).value, limit - 1);
    CU_ASSERT_EQUAL(set(limit, 1, 0, P2M_RAM), -XEN_EINVAL);
    CU_ASSERT_EQUAL(set(~0ull, 1, 0, P2M_RAM), -XEN_EINVAL);
    CU_ASSERT_EQUAL(set(limit - 1, 1, 1, P2M_RAM), -XEN_EINVAL);
    CU_ASSERT_EQUAL(clear(limit, 0), -XEN_EINVAL);
    CU_ASSERT_EQUAL(clear(limit - 1, 9), -XEN_EINVAL);
    CU_ASSERT_FALSE(mfn_is_valid_number(arch_p2m_get(D, make_gfn(limit), NULL, NULL)));
    CU_ASSERT_FALSE(mfn_is_valid_number(arch_p2m_get(D, make_gfn(limit | (limit - 1)), NULL, NULL)));
    CU_ASSERT_TRUE(is_mapped(limit - 1, 1, P2M_RAM, 0));
    end();
}

/* A batch flushes once, at its end, and only if something was replaced; another CPU's changes flush at once. */
static void batches(void)
{
    start();
    CU_ASSERT_EQUAL(set(0, 0x1000, 9, P2M_RAM), 0);
    arch_p2m_batch_begin(D);
    enter_guest();
    for (uint64_t gfn = 0; gfn < 8; gfn++)
        CU_ASSERT_EQUAL(clear(gfn, 0), 0);
    CU_ASSERT_TRUE(was_not_flushed());
    arch_p2m_batch_end(D);
    CU_ASSERT_TRUE(was_flushed());

    arch_p2m_batch_begin(D);
    enter_guest();
    CU_ASSERT_EQUAL(set(0, 0x1000, 0, P2M_RAM), 0);
    arch_p2m_batch_end(D);
    CU_ASSERT_TRUE(was_not_flushed());

    arch_p2m_batch_begin(D);
    enter_guest();
    fake_cpu = 1;
    arch_p2m_batch_begin(D); /* has no effect: one is open */
    CU_ASSERT_EQUAL(clear(0, 0), 0);
    CU_ASSERT_TRUE(was_flushed());
    enter_guest();
    arch_p2m_batch_end(D); /* nor has this end the first CPU's */
    fake_cpu = 0;
    CU_ASSERT_EQUAL(clear(10, 0), 0);
    CU_ASSERT_TRUE(was_not_flushed());
    /* Tables go back to the allocator at once, and so not before a flush. */
    CU_ASSERT_EQUAL(set(0, 0x1000, 9, P2M_RAM), 0);
    CU_ASSERT_TRUE(was_flushed());
    CU_ASSERT_EQUAL(fake_kicks_before_free, 1);
    arch_p2m_batch_end(D);
    end();
}

/* The end of a domain: references of foreign mappings are dropped, in slices; nothing else is touched. */
static void release(void)
{
    static struct domain other;
    start();
    static const uint64_t gfns[] = { 0, 511, 512, PAGES_1G - 1, 3 * PAGES_1G, 200 * PAGES_1G + 7 };
    CU_ASSERT_EQUAL(set(PAGES_1G, PAGES_1G, 18, P2M_RAM), 0);
    CU_ASSERT_EQUAL(set(2 * PAGES_1G, PAGES_1G, 9, P2M_RAM), 0);
    struct page *own = fake_page_own(0x4000, D), *granted = fake_page_own(0x4001, &other);
    CU_ASSERT_EQUAL(set(1, 0x4000, 0, P2M_RAM), 0);
    CU_ASSERT_EQUAL(set(2, 0x4001, 0, P2M_GRANT), 0);
    for (size_t i = 0; i < ARRAY_SIZE(gfns); i++) {
        fake_page_own(0x5000 + i, &other)->references = 2;
        CU_ASSERT_EQUAL(set(gfns[i], 0x5000 + i, 0, P2M_FOREIGN), 0);
    }
    unsigned int slices = 1;
    fake_yield_every = 1;
    while (arch_domain_release_memory(D) == -XEN_ERESTART)
        slices++;
    CU_ASSERT_TRUE(slices > 2);
    for (size_t i = 0; i < ARRAY_SIZE(gfns); i++) {
        CU_ASSERT_EQUAL(frame_table[0x5000 + i].references, 1);
        CU_ASSERT_TRUE(is_hole(gfns[i]));
    }
    CU_ASSERT_EQUAL(own->references, 1);
    CU_ASSERT_EQUAL(granted->references, 1);
    CU_ASSERT_TRUE(is_mapped(1, 0x4000, P2M_RAM, 0));
    CU_ASSERT_EQUAL(arch_domain_release_memory(D), 0); /* again: nothing is dropped twice */
    CU_ASSERT_EQUAL(frame_table[0x5000].references, 1);
    end();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(one_page),
        TEST_CASE(two_mebibytes),
        TEST_CASE(one_gibibyte),
        TEST_CASE(no_gibibyte_pages),
        TEST_CASE(largest_pieces_that_fit),
        TEST_CASE(split_two_mebibytes),
        TEST_CASE(split_one_gibibyte),
        TEST_CASE(a_split_keeps_the_type),
        TEST_CASE(a_large_mapping_replaces_tables),
        TEST_CASE(clearing_nothing_is_free),
        TEST_CASE(types_and_permissions),
        TEST_CASE(pages_that_are_gone),
        TEST_CASE(recent_translations),
        TEST_CASE(out_of_memory),
        TEST_CASE(tables_are_limited),
        TEST_CASE(numbers_out_of_range),
        TEST_CASE(batches),
        TEST_CASE(release),
    };
    return RUN_TESTS("p2m", tests);
}
