/* SPDX-License-Identifier: MIT */
/* The persistent tree: names, lookups, snapshots that stay as they were, and the lists of children. */
#include "support.h"

static void names_are_checked(void)
{
    char path[PATH_SIZE];
    CU_ASSERT_EQUAL(path_canonicalise("/", "/h", false, path), 0);
    CU_ASSERT_STRING_EQUAL(path, "/");
    CU_ASSERT_EQUAL(path_canonicalise("x/y", "/local/domain/3", false, path), 0);
    CU_ASSERT_STRING_EQUAL(path, "/local/domain/3/x/y");
    CU_ASSERT_EQUAL(path_canonicalise("@releaseDomain", "/h", true, path), 0);
    static const char *const wrong[] = {"", "//", "/a/", "/a//b", "a/", "/a:b", "/a b", "@x", "/\x80"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CU_ASSERT_EQUAL(path_canonicalise(wrong[i], "/h", false, path), EINVAL);
    CU_ASSERT_EQUAL(path_canonicalise("@x/y", "/h", true, path), EINVAL);

    char name[XENSTORE_ABS_PATH_MAX + 2];
    memset(name, 'a', sizeof(name));
    name[0] = '/';
    name[XENSTORE_ABS_PATH_MAX] = '\0';
    CU_ASSERT_EQUAL(path_canonicalise(name, "/h", false, path), 0);
    name[XENSTORE_ABS_PATH_MAX] = 'a';
    name[XENSTORE_ABS_PATH_MAX + 1] = '\0';
    CU_ASSERT_EQUAL(path_canonicalise(name, "/h", false, path), EINVAL);
    name[0] = 'a';
    name[XENSTORE_REL_PATH_MAX + 1] = '\0';
    CU_ASSERT_EQUAL(path_canonicalise(name, "/h", false, path), EINVAL);
    name[XENSTORE_REL_PATH_MAX] = '\0';
    CU_ASSERT_EQUAL(path_canonicalise(name, "/h", false, path), 0);
}

static void permissions_are_read_and_written(void)
{
    struct permissions *permissions = permissions_parse("n3\0r5\0w65535\0b7", sizeof("n3\0r5\0w65535\0b7"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(permissions);
    CU_ASSERT_EQUAL(permissions->count, 4);
    char text[64];
    CU_ASSERT_EQUAL(permissions_format(permissions, text, sizeof(text)), sizeof("n3\0r5\0w65535\0b7"));
    CU_ASSERT_EQUAL(memcmp(text, "n3\0r5\0w65535\0b7", sizeof("n3\0r5\0w65535\0b7")), 0);
    struct actor owner = {3, DOMID_INVALID, NULL}, reader = {5, DOMID_INVALID, NULL}, other = {9, DOMID_INVALID, NULL},
                 helper = {9, 7, NULL};
    CU_ASSERT_EQUAL(permissions_of(permissions, &owner), ACCESS_READ | ACCESS_WRITE | ACCESS_OWNER);
    CU_ASSERT_EQUAL(permissions_of(permissions, &reader), ACCESS_READ);
    CU_ASSERT_EQUAL(permissions_of(permissions, &other), 0);
    CU_ASSERT_EQUAL(permissions_of(permissions, &helper), ACCESS_READ | ACCESS_WRITE);
    permissions_release(permissions);

    static const char *const wrong[] = {"x3", "r", "r-1", "r65536", "r3x", "", "3"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CU_ASSERT_PTR_NULL(permissions_parse(wrong[i], strlen(wrong[i]) + 1));
    CU_ASSERT_PTR_NULL(permissions_parse("", 0));
    CU_ASSERT_PTR_NULL(permissions_parse("r3", 2));
}

static uint64_t generation;
static struct usage usage;

static void write_path(struct node **top, const char *path, const char *value)
{
    struct change *change = change_create(CHANGE_WRITE, path, 0);
    change->value = value_create(value, strlen(value));
    change_apply(change, top, ++generation, &usage);
    change_release(change);
}

static void remove_path(struct node **top, const char *path)
{
    struct change *change = change_create(CHANGE_REMOVE, path, 0);
    change_apply(change, top, ++generation, &usage);
    change_release(change);
}

static bool has_value(struct node *top, const char *path, const char *value)
{
    struct node *node = tree_find(top, path);
    return node && node->value && node->value->size == strlen(value) &&
           memcmp(node->value->data, value, node->value->size) == 0;
}

static void a_snapshot_stays_as_it_was(void)
{
    struct node *top = tree_create();
    write_path(&top, "/a/b/c", "1");
    write_path(&top, "/a/d", "2");
    struct node *snapshot = tree_reference(top);
    write_path(&top, "/a/b/c", "changed");
    write_path(&top, "/a/b/new", "3");
    remove_path(&top, "/a/d");
    CU_ASSERT_TRUE(has_value(snapshot, "/a/b/c", "1"));
    CU_ASSERT_TRUE(has_value(snapshot, "/a/d", "2"));
    CU_ASSERT_PTR_NULL(tree_find(snapshot, "/a/b/new"));
    CU_ASSERT_TRUE(has_value(top, "/a/b/c", "changed"));
    CU_ASSERT_PTR_NULL(tree_find(top, "/a/d"));
    tree_release(snapshot);
    CU_ASSERT_TRUE(has_value(top, "/a/b/new", "3"));
    tree_release(top);
    usage_clear(&usage);
}

static void unchanged_parts_are_shared(void)
{
    struct node *top = tree_create();
    write_path(&top, "/a/b/c", "1");
    write_path(&top, "/x/y/z", "2");
    struct node *snapshot = tree_reference(top);
    write_path(&top, "/a/b/c", "3");
    CU_ASSERT_PTR_EQUAL(tree_find(top, "/x/y/z"), tree_find(snapshot, "/x/y/z"));
    CU_ASSERT_PTR_NOT_EQUAL(tree_find(top, "/a/b/c"), tree_find(snapshot, "/a/b/c"));
    tree_release(snapshot);
    struct node *node = tree_find(top, "/a/b/c");
    write_path(&top, "/a/b/c", "4");
    CU_ASSERT_PTR_EQUAL(tree_find(top, "/a/b/c"), node); /* nobody else sees it: changed in place */
    tree_release(top);
    usage_clear(&usage);
}

static bool check_order(void *context, const struct node *child)
{
    char *last = context;
    CU_ASSERT_TRUE(strlen(last) == 0 || strncmp(last, child->name, child->name_size) < 0);
    memcpy(last, child->name, child->name_size);
    last[child->name_size] = '\0';
    return true;
}

static void children_come_in_order_and_in_parts(void)
{
    enum { COUNT = 3000 };
    struct node *top = tree_create();
    size_t total = 0;
    for (unsigned int i = 0; i < COUNT; i++) {
        char path[32];
        total += (size_t)snprintf(path, sizeof(path), "/d/%u", i * 2654435761u % 1000003u) - 2;
        write_path(&top, path, "");
    }
    for (unsigned int i = 0; i < COUNT; i += 3) {
        char path[32];
        total -= (size_t)snprintf(path, sizeof(path), "/d/%u", i * 2654435761u % 1000003u) - 2;
        remove_path(&top, path);
    }
    struct node *directory = tree_find(top, "/d");
    CU_ASSERT_EQUAL(tree_names_size(directory), total);
    char last[32] = "";
    tree_for_each_child(directory, check_order, last);

    char *whole = malloc(total), *parts = malloc(total + 4096);
    CU_ASSERT_EQUAL(tree_write_names(directory, 0, whole, total), total);
    size_t used = 0, part;
    while ((part = tree_write_names(directory, used, parts + used, 100)) > 0)
        used += part;
    CU_ASSERT_EQUAL(used, total);
    CU_ASSERT_EQUAL(memcmp(whole, parts, total), 0);
    CU_ASSERT_EQUAL(tree_write_names(directory, total + 5, parts, 100), 0);
    CU_ASSERT_EQUAL(tree_write_names(directory, 1, parts, total), total - 1);
    CU_ASSERT_EQUAL(memcmp(parts, whole + 1, total - 1), 0);
    free(whole);
    free(parts);
    tree_release(top);
    usage_clear(&usage);
}

static void usage_follows_owners(void)
{
    struct usage counted = {0}, expected = {0};
    struct node *top = tree_create();
    change_count_subtree(top, 1, &counted);
    struct change *change = change_create(CHANGE_WRITE, "/a/b/c", 5);
    change_apply(change, &top, ++generation, &counted);
    change_release(change);
    CU_ASSERT_EQUAL(usage_get(&counted, 5).nodes, 3);
    change = change_create(CHANGE_SET_PERMISSIONS, "/a/b", 0);
    change->permissions = permissions_parse("n7\0r5", sizeof("n7\0r5"));
    change_apply(change, &top, ++generation, &counted);
    change_release(change);
    CU_ASSERT_EQUAL(usage_get(&counted, 5).nodes, 2);
    CU_ASSERT_EQUAL(usage_get(&counted, 5).references, 1);
    CU_ASSERT_EQUAL(usage_get(&counted, 7).nodes, 1);
    change_count_subtree(top, 1, &expected);
    CU_ASSERT_EQUAL(expected.count, counted.count);
    change = change_create(CHANGE_REMOVE, "/a", 0);
    change_apply(change, &top, ++generation, &counted);
    change_release(change);
    CU_ASSERT_EQUAL(counted.count, 1);
    CU_ASSERT_EQUAL(usage_get(&counted, 0).nodes, 4);
    usage_clear(&counted);
    usage_clear(&expected);
    tree_release(top);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"names of nodes: what is allowed, and how long", names_are_checked},
        {"permission texts are read, written and applied", permissions_are_read_and_written},
        {"a snapshot stays as it was", a_snapshot_stays_as_it_was},
        {"what did not change is shared, what nobody sees is changed in place", unchanged_parts_are_shared},
        {"children come in order, whole and in parts", children_come_in_order_and_in_parts},
        {"nodes and permissions count for their domains", usage_follows_owners},
    };
    return RUN_TESTS("tree", tests);
}
