/* SPDX-License-Identifier: MIT */
/* The program ctl; everything it does is in cli_main, so that tests can run it whole. */
#include "cli.h"
#include "standard_files.h"
#include "xl.h"

#include <signal.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    standard_files_take();
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is a failed write, with its sentence */
    if (xl_is_meant(argv[0]))
        return xl_main(argc, argv, stdout, stderr);
    _exit(cli_main(argc, argv, stdout, stderr)); /* it has written and closed all: exit's own code need not be loaded */
}
