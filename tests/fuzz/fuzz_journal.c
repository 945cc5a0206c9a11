/* SPDX-License-Identifier: MIT */
/*
 * Journal bytes: the input is read as a file as it is, and its pieces as the payloads of records with right checksums.
 * Whatever it is, loading ends, and the tree and its counters are sound.
 */
#include <stdlib.h>

#include "store/journal_format.h"
#include "store/log.h"

static void load(const char *data, size_t size)
{
    struct store store;
    struct journal_state state = {0};
    size_t damaged = 0;
    store_create(&store);
    if (journal_load(&state, &store, data, size, &damaged) > size)
        abort();
    struct usage usage = {0};
    change_count_subtree(store.top, 1, &usage);
    if (usage.count != store.usage.count || !tree_find(store.top, "/"))
        abort();
    usage_clear(&usage);
    journal_state_free(&state);
    store_destroy(&store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int quiet;
    if (!quiet)
        quiet = !log_to_file("/dev/null");
    struct bytes file = {0};
    bytes_put(&file, JOURNAL_MAGIC, JOURNAL_MAGIC_SIZE);
    bytes_put(&file, data, size);
    load(file.data, file.size);

    file.size = JOURNAL_MAGIC_SIZE;
    while (size >= 2) {
        size_t piece = data[1] < size - 2 ? data[1] : size - 2;
        struct bytes record = {0};
        journal_record_begin(&record, data[0] % (RECORD_LIMIT + 2));
        bytes_put(&record, data + 2, piece);
        journal_record_end(&record);
        bytes_put(&file, record.data, record.size);
        free(record.data);
        data += 2 + piece;
        size -= 2 + piece;
    }
    load(file.data, file.size);
    free(file.data);
    return 0;
}
