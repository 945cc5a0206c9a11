# SPDX-License-Identifier: MIT
# The ctl that builds guests on Keel builds the same Linux guest on Debian's Xen; xl sees it; ctl destroys it.
config one
ctl create -q "$config_file" # what Xen keeps at hand after the first guest is no loss
ctl destroy one
rm -f /var/log/console/guest-one.log
before=$(free_kib)
expect "ctl create" ctl create -q "$config_file"
within 90 "the guest comes up" grep -q 'GUEST-UP xen PVH' /var/log/console/guest-one.log
xl list one | grep -qE '^one +[0-9]+ +12[78] +1 ' || fail "xl list gives: $(xl list)"
expect "ctl destroy" ctl destroy one
! xl list one 2> /dev/null || fail "xl still lists it"
within 10 "its memory is free again" memory_is "$before"
