# SPDX-License-Identifier: MIT
# Values that cannot be, wrong types and a name that is taken are refused in one sentence; an unknown key is warned of.
config bad 'memory = 0'
refused "$config_file" memory
config bad 'memory = 1000000'
refused "$config_file" 'memory|MiB'
config bad 'vcpus = "many"'
refused "$config_file" vcpus
config bad 'vcpus = 0'
refused "$config_file" vcpus
config bad 'name = 7 7'
refused "$config_file" 'bad.cfg'
config bad 'type = "hvm"'
refused "$config_file" type
config twin
expect "ctl create" ctl create -q -p "$config_file" # one that runs may write into the store at any moment
refused "$config_file" twin
ctl destroy twin
config warned 'memroy = 5'
ctl create -n "$config_file" > /tmp/warned.out 2>&1 || fail "an unknown key stops it: $(cat /tmp/warned.out)"
grep -q 'memroy' /tmp/warned.out && grep -q 'memory' /tmp/warned.out || fail "no warning with the nearest key: $(cat /tmp/warned.out)"
