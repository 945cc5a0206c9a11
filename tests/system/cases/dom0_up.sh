# SPDX-License-Identifier: MIT
# Domain 0 is an unmodified Debian kernel in PVH mode, with as many CPUs as the machine and the memory it was given.
[ "$(cat /sys/hypervisor/type)" = xen ] || fail "/sys/hypervisor/type is $(cat /sys/hypervisor/type)"
[ "$(cat /sys/hypervisor/guest_type)" = PVH ] || fail "guest_type is $(cat /sys/hypervisor/guest_type)"
[ "$(nproc)" = "$TEST_CPUS" ] || fail "$(nproc) CPUs, not $TEST_CPUS"
memory_mib=$(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
[ "$memory_mib" -gt 800 ] || fail "only $memory_mib MiB of memory"
[ "$memory_mib" -lt 1025 ] || fail "$memory_mib MiB of memory, more than dom0_mem"
grep -q control_d /proc/xen/capabilities || fail "no control_d in /proc/xen/capabilities"
