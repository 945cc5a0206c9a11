/* SPDX-License-Identifier: MIT */
/*
 * The handle of libctl: opening, closing, and the sentence of the last failure.
 */
#include "internal.h"
#include "hypercall.h"
#include "names.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The sentence of the last failed ctl_open, which leaves no handle to hold it. */
static _Thread_local char open_error[CTL_ERROR_MAX];

int ctl_fail(struct ctl *ctl, int error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(ctl ? ctl->error : open_error, CTL_ERROR_MAX, format, arguments);
    va_end(arguments);
    return -error;
}

const char *ctl_error(const struct ctl *ctl)
{
    return ctl ? ctl->error : open_error;
}

int ctl_open(struct ctl **out)
{
    struct ctl *ctl = calloc(1, sizeof(*ctl));
    int result;

    *out = NULL;
    if (!ctl)
        return ctl_fail(NULL, ENOMEM, "there is no memory for a control handle");
    ctl->privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    if (ctl->privcmd < 0) {
        result = errno == EACCES || errno == EPERM ? -errno : -ENODEV;
        ctl_fail(NULL, -result, "cannot open /dev/xen/privcmd (%s): run this as root in domain 0, with the module "
                 "xen-privcmd loaded", strerror(errno));
        goto free_handle;
    }
    result = hypercall_init(ctl);
    if (result < 0) {
        ctl_fail(NULL, -result, "cannot get memory for hypercalls: %s", strerror(-result));
        goto close_privcmd;
    }
    result = hypercall_probe(ctl);
    if (result < 0) {
        ctl_fail(NULL, ENODEV, "the hypervisor refuses this domain's control calls (%s): run this in domain 0",
                 strerror(-result));
        result = -ENODEV;
        goto fini_hypercall;
    }
    *out = ctl;
    return 0;

fini_hypercall:
    hypercall_fini(ctl);
close_privcmd:
    close(ctl->privcmd);
free_handle:
    free(ctl);
    return result;
}

void ctl_close(struct ctl *ctl)
{
    if (!ctl)
        return;
    if (ctl->store)
        xs_close(ctl->store);
    names_free(ctl);
    hypercall_fini(ctl);
    close(ctl->privcmd);
    free(ctl);
}
