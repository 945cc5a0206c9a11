# SPDX-License-Identifier: MIT
# A kernel that is no ELF, truncated, without PVH's note or with a segment outside memory is refused in one sentence.
echo "this is a text" > /tmp/text
config bad 'kernel = "/tmp/text"'
refused "$config_file" /tmp/text
head -c 3000 /tests/test-kernel > /tmp/truncated
config bad 'kernel = "/tmp/truncated"'
refused "$config_file" /tmp/truncated
config bad 'kernel = "/tests/noteless"'
refused "$config_file" /tests/noteless
# the first segment's physical address (program header at 64, its p_paddr at 24) moves to 1 TiB
cp /tests/test-kernel /tmp/outside
printf '\001' | dd of=/tmp/outside bs=1 seek=$((64 + 24 + 5)) conv=notrunc 2> /dev/null
config bad 'kernel = "/tmp/outside"'
refused "$config_file" /tmp/outside
config bad 'kernel = "/tmp/not-there"'
refused "$config_file" /tmp/not-there
