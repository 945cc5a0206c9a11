/* SPDX-License-Identifier: MIT */
/* The event loop over epoll. */
#include "store/loop.h"

#include <errno.h>
#include <unistd.h>

int loop_create(struct loop *loop, bool (*after_turn)(void *context), void *context)
{
    *loop = (struct loop){.epoll_fd = epoll_create1(EPOLL_CLOEXEC), .after_turn = after_turn, .context = context};
    return loop->epoll_fd < 0 ? errno : 0;
}

void loop_destroy(struct loop *loop)
{
    close(loop->epoll_fd);
}

int loop_watch(struct loop *loop, struct loop_source *source, uint32_t events)
{
    if (events == source->events)
        return 0;
    int operation = source->events == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    struct epoll_event event = {.events = events, .data.ptr = source};
    if (epoll_ctl(loop->epoll_fd, operation, source->fd, &event) < 0)
        return errno;
    source->events = events;
    return 0;
}

bool loop_turn(struct loop *loop, int timeout_ms, bool busy)
{
    struct epoll_event events[64];
    int count = epoll_wait(loop->epoll_fd, events, 64, busy ? 0 : timeout_ms);
    for (int i = 0; i < count; i++) {
        struct loop_source *source = events[i].data.ptr;
        if (source->events)
            source->ready(source, events[i].events);
    }
    return loop->after_turn(loop->context);
}

void loop_run(struct loop *loop)
{
    bool busy = true; /* connections may be queued already */
    while (!loop->stop)
        busy = loop_turn(loop, -1, busy);
}
