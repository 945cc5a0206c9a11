# SPDX-License-Identifier: MIT
# Sourced: the second emulator, Debian's Bochs. Slower than QEMU's TCG, it repeats exactly, with several CPUs too, and its
# AMD-V has what QEMU's lacks: NRIP save and the pause filter. No IOMMU; memory up to 2 GiB; the power-off is its end.

# Writes FOLDER/bochs.rc (the machine) and FOLDER/bochs.go (a command that starts it).
bochs_configure() { # FOLDER IMAGE.iso SERIAL_LOG CPUS MIB
    cat > "$1/bochs.rc" << RC
plugin_ctrl: unmapped=1, biosdev=1, speaker=0, extfpuirq=1, parallel=0, serial=1, iodebug=0
config_interface: textconfig
display_library: rfb, options="timeout=0"
memory: guest=$5, host=$5
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
vga: extension=none
cpu: model=ryzen, count=$4, ips=200000000, reset_on_triple_fault=0
boot: cdrom
ata0-master: type=cdrom, path="$2", status=inserted
com1: enabled=1, mode=file, dev="$3"
clock: sync=none, time0=1767225600
log: $1/bochs.log
panic: action=fatal
error: action=ignore
info: action=ignore
RC
    echo c > "$1/bochs.go"
}

# Bochs has ended: true if the machine was powered off, otherwise says why it ended.
bochs_was_powered_off() { # FOLDER
    grep -q 'soft power off' "$1/bochs.log" && return
    echo "bochs: ended without a power-off: $(grep -aE 'PANIC' "$1/bochs.log" | tail -n 1)" >&2
    return 1
}
