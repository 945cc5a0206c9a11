# SPDX-License-Identifier: MIT
# ctl shutdown makes a guest power itself off.
create asked
is_up asked
expect "ctl shutdown" ctl shutdown asked
within 60 "the guest ends" is_gone asked
