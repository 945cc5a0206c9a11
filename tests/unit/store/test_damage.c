/* SPDX-License-Identifier: MIT */
/*
 * A damaged journal: whatever was hit and however, all records but those are read, the place is told, and nothing that
 * a client has had stored counts as a record.
 */
#include <sys/stat.h>
#include <time.h>

#include "single_step.h"
#include "store/journal.h"
#include "store/journal_file.h"
#include "store/journal_format.h"
#include "store/log.h"
#include "support.h"

enum { RECORDS_MAX = 400, FLIPS = 3, LOOKED_AT = 4096 };

static char base[] = "/tmp/store-damage-XXXXXX", state_path[64], journal_path[96], kept_path[96];
static struct daemon daemon_;
static struct client tool;
static char *content; /* of a whole journal */
static size_t content_size, ends[RECORDS_MAX], record_count; /* where record N ends; it made node N */
static uint64_t key;

static const char *path_of(size_t number)
{
    static char path[24];
    snprintf(path, sizeof(path), "/node%zu", number);
    return path;
}

static void run_command(const char *format, const char *argument)
{
    char command[256];
    snprintf(command, sizeof(command), format, argument);
    if (system(command) != 0)
        abort();
}

static void start(void)
{
    CU_ASSERT_EQUAL_FATAL(daemon_create(&daemon_), 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(journal_open(&daemon_, state_path));
    client_open(&tool, &daemon_, 0);
}

static void stop(void)
{
    close(tool.fd);
    daemon_destroy(&daemon_);
}

/* Of so many records, each of which makes a node; `largest` is the size of the longest value. */
static void make_journal(size_t count, size_t largest)
{
    static char value[XENSTORE_PAYLOAD_MAX];
    run_command("rm -rf %s", state_path);
    start();
    record_count = count;
    for (size_t i = 0; i < count; i++) {
        size_t size = largest ? i * 37 % largest : 0;
        memset(value, 'a' + (int)(i % 26), size);
        value[size] = '\0';
        CU_ASSERT_STRING_EQUAL(call_write(&tool, 0, path_of(i), value), "OK");
        ends[i] = journal_size(daemon_.journal);
    }
    stop();
    free(content);
    FILE *file = fopen(journal_path, "r");
    content_size = ends[count - 1];
    content = malloc(content_size);
    CU_ASSERT_EQUAL_FATAL(fread(content, 1, content_size, file), content_size);
    fclose(file);
    CU_ASSERT_TRUE_FATAL(journal_get_header(content, content_size, &key));
}

/* What is read of the content as it is: damaged places, and which nodes are not there. */
struct found {
    size_t damaged, missing, first, last;
};

static struct found read_content(void)
{
    struct found found = {.first = SIZE_MAX};
    struct store store;
    struct journal_state state = {.key = key};
    store_create(&store);
    CU_ASSERT_TRUE(journal_load(&state, &store, content, content_size, &found.damaged) <= content_size);
    for (size_t i = 0; i < record_count; i++)
        if (!tree_find(store.top, path_of(i))) {
            found.missing++;
            found.first = found.first < i ? found.first : i;
            found.last = i;
        }
    journal_state_free(&state);
    store_destroy(&store);
    return found;
}

static size_t record_at(size_t place)
{
    size_t number = 0;
    while (ends[number] <= place)
        number++;
    return number;
}

static void each_byte_in_turn(void)
{
    static const char flips[FLIPS] = {0x01, (char)0x80, (char)0xff};
    make_journal(20, 40);
    CU_ASSERT_EQUAL(read_content().missing, 0);
    for (size_t at = JOURNAL_HEADER_SIZE; at < content_size; at++)
        for (int i = 0; i < FLIPS; i++) {
            content[at] ^= flips[i];
            struct found found = read_content();
            CU_ASSERT_EQUAL(found.damaged, 1);
            CU_ASSERT_EQUAL(found.missing, 1);
            CU_ASSERT_EQUAL(found.first, record_at(at));
            content[at] ^= flips[i];
        }
}

static void write_content(const char *data, size_t size)
{
    FILE *file = fopen(journal_path, "w");
    CU_ASSERT_EQUAL(fwrite(data, 1, size, file), size);
    fclose(file);
}

static void the_header_is_kept_twice(void)
{
    struct stat status;
    make_journal(20, 40);
    for (size_t at = 0; at < JOURNAL_HEADER_SIZE; at++) {
        content[at] ^= 0x11;
        write_content(content, content_size);
        content[at] ^= 0x11;
        unlink(kept_path);
        for (int round = 0; round < 2; round++) { /* killed before it is written anew, it is read once more */
            start();
            for (size_t i = 0; i < record_count; i++)
                CU_ASSERT_PTR_NOT_NULL(tree_find(daemon_.store.top, path_of(i)));
            CU_ASSERT_EQUAL(stat(kept_path, &status), 0);
            if (round == 0)
                CU_ASSERT_STRING_EQUAL(call_write(&tool, 0, "/later", "v"), "OK");
            CU_ASSERT_PTR_NOT_NULL(tree_find(daemon_.store.top, "/later"));
            stop();
        }
    }
    char lock_path[96];
    snprintf(lock_path, sizeof(lock_path), "%s/lock", state_path);
    CU_ASSERT_EQUAL(truncate(lock_path, 0), 0); /* what is beside it may be lost */
    write_content(content, content_size);
    start();
    CU_ASSERT_PTR_NOT_NULL(tree_find(daemon_.store.top, path_of(19)));
    stop();
    CU_ASSERT_EQUAL(stat(lock_path, &status), 0);
    CU_ASSERT_EQUAL(status.st_size, JOURNAL_HEADER_SIZE);
    CU_ASSERT_EQUAL(truncate(lock_path, 0), 0); /* but not both: then nothing can be told, and that is */
    content[3] ^= 1;
    write_content(content, content_size);
    unlink(kept_path);
    start();
    CU_ASSERT_PTR_NULL(tree_find(daemon_.store.top, path_of(19)));
    CU_ASSERT_STRING_EQUAL(call_write(&tool, 0, "/later", "v"), "OK");
    CU_ASSERT_EQUAL(stat(kept_path, &status), 0);
    stop();
    start();
    CU_ASSERT_PTR_NOT_NULL(tree_find(daemon_.store.top, "/later"));
    stop();
}

static void runs_of_anything(void)
{
    make_journal(RECORDS_MAX, 600);
    char *whole = malloc(content_size);
    memcpy(whole, content, content_size);
    srand(3);
    for (int round = 0; round < 300; round++) {
        size_t size = 1 + (size_t)rand() % (round % 3 ? 200 : 9000);
        size_t at = JOURNAL_HEADER_SIZE + (size_t)rand() % (ends[RECORDS_MAX - 2] - size - JOURNAL_HEADER_SIZE);
        for (size_t i = 0; i < size; i++)
            content[at + i] = round % 2 ? '\0' : (char)rand();
        struct found found = read_content();
        bool changed = memcmp(content, whole, content_size) != 0;
        CU_ASSERT_EQUAL(found.damaged, changed);
        CU_ASSERT_TRUE(!changed || (found.first >= record_at(at) && found.last <= record_at(at + size - 1)));
        memcpy(content, whole, content_size);
    }
    free(whole);
}

static void sizes_of_any_kind(void)
{
    make_journal(20, 40);
    for (size_t number = 0; number < record_count; number++) {
        size_t at = number ? ends[number - 1] : JOURNAL_HEADER_SIZE;
        uint32_t size, wrong;
        memcpy(&size, content + at, sizeof(size));
        const uint32_t others[] = {0, 1, size - 1, size + 1, size + 16, 2 * size, (uint32_t)(content_size - at - 16),
                                   (uint32_t)(content_size - at), 1u << 20, UINT32_MAX - 15, UINT32_MAX};
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
            wrong = others[i];
            if (wrong == size)
                continue;
            memcpy(content + at, &wrong, sizeof(wrong));
            struct found found = read_content();
            CU_ASSERT_EQUAL(found.damaged, 1);
            CU_ASSERT_EQUAL(found.missing, 1);
            CU_ASSERT_EQUAL(found.first, number);
        }
        memcpy(content + at, &size, sizeof(size));
        char kept[8];
        memcpy(kept, content + at, sizeof(kept)); /* unfinished it would not be so long */
        memset(content + at, 0xff, 4);
        memset(content + at + 4, 0, 4);
        struct found found = read_content();
        CU_ASSERT_TRUE(found.damaged == 1 && found.missing == 1 && found.first == number);
        memcpy(content + at, kept, sizeof(kept));
    }
}

