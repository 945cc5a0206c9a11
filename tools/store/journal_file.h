/* SPDX-License-Identifier: MIT */
/*
 * A file that records are appended to through memory, without a system call each. Behind its records it has zeros: room
 * that the file system has given already, so that a full one is met as an error and not as a signal.
 *
 * A record begins with two 32-bit words, neither of them 0: first its size without its header of 16 bytes, then what kind
 * it is. The size is written first and the kind last: after a kill in the middle there is a size without a kind, and
 * nothing but zeros behind the bytes that belong to it.
 */
#ifndef STORE_JOURNAL_FILE_H
#define STORE_JOURNAL_FILE_H

#include <stddef.h>
#include <stdint.h>

struct journal_file {
    int fd;        /* open for reading, writing and appending; -1: none */
    uint64_t size; /* bytes that count */
    uint64_t room; /* bytes in the file */
    char *memory;  /* all of them; NULL until something is appended */
};

/* Writes all of it, EINTR or not. 0 or errno. */
int journal_write_all(int fd, const char *data, size_t size);

/* Takes over a descriptor of a file whose first `size` bytes count. What lies behind becomes zeros and stays room: on a
 * full file system somebody else would have it. 0 or errno, when the descriptor is still the caller's. */
int journal_file_take(struct journal_file *file, int fd, uint64_t size);

/* Adds one record, or nothing: `keep` bytes of room stay behind it. 0 or errno. */
int journal_file_append(struct journal_file *file, const char *record, size_t size, size_t keep);

/* Closes it, without the room behind its records. */
void journal_file_close(struct journal_file *file);

#endif
