# SPDX-License-Identifier: MIT
# A kernel that is no ELF, truncated, without PVH's note or with a segment outside memory is refused in one sentence.
echo "this is a text" > /tmp/text
config bad 'kernel = "/tmp/text"'
refused "$config_file" /tmp/text
head -c 3000 /tests/test-kernel > /tmp/truncated
config bad 'kernel = "/tmp/truncated"'
refused "$config_file" /tmp/truncated
# the note's type (18, PHYS32_ENTRY) becomes 99, so that no entry is named
offset=$(grep -abo 'Xen' /tests/test-kernel | tail -n 1 | cut -d: -f1)
cp /tests/test-kernel /tmp/noteless
printf '\143' | dd of=/tmp/noteless bs=1 seek=$((offset - 4)) conv=notrunc 2> /dev/null
config bad 'kernel = "/tmp/noteless"'
refused "$config_file" /tmp/noteless
# the first segment's physical address (program header at 64, its p_paddr at 24) moves to 1 TiB
cp /tests/test-kernel /tmp/outside
printf '\001' | dd of=/tmp/outside bs=1 seek=$((64 + 24 + 5)) conv=notrunc 2> /dev/null
config bad 'kernel = "/tmp/outside"'
refused "$config_file" /tmp/outside
config bad 'kernel = "/tmp/not-there"'
refused "$config_file" /tmp/not-there
