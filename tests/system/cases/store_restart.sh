# SPDX-License-Identifier: MIT
# A store daemon that is killed comes back with its tree, and the guest and its console go on.
create survivor
is_up survivor
before=$(xenstore-ls -f /local/domain | wc -l)
kill -KILL "$(pidof stored)"
within 20 "the store answers again" xenstore-exists /local/domain/0
after=$(xenstore-ls -f /local/domain | wc -l)
[ "$before" = "$after" ] || fail "$before nodes before, $after after"
! grep damaged /var/log/stored.log || fail "$(grep damaged /var/log/stored.log | head -n 1)"
answers survivor
create later
is_up later
expect "ctl destroy" ctl destroy survivor
