# SPDX-License-Identifier: MIT
# A missing initrd, and a configuration that is missing, a directory, huge or binary, are refused in one sentence.
config bad 'ramdisk = "/tmp/no-initrd"'
refused "$config_file" /tmp/no-initrd
refused /tmp/no-config.cfg /tmp/no-config.cfg
refused /tmp /tmp
mkdir -p /tmp/big
dd if=/dev/zero bs=1M count=100 2> /dev/null | tr '\0' '#' > /tmp/big/huge.cfg
refused /tmp/big/huge.cfg huge.cfg
rm -rf /tmp/big
head -c 5000 /bin/busybox > /tmp/binary.cfg
refused /tmp/binary.cfg binary.cfg