/* A client has a value stored that is a record, made with this key; then the record that it lies in is damaged. */
static bool is_believed(uint64_t forging_key)
{
    char value[XENSTORE_PAYLOAD_MAX];
    struct bytes forged = {0};
    struct change *change = change_create(CHANGE_WRITE, "/forged", 0);
    journal_record_begin(&forged, RECORD_CHANGES, journal_no_origin);
    journal_put_change(&forged, change);
    change_release(change);
    journal_record_end(&forged, forging_key);
    memcpy(value, "/value", 7);
    memcpy(value + 10, forged.data, forged.size);
    size_t at = journal_size(daemon_.journal);
    client_send(&tool, XS_WRITE, 0, value, 10 + forged.size);
    turn(&daemon_);
    bytes_free(&forged);
    size_t size = journal_size(daemon_.journal);
    char *data = malloc(size);
    FILE *file = fopen(journal_path, "r");
    CU_ASSERT_EQUAL(fread(data, 1, size, file), size);
    fclose(file);
    data[at + 1] ^= 1;
    struct store store;
    struct journal_state state = {.key = key};
    size_t damaged = 0;
    store_create(&store);
    journal_load(&state, &store, data, size, &damaged);
    CU_ASSERT_EQUAL(damaged, 1);
    bool believed = tree_find(store.top, "/forged");
    journal_state_free(&state);
    store_destroy(&store);
    free(data);
    return believed;
}

