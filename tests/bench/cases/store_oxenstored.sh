# SPDX-License-Identifier: MIT
# Our store beside Debian's oxenstored, which takes the place of xenstored for the rest of the boot: latency.
# limit: 400
. /tests/cases/ours.inc
kill -9 "$(cat /run/xenstored.pid)"
rm -f /run/xenstored/socket /run/xenstored.pid
mkdir -p /var/log/xen
oxenstored --no-fork --pid-file /run/xenstored.pid > /tmp/oxenstored.log 2>&1 &
theirs=$!
within 20 "oxenstored serves: $(cat /tmp/oxenstored.log)" xenstore-exists /
compare_with oxenstored "$theirs"
