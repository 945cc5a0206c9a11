# SPDX-License-Identifier: MIT
# ctl and xl say the same of the same domains: list, vcpu-list, domid; and ctl pauses, unpauses and ends a guest of xl's.
config other
expect "xl create" xl create -q "$config_file"
for report in "list" "domid other"; do
    ctl $report > /tmp/ctl.out
    xl $report > /tmp/xl.out
    # CPU time and the running state move between two calls
    sed -i 's/[rb-][b-]\([p-][s-][c-][d-]\) *[0-9.]*$/\1/' /tmp/ctl.out /tmp/xl.out
    cmp -s /tmp/ctl.out /tmp/xl.out || fail "$report differs: $(diff /tmp/ctl.out /tmp/xl.out)"
done
expect "ctl pause" ctl pause other
has_state other p || fail "its state is $(state_of other)"
expect "ctl unpause" ctl unpause other
expect "ctl destroy" ctl destroy other
! xl list other 2> /dev/null || fail "xl still lists it"
