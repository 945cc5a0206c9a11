/* SPDX-License-Identifier: MIT */
/*
 * Threads with a handle each, under the thread sanitizer: they create, change, list and destroy domains at once; of
 * creations of one name at the same instant one wins; sentences do not mix. Configurations are read in all of them.
 */
#include "../libctl_faults/guest_case.h"
#include "../run_tests.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#define THREADS 4u
#define ROUNDS 8u

static pthread_barrier_t barrier;
static atomic_uint winners, losers, mistakes;

/* CUnit's assertions are for one thread. */
static void wanted(bool holds, const char *what, struct ctl *ctl)
{
    if (holds)
        return;
    mistakes++;
    fprintf(stderr, "%s: %s\n", what, ctl_error(ctl));
}
#define WANTED(condition) wanted(condition, #condition, ctl)

static struct ctl_config read_config(const char *name)
{
    struct ctl_config_messages messages;
    struct ctl_config config;
    char text[512];
    int length = snprintf(text, sizeof(text), 
                          "name = \"%s\"\nkernel = \"%s\"\nmemory = 16\nvcpus = 2\ncpu_weight = 7\n", name, kernel_path);

    if (ctl_config_parse(&config, "g.cfg", text, (size_t)length, NULL, 0, &messages) < 0)
        mistakes++;
    ctl_config_messages_free(&messages);
    return config;
}

static void one_life(struct ctl *ctl, unsigned thread, unsigned round)
{
    char name[32], other[32];
    struct ctl_domain *list, domain;
    uint32_t domid;

    snprintf(name, sizeof(name), "g%u-%u", thread, round);
    snprintf(other, sizeof(other), "h%u-%u", thread, round);
    struct ctl_config config = read_config(name);

    WANTED(ctl_domain_create(ctl, &config, 0, &domid) == 0);
    WANTED(ctl_domain_get(ctl, domid, &domain) == 0 && strcmp(domain.name, name) == 0);
    WANTED(ctl_domain_rename(ctl, domid, other) == 0);
    ssize_t count = ctl_domain_list(ctl, &list);

    WANTED(count >= 2);
    if (count >= 0)
        free(list);
    WANTED(ctl_domain_find(ctl, name, &domid) == -ESRCH && strstr(ctl_error(ctl), name));
    WANTED(ctl_domain_find(ctl, other, &domid) == 0);
    WANTED(ctl_domain_destroy(ctl, domid) == 0);
    ctl_config_free(&config);
}

static void *live(void *context)
{
    unsigned thread = *(unsigned *)context;
    struct ctl *ctl;

    if (ctl_open(&ctl) < 0) {
        mistakes++;
        return NULL;
    }
    for (unsigned round = 0; round < ROUNDS; round++)
        one_life(ctl, thread, round);
    ctl_close(ctl);
    return NULL;
}

static void *race(void *context)
{
    struct ctl_config config = read_config("same");
    struct ctl *ctl;
    uint32_t domid;

    if (ctl_open(&ctl) < 0) {
        mistakes++;
        return NULL;
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(&barrier);
        int result = ctl_domain_create(ctl, &config, 0, &domid);

        WANTED(result == 0 || (result == -EEXIST && strstr(ctl_error(ctl), "\"same\" already exists")));
        ++*(result == 0 ? &winners : &losers);
        pthread_barrier_wait(&barrier);
        if (result == 0)
            WANTED(ctl_domain_destroy(ctl, domid) == 0);
        pthread_barrier_wait(&barrier);
    }
    ctl_close(ctl);
    ctl_config_free(&config);
    return NULL;
}

/* What the library loads once, at the first XML that is met, in all threads at once. */
static void *convert(void *context)
{
    struct ctl_config config = read_config("x"), again;
    struct ctl_config_messages messages;

    pthread_barrier_wait(&barrier);
    char *xml = NULL;

    ctl_config_to_xml(&config, &xml, &messages);
    ctl_config_messages_free(&messages);
    if (!xml || ctl_config_from_xml(&again, "g.xml", xml, strlen(xml), &messages) < 0 || strcmp(again.name, "x") != 0)
        mistakes++;
    if (xml) {
        ctl_config_free(&again);
        ctl_config_messages_free(&messages);
    }
    free(xml);
    ctl_config_free(&config);
    return NULL;
}

static void in_threads(void *(*work)(void *context))
{
    pthread_t threads[THREADS];
    unsigned numbers[THREADS];

    fake_start(HOST_KIB);
    char *before = fake_inventory();

    CU_ASSERT_EQUAL_FATAL(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    mistakes = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, work, &numbers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&barrier);
    CU_ASSERT_EQUAL(mistakes, 0);
    CU_ASSERT_EQUAL(findings(false), 0);
    all_is_as(before, "the threads", 0);
    free(before);
    fake_end();
}

static void lives(void)
{
    in_threads(live);
}

static void one_name(void)
{
    winners = losers = 0;
    in_threads(race);
    CU_ASSERT_EQUAL(winners, ROUNDS);
    CU_ASSERT_EQUAL(losers, ROUNDS * (THREADS - 1));
}

static void xml(void)
{
    in_threads(convert);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(lives), TEST_CASE(one_name), TEST_CASE(xml),
    };

    if (!kernel_make())
        return 1;
    int status = RUN_TESTS("handles in threads", tests);

    unlink(kernel_path);
    return status;
}
