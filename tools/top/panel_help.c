/* SPDX-License-Identifier: MIT */
/* Help: the keys, then the columns as their table explains them. */
#define _XOPEN_SOURCE_EXTENDED
#include "screen.h"

#include <curses.h>

static const struct {
    const char *keys, *help;
} keys[] = {
    { "Arrows, PgUp, PgDn", "select a domain; left and right: other columns" },
    { "Home, End", "the first, the last domain" },
    { "Enter", "all parts of the selected domain, or none" },
    { "v  n  x", "vCPUs, networks, disks of all domains" },
    { "e", "exits and hypercalls of all domains, by kind" },
    { "c", "a meter for each CPU of the machine" },
    { "t", "domains by their CPU pools" },
    { "s  S", "sort by the next, the previous column" },
    { "r", "sort the other way round" },
    { "/", "only domains with a text in their names" },
    { "Space", "freeze, go on" },
    { "d", "time between samples" },
    { "Ctrl-L", "draw anew" },
    { "q  Esc", "leave" },
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

/* Line `index` of the text, at y; false behind the last one. */
static bool draw_line(size_t index, int y)
{
    if (index < KEYS) {
        attron(A_BOLD);
        screen_print(y, 1, "%s", keys[index].keys);
        attrset(A_NORMAL);
        screen_print(y, 22, "%s", keys[index].help);
        return true;
    }
    index -= KEYS;
    if (index == 0)
        return true;
    index--;
    if (index >= columns_count)
        return false;
    attron(A_BOLD);
    screen_print(y, 1, "%s", columns[index].heading);
    attrset(A_NORMAL);
    screen_print(y, 12, "%s", columns[index].help);
    return true;
}

void panel_help_draw(struct screen *screen)
{
    size_t lines = KEYS + 1 + columns_count, height = LINES > 3 ? (size_t)LINES - 2 : 1;

    if (screen->help_top + height > lines)
        screen->help_top = lines > height ? lines - height : 0;
    attron(A_REVERSE);
    mvhline(0, 0, ' ', COLS);
    screen_print(0, 0, "ctl top - keys and columns");
    mvhline(LINES - 1, 0, ' ', COLS);
    screen_print(LINES - 1, 0, "%s",
                 screen->help_top + height < lines ? "Down, PgDn: more; any other key: back" : "any key: back");
    attrset(A_NORMAL);
    for (size_t i = 0; i < height && draw_line(screen->help_top + i, 1 + (int)i); i++)
        ;
}
