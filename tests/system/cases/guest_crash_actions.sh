# SPDX-License-Identifier: MIT
# on_crash = preserve keeps a crashed domain to look at; on_crash = destroy removes it.
create_test preserved crash
within 20 "the crash is seen" has_state preserved c
expect "ctl destroy" ctl destroy preserved
create_test removed crash 'on_crash = "destroy"'
within 20 "the crashed domain is removed" is_gone removed
