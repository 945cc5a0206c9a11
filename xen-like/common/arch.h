/* SPDX-License-Identifier: MIT */
/*
 * The whole seam between the portable core and an architecture. Each arch_* function is called by the core; the
 * contract says from where. Interrupts are off in all hypervisor code except where arch_idle, arch_take_interrupts and
 * arch_vcpu_run open them.
 */
#ifndef KEEL_ARCH_H
#define KEEL_ARCH_H

#include "domain.h"

/* --- this machine -------------------------------------------------------------------------------------------- */

uint32_t arch_cpu_id(void);    /* this CPU's number, dense from 0 */
uint32_t arch_cpu_count(void); /* CPUs that are up */
uint64_t arch_time_ns(void);   /* ns since boot, monotonic, same on all CPUs */
void arch_wallclock(uint64_t *seconds, uint32_t *nanoseconds); /* UTC at arch_time_ns() == 0 */
/* Programs this CPU's timer; ~0: off. When it fires the CPU leaves the guest or idling. */
void arch_timer_set(uint64_t deadline_ns);
/* Makes another CPU leave the guest or idling, soon; then it passes through cpu_loop if its work flag is set. */
void arch_cpu_kick(uint32_t cpu);
/*
 * Asks that CPU to go through cpu_loop (timers, scheduling) before it continues its guest; kicks it if it is another.
 */
void arch_cpu_request_loop(uint32_t cpu);
/* True while this CPU has such a request or has been in the current exit for over a millisecond. */
bool arch_should_yield(void);
/* Opens interrupts and halts until one comes; returns at once if a request is pending. From cpu_loop only. */
void arch_idle(void);
/* Opens interrupts for a moment: those that wait are taken. From cpu_loop only, which then goes round. */
void arch_take_interrupts(void);
void arch_relax(void); /* in spin loops */
void arch_machine_power_off(void) __attribute__((noreturn));
void arch_machine_reboot(void) __attribute__((noreturn));
/* The machine's memory as the direct map has it. */
void *arch_mfn_to_virtual(mfn_t mfn);
mfn_t arch_virtual_to_mfn(const void *pointer);
static inline void *page_to_virtual(const struct page *page) { return arch_mfn_to_virtual(page_to_mfn(page)); }
static inline struct page *virtual_to_page(const void *p) { return mfn_to_page(arch_virtual_to_mfn(p)); }

/* --- domains and vCPUs --------------------------------------------------------------------------------------- */

/* Is this configuration one that the architecture can run? Before anything exists. */
int arch_domain_check_config(const struct xen_domctl_createdomain *config);
/* d->arch, with an empty physical map. Undone by arch_domain_free. */
int arch_domain_create(struct domain *d, const struct xen_domctl_createdomain *config);
/* A dying domain gives back what its physical map refers to. Continuable: -XEN_ERESTART. No vCPU runs any more. */
int arch_domain_release_memory(struct domain *d);
void arch_domain_free(struct domain *d);
int arch_vcpu_create(struct vcpu *v);
void arch_vcpu_free(struct vcpu *v);
/*
 * Runs v until this CPU shall do something else (a loop request, v no longer runnable). State was loaded by switch_in.
 */
void arch_vcpu_run(struct vcpu *v);
/*
 * v's registers that outlive exits (FPU, segment bases) onto this CPU, and off it. Called by cpu_loop around changes.
 */
void arch_vcpu_switch_in(struct vcpu *v);
void arch_vcpu_switch_out(struct vcpu *v);
/* v has something to see: if it is in the guest on another CPU, makes it leave. Never waits. */
void arch_vcpu_kick(struct vcpu *v);
/* An event has become pending for v (its upcall flag went from clear to set): for a per-vCPU upcall vector. */
void arch_vcpu_event_raised(struct vcpu *v);
/* Would an interrupt of its local APIC wake a halted v? */
bool arch_vcpu_interrupt_pending(const struct vcpu *v);
/* An NMI for v, unless it is down. Any CPU; v is notified. */
void arch_vcpu_raise_nmi(struct vcpu *v);
/* v->info has moved or time parameters changed: writes its vcpu_time_info. v is the caller or is not running. */
void arch_vcpu_update_time(struct vcpu *v);
/* The time structure as registered by VCPUOP_register_vcpu_time_memory_area. */
void arch_vcpu_fill_time(struct vcpu *v, struct vcpu_time_info *time);
/* VCPUOP_initialise of a PVH vCPU: copies the context at guest_address in and sets the registers. -XEN_E*. */
int arch_vcpu_initialise(struct vcpu *v, uint64_t guest_address);
/*
 * How often v has left the guest for one kind of reason, counted from 0 on: the kind's name ("exit_cpuid"), NULL behind
 * the last. Any CPU, while v runs.
 */
