# SPDX-License-Identifier: MIT
# Ctrl-a three times moves the serial input to the hypervisor, whose debug keys answer there, and back to domain 0.
said() { # REGEX: the hypervisor, since this case began
    ctl dmesg | tail -n "+$((before + 1))" | grep -qE "$1"
}
reads() { # TEXT: it is the next line that domain 0 gets to read (with the Ctrl-a that were not yet the third)
    line=$(timeout 15 head -n 1 < /dev/hvc0 | tr -d '\001\r')
    [ "$line" = "$1" ] || fail "domain 0 reads \"$line\", not \"$1\""
}
before=$(ctl dmesg | wc -l)
type_at_serial 'first\n'
reads first
type_at_serial '\001\001\001'
within 15 "the hypervisor has the input" said 'Serial input to Keel'
type_at_serial 'hq'
within 15 "'h' lists the keys" said "q: domains and their vCPUs"
within 15 "'q' lists the domains" said 'domain 0: alive, [0-9]+ of '
type_at_serial '\001\001\001'
within 15 "domain 0 has the input again" said 'Serial input to DOM0'
type_at_serial 'second\n'
reads second
