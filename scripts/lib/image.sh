# SPDX-License-Identifier: MIT
# Sourced by what builds root file systems for initrds: image_* work on the folder $root.
# image_library_path may name a folder of unpacked packages whose programs are put in with the libraries of their own.
image_packages=

image_begin() { # makes $root: busybox with all its commands, and the usual folders
    local command
    root=$(mktemp -d)
    mkdir -p "$root"/{bin,dev,etc,proc,run,sys,tmp,var/log}
    ln -s bin "$root/sbin"
    cp /bin/busybox "$root/bin/"
    for command in $(/bin/busybox --list); do
        [[ $command == busybox ]] || ln -sf busybox "$root/bin/$command"
    done
}

image_put() { # FILE PATH: a program or library, and the libraries it needs at the places where it looks for them
    local library to=$root/$2
    mkdir -p "$(dirname "$to")"
    cp -L "$1" "$to"
    while read -r library; do
        to=$root${library#"$image_packages"}
        [[ -e $to ]] || { mkdir -p "$(dirname "$to")" && cp -L "$library" "$to"; }
    done < <(image_ldd "$1" | grep -o '/[^ ]*')
}
image_ldd() {
    local path=
    [[ -z $image_packages ]] ||
        path=$image_packages/usr/lib/x86_64-linux-gnu:$image_packages/usr/lib/xen-4.17/lib/x86_64-linux-gnu
    LD_LIBRARY_PATH=$path ldd "$1" 2> /dev/null || true
}

image_modules() { # KERNEL_PACKAGE_FOLDER NAME...: kernel modules, unpacked, into /lib/modules
    local from=$1 name file
    shift
    mkdir -p "$root/lib/modules"
    for name in "$@"; do
        file=$(find "$from/lib/modules" -name "$name.ko" -o -name "$name.ko.xz" | head -n 1)
        case $file in
            *.xz) xz -dc "$file" > "$root/lib/modules/$name.ko" ;;
            *.ko) cp "$file" "$root/lib/modules/" ;;
            *)
                echo "image: the kernel package in $from has no module $name" >&2
                return 1
                ;;
        esac
    done
}

image_pack() { # FOLDER OUT: a compressed cpio archive; several of them, one after the other, make one initrd
    mkdir -p "$(dirname "$2")"
    (cd "$1" && find . -mindepth 1 | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet --reproducible) | gzip -1n > "$2"
}
