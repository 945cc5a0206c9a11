# SPDX-License-Identifier: MIT
# Called as xl, ctl prints what Debian's xl prints, on both of its outputs, and ends with the same exit status.
# limit: 300
mkdir -p /tmp/as
ln -sf /bin/ctl /tmp/as/xl
different=0
alike() { # [-o] ARGUMENTS...: both programs, one after the other. -o: what is said on standard error may differ
    quiet=
    [ "$1" != -o ] || { quiet=1 && shift; }
    their_status=0 our_status=0
    xl "$@" > /tmp/their.out 2> /tmp/their.err || their_status=$?
    /tmp/as/xl "$@" > /tmp/our.out 2> /tmp/our.err || our_status=$?
    # what moves between two calls: CPU time, the running state, ages, free memory, new UUIDs
    for file in /tmp/their.out /tmp/our.out; do
        case $1 in
            list | vcpu-list)
                sed -i -E 's/ [rb-]([b-])([p-][s-][c-][d-])? +[0-9]+\.[0-9]/ STATE \2/; s/\br--|-b-|---/RUN/' "$file"
                sed -i -E 's/ [rb-][b-]([p-][s-][c-][d-]) +[0-9]+\.[0-9]/ \1/; s/RUN +[0-9.]+/RUN/' "$file" ;;
            uptime) sed -i -E 's/[0-9]+:[0-9]{2}(:[0-9]{2})?/TIME/g' "$file" ;;
            info) sed -i -E '/^free_memory/d; s/^( +[0-9]+: +[0-9]+) +[0-9]+ /\1 FREE /' "$file" ;;
        esac
    done
    if [ "$their_status" != "$our_status" ]; then
        echo "xl $*: exit status $our_status, Debian's $their_status: $(cat /tmp/our.err)"
        different=$((different + 1))
    fi
    cmp -s /tmp/their.out /tmp/our.out || {
        echo "xl $*: output differs:" && diff /tmp/their.out /tmp/our.out | head -n 20
        different=$((different + 1))
    }
    [ -n "$quiet" ] || cmp -s /tmp/their.err /tmp/our.err || {
        echo "xl $*: what is said differs:" && diff /tmp/their.err /tmp/our.err | head -n 6
        different=$((different + 1))
    }
}
alike_status() { # ARGUMENTS...: what they say is their own
    their_status=0 our_status=0
    xl "$@" > /dev/null 2> /tmp/their.err || their_status=$?
    /tmp/as/xl "$@" > /dev/null 2> /tmp/our.err || our_status=$?
    [ "$their_status" = "$our_status" ] || {
        echo "xl $*: exit status $our_status, Debian's $their_status: $(cat /tmp/our.err /tmp/their.err)"
        different=$((different + 1))
    }
}
uuid=11111111-2222-3333-4444-555555555555
# Debian's xl has scripts that serve its devices; these do no more than say that it is done
load_modules llc stp bridge
brctl addbr xenbr0
mkdir -p /etc/xen/scripts
cat > /etc/xen/scripts/block << 'SCRIPT'
#!/bin/sh
export PATH=/tests/bin:$PATH
[ "$1" != add ] || xenstore-write "$XENBUS_PATH/hotplug-status" connected \
    "$XENBUS_PATH/physical-device" "$(stat -c %t:%T "$(xenstore-read "$XENBUS_PATH/params")")"
SCRIPT
cat > /etc/xen/scripts/vif-bridge << 'SCRIPT'
#!/bin/sh
export PATH=/tests/bin:$PATH
[ "$1" != online ] || xenstore-write "$XENBUS_PATH/hotplug-status" connected
SCRIPT
chmod +x /etc/xen/scripts/block /etc/xen/scripts/vif-bridge
for disk in 1 2; do
    dd if=/dev/zero of=/tmp/disk$disk bs=1024 count=64 2> /dev/null
    eval "loop$disk=$(losetup -f)"
    losetup "$(losetup -f)" /tmp/disk$disk
done
config twin "uuid = \"$uuid\"" 'vcpus = 3' 'maxvcpus = 4' 'cpus = [ "0", "0-3" ]' 'on_crash = "preserve"' 'cap = 70' \
    "disk = [ '$loop1,raw,xvda,w', '$loop2,raw,xvdb,r,discard', '$loop2,,hdc,cdrom',
        'vdev=xvdd,access=r,backendtype=phy,direct-io-safe,specification=xen,no-discard,target=$loop2' ]" \
    "vif = [ 'mac=00:16:3e:00:00:07', 'bridge=xenbr0,mac=00:16:3e:00:00:08,rate=10Mb/s', '' ]"
twin=$config_file
config other
other=$config_file

