# SPDX-License-Identifier: MIT
# A store daemon that is killed comes back with its tree; the guest and its console go on, and so do ctl events, wait, top and metrics.
create survivor
is_up survivor
before=$(xenstore-ls -f /local/domain | wc -l)
ctl events -t 120 > /tmp/events &
events=$!
ctl wait -t 120 later running &
waiting=$!
ctl top --json -d 1 > /tmp/top.json &
top=$!
ctl metrics > /tmp/metrics.log 2>&1 &
metrics=$!
within 20 "the metrics are served" wget -q -O /tmp/metrics http://127.0.0.1:9741/metrics
within 20 "the samples have names" contains /tmp/top.json '"name":"survivor"'
kill -KILL "$(pidof stored)"
within 20 "the store answers again" xenstore-exists /local/domain/0
after=$(xenstore-ls -f /local/domain | wc -l)
[ "$before" = "$after" ] || fail "$before nodes before, $after after"
! grep damaged /var/log/stored.log || fail "$(grep damaged /var/log/stored.log | head -n 1)"
answers survivor
create later
is_up later
expect "ctl wait" wait $waiting
within 10 "the samples have the new name" contains /tmp/top.json '"name":"later"'
within 10 "the samples have store requests again" sh -c \
    'tail -n 1 /tmp/top.json | grep -qE "\"domid\":0,[^{}]*\"store_requests\":[0-9]"'
kill $top
has_metric() { # REGEX
    wget -q -O /tmp/metrics http://127.0.0.1:9741/metrics && contains /tmp/metrics "$1"
}
within 20 "the metrics have the new name" has_metric '^keel_domain_info\{[^}]*name="later"'
within 20 "the metrics have store requests again" has_metric '^keel_domain_store_requests_total\{domid="0",'
kill $metrics
ctl wait -t 20 survivor shutdown & # who sees it alive, and then no more, is not kept waiting
waiting=$!
sleep 1
expect "ctl destroy" ctl destroy survivor
expect "ctl wait shutdown" wait $waiting
within 10 "the events are told" contains /tmp/events ' destroyed [0-9]+ survivor$'
contains /tmp/events ' created [0-9]+ later$' || fail "the events after the restart are: $(cat /tmp/events)"
kill $events
