# SPDX-License-Identifier: MIT
# The store is killed again and again while kernels use their rings: nothing is lost and nothing done twice; damage is told.
# limit: 300
# It runs where our store serves the host, under whatever starts it again: on Keel, and on Debian's Xen.
in_store() {
    for top in /local /vm /libxl; do
        xenstore-ls -f $top 2> /dev/null || true
    done
}
has_ended() {
    is_gone "$1" || has_state "$1" s
}
is_as_before() {
    in_store | cmp -s - /tmp/store.before
}
serves_anew() {
    [ "$(pidof stored)" != "$killed" ] && pidof stored && xenstore-exists /local/domain/0
}
kill_store() {
    killed=$(pidof stored)
    kill -KILL "$killed"
    within 20 "another store serves" serves_anew
}
kills=10
kill_store_often() { # FILE: made at the end
    for kill in $(seq 1 $kills); do
        kill_store
        usleep $((kill * 37 % 10 * 30000))
    done
    : > "$1"
}
# Each name once, by transactions over the ring of domain 0's kernel: an END that is done twice gets ENOENT, a request
# that is lost leaves its program waiting, and the kernel shows no client that the store was away.
write_over_the_ring() { # FILE WRITTEN: until the one is there; then the other has how many they were
    number=0
    until [ -e "$1" ]; do
        number=$((number + 1))
        XENSTORED_PATH=/dev/xen/xenbus timeout 60 xenstore-write "/rings/$number/a" "$number" "/rings/$number/b" "$number" ||
            echo "write $number: status $?" >> /tmp/ring.wrong
        [ "$(XENSTORED_PATH=/dev/xen/xenbus timeout 60 xenstore-read "/rings/$number/b")" = "$number" ] ||
            echo "$number is not read back" >> /tmp/ring.wrong
    done
    echo $number > "$2"
}
watch_over_the_ring() { # FILE
    XENSTORED_PATH=/dev/xen/xenbus exec timeout 200 xenstore-watch /rings/last > "$1"
}
[ -c /dev/xen/xenbus ] || fail "there is no /dev/xen/xenbus"
rm -f /tmp/ring.wrong /tmp/enough /tmp/written /tmp/ring.events
in_store > /tmp/store.before
watch_over_the_ring /tmp/ring.events &
watcher=$!
within 20 "the watch is set" contains /tmp/ring.events '^/rings/last$'
create survivor # it boots while the store is killed
write_over_the_ring /tmp/enough /tmp/written &
kill_store_often /tmp/enough
within 60 "the writer ends" test -s /tmp/written
writes=$(cat /tmp/written)
! [ -e /tmp/ring.wrong ] || fail "$(wc -l < /tmp/ring.wrong) of $writes: $(head -n 3 /tmp/ring.wrong | tr '\n' ';')"
[ "$(xenstore-list /rings | wc -l)" = "$writes" ] || fail "$(xenstore-list /rings | wc -l) names, not $writes"
echo "FIGURE of the store: $kills kills during $writes transactions over domain 0's ring"
before=$(wc -l < /tmp/ring.events)
xenstore-write /rings/last 1
more_events() { [ "$(wc -l < /tmp/ring.events)" -gt "$before" ]; }
within 20 "the watch of before the kills fires" more_events
is_up survivor

