/* SPDX-License-Identifier: MIT */
/* The words of xl.cfg's grammar; see config_syntax.h for the grammar. Every byte is looked at once, none is trusted. */
#include "config_keys.h"
#include "config_lexer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void config_lexer_init(struct config_lexer *lexer, struct config_log *log, enum config_dialect dialect,
                       const char *source, const char *text, size_t length)
{
    *lexer = (struct config_lexer){ .text = text, .length = length, .dialect = dialect, .log = log };
    lexer->place = (struct config_place){ source, dialect == CONFIG_FILE ? 1 : 0, 1 };
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        lexer->offset = 3; /* a byte order mark */
}

static int peek(const struct config_lexer *lexer)
{
    return lexer->offset < lexer->length ? (unsigned char)lexer->text[lexer->offset] : -1;
}

static void advance(struct config_lexer *lexer)
{
    unsigned char byte = (unsigned char)lexer->text[lexer->offset++];

    if (byte == '\n') {
        lexer->place.column = 1;
        if (lexer->dialect == CONFIG_FILE)
            lexer->place.line++;
    } else if ((byte & 0xc0) != 0x80) {
        lexer->place.column++;
    }
}

static bool is_word(int c)
{
    return c >= 0 && (isalnum(c) || c == '_' || c == '.' || c == '-');
}

