/* SPDX-License-Identifier: MIT */
/* Requests for metrics: any bytes, as they come in two pieces. A path that is accepted is a clean one. */
#include "top/http.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request request = { 0 };
    size_t first = size ? data[0] % size : 0;
    int early, status;

    if (size > HTTP_REQUEST_MAX)
        return 0;
    early = http_parse((const char *)data, first, &request);
    status = http_parse((const char *)data, size, &request);
    if (early == 200 && status != 200)
        abort(); /* what follows a complete request changes nothing */
    if (status == 200 && (request.path[0] != '/' || strlen(request.path) >= HTTP_TARGET_MAX ||
                          strpbrk(request.path, " \r\n\t?#")))
        abort();
    if (status == 0 && size == HTTP_REQUEST_MAX)
        abort();
    return 0;
}
