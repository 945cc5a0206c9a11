# SPDX-License-Identifier: MIT
# A Linux guest with 1 vCPU and 128 MiB reaches its prompt, says what it runs on, and shows in ctl list.
create first # what the hypervisor's allocator keeps at hand after the first guest is no loss
ctl destroy first
note_inventory
create one
is_up one
ctl list one | grep -qE '^one +[0-9]+ +12[78] +1 ' || fail "ctl list gives: $(ctl list)"
xenstore-exists "/local/domain/$(ctl domid one)/name" || fail "the store does not know the guest"
expect "ctl destroy" ctl destroy one
is_gone one || fail "it is still listed"
nothing_left
