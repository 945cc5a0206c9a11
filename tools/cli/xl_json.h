/* SPDX-License-Identifier: MIT */
/* Domains and configurations as the JSON that xl prints (list -l, create -n), member by member. */
#ifndef KEEL_CLI_XL_JSON_H
#define KEEL_CLI_XL_JSON_H

#include "cli.h"

#include <yajl/yajl_gen.h>

/* What of a domain only the running machine knows. */
struct xl_live {
    struct ctl_domain domain;
    struct ctl_share share;
    const char *scheduler;              /* NULL: unknown */
    uint64_t target_kib, max_kib;
    int64_t video_kib;                  /* -1: unknown */
    uint32_t online;                    /* the first so many vCPUs are to be online */
};

/* NULL: no memory; all calls accept that. */
yajl_gen xl_json_open(void);
/* Prints and frees it; false when it could not be made. */
bool xl_json_close(yajl_gen json, FILE *out);
/* A configuration as one object; live: with what has become of it since, NULL: not yet created. */
void xl_json_config(yajl_gen json, const struct ctl_config *config, const struct xl_live *live);
/* An element of list -l. config NULL: the domain was not made from one that is known. */
void xl_json_domain(yajl_gen json, const struct ctl_config *config, const struct xl_live *live);

#endif
