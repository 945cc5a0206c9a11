/* SPDX-License-Identifier: MIT */
/* libxenstore's calls on a tree in memory, with transactions that are void when another's came first; see fake.h. */
#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

#define NODES_MAX 4096u
#define TRANSACTIONS_MAX 16u

struct node {
    char *path, *value;
    unsigned length;
};

struct tree {
    struct node nodes[NODES_MAX]; /* by path */
    size_t count;
};

struct transaction {
    struct tree *tree;
    unsigned long generation;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all that follows */
static struct tree *store;
static unsigned long generation;
static struct transaction transactions[TRANSACTIONS_MAX];

struct xs_handle {
    bool watches;
    unsigned seen; /* events up to here were fetched */
};

/* What the test makes of the store; see fake.h. */
static unsigned events;
static bool is_busy, is_lost;
static int readable = -1;
static const char *awaited_end;
static void (*awaited_call)(void);

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
char *__real_strdup(const char *text);

/* --- the tree -------------------------------------------------------------------------------------------------- */

static void tree_free(struct tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        free(tree->nodes[i].path);
        free(tree->nodes[i].value);
    }
    free(tree);
}

/* The place of the path, or where it belongs. */
static size_t place_of(const struct tree *tree, const char *path, bool *found)
{
    size_t low = 0, high = tree->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(tree->nodes[middle].path, path);

        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = false;
    return low;
}

static void put(struct tree *tree, const char *path, const void *data, unsigned length, bool overwrite)
{
    bool found;
    size_t place = place_of(tree, path, &found);
    struct node *node = &tree->nodes[place];

    if (found && !overwrite)
        return;
    if (found) {
        free(node->value);
    } else {
        if (tree->count == NODES_MAX)
            abort();
        memmove(node + 1, node, (tree->count++ - place) * sizeof(*node));
        node->path = __real_strdup(path);
    }
    node->value = __real_calloc(1, (size_t)length + 1);
    memcpy(node->value, data, length);
    node->length = length;
}

