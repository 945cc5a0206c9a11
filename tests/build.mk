# SPDX-License-Identifier: MIT
# Tests. tests/unit/GROUP/test_NAME.c is one CUnit program, linked with GROUP's library built under sanitizers.
