# SPDX-License-Identifier: MIT
# ctld does what on_poweroff and the like say; it or the store killed at many instants, it restarts a guest once.
# limit: 300
keeper=
if ! pidof ctld > /dev/null; then # where init does not keep it
    while :; do ctld >> /var/log/ctld.log 2>&1 || true; done &
    keeper=$!
    within 10 "ctld is there" pidof ctld
fi
guest() { # NAME CASE LINE...: a guest of the test kernel that ends by this case
    guest_name=$1 guest_case=$2
    shift 2
    create_test "$guest_name" "$guest_case" 'memory = 32' "$@"
}
count() { # NAME: how many domains have it
    ctl list | awk -v name="$1" '$1 == name { count++ } END { print count + 0 }'
}
number_of() { # NAME: sets number; between two restarts there is none
    number=$(ctl domid "$1")
}
is_new() { # NAME DOMID: a domain of that name has another number
    number=$(ctl domid "$1") && [ "$number" != "$2" ]
}
go_on() {
    xenstore-rm /keel/auto/stopping
}
halt() { # ctld restarts nothing from here on, as when the host goes down; what it has begun is done before
    cat /proc/sys/kernel/random/boot_id > /tmp/boot
    xenstore-write /keel/auto/stopping "$(cat /tmp/boot)"
    sleep 2
}
forget_notes() { # of restarts that were not due when ctld was halted
    xenstore-rm /keel/restart 2> /dev/null || true
}
# what Xen keeps at hand after the first guest, and what ctld notes once, is no loss
guest first version 'on_poweroff = "destroy"'
within 20 "on_poweroff = destroy removes it" is_gone first
halt
go_on
note_inventory

guest second version 'on_poweroff = "preserve"'
within 20 "on_poweroff = preserve keeps it" has_state second s
expect "ctl destroy" ctl destroy second
guest third watchdog 'on_watchdog = "destroy"'
within 20 "on_watchdog = destroy removes it" is_gone third
# the old domain stays under another name
guest renamed crash 'on_crash = "rename-restart"'
within 30 "on_crash = rename-restart keeps the old one" sh -c "ctl list | grep -q '^renamed-[0-9]'"
within 30 "on_crash = rename-restart brings a new one" number_of renamed
halt
for left in $(ctl list | awk '$1 ~ /^renamed/ { print $2 }'); do
    expect "ctl destroy" ctl destroy "$left"
done
forget_notes
go_on
nothing_left

# killed at many instants, while a guest reboots again and again
guest stormy reboot 'on_reboot = "restart"'
within 20 "it is there" number_of stormy
for hundredths in 05 20 35 50 60 70 80 90; do
    sleep "1.$hundredths"
    kill -KILL $(pidof ctld) 2> /dev/null || true
    [ "$(count stormy)" -le 1 ] || fail "it is there twice: $(ctl list)"
done
# and the store under it, alone and with it
for who in stored stored "stored ctld" stored "ctld stored" stored; do
    pidof stored > /dev/null || break
    sleep 0.7
    kill -KILL $(pidof $who) 2> /dev/null || true
    [ "$(count stormy)" -le 1 ] || fail "it is there twice: $(ctl list)"
done
within 60 "it still comes back" is_new stormy "$number"
within 20 "it is there" number_of stormy
within 60 "and again" is_new stormy "$number"
halt
if [ "$(count stormy)" = 0 ]; then
    xenstore-exists /keel/restart || fail "it is lost: $(ctl list)"
else
    [ "$(count stormy)" = 1 ] || fail "not one domain: $(ctl list)"
    expect "ctl destroy" ctl destroy stormy
fi
forget_notes
go_on
ctl fsck -n > /tmp/fsck.out || fail "fsck finds: $(cat /tmp/fsck.out)"
if [ -n "$keeper" ]; then
    kill "$keeper"
    kill -KILL $(pidof ctld)
fi
nothing_left
