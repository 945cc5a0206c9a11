/* SPDX-License-Identifier: MIT */
/* The table: a line for each domain, and below it lines for its parts. */
#define _XOPEN_SOURCE_EXTENDED
#include "screen.h"

#include <curses.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define NAME_WIDTH_MOST 32
#define TEXT_BYTES 640

/* How wide the name's column is: what the others leave over, within bounds. */
static int name_width(const struct screen *screen)
{
    int others = 0, width = columns[0].width;

    for (size_t i = 1 + screen->view.left; i < columns_count; i++) {
        if (others + columns[i].width + 1 + width > COLS)
            break;
        others += columns[i].width + 1;
    }
    width = COLS - others;
    if (width > NAME_WIDTH_MOST)
        width = NAME_WIDTH_MOST;
    return width < columns[0].width ? columns[0].width : width;
}

/* The columns that are shown, each with its place; ends when the line is full. */
static bool next_column(const struct screen *screen, int name, size_t *index, int *x)
{
    if (*index == 0) {
        *index = 1 + screen->view.left;
        *x = name + 1;
    } else {
        *x += columns[*index].width + 1;
        (*index)++;
    }
    return *index < columns_count && *x + columns[*index].width <= COLS;
}

void panel_table_show(struct screen *screen, size_t column)
{
    struct view *view = &screen->view;
    bool is_shown = column == 0;

    if (!is_shown && column < 1 + view->left)
        view->left = column - 1;
    while (!is_shown && view->left + 1 < column) {
        size_t index = 0;
        int x = 0, name = name_width(screen);

        while (!is_shown && next_column(screen, name, &index, &x))
            is_shown = index == column;
        if (!is_shown)
            view->left++;
    }
}

static void draw_heading(const struct screen *screen, int y, int name)
{
    size_t index = 0;
    int x = 0;

    attron(A_REVERSE);
    mvhline(y, 0, ' ', COLS);
    if (screen->view.sort == 0)
        attron(A_BOLD | A_UNDERLINE);
    screen_print(y, 0, "%s", columns[0].heading);
    attroff(A_BOLD | A_UNDERLINE);
    while (next_column(screen, name, &index, &x)) {
        if (index == screen->view.sort)
            attron(A_BOLD | A_UNDERLINE);
        screen_print(y, x + columns[index].width - (int)strlen(columns[index].heading), "%s", columns[index].heading);
        attroff(A_BOLD | A_UNDERLINE);
    }
    attrset(A_NORMAL);
}

/* What a cell is drawn with beside the line's own attributes. */
static chtype cell_attributes(size_t index, const struct cell *cell)
{
    const struct sample_domain *domain = sample_domain(cell->sample, cell->index);

    if (columns[index].value)
        return strcmp(columns[index].heading, "WAIT%") == 0 && columns[index].value(cell) > 10
                   ? (chtype)screen_pair(COLOUR_ALARM) | A_BOLD : A_NORMAL;
    if (index == 0)
        return domain->running ? A_BOLD : A_NORMAL;
    if (domain->crashed || domain->dying)
        return (chtype)screen_pair(COLOUR_ALARM) | A_BOLD;
    return domain->paused || domain->shutdown ? (chtype)screen_pair(COLOUR_NOTICE) : A_NORMAL;
}

static void draw_domain(const struct screen *screen, int y, int name, size_t domain, bool selected)
{
    struct cell cell = { top_shown(&screen->samples), &screen->samples.rates, domain };
    char text[TEXT_BYTES];
    size_t index = 0;
    int x = 0;

    if (selected) {
        attron(A_REVERSE);
        mvhline(y, 0, ' ', COLS);
        attrset(A_NORMAL);
    }
    attrset((selected ? A_REVERSE : 0) | cell_attributes(0, &cell));
    columns_text(&columns[0], &cell, name, text, sizeof(text));
    mvaddstr(y, 0, text);
    while (next_column(screen, name, &index, &x)) {
        int used = columns_text(&columns[index], &cell, columns[index].width, text, sizeof(text));

        attrset((selected ? A_REVERSE : 0) | cell_attributes(index, &cell));
        mvaddstr(y, x + columns[index].width - used, text);
    }
    attrset(A_NORMAL);
}

static void draw_pool(const struct screen *screen, int y, size_t domain)
{
    const struct sample *sample = top_shown(&screen->samples);
    uint64_t pool = sample_domain(sample, domain)->pool;
    const char *name = NULL, *scheduler = NULL;
    char safe[80], percent[TEXT_SIZE], memory[TEXT_SIZE];
    double cpu = 0, bytes = 0;
    size_t count = 0;

    for (size_t i = 0; i < sample->pools.count; i++) {
        if (sample_pool(sample, i)->id == pool) {
            name = sample_pool(sample, i)->name;
            scheduler = sample_pool(sample, i)->scheduler;
        }
    }
    for (size_t i = 0; i < sample->domains.count; i++) {
        const struct sample_domain *other = sample_domain(sample, i);

        if (other->pool != pool)
            continue;
        count++;
        cpu += rates_domain(&screen->samples.rates, i)->cpu_percent;
        bytes += (double)other->memory_kib * 1024;
    }
    text_percent(cpu, percent);
    text_bytes(bytes, memory);
    text_fit(name && *name ? name : "pool", 32, safe, sizeof(safe));
    attron(A_BOLD | A_UNDERLINE);
    screen_print(y, 0, "%s (%" PRIu64 "%s%s): %zu domains, CPU %s%%, memory %s", safe, pool,
                 scheduler && *scheduler ? ", " : "", scheduler ? scheduler : "", count, percent, memory);
    attrset(A_NORMAL);
}

