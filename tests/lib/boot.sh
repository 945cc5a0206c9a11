# SPDX-License-Identifier: MIT
# Sourced by runners of tests that boot the machine, after report.sh. They set hypervisor, case_folder (whose NAME.sh run
# in domain 0), logs (where the serial lines go), only_cases (empty: all) and work (a folder that is removed at the end).

# Lays out what domain 0 needs for cases: scripts, the test kernel, Debian's store commands.
make_overlay() { # FOLDER CPUS CASES
    local root=$1 command image_packages
    mkdir -p "$root/tests/bin"
    cp tests/system/lib.sh "$root/tests/"
    cp -r "$case_folder" "$root/tests/cases"
    cp tests/system/in-dom0 "$root/script"
    cp build/images/test-kernel "$root/tests/"
    # one whose note names no entry: its type (18, PHYS32_ENTRY) becomes another
    LC_ALL=C sed 's/\x12\x00\x00\x00Xen\x00/\x63\x00\x00\x00Xen\x00/' build/images/test-kernel > "$root/tests/noteless"
    printf 'export TEST_CPUS=%s\nTEST_CASES="%s"\n' "$2" "$(echo $3)" > "$root/tests/environment"
    . scripts/lib/image.sh
    image_packages=$(realpath build/debian/xen)
    for command in ls read write rm list exists watch chmod; do
        image_put "$image_packages/usr/bin/xenstore-$command" "tests/bin/xenstore-$command"
    done
}

# Reads a log as it grows and reports its cases, until the boot given by its process id has ended.
follow() { # LOG PID BOOT
    local line name rest started=
    while IFS= read -r line; do
        line=${line//$'\r'/}
        case $line in
            *"CASE-RUN "*) rest=${line#*CASE-RUN } && started=${rest%% *} && echo "  run   $started: ${rest#* }" ;;
            *"CASE-PASS "*) rest=${line#*CASE-PASS } && pass "$3/${rest%% *} (${rest#* } s)" && started= ;;
            *"CASE-FAIL "*)
                rest=${line#*CASE-FAIL } name=${rest%% *}
                sed -n "/CASE-RUN $name /,/CASE-FAIL $name /p" "$1" | grep -a '^|' | tr -d '\r'
                fail "$3/$name" "${rest#* }" && started=
                ;;
            "| FIGURE "*) echo "        ${line#| FIGURE }" ;;
            "(KEEL) "*[Pp]anic* | "(XEN) Panic"*) echo "  $line" ;;
        esac
    done < <(tail -n +1 -f --pid="$2" "$1" 2> /dev/null)
    if [[ -n $started ]]; then
        tail -n 30 "$1"
        fail "$3/$started" "the machine ended or hung in it; the log is $1"
    fi
}

# One boot of Linux as domain 0 that runs cases and powers off by itself.
boot_cases() { # BOOT CPUS MEMORY TIMEOUT CASES [OPTION OF scripts/boot]...
    local log=$logs/$1.log cases=${only_cases:-$5} pid status before=$((passed + failed)) count
    make_overlay "$work/$1" "$2" "$cases"
    : > "$log"
    echo "== boot $1: $2 CPUs, $3 MiB; the log is $log"
    scripts/boot --hypervisor "$hypervisor" --cpus "$2" --memory "$3" --overlay "$work/$1" --timeout "$4" --log "$log" \
        "${@:6}" &
    pid=$!
    follow "$log" "$pid" "$1"
    wait "$pid"
    status=$?
    if ! grep -qa DOM0-UP "$log"; then
        tail -n 30 "$log"
        fail "$1/boot" "domain 0 did not come up"
        return
    fi
    count=$(wc -w <<< "$cases")
    ((passed + failed - before == count)) || fail "$1/all_cases" "of $count cases $((passed + failed - before)) ran"
    if ((status == 0)); then pass "$1/poweroff"; else fail "$1/poweroff" "the machine did not power off (status $status)"; fi
}
