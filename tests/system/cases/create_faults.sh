# SPDX-License-Identifier: MIT
# A creation that is interrupted at many instants, or finds the store full, no memory or no kernel, leaves nothing.
# limit: 400
config victim
sed -i '/^ramdisk/d' "$config_file"
printf '%s\n' 'kernel = "/tests/test-kernel"' 'memory = 256' >> "$config_file"
sed -i '/^kernel = "\/boot/d' "$config_file"
ctl create -q -p "$config_file" # what Xen keeps at hand after the first guest is no loss
ctl destroy victim
ctl fsck > /tmp/fsck.out || fail "before anything: $(cat /tmp/fsck.out)"
note_inventory
clean() { # WHEN
    ctl fsck -n > /tmp/fsck.out || fail "$1: fsck finds: $(cat /tmp/fsck.out)"
    nothing_left
}
# interrupted; what comes after its end finds the guest whole
ln -sf /bin/ctl /tmp/xl
cut_off=0
for when in INT:0 TERM:0 TERM:0.01 TERM:0.02 HUP:0.03 TERM:0.04 HUP:0.06 TERM:0.08 INT:0.1 TERM:0.15; do
    case $when in # a guest that is not there is created by apply, too
        INT*) program="ctl create -p" ;;
        HUP*) program="ctl apply" ;;
        *) program="/tmp/xl create -p" ;;
    esac
    $program -q "$config_file" > /tmp/cut.out 2>&1 &
    victim=$!
    [ "${when#*:}" = 0 ] || sleep "${when#*:}"
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
echo "  cut off before the end: $cut_off of 10"
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
# the store itself is full: its journal goes on in a file system of 3000 KiB, which is filled to the last byte
state=/var/lib/stored
move_journal() { # COMMAND...: which does so while the daemon stands still; the next daemon finds it there
    daemon=$(pidof stored)
    kill -STOP "$daemon"
    "$@"
    kill -KILL "$daemon"
    within 20 "the store answers again" xenstore-exists /local/domain/0
}
into_small() {
    mkdir -p /tmp/small
    mount -t tmpfs -o size=3000k none /tmp/small
    cp -a $state/. /tmp/small/
    mount --move /tmp/small $state
}
into_large() {
    cp -a $state/journal /tmp/journal
    umount -l $state
    mv /tmp/journal $state/journal
}
room() { # BYTES: so much is taken from what fills the file system
    filler=$(stat -c %s $state/filler)
    [ "$filler" -ge "$1" ] || fail "the journal is too large for this test: no $1 bytes are left to give it"
    dd if=/dev/null of=$state/filler bs=1 seek=$((filler - $1)) 2> /dev/null
}
some() { # BYTES
    head -c "$1" /dev/zero | tr '\0' f
}
fill() {
    dd if=/dev/zero of=$state/filler bs=4096 oflag=append conv=notrunc 2> /dev/null || true
    for size in 2000 200 1; do
        turn=0
        while xenstore-write "/fill/$size-$turn" "$(some $size)" 2> /dev/null; do
            turn=$((turn + 1))
        done
        xenstore-write "/fill/$size-0" x 2> /dev/null || true
    done
}
move_journal into_small
trap 'move_journal into_large' EXIT
fill
refusals=0 creations=0
for pages in 1 2 3 4 6 8 16 100; do # until there is enough
    [ $creations = 0 ] || break
    room $((pages * 4096))
    inventory > /tmp/before
    if ctl create -q -p "$config_file" > /tmp/full.out 2>&1; then
        creations=$((creations + 1))
        expect "ctl destroy" ctl destroy victim # it finds room to remove things however full the store is
    else
        refusals=$((refusals + 1))
        cp /tmp/full.out /tmp/last.out
        grep -q 'store' /tmp/full.out || fail "with a full store it says: $(cat /tmp/full.out)"
    fi
    clean "with a full store but for $pages pages"
    fill
done
echo "  the store was full: $refusals refused, $creations created; $(cat /tmp/last.out)"
[ $refusals -gt 0 ] || fail "the store was not full"
rm $state/filler
expect "the store has room again" xenstore-rm /fill
trap - EXIT
move_journal into_large
note_inventory
# ctl itself gets no memory
refusals=0
for kib in 2600 3100 3300 3500 4000 8000; do
    if (ulimit -v $kib && exec ctl create -q -p "$config_file") > /tmp/memory.out 2>&1; then
        expect "ctl destroy" ctl destroy victim
    else
        refusals=$((refusals + 1))
    fi
    clean "with $kib KiB for ctl"
done
echo "  ctl had no memory: $refusals of 6 refused"
[ $refusals -gt 0 ] || fail "no creation lacked memory"
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