const char *arch_vcpu_exit_count(const struct vcpu *v, uint32_t kind, uint64_t *count);
/* For debug keys: one paragraph about v. */
void arch_vcpu_dump(const struct vcpu *v);

/* --- the physical map (gfn to mfn) of a domain; has its own lock, taken inside ---------------------------------- */

enum p2m_type {
    P2M_NONE,          /* nothing there */
    P2M_RAM,           /* the domain's own page, read-write-execute */
    P2M_RAM_READ_ONLY, /* the domain's own page */
    P2M_GRANT,         /* another's page, mapped by grant; read-write, no execute */
    P2M_GRANT_READ_ONLY,
    P2M_FOREIGN,       /* another's page, mapped by a privileged domain */
    P2M_MMIO,          /* a device's frame, uncached as its MTRR says */
};

/*
 * Maps 2^order frames; both numbers aligned to the order. What was mapped there is replaced. References: the map holds
 * none of its own for P2M_RAM*, and owns the one that its caller took for the other types (dropped by the caller upon
 * clear). -XEN_ENOMEM. Flushes if something was replaced.
 */
int arch_p2m_set(struct domain *d, gfn_t gfn, mfn_t mfn, unsigned int order, enum p2m_type type);
/* Unmaps; when it returns, no CPU has a stale translation: the page may be freed. */
int arch_p2m_clear(struct domain *d, gfn_t gfn, unsigned int order);
/*
 * INVALID_MFN if nothing is there. type and order may be NULL; *order is that of the mapping found, or of the aligned
 * hole around gfn as far as it is known.
 */
mfn_t arch_p2m_get(struct domain *d, gfn_t gfn, enum p2m_type *type, unsigned int *order);
/*
 * The page behind a gfn with a reference taken, atomically; NULL if there is none, or if it is read-only and
 * want_write.
 */
struct page *arch_p2m_get_page(struct domain *d, gfn_t gfn, bool want_write, enum p2m_type *type);
/* Highest gfn ever mapped (XENMEM_maximum_gpfn). */
gfn_t arch_p2m_max_gfn(const struct domain *d);
/*
 * Brackets a batch of p2m changes by this CPU: flushes are gathered and done by end. Pages that were unmapped must not
 * be freed before end. No nesting.
 */
void arch_p2m_batch_begin(struct domain *d);
void arch_p2m_batch_end(struct domain *d);

/* --- guest memory of the running vCPU --------------------------------------------------------------------------- */

/*
 * A guest-virtual address of the running vCPU to the page behind it (referenced) and the offset in it. NULL: -EFAULT.
 */
struct page *arch_guest_virtual_to_page(struct vcpu *v, uint64_t guest_address, bool want_write, uint32_t *offset);
/* copy_from_guest and copy_to_guest (hypercall.h) are the architecture's as well. */

/* --- calls that only an architecture can answer: -XEN_ENOSYS for what it does not know ---------------------------- */

/* The core has found d, checked privilege and copied *op in; *copy_back asks that *op be copied out. */
long arch_domctl(struct hypercall *call, struct xen_domctl *op, struct domain *d, bool *copy_back);
long arch_sysctl(struct hypercall *call, struct xen_sysctl *op, bool *copy_back);
/* XENMEM_memory_map, machine_memory_map, set_memory_map, ... */
long arch_memory_op(struct hypercall *call, uint32_t command, uint64_t guest_address);
/* The architecture's part of XEN_SYSCTL_physinfo; the core has zeroed *info and filled its own part. */
void arch_fill_physinfo(struct xen_sysctl_physinfo *info);
/* Whether a PCI function answers at this place. Any CPU. */
bool arch_pci_function_exists(uint16_t segment, uint8_t bus, uint8_t device_and_function);
/* XENVER_get_features submap 0 bits of the architecture, XENVER_capabilities text. */
uint32_t arch_feature_bits(const struct domain *d);
void arch_capabilities(char *text, size_t size);

/*
 * The frame table is made, domain 0's memory set aside (arch_reserve_domain_zero_memory), and all free memory given to
 * the page allocator. Boot CPU, once, before any allocation.
 */
void arch_start_memory(void);
/* This CPU can run vCPUs, and its timer and kicks bring it to cpu_loop. Each CPU once, the boot CPU first. */
void arch_start_cpu(void);
/* The other CPUs, which wait, each call keel_secondary_main. Boot CPU, once. */
void arch_release_secondaries(void);

/*
 * Sets aside what dom0_mem= asks for, before free memory is given to the page allocator. Panics if there is too little.
 */
void arch_reserve_domain_zero_memory(void);
/* Builds and starts domain 0 from the boot modules; panics with what to do when that cannot be. Core calls it once. */
void arch_build_domain_zero(struct domain *d);

#endif
