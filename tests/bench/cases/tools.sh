# SPDX-License-Identifier: MIT
# What ctl costs: a creation, 200 of them at once, a list of 200; beside Debian's xl.
# limit: 1500
# MEASURED lines are for tests/bench/run-tools, which knows the limits.
guests=200 rounds=3
# as on any host: the loader knows where libraries are, nobody searches for them
ldconfig /usr/lib/xen-4.17/lib/x86_64-linux-gnu /lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu
unset LD_LIBRARY_PATH
ctl=/bin/ctl xl=/usr/lib/xen-4.17/bin/xl

best() { # NAME COMMAND...: the shortest of some rounds; AFTERWARDS runs after each
    name=$1 shortest=
    shift
    for round in $(seq $rounds); do
        sleep 1 # what was freed is scrubbed meanwhile
        taken=$(timed /tmp/timed.out "$@") || fail "$*: $(cat /tmp/timed.out)"
        [ -z "$afterwards" ] || $afterwards
        if [ -z "$shortest" ] || [ "$taken" -lt "$shortest" ]; then shortest=$taken; fi
    done
    echo "MEASURED $name $shortest"
}
processes() { ps -o args | grep -vc '^\['; }

config small 'kernel = "/tests/test-kernel"' 'cmdline = "tests=version"' 'memory = 16'
sed -i '/^ramdisk/d' "$config_file"
afterwards="ctl destroy small"
best create_ctl "$ctl" create -q -p "$config_file"
best create_xl "$xl" create -q -p "$config_file"

before=$(processes)
expect "ctl create -n $guests" ctl create --json -p -n $guests "$config_file" > /tmp/many.json
echo "MEASURED processes $(($(processes) - before))"
sed -n 's/.*"creation_ns": *\([0-9]*\).*/\1/p' /tmp/many.json > /tmp/times
[ "$(wc -l < /tmp/times)" = $guests ] || fail "not $guests times: $(head -c 300 /tmp/many.json)"
echo "MEASURED first_ten $(head -n 10 /tmp/times | awk '{ sum += $1 } END { printf "%d", sum / NR }')"
echo "MEASURED last_ten $(tail -n 10 /tmp/times | awk '{ sum += $1 } END { printf "%d", sum / NR }')"

afterwards=
best list_ctl "$ctl" list
[ "$(wc -l < /tmp/timed.out)" = $((guests + 2)) ] || fail "ctl list has $(wc -l < /tmp/timed.out) lines"
best list_xl "$xl" list
[ "$(wc -l < /tmp/timed.out)" = $((guests + 2)) ] || fail "xl list has $(wc -l < /tmp/timed.out) lines"
