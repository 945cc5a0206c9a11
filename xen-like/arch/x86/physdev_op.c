/* SPDX-License-Identifier: MIT */
/*
 * physdev_op: what a PVH domain 0 reports of the machine's devices. It drives the interrupt controllers through its
 * virtual ones, so there are no physical interrupts as event channels: those calls are -ENOSYS, as they are in Xen.
 */
#include "domain.h"
#include "ioapic.h"

_Static_assert(sizeof(struct physdev_setup_gsi) == 8, "PHYSDEVOP_setup_gsi's argument");
_Static_assert(sizeof(struct physdev_pci_mmcfg_reserved) == 16, "PHYSDEVOP_pci_mmcfg_reserved's argument");

/* A device that has come or gone, or a memory-mapped window to configuration space: nothing here depends on it. */
static long report(struct hypercall *call, uint64_t address, size_t size)
{
    uint8_t argument[32];
    return size > sizeof(argument) ? -XEN_EINVAL : copy_from_guest(argument, address, size);
}

/* The trigger and polarity are taken from the entry in domain 0's I/O APIC when it opens the pin. */
static long setup_gsi(struct hypercall *call, uint64_t address)
{
    struct physdev_setup_gsi op;
    if (COPY_STRUCT_FROM_GUEST(&op, address))
        return -XEN_EFAULT;
    if (op.gsi < 0 || !ioapic_has_gsi((uint32_t)op.gsi) || op.triggering > 1 || op.polarity > 1)
        return -XEN_EINVAL;
    return 0;
}

long arch_hypercall_physdev_op(struct hypercall *call)
{
    uint64_t address = call->argument[1];
    if (!call->vcpu->domain->is_privileged)
        return -XEN_ENOSYS;
    switch (call->argument[0]) {
    case PHYSDEVOP_pci_device_add: return report(call, address, offsetof(struct physdev_pci_device_add, optarr));
    case PHYSDEVOP_pci_device_remove: return report(call, address, sizeof(struct physdev_pci_device));
    case PHYSDEVOP_manage_pci_add:
    case PHYSDEVOP_manage_pci_remove: return report(call, address, sizeof(struct physdev_manage_pci));
    case PHYSDEVOP_manage_pci_add_ext: return report(call, address, sizeof(struct physdev_manage_pci_ext));
    case PHYSDEVOP_pci_mmcfg_reserved: return report(call, address, sizeof(struct physdev_pci_mmcfg_reserved));
    case PHYSDEVOP_setup_gsi: return setup_gsi(call, address);
    default: return -XEN_ENOSYS;
    }
}
