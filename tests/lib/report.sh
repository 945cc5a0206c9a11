# SPDX-License-Identifier: MIT
# Sourced by every test runner: one line a test, and a tally that `make check` adds up.
# A runner calls report_start FILE first and report_end last; its exit status is report_end's.
passed=0 failed=0 skipped=0 report_file=

report_start() { # FILE: where the tally goes
    report_file=$1
    mkdir -p "$(dirname "$report_file")"
    echo "0 1 0 the run did not come to its end" > "$report_file"
}
pass() { # NAME [COUNT]
    passed=$((passed + ${2:-1}))
    printf '  ok    %s\n' "$1"
}
fail() { # NAME WHY [COUNT]
    failed=$((failed + ${3:-1}))
    printf '  FAIL  %s: %s\n' "$1" "$2"
}
skip() { # NAME REASON
    skipped=$((skipped + 1))
    printf '  skip  %s: %s\n' "$1" "$2"
}
report_end() {
    echo "$passed $failed $skipped" > "$report_file"
    ((failed == 0))
}
