/* SPDX-License-Identifier: MIT */
/* Many reads of the store in one go; see store_burst.h. The wire's format is that of xen/io/xs_wire.h. */
#include "store_burst.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>
#include <xenstore.h>

#define BURST 64u /* requests: they and their answers fit the socket's buffers */
#define REQUEST_MAX (sizeof(struct xsd_sockmsg) + sizeof("/local/domain/4294967295/name"))

static int open_socket(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = xs_daemon_socket();
    int fd;

    if (!path || strlen(path) >= sizeof(address.sun_path))
        return -1;
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool send_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

static bool receive_all(int fd, void *bytes, size_t length)
{
    char *at = bytes;

    while (length > 0) {
        ssize_t got = recv(fd, at, length, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        length -= (size_t)got;
    }
    return true;
}

static bool ask(int fd, const struct ctl_domain *list, size_t count)
{
    char requests[BURST * REQUEST_MAX];
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        struct xsd_sockmsg header = { .type = XS_READ, .req_id = (uint32_t)i };
        char *path = requests + used + sizeof(header);

        header.len = (uint32_t)snprintf(path, REQUEST_MAX - sizeof(header), "/local/domain/%u/name", list[i].domid) + 1;
        memcpy(requests + used, &header, sizeof(header));
        used += sizeof(header) + header.len;
    }
    return send_all(fd, requests, used);
}

/* Answers come in the order of the requests; each is checked for being the one that is due. */
static bool take_answers(int fd, struct ctl_domain *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char payload[XENSTORE_PAYLOAD_MAX];
        struct xsd_sockmsg header;

        if (!receive_all(fd, &header, sizeof(header)) || header.req_id != i || header.len > sizeof(payload) ||
            (header.type != XS_READ && header.type != XS_ERROR) || !receive_all(fd, payload, header.len))
            return false;
        if (header.type == XS_READ)
            snprintf(list[i].name, sizeof(list[i].name), "%.*s", (int)header.len, payload);
    }
    return true;
}

bool store_burst_names(struct ctl_domain *list, size_t count)
{
    int fd = open_socket();
    bool good = fd >= 0;

    for (size_t at = 0; at < count && good; at += BURST) {
        size_t part = count - at < BURST ? count - at : BURST;

        good = ask(fd, list + at, part) && take_answers(fd, list + at, part);
    }
    if (fd >= 0)
        close(fd);
    return good;
}