# configurations, without a guest
alike create -n "$twin"
alike create -n /tmp/no-such-file
echo 'name = "x"' > /tmp/incomplete.cfg
alike -o create -n /tmp/incomplete.cfg
for lines in 'maxmem = 64|vcpus = 2|cpus = "0"|cpu_weight = 300|cap = 20|root = "/dev/xvda"|extra = "a b"' \
    'maxvcpus = 4|vcpus = 2|cpus = [ "0", "0" ]|ramdisk = "/r"|cmdline = "c"|on_poweroff = "restart"|on_reboot = "destroy"' \
    'maxvcpus = 4|memory = 64|on_watchdog = "rename-restart"|on_crash = "rename-restart"' \
    'disk = [ "/dev/g,,hda", "/i.iso,,hdc,cdrom", "phy:/dev/x,xvdb,w", "drbd:res,xvdc,w", "vdev=xvdd,discard,target=/a,b" ]' \
    'disk = [ ",hdc:cdrom,r", ",,hdd,cdrom", "format=raw,/dev/x,xvda", "/dev/y,vdev=xvdb,raw,w", "tap:aio:qcow2:/z,xvdc,r",
        "/dev/v,raw,xvdd,w,specification=xen,direct-io-safe", "nbd:foo,xvde,w", ",raw,xvdf,w,target=a:b,c" ]' \
    'vif = [ "rate=10Mb/s@20", "gatewaydev=eth0,untrusted", "rate=1GB/s@2s,trusted,mtu=1400,ip=1.2.3.4", "devid=9" ]' \
    'vif = [ "", "mac=0:16:3E:1:2:3,bridge=b,rate=10Mb/s", "type=ioemu,model=e1000,vifname=x,script=/s,backend=o" ]'; do
    printf 'type = "pvh"\nname = "x"\nkernel = "/k"\nuuid = "%s"\n' "$uuid" > /tmp/some.cfg
    echo "$lines" | tr '|' '\n' >> /tmp/some.cfg
    alike create -n /tmp/some.cfg
done
for lines in 'disk = [ "/dev/x,raw,xvda,vdev=xvdb" ]' 'disk = [ "foo:bar,xvda,w" ]' 'disk = [ "/dev/x,zip,xvda,w" ]' \
    'vif = [ "rate=10mb/s" ]' \
    'vif = [ "netdev=eth0" ]' 'vif = [ "foo=bar" ]' 'vif = [ "bridge=b,accel=1" ]'; do # from netdev on: taken, with a word
    sed -i '5,$d' /tmp/some.cfg
    echo "$lines" >> /tmp/some.cfg
    alike -o create -n /tmp/some.cfg
done

sed -i '5,$d' /tmp/some.cfg
alike create -n
alike create -n vcpus=2
alike create -n -f /tmp/some.cfg vcpus=2
alike create -nq /tmp/some.cfg 'vcpus=2;memory=32'
alike -o create -n /tmp # a directory; each has its own word for that
for words in '/tmp/some.cfg extra' '-f /tmp/some.cfg /tmp/some.cfg'; do
    alike_status create -n $words
done

# the same guest, made by one and then by the other
expect "xl create" xl create -q -p "$twin"
alike list -l twin
xl list -l twin > /tmp/their.long
xl destroy twin
expect "ctl as xl create" /tmp/as/xl create -q -p "$twin"
/tmp/as/xl list -l twin > /tmp/our.long
# the domain's number, and the address that the last interface was given
sed -i '3s/[0-9]*,/N,/; /"devid": 2,/{n;s/"mac": "00:16:3e:.*/MAC/}' /tmp/their.long /tmp/our.long
cmp -s /tmp/their.long /tmp/our.long || {
    echo "list -l differs:" && diff /tmp/their.long /tmp/our.long
    different=$((different + 1))
}
[ -z "$(ls /var/lib/xen/userdata-?.0.* 2> /dev/null)" ] || alike list -l Domain-0 # Debian's init script leaves that
alike block-list twin
alike network-list twin
alike vcpu-list twin

expect "xl create" xl create -q -p "$other"
# one that is over, one that crashed, and one with a name beyond every column
odd='a name, with blanks and an  ä, longer than its column'
for guest in over:version crashed:crash; do
    config "${guest%:*}" 'kernel = "/tests/test-kernel"' "cmdline = \"tests=${guest#*:}\"" 'memory = 16' \
        'on_poweroff = "preserve"' 'on_crash = "preserve"'
    sed -i '/^ramdisk/d' "$config_file"
    expect "xl create" xl create -q "$config_file"
done
config odd "name = \"$odd\"" 'kernel = "/tests/test-kernel"' 'memory = 16' \
    'vcpus = 5' 'cpus = "0"' 'cpus_soft = "0"'
