/* SPDX-License-Identifier: MIT */
/* What `xl` reports, byte for byte as xl has it. */
#include "json.h"
#include "sched.h"
#include "verb_cpupool_list.h"
#include "verb_info.h"
#include "verb_list.h"
#include "verb_uptime.h"
#include "verb_vcpu_list.h"
#include "xl.h"
#include "xl_json.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A number is taken for a domain's, there or not. False, and *status set, where there is none; xl goes on behind that. */
static bool find_or_go_on(struct xl *xl, const char *name, uint32_t *domid, int *status)
{
    struct ctl_domain domain;

    *status = 0;
    if (cli_is_domid(name, domid)) {
        if (ctl_domain_get(xl->cli.ctl, *domid, &domain) == 0)
            return true;
        xl_fail(xl);
        return false;
    }
    if (xl_find(xl, name, domid))
        return true;
    *status = XL_FAILED;
    return false;
}

/* The domains of the arguments, or all. -1 with the error printed. */
static ssize_t domains(struct xl *xl, struct ctl_domain **list)
{
    ssize_t count = ctl_domain_list(xl->cli.ctl, list), kept = 0;
    uint32_t domid;

    if (count < 0) {
        xl_fail(xl);
        return -1;
    }
    if (xl->cli.arguments_count == 0)
        return count;
    bool is_number = cli_is_domid(xl->cli.arguments[0], &domid);

    if (!is_number && !xl_find(xl, xl->cli.arguments[0], &domid)) {
        free(*list);
        return -1;
    }
    for (ssize_t i = 0; i < count; i++)
        if (list[0][i].domid == domid)
            list[0][kept++] = list[0][i];
    if (kept > 0 || !is_number)
        return kept;
    fprintf(xl->cli.err, "Error: Domain '%s' does not exist.\n", xl->cli.arguments[0]);
    free(*list);
    return -1;
}

/* --- list ---------------------------------------------------------------------------------------------------- */

static void list_pool(FILE *out, const struct ctl_pool *pools, ssize_t count, uint32_t id)
{
    const char *name = "";

    for (ssize_t i = 0; i < count; i++)
        if (pools[i].id == id)
            name = pools[i].name;
    fprintf(out, "%16s", name);
}

static void list_short(struct xl *xl, const struct ctl_domain *list, ssize_t count)
{
    bool verbose = xl->given['v'], context = xl->given['Z'] && !verbose, pool = xl->given['c'], numa = xl->given['n'];
    struct ctl_pool *pools = NULL;
    ssize_t pools_count = pool ? ctl_pool_list(xl->cli.ctl, &pools) : 0;
    FILE *out = xl->cli.out;

    list_print_header(out, verbose);
    fprintf(out, "%s%s%s\n", context ? "   Security Label" : "", pool ? "         Cpupool" : "",
            numa ? " NODE Affinity" : "");
    for (ssize_t i = 0; i < count; i++) {
        list_print(out, &list[i], verbose);
        if (context)
            fprintf(out, " %16s", "-");
        if (pool)
            list_pool(out, pools, pools_count, list[i].pool);
        fprintf(out, numa ? " all\n" : "\n");
    }
    free(pools);
}

int xl_list(struct xl *xl)
{
    struct ctl_domain *list;
    ssize_t count;

    if (xl->cli.arguments_count > 1) {
        xl_print_usage(xl->cli.out, xl->command);
        return XL_FAILED;
    }
    count = domains(xl, &list);
    if (count < 0)
        return XL_FAILED;
    int status = 0;

    if (!xl->given['l'])
        list_short(xl, list, count);
    else if (!xl_json_list(xl->cli.ctl, list, count, xl->cli.out))
        status = XL_FAILED;
    free(list);
    return status;
}

/* --- the others ---------------------------------------------------------------------------------------------- */

