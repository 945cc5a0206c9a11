/* SPDX-License-Identifier: MIT */
/*
 * Live update: the daemon becomes another program, which finds everything in the journal as after a kill. Process id,
 * command line and the place in the background stay.
 */
#ifndef STORE_LIVE_UPDATE_H
#define STORE_LIVE_UPDATE_H

#include <stdbool.h>

#define LIVE_UPDATE_VARIABLE "STORED_LIVE_UPDATE" /* in the environment of a program that was started so */

struct live_update {
    char *program;           /* the file of the running program, or the one that was chosen */
    char *const *arguments;  /* as it was started with, */
    char *command_line;      /* or chosen, separated by blanks; NULL: those */
    char *directory;         /* that names in the arguments are relative to */
    bool due;                /* the loop shall end, and the update be done */
};

/* Notes how the daemon was started, and where. */
void live_update_prepare(struct live_update *update, char *const *arguments);

/* Becomes the program. Returns only when that fails, with an errno. */
int live_update_run(struct live_update *update);

/* Frees what live_update_prepare took. */
void live_update_end(struct live_update *update);

/* Back to what runs: nothing was chosen. */
void live_update_abort(struct live_update *update);

#endif
