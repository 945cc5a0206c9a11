# SPDX-License-Identifier: MIT
# From `nm -n` of the image to the assembler source of its symbol table: functions by address, one name an address.
/^ffffffff[89a-f][0-9a-f]* [TtWw] / {
    address = substr($1, 9)
    if (address == last || $3 ~ /^(text_start|text_end|image_start|rodata_start|rodata_end)$/)
        next
    last = address
    offsets = offsets "    .long 0x" address " - 0x80000000\n"
    names = names "    .asciz \"" $3 "\"\n"
    name_offsets = name_offsets "    .long " length_so_far "\n"
    length_so_far += length($3) + 1
    count++
}
BEGIN { length_so_far = 0; count = 0 }
END {
    print "/* SPDX-License-Identifier: MIT */\n/* Made by symbols.awk. */"
    print "    .section symbol_table, \"a\"\n    .balign 8"
    print "    .globl symbol_count, symbol_offsets, symbol_name_offsets, symbol_names"
    print "symbol_count: .long " count
    print "symbol_offsets:\n" offsets "symbol_name_offsets:\n" name_offsets "symbol_names:\n" names
    print "    .section .note.GNU-stack, \"\", @progbits"
}
