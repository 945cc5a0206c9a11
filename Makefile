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

.PHONY: all clean help
all:

include xen-like/build.mk
include tools/build.mk
include tests/build.mk

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
