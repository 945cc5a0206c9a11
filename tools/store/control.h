/* SPDX-License-Identifier: MIT */
/* The commands of CONTROL that have files of their own; each answers a request as a handler does. */
#ifndef STORE_CONTROL_H
#define STORE_CONTROL_H

#include "store/request.h"

int control_live_update(struct request *request, const char *const *arguments, int count);
int control_quota(struct request *request, const char *const *arguments, int count);
int control_quota_soft(struct request *request, const char *const *arguments, int count);
int control_stats(struct request *request, const char *const *arguments, int count);

#endif
