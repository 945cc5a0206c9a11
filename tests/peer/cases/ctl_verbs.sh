# SPDX-License-Identifier: MIT
# Each verb that changes a domain does so on Debian's Xen, xl sees it, and what cannot be done has its exit status.
# limit: 240
. /tests/triggers.inc
same_as_xl() { # ARGUMENTS...: ctl and xl print the same
    ctl "$@" > /tmp/ctl.out 2>&1 || fail "ctl $*: $(cat /tmp/ctl.out)"
    xl "$@" > /tmp/xl.out 2>&1 || fail "xl $*: $(cat /tmp/xl.out)"
    cmp -s /tmp/ctl.out /tmp/xl.out || fail "$* differs: $(diff /tmp/ctl.out /tmp/xl.out)"
}
ctl events -t 900 > /tmp/events &
events=$!
config first 'vcpus = 2' 'maxmem = 160'
expect "ctl create" ctl create -q "$config_file"
within 90 "the guest comes up" grep -q 'GUEST-UP xen PVH' /var/log/console/guest-first.log
triggers_work first

expect "ctl rename" ctl rename first second
[ "$(xl domid second)" = "$(ctl domid second)" ] || fail "xl does not find the new name"
status_is 1 'already exists' ctl rename second Domain-0
status_is 1 'no domain "first"' ctl rename first other

expect "ctl vcpu-pin" ctl vcpu-pin second 1 0 0
status_is 1 'none of these CPUs is there' ctl vcpu-pin second 0 9
status_is 1 'no vCPU 7' ctl vcpu-pin second 7 0
same_as_xl cpupool-list
same_as_xl cpupool-list -c
same_as_xl sched-credit2
same_as_xl sched-credit2 -s
expect "ctl sched-credit2 -d" ctl sched-credit2 -d second -w 512 -c 50
same_as_xl sched-credit2 -d second
xl sched-credit2 -d second | grep -qE '^second +[0-9]+ +512 +50$' || fail "the share is: $(xl sched-credit2 -d second)"
expect "ctl sched-credit2 -s -r" ctl sched-credit2 -s -r 2000
xl sched-credit2 -s | grep -q 'ratelimit=2000us' || fail "the rate limit is: $(xl sched-credit2 -s)"

expect "ctl vcpu-set" ctl vcpu-set second 1
within 30 "the guest gives a vCPU back" sh -c "ctl list second | awk 'NR > 1 { exit \$4 != 1 }'"
status_is 1 'from 1 to 2 vCPUs' ctl vcpu-set second 3
expect "ctl mem-set" ctl mem-set second 100
within 30 "the guest gives memory back" sh -c "ctl list second | awk 'NR > 1 { exit \$3 > 102 }'"
status_is 1 'from 1 to' ctl mem-set second 500
expect "ctl mem-max" ctl mem-max second 200
expect "ctl mem-set" ctl mem-set second 120
within 30 "the guest takes memory again" sh -c "ctl list second | awk 'NR > 1 { exit \$3 < 118 }'"

status_is 3 'none of Keel' ctl store stats
status_is 1 'no CPU pool "nosuch"' ctl sched-credit2 -p nosuch
expect "ctl sysrq" ctl sysrq second h
within 30 "the guest's kernel explains its keys" grep -q 'sysrq: HELP' /var/log/console/guest-second.log \
    /var/log/console/guest-first.log
ctl debug-keys h
ctl dmesg | grep -q "'h' pressed" || fail "the hypervisor's log has no answer to the key"
ctl uptime > /tmp/ctl.out && xl uptime > /tmp/xl.out
sed -i 's/[0-9]*:[0-9]*:[0-9]*$//' /tmp/ctl.out /tmp/xl.out
cmp -s /tmp/ctl.out /tmp/xl.out || fail "uptime differs: $(diff /tmp/ctl.out /tmp/xl.out)"

expect "ctl pause" ctl pause second
expect "ctl wait paused" ctl wait -t 5 second paused
status_is 4 'did not come to be running within 1 s' ctl wait -t 1 second running
expect "ctl unpause" ctl unpause second
expect "ctl wait running" ctl wait -t 5 second running
ctl apply -q "$config_file" name=second memory=120 maxmem=200 vcpus=1 maxvcpus=2 cpu_weight=512 cap=50 > /tmp/apply.out ||
    fail "ctl apply: $(cat /tmp/apply.out)"
ctl apply "$config_file" name=second memory=110 maxmem=200 vcpus=1 maxvcpus=2 cpu_weight=99 cmdline=x > /tmp/apply.out
printf '%s\n' 'cmdline: console=hvc0 quiet -> x, at the next restart' 'memory: 120 -> 110' 'cpu_weight: 512 -> 99' \
    'cap: 50 -> 0' | cmp -s - /tmp/apply.out || fail "ctl apply says: $(cat /tmp/apply.out)"
ctl apply -n "$config_file" name=second memory=110 maxmem=200 vcpus=1 maxvcpus=2 cpu_weight=99 cmdline=x > /tmp/apply.out
grep -q '^second is as ' /tmp/apply.out || fail "applied again, it says: $(cat /tmp/apply.out)"
ctl apply -n -d "$config_file" name=second memory=110 maxmem=200 vcpus=1 maxvcpus=2 cmdline=x > /tmp/apply.out
printf '%s\n' '-cpu_weight = 99' '+cpu_weight = 256' | cmp -s - /tmp/apply.out || fail "the diff is: $(cat /tmp/apply.out)"
xl sched-credit2 -d second | grep -qE ' 99 +0$' || fail "a dry run changed the share: $(xl sched-credit2 -d second)"
expect "ctl config-update" ctl config-update second "$config_file" name=second memory=64
status_is 1 'ctl rename' ctl config-update second "$config_file" name=third
expect "ctl shutdown" ctl shutdown -F second
expect "ctl wait shutdown" ctl wait -t 60 second shutdown
expect "ctl destroy" ctl destroy second
expect "ctl wait gone" ctl wait -t 5 second gone
sleep 1
kill "$events"
sed 's/^[^ ]* [^ ]* //; s/ [0-9]* / /' /tmp/events | grep -E 'first|second' > /tmp/seen
printf '%s\n' 'created first' 'renamed second' 'shutdown second poweroff' 'destroyed second' > /tmp/expected
cmp -s /tmp/expected /tmp/seen || fail "the events were: $(cat /tmp/events)"
