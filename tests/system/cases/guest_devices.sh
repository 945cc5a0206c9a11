# SPDX-License-Identifier: MIT
# A Linux guest reads and writes its disk and talks to domain 0 by network; both come and go, and return with a restart.
# limit: 240
. /tests/devices.inc
is_back() { # the domain that came after, with the disk of its configuration in use, and no other
    [ "$(ctl domid served)" != "$number" ] && [ "$(ctl block-list served | wc -l)" = 2 ] &&
        ctl block-list served | grep -qE '^51712 +0 +[0-9]+ +4 ' &&
        ctl network-list served | grep -qE '^0 +0 +00:16:3e:00:00:07 +0 +4 '
}
at_end() {
    echo 'reboot -f' >&5
    within 60 "the guest comes back with its devices" is_back
}
more_target=$(losetup -f) own_loops=1
losetup "$more_target" "$more"
linux_guest_with_devices
losetup -d "$more_target"
