/* SPDX-License-Identifier: MIT */
/* Splits the command line into words and gives each to the parameter of its name. Contract in command_line.h. */
#include "command_line.h"

#include "number.h"
#include "printk.h"
#include "string.h"

/* Bounds of the section that the registration macros fill. */
extern const struct command_line_parameter __start_command_line_parameters[], __stop_command_line_parameters[];

static char text[COMMAND_LINE_MAX];

static const struct command_line_parameter *find_parameter(const char *name, size_t length)
{
    const struct command_line_parameter *p = __start_command_line_parameters;
    for (; p < __stop_command_line_parameters; p++)
        if (strlen(p->name) == length && !memcmp(p->name, name, length))
            return p;
    return NULL;
}

static bool parse_flag(const char *value, bool *flag)
{
    static const struct { const char *word; bool flag; } words[] = {
        { "", true }, { "1", true }, { "yes", true }, { "on", true }, { "true", true }, { "enable", true },
        { "0", false }, { "no", false }, { "off", false }, { "false", false }, { "disable", false },
    };
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (!strcmp(value, words[i].word)) {
            *flag = words[i].flag;
            return true;
        }
    return false;
}

static bool set_number(const struct command_line_parameter *p, uint64_t number)
{
    if (number < p->minimum || number > p->maximum)
        return false;
    *p->number = number;
    return true;
}

static bool apply_value(const struct command_line_parameter *p, const char *value)
{
    uint64_t number;

    switch (p->kind) {
    case PARAMETER_FLAG: return parse_flag(value, p->flag);
    case PARAMETER_UNSIGNED: return parse_unsigned(value, strlen(value), &number) && set_number(p, number);
    case PARAMETER_SIZE: return parse_size(value, strlen(value), KIB(1), &number) && set_number(p, number);
    case PARAMETER_CUSTOM: return p->parse(value);
    }
    return false;
}

/* word: writable, terminated, no spaces, not empty */
static bool apply_word(char *word)
{
    char *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    const struct command_line_parameter *p = find_parameter(word, length);

    if (!p && !equals && length > 3 && !memcmp(word, "no-", 3)) {
        p = find_parameter(word + 3, length - 3);
        if (p && p->kind == PARAMETER_FLAG) {
            *p->flag = false;
            return true;
        }
        p = NULL;
    }
    if (!p) {
        log_warning("command line: no parameter is called \"%.*s\"; \"%s\" is ignored", (int)length, word, word);
        return false;
    }
    if (apply_value(p, equals ? equals + 1 : ""))
        return true;
    log_warning("command line: %s expects %s; \"%s\" is ignored", p->name, p->expects, word);
    return false;
}

unsigned int command_line_apply(const char *line)
{
    char words[COMMAND_LINE_MAX];
    unsigned int warnings = 0;
    size_t length = strnlen(line, sizeof(text) - 1);

    memcpy(text, line, length);
    text[length] = 0;
    memcpy(words, text, length + 1);
    if (line[length]) {
        log_warning("command line: longer than %u bytes; what follows \"%.20s\" is ignored", COMMAND_LINE_MAX - 1,
                    text + length - 20);
        warnings++;
    }
    for (char *word = words, *next; *word; word = next) {
        for (next = word; *next && *next != ' ' && *next != '\t'; next++) {
        }
        if (*next)
            *next++ = 0;
        if (*word && !apply_word(word))
            warnings++;
    }
    return warnings;
}

const char *command_line_text(void) { return text; }
