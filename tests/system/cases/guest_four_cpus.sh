# SPDX-License-Identifier: MIT
# A guest with 4 vCPUs brings all of them up, and they all work.
create four 'vcpus = 4'
is_up four
type_at four 'echo cpus-$(nproc)'
within 20 "four CPUs" contains "$(console_of four)" '^cpus-4'
[ "$(ctl vcpu-list four | awk 'NR > 1' | wc -l)" = 4 ] || fail "ctl vcpu-list gives: $(ctl vcpu-list four)"
type_at four 'for c in 0 1 2 3; do taskset $((1 << c)) sh -c "i=0; while [ \$i -lt 2000 ]; do i=\$((i + 1)); done; echo cpu-$c-done" & done; wait; echo all-done'
within 60 "work on all four CPUs" contains "$(console_of four)" '^all-done'
[ "$(grep -c '^cpu-[0-3]-done' "$(console_of four)")" = 4 ] || fail "not all four CPUs did their work"