# The file system of the state is full while the store is killed: nothing can be written, and no request of a ring is
# lost or answered twice. The store goes on from its files on a small file system in place of the one they were on.
move_state() { # COMMAND...: with the store halted, which is then killed
    killed=$(pidof stored)
    kill -STOP "$killed"
    "$@"
    kill -KILL "$killed"
    within 20 "another store serves" serves_anew
}
onto_small() {
    mkdir /tmp/small && mount -t tmpfs -o size=3m small /tmp/small && cp $state/* /tmp/small/ &&
        mount -o bind /tmp/small $state
}
# Each reads what never changes, by transactions too: whoever gets no reply, or that of another, is wrong.
read_over_the_ring() { # FILE READ: until the one is there; then the other has how many they were
    number=0
    until [ -e "$1" ]; do
        number=$((number + 1))
        [ "$(XENSTORED_PATH=/dev/xen/xenbus timeout 60 xenstore-read /rings/1/a /rings/2/b | tr '\n' ' ')" = "1 2 " ] ||
            echo "read $number differs" >> /tmp/ring.wrong
        status=0
        XENSTORED_PATH=/dev/xen/xenbus timeout 60 xenstore-write /rings/full "$number" 2> /dev/null || status=$?
        [ $status -le 1 ] || echo "write $number: status $status" >> /tmp/ring.wrong # refused, but answered
    done
    echo $number > "$2"
}
state=/var/lib/stored
[ -e $state/journal ] || state=/run/xenstored/state
move_state onto_small
dd if=/dev/zero of=$state/filler bs=4096 2> /dev/null || true
value=$(head -c 3500 /dev/zero | tr '\0' f)
while :; do # what room the journal has ahead, up to where not even an empty value finds some
    while xenstore-write /rings/filler "$value" 2> /dev/null; do :; done
    [ -n "$value" ] || break
    value=${value%"${value:0:$(((${#value} + 1) / 2))}"}
done
rm -f /tmp/enough /tmp/written
read_over_the_ring /tmp/enough /tmp/written &
kill_store_often /tmp/enough
within 60 "the reader ends" test -s /tmp/written
reads=$(cat /tmp/written)
! [ -e /tmp/ring.wrong ] || fail "$(wc -l < /tmp/ring.wrong) of $reads: $(head -n 3 /tmp/ring.wrong | tr '\n' ';')"
echo "FIGURE of the store: $kills kills on a full file system during $reads readings over domain 0's ring"
rm $state/filler
expect "a write once there is room" xenstore-write /rings/last 2
xenstore-rm /rings/filler
! xenstore-exists /rings/full || xenstore-rm /rings/full

# A live update on purpose is the same path: each watch that was kept fires once.
program=$(readlink "/proc/$(pidof stored)/exe")
before=$(wc -l < /tmp/ring.events)
killed=$(pidof stored)
expect "live update" xenstore-control live-update "$program"
within 20 "the updated store goes on with its watches" more_events
[ "$(pidof stored)" = "$killed" ] || fail "it is another process"
[ "$(xenstore-control check)" = OK ] || fail "check says $(xenstore-control check)"

# Damage in the middle of the journal costs what was written there, is told, and nothing else is lost.
journal=$state/journal
xenstore-write /rings/before 1
xenstore-write /rings/damaged "$(head -c 1000 /dev/zero | tr '\0' d)"
xenstore-write /rings/between 1
xenstore-write /rings/damaged2 "$(head -c 1000 /dev/zero | tr '\0' e)"
xenstore-write /rings/after 1
place=$(strings -t d $journal | awk '/ddddddddd/ { place = $1 } END { print place }')
printf XXXX | dd of=$journal bs=1 seek=$((place + 100)) conv=notrunc 2> /dev/null
# Of the other one the header too, which has its size: header, request, kind of change, path and sizes are 53 bytes.
place=$(strings -t d $journal | awk '/eeeeeeeee/ { place = $1 } END { print place }')
head -c 200 /dev/zero | tr '\0' '\377' | dd of=$journal bs=1 seek=$((place - 53)) conv=notrunc 2> /dev/null
kill_store
within 10 "the log tells of damage" contains /var/log/stored.log 'journal has [0-9]+ damaged place'
[ -e $journal.damaged ] || fail "no copy of the damaged journal is kept"
[ "$(xenstore-read /rings/before /rings/between /rings/after | tr -d '\n')" = 111 ] ||
    fail "more is lost than what is damaged"
! xenstore-exists /rings/damaged && ! xenstore-exists /rings/damaged2 || fail "what is damaged is there"
[ "$(xenstore-list /rings | wc -l)" = $((writes + 4)) ] ||
    fail "$(xenstore-list /rings | wc -l) names, not $((writes + 4))"

# The guest's kernel has its ring and its watches still: it ends when it is asked to, with the store killed meanwhile.
expect "ctl shutdown" ctl shutdown survivor
kill_store
within 60 "the guest ends" has_ended survivor
ctl destroy survivor 2> /dev/null || true # on Keel ctld does that
within 20 "the guest is gone" is_gone survivor
kill $watcher
xenstore-rm /rings
within 20 "all of the guest is gone from the store" is_as_before