int xl_info(struct xl *xl)
{
    bool places = xl->given['n'] > 0;
    const char *only = xl->cli.arguments_count && !places ? xl->cli.arguments[0] : NULL;
    int status = info_print(&xl->cli, places, only);

    return status == CLI_DONE || status == CLI_USAGE ? 0 : XL_FAILED; /* a name that is none is no error in xl */
}

static int vcpus_of(struct xl *xl, const struct ctl_domain *domain, uint32_t cpus)
{
    struct ctl_vcpu *vcpus;
    ssize_t count = ctl_vcpu_list(xl->cli.ctl, domain->domid, &vcpus);

    if (count < 0)
        return count == -ESRCH ? 0 : xl_fail(xl);
    for (ssize_t i = 0; i < count; i++)
        vcpu_list_print(xl->cli.out, domain, &vcpus[i], cpus);
    free(vcpus);
    return 0;
}

int xl_vcpu_list(struct xl *xl)
{
    struct ctl_domain *list, domain;
    struct ctl_host host;
    uint32_t domid;
    int status = 0;

    if (ctl_host_get(xl->cli.ctl, &host) < 0)
        return xl_fail(xl);
    vcpu_list_print_header(xl->cli.out);
    for (int i = 0; i < xl->cli.arguments_count; i++) {
        int missing;

        if (!find_or_go_on(xl, xl->cli.arguments[i], &domid, &missing)) {
            if (missing)
                return missing;
            continue;
        }
        if (ctl_domain_get(xl->cli.ctl, domid, &domain) < 0)
            return xl_fail(xl);
        status |= vcpus_of(xl, &domain, host.cpus_online);
    }
    if (xl->cli.arguments_count)
        return status;
    ssize_t count = ctl_domain_list(xl->cli.ctl, &list);

    if (count < 0)
        return xl_fail(xl);
    for (ssize_t i = 0; i < count; i++)
        status |= vcpus_of(xl, &list[i], host.cpus_online);
    free(list);
    return status;
}

int xl_domid(struct xl *xl)
{
    const char *name = xl->cli.arguments[0];
    struct ctl_domain *list;
    ssize_t count = ctl_domain_list(xl->cli.ctl, &list);

    if (count < 0)
        return xl_fail(xl);
    for (ssize_t i = 0; i < count; i++) {
        if (strcmp(list[i].name, name) == 0) { /* a number is a name here too */
            fprintf(xl->cli.out, "%u\n", list[i].domid);
            free(list);
            return 0;
        }
    }
    free(list);
    fprintf(xl->cli.err, "Can't get domid of domain name '%s', maybe this domain does not exist.\n", name);
    return XL_FAILED;
}

int xl_domname(struct xl *xl)
{
    const char *text = xl->cli.arguments[0];
    struct ctl_domain domain;
    uint32_t domid = (uint32_t)strtoul(text, NULL, 10); /* xl reads as many digits as there are, into 32 bits */

    if (!isdigit((unsigned char)*text)) {
        fprintf(xl->cli.err, "Invalid domain id.\n\n");
        return XL_FAILED;
    }
    if (ctl_domain_get(xl->cli.ctl, domid, &domain) < 0 || *domain.name == '\0') {
        fprintf(xl->cli.err, "Can't get domain name of domain id '%s', maybe this domain does not exist.\n", text);
        return XL_FAILED;
    }
    fprintf(xl->cli.out, "%s\n", domain.name);
    return 0;
}

int xl_uptime(struct xl *xl)
{
    int there = 0, missing;
    uint32_t domid;

    for (int i = 0; i < xl->cli.arguments_count; i++) {
        if (find_or_go_on(xl, xl->cli.arguments[i], &domid, &missing))
            xl->cli.arguments[there++] = xl->cli.arguments[i];
        else if (missing)
            return missing;
    }
    if (xl->cli.arguments_count == 0 || there > 0) {
        xl->cli.arguments_count = there;
        uptime_run(&xl->cli, xl->given['s'] > 0); /* a domain of unknown age is told, and no failure */
    } else if (!xl->given['s']) {
        uptime_print_header(xl->cli.out);
    }
    return 0;
}

