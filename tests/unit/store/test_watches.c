/* SPDX-License-Identifier: MIT */
/* Watches: which changes they see, with which path, who may see them, and what happens when nobody takes the events. */
#include "support.h"

static struct daemon daemon_;
static struct client tool, other, guest;

static void set_up(void)
{
    CU_ASSERT_EQUAL_FATAL(daemon_create(&daemon_), 0);
    client_open(&tool, &daemon_, 0);
    client_open(&other, &daemon_, 0);
    client_open(&guest, &daemon_, 5);
}

static void tear_down(void)
{
    close(tool.fd);
    close(other.fd);
    close(guest.fd);
    daemon_destroy(&daemon_);
}

static void changes_at_and_below_the_path_fire(void)
{
    set_up();
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_WATCH, 0, "/a\0t"), "OK");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "/a t"); /* at once, and the node need not be there */
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_WATCH, 0, "/a\0t"), "EEXIST");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_WATCH, 0, "/a\0second"), "OK");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "/a second");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_UNWATCH, 0, "/a\0second"), "OK");
    call_write(&other, 0, "/a/b/c", "1");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "/a/b/c t");
    call_write(&other, 0, "/ab", "1");
    call_write(&other, 0, "/b", "1");
    CALL(&other, XS_MKDIR, 0, "/a/b");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "");
    CALL(&other, XS_SET_PERMS, 0, "/a/b\0r0");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "/a/b t");
    CALL(&other, XS_RM, 0, "/a/b");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "/a/b t");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_UNWATCH, 0, "/a\0t"), "OK");
    call_write(&other, 0, "/a/b/c", "1");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "");
    CU_ASSERT_EQUAL(daemon_.watches.point_count, 0);
    tear_down();
}

static void removal_of_an_ancestor_fires_on_the_watched_path(void)
{
    set_up();
    call_write(&other, 0, "/a/b/c", "1");
    CALL(&tool, XS_WATCH, 0, "/a/b/c\0deep");
    CALL(&tool, XS_WATCH, 0, "/a/b/none\0absent");
    next_event(&tool);
    next_event(&tool);
    CALL(&other, XS_RM, 0, "/a");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "/a/b/c deep");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "");
    tear_down();
}

static void relative_names_stay_relative(void)
{
    set_up();
    CALL(&tool, XS_MKDIR, 0, "/local/domain/5");
    CALL(&tool, XS_SET_PERMS, 0, "/local/domain/5\0n5");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_WATCH, 0, "device\0t"), "OK");
    CU_ASSERT_STRING_EQUAL(next_event(&guest), "device t");
    CALL(&tool, XS_WATCH, 0, "/\0root");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "/ root");
    call_write(&guest, 0, "device/vbd/0", "1");
    CU_ASSERT_STRING_EQUAL(next_event(&guest), "device/vbd/0 t");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "/local/domain/5/device/vbd/0 root");
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_UNWATCH, 0, "/local/domain/5/device\0t"), "OK");
    tear_down();
}

static void a_guest_sees_what_it_may_read(void)
{
    set_up();
    CU_ASSERT_STRING_EQUAL(CALL(&guest, XS_WATCH, 0, "/x\0t"), "OK");
    next_event(&guest);
    call_write(&tool, 0, "/x/secret", "1");
    CU_ASSERT_STRING_EQUAL(next_event(&guest), "");
    CALL(&tool, XS_SET_PERMS, 0, "/x/secret\0n0\0r5");
    CU_ASSERT_STRING_EQUAL(next_event(&guest), "/x/secret t");
    CALL(&tool, XS_RM, 0, "/x/secret");
    CU_ASSERT_STRING_EQUAL(next_event(&guest), "/x/secret t"); /* it could read it until then */
    CALL(&guest, XS_WATCH, 0, "@releaseDomain\0r");
    CU_ASSERT_STRING_EQUAL(next_event(&guest), "@releaseDomain r");
    watch_fire_special(&daemon_.watches, daemon_.store.top, "@releaseDomain", &(domid_t){3}, 1);
    CU_ASSERT_STRING_EQUAL(next_event(&guest), "");
    CALL(&tool, XS_SET_PERMS, 0, "@releaseDomain\0n0\0r5");
    CU_ASSERT_STRING_EQUAL(next_event(&guest), "@releaseDomain r"); /* the change of its permissions */
    watch_fire_special(&daemon_.watches, daemon_.store.top, "@releaseDomain", &(domid_t){3}, 1);
    CU_ASSERT_STRING_EQUAL(next_event(&guest), "@releaseDomain r");
    tear_down();
}

static void transactions_fire_when_they_commit(void)
{
    set_up();
    CALL(&tool, XS_WATCH, 0, "/a\0t");
    next_event(&tool);
    uint32_t tx = start_transaction(&other);
    call_write(&other, tx, "/a/1", "");
    call_write(&other, tx, "/a/2", "");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "");
    CALL(&other, XS_TRANSACTION_END, tx, "T");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "/a/1 t");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "/a/2 t");
    tx = start_transaction(&other);
    call_write(&other, tx, "/a/3", "");
    CALL(&other, XS_TRANSACTION_END, tx, "F");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "");
    tear_down();
}

