# SPDX-License-Identifier: MIT
# Debian's xenstore commands write, read, list, protect and remove nodes of our store.
expect "write" xenstore-write /test/a hello /test/b/c deep
[ "$(xenstore-read /test/a)" = hello ] || fail "read gives $(xenstore-read /test/a)"
[ "$(xenstore-list /test | sort | tr '\n' ' ')" = "a b " ] || fail "list gives $(xenstore-list /test)"
xenstore-ls -f /test | grep -q '^/test/b/c = "deep"' || fail "ls gives $(xenstore-ls -f /test)"
expect "chmod" xenstore-chmod /test/a n0 r1
xenstore-ls -p /test | grep -q '(n0,r1)' || fail "ls -p gives $(xenstore-ls -p /test)"
expect "exists" xenstore-exists /test/b/c
expect "rm" xenstore-rm /test
! xenstore-exists /test || fail "/test is still there"
! xenstore-read /test/a 2> /dev/null || fail "a removed node can be read"
