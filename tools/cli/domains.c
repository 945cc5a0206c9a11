/* SPDX-License-Identifier: MIT */
/* What many verbs do with domains: open the handle, find them, list them, print their parts. */
#include "cli.h"

#include "libctl/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool cli_open(struct cli *cli)
{
    if (cli->ctl)
        return true;
    int result = ctl_open(&cli->ctl);

    if (result == 0)
        return true;
    cli->ctl = NULL;
    cli_fail_ctl(cli, result);
    return false;
}

bool cli_is_domid(const char *text, uint32_t *domid)
{
    unsigned long number = strtoul(text, NULL, 10);

    *domid = number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
    return text[strspn(text, "0123456789")] == '\0';
}

static int find(struct cli *cli, const char *name_or_id, uint32_t *domid)
{
    struct ctl_domain domain;

    if (cli->as_xl && cli_is_domid(name_or_id, domid))
        return ctl_domain_get(cli->ctl, *domid, &domain);
    return ctl_domain_find(cli->ctl, name_or_id, domid);
}

bool cli_find(struct cli *cli, const char *name_or_id, uint32_t *domid)
{
    if (!cli_open(cli))
        return false;
    int result = find(cli, name_or_id, domid);

    if (result < 0)
        cli_fail_ctl(cli, result);
    else
        cli_explain(cli, "\"%s\" is domain %u", name_or_id, *domid);
    return result >= 0;
}

int cli_for_each(struct cli *cli, int (*action)(struct cli *cli, uint32_t domid))
{
    int status = CLI_DONE;

    if (!cli_open(cli))
        return CLI_FAILED;
    for (int i = 0; i < cli->arguments_count; i++) {
        uint32_t domid;
        int done = cli_find(cli, cli->arguments[i], &domid) ? action(cli, domid) : CLI_FAILED;

        if (status == CLI_DONE)
            status = done;
    }
    return status;
}

void cli_warn_of_names(struct cli *cli, const struct ctl_domain *list, ssize_t count)
{
    for (ssize_t i = 0; i < count; i++)
        if (*list[i].name)
            return;
    if (count > 0 && !ctl_store(cli->ctl))
        cli_warn(cli, "the names of domains are not known: %s", ctl_error(cli->ctl));
}

ssize_t cli_domains(struct cli *cli, struct ctl_domain **list)
{
    int result;

    *list = NULL;
    if (!cli_open(cli))
        return -1;
    if (cli->arguments_count == 0) {
        ssize_t count = ctl_domain_list(cli->ctl, list);

        if (count < 0)
            cli_fail_ctl(cli, (int)count);
        cli_warn_of_names(cli, *list, count);
        return count < 0 ? -1 : count;
    }
    *list = calloc((size_t)cli->arguments_count, sizeof(**list));
    if (!*list) {
        cli_fail(cli, ENOMEM, "there is no memory for the list of domains");
        return -1;
    }
    for (int i = 0; i < cli->arguments_count; i++) {
        uint32_t domid;

        if (!cli_find(cli, cli->arguments[i], &domid))
            goto failed;
        result = ctl_domain_get(cli->ctl, domid, &(*list)[i]);
        if (result < 0) {
            cli_fail_ctl(cli, result);
            goto failed;
        }
    }
    cli_warn_of_names(cli, *list, cli->arguments_count);
    return cli->arguments_count;
failed:
    free(*list);
    *list = NULL;
    return -1;
}

const char *cli_shutdown_word(enum ctl_shutdown reason)
{
    static const char *const words[] = {
        [CTL_SHUTDOWN_POWEROFF] = "poweroff", [CTL_SHUTDOWN_REBOOT] = "reboot", [CTL_SHUTDOWN_SUSPEND] = "suspend",
        [CTL_SHUTDOWN_CRASH] = "crash", [CTL_SHUTDOWN_WATCHDOG] = "watchdog", [CTL_SHUTDOWN_SOFT_RESET] = "soft-reset",
    };

    return (unsigned)reason < sizeof(words) / sizeof(words[0]) ? words[reason] : "unknown";
}

static bool has_cpu(const uint8_t *bitmap, uint32_t cpu)
{
    return bitmap[cpu / 8] >> cpu % 8 & 1;
}

void cli_cpus_print(const uint8_t bitmap[CTL_CPUMAP_BYTES], uint32_t cpus, char text[CLI_CPUS_TEXT_MAX])
{
    const uint32_t most = CTL_CPUMAP_BYTES * 8;
    size_t used = 0;
    uint32_t count = 0;

    if (cpus > most)
        cpus = most;
    for (uint32_t cpu = 0; cpu < cpus; cpu++)
        count += has_cpu(bitmap, cpu);
    if (cpus > 0 && count == cpus) {
        strcpy(text, "all");
        return;
    }
    strcpy(text, "none");
    for (uint32_t cpu = 0; cpu < most; cpu++) {
        uint32_t first = cpu;

        if (!has_cpu(bitmap, cpu))
            continue;
        while (cpu + 1 < most && has_cpu(bitmap, cpu + 1))
            cpu++;
        used += (size_t)snprintf(text + used, CLI_CPUS_TEXT_MAX - used, cpu > first ? "%s%u-%u" : "%s%u",
                                 used ? "," : "", first, cpu);
    }
}

void cli_uuid_print(const uint8_t uuid[16], char text[37])
{
    char *at = text;

    for (int i = 0; i < 16; i++)
        at += sprintf(at, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", uuid[i]);
}
