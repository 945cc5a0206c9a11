# SPDX-License-Identifier: MIT
# Sourced: progress LABEL LOG COMMAND...: runs COMMAND with its output added to LOG; says LABEL at once and, while it
# lasts, every five seconds how long it has taken and the log's last line. A failure prints the log's end.
progress() {
    local label=$1 log=$2 pid start=$SECONDS
    shift 2
    echo "$label"
    "$@" >> "$log" 2>&1 < /dev/null &
    pid=$!
    while kill -0 "$pid" 2> /dev/null; do
        for _ in {1..25}; do
            sleep 0.2
            kill -0 "$pid" 2> /dev/null || break 2
        done
        printf '  ... %d s: %.90s\n' $((SECONDS - start)) "$(tail -n 1 "$log" | tr -d '\r')"
    done
    wait "$pid" || {
        tail -n 20 "$log" >&2
        echo "$label: failed; the whole log is $log" >&2
        return 1
    }
}
