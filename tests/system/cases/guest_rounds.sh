# SPDX-License-Identifier: MIT
# Fifty rounds of create and destroy leave free memory, the list of domains and the store exactly as they were.
# limit: 400
config round
ctl create -q "$config_file" && ctl destroy round # the cache of unpacked kernels is filled
note_inventory
for round in $(seq 50); do
    ctl create -q "$config_file" || fail "create failed in round $round"
    ctl destroy round || fail "destroy failed in round $round"
done
nothing_left
