/* SPDX-License-Identifier: MIT */
/*
 * xl.cfg's grammar: text in, a list of settings (key, value, place) out. It knows no key and no meaning.
 *
 *   file    := { [setting] (newline | ";") }
 *   setting := key ("=" | "+=") value
 *   value   := number | string | "[" [ value { "," value } [","] ] "]"     newlines are free inside brackets
 *   string  := '...' or "..." on one line, with \\ \' \" \a \b \f \n \r \t \v \ooo \xhh
 *   comment := "#" to the end of the line
 */
#ifndef KEEL_CONFIG_SYNTAX_H
#define KEEL_CONFIG_SYNTAX_H

#include "config_log.h"

#define CONFIG_TEXT_MAX (1u << 20) /* bytes of one source */
#define CONFIG_SETTINGS_MAX 4096u  /* settings of one configuration, `+=` included */
#define CONFIG_DEPTH_MAX 16u       /* brackets within brackets */

enum config_kind { CONFIG_NUMBER, CONFIG_STRING, CONFIG_LIST };

struct config_value {
    enum config_kind kind;
    struct config_place place;
    char *text;                 /* of a number (as written) or a string: valid UTF-8 without NUL; of a list NULL */
    struct config_value *items; /* of a list */
    size_t count;
};

struct config_setting {
    char *key;
    struct config_place place; /* of the key */
    bool in_override;
    struct config_value value;
};

/* Settings in the order of their keys' first appearance, each key once: the value is what `=` and `+=` made of it. */
struct config_settings {
    struct config_setting *list;
    size_t count;
    size_t statements;
};

enum config_dialect {
    CONFIG_FILE,
    CONFIG_OVERRIDE, /* one argument of a command line: an unquoted value reaches to the next ";" */
};

/*
 * Reads `text` into *settings, which the caller zeroed or filled from an earlier source. `source` must outlive the
 * settings. Findings go to the log; what could be understood is kept. A setting that is repeated in a file is warned
 * about.
 */
void config_settings_read(struct config_settings *settings, struct config_log *log, enum config_dialect dialect,
                          const char *source, const char *text, size_t length);
void config_settings_free(struct config_settings *settings);
/* NULL when the key is not set. */
const struct config_setting *config_settings_find(const struct config_settings *settings, const char *key);
void config_value_free(struct config_value *value);

enum config_number_status { CONFIG_NUMBER_OK, CONFIG_NUMBER_BAD, CONFIG_NUMBER_NEGATIVE, CONFIG_NUMBER_HUGE };
/* A whole number in decimal, octal (0...) or hexadecimal (0x...). */
enum config_number_status config_number(const char *text, uint64_t *number);

#endif
