/* SPDX-License-Identifier: MIT */
/*
 * The monitor on a terminal: one loop (screen.c), keys (screen_keys.c), and panels (panel_*.c) that draw themselves
 * from the state below into lines of curses' standard window.
 */
#ifndef KEEL_TOP_SCREEN_H
#define KEEL_TOP_SCREEN_H

#include "top.h"
#include "view.h"

#define SCREEN_INPUT_SIZE VIEW_FILTER_SIZE

enum screen_mode { SCREEN_TABLE, SCREEN_HELP, SCREEN_ASK_FILTER, SCREEN_ASK_DELAY };

/* Pairs of colours, on the terminal's own background. What they say is said by the text too. */
enum screen_colour { COLOUR_ALARM = 1, COLOUR_NOTICE };

struct screen {
    const struct top_options *options;
    struct source *source;
    struct top_samples samples;
    struct view view;
    enum screen_mode mode;
    bool frozen, ended;        /* ended: the source has no more samples */
    uint64_t delay_ns;
    size_t table_height;       /* rows of domains and their parts that fit */
    size_t help_top;
    char input[SCREEN_INPUT_SIZE]; /* what is being typed */
    char message[SOURCE_ERROR_MAX];
};

/* As top_run; `signals` is readable once a signal says to stop. */
int screen_run(const struct top_options *options, struct source *source, int signals, char *error, size_t error_size);

/* Handles all keys that have been typed; false when the user wants to leave. */
bool screen_keys(struct screen *screen);
void screen_draw(struct screen *screen);

/* Panels; each draws from line `y` on and returns the line below it. */
int panel_head_draw(const struct screen *screen, int y);
int panel_cpus_draw(const struct screen *screen, int y, int lines_most);
int panel_table_draw(struct screen *screen, int y, int bottom);
/* Moves to other columns as far as it takes to show this one. */
void panel_table_show(struct screen *screen, size_t column);
/* The whole screen. */
void panel_help_draw(struct screen *screen);

/*
 * Text at a place, cut at the end of the line; returns the column behind it. What is no character for a terminal is
 * shown as '?'.
 */
int screen_print(int y, int x, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* "[|||||     ]" of this width, filled by a share from 0 to 1. */
void screen_meter(int y, int x, int width, double share);
int screen_pair(enum screen_colour colour);

#endif
