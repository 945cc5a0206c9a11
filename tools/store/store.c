/* SPDX-License-Identifier: MIT */
/* Operations on the tree: may it happen, then make it happen. */
#include "store/store.h"

#include <errno.h>
#include <string.h>

#include "store/account.h"
#include "store/transaction.h"

#define NO_CHANGE (-1) /* of a check: allowed, and nothing to do */

void store_create(struct store *store)
{
    *store = (struct store){.top = tree_create(), .quota = quota_default};
    change_count_subtree(store->top, 1, &store->usage);
}

void store_destroy(struct store *store)
{
    tree_release(store->top);
    usage_clear(&store->usage);
}

struct view store_view(struct store *store, struct change_list *changes)
{
    return (struct view){.store = store, .top = &store->top, .usage = &store->usage, .changes = changes};
}

static const struct quota *limits_of(const struct view *view, const struct actor *actor)
{
    return actor->account ? &actor->account->quota : &view->store->quota;
}

/* What a transaction has looked at, for the check at its end. */
static int note_access(struct view *view, const struct actor *actor, const char *path, unsigned int what)
{
    if (!view->accesses || view->replays)
        return 0;
    unsigned int limit = actor_is_privileged(actor) ? 0 : limits_of(view, actor)->transaction_nodes;
    return access_log_add(view->accesses, path, what, limit) ? 0 : ENOSPC;
}

/* A node with these rights for the actor. Whether a missing one may be known to be missing depends on its nearest
 * ancestor. */
static int find_node(struct view *view, const struct actor *actor, const char *path, unsigned int rights,
                     struct node **found)
{
    size_t missing;
    struct node *node = tree_find_nearest(*view->top, path, &missing);
    if ((permissions_of(node->permissions, actor) & rights) != rights)
        return EACCES;
    *found = node;
    return missing ? ENOENT : 0;
}

static int look_at(struct view *view, const struct actor *actor, const char *path, unsigned int what,
                   const struct node **node)
{
    int error = note_access(view, actor, path, what);
    struct node *found;
    if (!error)
        error = find_node(view, actor, path, ACCESS_READ, &found);
    if (!error)
        *node = found;
    return error;
}

int store_read(struct view *view, const struct actor *actor, const char *path, const struct node **node)
{
    return look_at(view, actor, path, ACCESSED_CONTENT, node);
}

int store_list(struct view *view, const struct actor *actor, const char *path, const struct node **node)
{
    return look_at(view, actor, path, ACCESSED_CHILDREN, node);
}

/* What the domain owns, in the tree that the view sees. */
static struct usage_entry usage_of(const struct view *view, domid_t domain)
{
    struct usage_entry usage = usage_get(view->usage, domain);
    if (view->accesses) {
        struct usage_entry base = usage_get(&view->store->usage, domain);
        usage.nodes += base.nodes;
        usage.bytes += base.bytes;
    }
    return usage;
}

/* Whether a domain may have `nodes` nodes and `bytes` bytes more. 0, ENOSPC or ENOMEM. */
static int check_growth(struct view *view, const struct actor *actor, int64_t nodes, int64_t bytes)
{
    const struct quota *quota = limits_of(view, actor);
    struct usage_entry usage = usage_of(view, actor->domain);
    int64_t memory = usage.bytes + (actor->account ? actor->account->memory : 0) + bytes;
    if (nodes > 0 && quota_forbids(quota->nodes, usage.nodes + nodes))
        return ENOSPC;
    if (bytes > 0 && quota_forbids(quota->memory, memory))
        return ENOMEM;
    return 0;
}

/* The nearest existing ancestor of a path that lacks `missing` components; it must go on existing for a transaction. */
static int note_ancestor(struct view *view, const struct actor *actor, const char *path, size_t missing)
{
    char ancestor[PATH_SIZE];
    strcpy(ancestor, path);
    for (size_t i = 0; i < missing; i++)
        ancestor[path_parent_size(ancestor)] = '\0';
    return note_access(view, actor, ancestor, ACCESSED_EXISTENCE);
}

static int check_write(struct view *view, const struct actor *actor, const struct change *change)
{
    bool limited = !actor_is_privileged(actor);
    size_t value_size = change->value ? change->value->size : 0;
    if (limited && quota_forbids(limits_of(view, actor)->node_size, (int64_t)value_size))
        return ENOSPC;
    size_t missing;
    struct node *node = tree_find_nearest(*view->top, change->path, &missing);
    if (!(permissions_of(node->permissions, actor) & ACCESS_WRITE))
        return EACCES;
    if (limited) {
        size_t old_size = missing || !node->value ? 0 : node->value->size;
        int error = check_growth(view, actor, (int64_t)missing,
                                 (int64_t)(missing * sizeof(*node) + value_size) - (int64_t)old_size);
        if (error)
            return error;
    }
    if (missing)
        return view->accesses && !view->replays ? note_ancestor(view, actor, change->path, missing) : 0;
    bool nothing_to_do = change->kind == CHANGE_MAKE;
    int error = note_access(view, actor, change->path, ACCESSED_EXISTENCE);
    return !error && nothing_to_do ? NO_CHANGE : error;
}

