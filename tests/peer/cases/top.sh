# SPDX-License-Identifier: MIT
# ctl top --batch prints what Debian's xentop prints of the same domains, networks and disks, and its first sample has rates.
config_paused() { # NAME VCPUS
    printf 'type = "pvh"\nname = "%s"\nkernel = "/tests/test-kernel"\nmemory = 64\nvcpus = %s\n' "$1" "$2" > /tmp/top.cfg
    expect "xl create" xl create -p -q /tmp/top.cfg
}
config_paused small 3
config_paused a-guest-with-a-long-name 1
domid=$(ctl domid small)

# two interfaces (xentop looks for them only if there is a bridge), and packets that go out to the guest
load_modules dummy llc stp bridge
for device in 0 1; do
    ip link add "vif$domid.$device" type dummy && ip link set "vif$domid.$device" up || fail "no interface"
done
brctl addbr xenbr0
ip addr add 10.9.9.1/24 dev "vif$domid.0"
arp -i "vif$domid.0" -s 10.9.9.2 00:16:3e:00:00:01
ping -c 20 -i 0.1 -s 1000 -W 1 10.9.9.2 > /dev/null || true
ip link set "vif$domid.0" down # or the kernel sends packets of its own in between
ip link set "vif$domid.1" down

# a disk's counters, where the kernel's backend would show them
mount -t tmpfs none /sys/bus/xen-backend/devices
statistics=/sys/bus/xen-backend/devices/vbd-$domid-51728/statistics
mkdir -p "$statistics"
count=3
for name in oo_req rd_req wr_req f_req ds_req rd_sect wr_sect; do
    count=$((count * 5 + 1))
    echo $count > "$statistics/$name"
done

# CPU(sec) and CPU(%) move between two calls
without_time() {
    sed -E '/^(VCPU|Net|VBD)/!s/ ([-dsbcpr]{6}) .{17}/ \1/; s/ +[0-9]+s( |$)/ s\1/g'
}
for options in "" "-n -x -v" "-r" "-f"; do
    xentop -b -i 1 $options | without_time > /tmp/xentop.out
    ctl top -b -i 1 $options | without_time > /tmp/ctl.out
    cmp -s /tmp/xentop.out /tmp/ctl.out ||
        { cat /tmp/xentop.out /tmp/ctl.out; fail "top -b $options differs from xentop's"; }
done
xentop -b -i 1 | awk '$1 == "small" && $10 != 2 { exit 1 }' || fail "xentop does not count the interfaces"
umount /sys/bus/xen-backend/devices
brctl delbr xenbr0
ip link del "vif$domid.0"
ip link del "vif$domid.1"

while :; do :; done &
spinner=$!
busy=$(ctl top -b -i 1 | awk '$1 == "Domain-0" { print $4 }')
kill $spinner
[ "${busy%.*}" -ge 1 ] || fail "the first sample says that domain 0 uses $busy % of a CPU"
ctl top --json -i 2 -d 0.5 > /tmp/top.json
[ "$(wc -l < /tmp/top.json)" = 2 ] || fail "two samples are not two lines"
contains /tmp/top.json '"domid":0,.*"wait_percent":[0-9.]+' || fail "it does not tell how long domain 0 waits"
ctl top --replay /tmp/top.json -b > /tmp/top.replayed
contains /tmp/top.replayed 'a-guest-wi' || fail "the recording does not show the guests"

# Xen counts no exits, and tells of nobody but domain 0 how long it waits: that is not known, not 0
for member in wakeups exits exits_hlt hypercalls exits_per_second wakeups_per_second; do
    ! contains /tmp/top.json "\"$member\":" || fail "it tells \"$member\", which Xen does not count"
done
! contains /tmp/top.json '"domid":[1-9][^{}]*"wait_percent"' || fail "it tells how long guests wait"
ctl top --csv -i 1 > /tmp/top.csv
column() { # HEADING OF THE DOMAIN: what the file has there
    awk -F , -v heading="$1" -v domain="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == heading) at = i }
        $3 == domain { print at ? "\"" $at "\"" : "no such column" }' /tmp/top.csv
}
[ "$(column wakeups small)$(column exits_cpuid_per_second small)" = '""""' ] ||
    fail "its CSV has $(column wakeups small) wake-ups and $(column exits_cpuid_per_second small) exits a second"
ctl metrics -1 > /tmp/metrics
contains /tmp/metrics '^keel_domain_cpu_seconds_total\{[^}]*name="small"' || fail "there are no metrics of the guest"
! contains /tmp/metrics '^keel_domain_(exits|wakeups|hypercalls)_total\{' ||
    fail "it has metrics of what Xen does not count"
