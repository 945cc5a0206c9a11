/* SPDX-License-Identifier: MIT */
/* A child that does something one instruction at a time, and between two of them a look at what a kill would leave. */
#ifndef TESTS_STORE_SINGLE_STEP_H
#define TESTS_STORE_SINGLE_STEP_H

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run_tests.h"

enum { UNTRACED = 77 }; /* exit status of a child that cannot be traced */

/* How many instructions they were; 0 when no process can be traced here. */
static inline unsigned long step_through(void (*action)(void *context), void (*look)(void *context), void *context)
{
    unsigned long steps = 0;
    int status;
    pid_t child = fork();
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
            _exit(UNTRACED);
        raise(SIGSTOP);
        action(context);
        _exit(0);
    }
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == UNTRACED) {
        printf("(skipped: no process can be traced here) ");
        return 0;
    }
    for (; WIFSTOPPED(status); waitpid(child, &status, 0)) {
        look(context);
        steps++;
        if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) < 0)
            break;
    }
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return steps;
}

#endif
