/* SPDX-License-Identifier: MIT */
/* What the tools see of a domain: XEN_DOMCTL_getdomaininfo and XEN_SYSCTL_getdomaininfolist give the same. */
#ifndef KEEL_DOMAIN_INFO_H
#define KEEL_DOMAIN_INFO_H

#include "domain.h"

/* Fills all of *info. d is referenced; it may be running: what changes meanwhile is from some moment during the call. */
void domain_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info);

#endif
