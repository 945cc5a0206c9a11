# SPDX-License-Identifier: MIT
# ctl create takes at most a quarter of xl create's wall time for the 128 MiB Linux guest, once its kernel is cached.
hundredths() { # COMMAND...: its wall time
    start=$(cut -d' ' -f1 /proc/uptime | tr -d .)
    "$@" > /tmp/timed.out 2>&1 || fail "$*: $(cat /tmp/timed.out)"
    echo $(($(cut -d' ' -f1 /proc/uptime | tr -d .) - start))
}
config timed
ctl create -q "$config_file" # fills the cache
ctl destroy timed
best_ctl=999999 best_xl=999999
for round in 1 2 3; do
    taken=$(hundredths xl create -q "$config_file")
    [ "$taken" -ge "$best_xl" ] || best_xl=$taken
    ctl destroy timed
    taken=$(hundredths ctl create -q "$config_file")
    [ "$taken" -ge "$best_ctl" ] || best_ctl=$taken
    ctl destroy timed
done
echo "FIGURE ctl create: ${best_ctl}0 ms, xl create: ${best_xl}0 ms: $((best_ctl * 100 / best_xl)) percent, of 25 at most"
[ $((best_ctl * 4)) -le "$best_xl" ] || fail "ctl create takes ${best_ctl}0 ms, more than a quarter of xl's ${best_xl}0 ms"
