/* SPDX-License-Identifier: MIT */
/* What the client library's files share beyond <xenstore.h>. */
#ifndef STORE_CLIENT_STRINGS_H
#define STORE_CLIENT_STRINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <xenstore_lib.h>

/* The longest text of one permission, with its zero byte. */
#define STORE_PERMISSION_SIZE 12

/* Writes a permission as the wire wants it ("r5"). False with errno EINVAL for unknown bits, ENOSPC for a small
 * buffer. */
bool store_permission_to_string(const struct xs_permissions *permission, char *text, size_t size);

#endif
