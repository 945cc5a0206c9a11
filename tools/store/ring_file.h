/* SPDX-License-Identifier: MIT */
/*
 * DIR/rings, the file of ring states (ring_slot.h): one slot a domain that is connected over a ring. The file system
 * gives a slot's room when the slot is taken: from then on a state can be put there however full the file system is.
 */
#ifndef STORE_RING_FILE_H
#define STORE_RING_FILE_H

#include "store/ring_slot.h"

struct ring_file {
    int fd; /* -1: none */
    struct ring_slot **slots;
    size_t count;
    struct ring_state *found; /* at the opening, in the first `found_count` slots; an introduction of 0: none */
    size_t found_count;
};

/* Opens the file, which is made when it is missing, and looks at its slots. *damaged counts those in which something is
 * wrong, each told to the log with its place; then a copy of the file is kept as rings.damaged. 0 or errno. */
int ring_file_open(struct ring_file *file, int directory_fd, size_t *damaged);
void ring_file_close(struct ring_file *file);

/* The state that was there at the opening, or NULL. Its bytes are there until its slot is cleared, or put to twice. */
const struct ring_state *ring_file_find(const struct ring_file *file, domid_t domain, uint64_t introduction);

/* Takes the slot of such a state, to go on in. */
struct ring_slot *ring_file_claim(struct ring_file *file, const struct ring_state *state);

/* Nobody will claim any more: what was not claimed is free. Before this no slot may be taken anew. */
void ring_file_end_claims(struct ring_file *file);

/* A slot without a state; NULL without room. */
struct ring_slot *ring_file_take(struct ring_file *file);
/* Gives a slot back. */
void ring_file_drop(struct ring_file *file, struct ring_slot *slot);

#endif
