/* SPDX-License-Identifier: MIT */
/*
 * A new journal file in the making, that will replace one that has grown. It is written in pieces between turns, so
 * that no client waits for it: first what is known of domains and limits and then the tree, both as they were at the
 * start; then what the old file got meanwhile. With that the new one says the same as the old one.
 */
#ifndef STORE_JOURNAL_SNAPSHOT_H
#define STORE_JOURNAL_SNAPSHOT_H

#include "store/daemon.h"
#include "store/tree_iterator.h"

struct snapshot {
    bool active;
    int directory_fd, fd;
    uint64_t key;   /* of both files */
    int error;      /* the first that happened; then nothing more is written */
    uint64_t size;  /* of the new file so far */
    uint64_t tail;  /* up to this byte the old file is in the new one */
    uint64_t tail_seen; /* how long the old file was at the last step */
    bool nodes_left;
    struct tree_iterator iterator;
};

/* Begins a file of the daemon's state as it is, which is all that the old file's first `old_size` bytes say. */
void snapshot_begin(struct snapshot *snapshot, const struct daemon *daemon, int directory_fd, uint64_t key,
                    uint64_t old_size);

/* Writes the next piece. True when the new file says all that the old one, of `old_size` bytes, does, and has taken its
 * place; or when that has failed (`error`), and the new one is gone. */
bool snapshot_step(struct snapshot *snapshot, int old_fd, uint64_t old_size);

/* Gives the new file up. */
void snapshot_abandon(struct snapshot *snapshot);

#endif
