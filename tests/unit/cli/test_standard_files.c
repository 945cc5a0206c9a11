/* SPDX-License-Identifier: MIT */
/* A program whose standard files are closed opens nothing in their place, and its writes fail. */
#include "../run_tests.h"
#include "cli/standard_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a child with these closed (bits): which checks failed, as bits; 0: none. */
static int child(unsigned closed)
{
    pid_t pid = fork();
    int status, failed = 0;
    char byte = 0;

    CU_ASSERT_FATAL(pid >= 0);
    if (pid > 0) {
        CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    for (int fd = 0; fd < 3; fd++)
        if (closed >> fd & 1)
            close(fd);
    standard_files_take();
    if (open("/dev/zero", O_RDWR) < 3)
        failed |= 1;
    if ((closed & 2) && (write(1, &byte, 1) >= 0 || errno != EBADF))
        failed |= 2;
    if ((closed & 4) && (write(2, &byte, 1) >= 0 || errno != EBADF))
        failed |= 4;
    if ((closed & 1) && (read(0, &byte, 1) >= 0 || errno != EBADF))
        failed |= 8;
    _exit(failed);
}

static void closed(void)
{
    for (unsigned files = 0; files < 8; files++)
        CU_ASSERT_EQUAL(child(files), 0);
}

int main(void)
{
    static const CU_TestInfo tests[] = { TEST_CASE(closed) };

    return RUN_TESTS("standard files", tests);
}
