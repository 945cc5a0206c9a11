/* SPDX-License-Identifier: MIT */
/* Small texts for people: numbers that fit into a column, names that a terminal can bear. */
#ifndef KEEL_TOP_TEXT_H
#define KEEL_TOP_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_SIZE 96

/* At most five characters: "1023", "9.8K", "64G"; "-" for NAN. */
void text_bytes(double bytes, char text[TEXT_SIZE]);
/* The same in thousands: "999", "1.2k", "56k". */
void text_count(double count, char text[TEXT_SIZE]);
/* At most five characters: "45.1", "6400" (from 1000 on without a fraction), ">99k"; "-" for NAN. */
void text_percent(double percent, char text[TEXT_SIZE]);
/* "12.3", "4:05:06", "12d03:04" or "1234d": a time in seconds, in at most nine characters. */
void text_seconds(double seconds, char text[TEXT_SIZE]);
/* As guests call a disk's virtual device: "xvda1", "xvdaa", "sda", "hdc"; its number where it has no such name. */
void text_disk(uint64_t id, char text[TEXT_SIZE]);

/*
 * Copies a name, cut to the size at a whole character, with '?' for each control character and each byte that is no
 * UTF-8: it stays on its line, and a terminal that it is printed to obeys nothing in it. The locale does not matter.
 */
void text_plain(const char *name, char *text, size_t size);

/*
 * Copies what fits into `columns` of the terminal, in the locale's encoding, and returns how many it takes. Control
 * characters, those that turn the direction of writing, and bytes that are no text become '?': a name cannot move the
 * cursor, nor join what stands before it.
 */
int text_fit(const char *name, int columns, char *text, size_t size);

#endif
