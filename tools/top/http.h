/* SPDX-License-Identifier: MIT */
/* As much of HTTP/1.1 as a scraper needs, on a connection that carries one request. All input is hostile. */
#ifndef KEEL_TOP_HTTP_H
#define KEEL_TOP_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_REQUEST_MAX 8192
#define HTTP_TARGET_MAX 256

struct http_request {
    bool head_only;               /* HEAD: no body is wanted */
    char path[HTTP_TARGET_MAX];   /* without query */
};

/*
 * Looks at what has come so far. 0: more is needed; 200: *request is filled; else the status to answer with (400, 405,
 * 414, 431, 505). A request that is longer than HTTP_REQUEST_MAX is 431.
 */
int http_parse(const char *data, size_t length, struct http_request *request);
/* "Not Found" and so on. */
const char *http_reason(int status);

#endif
