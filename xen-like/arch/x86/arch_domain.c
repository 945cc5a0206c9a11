/* SPDX-License-Identifier: MIT */
/* The x86 part of making and ending a domain: only PVH exists here, hardware virtualisation with nested paging. */
#include "memory_map.h"
#include "p2m.h"
#include "printk.h"
#include "virtual_ioapic.h"
#include "virtualization.h"

#define EMULATION_OF_DOMAIN_ZERO (XEN_X86_EMU_LAPIC | XEN_X86_EMU_IOAPIC | XEN_X86_EMU_VPCI)

int arch_domain_check_config(const struct xen_domctl_createdomain *config)
{
    uint32_t wanted = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
    uint32_t known = wanted | XEN_DOMCTL_CDF_oos_off | XEN_DOMCTL_CDF_xs_domain | XEN_DOMCTL_CDF_s3_integrity;

    if ((config->flags & wanted) != wanted || (config->flags & ~known)) {
        log_warning("a domain with flags %#x is refused: only PVH guests with nested paging are run\n", config->flags);
        return -XEN_EINVAL;
    }
    if (config->arch.emulation_flags & ~EMULATION_OF_DOMAIN_ZERO) {
        log_warning("a domain with device models %#x is refused: PVH guests have a local APIC and nothing else\n",
                    config->arch.emulation_flags);
        return -XEN_EOPNOTSUPP;
    }
    return 0;
}

int arch_domain_create(struct domain *d, const struct xen_domctl_createdomain *config)
{
    d->arch.emulation_flags = config->arch.emulation_flags;
    int error = p2m_create(d);
    if (error)
        return error;
    error = cpuid_policy_create(d);
    if (error)
        goto free_p2m;
    if (d->is_privileged) {
        error = virtual_ioapic_create(d);
        if (error)
            goto free_cpuid_policy;
    }
    return 0;

free_cpuid_policy:
    cpuid_policy_free(d);
free_p2m:
    p2m_free(d);
    return error;
}

void arch_domain_free(struct domain *d)
{
    if (d->is_privileged)
        virtual_ioapic_free(d);
    memory_map_free(d);
    cpuid_policy_free(d);
    p2m_free(d);
}

uint32_t arch_feature_bits(const struct domain *d)
{
    uint32_t bits = 1u << XENFEAT_writable_page_tables | 1u << XENFEAT_auto_translated_physmap |
                    1u << XENFEAT_hvm_callback_vector | 1u << XENFEAT_hvm_safe_pvclock |
                    1u << XENFEAT_memory_op_vnode_supported;
    return bits | (d->is_privileged ? 1u << XENFEAT_dom0 | 1u << XENFEAT_direct_mapped
                                    : 1u << XENFEAT_not_direct_mapped);
}

void arch_capabilities(char *text, size_t size)
{
    /* PVH kernels start in 32-bit mode: builders look for that name. */
    keel_snprintf(text, size, "hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 ");
}
