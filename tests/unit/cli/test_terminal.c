/* SPDX-License-Identifier: MIT */
/*
 * What a terminal gets and a file does not: progress of what takes longer than half a second, and colours; and what
 * --quiet and --verbose take away and add.
 */
#include "../run_tests.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "outcome.h"

#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int terminal;
static FILE *screen;

static void open_terminal(void)
{
    int inside;

    CU_ASSERT_EQUAL_FATAL(openpty(&terminal, &inside, NULL, NULL, NULL), 0);
    CU_ASSERT_EQUAL(fcntl(terminal, F_SETFL, O_NONBLOCK), 0);
    screen = fdopen(inside, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(screen);
}

/* What the terminal has got since the last call. */
static const char *got(void)
{
    static char text[4096];
    size_t length = 0;
    ssize_t part;

    fflush(screen);
    while (length < sizeof(text) - 1 && (part = read(terminal, text + length, sizeof(text) - 1 - length)) > 0)
        length += (size_t)part;
    text[length] = '\0';
    return text;
}

static void pass_ms(long ms)
{
    const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

    nanosleep(&time, NULL);
}

static void progress(void)
{
    struct progress told;

    setenv("TERM", "xterm", 1);
    progress_begin(&told, screen, "working");
    progress_end(&told);
    CU_ASSERT_STRING_EQUAL(got(), ""); /* it was done before that */
    progress_begin(&told, screen, "working");
    pass_ms(250);
    CU_ASSERT_STRING_EQUAL(got(), "");
    for (int patience = 0; patience < 100; patience++) {
        pass_ms(100);
        const char *text = got();

        if (*text) {
            CU_ASSERT_EQUAL(strncmp(text, "working ...", 11), 0);
            break;
        }
        CU_ASSERT_FATAL(patience < 99);
    }
    char text[256] = "";

    for (int patience = 0; patience < 100 && !strstr(text, "2 s"); patience++) {
        pass_ms(100);
        strncat(text, got(), sizeof(text) - 1 - strlen(text));
    }
    CU_ASSERT_STRING_EQUAL(text, "\rworking ... 1 s\rworking ... 2 s"); /* one line, that does not grow */
    progress_end(&told);
    const char *end = strstr(got(), "\r\033[K");

    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    CU_ASSERT_STRING_EQUAL(end, "\r\033[K"); /* the line is empty again */
}

static void no_progress_in_a_file(void)
{
    struct progress told;
    FILE *file = tmpfile();

    progress_begin(&told, file, "working");
    CU_ASSERT_FALSE(told.started);
    progress_end(&told);
    CU_ASSERT_EQUAL(ftell(file), 0);
    fclose(file);
    setenv("TERM", "dumb", 1);
    progress_begin(&told, screen, "working");
    CU_ASSERT_FALSE(told.started);
    progress_end(&told);
    setenv("TERM", "xterm", 1);
}

static const char *error_of(char *word)
{
    char *argv[] = { (char[]){ "ctl" }, word };
    FILE *out = fopen("/dev/null", "w");

    CU_ASSERT_EQUAL(cli_main(2, argv, out, screen), CLI_USAGE);
    fclose(out);
    return got();
}

static void colours(void)
{
    unsetenv("NO_COLOR");
    setenv("TERM", "xterm", 1);
    CU_ASSERT_EQUAL(strncmp(error_of((char[]){ "lsit" }), "\033[1;31mctl:\033[0m there is no verb", 30), 0);
    setenv("NO_COLOR", "1", 1);
    CU_ASSERT_EQUAL(strncmp(error_of((char[]){ "lsit" }), "ctl: there is no verb", 21), 0);
    unsetenv("NO_COLOR");
    setenv("TERM", "dumb", 1);
    CU_ASSERT_EQUAL(strncmp(error_of((char[]){ "lsit" }), "ctl: there is no verb", 21), 0);
    unsetenv("TERM");
    CU_ASSERT_EQUAL(strncmp(error_of((char[]){ "lsit" }), "ctl: there is no verb", 21), 0);
    setenv("TERM", "dumb", 1);
    struct outcome outcome = outcome_of(cli_main, "ctl", (const char *const[]){ "lsit", NULL });

    CU_ASSERT_PTR_NULL(strchr(outcome.err, '\033')); /* not in what is no terminal */
    end(&outcome);
}

#define CHECK "create", "-n", "name=x", "kernel=/proc/self/exe", "vnc=1"

static void quiet_and_verbose(void)
{
    struct outcome outcome = outcome_of(cli_main, "ctl", (const char *const[]){ "--quiet", CHECK, NULL });

    CU_ASSERT_EQUAL(outcome.status, 0);
    CU_ASSERT_STRING_EQUAL(outcome.out, "");
    CU_ASSERT_STRING_EQUAL(outcome.err, "");
    end(&outcome);
    outcome = outcome_of(cli_main, "ctl", (const char *const[]){ "help", "--quiet", "list", NULL });
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome.out, "list: ")); /* what was asked for */
    end(&outcome);
    outcome = outcome_of(cli_main, "ctl", (const char *const[]){ CHECK, "--verbose", NULL });
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome.err, "ctl: the configuration is good; 1 warnings\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome.err, "ctl: create took 0."));
    end(&outcome);
    outcome = outcome_of(cli_main, "ctl", (const char *const[]){ CHECK, NULL });
    CU_ASSERT_PTR_NULL(strstr(outcome.err, "took"));
    end(&outcome);
    outcome = outcome_of(cli_main, "ctl", (const char *const[]){ "--json", "--verbose", CHECK, NULL });
    CU_ASSERT_PTR_NULL(strstr(outcome.err, "took")); /* lines of JSON stay lines of JSON */
    end(&outcome);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(open_terminal), TEST_CASE(progress), TEST_CASE(no_progress_in_a_file), TEST_CASE(colours),
        TEST_CASE(quiet_and_verbose),
    };
    return RUN_TESTS("terminal", tests);
}
