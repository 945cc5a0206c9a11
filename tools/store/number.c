/* SPDX-License-Identifier: MIT */
/* Strict parsing of decimal numbers. */
#include "store/number.h"

#include <errno.h>
#include <stdlib.h>

bool number_parse(const char *text, uint64_t max, bool negative, uint64_t *number)
{
    const char *digits = negative && text[0] == '-' ? text + 1 : text;
    if (digits[0] < '0' || digits[0] > '9')
        return false;
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return *end == '\0' && errno == 0 && (*number <= max || text[0] == '-');
}

bool number_parse_domain(const char *text, domid_t *domain)
{
    uint64_t number;
    if (!number_parse(text, DOMID_FIRST_RESERVED - 1, false, &number))
        return false;
    *domain = (domid_t)number;
    return true;
}
