/* SPDX-License-Identifier: MIT */
/* The configuration that Debian's xl has kept of a guest that it made. */
#ifndef KEEL_CLI_XL_USERDATA_H
#define KEEL_CLI_XL_USERDATA_H

#include "live.h"

#include <yajl/yajl_gen.h>

/* The file's folder, unless a test has another. */
#define XL_USERDATA_FOLDER "/var/lib/xen"

/*
 * Prints that configuration as an object, with the name, the memory, the vCPUs and the share as they are. False, with
 * nothing printed, when there is none that can be read.
 */
bool xl_userdata_put(yajl_gen json, const char *folder, const struct live *live);

#endif
