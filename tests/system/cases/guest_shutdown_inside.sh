# SPDX-License-Identifier: MIT
# A guest that powers itself off is gone, and its memory is back.
before=$(free_kib)
create inside
is_up inside
type_at inside poweroff
within 60 "the guest ends" is_gone inside
within 10 "its memory is free again" memory_is "$before"
