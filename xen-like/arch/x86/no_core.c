/* SPDX-License-Identifier: MIT */
/* What happens after boot in an image that is linked without the core: enough to see that the machine is up. */
#include "panic.h"
#include "printk.h"
#include "registers.h"
#include "smp.h"

__attribute__((weak)) void keel_main(void)
{
    printk(LOG_ERROR, "This image has no core: the machine is up, and idles");
    smp_release_secondaries();
    for (;;)
        interrupts_wait();
}

__attribute__((weak)) void keel_secondary_main(void)
{
    for (;;)
        interrupts_wait();
}
