/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_xen_version: which hypervisor this is, to anybody; its command line, to the privileged domain. */
#include "arch.h"
#include "command_line.h"
#include "string.h"

#define VERSION_MAJOR 4 /* of Xen's ABI */
#define VERSION_MINOR 17
#define EXTRA_VERSION "-keel"
#define HYPERVISOR_VIRTUAL_START 0xffff800000000000ull /* fixed by the ABI for 64-bit guests */

_Static_assert(sizeof(xen_compile_info_t) == 144, "ABI");
_Static_assert(COMMAND_LINE_MAX <= sizeof(xen_commandline_t), "the whole command line can be told");

static int put_text(uint64_t address, const char *from, size_t size)
{
    char text[1024] = "";
    string_copy(text, from, size);
    return copy_to_guest(address, text, size);
}

static long compile_info(uint64_t address)
{
    xen_compile_info_t info = { .compiler = "" };
    string_copy(info.compiler, "C compiler " __VERSION__, sizeof(info.compiler));
    string_copy(info.compile_by, "keel", sizeof(info.compile_by));
    string_copy(info.compile_date, "not recorded", sizeof(info.compile_date)); /* builds repeat byte for byte */
    return COPY_STRUCT_TO_GUEST(address, &info);
}

static long capabilities(uint64_t address)
{
    xen_capabilities_info_t text = "";
    arch_capabilities(text, sizeof(text));
    return copy_to_guest(address, text, sizeof(text));
}

static long platform_parameters(uint64_t address)
{
    const xen_platform_parameters_t parameters = { .virt_start = HYPERVISOR_VIRTUAL_START };
    return COPY_STRUCT_TO_GUEST(address, &parameters);
}

static long get_features(const struct domain *d, uint64_t address)
{
    xen_feature_info_t info;
    if (COPY_STRUCT_FROM_GUEST(&info, address))
        return -XEN_EFAULT;
    if (info.submap_idx >= XENFEAT_NR_SUBMAPS)
        return -XEN_EINVAL;
    info.submap = arch_feature_bits(d);
    return COPY_STRUCT_TO_GUEST(address, &info);
}

long hypercall_xen_version(struct hypercall *call)
{
    const struct domain *d = call->vcpu->domain;
    uint64_t address = call->argument[1];
    switch (call->argument[0]) {
    case XENVER_version: return VERSION_MAJOR << 16 | VERSION_MINOR;
    case XENVER_extraversion: return put_text(address, EXTRA_VERSION, sizeof(xen_extraversion_t));
    case XENVER_compile_info: return compile_info(address);
    case XENVER_capabilities: return capabilities(address);
    case XENVER_changeset: return put_text(address, "unavailable", sizeof(xen_changeset_info_t));
    case XENVER_platform_parameters: return platform_parameters(address);
    case XENVER_get_features: return get_features(d, address);
    case XENVER_pagesize: return PAGE_SIZE;
    case XENVER_guest_handle: return copy_to_guest(address, d->handle, sizeof(d->handle));
    case XENVER_commandline:
        return put_text(address, d->is_privileged ? command_line_text() : "<denied>", sizeof(xen_commandline_t));
    case XENVER_build_id: return -XEN_ENODATA;
    default: return -XEN_ENOSYS;
    }
}
