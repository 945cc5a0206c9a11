/* SPDX-License-Identifier: MIT */
/* Domains and configurations as the JSON that xl prints (list -l, create -n), member by member. */
#ifndef KEEL_CLI_XL_JSON_H
#define KEEL_CLI_XL_JSON_H

#include "live.h"

#include <yajl/yajl_gen.h>

/* NULL: no memory; all calls accept that. */
yajl_gen xl_json_open(void);
/* Prints and frees it; false when it could not be made. */
bool xl_json_close(yajl_gen json, FILE *out);
/* A configuration as one object; live: with what has become of it since, NULL: not yet created. */
void xl_json_config(yajl_gen json, const struct ctl_config *config, const struct live *live);
/* An element of list -l. config NULL: the domain was not made from one that is known. */
void xl_json_domain(yajl_gen json, const struct ctl_config *config, const struct live *live);

/* These domains as list -l shows them; false when that could not be made. */
bool xl_json_list(struct ctl *ctl, const struct ctl_domain *list, ssize_t count, FILE *out);

#endif
