/* SPDX-License-Identifier: MIT */
/* ctl wait: until a domain is in a state. */
#include "json.h"
#include "verbs.h"

#include "libctl/internal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define LOOK_INTERVAL_MS 100 /* what no event tells (a pause) is looked for so often */

static bool is_there(const struct ctl_domain *domain)
{
    return domain && !domain->dying;
}

static bool is_running(const struct ctl_domain *domain)
{
    return is_there(domain) && !domain->paused && !domain->shutdown;
}

static bool is_paused(const struct ctl_domain *domain)
{
    return is_there(domain) && domain->paused;
}

static bool is_shut_down(const struct ctl_domain *domain)
{
    return is_there(domain) && domain->shutdown;
}

static bool is_crashed(const struct ctl_domain *domain)
{
    return is_shut_down(domain) && domain->shutdown_reason == CTL_SHUTDOWN_CRASH;
}

static bool is_gone(const struct ctl_domain *domain)
{
    return !domain;
}

static const struct state {
    const char *word;
    bool (*holds)(const struct ctl_domain *domain); /* NULL: there is no such domain */
} states[] = {
    { "there", is_there }, { "running", is_running }, { "paused", is_paused }, { "shutdown", is_shut_down },
    { "crashed", is_crashed }, { "gone", is_gone },
};

static const struct state *find_state(const char *word)
{
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (strcmp(states[i].word, word) == 0)
            return &states[i];
    return NULL;
}

static int tell(struct cli *cli, const char *name, const struct state *state)
{
    if (!cli->json)
        return CLI_DONE;
    yajl_gen json = json_open("keel.wait/1");

    json_text(json, "domain", name);
    json_text(json, "state", state->word);
    return json_close(cli, json, cli->out);
}

/*
 * As the state says; and a domain that was seen to live and has gone, or gave its name to another, has shut down too:
 * ctld may end it as soon as it has.
 */
static bool holds(const struct state *state, const struct ctl_domain *domain, struct ctl_domain *seen)
{
    bool was_alive = *seen->name || seen->domid;

    if (state->holds(domain))
        return true;
    if (state->holds == is_shut_down && was_alive &&
        (!domain || domain->domid != seen->domid || memcmp(domain->uuid, seen->uuid, sizeof(domain->uuid)) != 0))
        return true;
    if (domain && !was_alive)
        *seen = *domain;
    return false;
}

static int run(struct cli *cli)
{
    const struct state *state = find_state(cli->arguments[1]);
    const char *name = cli->arguments[0];
    uint64_t seconds, deadline_ns;
    struct ctl_domain seen = { 0 }; /* the one that was there at first */
    bool has_looked = false;        /* from then on, a store that is gone is being started again */
    uint32_t domid;

    if (!state)
        return cli_usage_error(cli, "\"%.40s\" is no state; write there, running, paused, shutdown, crashed or gone",
                               cli->arguments[1]);
    if (!cli_timeout(cli, &seconds))
        return CLI_USAGE;
    if (!cli_open(cli))
        return CLI_FAILED;
    deadline_ns = cli_value(cli, 't') ? cli_now_ns() + seconds * 1000000000u : UINT64_MAX;
    for (;;) {
        struct ctl_domain domain;
        int result = ctl_domain_find(cli->ctl, name, &domid);

        if (result == 0)
            result = ctl_domain_get(cli->ctl, domid, &domain);
        if (result < 0 && result != -ESRCH && !(has_looked && (ctl_store_renew(cli->ctl) || !cli->ctl->store)))
            return cli_fail_ctl(cli, result);
        has_looked |= result == 0 || result == -ESRCH;
        if ((result == 0 || result == -ESRCH) && holds(state, result == 0 ? &domain : NULL, &seen))
            return tell(cli, name, state);
        if (cli_now_ns() >= deadline_ns)
            return cli_fail(cli, ETIMEDOUT, "domain \"%s\" did not come to be %s within %llu s", name, state->word,
                            (unsigned long long)seconds);
        poll(NULL, 0, LOOK_INTERVAL_MS);
    }
}

static const struct cli_option options[] = {
    { 't', "timeout", "SECONDS", "give up after so long, with status 4" },
    { 0 },
};

const struct cli_verb verb_wait = {
    .name = "wait", .arguments = "DOMAIN STATE", .arguments_least = 2, .arguments_most = 2,
    .summary = "Wait until a domain is in a state",
    .details = "STATE is one of: there, running (neither paused nor shut down), paused, shutdown (or gone since it was\n"
               "seen), crashed, gone.",
    .options = options, .run = run, .busy = "waiting",
};
