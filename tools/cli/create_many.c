/* SPDX-License-Identifier: MIT */
/* Many guests from one configuration; see create_many.h. */
#include "create_many.h"
#include "interruption.h"
#include "json.h"
#include "progress.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORKERS_MAX 8
#define DOMID_NONE UINT32_MAX

struct batch {
    const struct ctl_config *config;
    uint32_t count;
    unsigned flags;
    atomic_uint next;   /* the guest that is begun next */
    atomic_bool stop;
    struct interruption interruption;
    uint32_t *domids;   /* a guest each, DOMID_NONE until it is there */
    uint64_t *taken_ns; /* how long its creation took */
    pthread_mutex_t lock; /* guards error and sentence, which the first failure sets, and the interruption */
    int error;
    char sentence[1024];
};

static void fail(struct batch *batch, int result, const char *sentence)
{
    pthread_mutex_lock(&batch->lock);
    if (!batch->error) {
        batch->error = -result;
        snprintf(batch->sentence, sizeof(batch->sentence), "%s", sentence);
    }
    pthread_mutex_unlock(&batch->lock);
    batch->stop = true;
}

static bool interrupted(struct batch *batch)
{
    pthread_mutex_lock(&batch->lock);
    bool came = interruption_came(&batch->interruption);

    pthread_mutex_unlock(&batch->lock);
    return came;
}

/* One of the workers: a handle of its own, and guest after guest. */
static void *work(void *context)
{
    struct batch *batch = context;
    struct ctl_config config = *batch->config;
    char name[CTL_NAME_MAX + 16];
    struct ctl *ctl;
    unsigned index;
    int result = ctl_open(&ctl);

    if (result < 0) {
        fail(batch, result, ctl_error(NULL));
        return NULL;
    }
    config.name = name;
    while (!batch->stop && (index = batch->next++) < batch->count) {
        uint64_t start_ns = cli_now_ns();

        if (interrupted(batch)) {
            fail(batch, -EINTR, "creation was interrupted");
            break;
        }
        snprintf(name, sizeof(name), "%s-%u", batch->config->name, index + 1);
        result = ctl_domain_create(ctl, &config, batch->flags, &batch->domids[index]);
        if (result < 0)
            fail(batch, result, ctl_error(ctl));
        batch->taken_ns[index] = cli_now_ns() - start_ns;
    }
    ctl_close(ctl);
    return NULL;
}

static unsigned workers_for(uint32_t count)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned workers = cpus < 1 ? 1 : cpus > WORKERS_MAX ? WORKERS_MAX : (unsigned)cpus;

    return workers < count ? workers : count;
}

static void run_workers(struct batch *batch)
{
    pthread_t threads[WORKERS_MAX];
    unsigned workers = workers_for(batch->count), started = 0;

    while (started < workers && pthread_create(&threads[started], NULL, work, batch) == 0)
        started++;
    if (started == 0)
        work(batch);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

static void undo(struct cli *cli, struct batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        int result = batch->domids[i] == DOMID_NONE ? 0 : ctl_domain_destroy(cli->ctl, batch->domids[i]);

        if (result < 0)
            cli_fail_ctl(cli, result);
    }
}

static int tell(struct cli *cli, const struct batch *batch)
{
    if (cli->json) {
        yajl_gen json = json_open("keel.create-many/1");

        json_bool(json, "paused", batch->flags & CTL_CREATE_PAUSED);
        json_array_open(json, "domains");
        for (uint32_t i = 0; i < batch->count; i++) {
            char name[CTL_NAME_MAX + 16];

            snprintf(name, sizeof(name), "%s-%u", batch->config->name, i + 1);
            json_object_open(json);
            json_number(json, "domid", batch->domids[i]);
            json_text(json, "name", name);
            json_number(json, "creation_ns", batch->taken_ns[i]);
            json_object_close(json);
        }
        json_array_close(json);
        return json_close(cli, json, cli->out);
    }
    if (!cli_given(cli, 'q'))
        fprintf(cli->out, "created %u domains: %s-1 to %s-%u\n", batch->count, batch->config->name,
                batch->config->name, batch->count);
    return CLI_DONE;
}

int create_many(struct cli *cli, const struct ctl_config *config, uint32_t count)
{
    struct batch batch = { .config = config, .count = count, .lock = PTHREAD_MUTEX_INITIALIZER,
                           .flags = cli_given(cli, 'p') ? CTL_CREATE_PAUSED : 0 };
    struct progress progress = { .started = false };
    char what[CTL_NAME_MAX + 64];
    int status;

    if (config->uuid_set)
        return cli_fail(cli, EINVAL, "%s: key \"uuid\": many guests cannot have one UUID; remove it", config->source);
    if (strlen(config->name) > CTL_NAME_MAX - sizeof("-4000"))
        return cli_fail(cli, EINVAL, "%s: key \"name\": too long to put a number behind it", config->source);
    batch.domids = malloc(count * sizeof(*batch.domids));
    batch.taken_ns = calloc(count, sizeof(*batch.taken_ns));
    if (!batch.domids || !batch.taken_ns) {
        status = cli_fail(cli, ENOMEM, "there is no memory for a list of %u guests", count);
        goto free_lists;
    }
    memset(batch.domids, 0xff, count * sizeof(*batch.domids));
    snprintf(what, sizeof(what), "creating %u guests like %s", count, config->name);
    interruption_hold(&batch.interruption);
    if (!cli_given(cli, 'q') && !cli->json)
        progress_begin(&progress, cli->err, what);
    run_workers(&batch);
    if (!batch.error && interrupted(&batch)) {
        batch.error = EINTR;
        strcpy(batch.sentence, "creation was interrupted");
    }
    if (batch.error)
        undo(cli, &batch);
    progress_end(&progress);
    interruption_release(&batch.interruption);
    status = batch.error ? cli_fail(cli, batch.error, "%s; none of the %u guests is left", batch.sentence, count)
                         : tell(cli, &batch);
free_lists:
    free(batch.domids);
    free(batch.taken_ns);
    return status;
}
