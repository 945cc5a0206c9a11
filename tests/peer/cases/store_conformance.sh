# SPDX-License-Identifier: MIT
# Debian's xenstore commands get the same from our store as from Debian's two daemons, but for what docs/store.md lists.
# The commands are in store_commands.inc; "~" in front of one says that the answer differs from xenstored's (first column)
# or oxenstored's (second). oxenstored serves the host for the rest of the boot: this is the last case.
# limit: 300
long_name() { # LENGTH: a name of so many letters
    head -c "$1" /dev/zero | tr '\0' n
}
many_children() { # more than one message can list
    awk 'BEGIN { for (i = 0; i < 300; i++) printf "/conf/many/a-node-with-a-longer-name-%03d x\n", i }' |
        xargs -n 100 xenstore-write
}
changes_seen() { # PATH: what a watch there shows of five changes, up to a last one
    rm -f /tmp/seen
    xenstore-watch "$1" > /tmp/seen &
    watcher=$!
    appears "$1"
    xenstore-write /conf/w/x/y 1
    xenstore-write /conf/w 2
    xenstore-chmod /conf/w/x n0 r1
    xenstore-rm /conf/w/x
    xenstore-rm /conf/w
    xenstore-write "$1/end" 1
    appears "$1/end"
    kill $watcher
    xenstore-rm "$1/end"
    cat /tmp/seen
}
appears() { # PATH: waits until the watch has shown it
    patience=500
    until grep -qx "$1" /tmp/seen 2> /dev/null || [ $patience = 0 ]; do
        usleep 20000
        patience=$((patience - 1))
    done
}
run_commands() { # SOCKET OUT: each command, what it prints and its status, as OUT/NUMBER
    export XENSTORED_PATH=$1
    rm -rf "$2"
    mkdir -p "$2"
    number=100
    while read -r kind command; do
        number=$((number + 1))
        status=0
        (eval "$command") > "$2/$number" 2>&1 < /dev/null || status=$?
        echo "status $status" >> "$2/$number"
    done < /tests/cases/store_commands.inc
    unset XENSTORED_PATH
}
compare() { # NAME COLUMN: what the daemon of that name gave, beside ours; its column of the list says where it differs
    number=100 same=0 listed=0
    while read -r kind command; do
        number=$((number + 1))
        expected=$(echo "$kind" | cut -c "$2")
        if cmp -s "/tmp/ours.out/$number" "/tmp/$1.out/$number"; then
            same=$((same + 1))
            [ "$expected" = "=" ] || echo "the same as from $1, but listed as different: $command" >> /tmp/wrong
        elif [ "$expected" = "=" ]; then
            echo "different from $1: $command" >> /tmp/wrong
            diff "/tmp/$1.out/$number" "/tmp/ours.out/$number" | grep '^[-+][^-+]' | cut -c 1-100 | head -n 12 >> /tmp/wrong
        else
            listed=$((listed + 1))
        fi
    done < /tests/cases/store_commands.inc
    echo "FIGURE of $((number - 100)) commands $same get the same from our store and from $1, $listed differ as listed"
}
rm -rf /tmp/ours
mkdir -p /tmp/ours
/tests/bin/stored --no-domains --foreground --socket /tmp/ours/socket --state /tmp/ours/state 2> /tmp/ours/log &
ours=$!
within 20 "our store serves" env XENSTORED_PATH=/tmp/ours/socket xenstore-exists /
run_commands /tmp/ours/socket /tmp/ours.out
kill "$ours"
run_commands /run/xenstored/socket /tmp/xenstored.out
kill -9 "$(cat /run/xenstored.pid)" # what comes after is for oxenstored
rm -f /run/xenstored/socket
oxenstored --no-fork --pid-file /run/oxenstored.pid > /tmp/oxenstored.log 2>&1 &
within 20 "oxenstored serves" xenstore-exists /
run_commands /run/xenstored/socket /tmp/oxenstored.out
rm -f /tmp/wrong
compare xenstored 1
compare oxenstored 2
if [ -e /tmp/wrong ]; then
    sed 's/^/| /' /tmp/wrong > /dev/hvc0
    fail "$(grep -c ': ' /tmp/wrong) of the answers are not as listed"
fi
