# SPDX-License-Identifier: MIT
# Keel's build. `make` builds the hypervisor (build/keel) and every program (build/bin/NAME);
# `make help` lists the other goals. Each folder's sources are found by wildcard: a new file needs no edit here.
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:

BUILD := build
CC := gcc
WARNINGS := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wshadow -Wvla -Wno-unused-parameter
GLOBAL_CFLAGS := -std=gnu17 -g -O2 $(WARNINGS) -MMD -MP
# The compiler's own headers: asked for when first needed, as `make setup all` installs the compiler before that.
COMPILER_HEADERS = $(eval COMPILER_HEADERS := $(shell $(CC) -print-file-name=include))$(COMPILER_HEADERS)

.PHONY: all clean help setup demo check bench sloc
all:

include xen-like/build.mk
include tools/build.mk
include tests/build.mk

help:
	@echo "make         the hypervisor (build/keel) and domain 0's programs (build/bin/)"
	@echo "make demo    installs what is missing, builds, boots QEMU, creates a guest and gives domain 0's prompt"
	@echo "make check   installs what is missing, builds and runs all tests; the last line counts them"
	@echo "make unit    unit tests, under sanitizers          make short-fuzz  each fuzz target for seconds"
	@echo "make system  tests of the whole in QEMU            make fuzz        each for FUZZ_SECONDS (600)"
	@echo "             (BOOTS=two_cpus: only that one)"
	@echo "make peer    our tools on Debian's Xen in QEMU     make bench       figures, with their ratio to Debian's Xen"
	@echo "                                               make bench-tools ctl with 200 guests, beside Debian's xl"
	@echo "                                               make bench-store the store, beside Debian's xenstored and oxenstored"
	@echo "make images  kernels and initrds for QEMU          make sloc        lines of code"
	@echo "make setup   only installs what is missing         make clean       removes build/"
	@echo "make fresh   make demo, from a clean clone of HEAD, in a bare Debian 12 made by debootstrap (needs root)"
	@echo "DEBUG=1 builds the hypervisor with its checks of lock order and invariants."

setup:
	@scripts/setup --peer
demo:
	@scripts/setup
	@$(MAKE) --no-print-directory all images
	@scripts/demo
check:
	@tests/check

# Lines that hold code: neither blank nor only a comment.
sloc:
	@scripts/sloc "hypervisor core" xen-like/common "hypervisor x86" xen-like/arch/x86 "domain 0's programs" tools tests tests

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -path $(BUILD)/debian -prune -o -name '*.d' -type f -print 2>/dev/null)
