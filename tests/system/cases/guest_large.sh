# SPDX-License-Identifier: MIT
# A guest with 3 GiB of memory has it, and can use it.
create large 'memory = 3072'
is_up large
type_at large 'echo mem-$(awk "/MemTotal/ { print int(\$2 / 1024) }" /proc/meminfo)'
within 20 "its memory" contains "$(console_of large)" '^mem-(29|30)[0-9][0-9]'
type_at large 'mount -t tmpfs t /tmp; dd if=/dev/zero of=/tmp/f bs=1M count=200 2>/dev/null && echo wrote-$(stat -c %s /tmp/f)'
within 60 "200 MiB written" contains "$(console_of large)" '^wrote-209715200'
