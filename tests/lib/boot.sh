# SPDX-License-Identifier: MIT
# Sourced by runners of tests that boot the machine, after report.sh. They set hypervisor, case_folder (whose NAME.sh run
# in domain 0), logs (where the serial lines go), only_cases (empty: all) and work (a folder that is removed at the end).

# Lays out what domain 0 needs for cases: scripts, the test kernel, Debian's store commands and xl.
make_overlay() { # FOLDER CPUS CASES
    local root=$1 command image_packages
    mkdir -p "$root/tests/bin"
    cp tests/system/{lib.sh,devices.inc,triggers.inc} "$root/tests/"
    cp -r tests/system/cases "$root/tests/cases"
    cp "$case_folder"/* "$root/tests/cases/" # a case of the same name is this runner's own
    cp tests/system/in-dom0 "$root/script"
    cp build/images/test-kernel "$root/tests/"
    cp -r docs/schema "$root/tests/schema"
    cp build/bin-tests/{schema_check,dump_check,watch_domains} "$root/tests/bin/"
    # one whose note names no entry: its type (18, PHYS32_ENTRY) becomes another
    LC_ALL=C sed 's/\x12\x00\x00\x00Xen\x00/\x63\x00\x00\x00Xen\x00/' build/images/test-kernel > "$root/tests/noteless"
    printf 'export TEST_CPUS=%s\nTEST_CASES="%s"\n' "$2" "$(echo $3)" > "$root/tests/environment"
    . scripts/lib/image.sh
    image_packages=$(realpath build/debian/xen)
    for command in ls read write rm list exists watch chmod; do
        image_put "$image_packages/usr/bin/xenstore-$command" "tests/bin/xenstore-$command"
    done
    image_put "$image_packages/usr/lib/xen-4.17/bin/xenstore-control" tests/bin/xenstore-control
    image_put "$image_packages/usr/lib/xen-4.17/bin/xl" usr/lib/xen-4.17/bin/xl
    image_put "$image_packages/usr/sbin/xenhypfs" tests/bin/xenhypfs
    # xl's threads end through libgcc, which ldd does not show
    image_put /lib/x86_64-linux-gnu/libgcc_s.so.1 lib/x86_64-linux-gnu/libgcc_s.so.1
    mkdir -p "$root/etc/xen" "$root/var/log/xen" "$root/var/lib/xen"
    cp "$image_packages/etc/xen/xl.conf" "$root/etc/xen/"
}

# Says how a boot ended, given scripts/boot's exit status.
how_it_ended() { # STATUS
    case $1 in
        0) echo "domain 0 powered the machine off" ;;
        3) echo "the machine reset itself (a triple fault?)" ;;
        124 | 137) echo "the machine hung, or was too slow: its time was over" ;;
        *) echo "QEMU ended with status $1" ;;
    esac
}

# The end of a log: the hypervisor's last lines, everybody's, and where the CPUs stood if the machine reset itself.
show_end() { # LOG
    local end='^boot: the machine reset itself'
    sed "/$end/,\$d" "$1" | tr -d '\r' | tail -n 30 > "$work/end"
    sed "/$end/,\$d" "$1" | tr -d '\r' | grep -a '^(KEEL) ' | tail -n 10 | grep -avxFf "$work/end"
    cat "$work/end"
    sed -n "/$end/,\$p" "$1"
}

# Reads a log as it grows and reports its cases, until the boot given by its process id has ended; boot_status is then its
# exit status. What a case wants typed at the serial line goes to INPUT.
follow() { # LOG PID BOOT INPUT
    local line name rest started= input
    exec {input}<> "$4"
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
            *"CASE-TYPE "*) printf '%b' "${line#*CASE-TYPE }" >&"$input" ;; # the terminal's echo may come before
            "| FIGURE "*) echo "        ${line#| FIGURE }" ;;
            "(KEEL) "*[Pp]anic* | "(XEN) Panic"*) echo "  $line" ;;
        esac
    done < <(tail -n +1 -f --pid="$2" "$1" 2> /dev/null)
    exec {input}>&-
    wait "$2"
    boot_status=$?
    if [[ -n $started ]]; then
        show_end "$1"
        fail "$3/$started" "$(how_it_ended "$boot_status") in it; the log is $1"
    fi
}

# One boot of Linux as domain 0 that runs cases and powers off by itself.
boot_cases() { # BOOT CPUS MEMORY TIMEOUT CASES [OPTION OF scripts/boot]...
    local log=$logs/$1.log cases=${only_cases:-$5} before=$((passed + failed)) count
    local boot_status input=$work/$1.input
    make_overlay "$work/$1" "$2" "$cases"
    mkfifo "$input"
    : > "$log"
    echo "== boot $1: $2 CPUs, $3 MiB; the log is $log"
    scripts/boot --hypervisor "$hypervisor" --cpus "$2" --memory "$3" --overlay "$work/$1" --timeout "$4" --log "$log" \
        --input "$input" "${@:6}" &
    follow "$log" $! "$1" "$input"
    if ! grep -qa DOM0-UP "$log"; then
        show_end "$log"
        fail "$1/boot" "domain 0 did not come up: $(how_it_ended "$boot_status")"
        return
    fi
    count=$(wc -w <<< "$cases")
    ((passed + failed - before == count)) || fail "$1/all_cases" "of $count cases $((passed + failed - before)) ran"
    if ((boot_status == 0)); then pass "$1/poweroff"; else fail "$1/poweroff" "$(how_it_ended "$boot_status")"; fi
}
