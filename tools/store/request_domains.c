/* SPDX-License-Identifier: MIT */
/* The requests that introduce, release and describe domains. */
#include <errno.h>
#include <stdio.h>

#include "store/daemon.h"
#include "store/journal.h"
#include "store/number.h"
#include "store/request.h"

int request_introduce(struct request *request)
{
    domid_t domain;
    uint64_t gfn, port;
    bool fresh;
    if (!number_parse_domain(request->arguments[0], &domain) || domain == 0 ||
        !number_parse(request->arguments[1], UINT64_MAX, true, &gfn) ||
        !number_parse(request->arguments[2], UINT32_MAX, false, &port) || port == 0)
        return EINVAL;
    int error = domains_introduce(request->daemon, domain, gfn, (event_port_t)port, &fresh);
    if (!error && fresh)
        request->special_event = "@introduceDomain";
    request->special_domain = domain;
    return error;
}

int request_release(struct request *request)
{
    domid_t domain;
    if (!number_parse_domain(request->arguments[0], &domain) || domain == 0)
        return EINVAL;
    int error = domains_release(request->daemon, domain);
    if (!error)
        request->special_event = "@releaseDomain";
    request->special_domain = domain;
    return error;
}

static int record(struct request *request, const struct ring_connection *ring)
{
    return request->daemon->journal ? journal_put_domain(request->daemon->journal, ring) : 0;
}

int request_resume(struct request *request)
{
    domid_t domain;
    if (!number_parse_domain(request->arguments[0], &domain) || domain == 0)
        return EINVAL;
    struct ring_connection *ring = domains_find(request->daemon, domain);
    if (!ring)
        return ENOENT;
    bool before = ring->shut_down;
    ring->shut_down = false;
    int error = record(request, ring);
    if (error)
        ring->shut_down = before;
    return error;
}

int request_set_target(struct request *request)
{
    domid_t domain, target;
    if (!number_parse_domain(request->arguments[0], &domain) || domain == 0 ||
        !number_parse_domain(request->arguments[1], &target) || target == 0)
        return EINVAL;
    struct ring_connection *ring = domains_find(request->daemon, domain);
    if (!ring || !domains_find(request->daemon, target))
        return ENOENT;
    domid_t before = ring->connection.actor.target;
    ring->connection.actor.target = target;
    int error = record(request, ring);
    if (error)
        ring->connection.actor.target = before;
    return error;
}

int request_get_domain_path(struct request *request)
{
    uint64_t number;
    if (!number_parse(request->arguments[0], UINT16_MAX, false, &number))
        return EINVAL;
    char path[CONNECTION_HOME_SIZE];
    snprintf(path, sizeof(path), "/local/domain/%u", (unsigned int)number);
    return request_reply_text(request, path);
}

int request_is_domain_introduced(struct request *request)
{
    uint64_t number;
    if (!number_parse(request->arguments[0], UINT16_MAX, false, &number))
        return EINVAL;
    domid_t domain = (domid_t)number;
    if (domain == DOMID_SELF)
        domain = request->actor->domain;
    bool introduced = domain == 0 || domains_find(request->daemon, domain);
    return request_reply_text(request, introduced ? "T" : "F");
}
