# SPDX-License-Identifier: MIT
# list, info, vcpu-list and dmesg report domain 0 and the host, as text and as JSON.
ctl list | grep -qE '^Domain-0 +0 +[0-9]+ +[0-9]+ +r' || fail "ctl list gives: $(ctl list)"
ctl list --json | grep -q '"domid": *0' || fail "ctl list --json gives: $(ctl list --json)"
[ "$(ctl info | awk '$1 == "nr_cpus" { print $3 }')" -ge "$TEST_CPUS" ] || fail "ctl info gives: $(ctl info)"
[ "$(free_kib)" -gt 100000 ] || fail "free memory in ctl info --json is $(free_kib) KiB"
[ "$(ctl vcpu-list | awk 'NR > 1' | wc -l)" = "$TEST_CPUS" ] || fail "ctl vcpu-list gives: $(ctl vcpu-list)"
ctl vcpu-list --json | grep -q vcpu || fail "ctl vcpu-list --json gives: $(ctl vcpu-list --json)"
ctl dmesg > /tmp/dmesg.out
[ "$(wc -l < /tmp/dmesg.out)" -gt 10 ] || fail "ctl dmesg has $(wc -l < /tmp/dmesg.out) lines"
