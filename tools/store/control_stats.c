/* SPDX-License-Identifier: MIT */
/* CONTROL stats: what the daemon counts, as JSON documents that each fit into one reply. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/control.h"
#include "store/daemon.h"
#include "store/journal.h"
#include "store/text.h"

#define SCHEMA "keel.store.stats/1"
#define ELEMENTS_END (XENSTORE_PAYLOAD_MAX - 256) /* behind it there is room for what closes lists */

static unsigned long long number(uint64_t value)
{
    return (unsigned long long)value;
}

static void add_summary(struct text *text, const struct daemon *daemon)
{
    const struct statistics *statistics = &daemon->statistics;
    uint64_t connections = 0, transactions = 0, watches = 0, nodes = 0;
    int64_t node_bytes = 0;
    for (const struct connection *connection = daemon->connections; connection; connection = connection->next) {
        connections++;
        transactions += connection->transaction_count;
        watches += connection->watch_count;
    }
    for (size_t i = 0; i < daemon->store.usage.count; i++) {
        nodes += (uint64_t)daemon->store.usage.entries[i].nodes;
        node_bytes += daemon->store.usage.entries[i].bytes;
    }
    text_add(text,
             "{\"schema\":\"" SCHEMA "\",\"uptime_s\":%llu,"
             "\"node_count\":%llu,\"node_bytes\":%llu,"
             "\"watch_count\":%llu,\"transaction_count\":%llu,\"connection_count\":%llu,"
             "\"generation\":%llu,\"journal_bytes\":%llu,"
             "\"requests\":%llu,\"errors\":%llu,\"commits\":%llu,\"conflicts\":%llu,\"events\":%llu,"
             "\"events_merged\":%llu,\"mean_ns\":%llu,\"p50_ns\":%llu,\"p99_ns\":%llu,\"max_ns\":%llu",
             number((statistics_now_ns() - statistics->started_ns) / 1000000000u), number(nodes),
             number((uint64_t)node_bytes), number(watches), number(transactions), number(connections),
             number(daemon->store.generation), number(daemon->journal ? journal_size(daemon->journal) : 0),
             number(statistics->requests), number(statistics->errors), number(statistics->commits),
             number(statistics->conflicts), number(statistics->events), number(statistics->events_merged),
             number(statistics->latency.count ? statistics->latency.total_ns / statistics->latency.count : 0),
             number(latency_percentile(&statistics->latency, 50)), number(latency_percentile(&statistics->latency, 99)),
             number(statistics->latency.max_ns));
}

static void add_operations(struct text *text, const struct statistics *statistics)
{
    const char *separator = "";
    text_add(text, ",\"operations\":[");
    text->size = ELEMENTS_END;
    for (uint32_t i = 0; i < STATISTICS_OPERATIONS; i++) {
        const struct operation_statistics *operation = &statistics->operations[i];
        const struct latency *latency = &operation->latency;
        if (latency->count == 0) /* the first of each is timed */
            continue;
        if (!text_add(text, "%s{\"name\":\"%s\",\"requests\":%llu,\"errors\":%llu,\"mean_ns\":%llu,\"p99_ns\":%llu}",
                      separator, request_name(i), number(operation->requests), number(operation->errors),
                      number(latency->total_ns / latency->count), number(latency_percentile(latency, 99))))
            break;
        separator = ",";
    }
    text->size = XENSTORE_PAYLOAD_MAX;
    text_add(text, "]");
}

/* The distribution of the requests that were timed, from the first bucket that counts something to the last. */
static void add_latency(struct text *text, const struct latency *latency)
{
    const char *separator = "";
    text_add(text, ",\"latency\":[");
    text->size = ELEMENTS_END;
    for (unsigned int i = 0; i < LATENCY_BUCKETS; i++) {
        if (latency->buckets[i] == 0)
            continue;
        if (!text_add(text, "%s{\"below_ns\":%llu,\"timed_requests\":%llu}", separator, 1ull << i,
                      number(latency->buckets[i])))
            break;
        separator = ",";
    }
    text->size = XENSTORE_PAYLOAD_MAX;
    text_add(text, "]");
}

