/* SPDX-License-Identifier: MIT */
/* The story of boot, one call a line. */
#include "acpi.h"
#include "command_line.h"
#include "console.h"
#include "cpu.h"
#include "host_time.h"
#include "image.h"
#include "ioapic.h"
#include "lapic.h"
#include "multiboot2.h"
#include "paging.h"
#include "pic.h"
#include "arch.h"
#include "printk.h"
#include "serial.h"
#include "smp.h"
#include "traps.h"

#ifdef KEEL_DEBUG
#define KEEL_BUILD_KIND " (debug build)"
#else
#define KEEL_BUILD_KIND ""
#endif

void start_hypervisor(uint32_t magic, uint32_t information);

static void print_banner(void)
{
    printk(LOG_ALWAYS, "Keel, a thin hypervisor%s", KEEL_BUILD_KIND);
    printk(LOG_ALWAYS, "Command line: %s", command_line_text());
}

/* What lies where the boot loader put it, so that nothing is allocated over it. */
static void start_memory(void)
{
    uint32_t count;
    const struct memory_region *map = multiboot2_memory_map(&count);

    boot_memory_initialise(map, count);
    boot_memory_reserve(image_to_physical(image_start), (size_t)(image_end - image_start));
    for (uint32_t i = 0; i < boot_module_count; i++)
        boot_memory_reserve(boot_modules[i].start, boot_modules[i].size);
    for (uint32_t i = 0; i < boot_memory_region_count; i++)
        log_debug("Memory 0x%012lx to 0x%012lx: kind %u", boot_memory_regions[i].start,
                  boot_memory_regions[i].start + boot_memory_regions[i].size, boot_memory_regions[i].kind);
    log_info("Memory: %lu MiB usable; the hypervisor's image is at 0x%lx to 0x%lx", boot_memory_total() / MIB(1),
             image_to_physical(image_start), image_to_physical(image_end));
}

static void reboot_by_key(char key) { arch_machine_reboot(); }

void start_hypervisor(uint32_t magic, uint32_t information)
{
    cpu_start_boot();
    traps_initialise();
    serial_initialise();
    multiboot2_parse(magic, information);
    command_line_apply(multiboot2_command_line());
    serial_initialise();
    print_banner();
    cpu_detect_features();
    cpu_enable_features();
    start_memory();
    paging_initialise();
    multiboot2_move_modules();
    acpi_initialise();
    pic_silence();
    lapic_initialise();
    ioapic_initialise();
    time_initialise();
    lapic_timer_calibrate();
    smp_start_secondaries();
    serial_start_input();
    register_debug_key('R', "start the machine again", reboot_by_key);
    keel_main();
}
