/* SPDX-License-Identifier: MIT */
/* What keys do. */
#define _XOPEN_SOURCE_EXTENDED
#include "screen.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>

#define KEY_ESCAPE 27
#define ROWS_ALL 1000000 /* more than there can be */
#define DELAY_LEAST_S 0.1
#define DELAY_MOST_S 86400

static void answer(struct screen *screen)
{
    if (screen->mode == SCREEN_ASK_FILTER) {
        memcpy(screen->view.filter, screen->input, sizeof(screen->view.filter));
        screen->view.top = 0;
    } else {
        char *end;
        double seconds = strtod(screen->input, &end);

        if (end != screen->input && !*end && seconds >= DELAY_LEAST_S && seconds <= DELAY_MOST_S)
            screen->delay_ns = (uint64_t)(seconds * 1e9);
        else if (screen->input[0])
            snprintf(screen->message, sizeof(screen->message), "\"%s\" is no time from %.1f to %d seconds.",
                     screen->input, DELAY_LEAST_S, DELAY_MOST_S);
    }
    screen->mode = SCREEN_TABLE;
}

static void ask(struct screen *screen, enum screen_mode mode)
{
    screen->mode = mode;
    screen->input[0] = '\0';
    if (mode == SCREEN_ASK_FILTER)
        memcpy(screen->input, screen->view.filter, sizeof(screen->input));
}

static void type(struct screen *screen, int key)
{
    size_t length = strlen(screen->input);

    if (key == KEY_ESCAPE) {
        screen->mode = SCREEN_TABLE;
    } else if (key == '\r' || key == '\n' || key == KEY_ENTER) {
        answer(screen);
    } else if (key == KEY_BACKSPACE || key == 127 || key == '\b') {
        while (length && (screen->input[length - 1] & 0xc0) == 0x80) /* the rest of a character in UTF-8 */
            screen->input[--length] = '\0';
        if (length)
            screen->input[length - 1] = '\0';
    } else if (key == 'u' - 'a' + 1) { /* Ctrl-U */
        screen->input[0] = '\0';
    } else if (key >= ' ' && key < 256 && length + 1 < sizeof(screen->input)) {
        screen->input[length] = (char)key;
        screen->input[length + 1] = '\0';
    }
}

static bool help_key(struct screen *screen, int key)
{
    switch (key) {
    case KEY_DOWN: screen->help_top++; break;
    case KEY_UP: screen->help_top -= screen->help_top > 0; break;
    case KEY_NPAGE:
    case ' ': screen->help_top += 10; break;
    case KEY_PPAGE: screen->help_top -= screen->help_top < 10 ? screen->help_top : 10; break;
    case KEY_RESIZE: break;
    default: screen->mode = SCREEN_TABLE; break;
    }
    return true;
}

/* Shows all parts of the selected domain, or hides them again. */
static void open_selected(struct screen *screen)
{
    struct view *view = &screen->view;
    const struct row *row = view->rows.count ? view_row(view, view->cursor) : NULL;
    uint64_t domid;

    if (!row || row->kind != ROW_DOMAIN)
        return;
    domid = sample_domain(top_shown(&screen->samples), row->domain)->domid;
    view->has_open = !view->has_open || view->open != domid;
    view->open = domid;
    view->has_selected = true;
    view->selected = domid;
}

static void move_by(struct screen *screen, long by)
{
    /* a key typed right before may have changed which rows there are */
    if (view_build(&screen->view, top_shown(&screen->samples), &screen->samples.rates))
        view_move(&screen->view, top_shown(&screen->samples), by, screen->table_height);
}

static bool table_key(struct screen *screen, int key)
{
    struct view *view = &screen->view;
    long page = screen->table_height > 1 ? (long)screen->table_height - 1 : 1;

    switch (key) {
    case 'q':
    case 'Q':
    case KEY_ESCAPE: return false;
    case '?':
    case 'h':
    case 'H':
    case KEY_F(1):
        screen->mode = SCREEN_HELP;
        screen->help_top = 0;
        break;
    case 's':
    case 'S':
        view_sort_next(view, key == 's' ? 1 : -1);
        panel_table_show(screen, view->sort);
        break;
    case 'r':
    case 'R': view->reverse = !view->reverse; break;
    case '/':
    case 'f': ask(screen, SCREEN_ASK_FILTER); break;
    case 'd':
    case 'D': ask(screen, SCREEN_ASK_DELAY); break;
    case 't':
    case 'T': view->tree = !view->tree; break;
    case 'e':
    case 'E': view->exits = !view->exits; break;
    case 'v':
    case 'V': view->vcpus = !view->vcpus; break;
    case 'n':
    case 'N': view->networks = !view->networks; break;
    case 'x':
    case 'X': view->disks = !view->disks; break;
    case 'c':
    case 'C': view->cpus = !view->cpus; break;
    case ' ': screen->frozen = !screen->frozen; break;
    case '\r':
    case KEY_ENTER: open_selected(screen); break;
    case KEY_UP:
    case 'k': move_by(screen, -1); break;
    case KEY_DOWN:
    case 'j': move_by(screen, 1); break;
    case KEY_PPAGE: move_by(screen, -page); break;
    case KEY_NPAGE: move_by(screen, page); break;
    case KEY_HOME:
    case 'g': move_by(screen, -ROWS_ALL); break;
    case KEY_END:
    case 'G': move_by(screen, ROWS_ALL); break;
    case KEY_LEFT: view->left -= view->left > 0; break;
    case KEY_RIGHT: view->left += view->left + 2 < columns_count; break;
    case 'l' - 'a' + 1: clearok(curscr, TRUE); break; /* Ctrl-L */
    default: break;
    }
    return true;
}

bool screen_keys(struct screen *screen)
{
    for (int key; (key = getch()) != ERR;) {
        bool stays = true;

        if (!screen->ended)
            screen->message[0] = '\0';
        if (screen->mode == SCREEN_TABLE)
            stays = table_key(screen, key);
        else if (screen->mode == SCREEN_HELP)
            stays = help_key(screen, key);
        else if (key != KEY_RESIZE)
            type(screen, key);
        if (!stays)
            return false;
    }
    return true;
}
