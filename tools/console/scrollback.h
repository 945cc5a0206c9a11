/* SPDX-License-Identifier: MIT */
/*
 * The last bytes of a console, in a file that outlives the daemon (shared memory of a tmpfs): a daemon that is killed
 * at any instant finds there, when started again, each byte that it had taken from the guest, and exactly once.
 *
 * The count of all bytes and the ring's consumer index move together (index = base + count), and the count moves
 * before the guest learns of it; so the index found in the ring tells nothing that the count does not.
 */
#ifndef KEEL_CONSOLE_SCROLLBACK_H
#define KEEL_CONSOLE_SCROLLBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCROLLBACK_SIZE 65536u

struct scrollback_file {
    char magic[8];
    uint8_t uuid[16];
    uint32_t base;  /* the ring's consumer index when total was 0 */
    uint64_t total; /* bytes ever taken */
    uint64_t logged, log_end; /* bytes written to the log, and the log file's size after the last of them */
    bool log_known;           /* log_end is set */
    uint8_t padding[4096 - 57];
    uint8_t bytes[SCROLLBACK_SIZE]; /* the byte number n lies at n % SCROLLBACK_SIZE */
};

/*
 * Opens or makes the file; what it held is kept when it is the same guest's (uuid) and fits the ring's consumer index.
 * Returns NULL with errno set.
 */
struct scrollback_file *scrollback_open(const char *path, const uint8_t uuid[16], uint32_t consumer);
void scrollback_close(struct scrollback_file *file);
/* The consumer index that belongs to all bytes taken. */
uint32_t scrollback_consumer(const struct scrollback_file *file);
/* Goes on from another consumer index (after a ring's indices made no sense). */
void scrollback_rebase(struct scrollback_file *file, uint32_t consumer);
/* size is at most SCROLLBACK_SIZE. */
void scrollback_append(struct scrollback_file *file, const uint8_t *bytes, size_t size);
/* The number of the oldest byte still held. */
uint64_t scrollback_oldest(const struct scrollback_file *file);
/*
 * Told the log file's size when it is opened: finds out what the last daemon had written of it without having counted
 * it, so that the log too goes on without a gap or a repetition.
 */
void scrollback_log_opened(struct scrollback_file *file, uint64_t size);
/* Told after each write to the log. */
void scrollback_log_written(struct scrollback_file *file, uint64_t size);
/* A contiguous stretch from byte number `from` on; its size, 0 at the end. */
size_t scrollback_stretch(const struct scrollback_file *file, uint64_t from, const uint8_t **bytes);

#endif
