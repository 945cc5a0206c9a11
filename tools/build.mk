# SPDX-License-Identifier: MIT
# Domain 0's programs. A folder is one program or library; its sources are found by wildcard.
TOOLS_CFLAGS := $(GLOBAL_CFLAGS) -D_GNU_SOURCE -D__XEN_TOOLS__ -fPIC -fvisibility=hidden -Itools -I/usr/include/libxml2
TOOLS_SOURCES = $(sort $(wildcard tools/$(1)/*.c))
TOOLS_OBJECTS = $(patsubst %.c,$(BUILD)/obj/%.o,$(call TOOLS_SOURCES,$(1)))

$(BUILD)/obj/tools/%.o: tools/%.c
	@mkdir -p $(@D) && echo "  CC      $<"
	@$(CC) $(TOOLS_CFLAGS) -c -o $@ $<

# The store client: libxenstore's calls (xenstore.h), over the socket and /dev/xen/xenbus.
STORE_CLIENT := $(BUILD)/lib/libstore.a
LIBCTL := $(BUILD)/lib/libctl.a
LIBCTL_LIBS := -lyajl -llzma -lzstd -llz4 -lz -lpthread
# Programs that run for milliseconds carry these libraries in themselves: loading them would take longer than the work.
comma := ,
LIBCTL_LIBS_INSIDE := -Wl,-Bstatic -lyajl_s -llzma -lzstd -llz4 -lz -Wl,-Bdynamic -lpthread

# The monitor: samples and their outputs, linked into ctl.
LIBTOP := $(BUILD)/lib/libtop.a
LIBTOP_LIBS := -lncursesw -ltinfo -lyajl -lm

$(LIBTOP): $(call TOOLS_OBJECTS,top)
$(STORE_CLIENT): $(call TOOLS_OBJECTS,store/client)
$(LIBCTL): $(call TOOLS_OBJECTS,libctl)
$(STORE_CLIENT) $(LIBCTL) $(LIBTOP):
	@mkdir -p $(@D) && rm -f $@ && echo "  AR      $@"
	@ar rcs $@ $^

# libctl for other programs: of its functions only those of ctl.h and config.h can be seen from outside.
LIBCTL_VERSION := 1.0
LIBCTL_SHARED := $(BUILD)/lib/libctl.so.1
all: $(LIBCTL_SHARED)
$(LIBCTL_SHARED): $(call TOOLS_OBJECTS,libctl) $(call TOOLS_OBJECTS,store/client) tools/libctl/libctl.map
	@mkdir -p $(@D) && echo "  LD      $@"
	@$(CC) -shared -Wl,-soname,libctl.so.1 -Wl,--version-script,tools/libctl/libctl.map -Wl,--no-undefined -o $@ \
	  $(filter %.o,$^) $(LIBCTL_LIBS)
	@ln -sf libctl.so.1 $(BUILD)/lib/libctl.so

# Installs the library with its headers, programs, manual pages and completion below DESTDIR and PREFIX.
PREFIX ?= /usr/local
.PHONY: install
install: all
	@tools/install "$(DESTDIR)$(PREFIX)" "$(PREFIX)" $(BUILD) $(LIBCTL_VERSION) "$(LIBCTL_LIBS)"

# $(call program,NAME,FOLDER,LIBRARIES,LDLIBS)
define program
ifneq ($(wildcard tools/$(2)/*.c),)
PROGRAMS += $(BUILD)/bin/$(1)
all: $(BUILD)/bin/$(1)
$(BUILD)/bin/$(1): $(call TOOLS_OBJECTS,$(2)) $(3)
	@mkdir -p $$(@D) && echo "  LD      $$@"
	@$(CC) -o $$@ $$^ $(4)
endif
endef
$(eval $(call program,stored,store,,-l:liburing.a -lpthread))
# ctl itself is static (tools/cli/twin.h says why), ctl-xml is the same with the host's libraries.
TOP_LIBS_INSIDE := -Wl,-Bstatic -lncursesw -ltinfo
$(eval $(call program,ctl-xml,cli,$(LIBTOP) $(LIBCTL) $(STORE_CLIENT),$(TOP_LIBS_INSIDE) $(LIBCTL_LIBS_INSIDE) -lm))
PROGRAMS += $(BUILD)/bin/ctl
all: $(BUILD)/bin/ctl
$(BUILD)/bin/ctl: $(filter-out %/twin.o,$(call TOOLS_OBJECTS,cli)) $(call TOOLS_OBJECTS,cli/static) \
  $(LIBTOP) $(LIBCTL) $(STORE_CLIENT) $(BUILD)/obj/neighbours.lds
	@mkdir -p $(@D) && echo "  LD      $@"
	@$(CC) -static -Wl,--no-warnings -o $@ $(filter-out %.lds,$^) -Wl,-T,$(filter %.lds,$^) $(TOP_LIBS_INSIDE) -lyajl_s -llzma -lzstd -llz4 -lz -lpthread -lm
# The linker's script for what lies side by side in ctl.
$(BUILD)/obj/neighbours.lds: tools/cli/neighbours
	@mkdir -p $(@D)
	@awk '!/^#/ { for (i = 2; i <= NF; i++) files[++count] = ($$1 == "objects:" ? "*" : "*" substr($$1, 1, length($$1) - 1) ".a:") $$i ".o" } \
	  function section(name, parts) { \
	    print "SECTIONS { " name ".start : {"; \
	    for (i = 1; i <= count; i++) print files[i] "(" parts ")"; \
	    print "} } INSERT BEFORE " name ";" } \
	  END { section(".text", ".text .text.s*"); section(".rodata", ".rodata .rodata.*") }' $< > $@
$(eval $(call program,consoled,console,$(LIBCTL) $(STORE_CLIENT),$(LIBCTL_LIBS)))
$(eval $(call program,ctld,lifecycle,$(BUILD)/obj/tools/cli/standard_files.o $(LIBCTL) $(STORE_CLIENT),$(LIBCTL_LIBS_INSIDE)))
