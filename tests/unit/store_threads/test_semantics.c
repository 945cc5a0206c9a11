/* SPDX-License-Identifier: MIT */
/* The tests of what clients may expect, with our library under the thread sanitizer. */
#include "../store/test_semantics.c"
