/* SPDX-License-Identifier: MIT */
/* Rows of the screen: which domains, in which order, which one is selected; and the texts of their cells. */
#include "sample_case.h"
#include "top/view.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>

static struct sample before, sample;
static struct rates rates;
static struct view view;

static void clean(void)
{
    sample_free(&before);
    sample_free(&sample);
    rates_free(&rates);
    view_free(&view);
}

/* Domains 0 to count - 1 with these times on CPUs, in milliseconds, within one second. */
static void machine(const unsigned *ms, size_t count)
{
    sample_at(&before, 1);
    sample_at(&sample, 2);
    for (size_t i = 0; i < count; i++) {
        add_domain(&before, i, "u");
        struct sample_domain *domain = add_domain(&sample, i, "u");

        domain->cpu_time_ns = ms[i] * 1000000ull;
        domain->pool = i % 2;
        add_vcpu(&sample, 0, 0);
        add_network(&sample, 0, 0);
        add_disk(&sample, 51712, 0);
    }
    CU_ASSERT(rates_compute(&rates, &before, &sample));
    view.sort = columns_find("CPU%");
}

/* The rows as text: domains by number, p a pool, x exits, h hypercalls, v a vCPU, n a network, d a disk. */
static void rows_are(const char *expected)
{
    char text[256] = "";

    CU_ASSERT(view_build(&view, &sample, &rates));
    for (size_t i = 0; i < view.rows.count; i++) {
        const struct row *row = view_row(&view, i);
        char one[2] = { "p0xhvnd"[row->kind] };

        if (row->kind == ROW_DOMAIN)
            one[0] = (char)('0' + sample_domain(&sample, row->domain)->domid);
        strcat(text, one);
    }
    CU_ASSERT_STRING_EQUAL(text, expected);
    if (strcmp(text, expected) != 0)
        fprintf(stderr, "rows: %s, not %s\n", text, expected);
}

static void sorted(void)
{
    const unsigned ms[] = { 5, 30, 20, 20, 0 };

    machine(ms, 5);
    rows_are("12304");
    view.reverse = true;
    rows_are("40321");
    view.reverse = false;
    view.sort = columns_find("ID");
    rows_are("43210");
    view.sort = columns_find("name");
    rows_are("01234");
    strcpy(sample_domain(&sample, 4)->name, "Berta");
    strcpy(sample_domain(&sample, 0)->name, "anton");
    rows_are("04123");
    sample_domain(&sample, 2)->wait_time_ns = 5;
    sample_domain(&before, 2)->wait_time_ns = 0;
    CU_ASSERT(rates_compute(&rates, &before, &sample));
    view.sort = columns_find("WAIT%"); /* what is not known comes last */
    rows_are("20134");
    CU_ASSERT_EQUAL(columns_find("no such"), columns_count);
    view.sort = 0;
    view_sort_next(&view, -1);
    CU_ASSERT_EQUAL(view.sort, columns_count - 1);
    view_sort_next(&view, 1);
    CU_ASSERT_EQUAL(view.sort, 0);
    clean();
}

static void filtered(void)
{
    const unsigned ms[] = { 1, 2, 3 };

    machine(ms, 3);
    strcpy(sample_domain(&sample, 1)->name, "Web1");
    strcpy(view.filter, "wEb");
    rows_are("1");
    CU_ASSERT_EQUAL(view.domains_shown, 1);
    strcpy(view.filter, "nothing");
    rows_are("");
    view_move(&view, &sample, 1, 10);
    clean();
}

static void with_parts(void)
{
    const unsigned ms[] = { 3, 2, 1 };

    machine(ms, 3);
    view.tree = true;
    rows_are("p02p1");
    view.tree = false;
    view.vcpus = view.disks = true;
    rows_are("0vd1vd2vd");
    view.vcpus = view.disks = false;
    view.has_open = true;
    view.open = 1;
    rows_are("01vnd2");
    sample_domain(&sample, 1)->exits = 0; /* they are counted */
    rows_are("01xhvnd2");
    view.has_open = false;
    view.exits = true; /* asked for: shown, if only to say that they are not known */
    rows_are("0xh1xh2xh");
    clean();
}

