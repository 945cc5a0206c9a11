/* SPDX-License-Identifier: MIT */
/* The tests of what clients may expect, with Debian's libxenstore.so.4 in place of our library: it is served unchanged. */
#include "../store/test_semantics.c"
