/* SPDX-License-Identifier: MIT */
/*
 * Asking a guest to go: one word in control/shutdown, which the guest's kernel watches and takes away.
 */
#include "internal.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *shutdown_word(enum ctl_shutdown how)
{
    switch (how) {
    case CTL_SHUTDOWN_POWEROFF: return "poweroff";
    case CTL_SHUTDOWN_REBOOT: return "reboot";
    case CTL_SHUTDOWN_SUSPEND: return "suspend";
    case CTL_SHUTDOWN_CRASH: return "crash";
    default: return NULL;
    }
}

int ctl_domain_shutdown(struct ctl *ctl, uint32_t domid, enum ctl_shutdown how)
{
    const char *word = shutdown_word(how);
    char path[CTL_STORE_PATH_MAX];
    struct ctl_domain domain;
    char *control;
    int result;

    if (!word)
        return ctl_fail(ctl, EINVAL, "domain %u cannot be asked for this kind of shutdown", domid);
    if (!domid)
        return ctl_fail(ctl, EINVAL, "domain 0 is not shut down through the store: use poweroff in it");
    result = ctl_domain_get(ctl, domid, &domain);
    if (result < 0)
        return result;
    if (!ctl_store(ctl))
        return -ENOENT;
    ctl_path(path, "/local/domain/%u/control/shutdown", domid);
    control = ctl_store_read(ctl, XBT_NULL, "%s", path);
    free(control);
    if (!control)
        return ctl_fail(ctl, ENOENT, "domain %u has no %s in the store: it cannot be asked, only destroyed", domid,
                        path);
    if (!xs_write(ctl->store, XBT_NULL, path, word, (unsigned)strlen(word)))
        return ctl_fail(ctl, errno, "cannot write %s in the store: %s", path, strerror(errno));
    return 0;
}
