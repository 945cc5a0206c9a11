# SPDX-License-Identifier: MIT
# Our store beside Debian's C xenstored: latency, CPU time a request, memory a node.
# limit: 400
. /tests/cases/ours.inc
status=0
store_compare "stored:$ours:/tmp/ours/socket" "xenstored:$(cat /run/xenstored.pid):/run/xenstored/socket" || status=$?
kill "$ours"
[ $status = 0 ] || fail "a ratio is over its limit (status $status)"
