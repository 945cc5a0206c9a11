# SPDX-License-Identifier: MIT
# A guest that triple-faults, or leaves its memory, crashes alone; its neighbour and domain 0 go on.
create neighbour
is_up neighbour
for way in triple_fault run_off_memory; do
    create_test "bad_$way" "$way"
    within 30 "it crashes by $way" has_state "bad_$way" c
    ctl dmesg > /tmp/dmesg
    id=$(ctl list "bad_$way" | awk 'NR > 1 { print $2 }')
    grep -A 2 "domain $id crashed" /tmp/dmesg | grep -q ' rip ' || fail "the log does not show the registers of domain $id"
    expect "ctl destroy" ctl destroy "bad_$way"
    answers neighbour
done
create_test sweeper msr_sweep
within 60 "the sweep over all MSRs ends" contains "$(console_of sweeper)" 'TESTS-DONE|FAIL'
answers neighbour