/* What the domain left the guest for, or called, in one second: the kinds that there were. */
static void draw_kinds(const struct screen *screen, int y, size_t domain, bool exits)
{
    const struct rates_domain *rate = rates_domain(&screen->samples.rates, domain);
    const char *const *names = exits ? sample_exit_names : sample_call_names;
    const double *values = exits ? rate->exits_by : rate->hypercalls_by;
    double sum = exits ? rate->exits : rate->hypercalls;
    char count[TEXT_SIZE];
    int x;

    text_count(sum, count);
    x = screen_print(y, 2, "%s %5s/s", exits ? "exits" : "calls", count);
    if (isnan(sum))
        screen_print(y, x, "  not known: this hypervisor does not count them");
    for (size_t i = 0; i < (exits ? (size_t)SAMPLE_EXITS : (size_t)SAMPLE_CALLS); i++) {
        text_count(values[i], count);
        if (!(values[i] >= 0.5))
            continue;
        if (x + 2 + (int)(strlen(names[i]) + strlen(count)) > COLS) {
            screen_print(y, x, " ...");
            break;
        }
        x = screen_print(y, x, " %s %s", names[i], count);
    }
}

static void draw_vcpu(const struct screen *screen, int y, size_t item)
{
    const struct sample_vcpu *vcpu = sample_vcpu(top_shown(&screen->samples), item);
    const struct rates_vcpu *rate = rates_vcpu(&screen->samples.rates, item);
    char percent[TEXT_SIZE], wait[TEXT_SIZE], wakeups[TEXT_SIZE], exits[TEXT_SIZE], seconds[TEXT_SIZE];

    text_percent(rate->cpu_percent, percent);
    text_percent(rate->wait_percent, wait);
    text_count(rate->wakeups, wakeups);
    text_count(rate->exits, exits);
    text_seconds((double)vcpu->cpu_time_ns / 1e9, seconds);
    if (vcpu->online)
        /* 80 columns with the longest time */
        screen_print(y, 2, "vCPU %-3" PRIu64 " on CPU %-3" PRIu64 " %c%c %5s%% wait %5s%% wakes %4s exits %4s time %s",
                     vcpu->id, vcpu->cpu, vcpu->running ? 'r' : '-', vcpu->blocked ? 'b' : '-', percent,
                     wait, wakeups, exits, seconds);
    else
        screen_print(y, 2, "vCPU %-3" PRIu64 " offline", vcpu->id);
}

static void draw_network(const struct screen *screen, int y, size_t item)
{
    const struct sample_network *network = sample_network(top_shown(&screen->samples), item);
    const struct rates_network *rate = rates_network(&screen->samples.rates, item);
    char rx[TEXT_SIZE], rx_packets[TEXT_SIZE], tx[TEXT_SIZE], tx_packets[TEXT_SIZE];

    text_bytes(rate->rx_bytes, rx);
    text_count(rate->rx_packets, rx_packets);
    text_bytes(rate->tx_bytes, tx);
    text_count(rate->tx_packets, tx_packets);
    screen_print(y, 2, "net %-3" PRIu64 "  received %5s/s %5s pkt/s  sent %5s/s %5s pkt/s  lost %" PRIu64, network->id,
                 rx, rx_packets, tx, tx_packets,
                 network->rx_errors + network->rx_drops + network->tx_errors + network->tx_drops);
}

static void draw_disk(const struct screen *screen, int y, size_t item)
{
    const struct sample_disk *disk = sample_disk(top_shown(&screen->samples), item);
    const struct rates_disk *rate = rates_disk(&screen->samples.rates, item);
    char name[TEXT_SIZE], reads[TEXT_SIZE], read_bytes[TEXT_SIZE], writes[TEXT_SIZE], write_bytes[TEXT_SIZE];

    text_disk(disk->id, name);
    text_count(rate->reads, reads);
    text_bytes(rate->read_bytes, read_bytes);
    text_count(rate->writes, writes);
    text_bytes(rate->write_bytes, write_bytes);
    screen_print(y, 2, "disk %-7s read %5s/s %5sB/s  written %5s/s %5sB/s  no request %" PRIu64, name, reads,
                 read_bytes, writes, write_bytes, disk->out_of_requests);
}

int panel_table_draw(struct screen *screen, int y, int bottom)
{
    struct view *view = &screen->view;
    int name = name_width(screen);

    draw_heading(screen, y++, name);
    screen->table_height = bottom > y ? (size_t)(bottom - y) : 0;
    view_move(view, top_shown(&screen->samples), 0, screen->table_height);
    for (size_t i = view->top; i < view->rows.count && y < bottom; i++, y++) {
        const struct row *row = view_row(view, i);

        switch (row->kind) {
        case ROW_POOL: draw_pool(screen, y, row->domain); break;
        case ROW_DOMAIN: draw_domain(screen, y, name, row->domain, view->has_selected && i == view->cursor); break;
        case ROW_EXITS: draw_kinds(screen, y, row->domain, true); break;
        case ROW_CALLS: draw_kinds(screen, y, row->domain, false); break;
        case ROW_VCPU: draw_vcpu(screen, y, row->item); break;
        case ROW_NETWORK: draw_network(screen, y, row->item); break;
        case ROW_DISK: draw_disk(screen, y, row->item); break;
        }
    }
    if (!view->rows.count)
        screen_print(y, 0, "%s", view->filter[0] ? "No domain has that in its name; / changes the filter."
                     : "There are no domains.");
    return y;
}
