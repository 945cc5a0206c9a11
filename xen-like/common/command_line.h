/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's command line: words "name=value", or "name" and "no-name" for what can be on or off. Any source file
 * registers the parameters it owns with one of the macros below, at file scope; their variables hold the defaults.
 * A word that no parameter takes, or a value that does not fit, is warned about and changes nothing.
 */
#ifndef KEEL_COMMAND_LINE_H
#define KEEL_COMMAND_LINE_H

#include "types.h"

#define COMMAND_LINE_MAX 1024u

enum parameter_kind { PARAMETER_FLAG, PARAMETER_UNSIGNED, PARAMETER_SIZE, PARAMETER_CUSTOM };

struct command_line_parameter {
    const char *name;
    const char *expects;  /* what a value looks like, for the warning */
    enum parameter_kind kind;
    union {
        bool *flag;
        uint64_t *number;
        bool (*parse)(const char *value); /* false: not understood, nothing changed */
    };
    uint64_t minimum, maximum; /* of numbers; bytes for sizes */
};

#define COMMAND_LINE_REGISTER(id, ...)                                                          \
    static const struct command_line_parameter command_line_##id                                \
        __attribute__((used, section("command_line_parameters"), aligned(8))) = { __VA_ARGS__ }

/* name: a string literal; variable: of type bool. */
#define COMMAND_LINE_FLAG(name_, variable) \
    COMMAND_LINE_REGISTER(variable, .name = name_, .expects = "yes or no", .kind = PARAMETER_FLAG, .flag = &(variable))
/* variable: of type uint64_t, minimum <= value <= maximum */
#define COMMAND_LINE_UNSIGNED(name_, variable, minimum_, maximum_)                                            \
    COMMAND_LINE_REGISTER(variable, .name = name_, .expects = "a number from " #minimum_ " to " #maximum_,    \
                          .kind = PARAMETER_UNSIGNED, .number = &(variable), .minimum = minimum_, .maximum = maximum_)
/* variable: of type uint64_t, gets bytes; a number without suffix counts KiB, as in Xen */
#define COMMAND_LINE_SIZE(name_, variable)                                                                    \
    COMMAND_LINE_REGISTER(variable, .name = name_, .expects = "a size like 1024M", .kind = PARAMETER_SIZE,    \
                          .number = &(variable), .maximum = ~0ull)
/* function: bool parse(const char *value), "" where the word has no value; description completes "expects ..." */
#define COMMAND_LINE_CUSTOM(name_, function, description)                                                   \
    COMMAND_LINE_REGISTER(function, .name = name_, .expects = description, .kind = PARAMETER_CUSTOM, .parse = function)

/*
 * Applies the whole line; once, on the boot CPU, before what reads parameters. Returns the number of words warned
 * about.
 */
unsigned int command_line_apply(const char *line);
/* The line as it was given (XENVER_commandline). */
const char *command_line_text(void);

#endif
