/* SPDX-License-Identifier: MIT */
/* See extended_state.h. The layout of the area is APM 2, 11.5. */
#include "extended_state.h"

#include "arch.h"
#include "cpu.h"
#include "registers.h"
#include "string.h"

#define XCR0_X87 1ull
#define FCW_RESET 0x37f
#define MXCSR_RESET 0x1f80

static unsigned int area_order(void) { return cpu_features.xsave_size > PAGE_SIZE ? 1 : 0; }

int extended_state_create(struct vcpu *v)
{
    if (cpu_features.xsave_size > 2 * PAGE_SIZE)
        return -XEN_EOPNOTSUPP; /* a state (AMX) larger than any that XCR0 is allowed here */
    v->arch.xsave_area = page_allocate_mapped(area_order());
    if (!v->arch.xsave_area)
        return -XEN_ENOMEM;
    extended_state_reset(v);
    return 0;
}

void extended_state_free(struct vcpu *v)
{
    if (v->arch.xsave_area)
        page_free_mapped(v->arch.xsave_area, area_order());
    v->arch.xsave_area = NULL;
}

void extended_state_reset(struct vcpu *v)
{
    uint8_t *area = v->arch.xsave_area;
    memset(area, 0, PAGE_SIZE << area_order());
    *(uint16_t *)area = FCW_RESET;
    *(uint32_t *)(area + 24) = MXCSR_RESET;
    *(uint64_t *)(area + 512) = 3; /* XSTATE_BV: x87 and SSE are in the area, the rest is at its reset value */
    v->arch.xcr0 = XCR0_X87;
}

void extended_state_load(struct vcpu *v)
{
    uint64_t all = cpu_features.xcr0_supported;
    write_xcr0(all);
    __asm__ volatile("xrstor64 (%0)"
                     : : "r"(v->arch.xsave_area), "a"((uint32_t)all), "d"((uint32_t)(all >> 32)) : "memory");
    write_xcr0(v->arch.xcr0);
}

void extended_state_save(struct vcpu *v)
{
    uint64_t all = cpu_features.xcr0_supported;
    v->arch.xcr0 = read_xcr0();
    write_xcr0(all); /* also what the guest has disabled after use is its own */
    __asm__ volatile("xsave64 (%0)"
                     : : "r"(v->arch.xsave_area), "a"((uint32_t)all), "d"((uint32_t)(all >> 32)) : "memory");
}