static void a_reply_comes_before_its_events(void)
{
    set_up();
    CALL(&tool, XS_WATCH, 0, "/a\0t");
    next_event(&tool);
    client_send(&tool, XS_WRITE, 0, "/a\0v", 4);
    struct message message;
    CU_ASSERT_TRUE(client_receive(&tool, &message));
    CU_ASSERT_EQUAL(message.header.type, XS_WRITE);
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "/a t");
    tear_down();
}

static void events_that_nobody_takes_are_bounded_and_made_up_for(void)
{
    set_up();
    CALL(&tool, XS_MKDIR, 0, "/f");
    CALL(&tool, XS_SET_PERMS, 0, "/f\0r0");
    CALL(&guest, XS_WATCH, 0, "/f\0t");
    for (int i = 0; i < 60000; i++)
        call_write(&tool, 0, "/f/a-node-with-a-long-name-that-fills-the-buffer", "");
    const struct connection *connection = guest.connection;
    CU_ASSERT_TRUE(connection->output_end - connection->output_start <= daemon_.store.quota.event_bytes);
    CU_ASSERT_TRUE(connection->overflowed);
    struct message message;
    bool made_up = false;
    unsigned int events = 0;
    while (client_receive(&guest, &message)) {
        made_up = strcmp(message.body, "/f") == 0;
        events++;
    }
    CU_ASSERT_TRUE(made_up); /* the last event is the watch's own path */
    CU_ASSERT_TRUE(events > 1000 && events < 60000);
    call_write(&tool, 0, "/f/x", "");
    CU_ASSERT_STRING_EQUAL(next_event(&guest), "/f/x t");
    tear_down();
}

static void many_watches_come_and_go(void)
{
    set_up();
    char body[64];
    for (int i = 0; i < 5000; i++) {
        size_t size = (size_t)snprintf(body, sizeof(body), "/w/%d/%d", i % 71, i) + 1;
        size += (size_t)snprintf(body + size, sizeof(body) - size, "t%d", i) + 1;
        CU_ASSERT_STRING_EQUAL(call_text(&tool, XS_WATCH, 0, body, size), "OK");
    }
    CU_ASSERT_EQUAL(tool.connection->watch_count, 5000);
    struct message message;
    while (client_receive(&tool, &message))
        ;
    call_write(&other, 0, "/w/3/3", "");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "/w/3/3 t3");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "");
    client_close(&tool);
    CU_ASSERT_EQUAL(daemon_.watches.point_count, 0);
    client_open(&tool, &daemon_, 0);
    tear_down();
}

static void depth_limits_what_a_watch_sees(void)
{
    set_up();
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_WATCH, 0, "/d\0zero\0" "0"), "OK");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "/d zero");
    call_write(&other, 0, "/d/a", "");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "");
    call_write(&other, 0, "/d", "");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "/d zero");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_UNWATCH, 0, "/d\0zero"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_WATCH, 0, "/d\0one\0" "1"), "OK");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "/d one");
    call_write(&other, 0, "/d/a/b", "");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "");
    call_write(&other, 0, "/d/a", "");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "/d/a one");
    CALL(&other, XS_RM, 0, "/d/a/b");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "");
    CALL(&other, XS_RM, 0, "/d");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "/d one");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_WATCH, 0, "/d\0one\0" "2"), "EEXIST");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_WATCH, 0, "/d\0t\0-1"), "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_WATCH, 0, "/d\0t\0x"), "EINVAL");
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_WATCH, 0, "/\0root\0" "1"), "OK");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "/ root");
    call_write(&other, 0, "/top", "");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "/top root");
    call_write(&other, 0, "/top/deep", "");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "");
    tear_down();
}

