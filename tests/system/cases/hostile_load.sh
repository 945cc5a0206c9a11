# SPDX-License-Identifier: MIT
# Guests that hammer hypercalls with garbage, spin with interrupts off or storm with exits leave the others their share.
# limit: 300
create neighbour
is_up neighbour
create_test hammer hammer_all
create_test spinner spin
create_test stormer storm
within 30 "the spinner runs" contains "$(console_of spinner)" 'GOING spin'
answers neighbour
sleep 5
answers neighbour
ctl list
for bad in hammer spinner stormer; do
    expect "ctl destroy $bad" timeout 60 ctl destroy "$bad"
done
answers neighbour
