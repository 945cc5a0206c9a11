/* SPDX-License-Identifier: MIT */
/*
 * Random operations of several clients, inside and outside of transactions, against a reference model that is as plain
 * as can be: the whole store as a sorted list of paths, copied whole at the start of a transaction. After each
 * operation the replies agree; at the end the trees do. STORE_MODEL_SEED and STORE_MODEL_STEPS choose the run.
 */
#include "support.h"

enum { CLIENTS = 6, MODEL_MAX = 4096, PATHS = 84 };

struct model_node {
    char path[32];
    char value[16];
};

struct model {
    size_t count;
    struct model_node nodes[MODEL_MAX];
};

static struct model truth;
static struct daemon daemon_;

struct model_client {
    struct client client;
    uint32_t transaction;
    bool changed;
    struct model copy, base;
    struct { /* what it changed, to be done again on what others made of the store meanwhile */
        int kind;
        char path[32], value[16];
    } log[256];
    size_t log_count;
    char seen[256][32];  /* paths it looked at */
    int seen_how[256];   /* 0: value or existence, 1: children, 2: existence alone */
    size_t seen_count;
};
static struct model_client clients[CLIENTS];

static uint64_t random_state;
static unsigned int random_below(unsigned int bound)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned int)(random_state >> 33) % bound;
}

static struct model_node *model_find(struct model *model, const char *path)
{
    for (size_t i = 0; i < model->count; i++)
        if (strcmp(model->nodes[i].path, path) == 0)
            return &model->nodes[i];
    return NULL;
}

static void parent_of(const char *path, char parent[32])
{
    strcpy(parent, path);
    *strrchr(parent, '/') = '\0';
    if (!parent[0])
        strcpy(parent, "/");
}

static bool model_exists(struct model *model, const char *path)
{
    return strcmp(path, "/") == 0 || model_find(model, path);
}

static void model_make(struct model *model, const char *path)
{
    if (model_exists(model, path))
        return;
    char parent[32];
    parent_of(path, parent);
    model_make(model, parent);
    struct model_node *node = &model->nodes[model->count++];
    strcpy(node->path, path);
    node->value[0] = '\0';
}

static void model_write(struct model *model, const char *path, const char *value)
{
    model_make(model, path);
    strcpy(model_find(model, path)->value, value);
}

static const char *model_remove(struct model *model, const char *path)
{
    char parent[32];
    parent_of(path, parent);
    if (!model_exists(model, parent))
        return "ENOENT";
    size_t kept = 0;
    for (size_t i = 0; i < model->count; i++)
        if (!path_is_within(model->nodes[i].path, path))
            model->nodes[kept++] = model->nodes[i];
    model->count = kept;
    return "OK";
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct model_node *)a)->path, ((const struct model_node *)b)->path);
}

/* The children's names, each followed by a comma. */
static void model_list(struct model *model, const char *path, char *to)
{
    static struct model sorted;
    sorted = *model;
    qsort(sorted.nodes, sorted.count, sizeof(sorted.nodes[0]), by_path);
    *to = '\0';
    for (size_t i = 0; i < sorted.count; i++) {
        char parent[32];
        parent_of(sorted.nodes[i].path, parent);
        if (strcmp(parent, path) == 0)
            to += sprintf(to, "%s,", strrchr(sorted.nodes[i].path, '/') + 1);
    }
}

static void random_path(char path[32])
{
    unsigned int depth = 1 + random_below(3);
    path[0] = '\0';
    for (unsigned int i = 0; i < depth; i++)
        sprintf(path + strlen(path), "/%c", 'a' + (int)random_below(4));
}

static void note_seen(struct model_client *client, const char *path, int how)
{
    if (client->transaction && client->seen_count < 256) {
        strcpy(client->seen[client->seen_count], path);
        client->seen_how[client->seen_count++] = how;
    }
}

static void note_change(struct model_client *client, int kind, const char *path, const char *value)
{
    if (!client->transaction)
        return;
    client->log[client->log_count].kind = kind;
    strcpy(client->log[client->log_count].path, path);
    strcpy(client->log[client->log_count++].value, value);
}

/* Whether what the transaction looked at reads the same in the store of today. The daemon may see a conflict where the
 * values have come back to what they were, never the other way round. */
static bool saw_the_same(struct model_client *client)
{
    for (size_t i = 0; i < client->seen_count; i++) {
        const char *path = client->seen[i];
        if (model_exists(&client->base, path) != model_exists(&truth, path))
            return false;
        char before[256], after[256];
        if (client->seen_how[i] == 1) {
            model_list(&client->base, path, before);
            model_list(&truth, path, after);
            if (strcmp(before, after) != 0)
                return false;
        }
        struct model_node *old = model_find(&client->base, path), *new = model_find(&truth, path);
        if (client->seen_how[i] == 0 && old && new && strcmp(old->value, new->value) != 0)
            return false;
    }
    return true;
}

static unsigned int commits, conflicts;

