# SPDX-License-Identifier: MIT
# ctl and xl say the same of the same domains: list, domid, of guests that xl made; and ctl pauses, unpauses and ends one.
# limit: 240
config other
expect "xl create" xl create -q "$config_file"
for report in "list" "domid other"; do
    ctl $report > /tmp/ctl.out
    xl $report > /tmp/xl.out
    # CPU time and the running state move between two calls
    sed -i 's/[rb-][b-]\([p-][s-][c-][d-]\) *[0-9.]*$/\1/' /tmp/ctl.out /tmp/xl.out
    cmp -s /tmp/ctl.out /tmp/xl.out || fail "$report differs: $(diff /tmp/ctl.out /tmp/xl.out)"
done
# called as xl: digits are a number, whatever a domain is called; numbers of no domain; values alone; schedulers' options
mkdir -p /tmp/as
ln -sf /bin/ctl /tmp/as/xl
different=0
same_answer() { # ARGUMENTS...: both end with the same status and the same on standard output
    their_status=0 our_status=0
    xl "$@" > /tmp/their.out 2> /dev/null || their_status=$?
    /tmp/as/xl "$@" > /tmp/our.out 2> /tmp/our.err || our_status=$?
    sed -i -E 's/[rb-][b-]([p-][s-][c-][d-]) +[0-9.]+$/\1/; s/[0-9]+:[0-9]{2}:[0-9]{2}$/TIME/' /tmp/their.out /tmp/our.out
    [ "$their_status $(cat /tmp/their.out)" != "$our_status $(cat /tmp/our.out)" ] || return 0
    echo "xl $*: status $our_status, Debian's $their_status: $(head -n 3 /tmp/our.err)"
    diff /tmp/their.out /tmp/our.out | head -n 20
    different=$((different + 1))
}
config digits 'name = "77"' 'memory = 16' 'kernel = "/tests/test-kernel"'
sed -i '/^ramdisk/d' "$config_file"
expect "xl create" xl create -q -p "$config_file"
for words in 'list 77' 'pause 77' 'list 999' 'vcpu-list 999' 'network-list 999' 'block-list 999' 'uptime 999' 'domname 0x1' \
    'info xen_version' 'info free_c' 'sched-credit2 -p nosuch' 'sched-credit2 -s -d other' 'sched-credit2 -d other -r 5' \
    'sched-credit2 -d 999' '-x list' 'list -l other'; do
    if [ "$words" = 'pause 77' ]; then # libxl tells of it and ends with 0
        ! /tmp/as/xl pause 77 2> /dev/null || fail "as xl, pause 77 pauses the domain that is called so"
    else
        same_answer $words
    fi
done
xenstore-rm "/local/domain/$(xl domid 77)/name"
same_answer uptime
same_answer sched-credit2
printf 'type = "pvh"\nname = "x"\nkernel = "/k"\nuuid = "11111111-2222-3333-4444-555555555555"\n' > /tmp/some.cfg
for lines in 'cpus = ["0"]' 'vcpus = 2;cpus = ["0", "0", "0"];cap = 0' 'cpus_soft = "0"' 'vcpus = 2;cpus = "all";cpus_soft = "0"' \
    'maxvcpus = 3;cpus = ["0", "all"];cpus_soft = ["0"]'; do
    sed -i '5,$d' /tmp/some.cfg
    echo "$lines" >> /tmp/some.cfg
    same_answer create -n /tmp/some.cfg
done
[ $different = 0 ] || fail "$different differences from Debian's xl, listed above"
expect "xl destroy" xl destroy "$(xl list | awk '$1 == "(null)" { print $2 }')"
expect "ctl pause" ctl pause other
has_state other p || fail "its state is $(state_of other)"
expect "ctl unpause" ctl unpause other
expect "ctl destroy" ctl destroy other
! xl list other 2> /dev/null || fail "xl still lists it"
