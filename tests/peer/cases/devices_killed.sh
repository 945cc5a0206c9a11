# SPDX-License-Identifier: MIT
# A ctl that is killed while it makes, gives or takes devices leaves no loop device, and nothing but what fsck mends.
# limit: 240
. /tests/devices.inc
config victim 'kernel = "/tests/test-kernel"' 'memory = 32' "disk = [ \"$data,raw,xvda,rw\" ]" \
    'vif = [ "bridge=guests" ]'
sed -i '/^ramdisk/d' "$config_file"
expect "ctl create" ctl create -q -p "$config_file"
[ "$(loops_in_use)" = 1 ] || fail "$(loops_in_use) loop devices for one disk"
[ -n "$(ls /sys/class/net/guests/brif)" ] || fail "the interface is not in its bridge"
expect "ctl destroy" ctl destroy victim
within 10 "the loop device is free" no_loops
ctl fsck > /tmp/fsck.out || fail "before anything: $(cat /tmp/fsck.out)"
note_inventory
killed() { # SECONDS COMMAND...: after so long
    delay=$1
    shift
    "$@" > /dev/null 2>&1 &
    victim=$!
    sleep "$delay"
    kill -KILL "$victim" 2> /dev/null || true
    wait "$victim" 2> /dev/null || true
}
mended() { # WHEN
    ctl fsck -n -q | sed "s/^/$1: /" || true
    expect "ctl fsck, $1" ctl fsck -q > /dev/null
    ctl fsck > /tmp/fsck.out || fail "$1: fsck finds after fsck: $(cat /tmp/fsck.out)"
}
for delay in 0.2 0.5 0.9; do
    killed "$delay" ctl create -q -p "$config_file"
    mended "creation killed after $delay s"
    ! ctl domid victim > /dev/null 2>&1 || expect "ctl destroy" ctl destroy victim
    within 10 "the loop devices are free" no_loops
    nothing_left
done

# a disk is given to a second guest once the first has shut down, and not before
config first 'kernel = "/tests/test-kernel"' 'memory = 32' 'cmdline = "tests=version"' \
    "disk = [ \"$data,raw,xvda,rw\" ]"
sed -i '/^ramdisk/d' "$config_file"
expect "ctl create" ctl create -q -p "$config_file"
status_is 1 'is a disk of domain' ctl create -q -p "$config_file" name=second
expect "ctl unpause" ctl unpause first
within 30 "the first guest shuts down" ctl wait -t 1 first shutdown
expect "ctl create, of the second" ctl create -q -p "$config_file" name=second
expect "ctl destroy" ctl destroy first second
within 10 "the loop devices are free" no_loops
nothing_left

config taker 'kernel = "/tests/test-kernel"' 'memory = 32'
sed -i '/^ramdisk/d' "$config_file"
expect "ctl create" ctl create -q -p "$config_file"
for delay in 0.09 0.14 0.2 0.28; do
    for command in "block-attach taker $data raw xvda rw" 'block-detach taker xvda' \
        'network-attach taker bridge=guests' 'network-detach taker 0'; do
        killed "$delay" ctl $command
        mended "${command%% *} killed after $delay s"
    done
done
ctl block-detach taker xvda 2> /dev/null || true
ctl network-detach taker 0 2> /dev/null || true
within 10 "the loop devices are free" no_loops
# as a kill leaves it in the middle: a device that is not whole, and one whose guest has let go
expect "ctl block-attach" ctl block-attach taker "$data" raw xvda rw
expect "ctl network-attach" ctl network-attach taker bridge=guests
number=$(ctl domid taker)
xenstore-write "/libxl/$number/device/vbd/51712/keel" attaching
xenstore-write "/local/domain/0/backend/vif/$number/0/online" 0 "/local/domain/0/backend/vif/$number/0/state" 6
ctl fsck > /tmp/fsck.out || fail "fsck: $(cat /tmp/fsck.out)"
[ "$(grep -c 'cut off in its middle.*: mended$' /tmp/fsck.out)" = 2 ] || fail "fsck says: $(cat /tmp/fsck.out)"
within 10 "the loop devices are free" no_loops
[ "$(ctl block-list taker | wc -l)" = 1 ] && [ "$(ctl network-list taker | wc -l)" = 1 ] ||
    fail "the devices are still listed"
# a block device, named without /dev/; Debian's xl ends the guest with it
device=$(losetup -f)
losetup "$device" "$more"
expect "ctl block-attach" ctl block-attach taker "phy:${device#/dev/},xvdc,w"
ctl block-list taker | grep -q '^51744 ' || fail "block-list gives: $(ctl block-list taker)"
expect "ctl network-attach" ctl network-attach taker bridge=guests
expect "xl destroy" xl destroy taker
losetup -d "$device"
xenstore-rm /tool/xenstored 2> /dev/null || true # where xl looks, it leaves this behind
within 10 "the block device is free" no_loops
ctl fsck > /tmp/fsck.out || fail "after xl destroy: $(cat /tmp/fsck.out)"
nothing_left