static void end_transaction(struct model_client *client)
{
    bool commit = random_below(4) != 0;
    const char *reply = call_path(&client->client, XS_TRANSACTION_END, client->transaction, commit ? "T" : "F");
    client->transaction = 0;
    if (!commit) {
        CU_ASSERT_STRING_EQUAL(reply, "OK");
        return;
    }
    if (strcmp(reply, "OK") != 0) {
        CU_ASSERT_STRING_EQUAL(reply, "EAGAIN");
        CU_ASSERT_TRUE(client->log_count > 0); /* a transaction that only read always ends well */
        conflicts++;
        return;
    }
    commits++;
    if (client->log_count == 0)
        return;
    CU_ASSERT_TRUE(saw_the_same(client));
    for (size_t i = 0; i < client->log_count; i++) {
        if (client->log[i].kind == 0)
            model_write(&truth, client->log[i].path, client->log[i].value);
        else if (client->log[i].kind == 1)
            model_make(&truth, client->log[i].path);
        else
            model_remove(&truth, client->log[i].path);
    }
}

static void step(struct model_client *client)
{
    struct model *model = client->transaction ? &client->copy : &truth;
    uint32_t tx = client->transaction;
    char path[32], value[16], expected[256];
    random_path(path);
    switch (random_below(10)) {
    case 0:
    case 1:
    case 2:
        sprintf(value, "v%u", random_below(100));
        CU_ASSERT_STRING_EQUAL(call_write(&client->client, tx, path, value), "OK");
        model_write(model, path, value);
        note_change(client, 0, path, value);
        break;
    case 3:
        CU_ASSERT_STRING_EQUAL(call_path(&client->client, XS_MKDIR, tx, path), "OK");
        if (model_exists(model, path))
            note_seen(client, path, 2);
        else
            note_change(client, 1, path, "");
        model_make(model, path);
        break;
    case 4: {
        bool there = model_exists(model, path);
        const char *reply = call_path(&client->client, XS_RM, tx, path);
        CU_ASSERT_STRING_EQUAL(reply, model_remove(model, path));
        if (there)
            note_change(client, 2, path, "");
        break;
    }
    case 5:
    case 6: {
        struct model_node *node = model_find(model, path);
        CU_ASSERT_STRING_EQUAL(call_path(&client->client, XS_READ, tx, path), node ? node->value : "ENOENT");
        if (!tx || !node || model_find(&client->base, path))
            note_seen(client, path, 0);
        break;
    }
    case 7: {
        struct message reply;
        bool done = client_call(&client->client, XS_DIRECTORY, tx, path, strlen(path) + 1, &reply);
        CU_ASSERT_EQUAL(done, model_exists(model, path));
        if (done) {
            model_list(model, path, expected);
            for (size_t i = 0; i < reply.header.len; i++)
                if (reply.body[i] == '\0')
                    reply.body[i] = ',';
            CU_ASSERT_STRING_EQUAL(reply.body, expected);
        }
        note_seen(client, path, done ? 1 : 2);
        break;
    }
    default:
        if (!client->transaction) {
            client->transaction = start_transaction(&client->client);
            client->copy = client->base = truth;
            client->log_count = client->seen_count = 0;
        } else if (random_below(3) == 0 || client->log_count > 200 || client->seen_count > 200) {
            end_transaction(client);
        }
    }
}

static bool compare_node(void *context, const struct node *node)
{
    ++*(size_t *)context;
    tree_for_each_child(node, compare_node, context);
    return true;
}

static void random_operations_agree_with_the_model(void)
{
    const char *seed = getenv("STORE_MODEL_SEED"), *steps_text = getenv("STORE_MODEL_STEPS");
    random_state = seed ? strtoull(seed, NULL, 10) : 20260101;
    unsigned long steps = steps_text ? strtoul(steps_text, NULL, 10) : 40000;
    CU_ASSERT_EQUAL_FATAL(daemon_create(&daemon_), 0);
    for (int i = 0; i < CLIENTS; i++)
        client_open(&clients[i].client, &daemon_, 0);
    for (unsigned long i = 0; i < steps && CU_get_number_of_failures() == 0; i++)
        step(&clients[random_below(CLIENTS)]);
    printf("%lu steps, %u commits, %u conflicts ", steps, commits, conflicts);
    CU_ASSERT_TRUE(commits > 0 && conflicts > 0);

    struct client *reader = &clients[0].client;
    for (size_t i = 0; i < truth.count; i++)
        CU_ASSERT_STRING_EQUAL(call_path(reader, XS_READ, 0, truth.nodes[i].path), truth.nodes[i].value);
    size_t nodes = 0;
    tree_for_each_child(tree_find(daemon_.store.top, "/"), compare_node, &nodes);
    CU_ASSERT_EQUAL(nodes, truth.count);
    CU_ASSERT_STRING_EQUAL(CALL(reader, XS_CONTROL, 0, "check"), "OK");
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i].client.fd);
    daemon_destroy(&daemon_);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"random operations of many clients agree with a plain model", random_operations_agree_with_the_model},
    };
    return RUN_TESTS("model", tests);
}
