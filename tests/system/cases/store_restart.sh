# SPDX-License-Identifier: MIT
# A store daemon that is killed comes back with its tree, and the guest and its console go on.
create survivor
is_up survivor
before=$(xenstore-ls -f /local/domain | wc -l)
kill -KILL "$(pidof stored)"
within 20 "the store answers again" xenstore-exists /local/domain/0
after=$(xenstore-ls -f /local/domain | wc -l)
[ "$before" = "$after" ] || fail "$before nodes before, $after after"
answers survivor
expect "ctl destroy" ctl destroy survivor
