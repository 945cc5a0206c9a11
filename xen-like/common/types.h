/* SPDX-License-Identifier: MIT */
/*
 * Basic types and macros of the core. Frame numbers are typed so that a guest's frame (gfn) can never be taken for a
 * machine's (mfn) without an explicit conversion.
 */
#ifndef KEEL_TYPES_H
#define KEEL_TYPES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t paddr_t; /* a machine-physical address */

typedef struct { uint64_t value; } mfn_t; /* machine frame number */
typedef struct { uint64_t value; } gfn_t; /* guest frame number */

#define INVALID_MFN ((mfn_t){ ~0ull })
#define INVALID_GFN ((gfn_t){ ~0ull })

static inline mfn_t make_mfn(uint64_t value) { return (mfn_t){ value }; }
static inline gfn_t make_gfn(uint64_t value) { return (gfn_t){ value }; }
static inline mfn_t mfn_add(mfn_t mfn, uint64_t n) { return (mfn_t){ mfn.value + n }; }
static inline gfn_t gfn_add(gfn_t gfn, uint64_t n) { return (gfn_t){ gfn.value + n }; }
static inline bool gfn_equal(gfn_t a, gfn_t b) { return a.value == b.value; }
static inline bool mfn_is_valid_number(mfn_t mfn) { return mfn.value != ~0ull; }

#define PAGE_SHIFT 12
#define PAGE_SIZE (1ull << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PAGE_ORDER_4K 0u
#define PAGE_ORDER_2M 9u
#define PAGE_ORDER_1G 18u

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ROUND_UP(n, to) (((n) + (to) - 1) & ~((__typeof__(n))(to) - 1)) /* `to` is a power of two */
#define ROUND_DOWN(n, to) ((n) & ~((__typeof__(n))(to) - 1))
#define CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))

/* Arguments are evaluated more than once. */
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#endif
