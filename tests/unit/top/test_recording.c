/* SPDX-License-Identifier: MIT */
/* Recordings: what is written is read back the same; what is no recording is refused with its line. */
#include "sample_case.h"
#include "top/sample_json.h"
#include "top/source.h"

#include <stdlib.h>

static char *written(const struct sample *sample, const struct rates *rates)
{
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    CU_ASSERT(sample_json_write(file, sample, rates));
    fclose(file);
    return text;
}

/* Every member of every structure of a made-up machine, with rates in between that the reader passes over. */
static void round_trip(void)
{
    const char *error = NULL;
    struct source *fake = source_fake_open(40, SECOND_NS, &error);
    struct sample first = { 0 }, second = { 0 }, read = { 0 };
    struct rates rates = { 0 };
    char why[256];

    CU_ASSERT_EQUAL(fake->next(fake, &first), 1);
    CU_ASSERT_EQUAL(fake->next(fake, &second), 1);
    sample_domain(&second, 3)->wait_time_ns = SAMPLE_UNKNOWN;
    sample_domain(&second, 4)->store_requests = SAMPLE_UNKNOWN;
    strcpy(sample_domain(&second, 5)->name, "\"\\ \303\274 / \x7f");
    CU_ASSERT(rates_compute(&rates, &first, &second));
    char *line = written(&second, &rates), *bare = written(&second, NULL), *again;

    CU_ASSERT(strlen(line) > strlen(bare));
    CU_ASSERT(sample_json_read(&read, line, strlen(line), why, sizeof(why)));
    again = written(&read, NULL);
    CU_ASSERT_STRING_EQUAL(again, bare);
    CU_ASSERT_EQUAL(read.domains.count, second.domains.count);
    CU_ASSERT_EQUAL(memcmp(read.domains.items, second.domains.items, read.domains.count * sizeof(struct sample_domain)),
                    0);
    CU_ASSERT_EQUAL(memcmp(read.vcpus.items, second.vcpus.items, read.vcpus.count * sizeof(struct sample_vcpu)), 0);
    free(line);
    free(bare);
    free(again);
    sample_free(&first);
    sample_free(&second);
    sample_free(&read);
    rates_free(&rates);
    fake->close(fake);
}

static void not_utf8(void)
{
    struct sample sample = { 0 }, read = { 0 };
    char why[256], *line;

    sample_at(&sample, 1);
    strcpy(add_domain(&sample, 1, "u")->name, "a\xff" "b");
    line = written(&sample, NULL);
    CU_ASSERT(sample_json_read(&read, line, strlen(line), why, sizeof(why)));
    CU_ASSERT_STRING_EQUAL(sample_domain(&read, 0)->name, "a?b");
    free(line);
    sample_free(&sample);
    sample_free(&read);
}

#define S "{\"schema\":\"keel.top/1\","

static void what_is_refused(void)
{
    static const struct {
        const char *line, *why;
    } cases[] = {
        { "", "no JSON" }, { "{", "no JSON" }, { "[]", "no object" }, { "7", "names no schema" },
        { "{}", "names no schema" }, { "{\"schema\":\"keel.top/2\"}", "schema is not" },
        { S "\"host\":{\"cpus\":\"four\"}}", "wrong type" }, { S "\"host\":{\"cpus\":-4}}", "wrong type" },
        { S "\"host\":{\"cpus\":1.5}}", "wrong type" }, { S "\"host\":{\"name\":4}}", "wrong type" },
        { S "\"domains\":[{\"running\":1}]}", "wrong type" },
        { S "\"domains\":[{\"domid\":1,\"vcpus\":[{\"id\":true}]}]}", "wrong type" },
        { S "\"host\":{\"cpus\":123456789012345678901234567890}}", "wrong type" },
        { S "\"host\":{\"cpus\":9223372036854775808}}", "too large" },
        { S "\"domains\":[{\"domid\":1}]} x", "no JSON" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sample sample = { 0 };
        char why[256] = "";
        /* memory of just this size, so that a byte read too many is seen */
        char *line = malloc(strlen(cases[i].line));

        memcpy(line, cases[i].line, strlen(cases[i].line));
        CU_ASSERT(!sample_json_read(&sample, line, strlen(cases[i].line), why, sizeof(why)));
        CU_ASSERT_PTR_NOT_NULL(strstr(why, cases[i].why));
        if (!strstr(why, cases[i].why))
            fprintf(stderr, "%s: %s\n", cases[i].line, why);
        free(line);
        sample_free(&sample);
    }
}

static void what_is_passed_over(void)
{
    const char *line = S "\"new\":{\"domains\":[{\"domid\":9}],\"a\":[[{\"b\":[1]}]]},"
                       "\"cpus\":[7,[{\"id\":1}],{\"id\":2}],"
                       "\"domains\":[{\"domid\":5,\"extra\":{\"domid\":6},\"vcpus\":[{\"id\":3,\"domid\":8}],"
                       "\"domid\":7},{\"domid\":2,\"disks\":[{\"id\":1},{\"id\":2}]}],"
                       "\"host\":{\"cpus\":3,\"x\":null}}";
    struct sample sample = { 0 };
    char why[256];

    CU_ASSERT(sample_json_read(&sample, line, strlen(line), why, sizeof(why)));
    CU_ASSERT_EQUAL(sample.host.cpus, 3);
    CU_ASSERT_EQUAL_FATAL(sample.cpus.count, 1);
    CU_ASSERT_EQUAL(sample_cpu(&sample, 0)->id, 2);
    CU_ASSERT_EQUAL_FATAL(sample.domains.count, 2);
    CU_ASSERT_EQUAL(sample_domain(&sample, 0)->domid, 2);
    CU_ASSERT_EQUAL(sample_domain(&sample, 0)->disks_count, 2);
    CU_ASSERT_EQUAL(sample_domain(&sample, 1)->domid, 7);
    CU_ASSERT_EQUAL(sample_domain(&sample, 1)->vcpus_count, 1);
    CU_ASSERT_EQUAL(sample_domain(&sample, 1)->exits, SAMPLE_UNKNOWN);
    sample_free(&sample);
}

/* Lines one after the other to the end; a damaged one is named by its number. */
static void file(void)
{
    char text[] = S "\"host\":{\"cpus\":1}}\n\n" S "\"host\":{\"cpus\":2}}\nrubbish\n";
    const char *error = NULL;
    struct source *source = source_recording_open(fmemopen(text, strlen(text), "r"), "some.file", &error);
    struct sample sample = { 0 };

    CU_ASSERT_EQUAL(source->next(source, &sample), 1);
    CU_ASSERT_EQUAL(sample.host.cpus, 1);
    CU_ASSERT_EQUAL(source->next(source, &sample), 1);
    CU_ASSERT_EQUAL(sample.host.cpus, 2);
    CU_ASSERT(source->next(source, &sample) < 0);
    CU_ASSERT_STRING_EQUAL(source->error, "some.file, line 4: this is no sample: it is no JSON");
    CU_ASSERT_EQUAL(source->next(source, &sample), 0);
    source->close(source);
    sample_free(&sample);
}

TEST_MAIN("recordings", { "round_trip", round_trip }, { "not_utf8", not_utf8 }, { "what_is_refused", what_is_refused },
          { "what_is_passed_over", what_is_passed_over }, { "file", file })
