/* SPDX-License-Identifier: MIT */
/* Metrics as text, and the requests for them. */
#include "sample_case.h"
#include "top/http.h"
#include "top/metrics.h"
#include "top/sampler.h"

#include <stdlib.h>
#include <unistd.h>

static char *printed(const struct sample *sample)
{
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    metrics_print(file, sample);
    fclose(file);
    return text;
}

static bool has(const char *text, const char *line)
{
    char whole[512];

    snprintf(whole, sizeof(whole), "\n%s\n", line);
    if (strstr(text, whole))
        return true;
    fprintf(stderr, "missing: %s\n", line);
    return false;
}

static void values(void)
{
    struct sample sample = { 0 };
    char *text;

    sample_at(&sample, 1);
    add_cpu(&sample, 3, 12345678901);
    struct sample_domain *domain = add_domain(&sample, 7, "a-uuid");
    strcpy(domain->name, "web");
    domain->memory_kib = 4;
    domain->cpu_time_ns = 1500000000;
    domain->exits = 17;
    domain->exits_by[SAMPLE_EXIT_CPUID] = 9;
    domain->hypercalls_by[SAMPLE_CALL_EVENT] = 3;
    domain->blocked = true;
    add_vcpu(&sample, 1, 7);
    add_network(&sample, 0, 99);
    add_disk(&sample, 51712, 5)->read_sectors = 3;
    text = printed(&sample);
    CU_ASSERT(has(text, "keel_host_cpus 4"));
    CU_ASSERT(has(text, "keel_host_cpu_idle_seconds_total{cpu=\"3\"} 12.345678901"));
    CU_ASSERT(has(text, "keel_domain_info{domid=\"7\",name=\"web\",uuid=\"a-uuid\",pool=\"0\"} 1"));
    CU_ASSERT(has(text, "keel_domain_cpu_seconds_total{domid=\"7\",name=\"web\"} 1.500000000"));
    CU_ASSERT(has(text, "keel_domain_memory_bytes{domid=\"7\",name=\"web\"} 4096"));
    CU_ASSERT(has(text, "keel_domain_exits_total{domid=\"7\",name=\"web\",kind=\"cpuid\"} 9"));
    CU_ASSERT(has(text, "keel_domain_hypercalls_total{domid=\"7\",name=\"web\",kind=\"event\"} 3"));
    CU_ASSERT_PTR_NULL(strstr(text, "kind=\"msr\"")); /* not known, and no sum that would be counted twice */
    CU_ASSERT_PTR_NULL(strstr(text, "keel_vcpu_exits_total{"));
    CU_ASSERT(has(text, "keel_domain_state{domid=\"7\",name=\"web\",state=\"blocked\"} 1"));
    CU_ASSERT(has(text, "keel_domain_state{domid=\"7\",name=\"web\",state=\"running\"} 0"));
    CU_ASSERT(has(text, "keel_vcpu_cpu_seconds_total{domid=\"7\",name=\"web\",vcpu=\"1\"} 0.000000007"));
    CU_ASSERT(has(text, "keel_network_receive_bytes_total{domid=\"7\",name=\"web\",device=\"0\"} 99"));
    CU_ASSERT(has(text, "keel_disk_read_bytes_total{domid=\"7\",name=\"web\",device=\"51712\"} 1536"));
    /* what nobody counts, and no limit: nothing is said */
    CU_ASSERT_PTR_NULL(strstr(text, "keel_domain_wakeups_total{"));
    CU_ASSERT_PTR_NULL(strstr(text, "keel_domain_memory_max_bytes{"));
    free(text);
    sample_free(&sample);
}

