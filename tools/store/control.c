/* SPDX-License-Identifier: MIT */
/* CONTROL: commands to the daemon itself, in one table. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/control.h"
#include "store/daemon.h"
#include "store/log.h"

#define ARGUMENTS_MAX 8

struct command {
    const char *name;
    const char *usage;
    int (*run)(struct request *request, const char *const *arguments, int count);
};

struct checking {
    size_t nodes, faults;
};

static bool check_node(void *context, const struct node *node)
{
    struct checking *checking = context;
    checking->nodes++;
    uint32_t names = node->name_size + 1;
    if (node->left)
        names += node->left->names_size;
    if (node->right)
        names += node->right->names_size;
    bool heap = (!node->left || node->left->priority <= node->priority) &&
                (!node->right || node->right->priority <= node->priority);
    if (names != node->names_size || !heap || node->permissions->count == 0 || node->references == 0)
        checking->faults++;
    tree_for_each_child(node, check_node, checking);
    return true;
}

static int run_check(struct request *request, const char *const *arguments, int count)
{
    const struct store *store = &request->daemon->store;
    struct checking checking = {0};
    check_node(&checking, store->top);
    struct usage usage = {0};
    change_count_subtree(store->top, 1, &usage);
    for (size_t i = 0; i < usage.count; i++) {
        struct usage_entry counted = usage_get(&store->usage, usage.entries[i].domain);
        if (counted.nodes != usage.entries[i].nodes || counted.references != usage.entries[i].references ||
            counted.bytes != usage.entries[i].bytes)
            checking.faults++;
    }
    usage_clear(&usage);
    if (checking.faults)
        log_error("check found %zu faults in %zu nodes", checking.faults, checking.nodes);
    return checking.faults ? EIO : 0;
}

static int run_log(struct request *request, const char *const *arguments, int count)
{
    if (count != 1 || (strcmp(arguments[0], "on") != 0 && strcmp(arguments[0], "off") != 0))
        return EINVAL;
    log_set_trace(arguments[0][1] == 'n');
    return 0;
}

static int run_logfile(struct request *request, const char *const *arguments, int count)
{
    return count == 1 ? log_to_file(arguments[0]) : EINVAL;
}

static int run_print(struct request *request, const char *const *arguments, int count)
{
    if (count != 1)
        return EINVAL;
    log_info("control: %s", arguments[0]);
    return 0;
}

static void report_memory(const struct daemon *daemon, FILE *to)
{
    for (size_t i = 0; i < daemon->store.usage.count; i++) {
        const struct usage_entry *entry = &daemon->store.usage.entries[i];
        fprintf(to, "domain %u: %lld nodes\n", entry->domain, (long long)entry->nodes);
    }
    for (const struct connection *connection = daemon->connections; connection; connection = connection->next)
        fprintf(to, "connection %u of domain %u: %u watches, %u transactions, %llu requests\n", connection->id,
                connection->actor.domain, connection->watch_count, connection->transaction_count,
                (unsigned long long)connection->requests);
}

/* To the client, as far as a reply has room for whole lines, or to a file that the daemon writes. */
static int run_memreport(struct request *request, const char *const *arguments, int count)
{
    char *text = NULL;
    size_t size = 0;
    if (count > 1 || (count == 1 && !arguments[0][0]))
        return EINVAL;
    FILE *to = count == 1 ? fopen(arguments[0], "we") : open_memstream(&text, &size);
    if (!to)
        return errno;
    report_memory(request->daemon, to);
    bool written = !ferror(to);
    written = fclose(to) == 0 && written;
    if (count == 1 || !written) {
        free(text);
        return written ? 0 : EIO;
    }
    if (size >= XENSTORE_PAYLOAD_MAX)
        size = XENSTORE_PAYLOAD_MAX - 1;
    while (size > 0 && text[size - 1] != '\n')
        size--;
    memcpy(request->reply, text, size);
    request->reply[size] = '\0';
    request->reply_size = size + 1;
    free(text);
    return 0;
}

static int run_help(struct request *request, const char *const *arguments, int count);

static const struct command commands[] = {
    {"check", "", run_check},
    {"help", "", run_help},
    {"live-update", "-f <file>|-c <arguments>|-s [-t <seconds>] [-F]|-a", control_live_update},
    {"log", "on|off", run_log},
    {"logfile", "<file>", run_logfile},
    {"memreport", "[<file>]", run_memreport},
    {"print", "<string>", run_print},
    {"quota", "[<domid>|set [<domid>] <name> <value>]", control_quota},
    {"quota-soft", "[<domid>|set [<domid>] <name> <value>]", control_quota_soft},
    {"stats", "[domains|connections [<skip>]]", control_stats},
};

static int run_help(struct request *request, const char *const *arguments, int count)
{
    size_t used = 0;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        used += (size_t)snprintf(request->reply + used, XENSTORE_PAYLOAD_MAX - used, "%s%s%s\n", commands[i].name,
                                 commands[i].usage[0] ? " " : "", commands[i].usage);
    request->reply_size = used + 1;
    return 0;
}

int request_control(struct request *request)
{
    /* Clients may leave the last string without its zero byte; the copy has it. */
    char text[XENSTORE_PAYLOAD_MAX + 1];
    memcpy(text, request->body, request->size);
    text[request->size] = '\0';
    const char *arguments[ARGUMENTS_MAX] = {NULL};
    int count = 0;
    size_t at = strlen(text) + 1;
    while (at < request->size && count < ARGUMENTS_MAX) {
        arguments[count++] = text + at;
        at += strlen(text + at) + 1;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(text, commands[i].name) == 0)
            return commands[i].run(request, arguments, count);
    return EINVAL;
}
