# SPDX-License-Identifier: MIT
# What ctl costs: a creation, 200 of them at once, a list of 200; beside Debian's xl where that runs.
# limit: 900
hundredths() { # COMMAND...: its wall time, of which the best of three counts
    best=999999
    for round in 1 2 3; do
        start=$(cut -d' ' -f1 /proc/uptime | tr -d .)
        "$@" > /tmp/timed.out 2>&1 || fail "$*: $(cat /tmp/timed.out)"
        taken=$(($(cut -d' ' -f1 /proc/uptime | tr -d .) - start))
        [ "$taken" -ge "$best" ] || best=$taken
        [ "$1" != create_one ] || ctl destroy small
    done
    echo "$best"
}
create_one() { "$1" create -q -p /tmp/small.cfg; }
processes() { ls -d /proc/[0-9]* | wc -l; }
has_xl=
case $(command -v xl) in *xen-4.17*) has_xl=1 ;; esac
guests=200
config small 'kernel = "/tests/test-kernel"' 'cmdline = "tests=version"' 'memory = 20'
sed -i '/^ramdisk/d' "$config_file"

ours=$(hundredths create_one ctl)
if [ -n "$has_xl" ]; then
    theirs=$(hundredths create_one xl)
    echo "FIGURE create of a 20 MiB guest: ctl ${ours}0 ms, xl ${theirs}0 ms: $((ours * 100 / theirs)) percent of xl's (10 wanted)"
else
    echo "FIGURE create of a 20 MiB guest: ctl ${ours}0 ms"
fi

before=$(processes)
start=$(cut -d' ' -f1 /proc/uptime | tr -d .)
expect "ctl create -n $guests" ctl create --json -p -n $guests "$config_file" > /tmp/many.json
taken=$(($(cut -d' ' -f1 /proc/uptime | tr -d .) - start))
sed -n 's/.*"creation_ns": *\([0-9]*\).*/\1/p' /tmp/many.json > /tmp/times
[ "$(wc -l < /tmp/times)" = $guests ] || fail "not $guests times: $(head -c 300 /tmp/many.json)"
first=$(head -n 10 /tmp/times | awk '{ sum += $1 } END { printf "%d", sum / NR / 1000 }')
last=$(tail -n 10 /tmp/times | awk '{ sum += $1 } END { printf "%d", sum / NR / 1000 }')
echo "FIGURE create -n $guests: ${taken}0 ms; the first ten took $first us each, the last ten $last us: $((last * 100 / first)) percent (120 wanted)"
after=$(processes)
echo "FIGURE processes left by $guests guests: $((after - before)) (0 wanted)"
[ $((after - before)) -le 2 ] || fail "$((after - before)) processes are left of $guests creations"

ours=$(hundredths ctl list)
[ "$(wc -l < /tmp/timed.out)" = $((guests + 2)) ] || fail "ctl list has $(wc -l < /tmp/timed.out) lines"
if [ -n "$has_xl" ]; then
    theirs=$(hundredths xl list)
    echo "FIGURE list of $guests guests: ctl ${ours}0 ms, xl ${theirs}0 ms: $((ours * 100 / theirs)) percent of xl's (20 wanted)"
else
    echo "FIGURE list of $guests guests: ctl ${ours}0 ms"
fi
for domain in $(ctl list | awk 'NR > 1 && $2 > 0 { print $2 }'); do
    ctl destroy "$domain"
done
