# SPDX-License-Identifier: MIT
# All of the test kernel's cases pass from inside a guest with one vCPU.
create_test inner all 'memory = 128'
within 120 "its cases are done" contains "$(console_of inner)" 'TESTS-DONE'
grep -E '^(FAIL|SKIP|TESTS)' "$(console_of inner)" || true
contains "$(console_of inner)" 'TESTS-DONE [0-9]+ passed, 0 failed' ||
    fail "$(grep -E '^FAIL' "$(console_of inner)" | head -n 1)"
