/* SPDX-License-Identifier: MIT */
/* A daemon with a journal, and the next one, that is started on a copy of what the first has written so far. */
#ifndef TESTS_STORE_JOURNAL_DAEMONS_H
#define TESTS_STORE_JOURNAL_DAEMONS_H

#include "fake_hypervisor.h"
#include "store/journal.h"

static char base[] = "/tmp/store-journal-XXXXXX", first[64], second[64];
static struct daemon daemon_, next_;
static struct client tool;

static inline bool make_directories(void)
{
    if (!mkdtemp(base))
        return false;
    snprintf(first, sizeof(first), "%s/first", base);
    snprintf(second, sizeof(second), "%s/second", base);
    return true;
}

static inline void run_command(const char *format, const char *a, const char *b)
{
    char command[256];
    snprintf(command, sizeof(command), format, a, b);
    if (system(command) != 0)
        abort();
}

static inline void set_up(void)
{
    run_command("rm -rf %s %s", first, second);
    CU_ASSERT_EQUAL_FATAL(daemon_create(&daemon_), 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(journal_open(&daemon_, first));
    client_open(&tool, &daemon_, 0);
}

/* As if the daemon had been killed at this instant, and another were started. */
static inline void start_next(void)
{
    run_command("rm -rf %2$s; cp -r %1$s %2$s", first, second);
    CU_ASSERT_EQUAL_FATAL(daemon_create(&next_), 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(journal_open(&next_, second));
}

static inline void tear_down(void)
{
    close(tool.fd);
    daemon_destroy(&daemon_);
}

static inline bool has(struct daemon *daemon, const char *path, const char *value)
{
    const struct node *node = tree_find(daemon->store.top, path);
    size_t size = node && node->value ? node->value->size : 0;
    return node && size == strlen(value) && (size == 0 || memcmp(node->value->data, value, size) == 0);
}

/* Both trees as text, compared. */
static inline bool dump_node(void *context, const char *path, const struct node *node)
{
    FILE *file = context;
    char permissions[256] = "";
    size_t size = permissions_format(node->permissions, permissions, sizeof(permissions));
    fprintf(file, "%s = %.*s ", path, node->value ? (int)node->value->size : 0, node->value ? node->value->data : "");
    fwrite(permissions, 1, size, file);
    return true;
}

static inline bool same_trees(struct daemon *one, struct daemon *other)
{
    char *texts[2];
    size_t sizes[2];
    struct daemon *daemons[] = {one, other};
    for (int i = 0; i < 2; i++) {
        FILE *file = open_memstream(&texts[i], &sizes[i]);
        tree_walk(daemons[i]->store.top, dump_node, file);
        fclose(file);
    }
    bool same = sizes[0] == sizes[1] && memcmp(texts[0], texts[1], sizes[0]) == 0;
    same = same && one->store.usage.count == other->store.usage.count &&
           memcmp(one->store.usage.entries, other->store.usage.entries,
                  one->store.usage.count * sizeof(struct usage_entry)) == 0;
    free(texts[0]);
    free(texts[1]);
    return same;
}

/* The fake hypervisor's domains are served too. */
static inline void set_up_with_rings(void)
{
    set_up();
    memset(domains, 0, sizeof(domains));
    fake_daemon = &daemon_;
    CU_ASSERT_EQUAL(domains_open(&daemon_, &hypervisor), 0);
    CU_ASSERT_EQUAL(domains_connect_own(&daemon_), 0);
    journal_restore_domains(daemon_.journal);
}

#endif
