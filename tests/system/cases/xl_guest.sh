# SPDX-License-Identifier: MIT
# Debian's xl creates, lists, pauses, unpauses, shuts down and destroys a Linux guest on our store, and nothing is left.
xl_state() {
    xl list foreign | awk 'NR > 1 { print $5 }'
}
config foreign
expect "xl create" xl create -q "$config_file" # what the first guest of xl's leaves for the next is no loss
expect "xl destroy" xl destroy foreign
! xl list foreign 2> /dev/null || fail "xl still lists it"
note_inventory
rm -f "$(console_of foreign)"
expect "xl create" xl create -q "$config_file"
is_up foreign
xl list foreign | grep -qE '^foreign +[0-9]+ +12[78] +1 ' || fail "xl list gives: $(xl list)"
xl vcpu-list foreign | grep -qE '^foreign +[0-9]+ +0 +' || fail "xl vcpu-list gives: $(xl vcpu-list)"
expect "xl pause" xl pause foreign
case $(xl_state) in *p*) ;; *) fail "paused, its state is $(xl_state)" ;; esac
expect "xl unpause" xl unpause foreign
answers foreign
expect "xl shutdown" timeout 60 xl shutdown -w foreign
within 20 "the guest is gone" is_gone foreign
nothing_left
