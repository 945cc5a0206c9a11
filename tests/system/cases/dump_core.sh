# SPDX-License-Identifier: MIT
# ctl dump-core writes a guest's whole memory and its registers; on_crash = coredump-destroy does that before it destroys.
create_test dumped msr_sweep 'memory = 20' # it runs meanwhile, and goes on
started=$(cut -d. -f1 /proc/uptime)
expect "ctl dump-core" ctl dump-core dumped /tmp/dumped.core
echo "  20 MiB within $(($(cut -d. -f1 /proc/uptime) - started + 1)) s"
dump_check /tests/test-kernel /tmp/dumped.core 20480 1 || fail "the core is not what it should be"
rm /tmp/dumped.core
within 90 "it goes on" contains "$(ls /var/log/console/*dumped.log)" 'TESTS-DONE|FAIL'
status=0
ctl dump-core dumped /nonexistent/core > /tmp/dump.out 2>&1 || status=$?
[ "$status" = 1 ] && grep -q '/nonexistent/core' /tmp/dump.out || fail "a folder that is not there ($status): $(cat /tmp/dump.out)"
ctl dump-core dumped /dev/full > /tmp/dump.out 2>&1 && fail "a full device is no failure"
grep -q 'No space left' /tmp/dump.out || fail "a full device: $(cat /tmp/dump.out)"
expect "ctl destroy" ctl destroy dumped
if pidof ctld > /dev/null; then
    rm -rf /var/lib/xen/dump
    create_test crashed crash 'memory = 20' 'on_crash = "coredump-destroy"'
    within 60 "it is removed" is_gone crashed
    dump_check /tests/test-kernel /var/lib/xen/dump/crashed 20480 1 || fail "the core is not what it should be"
    rm -rf /var/lib/xen/dump
fi
