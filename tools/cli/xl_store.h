/* SPDX-License-Identifier: MIT */
/* What xl reads from the store: how a domain stands, and its devices. */
#ifndef KEEL_CLI_XL_STORE_H
#define KEEL_CLI_XL_STORE_H

#include "xl_json.h"

/* What of the domain the machine knows; false when it is gone. */
bool xl_store_live(struct ctl *ctl, const struct ctl_domain *domain, struct xl_live *live);

#endif
