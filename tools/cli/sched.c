/* SPDX-License-Identifier: MIT */
/* The verbs sched-credit and sched-credit2; see sched.h. */
#include "json.h"
#include "sched.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RATELIMIT_LEAST_US 100u
#define RATELIMIT_MOST_US 500000u

void sched_print_pool(FILE *out, const struct ctl_pool *pool, const struct ctl_pool_times *times)
{
    if (pool->scheduler == CTL_SCHEDULER_CREDIT)
        fprintf(out, "Cpupool %s: tslice=%ums ratelimit=%uus migration-delay=%uus\n", pool->name, times->timeslice_ms,
                times->ratelimit_us, times->migration_delay_us);
    else
        fprintf(out, "Cpupool %s: ratelimit=%uus\n", pool->name, times->ratelimit_us);
}

void sched_print_header(FILE *out)
{
    fprintf(out, "%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
}

void sched_print(FILE *out, const struct ctl_domain *domain, const struct ctl_share *share)
{
    fprintf(out, "%-33s %4u %6u %4u\n", *domain->name ? domain->name : "(null)", domain->domid,
            share->weight, share->cap);
}

static void put_share(yajl_gen json, const struct ctl_domain *domain, const struct ctl_share *share)
{
    json_object_open(json);
    json_number(json, "domid", domain->domid);
    json_text(json, "name", domain->name);
    json_number(json, "weight", share->weight);
    json_number(json, "cap", share->cap);
    json_object_close(json);
}

static void put_pool(yajl_gen json, const struct ctl_pool *pool, const struct ctl_pool_times *times)
{
    json_object_open(json);
    json_text(json, "name", pool->name);
    json_number(json, "ratelimit_us", times->ratelimit_us);
    if (pool->scheduler == CTL_SCHEDULER_CREDIT) {
        json_number(json, "timeslice_ms", times->timeslice_ms);
        json_number(json, "migration_delay_us", times->migration_delay_us);
    }
}

/* One pool with its domains, unless s asks for the pool alone. */
static int show_pool(struct cli *cli, const struct ctl_pool *pool, yajl_gen json)
{
    struct ctl_pool_times times = { 0 };
    struct ctl_domain *list;
    int result = ctl_pool_times_get(cli->ctl, pool, &times), status = CLI_DONE;

    /* A scheduler without parameters of its own has shares all the same. */
    if (result < 0 && (result != -EOPNOTSUPP || cli_given(cli, 's')))
        return cli_fail_ctl(cli, result);
    if (json)
        put_pool(json, pool, &times);
    else
        sched_print_pool(cli->out, pool, &times);
    if (cli_given(cli, 's')) {
        json_object_close(json);
        return CLI_DONE;
    }
    ssize_t count = ctl_domain_list(cli->ctl, &list);

    if (count < 0)
        return cli_fail_ctl(cli, (int)count);
    cli_warn_of_names(cli, list, count);
    if (json)
        json_array_open(json, "domains");
    else
        sched_print_header(cli->out);
    for (ssize_t i = 0; i < count && status == CLI_DONE; i++) {
        struct ctl_share share;

        if (list[i].pool != pool->id)
            continue;
        result = ctl_share_get(cli->ctl, list[i].domid, pool->scheduler, &share);
        if (result == -ESRCH)
            continue;
        if (result < 0)
            status = cli_fail_ctl(cli, result);
        else if (json)
            put_share(json, &list[i], &share);
        else
            sched_print(cli->out, &list[i], &share);
    }
    json_array_close(json);
    json_object_close(json);
    free(list);
    return status;
}

static bool is_meant(struct cli *cli, const struct ctl_pool *pool, enum ctl_scheduler scheduler)
{
    const char *name = cli_value(cli, 'p');

    return pool->scheduler == scheduler && (!name || strcmp(name, pool->name) == 0);
}

static int show_pools(struct cli *cli, const struct ctl_pool *pools, ssize_t count, enum ctl_scheduler scheduler)
{
    yajl_gen json = NULL;
    int status = CLI_DONE;

    if (cli->json) {
        json = json_open(scheduler == CTL_SCHEDULER_CREDIT ? "keel.sched-credit/1" : "keel.sched-credit2/1");
        json_array_open(json, "pools");
    }
    for (ssize_t i = 0; i < count && status == CLI_DONE; i++)
        if (is_meant(cli, &pools[i], scheduler))
            status = show_pool(cli, &pools[i], json);
    if (!cli->json)
        return status;
    if (status != CLI_DONE) {
        if (json)
            yajl_gen_free(json);
        return status;
    }
    json_array_close(json);
    return json_close(cli, json, cli->out);
}

/* Changes the parameters of the pools that are meant. */
static int set_times(struct cli *cli, const struct ctl_pool *pools, ssize_t count, enum ctl_scheduler scheduler)
{
    const char *ratelimit = cli_value(cli, 'r'), *slice = cli_value(cli, 't'), *delay = cli_value(cli, 'm');

    for (ssize_t i = 0; i < count; i++) {
        struct ctl_pool_times times;

        if (!is_meant(cli, &pools[i], scheduler))
            continue;
        int result = ctl_pool_times_get(cli->ctl, &pools[i], &times);

        if (result < 0)
            return cli_fail_ctl(cli, result);
        if ((ratelimit && !cli_number(cli, "rate limit", ratelimit, 0, RATELIMIT_MOST_US, &times.ratelimit_us)) ||
            (slice && !cli_number(cli, "time slice", slice, 1, 1000, &times.timeslice_ms)) ||
            (delay && !cli_number(cli, "migration delay", delay, 0, 100000, &times.migration_delay_us)))
            return CLI_USAGE;
        if (ratelimit && times.ratelimit_us > 0 && times.ratelimit_us < RATELIMIT_LEAST_US)
            return cli_usage_error(cli, "a rate limit of %u us is too short: it is from %u to %u us, or 0 for none",
                                   times.ratelimit_us, RATELIMIT_LEAST_US, RATELIMIT_MOST_US);
        result = ctl_pool_times_set(cli->ctl, &pools[i], &times);
        if (result < 0)
            return cli_fail_ctl(cli, result);
    }
    return CLI_DONE;
}

/* One domain: its share is shown, or changed. */
static int domain_share(struct cli *cli, enum ctl_scheduler scheduler)
{
    const char *weight = cli_value(cli, 'w'), *cap = cli_value(cli, 'c');
    struct ctl_share share;
    struct ctl_domain domain;
    uint32_t domid;

    if (!cli_find(cli, cli_value(cli, 'd'), &domid))
        return CLI_FAILED;
    int result = ctl_domain_get(cli->ctl, domid, &domain);

    if (result == 0)
        result = ctl_share_get(cli->ctl, domid, scheduler, &share);
    if (result < 0)
        return cli_fail_ctl(cli, result);
    if (weight || cap) {
        if ((weight && !cli_number(cli, "weight", weight, 1, 65535, &share.weight)) ||
            (cap && !cli_number(cli, "cap", cap, 0, 65535, &share.cap)))
            return CLI_USAGE;
        result = ctl_share_set(cli->ctl, domid, scheduler, &share);
        return result < 0 ? cli_fail_ctl(cli, result) : CLI_DONE;
    }
    if (cli->json) {
        yajl_gen json = json_open(scheduler == CTL_SCHEDULER_CREDIT ? "keel.sched-credit/1" : "keel.sched-credit2/1");

        json_array_open(json, "domains");
        put_share(json, &domain, &share);
        json_array_close(json);
        return json_close(cli, json, cli->out);
    }
    sched_print_header(cli->out);
    sched_print(cli->out, &domain, &share);
    return CLI_DONE;
}

int sched_run(struct cli *cli, enum ctl_scheduler scheduler)
{
    bool times = cli_value(cli, 'r') || cli_value(cli, 't') || cli_value(cli, 'm');
    struct ctl_pool *pools;

    if ((cli_value(cli, 'w') || cli_value(cli, 'c')) && !cli_value(cli, 'd'))
        return cli_usage_error(cli, "say with -d which domain is meant");
    if (cli_value(cli, 'd') && (times || cli_given(cli, 's') || cli_value(cli, 'p')))
        return cli_usage_error(cli, "a domain has a weight and a cap; the other parameters are a pool's");
    if (times && !cli_given(cli, 's'))
        return cli_usage_error(cli, "parameters of the scheduler itself are set with -s");
    if (!cli_open(cli))
        return CLI_FAILED;
    if (cli_value(cli, 'd'))
        return domain_share(cli, scheduler);
    ssize_t count = ctl_pool_list(cli->ctl, &pools);

    if (count < 0)
        return cli_fail_ctl(cli, (int)count);
    unsigned meant = 0;

    for (ssize_t i = 0; i < count; i++)
        meant += is_meant(cli, &pools[i], scheduler);
    if (meant == 0 && (cli_value(cli, 'p') || times)) {
        free(pools);
        return cli_fail(cli, ENOENT, "there is no CPU pool%s%s%s with the scheduler %s; `ctl cpupool-list` lists them",
                        cli_value(cli, 'p') ? " \"" : "", cli_value(cli, 'p') ? cli_value(cli, 'p') : "",
                        cli_value(cli, 'p') ? "\"" : "", scheduler == CTL_SCHEDULER_CREDIT ? "credit" : "credit2");
    }
    if (meant == 0 && !cli->as_xl)
        cli_warn(cli, "no CPU pool has the scheduler %s; `ctl cpupool-list` lists them",
                 scheduler == CTL_SCHEDULER_CREDIT ? "credit" : "credit2");
    int status = times ? set_times(cli, pools, count, scheduler) : show_pools(cli, pools, count, scheduler);

    free(pools);
    return status;
}
