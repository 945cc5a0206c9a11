# SPDX-License-Identifier: MIT
# Tests. tests/unit/GROUP/test_NAME.c is one CUnit program, linked with GROUP's sources built under sanitizers; it pulls
# from their archive only what it needs. tests/fuzz/fuzz_NAME.c is one libFuzzer program, linked with a group likewise.
TEST_GROUPS := hypervisor hypervisor_x86 hypervisor_boot store store_threads libxenstore libctl libctl_faults libctl_threads cli_alone cli top

# The hypervisor's core as an ordinary program: a fake architecture below it, the C library's string.h instead of its own.
GROUP_SOURCES_hypervisor := $(wildcard xen-like/common/*.c tests/unit/hypervisor/fake_arch/*.c)
GROUP_CFLAGS_hypervisor := -iquote xen-like/common -Itests/unit/hypervisor/fake_arch -D__XEN_TOOLS__ \
  -DKEEL_HYPERVISOR -DKEEL_DEBUG -fno-strict-aliasing
# Of x86, what needs no machine: decoders, policies, the virtual local APIC, nested page tables, handlers of exits.
GROUP_SOURCES_hypervisor_x86 := $(patsubst %,xen-like/arch/x86/%.c,instruction mmio_execute cpuid_policy virtual_lapic \
  virtual_lapic_timer p2m domctl_x86 svm/exit svm/inject svm/instruction_length svm/state) xen-like/common/lock.c \
  $(wildcard tests/unit/hypervisor_x86/fake/*.c)
GROUP_CFLAGS_hypervisor_x86 := -iquote xen-like/common -Ixen-like/arch/x86 -iquote tests/unit/hypervisor_x86/fake \
  -D__XEN_TOOLS__ -DKEEL_HYPERVISOR -DKEEL_DEBUG -fno-strict-aliasing -DDIRECT_MAP_BASE=0x200000000000ull
# Of x86, what reads the loader's and the firmware's tables, in pretended physical memory.
GROUP_SOURCES_hypervisor_boot := $(patsubst %,xen-like/arch/x86/%.c,boot_memory multiboot2 acpi acpi_machine) \
  $(patsubst %,xen-like/common/%.c,command_line console format lock number panic printk) \
  tests/unit/hypervisor/fake_arch/fake_host.c $(wildcard tests/unit/hypervisor_boot/fake/*.c)
GROUP_CFLAGS_hypervisor_boot := -iquote xen-like/common -iquote xen-like/arch/x86 -iquote tests/unit/hypervisor_boot/fake \
  -iquote tests/unit/hypervisor/fake_arch -D__XEN_TOOLS__ -DKEEL_HYPERVISOR -DKEEL_DEBUG -fno-strict-aliasing \
  -DDIRECT_MAP_BASE=0x200000000000ull
GROUP_SOURCES_store := $(filter-out tools/store/main.c,$(wildcard tools/store/*.c tools/store/client/*.c))
GROUP_CFLAGS_store := -D_GNU_SOURCE -D__XEN_TOOLS__ -Itools
GROUP_LIBS_store := -l:liburing.a -lpthread
# The store's clients again: our library under the thread sanitizer, and Debian's in its place.
GROUP_SOURCES_store_threads := $(wildcard tools/store/client/*.c)
GROUP_CFLAGS_store_threads := $(GROUP_CFLAGS_store)
GROUP_LIBS_store_threads := -lpthread
GROUP_SOURCES_libxenstore :=
GROUP_CFLAGS_libxenstore := $(GROUP_CFLAGS_store)
GROUP_LIBS_libxenstore := -lxenstore -lpthread
GROUP_SOURCES_libctl := $(wildcard tools/libctl/*.c tools/store/client/*.c)
GROUP_CFLAGS_libctl := $(GROUP_CFLAGS_store) -I/usr/include/libxml2
GROUP_LIBS_libctl := $(LIBCTL_LIBS)
# libctl and ctld's actions on a host that is faked where they leave themselves.
GROUP_SOURCES_libctl_faults := $(wildcard tools/libctl/*.c tests/unit/libctl_faults/fake/*.c) \
  $(patsubst %,tools/lifecycle/%.c,action auto restart)
GROUP_CFLAGS_libctl_faults := $(GROUP_CFLAGS_libctl) -iquote tests/unit/libctl_faults/fake
GROUP_LIBS_libctl_faults := $(LIBCTL_LIBS) $(patsubst %,-Wl$(comma)--wrap=%,open close ioctl mmap mkdir malloc calloc \
  realloc reallocarray strdup strndup sleep nanosleep clock_gettime poll kernel_cache_name scandir access if_nametoindex)
# The same under the thread sanitizer.
GROUP_SOURCES_libctl_threads := $(GROUP_SOURCES_libctl_faults)
GROUP_CFLAGS_libctl_threads := $(GROUP_CFLAGS_libctl_faults)
GROUP_LIBS_libctl_threads := $(GROUP_LIBS_libctl_faults)
# ctl without what it is linked with, for a program that takes that from another group.
GROUP_SOURCES_cli_alone := $(filter-out tools/cli/main.c,$(wildcard tools/cli/*.c))
GROUP_CFLAGS_cli_alone = $(GROUP_CFLAGS_cli)
GROUP_LIBS_cli_alone = $(GROUP_LIBS_cli)
GROUP_SOURCES_cli := $(filter-out tools/cli/main.c,$(wildcard tools/cli/*.c)) $(wildcard tools/top/*.c) \
  $(GROUP_SOURCES_libctl)
GROUP_CFLAGS_cli := $(GROUP_CFLAGS_libctl)
GROUP_LIBS_cli := $(LIBTOP_LIBS) $(LIBCTL_LIBS)
GROUP_SOURCES_top := $(wildcard tools/top/*.c) $(GROUP_SOURCES_libctl)
GROUP_CFLAGS_top := $(GROUP_CFLAGS_libctl)
GROUP_LIBS_top := $(LIBTOP_LIBS) $(LIBCTL_LIBS)

# The group that a fuzz target is linked with: a new tests/fuzz/fuzz_NAME.c needs its line FUZZ_GROUP_NAME here.
FUZZ_GROUP_arguments := cli_alone
FUZZ_GROUP_config := libctl
FUZZ_GROUP_config_forms := libctl
FUZZ_GROUP_elf := libctl
FUZZ_GROUP_kernel := libctl
FUZZ_GROUP_http := top
FUZZ_GROUP_recording := top
FUZZ_GROUP_wire := store
FUZZ_GROUP_ring := store
FUZZ_GROUP_journal := store
FUZZ_GROUP_elf_loader := hypervisor
FUZZ_GROUP_hypercall := hypervisor
FUZZ_GROUP_command_line := hypervisor

TEST_CFLAGS := $(filter-out -O2,$(GLOBAL_CFLAGS)) -O1 -fno-omit-frame-pointer -fno-sanitize-recover=undefined
UNIT_SANITIZERS := address,undefined
UNIT_CFLAGS = $(TEST_CFLAGS) -fsanitize=$(UNIT_SANITIZERS)
$(BUILD)/unit/store_threads/% $(BUILD)/unit/libctl_threads/%: UNIT_SANITIZERS := thread
# Debian's library leaks events that it drops.
$(BUILD)/unit/libxenstore/%: UNIT_SANITIZERS := undefined
FUZZ_CC := clang
FUZZ_CFLAGS := $(TEST_CFLAGS) -fsanitize=address,undefined,fuzzer-no-link
FUZZ_SECONDS ?= 600
SHORT_FUZZ_SECONDS := 5

# $(call test_group,GROUP,KIND,COMPILER,FLAGS_VARIABLE): build/KIND/GROUP/lib.a, the group's sources as KIND (unit or fuzz) has them.
define test_group
TEST_OBJECTS_$(2)_$(1) := $$(patsubst %.c,$(BUILD)/$(2)/$(1)/%.o,$$(GROUP_SOURCES_$(1)))
$(BUILD)/$(2)/$(1)/%.o: %.c
	@mkdir -p $$(@D) && echo "  CC      $$< ($(2))"
	@$(3) $$($(4)) $$(GROUP_CFLAGS_$(1)) -c -o $$@ $$<
$(BUILD)/$(2)/$(1)/lib.a: $$(TEST_OBJECTS_$(2)_$(1))
	@mkdir -p $$(@D) && rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach group,$(TEST_GROUPS),$(eval $(call test_group,$(group),unit,$(CC),UNIT_CFLAGS)))
$(foreach group,$(TEST_GROUPS),$(eval $(call test_group,$(group),fuzz,$(FUZZ_CC),FUZZ_CFLAGS)))

# The core's own string functions get other names, so that the sanitizers' checked ones serve all the rest.
STRING_NAMES := -fno-builtin -include tests/unit/hypervisor/string_names.h
$(BUILD)/unit/hypervisor/xen-like/common/string.o: UNIT_CFLAGS += $(STRING_NAMES)
$(BUILD)/fuzz/hypervisor/xen-like/common/string.o: FUZZ_CFLAGS += $(STRING_NAMES)

# $(call unit_program,GROUP,SOURCE)
define unit_program
UNIT_PROGRAMS += $(BUILD)/unit/$(1)/$(notdir $(basename $(2)))
$(BUILD)/unit/$(1)/$(notdir $(basename $(2))): $(BUILD)/unit/$(1)/$(basename $(2)).o $(BUILD)/unit/$(1)/lib.a
	@echo "  LD      $$@"
	@$(CC) -fsanitize=$$(UNIT_SANITIZERS) -o $$@ $$^ $$(GROUP_LIBS_$(1)) -lcunit
endef
UNIT_PROGRAMS :=
$(foreach group,$(TEST_GROUPS),$(foreach source,$(sort $(wildcard tests/unit/$(group)/test_*.c)),\
  $(eval $(call unit_program,$(group),$(source)))))

# $(call fuzz_program,NAME,GROUP)
define fuzz_program
$(if $(2),,$(error tests/fuzz/fuzz_$(1).c has no line FUZZ_GROUP_$(1) in tests/build.mk))
FUZZ_PROGRAMS += $(BUILD)/fuzz/fuzz_$(1)
$(BUILD)/fuzz/fuzz_$(1): $(BUILD)/fuzz/$(2)/tests/fuzz/fuzz_$(1).o $(BUILD)/fuzz/$(2)/lib.a
	@echo "  LD      $$@"
	@$(FUZZ_CC) -fsanitize=address,undefined,fuzzer -o $$@ $$^ $$(GROUP_LIBS_$(2))
endef
FUZZ_PROGRAMS :=
$(foreach name,$(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c))),\
  $(eval $(call fuzz_program,$(name),$(FUZZ_GROUP_$(name)))))

$(BUILD)/fuzz/fuzz_arguments: $(BUILD)/fuzz/top/lib.a

# They run the program.
$(patsubst %,$(BUILD)/unit/%,store/test_daemon store/test_kills store/test_full store/test_semantics store_threads/test_semantics \
  libxenstore/test_semantics cli/test_store): | $(BUILD)/bin/stored

.PHONY: unit-programs fuzz-programs unit fuzz short-fuzz
unit-programs: $(UNIT_PROGRAMS)
fuzz-programs: $(FUZZ_PROGRAMS)

unit: unit-programs
	@tests/run-unit $(BUILD)/results/unit $(UNIT_PROGRAMS)
fuzz: fuzz-programs
	@tests/run-fuzz $(BUILD)/results/fuzz $(FUZZ_SECONDS) $(FUZZ_PROGRAMS)
short-fuzz: fuzz-programs
	@tests/run-fuzz $(BUILD)/results/fuzz $(SHORT_FUZZ_SECONDS) $(FUZZ_PROGRAMS)

# --- images for QEMU ------------------------------------------------------------------------------------------------
# Debian's kernel as it comes (what guests are created from) and unpacked (what the hypervisor takes as domain 0).
IMAGES := $(BUILD)/images
.PHONY: images
images: $(IMAGES)/vmlinux $(IMAGES)/dom0.initrd

DEBIAN_KERNEL := $(BUILD)/debian/kernel/.complete
$(DEBIAN_KERNEL):
	@scripts/setup
$(IMAGES)/vmlinuz: $(DEBIAN_KERNEL)
	@mkdir -p $(@D) && cp $(BUILD)/debian/kernel/boot/vmlinuz-* $@
$(IMAGES)/vmlinux: $(IMAGES)/vmlinuz scripts/extract-kernel
	@echo "  KERNEL  $@"
	@scripts/extract-kernel $< $@
$(IMAGES)/guest.initrd: scripts/make-guest scripts/lib/image.sh $(wildcard scripts/guest/*) $(DEBIAN_KERNEL)
	@echo "  IMAGE   $@"
	@scripts/make-guest $@
$(IMAGES)/dom0.initrd: scripts/make-dom0 scripts/lib/image.sh $(wildcard scripts/dom0/*) scripts/guest/guest.cfg \
  $(IMAGES)/guest.initrd $(IMAGES)/vmlinuz $(PROGRAMS)
	@echo "  IMAGE   $@"
	@scripts/make-dom0 $@

# --- the test kernel: freestanding, booted by PVH as a guest or as domain 0 -------------------------------------------
# Cases run in the order of this list.
TEST_KERNEL := $(BUILD)/images/test-kernel
TEST_KERNEL_CASES := version memory events vcpu grants calls apic nmi smp hostile bench
TEST_KERNEL_OBJECTS := $(patsubst %,$(BUILD)/obj/tests/guest/%.o,start.S main.c console.c interrupts.c apic.c shared.c \
  string.c $(patsubst %,case_%.c,$(TEST_KERNEL_CASES)))
TEST_KERNEL_CFLAGS = $(GLOBAL_CFLAGS) -ffreestanding -nostdinc -isystem $(COMPILER_HEADERS) \
  -isystem $(BUILD)/include -D__XEN_TOOLS__ -mno-red-zone -mgeneral-regs-only -fno-pic -fno-pie -fno-stack-protector \
  -fno-asynchronous-unwind-tables -fno-strict-aliasing -fcf-protection=none -fno-builtin -fno-toplevel-reorder -Wno-main

images: $(TEST_KERNEL)
$(BUILD)/obj/tests/guest/%.c.o: tests/guest/%.c | $(BUILD)/include/xen
	@mkdir -p $(@D) && echo "  CC      $<"
	@$(CC) $(TEST_KERNEL_CFLAGS) -c -o $@ $<
$(BUILD)/obj/tests/guest/%.S.o: tests/guest/%.S | $(BUILD)/include/xen
	@mkdir -p $(@D) && echo "  AS      $<"
	@$(CC) $(TEST_KERNEL_CFLAGS) -D__ASSEMBLY__ -c -o $@ $<
$(TEST_KERNEL): $(TEST_KERNEL_OBJECTS) tests/guest/kernel.lds
	@mkdir -p $(@D) && echo "  LD      $@"
	@$(CC) -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-z,max-page-size=4096 \
	  -T tests/guest/kernel.lds -o $@ $(TEST_KERNEL_OBJECTS)

# Checks in domain 0 what ctl prints there; it carries yajl in itself.
SCHEMA_CHECK := $(BUILD)/bin-tests/schema_check
images: $(SCHEMA_CHECK)
$(SCHEMA_CHECK): tests/system/schema_check.c tests/unit/cli/schema_case.h
	@mkdir -p $(@D) && echo "  LD      $@"
	@$(CC) $(filter-out -MMD -MP,$(GLOBAL_CFLAGS)) -o $@ $< -Wl,-Bstatic -lyajl_s -Wl,-Bdynamic

# The example of libctl, which runs in domain 0 as well.
EXAMPLE := $(BUILD)/bin-tests/watch_domains
images: $(EXAMPLE)
$(EXAMPLE): tools/libctl/examples/watch_domains.c $(LIBCTL) $(STORE_CLIENT)
	@mkdir -p $(@D)/include/keel && cp tools/libctl/ctl.h tools/libctl/config.h $(@D)/include/keel/ && echo "  LD      $@"
	@$(CC) $(filter-out -MMD -MP,$(GLOBAL_CFLAGS)) -I$(@D)/include -o $@ $^ $(LIBCTL_LIBS_INSIDE)

# Looks in domain 0 into the cores that ctl writes there.
DUMP_CHECK := $(BUILD)/bin-tests/dump_check
images: $(DUMP_CHECK)
$(DUMP_CHECK): tests/system/dump_check.c
	@mkdir -p $(@D) && echo "  LD      $@"
	@$(CC) $(filter-out -MMD -MP,$(GLOBAL_CFLAGS)) -o $@ $<

# What resets the machine, for the test of how that is told.
images: $(IMAGES)/triple-fault
$(IMAGES)/triple-fault: tests/system/triple_fault.S
	@mkdir -p $(@D) && echo "  LD      $@"
	@$(CC) -m32 -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-z,max-page-size=4096 \
	  -Wl,-Ttext-segment=0x200000 -Wl,-e,start -o $@ $<

# --- tests that boot the machine --------------------------------------------------------------------------------------
.PHONY: system clang debug
# Everything again: with the other compiler, which has to be content too; and with the hypervisor's own checks.
clang:
	@$(MAKE) --no-print-directory CC=clang BUILD=$(BUILD)/clang all
	@mkdir -p $(BUILD)/results && echo "1 0 0" > $(BUILD)/results/clang && echo "  ok    clang builds everything without a warning"
debug:
	@$(MAKE) --no-print-directory DEBUG=1 BUILD=$(BUILD)/debug $(BUILD)/debug/keel
system: all images debug
	@tests/system/run $(BUILD)/results/system $(BOOTS)
# Its two halves: the first leaves the host a CPU for something beside it.
.PHONY: system-narrow system-wide
system-narrow system-wide: system-%: all images debug
	@tests/system/run $(BUILD)/results/$@ $*
.PHONY: library
library: all
	@tests/library/run $(BUILD)/results/library
# The monitor's screen, in tmux.
.PHONY: top
top: $(BUILD)/bin/ctl
	@tests/top/run $(BUILD)/results/top
.PHONY: peer peer-tools peer-store fresh
peer: all images
	@scripts/setup --peer
	@tests/peer/run $(BUILD)/results/peer
# Its two boots, each one busy CPU.
peer-tools: all images
	@tests/peer/run $(BUILD)/results/$@ peer
peer-store: all images
	@tests/peer/run $(BUILD)/results/$@ our_store
# It installs a whole Debian and all packages anew, some minutes of download and disk: not a part of `make check`.
fresh:
	@scripts/setup --fresh
	@tests/fresh/run $(BUILD)/results/fresh
bench: all images
	@scripts/setup --peer
	@tests/bench/run $(BUILD)/results/bench

# The store's load: store_compare runs in domain 0 on Debian's Xen, store_native here.
STORE_BENCHES := $(patsubst %,$(BUILD)/bench/store_%,compare native)
$(BUILD)/obj/tests/bench/%.o: tests/bench/%.c
	@mkdir -p $(@D) && echo "  CC      $<"
	@$(CC) $(GLOBAL_CFLAGS) -D_GNU_SOURCE -D__XEN_TOOLS__ -c -o $@ $<
$(STORE_BENCHES): $(BUILD)/bench/store_%: $(BUILD)/obj/tests/bench/store/%.o $(BUILD)/obj/tests/bench/store/load.o
	@mkdir -p $(@D) && echo "  LD      $@"
	@$(CC) -o $@ $^
$(BUILD)/bench/timed: $(BUILD)/obj/tests/bench/timed.o
	@mkdir -p $(@D) && echo "  LD      $@"
	@$(CC) -static -o $@ $^
.PHONY: bench-tools
bench-tools: all images $(BUILD)/bench/timed
	@scripts/setup --peer
	@tests/bench/run-top $(BUILD)/results/bench-top
	@tests/bench/run-tools $(BUILD)/results/bench-tools
.PHONY: bench-store
bench-store: all images $(STORE_BENCHES)
	@scripts/setup --peer
	@tests/bench/run-store $(BUILD)/results/bench-store