static void put_with_parents(struct tree *tree, const char *path, const void *data, unsigned length, bool overwrite)
{
    char at[512];

    snprintf(at, sizeof(at), "%s", path);
    for (char *slash = strchr(at + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        put(tree, at, "", 0, false);
        *slash = '/';
    }
    put(tree, path, data, length, overwrite);
}

static bool is_below(const char *path, const char *parent)
{
    size_t length = strlen(parent);

    return strncmp(path, parent, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static bool take_away(struct tree *tree, const char *path)
{
    size_t kept = 0, before = tree->count;

    for (size_t i = 0; i < tree->count; i++) {
        if (is_below(tree->nodes[i].path, path)) {
            free(tree->nodes[i].path);
            free(tree->nodes[i].value);
        } else {
            tree->nodes[kept++] = tree->nodes[i];
        }
    }
    tree->count = kept;
    return kept != before;
}

static struct tree *tree_of(xs_transaction_t transaction)
{
    return transaction == XBT_NULL ? store : transactions[transaction - 1].tree;
}

/* A change outside of a transaction makes void those that are under way. */
static void changed(xs_transaction_t transaction)
{
    generation += transaction == XBT_NULL;
}

/* --- libxenstore's calls ---------------------------------------------------------------------------------------- */

/* False with errno set when the request fails here. */
static bool goes_on(enum point point)
{
    if (!fault_here(point))
        return true;
    errno = point == POINT_STORE_WRITE ? ENOSPC : EIO;
    return false;
}

struct xs_handle *xs_open(unsigned long flags)
{
    return goes_on(POINT_STORE_READ) ? __real_calloc(1, sizeof(struct xs_handle)) : NULL;
}

void xs_close(struct xs_handle *handle)
{
    free(handle);
}

const char *xs_daemon_socket(void)
{
    return "/nonexistent/store";
}

bool xs_path_is_subpath(const char *parent, const char *child)
{
    return strcmp(parent, "/") == 0 || is_below(child, parent);
}

/* What domain 0's driver makes of a backend's state: a new one (1) is taken (2), one that is to close (5) closed (6). */
static void drive(const char *path, char *state)
{
    size_t length = strlen(path);

    if (strncmp(path, "/local/domain/0/backend/", 24) != 0 || length < 6 || strcmp(path + length - 6, "/state") != 0)
        return;
    if (strcmp(state, "1") == 0 || strcmp(state, "5") == 0)
        ++*state;
}

static void call_after(const char *path)
{
    void (*call)(void) = awaited_call;
    size_t length = strlen(path), end = call ? strlen(awaited_end) : 0;

    if (!call || length < end || strcmp(path + length - end, awaited_end) != 0)
        return;
    awaited_call = NULL;
    call();
}

void *xs_read(struct xs_handle *handle, xs_transaction_t transaction, const char *path, unsigned *length)
{
    char *value = NULL;
    bool found;

    if (!goes_on(POINT_STORE_READ))
        return NULL;
    pthread_mutex_lock(&lock);
    struct tree *tree = tree_of(transaction);
    size_t place = place_of(tree, path, &found);

    if (found) {
        *length = tree->nodes[place].length;
        value = __real_malloc((size_t)*length + 1);
        memcpy(value, tree->nodes[place].value, (size_t)*length + 1);
        drive(path, value);
    }
    pthread_mutex_unlock(&lock);
    call_after(path);
    errno = found ? 0 : ENOENT;
    return value;
}

bool xs_write(struct xs_handle *handle, xs_transaction_t transaction, const char *path, const void *data,
              unsigned length)
{
    if (!goes_on(POINT_STORE_WRITE))
        return false;
    pthread_mutex_lock(&lock);
    put_with_parents(tree_of(transaction), path, data, length, true);
    changed(transaction);
    pthread_mutex_unlock(&lock);
    return true;
}

bool xs_mkdir(struct xs_handle *handle, xs_transaction_t transaction, const char *path)
{
    if (!goes_on(POINT_STORE_WRITE))
        return false;
    pthread_mutex_lock(&lock);
    put_with_parents(tree_of(transaction), path, "", 0, false);
    changed(transaction);
    pthread_mutex_unlock(&lock);
    return true;
}

bool xs_rm(struct xs_handle *handle, xs_transaction_t transaction, const char *path)
{
    if (!goes_on(POINT_STORE_REMOVE))
        return false;
    pthread_mutex_lock(&lock);
    bool gone = take_away(tree_of(transaction), path);

    changed(transaction);
    pthread_mutex_unlock(&lock);
    errno = gone ? 0 : ENOENT;
    return gone;
}

bool xs_set_permissions(struct xs_handle *handle, xs_transaction_t transaction, const char *path,
                        struct xs_permissions *list, unsigned count)
{
    bool found;

    if (!goes_on(POINT_STORE_WRITE))
        return false;
    pthread_mutex_lock(&lock);
    place_of(tree_of(transaction), path, &found);
    pthread_mutex_unlock(&lock);
    errno = found ? 0 : ENOENT;
    return found;
}

char **xs_directory(struct xs_handle *handle, xs_transaction_t transaction, const char *path, unsigned *count)
{
    size_t length = strlen(path), bytes = 0;
    char **names = NULL, *text;
    bool found;

    if (!goes_on(POINT_STORE_READ))
        return NULL;
    pthread_mutex_lock(&lock);
    struct tree *tree = tree_of(transaction);
    size_t first = place_of(tree, path, &found);

    *count = 0;
    for (size_t i = first; found && i < tree->count; i++)
        bytes += strlen(tree->nodes[i].path) + 1;
    if (found) {
        names = __real_calloc(1, (tree->count + 1) * sizeof(*names) + bytes);
        text = (char *)(names + tree->count + 1);
        for (size_t i = first; i < tree->count; i++) {
            const char *at = tree->nodes[i].path;

            if (!is_below(at, path) || at[length] == '\0' || strchr(at + length + 1, '/'))
                continue;
            names[(*count)++] = strcpy(text, at + length + 1);
            text += strlen(text) + 1;
        }
    }
    pthread_mutex_unlock(&lock);
    errno = found ? 0 : ENOENT;
    return names;
}

xs_transaction_t xs_transaction_start(struct xs_handle *handle)
{
    xs_transaction_t id = 0;

    if (!goes_on(POINT_STORE_READ))
        return XBT_NULL;
    pthread_mutex_lock(&lock);
    while (id < TRANSACTIONS_MAX && transactions[id].tree)
        id++;
    if (id == TRANSACTIONS_MAX)
        abort();
    struct transaction *transaction = &transactions[id];

    transaction->generation = generation;
    transaction->tree = __real_calloc(1, sizeof(*transaction->tree));
    for (size_t i = 0; i < store->count; i++)
        put(transaction->tree, store->nodes[i].path, store->nodes[i].value, store->nodes[i].length, true);
    pthread_mutex_unlock(&lock);
    return id + 1;
}

bool xs_transaction_end(struct xs_handle *handle, xs_transaction_t id, bool abort_it)
{
    bool fails = !goes_on(POINT_STORE_REMOVE); /* what it would add was taken or refused before */
    int error = errno;

    pthread_mutex_lock(&lock);
    struct transaction *transaction = &transactions[id - 1];

    if (!fails && !abort_it && (transaction->generation != generation || is_busy)) {
        fails = true;
        error = EAGAIN;
    }
    if (fails || abort_it) {
        tree_free(transaction->tree);
    } else {
        tree_free(store);
        store = transaction->tree;
        generation++;
    }
    transaction->tree = NULL;
    pthread_mutex_unlock(&lock);
    errno = error;
    return !fails;
}

bool xs_introduce_domain(struct xs_handle *handle, unsigned domid, unsigned long gfn, unsigned port)
{
    if (!goes_on(POINT_STORE_WRITE))
        return false;
    errno = ENOENT;
    return fake_introduce(domid, true);
}

bool xs_release_domain(struct xs_handle *handle, unsigned domid)
{
    if (!goes_on(POINT_STORE_REMOVE))
        return false;
    errno = ENOENT;
    return fake_introduce(domid, false);
}

/* --- the test's side --------------------------------------------------------------------------------------------- */

void fake_store_start(void)
{
    store = __real_calloc(1, sizeof(*store));
    put_with_parents(store, "/local/domain/0/name", "Domain-0", 8, true);
}

void fake_store_end(void)
{
    for (size_t i = 0; i < TRANSACTIONS_MAX; i++) {
        if (transactions[i].tree)
            tree_free(transactions[i].tree);
        transactions[i].tree = NULL;
    }
    tree_free(store);
}

void fake_store_print(void (*line)(void *context, const char *text), void *context)
{
    char text[4096];

    for (size_t i = 0; i < store->count; i++) {
        snprintf(text, sizeof(text), "%s = \"%s\"", store->nodes[i].path, store->nodes[i].value);
        line(context, text);
    }
}

/* --- watches: of all of them a handle is told when the test says that something has happened -------------------- */

bool xs_watch(struct xs_handle *handle, const char *path, const char *token)
{
    if (!goes_on(POINT_STORE_READ))
        return false;
    handle->watches = true;
    handle->seen = events - 1; /* each watch begins with an event */
    return true;
}

bool xs_unwatch(struct xs_handle *handle, const char *path, const char *token)
{
    return true;
}

char **xs_check_watch(struct xs_handle *handle)
{
    if (is_lost || !handle->watches || handle->seen == events) {
        errno = is_lost ? EPIPE : EAGAIN;
        return NULL;
    }
    handle->seen = events;
    return __real_calloc(2, sizeof(char *));
}

int xs_fileno(struct xs_handle *handle)
{
    return is_lost ? readable : -1;
}

void fake_after_read(const char *end, void (*call)(void))
{
    awaited_end = end;
    awaited_call = call;
}

void fake_store_event(void)
{
    events++;
}

void fake_store_busy(bool busy)
{
    is_busy = busy;
}

void fake_store_lost(bool lost)
{
    if (lost && readable < 0)
        readable = open("/dev/null", O_RDONLY | O_CLOEXEC);
    is_lost = lost;
}
