# SPDX-License-Identifier: MIT
# The hypervisor: portable core (common/) and one architecture (arch/x86/), linked into build/keel.
HV := xen-like
HV_ARCH := $(HV)/arch/x86
HV_SOURCES := $(sort $(wildcard $(HV)/common/*.c $(HV_ARCH)/*.c $(HV_ARCH)/*/*.c $(HV_ARCH)/*.S $(HV_ARCH)/*/*.S))
HV_OBJECTS := $(patsubst %,$(BUILD)/obj/%.o,$(HV_SOURCES))
HV_LINKER_SCRIPT := $(HV_ARCH)/keel.lds

# Freestanding, no SIMD registers in hypervisor code (they are the guest's), linked in the top 2 GiB.
HV_CFLAGS = $(GLOBAL_CFLAGS) -ffreestanding -nostdinc -isystem $(COMPILER_HEADERS) \
  -isystem $(BUILD)/include -D__XEN_TOOLS__ -DKEEL_HYPERVISOR \
  -I$(HV)/common -I$(HV_ARCH) \
  -mno-red-zone -mgeneral-regs-only -mcmodel=kernel -fno-pic -fno-pie -fno-omit-frame-pointer -fno-stack-protector \
  -fno-asynchronous-unwind-tables -fno-strict-aliasing -fcf-protection=none
ifeq ($(DEBUG),1)
HV_CFLAGS += -DKEEL_DEBUG
endif

ifneq ($(wildcard $(HV_LINKER_SCRIPT)),)
all: $(BUILD)/keel
endif

# Xen's public headers, and nothing else of the host's /usr/include.
$(BUILD)/include/xen:
	@mkdir -p $(@D) && ln -sfn /usr/include/xen $@

$(BUILD)/obj/$(HV)/%.c.o: $(HV)/%.c | $(BUILD)/include/xen
	@mkdir -p $(@D) && echo "  CC      $<"
	@$(CC) $(HV_CFLAGS) -c -o $@ $<

$(BUILD)/obj/$(HV)/%.S.o: $(HV)/%.S | $(BUILD)/include/xen
	@mkdir -p $(@D) && echo "  AS      $<"
	@$(CC) $(HV_CFLAGS) -D__ASSEMBLY__ -c -o $@ $<

# The table of symbols for backtraces is made of a first link and goes into the second. It is the last of the constants,
# and they come after the text: it moves no function. The second link is checked to have them where the table says.
HV_LINK = $(CC) -nostdlib -static -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack \
  -Wl,-T,$(HV_LINKER_SCRIPT)
HV_SYMBOLS := $(BUILD)/obj/$(HV)/symbols
$(BUILD)/keel: $(HV_OBJECTS) $(HV_LINKER_SCRIPT) $(HV_ARCH)/symbols.awk
	@echo "  LD      $@"
	@awk -f $(HV_ARCH)/symbols.awk /dev/null > $(HV_SYMBOLS)-none.S
	@$(CC) -c -o $(HV_SYMBOLS)-none.o $(HV_SYMBOLS)-none.S
	@$(HV_LINK) -o $@.first $(HV_OBJECTS) $(HV_SYMBOLS)-none.o
	@nm -n $@.first | awk -f $(HV_ARCH)/symbols.awk > $(HV_SYMBOLS).S
	@$(CC) -c -o $(HV_SYMBOLS).o $(HV_SYMBOLS).S
	@$(HV_LINK) -o $@ $(HV_OBJECTS) $(HV_SYMBOLS).o
	@nm -n $@ | awk -f $(HV_ARCH)/symbols.awk | cmp - $(HV_SYMBOLS).S
	@rm -f $@.first
