/* SPDX-License-Identifier: MIT */
/* The program ctl; everything it does is in cli_main, so that tests can run it whole. */
#include "cli.h"
#include "standard_files.h"
#include "xl.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* What was started without one of them must not open a file, or the store's socket, in its place and print to that. */
static void occupy_standard_streams(void)
{
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
        if (fcntl(stream, F_GETFD) < 0)
            open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY); /* to use it fails, as it does when closed */
}

int main(int argc, char **argv)
{
    occupy_standard_streams();
    standard_files_take();
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is a failed write, with its sentence */
    if (xl_is_meant(argv[0]))
        return xl_main(argc, argv, stdout, stderr);
    _exit(cli_main(argc, argv, stdout, stderr)); /* it has written and closed all: exit's own code need not be loaded */
}
