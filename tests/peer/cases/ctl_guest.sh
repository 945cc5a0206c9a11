# SPDX-License-Identifier: MIT
# The ctl that builds guests on Keel builds the same Linux guest on Debian's Xen; xl sees it; ctl destroys it.
before=$(free_kib)
config one
expect "ctl create" ctl create -q "$config_file"
within 90 "the guest comes up" grep -q 'GUEST-UP xen PVH' /var/log/console/guest-one.log
xl list one | grep -qE '^one +[0-9]+ +12[78] +1 ' || fail "xl list gives: $(xl list)"
expect "ctl destroy" ctl destroy one
! xl list one 2> /dev/null || fail "xl still lists it"
within 10 "its memory is free again" [ "$(free_kib)" = "$before" ]
