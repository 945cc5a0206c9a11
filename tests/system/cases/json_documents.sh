# SPDX-License-Identifier: MIT
# What each reporting verb prints with --json, errors and warnings too, is as its schema in docs/schema says.
# limit: 200
met=/tmp/schemas.met
: > $met
document() { # SCHEMA ARGUMENTS...: ctl prints one document of it
    schema=$1
    shift
    ctl --json "$@" > /tmp/document.json 2> /tmp/document.err || fail "ctl --json $*: $(cat /tmp/document.err)"
    schema_check /tests/schema /tmp/document.json > /tmp/document.name 2> /tmp/document.why ||
        fail "ctl --json $*: $(head -n 3 /tmp/document.why) in $(head -c 300 /tmp/document.json)"
    [ "$(cat /tmp/document.name)" = "keel.$schema/1" ] || fail "ctl --json $* is a $(cat /tmp/document.name)"
    echo "$schema" >> $met
}
lines() { # SCHEMA FILE: each line is a document of it
    schema_check /tests/schema -l "$2" > /tmp/document.name 2> /tmp/document.why ||
        fail "$2: $(head -n 3 /tmp/document.why) in $(head -c 300 "$2")"
    [ "$(sort -u /tmp/document.name)" = "keel.$1/1" ] || fail "$2 holds $(sort -u /tmp/document.name)"
    echo "$1" >> $met
}
ctl --json events -t 120 -n 2 > /tmp/events.json &
events=$!
config told 'memory = 64' 'vcpus = 2'
sed -i '/^ramdisk/d; /^kernel/d' "$config_file"
printf '%s\n' 'kernel = "/tests/test-kernel"' 'cpu_weight = 300' 'cpus = "0-1"' >> "$config_file"
document check check "$config_file"
document config config convert "$config_file"
document config create -n "$config_file"
watch_domains 8 > /tmp/watched & # the example of libctl sees the same
watcher=$!
sleep 1
document create create -p "$config_file"
document create-many create -p -n 2 "$config_file" name=many
for way in '' told; do
    document list list $way
    document list list -l $way
    document vcpu-list vcpu-list $way
    document uptime uptime $way
    document sched-credit2 sched-credit2 ${way:+-d $way}
done
document info info
document info info -n
document dmesg dmesg
document domid domid told
document domname domname "$(ctl domid told)"
document cpupool-list cpupool-list
document block-list block-list told
document network-list network-list told
document apply apply -n "$config_file" memory=48
document wait wait -t 1 told paused
document store-ls store ls /local/domain
document store-read store read "/local/domain/$(ctl domid told)/name"
document store-list store list /local/domain
document store-exists store exists /local/domain/0
document version version
document help help
ctl fsck > /dev/null || true # what the cases before this have left on purpose
document fsck fsck -n
ctl --json store watch -n 1 /local > /tmp/watch.json
lines store-watch /tmp/watch.json
ctl --json top -i 2 -d 1 > /tmp/top.json
lines top /tmp/top.json
if pidof stored > /dev/null; then
    document store.stats store stats
fi
expect "ctl destroy" ctl destroy told many-1 many-2
wait "$events"
wait "$watcher"
grep -q '^domain 0: Domain-0, ' /tmp/watched && grep -q ' (told): created$' /tmp/watched ||
    fail "the example says: $(cat /tmp/watched)"
lines event /tmp/events.json
for wrong in 'domid nosuch' 'list -Q' 'nosuchverb' 'create /no/such.cfg' 'sysrq nosuch h'; do
    ! ctl --json $wrong > /tmp/document.json 2> /tmp/errors.json || fail "ctl $wrong ends with 0"
    [ ! -s /tmp/document.json ] || fail "ctl --json $wrong prints $(cat /tmp/document.json)"
    lines error /tmp/errors.json
done
ctl --json create -n "$config_file" vnc=1 > /tmp/document.json 2> /tmp/warnings.json
lines warning /tmp/warnings.json
# of what this host or a machine without devices does not have, the unit tests hold documents
for file in /tests/schema/*.json; do
    name=${file##*/} name=${name%-1.json}
    case $name in
        sched-credit | store.stats | block-attach | block-detach | network-attach | network-detach) continue ;;
    esac
    grep -qx "$name" $met || fail "no verb was asked for a document of $name"
done
