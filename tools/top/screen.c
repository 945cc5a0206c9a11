/* SPDX-License-Identifier: MIT */
/* The screen's loop: waits for keys, signals and the time of the next sample. Puts the terminal back whatever comes. */
#define _XOPEN_SOURCE_EXTENDED
#include "screen.h"

#include "clock.h"
#include "stop_signals.h"

#include <curses.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_BAR "?Help sSort /Filter tPools eExits vVCPUs nNets xDisks cCPUs SpaceFreeze qQuit"

int screen_pair(enum screen_colour colour)
{
    return has_colors() ? (int)COLOR_PAIR(colour) : 0;
}

int screen_print(int y, int x, const char *format, ...)
{
    char text[512], fitting[sizeof(text)];
    va_list arguments;
    int used;

    if (x >= COLS)
        return x;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    used = text_fit(text, COLS - x, fitting, sizeof(fitting));
    mvaddstr(y, x, fitting);
    return x + used;
}

void screen_meter(int y, int x, int width, double share)
{
    int inner = width - 2, full = isnan(share) || inner < 0 ? 0 : (int)lround(fmin(fmax(share, 0), 1) * inner);

    mvaddch(y, x, '[');
    attron(A_BOLD | (share > 0.9 ? screen_pair(COLOUR_ALARM) : 0));
    for (int i = 0; i < inner; i++)
        addch(i < full ? '|' : ' ');
    attrset(A_NORMAL);
    addch(']');
}

/* The keys, each in reverse before its word. */
static void draw_keys(int y)
{
    bool is_key = true;
    int x = 0;

    move(y, 0);
    for (const char *at = KEY_BAR; *at && x < COLS; at++, x++) {
        bool long_key = strncmp(at, "Space", 5) == 0;

        if (long_key) {
            attron(A_REVERSE);
            addstr("Space");
            attroff(A_REVERSE);
            at += 4;
            x += 4;
            is_key = false;
            continue;
        }
        if (is_key)
            attron(A_REVERSE);
        addch((chtype)*at);
        attroff(A_REVERSE);
        is_key = *at == ' ';
    }
}

static void draw_bottom(const struct screen *screen, int y)
{
    char text[SCREEN_INPUT_SIZE + 96];

    if (screen->mode == SCREEN_ASK_FILTER || screen->mode == SCREEN_ASK_DELAY) {
        const char *question = screen->mode == SCREEN_ASK_FILTER ? "Show domains with this in their name"
                                                                 : "Seconds between samples";
        int over = snprintf(text, sizeof(text), "%s: %s", question, screen->input) + 1 - COLS;

        /* the end of it, where the typing is */
        mvaddch(y, screen_print(y, 0, "%s", over > 0 ? text + over : text), A_REVERSE | ' ');
    } else if (screen->message[0]) {
        attron(A_BOLD | screen_pair(COLOUR_ALARM));
        screen_print(y, 0, "%s", screen->message);
        attrset(A_NORMAL);
    } else {
        draw_keys(y);
    }
}

void screen_draw(struct screen *screen)
{
    int y = 0;

    erase();
    if (LINES < 8 || COLS < 40) {
        screen_print(0, 0, "The terminal is too small: 40x8 at least.");
        refresh();
        return;
    }
    if (screen->mode == SCREEN_HELP) {
        panel_help_draw(screen);
        refresh();
        return;
    }
    y = panel_head_draw(screen, y);
    if (screen->view.cpus)
        y = panel_cpus_draw(screen, y, LINES / 2 - y);
    panel_table_draw(screen, y, LINES - 1);
    draw_bottom(screen, LINES - 1);
    refresh();
}

/* False with a sentence when the terminal is of no use. */
static SCREEN *begin(char *error, size_t error_size)
{
    SCREEN *terminal;

    setlocale(LC_CTYPE, "");
    set_escdelay(25);
    terminal = newterm(NULL, stdout, stdin);
    if (!terminal) {
        const char *name = getenv("TERM");

        snprintf(error, error_size,
                 "nothing is known about a terminal called \"%s\" (TERM): use --batch, --json or --csv",
                 name ? name : "");
        return NULL;
    }
    if (!tigetstr("cup") || tigetstr("cup") == (char *)-1) {
        snprintf(error, error_size, "a terminal called \"%s\" (TERM) has no cursor that can be moved: use --batch, "
                 "--json or --csv", termname());
        endwin();
        delscreen(terminal);
        return NULL;
    }
    cbreak();
    noecho();
    nonl();
    nodelay(stdscr, TRUE);
    keypad(stdscr, TRUE);
    curs_set(0);
    if (has_colors()) {
        /* red and magenta on whatever the terminal has behind them are readable on black and on white */
        start_color();
        use_default_colors();
        init_pair(COLOUR_ALARM, COLOR_RED, -1);
        init_pair(COLOUR_NOTICE, COLOR_MAGENTA, -1);
    }
    return terminal;
}

