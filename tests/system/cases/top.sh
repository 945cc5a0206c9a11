# SPDX-License-Identifier: MIT
# ctl top sees a guest's CPU time, how long domain 0 waits and its store requests; its screen works; ctl metrics serves.
create_test spinner spin
ctl top --json -i 2 -d 1 > /tmp/top.json
[ "$(wc -l < /tmp/top.json)" = 2 ] || fail "two samples are not two lines"
contains /tmp/top.json '"name":"spinner"' || fail "the guest is missing"
contains /tmp/top.json '"domid":0,[^{}]*"wait_time_ns":[0-9]+' || fail "it does not tell how long domain 0 has waited"
contains /tmp/top.json '"domid":0,[^{}]*"store_requests":[0-9]+' || fail "it does not tell domain 0's store requests"
contains /tmp/top.json '"busy_percent":[0-9.]+' || fail "it does not tell how busy the CPUs are"
ctl top --batch -i 1 -v | grep -q '^   spinner ' || fail "the batch has no guest"
for terminal in linux xterm vt100 vt220; do
    TERM=$terminal ctl top -d 0.2 -i 1 < /dev/hvc0 > /dev/hvc0 || fail "there is no screen for a $terminal"
done
ctl metrics > /tmp/metrics.log 2>&1 &
metrics=$!
within 20 "the metrics are served" wget -q -O /tmp/metrics http://127.0.0.1:9741/metrics
contains /tmp/metrics '^keel_domain_cpu_seconds_total\{domid="[0-9]+",name="spinner"\} [0-9.]+$' || fail "no metric of the guest"
[ -S /run/keel/metrics.sock ] || fail "there is no socket"
server=$(grep -l "^PPid:.$metrics\$" /proc/[0-9]*/status | cut -d / -f 3)
[ "$(awk '$1 == "Uid:" { print $2, $3 }' /proc/$server/status)" = "65534 65534" ] || fail "the server has rights"
kill -KILL $metrics
within 10 "the server ends with its parent" test ! -e /proc/$server
