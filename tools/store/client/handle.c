/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing a store handle, sending requests, and sorting replies from watch events. Any number of threads
 * may use one handle; one request is under way at a time, as /dev/xen/xenbus does not keep request ids of watches.
 */
#include "store/client/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

_Static_assert(sizeof(struct xsd_sockmsg) == 16, "the wire header is four 32-bit words");

static int open_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* The socket of the daemon; the kernel's own connection to the store where there is none, as in a guest. A socket that
 * nobody serves is that of a daemon that is about to be started again: its clients shall know, and not be kept waiting
 * inside the kernel. */
static int open_transport(bool *is_socket)
{
    const char *path = xs_daemon_socket();
    struct stat status;
    int fd = open_socket(path);
    *is_socket = true;
    if (fd >= 0)
        return fd;
    int error = errno;
    *is_socket = stat(path, &status) == 0 && S_ISSOCK(status.st_mode);
    errno = error;
    if (*is_socket)
        return -1;
    return open(access(path, F_OK) == 0 ? path : "/dev/xen/xenbus", O_RDWR | O_CLOEXEC);
}

struct xs_handle *xs_open(unsigned long flags)
{
    struct xs_handle *handle = calloc(1, sizeof(*handle));
    if (!handle)
        return NULL;
    handle->fd = open_transport(&handle->is_socket);
    if (handle->fd < 0) {
        int error = errno;
        free(handle);
        errno = error;
        return NULL;
    }
    handle->filter_after_unwatch = flags & XS_UNWATCH_FILTER;
    handle->replies_tail = &handle->replies;
    handle->events_tail = &handle->events;
    handle->poll_fd = -1;
    handle->event_fd = -1;
    pthread_mutex_init(&handle->request_lock, NULL);
    pthread_mutex_init(&handle->state_lock, NULL);
    pthread_cond_init(&handle->changed, NULL);
    return handle;
}

void store_messages_free(struct store_message *list)
{
    while (list) {
        struct store_message *next = list->next;
        free(list);
        list = next;
    }
}

/* Frees all but what threads wait on. */
static void release(struct xs_handle *handle)
{
    close(handle->fd);
    if (handle->poll_fd >= 0)
        close(handle->poll_fd);
    if (handle->event_fd >= 0)
        close(handle->event_fd);
    store_messages_free(handle->events);
    store_messages_free(handle->replies);
    free(handle);
}

void xs_close(struct xs_handle *handle)
{
    if (!handle)
        return;
    pthread_cond_destroy(&handle->changed);
    pthread_mutex_destroy(&handle->state_lock);
    pthread_mutex_destroy(&handle->request_lock);
    release(handle);
}

struct xs_handle *xs_daemon_open(void)
{
    return xs_open(0);
}

struct xs_handle *xs_domain_open(void)
{
    return xs_open(0);
}

struct xs_handle *xs_daemon_open_readonly(void)
{
    return xs_open(0);
}

void xs_daemon_close(struct xs_handle *handle)
{
    xs_close(handle);
}

/* In the child: threads that waited at the fork are not here, and their locks and conditions can only be left. */
void xs_daemon_destroy_postfork(struct xs_handle *handle)
{
    if (handle)
        release(handle);
}

