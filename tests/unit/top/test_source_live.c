/* SPDX-License-Identifier: MIT */
/* Samples of a host, with this program as libctl: what the store is asked for names, and what becomes of them. */
#include "libctl/internal.h"
#include "sample_case.h"
#include "top/live_counters.h"
#include "top/source.h"

#include <errno.h>
#include <stdlib.h>

#define DOMAINS_MAX 300

static struct ctl_domain domains[DOMAINS_MAX];
static size_t domains_count, asks, asked;
static unsigned renewals;
static bool store_fails;

int ctl_host_get(struct ctl *ctl, struct ctl_host *host)
{
    *host = (struct ctl_host){ .cpus_online = 2, .total_kib = 4096 };
    return 0;
}

ssize_t ctl_pool_list(struct ctl *ctl, struct ctl_pool **list)
{
    return -EOPNOTSUPP;
}

ssize_t ctl_cpu_idle_times(struct ctl *ctl, uint64_t *idle_ns, size_t most)
{
    return -EOPNOTSUPP;
}

ssize_t ctl_vcpu_times(struct ctl *ctl, uint32_t domid, uint32_t vcpus_max, struct ctl_vcpu_time *list, size_t most)
{
    return 0;
}

int ctl_own_wait_time(struct ctl *ctl, uint32_t vcpu, uint64_t *wait_ns)
{
    return -EOPNOTSUPP;
}

const char *ctl_error(const struct ctl *ctl)
{
    return "";
}

struct xs_handle *ctl_store(struct ctl *ctl)
{
    return NULL;
}

bool ctl_store_renew(struct ctl *ctl)
{
    renewals++;
    return false;
}

bool live_counters_exist(struct ctl *ctl)
{
    return false;
}

void live_counters_read(struct ctl *ctl, struct sample *sample, struct sample_domain *domain)
{
}

ssize_t ctl_domain_list_bare(struct ctl *ctl, uint32_t first, struct ctl_domain **list)
{
    *list = calloc(domains_count + 1, sizeof(**list));
    memcpy(*list, domains, domains_count * sizeof(**list));
    return (ssize_t)domains_count;
}

int ctl_domain_read_names(struct ctl *ctl, struct ctl_domain *list, size_t count)
{
    asks++;
    asked += count;
    if (store_fails)
        return -EIO;
    for (size_t i = 0; i < count; i++)
        if (list[i].domid != 7) /* its name is not written yet */
            snprintf(list[i].name, sizeof(list[i].name), "guest-%u", list[i].domid);
    return 0;
}

static struct sample sample;
static struct source *source;

static void looks(size_t asks_expected, size_t asked_expected)
{
    asks = asked = 0;
    CU_ASSERT_EQUAL(source->next(source, &sample), 1);
    CU_ASSERT_EQUAL(sample.domains.count, domains_count);
    CU_ASSERT_EQUAL(asks, asks_expected);
    CU_ASSERT_EQUAL(asked, asked_expected);
}

/* All names are asked for at once, and then those alone that are not known. */
static void names(void)
{
    const char *error;

    source = source_live_open(NULL, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(source);
    for (domains_count = 0; domains_count < 200; domains_count++)
        domains[domains_count] = (struct ctl_domain){ .domid = (uint32_t)domains_count, .uuid = { 1 } };
    looks(1, 200);
    CU_ASSERT_STRING_EQUAL(sample_domain(&sample, 199)->name, "guest-199");
    CU_ASSERT_STRING_EQUAL(sample_domain(&sample, 7)->name, "");
    looks(1, 1);
    domains[5].uuid[0] = 2; /* another domain of that number */
    domains[domains_count++] = (struct ctl_domain){ .domid = 4000, .uuid = { 3 } };
    looks(1, 3);
    CU_ASSERT_STRING_EQUAL(sample_domain(&sample, 200)->name, "guest-4000");
}

/* A store that is gone takes no name away; one that comes back is asked again. */
static void lost_store(void)
{
    store_fails = true;
    domains[domains_count++] = (struct ctl_domain){ .domid = 5000, .uuid = { 3 } };
    renewals = 0;
    looks(1, 2);
    CU_ASSERT_EQUAL(renewals, 1);
    CU_ASSERT_STRING_EQUAL(sample_domain(&sample, 199)->name, "guest-199");
    CU_ASSERT_STRING_EQUAL(sample_domain(&sample, 201)->name, "");
    looks(1, 2);
    store_fails = false;
    looks(1, 2);
    CU_ASSERT_STRING_EQUAL(sample_domain(&sample, 201)->name, "guest-5000");
    domains_count = 0;
    looks(0, 0);
    sample_free(&sample);
    source->close(source);
}

TEST_MAIN("live source", { "names", names }, { "lost_store", lost_store })