static void skip_blanks(struct config_lexer *lexer)
{
    int c;

    while ((c = peek(lexer)) == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v')
        advance(lexer);
    if (c == '#') {
        while ((c = peek(lexer)) >= 0 && c != '\n')
            advance(lexer);
    }
}

void config_lexer_skip_line(struct config_lexer *lexer)
{
    int c;

    while ((c = peek(lexer)) >= 0 && c != '\n')
        advance(lexer);
}

static void set_text(struct config_lexer *lexer, struct config_token *token, enum config_token_kind kind, char *text)
{
    token->kind = text ? kind : TOKEN_BAD;
    token->text = text;
    if (!text)
        config_out_of_memory(lexer->log);
}

static void read_word(struct config_lexer *lexer, struct config_token *token)
{
    size_t start = lexer->offset;
    bool number = isdigit(peek(lexer)) || peek(lexer) == '-';

    while (is_word(peek(lexer)))
        advance(lexer);
    set_text(lexer, token, number ? TOKEN_NUMBER : TOKEN_WORD, strndup(lexer->text + start, lexer->offset - start));
}

/* Length of the valid UTF-8 sequence at `text`, 0 if it is none. */
static size_t utf8_length(const unsigned char *text, size_t left)
{
    size_t length = 0;

    if (text[0] < 0x80)
        length = 1;
    else if (text[0] >= 0xc2 && text[0] < 0xf5)
        length = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;

    if (length == 0 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
        (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

bool config_is_utf8(const char *text, size_t length)
{
    for (size_t at = 0, step; at < length; at += step) {
        step = utf8_length((const unsigned char *)text + at, length - at);
        if (step == 0)
            return false;
    }
    return true;
}

/* The digits of \ooo or \xhh; -1 when there are none or they make no byte of a string. */
static int read_code(struct config_lexer *lexer, int base, int digits_max)
{
    int code = 0, digits = 0;

    for (int c; digits < digits_max && (c = peek(lexer)) >= 0 && isxdigit(c); digits++) {
        int digit = isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;

        if (digit >= base)
            break;
        code = code * base + digit;
        advance(lexer);
    }
    return digits > 0 && code > 0 && code < 256 ? code : -1;
}

/* The byte that an escape means, with the lexer on the character after the backslash; -1 with an error in the log. */
static int read_escape(struct config_lexer *lexer, struct config_place place)
{
    static const char names[] = "abfnrtv\\'\"", bytes[] = "\a\b\f\n\r\t\v\\'\"";
    int c = peek(lexer), code;

    if (c > 0 && strchr(names, c)) {
        advance(lexer);
        return bytes[strchr(names, c) - names];
    }
    if (c == 'x') {
        advance(lexer);
        code = read_code(lexer, 16, 2);
    } else {
        code = read_code(lexer, 8, 3);
    }
    if (code < 0)
        config_error(lexer->log, place,
                     "a backslash in a string must start one of \\\\ \\' \\\" \\a \\b \\f \\n \\r \\t \\v, "
                     "\\ooo or \\xhh, and none may mean a zero byte; write \\\\ for a backslash");
    return code;
}

static void read_string(struct config_lexer *lexer, struct config_token *token)
{
    int quote = peek(lexer), c;
    size_t length = 0;
    char *text = malloc(lexer->length - lexer->offset + 1); /* an escape is never shorter than what it means */

    token->kind = TOKEN_BAD;
    if (!text) {
        config_out_of_memory(lexer->log);
        return;
    }
    advance(lexer);
    while ((c = peek(lexer)) >= 0 && c != '\n' && c != quote) {
        struct config_place place = lexer->place;

        advance(lexer);
        if (c == '\\' && (c = read_escape(lexer, place)) < 0)
            goto bad;
        text[length++] = (char)c;
    }
    if (c != quote) {
        config_error(lexer->log, token->place, "the string that opens here has no closing %c on its line", quote);
        goto bad;
    }
    advance(lexer);
    text[length] = '\0';
    if (!config_is_utf8(text, length)) {
        config_error(lexer->log, token->place, "the string is not valid UTF-8");
        goto bad;
    }
    char *exact = realloc(text, length + 1);

    set_text(lexer, token, TOKEN_STRING, exact ? exact : text);
    return;
bad:
    free(text);
}

static void read_bad(struct config_lexer *lexer, struct config_token *token)
{
    int c = peek(lexer);

    token->kind = TOKEN_BAD;
    if (c > 0x20 && c < 0x7f)
        config_error(lexer->log, token->place, "unexpected character %c", c);
    else
        config_error(lexer->log, token->place, "unexpected byte 0x%02x", c);
}

static void restart(struct config_lexer *lexer, struct config_token *token)
{
    free(token->text);
    *token = (struct config_token){ .kind = TOKEN_END, .place = lexer->place };
}

void config_lexer_next(struct config_lexer *lexer, struct config_token *token)
{
    static const char single[] = "\n;=[],";
    static const enum config_token_kind kinds[] = { TOKEN_NEWLINE, TOKEN_SEMICOLON, TOKEN_EQUALS, TOKEN_OPEN,
                                                    TOKEN_CLOSE, TOKEN_COMMA };
    skip_blanks(lexer);
    restart(lexer, token);
    int c = peek(lexer);

    if (c < 0)
        return;
    if (c > 0 && strchr(single, c)) {
        token->kind = kinds[strchr(single, c) - single];
        advance(lexer);
    } else if (c == '+' && lexer->offset + 1 < lexer->length && lexer->text[lexer->offset + 1] == '=') {
        token->kind = TOKEN_PLUS_EQUALS;
        advance(lexer);
        advance(lexer);
    } else if (c == '"' || c == '\'') {
        read_string(lexer, token);
    } else if (is_word(c)) {
        read_word(lexer, token);
    } else {
        read_bad(lexer, token);
    }
}

bool config_lexer_next_bare(struct config_lexer *lexer, struct config_token *token)
{
    uint64_t number;

    while (peek(lexer) == ' ' || peek(lexer) == '\t')
        advance(lexer);
    size_t start = lexer->offset, end;
    int c = peek(lexer);

    if (lexer->dialect != CONFIG_OVERRIDE || c < 0 || (c > 0 && strchr("\"'[];\n", c)))
        return false;
    restart(lexer, token);
    while ((c = peek(lexer)) >= 0 && c != ';' && c != '\n')
        advance(lexer);
    for (end = lexer->offset; end > start && isspace((unsigned char)lexer->text[end - 1]); end--)
        ;
    if (!config_is_utf8(lexer->text + start, end - start)) {
        config_error(lexer->log, token->place, "the value is not valid UTF-8");
        token->kind = TOKEN_BAD;
        return true;
    }
    set_text(lexer, token, TOKEN_STRING, strndup(lexer->text + start, end - start));
    if (token->text && config_number(token->text, &number) != CONFIG_NUMBER_BAD)
        token->kind = TOKEN_NUMBER;
    return true;
}
