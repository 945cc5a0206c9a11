/* SPDX-License-Identifier: MIT */
/*
 * timed FILE COMMAND...: runs a command with its output in FILE and prints how many nanoseconds it took, from its start
 * to its end, as seen by who waits for it. Exit status: the command's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
    volatile int64_t start_ns = 0; /* the child writes these two */
    volatile int error = 0;
    int64_t end_ns;
    int status = 0;

    if (argc < 3) {
        fputs("usage: timed FILE COMMAND...\n", stderr);
        return 2;
    }
    int file = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) {
        fprintf(stderr, "timed: %s: %s\n", argv[1], strerror(errno));
        return 2;
    }
    /* Not posix_spawn: it asks the kernel about every signal, which would count. The child shares our memory. */
    pid_t child = vfork();
    if (child == 0) {
        if (dup2(file, 1) >= 0 && dup2(file, 2) >= 0) {
            start_ns = now_ns();
            execvp(argv[2], argv + 2);
        }
        error = errno;
        _exit(2);
    }
    if (child < 0)
        error = errno;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    end_ns = now_ns();
    if (error) {
        fprintf(stderr, "timed: %s cannot be run: %s\n", argv[2], strerror(error));
        return 2;
    }
    printf("%lld\n", (long long)(end_ns - start_ns));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