static bool write_all(int fd, const void *data, size_t size)
{
    const char *from = data;
    while (size > 0) {
        ssize_t put = send(fd, from, size, MSG_NOSIGNAL);
        if (put < 0 && errno == ENOTSOCK)
            put = write(fd, from, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        from += put;
        size -= (size_t)put;
    }
    return true;
}

/* Caller holds state_lock. An event without path and token is the server's fault and is dropped. */
static void deliver(struct xs_handle *handle, struct store_message *message)
{
    if (message->header.type != XS_WATCH_EVENT) {
        *handle->replies_tail = message;
        handle->replies_tail = &message->next;
        handle->replies_count++;
        return;
    }
    size_t path_size = strlen(message->body) + 1;
    if (path_size >= message->header.len) {
        free(message);
        return;
    }
    if (!handle->events && handle->event_fd >= 0)
        eventfd_write(handle->event_fd, 1);
    *handle->events_tail = message;
    handle->events_tail = &message->next;
}

/* Delivers each message of the input that is whole, so that what is left there is the beginning of one: the socket will
 * become readable again. False when the server talks nonsense or there is no memory. Caller holds state_lock. */
static bool deliver_input(struct xs_handle *handle)
{
    struct xsd_sockmsg header;
    size_t at = 0;
    while (handle->input_size - at >= sizeof(header)) {
        memcpy(&header, handle->input + at, sizeof(header));
        if (header.len > XENSTORE_PAYLOAD_MAX)
            return false;
        if (handle->input_size - at - sizeof(header) < header.len)
            break;
        struct store_message *message = malloc(sizeof(*message) + header.len + 1);
        if (!message)
            return false;
        message->next = NULL;
        message->header = header;
        memcpy(message->body, handle->input + at + sizeof(header), header.len);
        message->body[header.len] = '\0';
        deliver(handle, message);
        at += sizeof(header) + header.len;
    }
    handle->input_size -= at;
    memmove(handle->input, handle->input + at, handle->input_size);
    return true;
}

/* Reads once and delivers what has come, or waits until another thread has done so. Caller holds state_lock, and must
 * look again at what it waits for. */
static void pump(struct xs_handle *handle)
{
    if (handle->reading) {
        pthread_cond_wait(&handle->changed, &handle->state_lock);
        return;
    }
    handle->reading = true;
    pthread_mutex_unlock(&handle->state_lock);
    ssize_t got;
    do
        got = read(handle->fd, handle->input + handle->input_size, sizeof(handle->input) - handle->input_size);
    while (got < 0 && errno == EINTR);
    pthread_mutex_lock(&handle->state_lock);
    handle->reading = false;
    if (got > 0)
        handle->input_size += (size_t)got;
    if (got <= 0 || !deliver_input(handle))
        handle->broken = true;
    pthread_cond_broadcast(&handle->changed);
}

/* While a request is under way a readable socket means a reply, not an event: xs_fileno must not report it. Caller
 * holds state_lock. */
static void poll_socket(struct xs_handle *handle, bool enable)
{
    if (handle->poll_fd < 0)
        return;
    struct epoll_event event = {.events = enable ? EPOLLIN : 0};
    epoll_ctl(handle->poll_fd, EPOLL_CTL_MOD, handle->fd, &event);
}

struct store_part store_string(const char *string)
{
    return (struct store_part){string, strlen(string) + 1};
}

static int errno_of_name(const char *name)
{
    for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
        if (strcmp(name, xsd_errors[i].errstring) == 0)
            return xsd_errors[i].errnum;
    return EINVAL;
}

struct store_message *store_exchange(struct xs_handle *handle, const void *data, size_t size, unsigned count)
{
    struct store_message *replies = NULL;
    pthread_mutex_lock(&handle->request_lock);
    pthread_mutex_lock(&handle->state_lock);
    if (!handle->broken) {
        poll_socket(handle, false);
        pthread_mutex_unlock(&handle->state_lock);
        bool sent = write_all(handle->fd, data, size);
        pthread_mutex_lock(&handle->state_lock);
        if (!sent)
            handle->broken = true;
        while (!handle->broken && handle->replies_count < count)
            pump(handle);
        if (handle->replies_count > count) /* nobody asked for that */
            handle->broken = true;
        if (handle->replies_count == count) {
            replies = handle->replies;
            handle->replies = NULL;
            handle->replies_tail = &handle->replies;
            handle->replies_count = 0;
        }
        poll_socket(handle, true);
    }
    pthread_mutex_unlock(&handle->state_lock);
    pthread_mutex_unlock(&handle->request_lock);
    return replies;
}

int store_reply_error(const struct store_message *reply, enum xsd_sockmsg_type type)
{
    if (reply->header.type == type)
        return 0;
    return reply->header.type == XS_ERROR ? errno_of_name(reply->body) : EIO;
}

char *store_request(struct xs_handle *handle, enum xsd_sockmsg_type type, xs_transaction_t transaction,
                    const struct store_part *parts, size_t count, size_t *size)
{
    struct {
        struct xsd_sockmsg header;
        char body[XENSTORE_PAYLOAD_MAX];
    } request;
    request.header = (struct xsd_sockmsg){.type = type, .tx_id = transaction};
    for (size_t i = 0; i < count; i++) {
        if (parts[i].size > sizeof(request.body) - request.header.len) {
            errno = E2BIG;
            return NULL;
        }
        if (parts[i].size > 0)
            memcpy(request.body + request.header.len, parts[i].data, parts[i].size);
        request.header.len += (uint32_t)parts[i].size;
    }

    struct store_message *reply = store_exchange(handle, &request, sizeof(request.header) + request.header.len, 1);
    int error = reply ? store_reply_error(reply, type) : EIO;
    if (error) {
        store_messages_free(reply);
        errno = error;
        return NULL;
    }
    size_t length = reply->header.len;
    memmove(reply, reply->body, length + 1);
    if (size)
        *size = length;
    return (char *)reply;
}

bool store_command(struct xs_handle *handle, enum xsd_sockmsg_type type, xs_transaction_t transaction,
                   const struct store_part *parts, size_t count)
{
    char *reply = store_request(handle, type, transaction, parts, count, NULL);
    free(reply);
    return reply != NULL;
}

static bool has_input(int fd)
{
    struct pollfd poll_entry = {.fd = fd, .events = POLLIN};
    return poll(&poll_entry, 1, 0) > 0;
}

struct store_message *store_next_event(struct xs_handle *handle, bool wait)
{
    pthread_mutex_lock(&handle->state_lock);
    while (!handle->events && !handle->broken && (wait || (!handle->reading && has_input(handle->fd))))
        pump(handle);
    struct store_message *event = handle->events;
    if (event) {
        handle->events = event->next;
        if (!handle->events) {
            handle->events_tail = &handle->events;
            eventfd_t value;
            if (handle->event_fd >= 0)
                eventfd_read(handle->event_fd, &value);
        }
    } else {
        errno = handle->broken ? EIO : EAGAIN;
    }
    pthread_mutex_unlock(&handle->state_lock);
    return event;
}

void store_drop_events(struct xs_handle *handle, const char *path, const char *token)
{
    pthread_mutex_lock(&handle->state_lock);
    bool had_events = handle->events != NULL;
    for (struct store_message **link = &handle->events; *link;) {
        struct store_message *event = *link;
        const char *event_token = event->body + strlen(event->body) + 1;
        if (strcmp(event_token, token) == 0 && xs_path_is_subpath(path, event->body)) {
            *link = event->next;
            free(event);
        } else {
            link = &event->next;
        }
    }
    handle->events_tail = &handle->events;
    while (*handle->events_tail)
        handle->events_tail = &(*handle->events_tail)->next;
    eventfd_t value;
    if (had_events && !handle->events && handle->event_fd >= 0)
        eventfd_read(handle->event_fd, &value);
    pthread_mutex_unlock(&handle->state_lock);
}

int xs_fileno(struct xs_handle *handle)
{
    pthread_mutex_lock(&handle->state_lock);
    if (handle->poll_fd < 0) {
        int poll_fd = epoll_create1(EPOLL_CLOEXEC);
        int event_fd = eventfd(handle->events != NULL, EFD_CLOEXEC | EFD_NONBLOCK);
        struct epoll_event event = {.events = EPOLLIN};
        if (poll_fd < 0 || event_fd < 0 || epoll_ctl(poll_fd, EPOLL_CTL_ADD, handle->fd, &event) < 0 ||
            epoll_ctl(poll_fd, EPOLL_CTL_ADD, event_fd, &event) < 0) {
            if (poll_fd >= 0)
                close(poll_fd);
            if (event_fd >= 0)
                close(event_fd);
        } else {
            handle->poll_fd = poll_fd;
            handle->event_fd = event_fd;
        }
    }
    int fd = handle->poll_fd;
    pthread_mutex_unlock(&handle->state_lock);
    return fd;
}
