# SPDX-License-Identifier: MIT
# All of the test kernel's cases pass from inside a guest with two vCPUs.
create_test inner2 all 'memory = 128' 'vcpus = 2'
within 120 "its cases are done" contains "$(console_of inner2)" 'TESTS-DONE'
grep -E '^(FAIL|SKIP|TESTS)' "$(console_of inner2)" || true
contains "$(console_of inner2)" 'TESTS-DONE [0-9]+ passed, 0 failed' ||
    fail "$(grep -E '^FAIL' "$(console_of inner2)" | head -n 1)"
ctl destroy inner2
# Both vCPUs on one CPU: each yield switches all of the state between them.
create_test shared all 'memory = 128' 'vcpus = 2' 'cpus = "1"'
within 120 "its cases are done" contains "$(console_of shared)" 'TESTS-DONE'
contains "$(console_of shared)" '^PASS smp_vector_registers' || fail "$(grep -E smp_vector "$(console_of shared)")"
