/* SPDX-License-Identifier: MIT */
/*
 * Gives the functions of common/string.h other names. common/string.c is compiled with it for unit tests, so that they
 * use the C library's functions, which the sanitizers check; a test of string.c includes it after all other headers and
 * before "string.h".
 */
#ifndef KEEL_STRING_NAMES_H
#define KEEL_STRING_NAMES_H

#define memcpy keel_memcpy
#define memmove keel_memmove
#define memset keel_memset
#define memcmp keel_memcmp
#define memchr keel_memchr
#define strlen keel_strlen
#define strnlen keel_strnlen
#define strcmp keel_strcmp
#define strchr keel_strchr

#endif
