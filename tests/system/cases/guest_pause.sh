# SPDX-License-Identifier: MIT
# A paused guest uses no CPU and answers nothing; unpaused it goes on.
create pausing
is_up pausing
expect "ctl pause" ctl pause pausing
has_state pausing p || fail "its state is $(state_of pausing)"
first=$(ctl list pausing | awk 'NR > 1 { print $6 }')
sleep 2
[ "$(ctl list pausing | awk 'NR > 1 { print $6 }')" = "$first" ] || fail "it used CPU while paused"
expect "ctl unpause" ctl unpause pausing
answers pausing
