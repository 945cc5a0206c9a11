# SPDX-License-Identifier: MIT
# Sourced: why the machine in a QEMU ends, by QEMU's control channel. QEMU is stopped then, not ended, so that its CPUs can
# be looked at. A chardev of kind pipe reads NAME.in and writes NAME.out, of which each may be any file.
qemu_options=() qemu_folder= qemu_control=

# Makes the channel in FOLDER, and qemu_options, which QEMU has to be started with.
qemu_prepare() { # FOLDER
    qemu_folder=$1
    mkfifo "$1/control.in"
    : > "$1/control.out"
    exec {qemu_control}<> "$1/control.in"
    echo '{"execute": "qmp_capabilities"}' >&"$qemu_control"
    qemu_options=(-action reboot=shutdown,shutdown=pause -chardev "pipe,id=control,path=$1/control"
        -mon chardev=control,mode=control -d cpu_reset -D "$1/qemu.log")
}

# The options for a serial line whose input is FIFO and whose output goes to LOG.
qemu_serial() { # FIFO LOG
    ln -s "$(realpath "$1")" "$qemu_folder/serial.in"
    ln -s "$(realpath "$2")" "$qemu_folder/serial.out"
    qemu_options+=(-chardev "pipe,id=serial,path=$qemu_folder/serial" -serial chardev:serial)
}

# Says off or reset once the machine has stopped, nothing before.
qemu_stopped() {
    case $(grep -a '"SHUTDOWN"' "$qemu_folder/control.out") in
        *'"guest-shutdown"'*) echo off ;;
        *'"guest-reset"'*) echo reset ;;
    esac
}

# Says that the machine was reset; and, if that was no wish of its own, where its CPUs stood.
qemu_report_reset() { # ACCELERATOR: kvm or tcg
    local why="a triple fault"
    if ! grep -qa '^Triple fault' "$qemu_folder/qemu.log"; then
        if [[ $1 != kvm ]]; then
            printf '\nboot: the machine reset itself: it was told to; it is not started again\n'
            return
        fi
        why="it was told to, or met a triple fault, which KVM does not tell"
    fi
    echo '{"execute": "human-monitor-command", "arguments": {"command-line": "info registers -a"}, "id": "registers"}' \
        >&"$qemu_control"
    for _ in {1..20}; do
        sleep 0.1
        ! grep -a '"id": "registers"' "$qemu_folder/control.out" > "$qemu_folder/registers" || break
    done
    printf '\nboot: the machine reset itself: %s; its CPUs, as QEMU has them:\n' "$why"
    sed 's/.*"return": "//; s/", "id": .*//; s/\\r//g; s/\\n/\n/g' "$qemu_folder/registers" |
        grep -aE '^(CPU#|[ER][A-Z0-9]+ *=|[CDEFGS]S =|TR =|[GI]DT=|CR0=)' || true
}

# Ends a QEMU whose machine has stopped, in its own way: it leaves the terminal as it was.
qemu_quit() { # PROCESS
    echo '{"execute": "quit"}' >&"$qemu_control"
    for _ in {1..20}; do
        kill -0 "$1" 2> /dev/null || break
        sleep 0.1
    done
}
