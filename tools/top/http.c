/* SPDX-License-Identifier: MIT */
/* Requests; see http.h. */
#include "http.h"

#include <string.h>

const char *http_reason(int status)
{
    switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 414: return "URI Too Long";
    case 431: return "Request Header Fields Too Large";
    case 505: return "HTTP Version Not Supported";
    default: return "Service Unavailable";
    }
}

/* The length of the head, with the empty line that ends it; 0: it has not ended. */
static size_t head_length(const char *data, size_t length)
{
    for (size_t i = 0; i + 1 < length; i++) {
        if (data[i] != '\n')
            continue;
        if (data[i + 1] == '\n')
            return i + 2;
        if (data[i + 1] == '\r' && i + 2 < length && data[i + 2] == '\n')
            return i + 3;
    }
    return 0;
}

/* The path of a target: "/path?query", or "http://host/path" as proxies are asked. */
static int parse_target(const char *target, size_t length, struct http_request *request)
{
    static const char scheme[] = "http://";
    size_t path = 0;

    if (length > sizeof(scheme) && memcmp(target, scheme, sizeof(scheme) - 1) == 0) {
        const char *slash = memchr(target + sizeof(scheme) - 1, '/', length - (sizeof(scheme) - 1));

        if (!slash)
            return 400;
        length -= (size_t)(slash - target);
        target = slash;
    }
    if (length == 0 || target[0] != '/')
        return 400;
    for (; path < length && target[path] != '?' && target[path] != '#'; path++) {
        if (target[path] <= ' ' || target[path] == 0x7f)
            return 400;
    }
    if (path >= sizeof(request->path))
        return 414;
    memcpy(request->path, target, path);
    request->path[path] = '\0';
    return 200;
}

int http_parse(const char *data, size_t length, struct http_request *request)
{
    const char *line_end = memchr(data, '\n', length), *space, *last;
    size_t line, method, head;

    if (!line_end)
        return length >= HTTP_REQUEST_MAX ? 414 : 0;
    line = (size_t)(line_end - data);
    if (line && data[line - 1] == '\r')
        line--;
    space = memchr(data, ' ', line);
    last = memrchr(data, ' ', line);
    if (!space || space == last)
        return 400;
    if (line - (size_t)(last + 1 - data) != 8 || memcmp(last + 1, "HTTP/", 5) != 0)
        return 400;
    if (memcmp(last + 1, "HTTP/1.", 7) != 0)
        return 505;
    method = (size_t)(space - data);
    request->head_only = method == 4 && memcmp(data, "HEAD", 4) == 0;
    if (!request->head_only && !(method == 3 && memcmp(data, "GET", 3) == 0))
        return 405;
    head = head_length(data, length);
    if (memchr(data, '\0', head ? head : length))
        return 400;
    if (!head)
        return length >= HTTP_REQUEST_MAX ? 431 : 0;
    return parse_target(space + 1, (size_t)(last - space - 1), request);
}
