# SPDX-License-Identifier: MIT
# A creation that is interrupted at many instants, or finds the store full, no memory or no kernel, leaves nothing.
# limit: 300
config victim
sed -i '/^ramdisk/d' "$config_file"
printf '%s\n' 'kernel = "/tests/test-kernel"' 'memory = 32' >> "$config_file"
sed -i '/^kernel = "\/boot/d' "$config_file"
ctl create -q -p "$config_file" # what Xen keeps at hand after the first guest is no loss
ctl destroy victim
ctl fsck > /tmp/fsck.out || fail "before anything: $(cat /tmp/fsck.out)"
inventory > /tmp/before
clean() { # WHEN
    ctl fsck -n > /tmp/fsck.out || fail "$1: fsck finds: $(cat /tmp/fsck.out)"
    nothing_left
}
# interrupted; what comes after its end finds the guest whole
ln -sf /bin/ctl /tmp/xl
cut_off=0
for when in INT:0 TERM:0.02 INT:0.05 TERM:0.08 INT:0.1 TERM:0.15 INT:0.2 TERM:0.3; do
    program=ctl
    [ "${when%:*}" = INT ] || program=/tmp/xl
    "$program" create -q -p "$config_file" > /tmp/cut.out 2>&1 &
    victim=$!
    sleep "${when#*:}"
    kill "-${when%:*}" "$victim" 2> /dev/null || true
    status=0
    wait "$victim" 2> /dev/null || status=$?
    if [ "$status" = 0 ]; then
        expect "ctl destroy" ctl destroy victim
    else
        cut_off=$((cut_off + 1))
        ! ctl domid victim > /dev/null 2>&1 || fail "$program, cut off by $when with status $status, is there"
    fi
    ctl fsck -n > /tmp/fsck.out || fail "$program, cut off by $when: $(cat /tmp/fsck.out)"
done
echo "  cut off before the end: $cut_off of 8"
[ "$cut_off" -gt 0 ] || fail "no creation was cut off"
nothing_left
# guests may own hardly any node: domain 0's own requests are not held to that, so the guest is made, or refused whole
for nodes in 1 9; do
    expect "xenstore-control quota set" xenstore-control quota set nodes "$nodes"
    if ctl create -q -p "$config_file" > /tmp/full.out 2>&1; then
        expect "ctl destroy" ctl destroy victim
    else
        grep -q 'store' /tmp/full.out || fail "with $nodes nodes it says: $(cat /tmp/full.out)"
    fi
    clean "with $nodes nodes"
done
expect "xenstore-control quota set" xenstore-control quota set nodes 1000
# no memory is left for it; what runs out in the middle of a creation is tried without a machine
status=0
ctl create -q "$config_file" "memory=$(($(free_kib) / 1024 + 100))" > /tmp/memory.out 2>&1 || status=$?
[ "$status" = 1 ] && grep -q 'MiB' /tmp/memory.out || fail "without memory ($status): $(cat /tmp/memory.out)"
clean "without memory"
for missing in kernel ramdisk; do
    status=0
    ctl create -q "$config_file" "$missing=/tmp/none" > /tmp/missing.out 2>&1 || status=$?
    [ "$status" = 1 ] && grep -q '/tmp/none' /tmp/missing.out || fail "without its $missing ($status): $(cat /tmp/missing.out)"
done
status=0
ctl create -q "$config_file" 'disk=["/tmp/none,raw,xvda,w"]' > /tmp/missing.out 2>&1 || status=$?
[ "$status" = 1 ] && grep -q '/tmp/none' /tmp/missing.out || fail "without its disk ($status): $(cat /tmp/missing.out)"
clean "without its files"