static void a_value_is_no_record(void)
{
    make_journal(20, 40);
    start();
    CU_ASSERT_FALSE(is_believed(0));
    CU_ASSERT_FALSE(is_believed(key ^ 1));
    stop();
    write_content(content, content_size);
    start();
    CU_ASSERT_TRUE(is_believed(key)); /* whoever knew the key could */
    stop();
    CU_ASSERT_NOT_EQUAL(key, 0);
    uint64_t first = key;
    make_journal(20, 40);
    CU_ASSERT_NOT_EQUAL(key, first); /* which is another one each time */
}

static void what_comes_after_damage_is_found(void)
{
    make_journal(20, 40);
    content[ends[4] + 1] ^= 4; /* in the middle, */
    memset(content + ends[18] + 4, 0x5a, ends[19] - ends[18] - 4); /* and the last one */
    write_content(content, content_size);
    char path[24];
    for (int round = 0; round < 5; round++) {
        start();
        for (int i = 0; i < round; i++) {
            snprintf(path, sizeof(path), "/later%d", i);
            CU_ASSERT_PTR_NOT_NULL(tree_find(daemon_.store.top, path));
        }
        CU_ASSERT_PTR_NOT_NULL(tree_find(daemon_.store.top, path_of(18)));
        CU_ASSERT_PTR_NULL(tree_find(daemon_.store.top, path_of(5)));
        snprintf(path, sizeof(path), "/later%d", round);
        CU_ASSERT_STRING_EQUAL(call_write(&tool, 0, path, "v"), "OK");
        /* A kill, before or after the file is written anew. */
        if (round == 3) {
            turn(&daemon_);
            CU_ASSERT_EQUAL(unlink(kept_path), 0);
        } else if (round < 3) {
            run_command("cp %1$s %1$s.killed", journal_path);
        }
        stop();
        if (round < 3)
            run_command("mv %1$s.killed %1$s", journal_path);
    }
    CU_ASSERT_EQUAL(access(kept_path, F_OK), -1); /* it is whole again */
}

/* A child adds records as the daemon does; this one reads the file as it is. */
struct appending {
    struct journal_file file;
    struct bytes record;
    unsigned long wrong, before, after;
};

