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
# stopped for its core, it goes on as well
started=$(cut -d. -f1 /proc/uptime)
expect "ctl dump-core" ctl dump-core pausing /tmp/pausing.core
echo "  128 MiB within $(($(cut -d. -f1 /proc/uptime) - started + 1)) s"
dump_check - /tmp/pausing.core 131072 1 || fail "the core is not what it should be"
rm /tmp/pausing.core
answers pausing
