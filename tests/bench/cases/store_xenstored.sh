# SPDX-License-Identifier: MIT
# Our store beside Debian's C xenstored: latency, CPU time a request, memory a node.
# limit: 400
. /tests/cases/ours.inc
compare_with xenstored "$(cat /run/xenstored.pid)"
