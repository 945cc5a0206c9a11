# SPDX-License-Identifier: MIT
# A ctl create that is killed at any instant leaves at most what ctl fsck mends whole: all is as before.
# limit: 240
config victim
ctl create -q "$config_file" # fills the cache
ctl destroy victim
# what the hypervisor keeps at hand for domain 0 once it has had so many event channels and mappings is no loss
expect "ctl create" ctl create -q -p -n 30 "$config_file" memory=32 kernel=/tests/test-kernel 'ramdisk=""'
expect "ctl destroy" ctl destroy $(ctl list | awk '$1 ~ /^victim-/ { print $2 }')
ctl fsck > /tmp/fsck.out || fail "before anything: $(cat /tmp/fsck.out)"
note_inventory
found=0
look() { # WHEN: what a kill has left is mended, and what was whole is ended by hand
    if ! ctl fsck -n -q > /tmp/found.out; then
        found=$((found + 1))
        sed "s/^/$1: /" /tmp/found.out
    fi
    expect "ctl fsck, $1" ctl fsck -q > /dev/null
    ctl fsck > /tmp/fsck.out || fail "$1: fsck finds after fsck: $(cat /tmp/fsck.out)"
    for left in $(ctl list | awk '$1 ~ /^victim/ { print $2 }'); do
        expect "ctl destroy" ctl destroy "$left"
    done
    nothing_left
}
kill_after() { # SECONDS OPTION...: a creation with these options
    delay=$1
    shift
    ctl create -q -p "$@" > /dev/null 2>&1 &
    victim=$!
    sleep "$delay"
    kill -KILL "$victim" 2> /dev/null || true
    wait "$victim" 2> /dev/null || true
    look "killed after $delay s"
}
for delay in 0.2 0.35 0.5; do
    kill_after "$delay" "$config_file"
done
for delay in 1.5 2.5; do # one of many is in its middle at any time
    kill_after "$delay" -n 12 "$config_file" memory=32 kernel=/tests/test-kernel 'ramdisk=""'
done
echo "  cut off in its middle: $found of 5"
# a domain that is whole but for the last step, as a kill there leaves it
ctl create -q -p "$config_file"
number=$(ctl domid victim)
xenstore-write "/local/domain/$number/keel/creating" 1
status=0
ctl fsck -n > /tmp/fsck.out || status=$?
[ "$status" = 1 ] && grep -q "domain $number (victim) is half made" /tmp/fsck.out || fail "fsck says ($status): $(cat /tmp/fsck.out)"
look "cut off at the last step"
! ctl domid victim 2> /dev/null || fail "the half-made domain is still there"
# orphans in the store, as a domain leaves that ended behind the tools' back
for node in /local/domain/7777/name /libxl/7777/type /vm/99999999-2222-3333-4444-555555555555/name /keel/name/abc \
    /local/domain/0/backend/vbd/7777/51712/state; do
    xenstore-write "$node" x
done
status=0
ctl fsck > /tmp/fsck.out || status=$?
[ "$status" = 0 ] && [ "$(grep -c ': mended$' /tmp/fsck.out)" = 5 ] || fail "fsck says ($status): $(cat /tmp/fsck.out)"
nothing_left
# two at once of one name: one wins
for turn in 1 2 3 4 5; do
    ctl create -q -p "$config_file" kernel=/tests/test-kernel 'ramdisk=""' memory=32 > /tmp/first.out 2>&1 &
    first=$!
    second_status=0 first_status=0
    ctl create -q -p "$config_file" kernel=/tests/test-kernel 'ramdisk=""' memory=32 > /tmp/second.out 2>&1 || second_status=$?
    wait "$first" || first_status=$?
    [ $((first_status + second_status)) = 1 ] || fail "two creations at once ended with $first_status and $second_status"
    cat /tmp/first.out /tmp/second.out | grep -q 'a domain named "victim" already exists' ||
        fail "$(cat /tmp/first.out /tmp/second.out)"
    [ "$(ctl list | grep -c '^victim ')" = 1 ] || fail "of two creations there are: $(ctl list)"
    expect "ctl destroy" ctl destroy victim
done
# many at once, interrupted: none is left
ctl create -q -p -n 30 "$config_file" memory=32 kernel=/tests/test-kernel 'ramdisk=""' > /tmp/many.out 2>&1 &
many=$!
sleep 1
kill -INT "$many" 2> /dev/null || true
if wait "$many"; then # on a machine that is faster than the signal
    ctl destroy $(ctl list | awk '$1 ~ /^victim-/ { print $2 }')
else
    grep -q 'was interrupted; none of the 30 guests is left' /tmp/many.out || fail "it says: $(cat /tmp/many.out)"
fi
nothing_left