/* The selection stays with its domain, wherever that is sorted to; when it ends, with its neighbour. */
static void selection(void)
{
    unsigned ms[] = { 50, 40, 30, 20, 10 };

    machine(ms, 5);
    view.vcpus = true;
    rows_are("0v1v2v3v4v");
    CU_ASSERT(!view.has_selected);
    view_move(&view, &sample, 2, 4);
    CU_ASSERT_EQUAL(view.selected, 2);
    CU_ASSERT_EQUAL(view.cursor, 4);
    CU_ASSERT_EQUAL(view.top, 1);
    view.reverse = true;
    rows_are("4v3v2v1v0v");
    CU_ASSERT_EQUAL(view.cursor, 4);
    view_move(&view, &sample, -100, 4);
    CU_ASSERT_EQUAL(view.selected, 4);
    CU_ASSERT_EQUAL(view.top, 0);
    view_move(&view, &sample, 100, 4);
    CU_ASSERT_EQUAL(view.selected, 0);
    view_move(&view, &sample, -2, 4);
    CU_ASSERT_EQUAL(view.selected, 2);
    strcpy(view.filter, "guest");
    strcpy(sample_domain(&sample, 2)->name, "gone");
    rows_are("4v3v1v0v");
    CU_ASSERT_EQUAL(view.selected, 1);
    view_move(&view, &sample, 0, 100);
    CU_ASSERT_EQUAL(view.top, 0);
    clean();
}

static void nothing_selected_stays_on_top(void)
{
    const unsigned ms[] = { 1, 2, 3 };

    machine(ms, 3);
    view.tree = true;
    rows_are("p20p1");
    CU_ASSERT_EQUAL(view.cursor, 1);
    view_move(&view, &sample, 0, 2);
    CU_ASSERT_EQUAL(view.top, 0);
    clean();
}

static void numbers(void)
{
    static const struct {
        void (*print)(double number, char text[TEXT_SIZE]);
        double number;
        const char *text;
    } cases[] = {
        { text_bytes, 0, "0" }, { text_bytes, 1023, "1023" }, { text_bytes, 1024, "1.0K" },
        { text_bytes, 9.94 * 1024, "9.9K" }, { text_bytes, 9.96 * 1024, "10K" }, { text_bytes, 1023.6 * 1024, "1.0M" },
        { text_bytes, 64.0 * (1ull << 30), "64G" }, { text_bytes, 1e21, "867E" }, { text_bytes, NAN, "-" },
        { text_count, 999, "999" }, { text_count, 999.6, "1.0k" }, { text_count, 1000, "1.0k" },
        { text_count, 56000, "56k" }, { text_percent, 12.345, "12.3" }, { text_percent, NAN, "-" },
        { text_percent, 999.94, "999.9" }, { text_percent, 999.95, "1000" }, { text_percent, 12800, "12800" },
        { text_percent, 99999.5, ">99k" },
        { text_seconds, 12.34, "12.3" }, { text_seconds, 3600 + 62, "1:01:02" },
        { text_seconds, 12 * 86400 + 3 * 3600 + 240, "12d03:04" }, { text_seconds, NAN, "-" },
        { text_seconds, 999 * 86400.0, "999d00:00" }, { text_seconds, 12345 * 86400.0, "12345d" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[TEXT_SIZE];

        cases[i].print(cases[i].number, text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].text);
    }
}

static void disks(void)
{
    static const struct {
        uint64_t id;
        const char *text;
    } cases[] = { { 51712, "xvda" }, { 51713, "xvda1" }, { 51728, "xvdb" }, { 2049, "sda1" }, { 768, "hda" },
                  { 5632, "hdc" }, { 268439552, "xvdq" },
                  { 1u << 28 | 25 << 8 | 3, "xvdz3" }, { 1u << 28 | 26 << 8, "xvdaa" }, { 1u << 28 | 701 << 8, "xvdzz" },
                  { 1u << 28 | 702 << 8, "268615168" }, { 1u << 29, "536870912" }, { UINT64_MAX - 1, "18446744073709551614" } };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[TEXT_SIZE];

        text_disk(cases[i].id, text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].text);
    }
}

