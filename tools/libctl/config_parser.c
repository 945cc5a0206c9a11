/* SPDX-License-Identifier: MIT */
/* xl.cfg's grammar, from words to settings; see config_syntax.h. One mistake gives one error. */
#include "config_lexer.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    struct config_lexer lexer;
    struct config_token token; /* the one looked at */
    struct config_settings *settings;
    struct config_log *log;
};

enum config_number_status config_number(const char *text, uint64_t *number)
{
    bool negative = *text == '-';
    const char *digits = negative ? text + 1 : text;
    char *end;

    if (!isdigit((unsigned char)*digits))
        return CONFIG_NUMBER_BAD;
    errno = 0;
    *number = strtoull(digits, &end, 0);
    if (*end != '\0')
        return CONFIG_NUMBER_BAD;
    if (negative)
        return CONFIG_NUMBER_NEGATIVE;
    return errno == ERANGE ? CONFIG_NUMBER_HUGE : CONFIG_NUMBER_OK;
}

void config_value_free(struct config_value *value)
{
    for (size_t i = 0; i < value->count; i++)
        config_value_free(&value->items[i]);
    free(value->items);
    free(value->text);
    *value = (struct config_value){ 0 };
}

void config_settings_free(struct config_settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        free(settings->list[i].key);
        config_value_free(&settings->list[i].value);
    }
    free(settings->list);
    *settings = (struct config_settings){ 0 };
}

const struct config_setting *config_settings_find(const struct config_settings *settings, const char *key)
{
    for (size_t i = 0; i < settings->count; i++) {
        if (strcmp(settings->list[i].key, key) == 0)
            return &settings->list[i];
    }
    return NULL;
}

static const char *describe(const struct config_token *token)
{
    switch (token->kind) {
    case TOKEN_END: return "the end";
    case TOKEN_NEWLINE: return "the end of the line";
    case TOKEN_SEMICOLON: return "\";\"";
    case TOKEN_EQUALS: return "\"=\"";
    case TOKEN_PLUS_EQUALS: return "\"+=\"";
    case TOKEN_OPEN: return "\"[\"";
    case TOKEN_CLOSE: return "\"]\"";
    case TOKEN_COMMA: return "\",\"";
    case TOKEN_STRING: return "a string";
    case TOKEN_NUMBER: return "a number";
    case TOKEN_WORD: return "a word without quotes";
    case TOKEN_BAD: break;
    }
    return "something else";
}

static void next(struct parser *parser)
{
    config_lexer_next(&parser->lexer, &parser->token);
}

/* Reports what was met in place of `expected`, unless the lexer has reported it. */
static bool unexpected(struct parser *parser, const char *key, const char *expected)
{
    if (parser->token.kind != TOKEN_BAD)
        config_error(parser->log, parser->token.place, "key \"%.64s\": %s expected, not %s", key, expected,
                     describe(&parser->token));
    return false;
}

static bool read_value(struct parser *parser, const char *key, unsigned depth, struct config_value *value);

static bool read_list(struct parser *parser, const char *key, unsigned depth, struct config_value *list)
{
    size_t room = 0;

    list->kind = CONFIG_LIST;
    if (depth >= CONFIG_DEPTH_MAX) {
        config_error(parser->log, list->place, "key \"%.64s\": lists are nested more than %u deep", key,
                     CONFIG_DEPTH_MAX);
        return false;
    }
    for (next(parser);; next(parser)) {
        while (parser->token.kind == TOKEN_NEWLINE)
            next(parser);
        if (parser->token.kind == TOKEN_CLOSE)
            break;
        if (list->count == room) {
            struct config_value *items = reallocarray(list->items, room = room ? 2 * room : 4, sizeof(*items));

            if (!items) {
                config_out_of_memory(parser->log);
                return false;
            }
            list->items = items;
        }
        list->items[list->count] = (struct config_value){ 0 };
        if (!read_value(parser, key, depth + 1, &list->items[list->count++]))
            return false;
        while (parser->token.kind == TOKEN_NEWLINE)
            next(parser);
        if (parser->token.kind == TOKEN_CLOSE)
            break;
        if (parser->token.kind != TOKEN_COMMA)
            return unexpected(parser, key, "\",\" or \"]\"");
    }
    next(parser);
    return true;
}

/* Reads a value that starts at the current token and leaves the parser behind it. */
static bool read_value(struct parser *parser, const char *key, unsigned depth, struct config_value *value)
{
    struct config_token *token = &parser->token;

    value->place = token->place;
    switch (token->kind) {
    case TOKEN_OPEN:
        return read_list(parser, key, depth, value);
    case TOKEN_NUMBER:
    case TOKEN_STRING:
        value->kind = token->kind == TOKEN_NUMBER ? CONFIG_NUMBER : CONFIG_STRING;
        value->text = token->text;
        token->text = NULL;
        next(parser);
        return true;
    case TOKEN_WORD:
        config_error(parser->log, token->place,
                     "key \"%.64s\": %.64s is neither a number, a string nor a list; a string "
                     "needs quotes: \"%.64s\"",
                     key, token->text, token->text);
        return false;
    default:
        return unexpected(parser, key, "a number, a string or a list");
    }
}

