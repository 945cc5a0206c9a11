# SPDX-License-Identifier: MIT
# Sourced by every case, which runs in domain 0 (busybox' sh, set -eu). A case that comes to its end has passed.
export PATH=/tests/bin:$PATH

fail() { # WHY: ends the case
    echo "CASE-WHY $*"
    exit 1
}

# expect WHAT COMMAND...: the command must succeed.
expect() {
    expected=$1
    shift
    "$@" || fail "$expected: it failed: $*"
}

# status_is STATUS WORDS COMMAND...: it ends so and says these words (a regex).
status_is() {
    wanted=$1 words=$2 status=0
    shift 2
    "$@" > /tmp/verb.out 2>&1 || status=$?
    [ "$status" = "$wanted" ] || fail "$*: exit status $status, not $wanted: $(cat /tmp/verb.out)"
    grep -qE "$words" /tmp/verb.out || fail "$* does not say \"$words\" but: $(cat /tmp/verb.out)"
}

# within SECONDS WHAT COMMAND...: the command must succeed before the time is over.
within() {
    limit=$(($(cut -d. -f1 /proc/uptime) + $1)) expected=$2
    shift 2
    until "$@" > /dev/null 2>&1; do
        [ "$(cut -d. -f1 /proc/uptime)" -lt "$limit" ] || fail "$expected: not within the time: $*"
        sleep 0.2
    done
}

# contains FILE REGEX
contains() {
    grep -qE "$2" "$1"
}

# config NAME [LINE...]: writes /tmp/NAME.cfg, the Linux guest with that name and with those lines instead.
config() {
    config_file=/tmp/$1.cfg
    sed "s/^name = .*/name = \"$1\"/" /etc/keel/guest.cfg > "$config_file"
    shift
    for line in "$@"; do
        sed -i "/^${line%% *} *=/d" "$config_file"
        echo "$line" >> "$config_file"
    done
}

# create NAME [LINE...]: creates a Linux guest from such a configuration.
create() {
    config "$@"
    rm -f "$(console_of "$1")"
    expect "ctl create" ctl create -q "$config_file"
}

# create_test NAME CASES [LINE...]: creates a guest of the test kernel that runs these cases (all: its usual ones).
create_test() {
    test_name=$1 words="tests=$2"
    [ "$2" != all ] || words="all"
    shift 2
    config "$test_name" 'kernel = "/tests/test-kernel"' "cmdline = \"$words\"" 'memory = 64' 'on_poweroff = "preserve"' \
        'on_crash = "preserve"' 'on_reboot = "preserve"' "$@"
    sed -i '/^ramdisk/d' "$config_file"
    rm -f "/var/log/console/$test_name.log"
    expect "ctl create" ctl create -q "$config_file"
}

console_of() { # NAME: the file with what it has printed; Debian's console daemon names it guest-NAME.log
    if [ -e "/var/log/console/guest-$1.log" ]; then
        echo "/var/log/console/guest-$1.log"
    else
        echo "/var/log/console/$1.log"
    fi
}

# is_up NAME: waits until the Linux guest has its prompt.
is_up() {
    within 90 "the guest $1 comes up" contains "$(console_of "$1")" 'GUEST-UP xen PVH'
    within 20 "the guest $1 gives its prompt" contains "$(console_of "$1")" '^[~/]+ # '
}

# type_at NAME TEXT: types a line at its console.
type_at() {
    { printf '%s\n' "$2"; sleep 1; } | timeout 3 ctl console "$1" > /dev/null 2>&1 || true
}

# type_at_serial TEXT: the runner outside types it at the machine's serial line (escapes as in printf's %b).
type_at_serial() {
    echo "CASE-TYPE $1" > /dev/console
}

# answers NAME: the guest's shell does a sum for us. Each call uses another one.
answers() {
    sum=$(($(cut -d. -f1 /proc/uptime) * 7 + 1000000))
    type_at "$1" "echo sum-\$(($sum + 1))"
    within 30 "the guest $1 answers at its console" contains "$(console_of "$1")" "^sum-$((sum + 1))"
}

state_of() { # NAME: its state as in ctl list
    ctl list "$1" | awk 'NR > 1 { print $5 }'
}
has_state() { # NAME LETTER
    case $(state_of "$1") in *"$2"*) ;; *) return 1 ;; esac
}
is_gone() { # NAME
    ! ctl list "$1"
}
free_kib() {
    ctl info --json | tr ',{' '\n\n' | sed -n 's/.*"free_memory_kib": *\([0-9]*\).*/\1/p'
}

memory_is() { # KIB: that much is free
    [ "$(free_kib)" = "$1" ]
}

# load_modules NAME...: of domain 0's kernel; another case may have loaded them before.
load_modules() {
    for module in "$@"; do
        grep -q "^$module " /proc/modules || insmod "/lib/modules/$module.ko" || fail "the module $module does not load"
    done
}

# inventory: free memory, the domains and the whole store, to be compared before and after. What counts up by design
# (domain ids) has to be gone again, so it does not show.
inventory() {
    free_kib
    ctl list | awk 'NR > 1 { print $1, $2, $3, $4 }'
    for part in /local /vm /tool /libxl /keel; do # one that is missing would end it for those behind
        xenstore-ls -f $part 2> /dev/null || true
    done
}

# note_inventory: into /tmp/before, once it stands still: daemons may be letting go of a guest that has just ended.
note_inventory() {
    for patience in 1 2 3 4 5; do
        inventory > /tmp/before
        sleep 1
        inventory > /tmp/after
        ! cmp -s /tmp/before /tmp/after || return 0
    done
}

# nothing_left: compares with the inventory in /tmp/before; what is freed late has a few seconds.
nothing_left() {
    for patience in 1 2 3 4 5; do
        inventory > /tmp/after
        ! cmp -s /tmp/before /tmp/after || return 0
        sleep 1
    done
    diff /tmp/before /tmp/after || true
    fail "not as before: $(diff /tmp/before /tmp/after | grep '^[-+][^-+]' | head -n 4 | tr '\n' ';')"
}

# refused FILE WORDS: ctl create fails with status 1 and one line, which has these words (a regex), and leaves nothing.
refused() {
    inventory > /tmp/before
    status=0
    timeout 60 ctl create -q "$1" > /tmp/refused.out 2>&1 || status=$?
    [ "$status" = 1 ] || fail "exit status $status, not 1; it said: $(cat /tmp/refused.out)"
    grep -v -i 'warning' /tmp/refused.out > /tmp/refused.error || true
    [ "$(wc -l < /tmp/refused.error)" = 1 ] || fail "not one sentence: $(cat /tmp/refused.out)"
    grep -qE "$2" /tmp/refused.error || fail "the sentence has no \"$2\": $(cat /tmp/refused.error)"
    echo "  $(cat /tmp/refused.error)"
    nothing_left
}
