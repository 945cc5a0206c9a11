/* SPDX-License-Identifier: MIT */
/*
 * timed FILE COMMAND...: runs a command with its output in FILE and prints how many nanoseconds it took, from its start
 * to its end, as seen by who waits for it. Exit status: the command's.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
    posix_spawn_file_actions_t actions;
    int64_t start_ns, end_ns;
    int status, error;
    pid_t child;

    if (argc < 3) {
        fputs("usage: timed FILE COMMAND...\n", stderr);
        return 2;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    start_ns = now_ns();
    error = posix_spawnp(&child, argv[2], &actions, NULL, argv + 2, environ);
    while (!error && waitpid(child, &status, 0) < 0)
        error = errno == EINTR ? 0 : errno;
    end_ns = now_ns();
    posix_spawn_file_actions_destroy(&actions);
    if (error) {
        fprintf(stderr, "timed: %s cannot be run: %s\n", argv[2], strerror(error));
        return 2;
    }
    printf("%lld\n", (long long)(end_ns - start_ns));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
