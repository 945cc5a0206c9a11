# SPDX-License-Identifier: MIT
# A Linux guest reads and writes its disk and talks to domain 0 over its network; both come and go while it runs.
# limit: 240
. /tests/devices.inc
linux_guest_with_devices
