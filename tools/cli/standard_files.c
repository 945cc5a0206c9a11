/* SPDX-License-Identifier: MIT */
/* Standard files that are closed are taken by /dev/null, opened the other way round; see standard_files.h. */
#include "standard_files.h"

#include <fcntl.h>
#include <unistd.h>

void standard_files_take(void)
{
    /* the lowest free number is taken, so each closed one in its turn */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            return;
}