/* A list of which the first `skip` are left out, and the last that find no room; what follows says how many. */
struct list {
    struct text *text;
    const char *name, *separator;
    size_t skip, left;
};

static void list_begin(struct list *list)
{
    text_add(list->text, ",\"%s\":[", list->name);
    list->separator = "";
    list->text->size = ELEMENTS_END;
}

static void list_end(struct list *list)
{
    list->text->size = XENSTORE_PAYLOAD_MAX;
    text_add(list->text, "],\"more_%s\":%zu", list->name, list->left);
}

/* Whether the next element is to be written. */
static bool list_takes(struct list *list)
{
    if (list->skip > 0) {
        list->skip--;
        return false;
    }
    return list->left == 0;
}

static void list_wrote(struct list *list, bool fit)
{
    list->separator = ",";
    list->left += !fit;
}

static void add_domains(struct text *text, const struct daemon *daemon, size_t skip)
{
    struct list list = {.text = text, .name = "domains", .skip = skip};
    list_begin(&list);
    for (const struct account *account = daemon->accounts.first; account; account = account->next) {
        struct usage_entry usage = usage_get(&daemon->store.usage, account->domain);
        if (list_takes(&list))
            list_wrote(&list,
                       text_add(text,
                                "%s{\"domain\":%u,\"requests\":%llu,\"errors\":%llu,\"events\":%llu,"
                                "\"events_merged\":%llu,\"refused\":%llu,\"nodes\":%lld,\"memory_bytes\":%lld}",
                                list.separator, account->domain, number(account->requests), number(account->errors),
                                number(account->events), number(account->events_merged), number(account->refused),
                                (long long)usage.nodes, (long long)(usage.bytes + account->memory)));
        else if (list.left > 0)
            list.left++;
    }
    list_end(&list);
}

static void add_connections(struct text *text, const struct daemon *daemon, size_t skip)
{
    struct list list = {.text = text, .name = "connections", .skip = skip};
    list_begin(&list);
    for (const struct connection *connection = daemon->connections; connection; connection = connection->next)
        if (list_takes(&list))
            list_wrote(&list, text_add(text,
                                       "%s{\"connection\":%u,\"domain\":%u,\"ring\":%s,\"requests\":%llu,"
                                       "\"watches\":%u,\"transactions\":%u,\"output_bytes\":%zu}",
                                       list.separator, connection->id, connection->actor.domain,
                                       connection->durable ? "true" : "false", number(connection->requests),
                                       connection->watch_count, connection->transaction_count,
                                       connection->output_end - connection->output_start));
        else if (list.left > 0)
            list.left++;
    list_end(&list);
}

/* "stats": all of it, the lists as far as there is room. "stats domains|connections [SKIP]": one list, from an element
 * on. */
int control_stats(struct request *request, const char *const *arguments, int count)
{
    struct text text = {.at = request->reply, .size = XENSTORE_PAYLOAD_MAX};
    const struct daemon *daemon = request->daemon;
    char *end = NULL;
    size_t skip = count == 2 ? strtoul(arguments[1], &end, 10) : 0;
    if (count > 2 || (end && (*end != '\0' || arguments[1][0] < '0' || arguments[1][0] > '9')))
        return EINVAL;
    if (count == 0) {
        add_summary(&text, daemon);
        add_operations(&text, &daemon->statistics);
        add_latency(&text, &daemon->statistics.latency);
        add_domains(&text, daemon, 0);
        add_connections(&text, daemon, 0);
    } else if (strcmp(arguments[0], "domains") == 0) {
        text_add(&text, "{\"schema\":\"" SCHEMA "\"");
        add_domains(&text, daemon, skip);
    } else if (strcmp(arguments[0], "connections") == 0) {
        text_add(&text, "{\"schema\":\"" SCHEMA "\"");
        add_connections(&text, daemon, skip);
    } else {
        return EINVAL;
    }
    text_add(&text, "}");
    request->reply_size = text.used + 1;
    return 0;
}
