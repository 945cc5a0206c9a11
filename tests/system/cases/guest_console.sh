# SPDX-License-Identifier: MIT
# A guest's console takes input and gives output, also after it was left and attached to again.
create talker
is_up talker
answers talker
sleep 1
answers talker

# created with its console: not a byte is missed, and the session ends with the guest
config early 'kernel = "/tests/test-kernel"' 'cmdline = "tests=cpuid"' 'memory = 64' 'on_poweroff = "preserve"'
sed -i '/^ramdisk/d' "$config_file"
ctl create -q -c "$config_file" > /tmp/early < /dev/null || fail "ctl create -c ended with status $?"
contains /tmp/early '^TESTS-UP' && contains /tmp/early 'TESTS-DONE' || fail "ctl create -c has shown: $(tr '\n' ';' < /tmp/early)"
