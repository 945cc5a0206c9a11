# SPDX-License-Identifier: MIT
# A watch fires when it is set, and for each change below it.
xenstore-write /test/w 0
xenstore-watch -n 3 /test/w > /tmp/watch.out 2>&1 &
within 10 "the first event" contains /tmp/watch.out '^/test/w$'
xenstore-write /test/w 1
xenstore-write /test/w/below 2
within 10 "events for changes" contains /tmp/watch.out '^/test/w/below$'
wait
[ "$(grep -c '^/test/w' /tmp/watch.out)" = 3 ] || fail "not three events: $(cat /tmp/watch.out)"
xenstore-rm /test