static void releases_are_told_by_domain(void)
{
    set_up();
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_WATCH, 0, "@releaseDomain\0one\0" "1"), "OK");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "@releaseDomain one");
    CU_ASSERT_STRING_EQUAL(CALL(&other, XS_WATCH, 0, "@releaseDomain/7\0seven"), "OK");
    CU_ASSERT_STRING_EQUAL(next_event(&other), "@releaseDomain/7 seven");
    watch_fire_special(&daemon_.watches, daemon_.store.top, "@releaseDomain", (domid_t[]){3, 7}, 2);
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "@releaseDomain/3 one");
    CU_ASSERT_STRING_EQUAL(next_event(&tool), "@releaseDomain/7 one");
    CU_ASSERT_STRING_EQUAL(next_event(&other), "@releaseDomain/7 seven");
    watch_fire_special(&daemon_.watches, daemon_.store.top, "@releaseDomain", (domid_t[]){4}, 1);
    CU_ASSERT_STRING_EQUAL(next_event(&other), "");
    CU_ASSERT_STRING_EQUAL(CALL(&other, XS_UNWATCH, 0, "@releaseDomain/7\0seven"), "OK");
    CU_ASSERT_STRING_EQUAL(CALL(&other, XS_WATCH, 0, "@releaseDomain\0t\0" "2"), "EINVAL");
    static const char *const wrong[] = {"@introduceDomain/7", "@releaseDomain/", "@releaseDomain/x",
                                        "@releaseDomain/07",
                                        "@releaseDomain/7/8", "@releaseDomain/40000"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char body[64];
        size_t size = (size_t)snprintf(body, sizeof(body), "%s%ct", wrong[i], 0) + 1;
        CU_ASSERT_STRING_EQUAL(call_text(&other, XS_WATCH, 0, body, size), "EINVAL");
    }
    CU_ASSERT_STRING_EQUAL(CALL(&other, XS_SET_PERMS, 0, "@releaseDomain/7\0r0"), "ENOENT");
    CU_ASSERT_STRING_EQUAL(CALL(&other, XS_MKDIR, 0, "@releaseDomain/7"), "EINVAL");
    tear_down();
}

static void events_left_lying_are_thrown_away_and_made_up_for(void)
{
    set_up();
    CALL(&tool, XS_MKDIR, 0, "/f");
    CALL(&tool, XS_SET_PERMS, 0, "/f\0r0");
    CALL(&guest, XS_WATCH, 0, "/f\0t");
    next_event(&guest);
    struct connection *connection = guest.connection;
    while (connection->output_end == connection->output_start) /* until the socket takes no more */
        call_write(&tool, 0, "/f/node", "");
    for (int i = 0; i < 500; i++)
        call_write(&tool, 0, "/f/node", "");
    size_t waiting = connection->output_end - connection->output_start;
    CU_ASSERT_TRUE(waiting > 500 * 20);
    uint64_t now = statistics_now_ns();
    CU_ASSERT_TRUE(connection_tick(connection, now + 5000000000u)); /* not yet */
    CU_ASSERT_EQUAL(connection->output_end - connection->output_start, waiting);
    connection_tick(connection, now + 30000000000u);
    CU_ASSERT_TRUE(connection->output_end - connection->output_start < 100);
    struct message message;
    bool made_up = false;
    while (client_receive(&guest, &message)) {
        CU_ASSERT_EQUAL(message.header.type, XS_WATCH_EVENT); /* the stream is whole */
        made_up = strcmp(message.body, "/f") == 0;
    }
    CU_ASSERT_TRUE(made_up);
    tear_down();
}

static void a_client_that_takes_no_replies_is_not_served(void)
{
    set_up();
    char body[2100];
    memset(body, 'v', sizeof(body));
    memcpy(body, "/big", 5);
    CU_ASSERT_STRING_EQUAL(call_text(&tool, XS_WRITE, 0, body, 2000), "OK");
    CALL(&tool, XS_SET_PERMS, 0, "/big\0r0");
    unsigned int sent = 0;
    fcntl(guest.fd, F_SETFL, O_NONBLOCK);
    struct {
        struct xsd_sockmsg header;
        char path[5];
    } request = {.header = {.type = XS_READ, .len = 5}, .path = "/big"};
    for (; sent < 1000; sent++) {
        if (write(guest.fd, &request, 21) != 21)
            break;
        turn(&daemon_);
    }
    CU_ASSERT_TRUE(guest.connection->replies_waiting >= 20 && guest.connection->replies_waiting < 40);
    CU_ASSERT_STRING_EQUAL(CALL(&tool, XS_READ, 0, "/none"), "ENOENT"); /* others are */
    struct message message;
    unsigned int got = 0;
    while (client_receive(&guest, &message))
        got++;
    CU_ASSERT_EQUAL(got, sent); /* and in the end it is too */
    tear_down();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"a watch sees changes at and below its path, and no others", changes_at_and_below_the_path_fire},
        {"removing an ancestor fires on the watched path", removal_of_an_ancestor_fires_on_the_watched_path},
        {"a watch set by a relative name has relative events", relative_names_stay_relative},
        {"a guest is told only of what it may read", a_guest_sees_what_it_may_read},
        {"a transaction fires when it commits", transactions_fire_when_they_commit},
        {"the reply comes before the events it causes", a_reply_comes_before_its_events},
        {"events that nobody takes are bounded, and made up for", events_that_nobody_takes_are_bounded_and_made_up_for},
        {"depth limits what a watch sees", depth_limits_what_a_watch_sees},
        {"ends of domains are told by domain to those who ask for it", releases_are_told_by_domain},
        {"events left lying are thrown away, and made up for", events_left_lying_are_thrown_away_and_made_up_for},
        {"a client that takes no replies is not served, and loses none", a_client_that_takes_no_replies_is_not_served},
        {"thousands of watches come and go", many_watches_come_and_go},
    };
    return RUN_TESTS("watches", tests);
}
