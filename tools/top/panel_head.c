/* SPDX-License-Identifier: MIT */
/* The lines on top: what machine this is and how it fares as a whole; and a meter for each of its CPUs. */
#define _XOPEN_SOURCE_EXTENDED
#include "screen.h"

#include <curses.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#define METER_WIDTH 30
#define CPU_METER_WIDTH 26

/* Right-aligned on the line. */
static void put_right(int y, const char *text)
{
    int x = COLS - (int)strlen(text);

    if (x > 0)
        mvaddstr(y, x, text);
}

static void draw_title(const struct screen *screen, int y)
{
    const struct sample_host *host = &top_shown(&screen->samples)->host;
    time_t seconds = (time_t)(host->wall_time_ms / 1000);
    struct tm date;
    char name[80], text[320], when[64] = "";
    double over = screen->samples.rates.seconds;
    int x;

    text_fit(host->name, COLS / 3, name, sizeof(name));
    attron(A_BOLD);
    x = screen_print(y, 0, "ctl top - %s", name);
    attrset(A_NORMAL);
    text_fit(host->hypervisor, 24, name, sizeof(name));
    screen_print(y, x, " - %s", name);
    if (localtime_r(&seconds, &date))
        strftime(when, sizeof(when), "%H:%M:%S", &date);
    if (isnan(over))
        snprintf(text, sizeof(text), "  %s, no rates yet", when);
    else
        snprintf(text, sizeof(text), "  %s, rates over %.1f s", when, over);
    put_right(y, text);
}

static void draw_domains(const struct screen *screen, int y)
{
    const struct sample *sample = top_shown(&screen->samples);
    size_t running = 0, blocked = 0, paused = 0, crashed = 0, shutdown = 0;
    char text[96];
    int x;

    for (size_t i = 0; i < sample->domains.count; i++) {
        const struct sample_domain *domain = sample_domain(sample, i);

        running += domain->running;
        blocked += domain->blocked;
        paused += domain->paused;
        crashed += domain->crashed;
        shutdown += domain->shutdown && !domain->crashed;
    }
    x = screen_print(y, 0, "%zu domains: %zu running, %zu blocked, %zu paused, %zu shut down, ", sample->domains.count,
                     running, blocked, paused, shutdown);
    if (crashed)
        attron(A_BOLD | screen_pair(COLOUR_ALARM));
    screen_print(y, x, "%zu crashed", crashed);
    attrset(A_NORMAL);
    if (screen->view.filter[0] && !screen->frozen) {
        snprintf(text, sizeof(text), "  %zu shown", screen->view.domains_shown);
        put_right(y, text);
    }
    if (screen->frozen) {
        attron(A_REVERSE);
        put_right(y, " FROZEN ");
        attrset(A_NORMAL);
    }
}

int panel_head_draw(const struct screen *screen, int y)
{
    const struct sample_host *host = &top_shown(&screen->samples)->host;
    double busy = screen->samples.rates.busy_percent, used = (double)(host->memory_kib - host->free_kib) * 1024;
    char percent[TEXT_SIZE], text[TEXT_SIZE], all[TEXT_SIZE], left[TEXT_SIZE];

    if (host->free_kib > host->memory_kib)
        used = 0;
    draw_title(screen, y++);
    draw_domains(screen, y++);
    mvaddstr(y, 0, "CPU ");
    screen_meter(y, 4, METER_WIDTH, busy / 100);
    text_percent(busy, percent);
    screen_print(y, 4 + METER_WIDTH, " %s%% of %" PRIu64 " x %" PRIu64 " MHz", percent, host->cpus,
                 host->cpu_khz / 1000);
    y++;
    mvaddstr(y, 0, "Mem ");
    screen_meter(y, 4, METER_WIDTH, host->memory_kib ? used / 1024 / (double)host->memory_kib : NAN);
    text_bytes(used, text);
    text_bytes((double)host->memory_kib * 1024, all);
    text_bytes((double)host->free_kib * 1024, left);
    screen_print(y, 4 + METER_WIDTH, " %s of %s used, %s free", text, all, left);
    return y + 1;
}

int panel_cpus_draw(const struct screen *screen, int y, int lines_most)
{
    const struct sample *sample = top_shown(&screen->samples);
    int across = COLS / CPU_METER_WIDTH > 0 ? COLS / CPU_METER_WIDTH : 1, count = (int)sample->cpus.count;
    int lines = (count + across - 1) / across;
    char text[TEXT_SIZE];

    if (lines_most < 1)
        return y;
    lines = lines < lines_most ? lines : lines_most;
    if (count == 0) {
        screen_print(y, 0, "The hypervisor does not tell how busy its CPUs are.");
        return y + 1;
    }
    for (int i = 0; i < count && i < lines * across; i++) {
        int line = y + i % lines, x = i / lines * CPU_METER_WIDTH;
        double busy = rates_cpu(&screen->samples.rates, (size_t)i)->busy_percent;

        screen_print(line, x, "%3" PRIu64, sample_cpu(sample, (size_t)i)->id);
        screen_meter(line, x + 4, CPU_METER_WIDTH - 12, busy / 100);
        text_percent(busy, text);
        screen_print(line, x + CPU_METER_WIDTH - 8, "%5s%%", text);
    }
    return y + lines;
}
