/* SPDX-License-Identifier: MIT */
/* ctl cpupool-list: the pools that CPUs and domains are divided into, in xl's columns. */
#include "json.h"
#include "verb_cpupool_list.h"
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t cpus_of(const struct ctl_pool *pool)
{
    uint32_t count = 0;

    for (unsigned i = 0; i < CTL_CPUMAP_BYTES; i++)
        count += (uint32_t)__builtin_popcount(pool->cpus[i]);
    return count;
}

void cpupool_print_header(FILE *out, bool cpus)
{
    if (cpus)
        fprintf(out, "%-19sCPU list\n", "Name");
    else
        fprintf(out, "%-19sCPUs   Sched     Active   Domain count\n", "Name");
}

void cpupool_print(FILE *out, const struct ctl_pool *pool, bool cpus)
{
    bool first = true;

    if (!cpus) {
        fprintf(out, "%-19s%3u %9s       y       %4u\n", pool->name, cpus_of(pool), pool->scheduler_name,
                pool->domains);
        return;
    }
    fprintf(out, "%-19s", pool->name);
    for (unsigned cpu = 0; cpu < CTL_CPUMAP_BYTES * 8; cpu++) {
        if (!(pool->cpus[cpu / 8] >> cpu % 8 & 1))
            continue;
        fprintf(out, first ? "%u" : ",%u", cpu);
        first = false;
    }
    fputc('\n', out);
}

static void put(yajl_gen json, const struct ctl_pool *pool)
{
    char cpus[CLI_CPUS_TEXT_MAX];

    json_object_open(json);
    json_number(json, "id", pool->id);
    json_text(json, "name", pool->name);
    json_text(json, "scheduler", pool->scheduler_name);
    json_number(json, "cpus_count", cpus_of(pool));
    cli_cpus_print(pool->cpus, 0, cpus);
    json_text(json, "cpus", cpus);
    json_number(json, "domains", pool->domains);
    json_object_close(json);
}

static int run(struct cli *cli)
{
    const char *wanted = cli->arguments_count ? cli->arguments[0] : NULL;
    bool cpus = cli_given(cli, 'c') > 0, found = false;
    struct ctl_pool *list;
    yajl_gen json = NULL;

    if (!cli_open(cli))
        return CLI_FAILED;
    ssize_t count = ctl_pool_list(cli->ctl, &list);

    if (count < 0)
        return cli_fail_ctl(cli, (int)count);
    for (ssize_t i = 0; i < count; i++)
        found |= !wanted || strcmp(wanted, list[i].name) == 0;
    if (!found) {
        free(list);
        return cli_fail(cli, ENOENT, "there is no CPU pool \"%s\"", wanted ? wanted : "");
    }
    if (cli->json) {
        json = json_open("keel.cpupool-list/1");
        json_array_open(json, "pools");
    } else {
        cpupool_print_header(cli->out, cpus);
    }
    for (ssize_t i = 0; i < count; i++) {
        if (wanted && strcmp(wanted, list[i].name) != 0)
            continue;
        if (cli->json)
            put(json, &list[i]);
        else
            cpupool_print(cli->out, &list[i], cpus);
    }
    free(list);
    json_array_close(json);
    return cli->json ? json_close(cli, json, cli->out) : CLI_DONE;
}

static const struct cli_option options[] = {
    { 'c', "cpus", NULL, "the CPUs of each" },
    { 0 },
};

const struct cli_verb verb_cpupool_list = {
    .name = "cpupool-list", .arguments = "[POOL]", .arguments_most = 1, .summary = "Show the CPU pools",
    .options = options, .run = run,
};
