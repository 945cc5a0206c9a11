/* SPDX-License-Identifier: MIT */
/* The table of all keys of xl.cfg(5); see config_keys.h for what an entry says. */
#include "config_keys.h"

#include <stdlib.h>
#include <string.h>

#define SUPPORTED(key, function) { key, CONFIG_SUPPORTED, NULL, NULL, function }
#define IGNORED(key, reason) { key, CONFIG_IGNORED, reason, NULL, NULL }
#define IGNORED_UNLESS(key, harmless, reason) { key, CONFIG_IGNORED, reason, harmless, NULL }
#define REFUSED(key, reason) { key, CONFIG_REFUSED, reason, NULL, NULL }
#define REFUSED_UNLESS(key, harmless, reason) { key, CONFIG_REFUSED, reason, harmless, NULL }

#define NO_DEVICE "devices of this kind are not available; remove it or set it to [] to run the guest without them"
#define NO_PASSTHROUGH "the machine's own devices cannot be given to a guest; remove it"
#define NO_MODEL "is ignored: a PVH guest has no emulated devices"
#define NO_DISPLAY "is ignored: a PVH guest has no emulated display"
#define NO_SOUND "is ignored: a PVH guest has no emulated sound, USB or serial device"
#define NO_FIRMWARE "is ignored: a PVH guest starts its kernel without firmware"
#define NO_STUBDOMAIN "is ignored: a PVH guest has no device model, so no stub domain"
#define ALWAYS_THERE "is ignored: a PVH guest always has this feature"
#define ARM_ONLY "this is for Arm machines only; remove it"
#define NO_SHIM "is ignored: there is no PV shim"

