# SPDX-License-Identifier: MIT
# Counted of each guest: how long it waits for a CPU that another has, how often it wakes, what it exits and calls for.
last=$(($(ctl info --json | tr ',{' '\n\n' | sed -n 's/.*"cpus_online": *\([0-9]*\).*/\1/p' | head -n 1) - 1))
create_test dozing doze
create_test busy spin "cpus = \"$last\""
create_test rival spin "cpus = \"$last\""
for guest in dozing busy rival; do
    within 30 "$guest runs" contains "$(console_of $guest)" GOING
done

# rate NAME MEMBER: of the last sample in /tmp/top.json, without its fraction; "none" where there is no such member
rate() {
    tail -n 1 /tmp/top.json | sed 's/{"domid":/\n&/g' | grep "\"name\":\"$1\"" | sed 's/,"vcpus":.*//' | tr ',' '\n' |
        sed -n "s/^\"$2\":\([0-9]*\).*/\1/p;\$s/.*/none/p" | head -n 1
}
at_least() { # NAME MEMBER NUMBER
    [ "$(rate $1 $2)" != none ] && [ "$(rate $1 $2)" -ge "$3" ] || fail "$1's $2 is $(rate $1 $2), not $3 or more"
}
ctl top --json -i 1 -d 0.5 > /tmp/top.json # the first sample, over a fifth of a second, has rates already
for member in wait_percent wakeups_per_second exits_msr_per_second hypercalls_grant_per_second; do
    at_least dozing $member 0
done
ctl top --json -i 2 -d 3 > /tmp/top.json
at_least busy wait_percent 20
at_least rival wait_percent 20
[ "$(rate busy wakeups_per_second)" = 0 ] || fail "one that never sleeps is woken: $(rate busy wakeups_per_second)"
at_least busy exits_interrupt_per_second 5 # the ends of its slices
at_least dozing wakeups_per_second 5
[ "$(rate dozing wakeups_per_second)" -le 60 ] || fail "it wakes $(rate dozing wakeups_per_second) times a second"
at_least dozing hypercalls_sched_per_second 5
at_least dozing exits_hypercall_per_second 5
at_least Domain-0 wakeups_per_second 1
at_least Domain-0 hypercalls_control_per_second 1
expect "ctl destroy" ctl destroy busy
expect "ctl pause" ctl pause dozing
ctl top --json -i 2 -d 1 > /tmp/top.json
[ "$(rate dozing hypercalls_per_second)" = 0 ] || fail "paused, it calls: $(rate dozing hypercalls_per_second)"

ctl metrics -1 > /tmp/metrics
contains /tmp/metrics '^keel_domain_exits_total\{domid="[0-9]+",name="dozing",kind="hypercall"\} [1-9]' ||
    fail "no metric of exits"
contains /tmp/metrics '^keel_domain_wakeups_total\{domid="[0-9]+",name="dozing"\} [1-9]' ||
    fail "no metric of wake-ups"
contains /tmp/metrics '^keel_vcpu_wait_seconds_total\{domid="[0-9]+",name="rival",vcpu="0"\} [0-9]' ||
    fail "no metric of waiting"

# Xen's own reader of the tree
domid=$(ctl domid rival)
expect "xenhypfs ls" xenhypfs ls /counters > /tmp/list
contains /tmp/list "d${domid}v0" || fail "xenhypfs lists: $(cat /tmp/list)"
expect "xenhypfs cat" xenhypfs cat "/counters/d${domid}v0" > /tmp/text
contains /tmp/text '^runnable_ns [1-9]' || fail "xenhypfs shows: $(cat /tmp/text)"
! xenhypfs cat /counters/d9999v0 2> /dev/null || fail "there is a text of a domain that is not there"
! xenhypfs write "/counters/d${domid}v0" x 2> /dev/null || fail "a counter can be written"
for guest in dozing rival; do
    expect "ctl destroy" ctl destroy $guest
done
