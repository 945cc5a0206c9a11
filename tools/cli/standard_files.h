/* SPDX-License-Identifier: MIT */
/* The descriptors 0, 1 and 2, which whoever starts a program may have closed. */
#ifndef KEEL_CLI_STANDARD_FILES_H
#define KEEL_CLI_STANDARD_FILES_H

/*
 * Takes those that are closed, so that nothing that is opened later (the hypervisor, the store, a core) becomes standard
 * output. Reading and writing them fails as before. To be called before anything else is opened.
 */
void standard_files_take(void);

#endif