static int check_remove(struct view *view, const struct actor *actor, const struct change *change)
{
    if (strcmp(change->path, "/") == 0)
        return EINVAL;
    struct node *node;
    int error = find_node(view, actor, change->path, ACCESS_WRITE, &node);
    if (error == ENOENT) {
        size_t missing;
        tree_find_nearest(*view->top, change->path, &missing);
        error = missing == 1 ? NO_CHANGE : ENOENT;
    }
    int noted = note_access(view, actor, change->path, ACCESSED_EXISTENCE);
    return noted ? noted : error;
}

static int check_set_permissions(struct view *view, const struct actor *actor, const struct change *change)
{
    struct node *node;
    int error = find_node(view, actor, change->path, ACCESS_WRITE, &node);
    if (!error && !(permissions_of(node->permissions, actor) & ACCESS_OWNER))
        error = EACCES;
    if (!error && !actor_is_privileged(actor)) {
        if (quota_forbids(limits_of(view, actor)->permissions, change->permissions->count))
            error = ENOSPC;
        else if (change->permissions->entries[0].domain != node->permissions->entries[0].domain)
            error = EPERM;
    }
    int noted = note_access(view, actor, change->path, ACCESSED_EXISTENCE);
    return noted ? noted : error;
}

static int (*const checks[])(struct view *, const struct actor *, const struct change *) = {
    [CHANGE_WRITE] = check_write,
    [CHANGE_MAKE] = check_write,
    [CHANGE_REMOVE] = check_remove,
    [CHANGE_SET_PERMISSIONS] = check_set_permissions,
};

static void apply(struct view *view, struct change *change)
{
    change_apply(change, view->top, ++view->store->generation, view->usage);
    change_list_append(view->changes, change);
}

/* Carries out a change that a check has let pass, or releases it. */
static int perform(struct view *view, const struct actor *actor, struct change *change)
{
    struct store *store = view->store;
    int error = checks[change->kind](view, actor, change);
    if (!error && view->accesses && !actor_is_privileged(actor) &&
        quota_forbids(limits_of(view, actor)->transaction_nodes, (int64_t)view->changes->count + 1))
        error = ENOSPC;
    if (!error && !view->accesses && store->record) {
        struct change_list alone = {.first = change};
        error = store->record(store->record_context, &alone);
    }
    if (error) {
        change_release(change);
        return error == NO_CHANGE ? 0 : error;
    }
    apply(view, change);
    return 0;
}

int store_write(struct view *view, const struct actor *actor, const char *path, const void *data, size_t size)
{
    struct change *change = change_create(CHANGE_WRITE, path, actor->domain);
    change->value = value_create(data, size);
    return perform(view, actor, change);
}

int store_make(struct view *view, const struct actor *actor, const char *path)
{
    return perform(view, actor, change_create(CHANGE_MAKE, path, actor->domain));
}

int store_remove(struct view *view, const struct actor *actor, const char *path)
{
    return perform(view, actor, change_create(CHANGE_REMOVE, path, actor->domain));
}

int store_set_permissions(struct view *view, const struct actor *actor, const char *path,
                          struct permissions *permissions)
{
    struct change *change = change_create(CHANGE_SET_PERMISSIONS, path, actor->domain);
    change->permissions = permissions;
    return perform(view, actor, change);
}

int store_replay(struct view *view, const struct actor *actor, const struct change *change)
{
    struct change *copy = change_create(change->kind, change->path, change->creator);
    copy->value = value_reference(change->value);
    if (change->permissions)
        copy->permissions = permissions_reference(change->permissions);
    int error = checks[copy->kind](view, actor, copy);
    if (error) {
        change_release(copy);
        return error == NO_CHANGE ? 0 : EAGAIN;
    }
    apply(view, copy);
    return 0;
}

/* Collects the changes that make a domain's traces vanish. */
struct forgetting {
    domid_t domain;
    struct change_list changes;
};

static bool forget_in_node(void *context, const char *path, const struct node *node)
{
    struct forgetting *forgetting = context;
    bool removable = path[0] == '/' && path[1] != '\0';
    if (removable && node->permissions->entries[0].domain == forgetting->domain) {
        change_list_append(&forgetting->changes, change_create(CHANGE_REMOVE, path, 0));
        return false;
    }
    struct permissions *rest = permissions_without(node->permissions, forgetting->domain);
    if (rest) {
        struct change *change = change_create(CHANGE_SET_PERMISSIONS, path, 0);
        change->permissions = rest;
        change_list_append(&forgetting->changes, change);
    }
    return true;
}

void store_forget_domain(struct view *view, domid_t domain)
{
    struct usage_entry usage = usage_get(view->usage, domain);
    if (usage.nodes == 0 && usage.references == 0)
        return;
    struct forgetting forgetting = {.domain = domain};
    tree_walk(*view->top, forget_in_node, &forgetting);

    struct change *next;
    for (struct change *change = forgetting.changes.first; change; change = next) {
        next = change->next;
        change->next = NULL;
        apply(view, change);
    }
}
