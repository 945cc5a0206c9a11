# SPDX-License-Identifier: MIT
# A Linux guest reads and writes its disk and talks to domain 0 over its network; xl lists both as ctl does.
# limit: 240
. /tests/devices.inc
console_of() { # as Xen's console daemon names it
    echo "/var/log/console/guest-$1.log"
}
also() { # with both devices there
    ln -sf /bin/ctl /tmp/xl
    for list in block-list network-list; do
        xl $list served > /tmp/their.out 2>&1 || fail "xl $list: $(cat /tmp/their.out)"
        /tmp/xl $list served > /tmp/our.out 2>&1 || fail "ctl as xl, $list: $(cat /tmp/our.out)"
        cmp -s /tmp/their.out /tmp/our.out || fail "$list differs: $(diff /tmp/their.out /tmp/our.out)"
        [ "$(wc -l < /tmp/their.out)" = 3 ] || fail "xl $list gives: $(cat /tmp/their.out)"
    done
}
linux_guest_with_devices
