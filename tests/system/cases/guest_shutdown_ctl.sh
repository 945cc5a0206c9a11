# SPDX-License-Identifier: MIT
# The verbs that change a guest do so on Keel, and ctl shutdown powers it off.
# limit: 240
status_is() { # STATUS WORDS COMMAND...: it ends so and says these words (a regex) in one sentence
    wanted=$1 words=$2 status=0
    shift 2
    "$@" > /tmp/verb.out 2>&1 || status=$?
    [ "$status" = "$wanted" ] || fail "$*: exit status $status, not $wanted: $(cat /tmp/verb.out)"
    grep -qE "$words" /tmp/verb.out || fail "$* does not say \"$words\" but: $(cat /tmp/verb.out)"
    [ "$(wc -l < /tmp/verb.out)" = 1 ] || fail "$*: not one sentence: $(cat /tmp/verb.out)"
}
. /tests/triggers.inc
create asked 'vcpus = 2' 'maxmem = 160'
is_up asked
expect "ctl rename" ctl rename asked renamed
status_is 1 'no domain "asked"' ctl rename asked other
expect "ctl rename" ctl rename renamed asked
expect "ctl vcpu-pin" ctl vcpu-pin asked 1 all
status_is 1 'no vCPU 7' ctl vcpu-pin asked 7 all
expect "ctl sched-credit2" ctl sched-credit2 -d asked -w 512 -c 150
ctl sched-credit2 -d asked | grep -qE '^asked +[0-9]+ +512 +150$' || fail "the share is: $(ctl sched-credit2 -d asked)"
expect "ctl sched-credit2" ctl sched-credit2 -d asked -c 0
expect "ctl mem-max" ctl mem-max asked 200
expect "ctl mem-set" ctl mem-set asked 100
within 60 "the guest gives memory back" sh -c "ctl list asked | awk 'NR > 1 { exit \$3 > 102 }'"
expect "ctl vcpu-set" ctl vcpu-set asked 1
within 60 "the guest gives a vCPU back" sh -c "ctl list asked | awk 'NR > 1 { exit \$4 != 1 }'"
expect "ctl sysrq" ctl sysrq asked h
within 30 "the guest's kernel explains its keys" contains "$(console_of asked)" 'sysrq: HELP'
ctl uptime asked | grep -qE '^asked +[0-9]+ +0:0[0-9]:[0-9]{2}$' || fail "its age is: $(ctl uptime asked)"
expect "ctl config-update" ctl config-update asked "$config_file" memory=64
ctl dmesg -c > /tmp/dmesg.out
[ -s /tmp/dmesg.out ] || fail "the hypervisor's log was empty"
[ "$(ctl dmesg | wc -c)" -lt "$(wc -c < /tmp/dmesg.out)" ] || fail "dmesg -c has not emptied the log"
expect "ctl trigger, to a vCPU that is offline" ctl trigger asked nmi 1
triggers_work asked
expect "ctl shutdown -F" ctl shutdown -F asked
within 60 "the guest ends" is_gone asked
