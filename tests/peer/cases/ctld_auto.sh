# SPDX-License-Identifier: MIT
# ctld starts the guests of /etc/keel/auto once, killed at any instant or not, in order; ctld --stop ends all of them.
# limit: 200
folder=/etc/keel/auto
mkdir -p "$folder"
rm -f "$folder"/*
for name in first second third; do
    config "$name" 'kernel = "/tests/test-kernel"' 'cmdline = "tests=doze"' 'memory = 32' 'on_poweroff = "preserve"'
    sed -i '/^ramdisk/d' "$config_file"
done
mv /tmp/third.cfg "$folder/30.cfg"
mv /tmp/first.cfg "$folder/10.cfg"
mv /tmp/second.cfg "$folder/20.cfg"
echo 'name = "broken"' > "$folder/15.cfg"
ctl create -q -p "$folder/10.cfg" # what Xen keeps at hand after the first guest is no loss
ctl destroy first
ctl fsck -q || fail "before anything"
note_inventory
count() { ctl list | awk 'NR > 1 && $2 > 0' | wc -l; }
start() { # SECONDS: runs ctld for so long, then kills it
    ctld >> /var/log/ctld.log 2>&1 &
    brief=$!
    sleep "$1"
    kill -KILL "$brief" 2> /dev/null || true
    wait "$brief" 2> /dev/null || true
}
for seconds in 0.1 0.2 0.3 0.4 0.5 0.7; do
    start "$seconds"
    [ "$(count)" -le 4 ] || fail "more guests than configurations: $(ctl list)"
done
ctld >> /var/log/ctld.log 2>&1 &
daemon=$!
within 60 "the third guest is there" ctl wait -t 1 third there
[ "$(count)" = 3 ] || fail "not three guests: $(ctl list)"
[ "$(ctl domid first)" -lt "$(ctl domid second)" ] && [ "$(ctl domid second)" -lt "$(ctl domid third)" ] ||
    fail "not in order: $(ctl list)"
grep -q '15.cfg.*"kernel" is missing' /var/log/ctld.log || fail "the broken configuration is not told: $(cat /var/log/ctld.log)"
# ended by hand, a guest stays ended, also when ctld is started again
expect "ctl destroy" ctl destroy second
kill -KILL "$daemon"
start 2
! ctl domid second 2> /dev/null || fail "a guest that was ended came back"
ctld >> /var/log/ctld.log 2>&1 &
daemon=$!
for seconds in 6x -1 '' 99999999; do
    ! ctld --stop "$seconds" 2> /tmp/stop.err || fail "ctld --stop '$seconds' is no failure"
    grep -q 'no number of seconds' /tmp/stop.err || fail "ctld --stop '$seconds' says: $(cat /tmp/stop.err)"
done
[ "$(count)" = 2 ] || fail "not two guests: $(ctl list)"
# what it says with its standard descriptors closed goes nowhere, least of all to the store
mkdir "$folder/40.cfg"
start_closed() {
    ctld <&- >&- 2>&- &
    brief=$!
    sleep 2
    kill -KILL "$brief" 2> /dev/null || fail "ctld without standard descriptors has ended"
    wait "$brief" 2> /dev/null || true
}
start_closed
rmdir "$folder/40.cfg"
[ "$(count)" = 2 ] || fail "not two guests: $(ctl list)"
# the last one is asked first, and the first one when that has had its half of the time
first=/local/domain/$(ctl domid first)/control/shutdown third=/local/domain/$(ctl domid third)/control/shutdown
ctld --stop 6 &
stopping=$!
within 3 "the last guest is asked to power off" sh -c "[ \"\$(xenstore-read $third)\" = poweroff ]"
[ "$(xenstore-read "$first")" = "" ] || fail "both guests were asked at once"
within 5 "the first guest is asked then" sh -c "[ \"\$(xenstore-read $first)\" = poweroff ]"
wait $stopping || fail "ctld --stop ends with $?"
[ "$(count)" = 0 ] || fail "guests are left: $(ctl list)"
start 1
[ "$(count)" = 0 ] || fail "guests came back while the host goes down: $(ctl list)"
kill -KILL "$daemon"
xenstore-rm /keel/auto
rm -f "$folder"/*
ctl fsck -q || fail "fsck finds: $(ctl fsck -n)"
xenstore-rm /keel 2> /dev/null || true
sed -i '/^\/keel/d' /tmp/before
nothing_left
