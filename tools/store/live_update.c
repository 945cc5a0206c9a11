/* SPDX-License-Identifier: MIT */
/* Becoming another program. */
#include "store/live_update.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/memory.h"

#define ARGUMENTS_MAX 64

static char *running_program(void)
{
    char path[4096];
    ssize_t size = readlink("/proc/self/exe", path, sizeof(path));
    return size > 0 && (size_t)size < sizeof(path) ? copy_string(path, (size_t)size) : NULL;
}

void live_update_prepare(struct live_update *update, char *const *arguments)
{
    *update = (struct live_update){.program = running_program(), .arguments = arguments, .directory = getcwd(NULL, 0)};
}

void live_update_abort(struct live_update *update)
{
    free(update->command_line);
    update->command_line = NULL;
    update->due = false;
}

void live_update_end(struct live_update *update)
{
    live_update_abort(update);
    free(update->program);
    free(update->directory);
}

int live_update_run(struct live_update *update)
{
    char *chosen[ARGUMENTS_MAX + 2] = {update->program}, *rest = update->command_line;
    size_t count = 1;
    if (!update->program)
        return ENOENT;
    for (char *word; update->command_line && count <= ARGUMENTS_MAX && (word = strsep(&rest, " "));)
        if (word[0])
            chosen[count++] = word;
    sigset_t none, before;
    sigemptyset(&none);
    if (update->directory && chdir(update->directory) < 0)
        return errno;
    setenv(LIVE_UPDATE_VARIABLE, "1", 1);
    sigprocmask(SIG_SETMASK, &none, &before);
    execv(update->program, update->command_line ? chosen : update->arguments);
    int error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    unsetenv(LIVE_UPDATE_VARIABLE);
    live_update_abort(update);
    return error;
}
