/* SPDX-License-Identifier: MIT */
/*
 * Pieces of a tree as records of the journal: many nodes each, in the order of a walk, so that a tree is read back in
 * one pass and without a search a node. A record says where its first node belongs: one that is lost takes no other
 * with it.
 */
#ifndef STORE_JOURNAL_NODES_H
#define STORE_JOURNAL_NODES_H

#include "store/bytes.h"
#include "store/store.h"
#include "store/tree_iterator.h"

/* Fills the payload of one record with the iterator's next nodes, about `size` bytes of them. False when there were
 * none left. */
bool journal_put_nodes(struct bytes *record, struct tree_iterator *iterator, size_t size);

/* Adds a record's nodes to a store of which nobody else holds a part. The reader fails at the first node that cannot
 * be; those before it stay. */
void journal_load_nodes(struct store *store, struct byte_reader *reader);

#endif