/* Quotes and backslashes are escaped; control characters and what is no UTF-8 are replaced. */
static void labels(void)
{
    static const struct {
        const char *name, *label;
    } cases[] = {
        { "a\"b\\c\nd", "a\\\"b\\\\c?d" }, { "\x1b[2J", "?[2J" }, { "\303\274", "\303\274" }, { "\360\237\220\237", "\360\237\220\237" },
        { "x\303", "x?" }, { "\377\376", "??" }, { "\300\200", "??" }, { "\355\240\200", "???" },
        { "\364\220\200\200", "????" }, { "\340\200\200", "???" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sample sample = { 0 };
        char line[256], *text;

        sample_at(&sample, 1);
        strcpy(add_domain(&sample, 1, "u")->name, cases[i].name);
        text = printed(&sample);
        snprintf(line, sizeof(line), "keel_domain_vcpus_max{domid=\"1\",name=\"%s\"} 0", cases[i].label);
        CU_ASSERT(has(text, line));
        free(text);
        sample_free(&sample);
    }
}

/* The form that scrapers demand: each metric once, with HELP and TYPE before its values, which have its name. */
static void form(void)
{
    const char *error;
    struct source *fake = source_fake_open(30, SECOND_NS, &error);
    struct sample sample = { 0 };
    char *text, *rest, name[128] = "", seen[16384] = "";

    CU_ASSERT_EQUAL(fake->next(fake, &sample), 1);
    rest = text = printed(&sample);
    for (char *line; (line = strsep(&rest, "\n")) && *line;) {
        char own[128], after;

        if (sscanf(line, "# HELP %127s ", own) == 1) {
            char word[160];

            snprintf(word, sizeof(word), " %s ", own);
            CU_ASSERT_PTR_NULL(strstr(seen, word));
            strcat(seen, word);
            strcpy(name, own);
            CU_ASSERT_EQUAL(strncmp(name, "keel_", 5), 0);
            continue;
        }
        if (sscanf(line, "# TYPE %127s", own) == 1) {
            CU_ASSERT_STRING_EQUAL(own, name);
            bool is_total = strlen(name) > 6 && strcmp(name + strlen(name) - 6, "_total") == 0;

            CU_ASSERT_EQUAL(strstr(line, " counter") != NULL, is_total);
            continue;
        }
        CU_ASSERT_EQUAL(strncmp(line, name, strlen(name)), 0);
        after = line[strlen(name)];
        CU_ASSERT(after == '{' || after == ' ');
        CU_ASSERT_PTR_NULL(strstr(line, "nan"));
    }
    free(text);
    sample_free(&sample);
    fake->close(fake);
}

#define LONG_PATH "/0123456789012345678901234567890123456789012345678901234567890123456789"

static void requests(void)
{
    static const struct {
        const char *text;
        int status;
        const char *path;
    } cases[] = {
        { "", 0, NULL }, { "GET /metrics HTTP/1.1\r\n", 0, NULL }, { "GET /metrics HTTP/1.1\r\nHost: x\r\n", 0, NULL },
        { "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 200, "/metrics" },
        { "GET /metrics HTTP/1.0\n\n", 200, "/metrics" }, { "HEAD /metrics HTTP/1.1\r\n\r\n", 200, "/metrics" },
        { "GET /metrics?a=b HTTP/1.1\r\n\r\n", 200, "/metrics" },
        { "GET http://host:1/metrics HTTP/1.1\r\n\r\n", 200, "/metrics" },
        { "GET http://host HTTP/1.1\r\n\r\n", 400, NULL }, { "GET metrics HTTP/1.1\r\n\r\n", 400, NULL },
        { "GET /a\tb HTTP/1.1\r\n\r\n", 400, NULL }, { "GET /metrics\r\n", 400, NULL },
        { "GET /metrics HTTP/1.1x\r\n", 400, NULL }, { "\r\n", 400, NULL }, { "nonsense\n", 400, NULL },
        { "GET /metrics HTTP/2.0\r\n\r\n", 505, NULL }, { "POST /metrics HTTP/1.1\r\n", 405, NULL },
        { "get /metrics HTTP/1.1\r\n", 405, NULL },
        { "GET " LONG_PATH LONG_PATH LONG_PATH LONG_PATH " HTTP/1.1\r\n\r\n", 414, NULL },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_request request = { 0 };
        size_t length = strlen(cases[i].text);
        char *text = malloc(length + 1); /* of just this size */
        int status;

        text = realloc(text, length ? length : 1);
        memcpy(text, cases[i].text, length);
        status = http_parse(text, length, &request);
        CU_ASSERT_EQUAL(status, cases[i].status);
        if (status != cases[i].status)
            fprintf(stderr, "%s: %d\n", cases[i].text, status);
        if (cases[i].path)
            CU_ASSERT_STRING_EQUAL(request.path, cases[i].path);
        CU_ASSERT_EQUAL(request.head_only && status == 200, cases[i].path && *cases[i].text == 'H');
        free(text);
    }
    char *endless = malloc(HTTP_REQUEST_MAX);
    struct http_request request;

    memset(endless, 'a', HTTP_REQUEST_MAX);
    CU_ASSERT_EQUAL(http_parse(endless, HTTP_REQUEST_MAX - 1, &request), 0);
    CU_ASSERT_EQUAL(http_parse(endless, HTTP_REQUEST_MAX, &request), 414);
    memcpy(endless, "GET / HTTP/1.1\r\n", 16);
    CU_ASSERT_EQUAL(http_parse(endless, HTTP_REQUEST_MAX, &request), 431);
    memcpy(endless, "GET /\0 HTTP/1.1\r\n", 17);
    CU_ASSERT_EQUAL(http_parse(endless, 17, &request), 400);
    free(endless);
}

TEST_MAIN("metrics", { "values", values }, { "labels", labels }, { "form", form }, { "requests", requests })