static bool is_pool(struct xl *xl, const char *name)
{
    struct ctl_pool *list;
    ssize_t count = ctl_pool_list(xl->cli.ctl, &list);
    bool found = false;

    if (count < 0) {
        xl_fail(xl);
        return false;
    }
    for (ssize_t i = 0; i < count; i++)
        found |= strcmp(name, list[i].name) == 0;
    free(list);
    if (!found)
        fprintf(xl->cli.err, "unknown cpupool '%s'\n", name);
    return found;
}

/* xl's options for schedulers are those of the verb. What does not go together is an error there, and ignored here. */
static int sched(struct xl *xl, const char *verb, enum ctl_scheduler scheduler)
{
    const char *ignored = xl->given['s'] ? "dwc" : "rtm";
    uint32_t domid;
    int missing;

    if (xl->values['p'] && (xl->values['d'] || xl->values['w'] || xl->values['c'])) {
        fprintf(xl->cli.err, "Specifying a cpupool is not allowed with other options.\n");
        return XL_FAILED;
    }
    if (!xl->values['d'] && (xl->values['w'] || xl->values['c'])) {
        fprintf(xl->cli.err, "Must specify a domain.\n");
        return XL_FAILED;
    }
    if (xl->values['p'] && !is_pool(xl, xl->values['p']))
        return XL_FAILED;
    for (; *ignored; ignored++) {
        xl->given[(int)*ignored] = 0;
        xl->values[(int)*ignored] = NULL;
    }
    if (xl->values['d'] && !find_or_go_on(xl, xl->values['d'], &domid, &missing)) {
        if (!missing && !xl->values['w'] && !xl->values['c'])
            sched_print_header(xl->cli.out);
        return XL_FAILED;
    }
    xl->cli.verb = cli_verb_find(verb);
    for (int i = 0; xl->cli.verb->options[i].help; i++) {
        int letter = xl->cli.verb->options[i].letter;

        xl->cli.counts[i] = xl->given[letter];
        xl->cli.values[i] = xl->values[letter];
    }
    return sched_run(&xl->cli, scheduler) == CLI_DONE ? 0 : XL_FAILED;
}

int xl_sched_credit2(struct xl *xl)
{
    return sched(xl, "sched-credit2", CTL_SCHEDULER_CREDIT2);
}

int xl_sched_credit(struct xl *xl)
{
    return sched(xl, "sched-credit", CTL_SCHEDULER_CREDIT);
}

int xl_cpupool_list(struct xl *xl)
{
    const char *wanted = xl->cli.arguments_count ? xl->cli.arguments[0] : NULL;
    struct ctl_pool *list;
    ssize_t count = ctl_pool_list(xl->cli.ctl, &list);
    bool found = !wanted;

    if (count < 0)
        return xl_fail(xl);
    for (ssize_t i = 0; i < count; i++)
        found |= wanted && strcmp(wanted, list[i].name) == 0;
    if (found)
        cpupool_print_header(xl->cli.out, xl->given['c']);
    else
        fprintf(xl->cli.err, "Pool '%s' does not exist\n", wanted);
    for (ssize_t i = 0; i < count; i++)
        if (!wanted || strcmp(wanted, list[i].name) == 0)
            cpupool_print(xl->cli.out, &list[i], xl->given['c']);
    free(list);
    return found ? 0 : XL_FAILED;
}

int xl_dmesg(struct xl *xl)
{
    char *text;
    ssize_t length = ctl_dmesg(xl->cli.ctl, xl->given['c'] > 0, &text);

    if (length < 0)
        return xl_fail(xl);
    fwrite(text, 1, (size_t)length, xl->cli.out);
    free(text);
    return 0;
}
