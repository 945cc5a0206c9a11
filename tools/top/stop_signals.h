/* SPDX-License-Identifier: MIT */
/*
 * SIGINT, SIGTERM and SIGHUP ask a program to stop: it learns so from a descriptor, ends its work and goes. If it does
 * not come to that, because the store, a pipe or the terminal itself keeps it waiting, the signal ends it after
 * STOP_GRACE_S seconds, and the terminal is put back first. One user in a process at a time.
 */
#ifndef KEEL_TOP_STOP_SIGNALS_H
#define KEEL_TOP_STOP_SIGNALS_H

#include <stdbool.h>

#define STOP_GRACE_S 2

enum stop_signal { STOP_NONE, STOP_END, STOP_SUSPEND };

/* From here on the three are caught, but one that was ignored stays ignored. The descriptor, or a negative errno. */
int stop_signals_begin(void);
/*
 * The terminal on standard output is in use. `restore` (copied) is what to write to it should the program not get to
 * that; its modes are those of the moment of stop_signals_begin. NULL: it is in use no longer.
 */
void stop_signals_guard(const char *restore);
/* While a terminal is guarded, SIGTSTP (Ctrl-Z) is caught too. What has come, when the descriptor is readable. */
enum stop_signal stop_signals_take(void);
/*
 * Stops this program until it has the terminal, which is as it was at the beginning, in the foreground again; true. Or
 * false: it shall end, and the terminal is the shell's.
 */
bool stop_signals_suspend(void);
/* Everything as it was. A signal that has come ends the program here, as its sender wants. */
void stop_signals_end(void);

#endif
