/* SPDX-License-Identifier: MIT */
/*
 * The event loop: descriptors and what to call when they are ready. One thread, level-triggered. A callback may add and
 * remove any source, itself included; memory of a removed source may be freed once the turn is over (`after_turn`).
 */
#ifndef STORE_LOOP_H
#define STORE_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct loop_source {
    int fd;
    uint32_t events; /* EPOLLIN, EPOLLOUT: what is waited for; 0 when not in the loop */
    void (*ready)(struct loop_source *source, uint32_t events);
};

struct loop {
    int epoll_fd;
    volatile bool stop;
    /* Called after each turn; true when there is work left that needs no descriptor: the next turn does not wait. */
    bool (*after_turn)(void *context);
    void *context;
};

/* 0 or errno. */
int loop_create(struct loop *loop, bool (*after_turn)(void *context), void *context);
void loop_destroy(struct loop *loop);

/* Waits for `events` of the source from here on; 0 takes it out of the loop. 0 or errno. */
int loop_watch(struct loop *loop, struct loop_source *source, uint32_t events);

/* One turn: waits at most `timeout_ms` (-1: for ever) when `busy` is false, calls what is ready. Returns what
 * after_turn says. */
bool loop_turn(struct loop *loop, int timeout_ms, bool busy);

/* Turns until `stop` is set. */
void loop_run(struct loop *loop);

#endif