static void names(void)
{
    char text[32];

    CU_ASSERT_PTR_NOT_NULL_FATAL(setlocale(LC_CTYPE, "C.UTF-8"));
    CU_ASSERT_EQUAL(text_fit("plain", 10, text, sizeof(text)), 5);
    CU_ASSERT_STRING_EQUAL(text, "plain");
    CU_ASSERT_EQUAL(text_fit("too-long", 4, text, sizeof(text)), 4);
    CU_ASSERT_STRING_EQUAL(text, "too-");
    CU_ASSERT_EQUAL(text_fit("\x1b[2J\xff\n", 10, text, sizeof(text)), 6);
    CU_ASSERT_STRING_EQUAL(text, "?[2J??");
    CU_ASSERT_EQUAL(text_fit("\303\274\303\274", 1, text, sizeof(text)), 1);
    CU_ASSERT_STRING_EQUAL(text, "\303\274");
    CU_ASSERT_EQUAL(text_fit("\345\255\227\345\255\227", 3, text, sizeof(text)), 2); /* two wide characters */
    CU_ASSERT_EQUAL(text_fit("\302\233" "1m", 10, text, sizeof(text)), 3); /* a control character of 8 bits */
    CU_ASSERT_STRING_EQUAL(text, "?1m");
    CU_ASSERT_EQUAL(text_fit("\303", 10, text, sizeof(text)), 1);
    CU_ASSERT_STRING_EQUAL(text, "?");
    CU_ASSERT_EQUAL(text_fit("\342\200\256cod.exe", 10, text, sizeof(text)), 8); /* writing from right to left */
    CU_ASSERT_STRING_EQUAL(text, "?cod.exe");
    CU_ASSERT_EQUAL(text_fit("a\342\200\213b\357\273\277", 10, text, sizeof(text)), 4); /* nothing to be seen */
    CU_ASSERT_STRING_EQUAL(text, "a?b?");
    CU_ASSERT_EQUAL(text_fit("\314\210b\314\210", 10, text, sizeof(text)), 2); /* a mark without a letter; one with it */
    CU_ASSERT_STRING_EQUAL(text, "?b\314\210");
    setlocale(LC_CTYPE, "C");
    text_fit("\303\274", 10, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "??");
}

/* Names for output that goes on line by line: whatever the locale is. */
static void plain_names(void)
{
    char text[16];

    text_plain("a\x1b[31m\n\r\t\x7f\302\233\302\240", text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "a?[31m?????\302\240");
    text_plain("0123456789abcdefghij", text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "0123456789abcde");
    text_plain("0123456789abc\303\274", text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "0123456789abc\303\274");
    text_plain("0123456789abcd\303\274", text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "0123456789abcd");
    text_plain("\302\x9b\x9bm\302", text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "??m?");
}

/* Every heading and every text fits into its column. */
static void columns_fit(void)
{
    const unsigned ms[] = { 123456 };
    struct cell cell = { &sample, &rates, 0 };

    machine(ms, 1);
    sample.host.memory_kib = 1;
    sample_domain(&sample, 0)->memory_kib = 1ull << 40;
    sample_domain(&sample, 0)->cpu_time_ns = INT64_MAX;
    sample_domain(&sample, 0)->domid = 32751; /* the largest */
    for (size_t i = 0; i < columns_count; i++) {
        char text[256];

        CU_ASSERT((int)strlen(columns[i].heading) <= columns[i].width);
        CU_ASSERT(columns_text(&columns[i], &cell, columns[i].width, text, sizeof(text)) <= columns[i].width);
        CU_ASSERT(i != columns_find("ID") || strcmp(text, "32751") == 0);
        CU_ASSERT_EQUAL(columns_find(columns[i].heading), i);
        CU_ASSERT(strlen(columns[i].help) <= 80 - 12);
    }
    clean();
}

TEST_MAIN("view", { "sorted", sorted }, { "filtered", filtered }, { "with_parts", with_parts },
          { "selection", selection }, { "nothing_selected_stays_on_top", nothing_selected_stays_on_top },
          { "numbers", numbers }, { "disks", disks }, { "names", names }, { "plain_names", plain_names },
          { "columns_fit", columns_fit })