const struct config_key config_keys[] = {
    /* What a guest is */
    SUPPORTED("type", config_apply_type),
    SUPPORTED("builder", config_apply_builder),
    SUPPORTED("name", config_apply_name),
    SUPPORTED("uuid", config_apply_uuid),
    SUPPORTED("kernel", config_apply_kernel),
    SUPPORTED("ramdisk", config_apply_ramdisk),
    SUPPORTED("cmdline", NULL),
    SUPPORTED("root", NULL),
    SUPPORTED("extra", NULL),
    SUPPORTED("memory", config_apply_memory),
    SUPPORTED("maxmem", config_apply_max_memory),
    SUPPORTED("vcpus", config_apply_vcpus),
    SUPPORTED("maxvcpus", config_apply_max_vcpus),
    SUPPORTED("cpus", config_apply_cpus),
    SUPPORTED("cpus_soft", config_apply_cpus_soft),
    SUPPORTED("cpu_weight", config_apply_cpu_weight),
    SUPPORTED("cap", config_apply_cap),
    SUPPORTED("disk", config_apply_disks),
    SUPPORTED("vif", config_apply_nics),
    SUPPORTED("on_poweroff", config_apply_action),
    SUPPORTED("on_reboot", config_apply_action),
    SUPPORTED("on_crash", config_apply_action),
    SUPPORTED("on_watchdog", config_apply_action),
    SUPPORTED("on_soft_reset", config_apply_action),

    /* CPUs and memory */
    REFUSED_UNLESS("pool", "Pool-0|", "there is only the pool \"Pool-0\"; remove it"),
    IGNORED("vnuma", "is ignored: the guest sees a single NUMA node"),

    /* Booting without a kernel file */
    REFUSED("firmware", "a PVH guest has no firmware; name its kernel with kernel instead"),
    REFUSED("bootloader", "boot loaders are not run; name the guest's kernel with kernel instead"),
    IGNORED("bootloader_args", "is ignored: boot loaders are not run"),
    REFUSED("pvshim", "there is no shim for PV guests; remove it and give a kernel that can start as PVH"),
    IGNORED("pvshim_path", NO_SHIM),
    IGNORED("pvshim_cmdline", NO_SHIM),
    IGNORED("pvshim_extra", NO_SHIM),

    /* Rights and limits */
    REFUSED("seclabel", "security labels are not enforced; remove it to run the guest without one"),
    REFUSED("init_seclabel", "security labels are not enforced; remove it to build the guest without one"),
    IGNORED("max_grant_frames", "is ignored: the default limit applies"),
    IGNORED("max_maptrack_frames", "is ignored: the default limit applies"),
    IGNORED_UNLESS("max_grant_version", "1", "is ignored: grant tables are of version 1"),
    IGNORED("max_event_channels", "is ignored: the default limit applies"),
    IGNORED("nomigrate", "is ignored: guests are not migrated"),
    REFUSED("driver_domain", "a guest cannot serve devices to others; remove it"),
    REFUSED_UNLESS("passthrough", "disabled|default|", NO_PASSTHROUGH),
    IGNORED("xend_suspend_evtchn_compat", "is ignored: guests are not suspended to a file"),
    IGNORED("vmtrace_buf_kb", "is ignored: processor tracing is not available"),
    IGNORED("vpmu", "is ignored: performance counters are not given to guests"),

    /* Devices */
    REFUSED("vtpm", NO_DEVICE),
    REFUSED("p9", NO_DEVICE),
    REFUSED("pvcalls", NO_DEVICE),
    REFUSED("vfb", NO_DEVICE),
    REFUSED("channel", NO_DEVICE),
    REFUSED("vdispl", NO_DEVICE),
    REFUSED("vsnd", NO_DEVICE),
    REFUSED("vkb", NO_DEVICE),
    REFUSED("usbctrl", NO_DEVICE),
    REFUSED("usbdev", NO_DEVICE),
    REFUSED("rdm", NO_PASSTHROUGH),
    REFUSED("pci", NO_PASSTHROUGH),
    REFUSED("gfx_passthru", NO_PASSTHROUGH),
    REFUSED("dtdev", NO_PASSTHROUGH),
    REFUSED("ioports", NO_PASSTHROUGH),
    REFUSED("iomem", NO_PASSTHROUGH),
    REFUSED("irqs", NO_PASSTHROUGH),
    IGNORED("pci_permissive", "is ignored: no PCI device is passed through"),
    IGNORED("pci_msitranslate", "is ignored: no PCI device is passed through"),
    IGNORED("pci_seize", "is ignored: no PCI device is passed through"),
    IGNORED("pci_power_mgmt", "is ignored: no PCI device is passed through"),
    IGNORED("rdm_mem_boundary", "is ignored: no PCI device is passed through"),
    IGNORED("e820_host", "is ignored: a PVH guest has a memory map of its own"),

    /* The processor that the guest sees */
    REFUSED_UNLESS("hap", "1", "there is no shadow paging, only nested paging; remove it"),
    IGNORED("oos", "is ignored: there is no shadow paging"),
    IGNORED("shadow_memory", "is ignored: there is no shadow paging"),
    IGNORED_UNLESS("pae", "1", ALWAYS_THERE),
    IGNORED_UNLESS("acpi", "1", ALWAYS_THERE),
    IGNORED_UNLESS("apic", "1", ALWAYS_THERE),
    IGNORED_UNLESS("nx", "1", ALWAYS_THERE),
    IGNORED("acpi_s3", NO_FIRMWARE),
    IGNORED("acpi_s4", NO_FIRMWARE),
    IGNORED("acpi_laptop_slate", NO_FIRMWARE),
    IGNORED("hpet", NO_MODEL),
    REFUSED_UNLESS("altp2m", "disabled|0|", "alternate memory views are not available; remove it"),
    REFUSED("altp2mhvm", "alternate memory views are not available; remove it"),
    REFUSED("nestedhvm", "a guest cannot run guests of its own; remove it"),
    REFUSED("cpuid", "CPU features cannot be set for one guest; remove it"),
    IGNORED_UNLESS("tsc_mode", "default|native|0|2", "is ignored: the guest reads the processor's own TSC"),
    IGNORED("mca_caps", "is ignored: machine checks are not given to guests"),
    IGNORED("msr_relaxed", "is ignored: unknown MSRs raise #GP"),
    IGNORED("viridian", "is ignored: Windows' interfaces are not available"),

    /* Emulated machine of HVM guests */
    IGNORED("boot", NO_FIRMWARE),
    IGNORED("bios", NO_FIRMWARE),
    IGNORED("bios_path_override", NO_FIRMWARE),
    REFUSED("acpi_firmware", "additional ACPI tables are not handed to a PVH guest; remove it"),
    IGNORED("smbios_firmware", NO_FIRMWARE),
    REFUSED_UNLESS("ms_vm_genid", "none|", "a generation identifier is not available; remove it"),
    IGNORED("localtime", "is ignored: a PVH guest has no emulated clock; it gets the host's time in UTC"),
    IGNORED("rtc_timeoffset", "is ignored: a PVH guest has no emulated clock; it gets the host's time in UTC"),
    IGNORED("vpt_align", "is ignored: a PVH guest has no emulated platform timers"),
    IGNORED("timer_mode", "is ignored: a PVH guest has no emulated platform timers"),
    IGNORED("mmio_hole", NO_MODEL),
    IGNORED("xen_platform_pci", NO_MODEL),
    IGNORED("hdtype", NO_MODEL),
    IGNORED("vendor_device", NO_MODEL),
    IGNORED("dm_restrict", NO_MODEL),
    IGNORED("device_model_user", NO_MODEL),
    IGNORED("device_model_version", NO_MODEL),
    IGNORED("device_model_override", NO_MODEL),
    IGNORED("device_model_args", NO_MODEL),
    IGNORED("device_model_args_pv", NO_MODEL),
    IGNORED("device_model_args_hvm", NO_MODEL),
    IGNORED("device_model_stubdomain_override", NO_STUBDOMAIN),
    IGNORED("device_model_stubdomain_seclabel", NO_STUBDOMAIN),
    IGNORED("stubdomain_kernel", NO_STUBDOMAIN),
    IGNORED("stubdomain_cmdline", NO_STUBDOMAIN),
    IGNORED("stubdomain_ramdisk", NO_STUBDOMAIN),
    IGNORED("stubdomain_memory", NO_STUBDOMAIN),
    IGNORED("videoram", NO_DISPLAY),
    IGNORED("stdvga", NO_DISPLAY),
    IGNORED_UNLESS("vga", "none|", NO_DISPLAY),
    IGNORED("vnc", NO_DISPLAY),
    IGNORED("vnclisten", NO_DISPLAY),
    IGNORED("vncdisplay", NO_DISPLAY),
    IGNORED("vncunused", NO_DISPLAY),
    IGNORED("vncpasswd", NO_DISPLAY),
    IGNORED("keymap", NO_DISPLAY),
    IGNORED("sdl", NO_DISPLAY),
    IGNORED("opengl", NO_DISPLAY),
    IGNORED_UNLESS("nographic", "0|1", NO_DISPLAY),
    IGNORED("spice", NO_DISPLAY),
    IGNORED("spicehost", NO_DISPLAY),
    IGNORED("spiceport", NO_DISPLAY),
    IGNORED("spicetls_port", NO_DISPLAY),
    IGNORED("spicedisable_ticketing", NO_DISPLAY),
    IGNORED("spicepasswd", NO_DISPLAY),
    IGNORED("spiceagent_mouse", NO_DISPLAY),
    IGNORED("spicevdagent", NO_DISPLAY),
    IGNORED("spice_clipboard_sharing", NO_DISPLAY),
    IGNORED("spiceusbredirection", NO_DISPLAY),
    IGNORED("spice_image_compression", NO_DISPLAY),
    IGNORED("spice_streaming_video", NO_DISPLAY),
    IGNORED("serial", NO_SOUND),
    IGNORED("soundhw", NO_SOUND),
    IGNORED("vkb_device", NO_SOUND),
    IGNORED("usb", NO_SOUND),
    IGNORED("usbversion", NO_SOUND),
    IGNORED("usbdevice", NO_SOUND),

    /* Other machines */
    REFUSED("device_tree", ARM_ONLY),
    REFUSED_UNLESS("tee", "none|", ARM_ONLY),
    REFUSED("gic_version", ARM_ONLY),
    REFUSED("vuart", ARM_ONLY),
};
const size_t config_keys_count = sizeof(config_keys) / sizeof(config_keys[0]);

