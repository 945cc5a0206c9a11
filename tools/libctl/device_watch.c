/* SPDX-License-Identifier: MIT */
/* Waiting for drivers; see device_watch.h. */
#include "device_watch.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

#define KERNEL_STORE "/dev/xen/xenbus"
#define ALWAYS_THERE "/local/domain/0"

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for input until the deadline; false when there is none. */
static bool wait_input(int descriptor, int64_t deadline_ms)
{
    struct pollfd wanted = { .fd = descriptor, .events = POLLIN };

    for (;;) {
        int64_t left_ms = deadline_ms - now_ms();
        int ready = poll(&wanted, 1, left_ms > 0 ? (int)left_ms : 0);

        if (ready != 0 && !(ready < 0 && errno == EINTR))
            return ready > 0;
        if (left_ms <= 0)
            return false;
    }
}

int device_state_read(struct ctl *ctl, const char *directory)
{
    char *text = ctl_store_read(ctl, XBT_NULL, "%s/state", directory);
    int state = text ? atoi(text) : DEVICE_STATE_NONE;

    free(text);
    return state;
}

int device_state_wait(struct ctl *ctl, const char *directory, bool (*enough)(int state), int timeout_ms)
{
    int64_t deadline_ms = now_ms() + timeout_ms;
    struct xs_handle *store = xs_open(0); /* of its own: the events on the handle's are others' */
    char path[CTL_STORE_PATH_MAX], **event;
    int result;

    if (!store)
        return errno ? -errno : -ENOENT;
    ctl_path(path, "%s/state", directory);
    result = xs_watch(store, path, "state") ? 0 : -errno;
    while (result == 0) {
        int state = device_state_read(ctl, directory);

        if (enough(state)) {
            xs_close(store);
            return state;
        }
        if (!wait_input(xs_fileno(store), deadline_ms)) {
            result = -ETIMEDOUT;
            break;
        }
        while ((event = xs_check_watch(store)))
            free(event);
        if (errno != EAGAIN)
            result = -EPIPE;
    }
    xs_close(store);
    return result;
}

/* --- the kernel's own thread ------------------------------------------------------------------------------------- */

static bool send_watch(int store)
{
    static const char payload[] = ALWAYS_THERE "\0settle";
    struct {
        struct xsd_sockmsg header;
        char payload[sizeof(payload)];
    } message = { .header = { .type = XS_WATCH, .len = sizeof(payload) } };

    memcpy(message.payload, payload, sizeof(payload));
    return write(store, &message, sizeof(message.header) + sizeof(payload)) ==
           (ssize_t)(sizeof(message.header) + sizeof(payload));
}

/* Takes whole messages out of the buffer's front; true when one is a watch's event, false with *length adapted. */
static bool take_event(char *buffer, size_t *length)
{
    struct xsd_sockmsg header;
    bool found = false;

    while (!found && *length >= sizeof(header)) {
        memcpy(&header, buffer, sizeof(header));
        size_t whole = sizeof(header) + header.len;

        if (header.len > XENSTORE_PAYLOAD_MAX || whole > *length)
            break;
        found = header.type == XS_WATCH_EVENT;
        memmove(buffer, buffer + whole, *length - whole);
        *length -= whole;
    }
    return found;
}

bool device_kernel_settle(int timeout_ms)
{
    int store = open(KERNEL_STORE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    int64_t deadline_ms = now_ms() + timeout_ms;
    char buffer[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX];
    size_t length = 0;
    bool settled = false;

    if (store < 0)
        return false;
    if (send_watch(store)) {
        while (!settled && length < sizeof(buffer) && wait_input(store, deadline_ms)) {
            ssize_t got = read(store, buffer + length, sizeof(buffer) - length);

            if (got < 0 && (errno == EAGAIN || errno == EINTR))
                continue;
            if (got <= 0)
                break;
            length += (size_t)got;
            settled = take_event(buffer, &length);
        }
    }
    close(store);
    return settled;
}