/* What puts the terminal back without curses' help: cursor, keys, colours, the main screen. */
static void guard_terminal(void)
{
    static const char *const names[] = { "cnorm", "rmkx", "sgr0", "rmcup" };
    char text[128] = "";

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *sequence = tigetstr(names[i]);

        if (sequence && sequence != (const char *)-1 && strlen(text) + strlen(sequence) + 3 < sizeof(text))
            strcat(text, sequence);
    }
    strcat(text, "\r\n");
    stop_signals_guard(text);
}

/* Takes the next sample; a failure is shown and does not end the program: the next one may go well. */
static void take_sample(struct screen *screen)
{
    int result;

    result = top_advance(&screen->samples, screen->source, screen->options, screen->message, sizeof(screen->message));
    if (result == 1)
        screen->message[0] = '\0';
    screen->ended = result == 0 || (result < 0 && !screen->source->is_live);
    if (result == 0)
        snprintf(screen->message, sizeof(screen->message), "The recording ends here; q leaves.");
}

/* Gives the terminal back for as long as Ctrl-Z's stop lasts. False when the program shall end: it has none then. */
static bool suspend(void)
{
    endwin();
    if (!stop_signals_suspend())
        return false;
    clearok(curscr, TRUE); /* who had the terminal has left something there */
    raise(SIGWINCH);       /* and was told of its new sizes; curses asks for the size */
    return true;
}

/* Until the user leaves, a signal comes or the terminal goes. False when the terminal has been given back already. */
static bool loop(struct screen *screen, int signals)
{
    uint64_t next_ns = clock_ns(CLOCK_MONOTONIC) + screen->delay_ns;

    for (unsigned long shown = 1;;) {
        struct pollfd ready[] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
        bool waits = !screen->frozen && !screen->ended;
        uint64_t now_ns = clock_ns(CLOCK_MONOTONIC), left_ns = now_ns < next_ns ? next_ns - now_ns : 0;
        struct timespec left = { .tv_sec = (time_t)(left_ns / 1000000000u), .tv_nsec = (long)(left_ns % 1000000000u) };
        uint64_t delay_ns = screen->delay_ns;

        if (!view_build(&screen->view, top_shown(&screen->samples), &screen->samples.rates))
            snprintf(screen->message, sizeof(screen->message), "There is no memory for all domains.");
        view_move(&screen->view, top_shown(&screen->samples), 0, screen->table_height);
        screen_draw(screen);
        if (ppoll(ready, 2, waits ? &left : NULL, NULL) < 0 && errno != EINTR)
            return true;
        if (ready[0].revents & (POLLHUP | POLLERR | POLLNVAL))
            return true;
        if (ready[1].revents) {
            if (stop_signals_take() == STOP_END)
                return true;
            if (!suspend())
                return false;
        }
        /* also after EINTR or a stop: a change of the window's size comes as a key */
        if (!screen_keys(screen))
            return true;
        if (screen->delay_ns != delay_ns)
            next_ns = clock_ns(CLOCK_MONOTONIC) + screen->delay_ns;
        if (screen->frozen || screen->ended || clock_ns(CLOCK_MONOTONIC) < next_ns)
            continue;
        if (shown++ == screen->options->iterations)
            return true;
        take_sample(screen);
        next_ns += screen->delay_ns;
        if (next_ns < clock_ns(CLOCK_MONOTONIC)) /* the machine was busy, or asleep */
            next_ns = clock_ns(CLOCK_MONOTONIC) + screen->delay_ns;
    }
}

int screen_run(const struct top_options *options, struct source *source, int signals, char *error, size_t error_size)
{
    struct screen *screen = calloc(1, sizeof(*screen));
    SCREEN *terminal;
    int result;

    if (!screen) {
        snprintf(error, error_size, "there is no memory for the screen");
        return -ENOMEM;
    }
    screen->options = options;
    screen->source = source;
    screen->delay_ns = options->delay_ns;
    screen->view.sort = columns_find(options->sort ? options->sort : "CPU%");
    screen->view.vcpus = options->batch.vcpus;
    screen->view.networks = options->batch.networks;
    screen->view.disks = options->batch.disks;
    if (options->filter)
        snprintf(screen->view.filter, sizeof(screen->view.filter), "%s", options->filter);
    source->parts = SAMPLE_ALL; /* a key shows any of them, of a frozen sample too */
    result = top_begin(&screen->samples, source, options, error, error_size);
    if (result == 0) {
        snprintf(error, error_size, "the recording holds no sample");
        result = -ENODATA;
    }
    if (result == 1) {
        result = -ENOTTY;
        terminal = begin(error, error_size);
        if (terminal) {
            guard_terminal();
            panel_table_show(screen, screen->view.sort);
            if (loop(screen, signals))
                endwin();
            stop_signals_guard(NULL);
            delscreen(terminal);
            result = 0;
        }
    }
    top_samples_free(&screen->samples);
    view_free(&screen->view);
    free(screen);
    return result;
}
