/* SPDX-License-Identifier: MIT */
/*
 * ctl is linked statically: to load libraries would take longer than most of what it does. What such a program cannot
 * have (libxml2, which is loaded at need, and the C library's look-up of hosts) has its twin ctl-xml, which is the same
 * program linked with the libraries as they are on the host and lies beside it.
 */
#ifndef CLI_TWIN_H
#define CLI_TWIN_H

/*
 * Becomes ctl-xml, with the same arguments, from the beginning: to be called before anything was done. Returns in
 * ctl-xml itself, and where there is none.
 */
void twin_become(void);

#endif
