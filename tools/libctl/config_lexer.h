/* SPDX-License-Identifier: MIT */
/* The words of xl.cfg's grammar, with their places. */
#ifndef KEEL_CONFIG_LEXER_H
#define KEEL_CONFIG_LEXER_H

#include "config_syntax.h"

enum config_token_kind {
    TOKEN_END, TOKEN_NEWLINE, TOKEN_SEMICOLON, TOKEN_EQUALS, TOKEN_PLUS_EQUALS, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_COMMA,
    TOKEN_WORD, TOKEN_NUMBER, TOKEN_STRING,
    TOKEN_BAD, /* its error is in the log already */
};

struct config_token {
    enum config_token_kind kind;
    struct config_place place;
    char *text; /* of a word, number or string; owned by the token */
};

struct config_lexer {
    const char *text;
    size_t length, offset;
    struct config_place place;
    enum config_dialect dialect;
    struct config_log *log;
};

void config_lexer_init(struct config_lexer *lexer, struct config_log *log, enum config_dialect dialect,
                       const char *source, const char *text, size_t length);
/* Frees what *token held and puts the next token there. */
void config_lexer_next(struct config_lexer *lexer, struct config_token *token);
/* For an override's value: the rest of it up to ";" as a number or string, unless it opens with a quote or bracket. */
bool config_lexer_next_bare(struct config_lexer *lexer, struct config_token *token);
/* Goes to the end of the line, so that one mistake gives one error. */
void config_lexer_skip_line(struct config_lexer *lexer);

#endif
