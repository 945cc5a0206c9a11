/* SPDX-License-Identifier: MIT */
/* A configuration as the command line gives it: a file, and settings (KEY=VALUE) that come after it. */
#ifndef KEEL_CLI_CONFIG_ARGUMENT_H
#define KEEL_CLI_CONFIG_ARGUMENT_H

#include "cli.h"

/*
 * Reads the configuration that the arguments from `first` on (and option f, if the verb has it) name; errors and,
 * unless option q is given, warnings are printed. *config is ended by ctl_config_free either way.
 */
int config_argument_read(struct cli *cli, int first, struct ctl_config *config);
/* One file with settings; what config_argument_read does for the arguments. */
int config_file_read(struct cli *cli, const char *file, const char *const *settings, size_t count,
                     struct ctl_config *config);
/* Whether its kernel and ramdisk can be read: said before work begins, for unpacking a kernel may take seconds. */
int config_check_files(struct cli *cli, const struct ctl_config *config);
/* Makes the program one that can read this file; it may begin anew (twin.h). config_file_read does it too. */
void config_file_prepare(const char *file);

#endif
