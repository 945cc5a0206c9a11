/* SPDX-License-Identifier: MIT */
/* Faults at a counted point, and the C library's functions that libctl waits in or gets memory from; see fake.h. */
#include "fake.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static atomic_uint next_point, fault_at;
static atomic_int armed;
static atomic_bool met;

void fault_arm(enum fault fault, unsigned at)
{
    next_point = 0;
    fault_at = at;
    met = false;
    armed = fault;
}

bool fault_disarm(void)
{
    armed = FAULT_NONE;
    return met;
}

static bool is_meant(enum fault fault, enum point point)
{
    switch (fault) {
    case FAULT_HYPERCALL: return point == POINT_HYPERCALL;
    case FAULT_STORE: return point == POINT_STORE_READ || point == POINT_STORE_WRITE || point == POINT_STORE_REMOVE;
    case FAULT_STORE_FULL: return point == POINT_STORE_WRITE;
    case FAULT_ALLOCATION: return point == POINT_ALLOCATION;
    case FAULT_KILL: return point != POINT_ALLOCATION;
    default: return false;
    }
}

bool fault_here(enum point point)
{
    enum fault fault = (enum fault)armed;

    if (!is_meant(fault, point))
        return false;
    unsigned now = next_point++;
    bool lasts = fault == FAULT_KILL || fault == FAULT_STORE_FULL;

    if (now < fault_at || (now > fault_at && !lasts))
        return false;
    met = true;
    return true;
}

/* --- memory, by the linker's --wrap --------------------------------------------------------------------------- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
unsigned __wrap_sleep(unsigned seconds);
int __wrap_nanosleep(const struct timespec *duration, struct timespec *left);
int __real_poll(struct pollfd *list, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *list, nfds_t count, int timeout_ms);

static bool no_memory(void)
{
    if (!fault_here(POINT_ALLOCATION))
        return false;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return no_memory() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return no_memory() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return no_memory() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return no_memory() ? NULL : __real_reallocarray(old, count, size);
}

char *__wrap_strdup(const char *text)
{
    return no_memory() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t size)
{
    return no_memory() ? NULL : __real_strndup(text, size);
}

/* --- time, which is not waited for ----------------------------------------------------------------------------- */

unsigned __wrap_sleep(unsigned seconds)
{
    return 0;
}

int __wrap_nanosleep(const struct timespec *duration, struct timespec *left)
{
    return 0;
}

int __wrap_poll(struct pollfd *list, nfds_t count, int timeout_ms)
{
    return count ? __real_poll(list, count, timeout_ms) : 0;
}