sed -i '/^ramdisk/d' "$config_file"
expect "xl create" xl create -q -p "$config_file"
within 30 "two guests are over" sh -c "[ \$(xl list | grep -cE ' [rbp-]{3}(s[c-]|-c)- ') = 2 ]"
for verb in list 'list -v' vcpu-list domid uptime 'sched-credit2 -d'; do
    alike $verb "$odd"
done
alike domname "$(xl domid "$odd")"
for change in 'sched-credit2 -d other -w 300' 'mem-set other 100' 'rename other another' 'rename another other'; do
    expect "xl $change" xl $change
done
for report in list 'list -v' 'list -l other' 'list -c' 'list nosuch' vcpu-list 'vcpu-list nosuch' 'domid twin' 'domid 1' \
    'domname 7777' 'domname twin' uptime 'uptime -s' info 'info -n' 'info total_memory' 'info xen' \
    'info nr_cpus extra' 'info nosuch' 'list 99' 'list -l 99' 'list -n' 'list -v -n -c -Z' 'domname 0x' 'domname x' \
    'domid Domain-0' 'domid 0' 'block-list 99' 'network-list 99' 'block-list twin other' 'network-list nosuch twin' \
    '-N list' '-vtTf domid twin' 'help nosuch' 'sched-credit2 -p nosuch' 'sched-credit2 -p Pool-0' \
    'sched-credit2 -s -p nosuch' 'sched-credit2 -r 1000' 'sched-credit2 -d twin -r 1000' sched-credit2 \
    'sched-credit2 -d twin -w 300 -c 20' 'sched-credit2 -d twin' 'sched-credit2 -w 7' cpupool-list 'cpupool-list -c' \
    'block-list nosuch' 'network-list nosuch' nosuchverb 'list -x' 'destroy nosuch' shutdown \
    'block-attach nosuch /x,,xvda' 'block-detach nosuch xvda' 'network-attach nosuch' 'network-detach nosuch 0'; do
    alike $report
done
for usage in domid '-x list' 'rename twin' 'list twin other' 'vcpu-set twin 4' 'vcpu-set -i twin 4' 'destroy 0' 'pause 0' 'unpause 0' 'trigger other nmi 99' \
    'trigger other reset' 'trigger other nosuch' 'trigger nosuch nmi' 'sysrq other hh' 'sched-credit2 -d twin -w 0' \
    'sched-credit2 -d twin -c 401' 'rename other twin' 'mem-set other x' 'mem-max other 1' 'vcpu-set other 99' \
    'vcpu-pin other 9 0' 'dump-core other /no/such' 'block-detach other xvdq' 'network-detach other 9' \
    'network-attach other foo=bar' 'config-update other' 'config-update other /no/such'; do
    alike_status $usage
done

# devices, as the store tells of them
number=$(xl domid other)
for device in vbd/51712 vif/0; do
    xenstore-write "/libxl/$number/device/$device/backend" "/local/domain/0/backend/${device%/*}/$number/${device#*/}"
    xenstore-write "/libxl/$number/device/$device/frontend" "/local/domain/$number/device/$device"
    xenstore-write "/local/domain/$number/device/$device/backend-id" 0 "/local/domain/$number/device/$device/state" 4
    xenstore-write "/local/domain/0/backend/${device%/*}/$number/${device#*/}/frontend-id" "$number"
done
xenstore-write "/libxl/$number/device/vbd/51712/dev" xvda "/libxl/$number/device/vbd/51712/params" /dev/x \
    "/libxl/$number/device/vbd/51712/mode" w "/libxl/$number/device/vbd/51712/type" phy "/libxl/$number/device/vbd/51712/removable" 1 \
    "/libxl/$number/device/vbd/51712/device-type" disk \
    "/local/domain/$number/device/vbd/51712/event-channel" 9 "/local/domain/$number/device/vbd/51712/ring-ref" 8
xenstore-write "/libxl/$number/device/vif/0/mac" 00:16:3e:aa:bb:cc "/libxl/$number/device/vif/0/handle" 0 \
    "/local/domain/$number/device/vif/0/event-channel" 11 "/local/domain/$number/device/vif/0/tx-ring-ref" 768 \
    "/local/domain/$number/device/vif/0/rx-ring-ref" 769
alike block-list other
alike network-list other
xenstore-rm "/local/domain/$number/device/vif/0/event-channel"
alike network-list "$number"
xenstore-rm "/libxl/$number/device"
for guest in other over crashed "$odd"; do
    expect "ctl as xl destroy" /tmp/as/xl destroy "$guest"
done
expect "ctl as xl destroy" /tmp/as/xl destroy twin
losetup -d "$loop1"
losetup -d "$loop2"
brctl delbr xenbr0
rm -r /etc/xen/scripts
[ $different = 0 ] || fail "$different differences from Debian's xl, listed above"
