/* SPDX-License-Identifier: MIT */
/* CONTROL live-update, as xenstore-control sends it: -f FILE, -c ARGUMENTS, -s [-t SECONDS] [-F], -a. Each answers
 * "OK", or a sentence that says what is wrong. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/control.h"
#include "store/daemon.h"
#include "store/memory.h"
#include "store/text.h"

static int answer(struct request *request, const char *why, const char *what)
{
    struct text text = {.at = request->reply, .size = XENSTORE_PAYLOAD_MAX};
    text_add(&text, "%s%s", what, why);
    request->reply_size = text.used + 1;
    return 0;
}

static int choose_program(struct request *request, const char *path)
{
    struct live_update *update = &request->daemon->update;
    if (path[0] != '/' || access(path, X_OK) < 0)
        return answer(request, " is no program that can be run: give the path of one from /", path);
    free(update->program);
    update->program = copy_string(path, strlen(path));
    return 0;
}

/* Clients over sockets connect again; what they have in transactions is lost. Unless forced, that waits. */
static bool has_transactions(const struct daemon *daemon)
{
    for (const struct connection *connection = daemon->connections; connection; connection = connection->next)
        if (connection->transactions)
            return true;
    return false;
}

static int start(struct request *request, const char *const *arguments, int count)
{
    struct live_update *update = &request->daemon->update;
    bool force = false;
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "-F") == 0)
            force = true;
        else if (strcmp(arguments[i], "-t") != 0 || ++i == count)
            return EINVAL;
    }
    if (!update->program || !request->daemon->journal)
        return answer(request, "without --state nothing is kept: the daemon cannot be replaced", "");
    if (!force && has_transactions(request->daemon))
        return answer(request, "BUSY", ""); /* the tool asks again until its time is over */
    update->due = true;
    request->daemon->loop.stop = true;
    return 0;
}

int control_live_update(struct request *request, const char *const *arguments, int count)
{
    if (count == 2 && strcmp(arguments[0], "-f") == 0)
        return choose_program(request, arguments[1]);
    if (count == 2 && strcmp(arguments[0], "-c") == 0) {
        live_update_abort(&request->daemon->update);
        request->daemon->update.command_line = copy_string(arguments[1], strlen(arguments[1]));
        return 0;
    }
    if (count >= 1 && strcmp(arguments[0], "-s") == 0)
        return start(request, arguments, count);
    if (count == 1 && strcmp(arguments[0], "-a") == 0) {
        live_update_abort(&request->daemon->update);
        return 0;
    }
    return EINVAL;
}