static void append(void *context)
{
    struct appending *appending = context;
    if (journal_file_append(&appending->file, appending->record.data, appending->record.size, 0))
        _exit(1);
}

static void look(void *context)
{
    struct appending *appending = context;
    struct store store;
    struct journal_state state = {.key = key};
    size_t damaged = 0;
    store_create(&store);
    journal_load(&state, &store, appending->file.memory, appending->file.size + LOOKED_AT, &damaged);
    bool is_there = tree_find(store.top, "/added");
    appending->before += !is_there;
    appending->after += is_there;
    appending->wrong += damaged > 0 || (appending->after > 0 && !is_there) || !tree_find(store.top, path_of(4));
    journal_state_free(&state);
    store_destroy(&store);
}

static void a_kill_at_any_instruction_of_an_append_is_no_damage(void)
{
    make_journal(5, 40);
    struct appending appending = {0};
    for (int i = 0; i < 2; i++) { /* the first one makes room */
        struct change *change = change_create(CHANGE_WRITE, i ? "/added" : "/first", 0);
        change->value = value_create("a value of some bytes", 21);
        appending.record.size = 0;
        journal_record_begin(&appending.record, RECORD_CHANGES, journal_no_origin);
        journal_put_change(&appending.record, change);
        change_release(change);
        journal_record_end(&appending.record, key);
        if (i == 0) {
            int fd = open(journal_path, O_RDWR | O_APPEND | O_CLOEXEC);
            CU_ASSERT_EQUAL_FATAL(journal_file_take(&appending.file, fd, content_size), 0);
            append(&appending);
        }
    }
    unsigned long steps = step_through(append, look, &appending);
    printf("%lu instructions ", steps);
    CU_ASSERT_EQUAL(appending.wrong, 0);
    CU_ASSERT_TRUE(steps == 0 || (appending.before > 10 && appending.after > 0));
    journal_file_close(&appending.file);
    bytes_free(&appending.record);
}

/* Each byte could begin a record, and each of those could be long. */
static void the_search_ends_soon(void)
{
    enum { SIZE = 16 << 20 };
    struct bytes file = {0};
    struct store store;
    struct journal_state state = {.key = 12345};
    size_t damaged = 0;
    struct timespec before, after;
    journal_put_header(&file, state.key);
    while (file.size < SIZE) {
        uint32_t header[4] = {(uint32_t)(SIZE / 2 - file.size % 4096), 1 + (uint32_t)file.size / 16 % 8, 7, 7};
        bytes_put(&file, header, sizeof(header));
    }
    store_create(&store);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    CU_ASSERT_TRUE(journal_load(&state, &store, file.data, file.size, &damaged) > file.size - sizeof(uint32_t));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    double seconds = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
    printf("%.2f s for %d MiB ", seconds, SIZE >> 20);
    CU_ASSERT_TRUE(seconds < 20);
    CU_ASSERT_EQUAL(damaged, 1);
    journal_state_free(&state);
    store_destroy(&store);
    bytes_free(&file);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"each byte in turn costs its record alone", each_byte_in_turn},
        {"the header is kept twice", the_header_is_kept_twice},
        {"runs of zeros and of garbage cost what they hit", runs_of_anything},
        {"sizes of any kind cost their record alone", sizes_of_any_kind},
        {"a value is no record, whatever is in it", a_value_is_no_record},
        {"what comes after damage is found", what_comes_after_damage_is_found},
        {"a kill at any instruction of an append is no damage",
         a_kill_at_any_instruction_of_an_append_is_no_damage},
        {"the search ends soon", the_search_ends_soon},
    };
    char log_path[64];
    if (!mkdtemp(base))
        return 1;
    snprintf(state_path, sizeof(state_path), "%s/state", base);
    snprintf(journal_path, sizeof(journal_path), "%s/journal", state_path);
    snprintf(kept_path, sizeof(kept_path), "%s/journal.damaged", state_path);
    snprintf(log_path, sizeof(log_path), "%s/log", base);
    log_to_file(log_path);
    int status = RUN_TESTS("damage", tests);
    free(content);
    run_command("rm -rf %s", base);
    return status;
}
