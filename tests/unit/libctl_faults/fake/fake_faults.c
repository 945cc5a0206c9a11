/* SPDX-License-Identifier: MIT */
/* Faults at a counted point, and the C library's functions that libctl waits in or gets memory from; see fake.h. */
#include "fake.h"

#include "libctl/kernel_cache.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BOOTED_MS 100000

static atomic_uint next_point, fault_at;
static atomic_int armed;
static atomic_bool met;
static _Atomic int64_t passed_ms;

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
    case FAULT_STORE:
    case FAULT_STORE_LOST:
        return point == POINT_STORE_READ || point == POINT_STORE_WRITE || point == POINT_STORE_REMOVE;
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
    bool lasts = fault == FAULT_KILL || fault == FAULT_STORE_FULL || fault == FAULT_STORE_LOST;

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
int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __real_poll(struct pollfd *list, nfds_t count, int timeout_ms);
void fake_pass_ms(int64_t duration_ms)
{
    if (duration_ms > 0)
        passed_ms += duration_ms;
}

int64_t fake_passed_ms(void)
{
    return passed_ms;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    const int64_t now_ms = BOOTED_MS + passed_ms;

    if (clock != CLOCK_BOOTTIME)
        return __real_clock_gettime(clock, now);
    *now = (struct timespec){ now_ms / 1000, now_ms % 1000 * 1000000 }; /* it stands still but for what is passed */
    return 0;
}

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

/* --- files, to which others write meanwhile ---------------------------------------------------------------------- */

static void (*hash_call)(void);

void __real_kernel_cache_name(const uint8_t *packed, size_t size, char name[KERNEL_CACHE_NAME]);
void __wrap_kernel_cache_name(const uint8_t *packed, size_t size, char name[KERNEL_CACHE_NAME]);

void fake_after_hash(void (*call)(void))
{
    hash_call = call;
}

void __wrap_kernel_cache_name(const uint8_t *packed, size_t size, char name[KERNEL_CACHE_NAME])
{
    void (*call)(void) = hash_call;

    __real_kernel_cache_name(packed, size, name);
    hash_call = NULL;
    if (call)
        call();
}

/* --- time, which is not waited for ----------------------------------------------------------------------------- */

unsigned __wrap_sleep(unsigned seconds)
{
    fake_pass_ms(1000ll * seconds);
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
