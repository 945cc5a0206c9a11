/* SPDX-License-Identifier: MIT */
/* Pretended physical memory; see fake_ram.h. */
#include "fake_ram.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "paging.h"

#define RAM_SIZE GIB(8)

bool fake_ram_run(void (*test_case)(void))
{
    int status = 0;
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0) {
        void *ram = mmap((void *)DIRECT_MAP_BASE, RAM_SIZE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        CHECK(ram == (void *)DIRECT_MAP_BASE);
        test_case();
        fflush(NULL);
        _exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

const void *map_firmware(paddr_t address, size_t size)
{
    CHECK(address < RAM_SIZE && size <= RAM_SIZE - address);
    return direct_map(address);
}
