# SPDX-License-Identifier: MIT
# Each of Linux' Xen devices is there and opens.
for device in privcmd evtchn gntdev gntalloc xenbus; do
    [ -c "/dev/xen/$device" ] || fail "there is no /dev/xen/$device"
    expect "/dev/xen/$device opens" sh -c "exec 3<> /dev/xen/$device"
done