/* Appends `value` to what the setting holds; takes it over. */
static bool append(struct parser *parser, struct config_setting *setting, struct config_value *value)
{
    struct config_value *old = &setting->value;

    if ((old->kind == CONFIG_LIST) != (value->kind == CONFIG_LIST)) {
        config_error(parser->log, value->place, "key \"%.64s\": += cannot join a list and a single value",
                     setting->key);
        return false;
    }
    if (old->kind == CONFIG_NUMBER || value->kind == CONFIG_NUMBER) {
        config_error(parser->log, value->place, "key \"%.64s\": += joins strings or lists, not numbers", setting->key);
        return false;
    }
    if (old->kind == CONFIG_LIST) {
        if (value->count == 0)
            return true;
        struct config_value *items = reallocarray(old->items, old->count + value->count, sizeof(*items));
        if (!items)
            goto no_memory;
        memcpy(items + old->count, value->items, value->count * sizeof(*items));
        old->items = items;
        old->count += value->count;
        free(value->items);
        value->items = NULL;
        value->count = 0;
        return true;
    }
    size_t length = strlen(old->text);
    char *text = realloc(old->text, length + strlen(value->text) + 1);

    if (!text)
        goto no_memory;
    strcpy(text + length, value->text);
    old->text = text;
    return true;
no_memory:
    config_out_of_memory(parser->log);
    return false;
}

static struct config_setting *find_or_add(struct parser *parser, const struct config_token *key, bool *added)
{
    struct config_settings *settings = parser->settings;
    struct config_setting *found = (struct config_setting *)config_settings_find(settings, key->text);

    *added = found == NULL;
    if (found)
        return found;
    struct config_setting *list = reallocarray(settings->list, settings->count + 1, sizeof(*list));
    char *name = strdup(key->text);

    if (list)
        settings->list = list;
    if (!list || !name) {
        free(name);
        config_out_of_memory(parser->log);
        return NULL;
    }
    found = &settings->list[settings->count++];
    *found = (struct config_setting){ .key = name };
    return found;
}

static bool store(struct parser *parser, const struct config_token *key, bool adds, struct config_value *value)
{
    bool added, in_override = parser->lexer.dialect == CONFIG_OVERRIDE;
    struct config_setting *setting = find_or_add(parser, key, &added);

    if (!setting)
        return false;
    if (adds && !added) {
        if (!append(parser, setting, value))
            return false;
    } else {
        if (!added && !in_override)
            config_warning(parser->log, key->place,
                           "key \"%.64s\": set a second time; the value of line %u is not used", setting->key,
                           setting->place.line);
        config_value_free(&setting->value);
        setting->value = *value;
        *value = (struct config_value){ 0 };
    }
    setting->place = key->place;
    setting->in_override = in_override;
    return true;
}

static bool is_key(const char *word)
{
    if (!islower((unsigned char)*word))
        return false;
    for (; *word; word++) {
        if (!islower((unsigned char)*word) && !isdigit((unsigned char)*word) && *word != '_' && *word != '.')
            return false;
    }
    return true;
}

/* One setting; the current token is its key. On success the current token is behind it. */
static bool read_setting(struct parser *parser, const struct config_token *key)
{
    struct config_value value = { 0 };
    bool good, adds;

    if (!is_key(key->text)) {
        config_error(parser->log, key->place, "\"%.64s\" cannot be a key: a key is made of small letters, digits and _",
                     key->text);
        return false;
    }
    next(parser);
    if (parser->token.kind != TOKEN_EQUALS && parser->token.kind != TOKEN_PLUS_EQUALS)
        return unexpected(parser, key->text, "\"=\" or \"+=\"");
    if (++parser->settings->statements > CONFIG_SETTINGS_MAX) {
        config_error(parser->log, key->place, "more than %u settings", CONFIG_SETTINGS_MAX);
        parser->lexer.offset = parser->lexer.length;
        return false;
    }
    adds = parser->token.kind == TOKEN_PLUS_EQUALS;
    if (!config_lexer_next_bare(&parser->lexer, &parser->token))
        next(parser);
    good = read_value(parser, key->text, 0, &value) && store(parser, key, adds, &value);
    config_value_free(&value);
    if (!good)
        return false;
    if (parser->token.kind != TOKEN_NEWLINE && parser->token.kind != TOKEN_SEMICOLON && parser->token.kind != TOKEN_END)
        return unexpected(parser, key->text, "a new line or \";\" after the value");
    return true;
}

void config_settings_read(struct config_settings *settings, struct config_log *log, enum config_dialect dialect,
                          const char *source, const char *text, size_t length)
{
    struct parser parser = { .settings = settings, .log = log };

    config_lexer_init(&parser.lexer, log, dialect, source, text, length);
    for (next(&parser); parser.token.kind != TOKEN_END && !log->out_of_memory && log->errors < CONFIG_LOG_MAX;) {
        bool good = true;

        if (parser.token.kind == TOKEN_WORD) {
            struct config_token key = parser.token;

            parser.token.text = NULL;
            good = read_setting(&parser, &key);
            free(key.text);
        } else if (parser.token.kind == TOKEN_NEWLINE || parser.token.kind == TOKEN_SEMICOLON) {
            next(&parser);
        } else {
            if (parser.token.kind != TOKEN_BAD)
                config_error(log, parser.token.place, "a key expected, not %s", describe(&parser.token));
            good = false;
        }
        if (!good) {
            if (parser.token.kind != TOKEN_NEWLINE)
                config_lexer_skip_line(&parser.lexer);
            next(&parser);
        }
    }
    free(parser.token.text);
}