const struct config_key *config_key_find(const char *name)
{
    for (size_t i = 0; i < config_keys_count; i++) {
        if (strcmp(config_keys[i].name, name) == 0)
            return &config_keys[i];
    }
    return NULL;
}

static bool is_one_of(const char *text, const char *choices)
{
    size_t length = strlen(text);

    for (const char *choice = choices;; choice++) {
        size_t choice_length = strcspn(choice, "|");

        if (choice_length == length && memcmp(choice, text, length) == 0)
            return true;
        choice += choice_length;
        if (*choice == '\0')
            return false;
    }
}

bool config_key_is_harmless(const struct config_key *key, const struct config_value *value)
{
    if (value->kind == CONFIG_LIST)
        return value->count == 0;
    return is_one_of(value->text, key->harmless ? key->harmless : "0|");
}

#define NEAREST_WORD_MAX 40u

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Letters to insert, delete, replace or swap with their neighbour to make one word of the other. */
static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned rows[3][NEAREST_WORD_MAX + 1], *before = rows[0], *previous = rows[1], *row = rows[2];

    for (size_t j = 0; j <= b_length; j++)
        previous[j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned replaced = previous[j - 1] + (a[i - 1] != b[j - 1]);

            row[j] = least(replaced, least(previous[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        unsigned *oldest = before;

        before = previous;
        previous = row;
        row = oldest;
    }
    return previous[b_length];
}

const char *config_nearest(const char *word, const void *names, size_t count, size_t stride)
{
    size_t length = strlen(word);
    unsigned best = length < 5 ? 2 : length < 9 ? 3 : 4; /* nearer than this is near */
    const char *nearest = NULL;

    if (length > NEAREST_WORD_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const char *name = *(const char *const *)((const char *)names + i * stride);
        size_t name_length = strlen(name);

        if (name_length > NEAREST_WORD_MAX)
            continue;
        unsigned apart = distance(word, length, name, name_length);

        if (apart < best) {
            best = apart;
            nearest = name;
        }
    }
    return nearest;
}
