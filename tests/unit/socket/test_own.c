/* The own stack behind the socket seam: what socket.h promises. */
#include "stack/two_hosts.h"

#include "socket/own.h"

#include <string.h>

struct world {
    struct two_hosts *net;
    struct sockets *a, *b;
};

static void world_start(struct world *world)
{
    world->net = two_hosts_new(NULL, NULL);
    world->a = own_sockets_new(world->net->a);
    world->b = own_sockets_new(world->net->b);
}

static void world_end(struct world *world)
{
    own_sockets_free(world->a);
    own_sockets_free(world->b);
    two_hosts_free(world->net);
}

static void count_event(void *owner)
{
    ++*(unsigned *)owner;
}

static const struct endpoint ANY = {0};

/* --- streams --- */

static void test_a_stream_connects_carries_bytes_and_ends(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    unsigned client_events = 0, server_events = 0, listener_events = 0;
    struct listener *listener = NULL;
    struct stream *client = NULL;
    char buffer[16] = {0};
    assert_int_equal(sockets_listen(world.b, (struct endpoint){.port = 80}, 0, count_event,
                                    &listener_events, &listener),
                     STATUS_OK);
    assert_int_equal(listener_local(listener).port, 80);
    assert_int_equal(
        sockets_connect(world.a, ANY, host_b(80), count_event, &client_events, &client), STATUS_OK);
    assert_false(stream_is_connected(client));
    assert_int_equal(stream_write(client, "early", 5), -STATUS_AGAIN);
    two_hosts_run(world.net, 50 * MS);
    assert_true(stream_is_connected(client));
    assert_int_equal(client_events, 1);
    assert_int_equal(listener_events, 1);

    struct stream *server = listener_accept(listener);
    assert_non_null(server);
    assert_null(listener_accept(listener));
    stream_set_owner(server, count_event, &server_events);
    assert_true(endpoint_equal(stream_remote(server), stream_local(client)));
    assert_true(endpoint_equal(stream_local(server), stream_remote(client)));
    assert_int_equal(stream_read(server, buffer, sizeof buffer), -STATUS_AGAIN);
    assert_int_equal(stream_write(client, "hello", 5), 5);
    stream_shutdown(client);
    assert_int_equal(server_events, 0);
    two_hosts_run(world.net, 50 * MS);
    assert_true(server_events > 0);
    assert_int_equal(stream_read(server, buffer, sizeof buffer), 5);
    assert_string_equal(buffer, "hello");
    assert_int_equal(stream_read(server, buffer, sizeof buffer), 0);
    assert_int_equal(stream_error(server), STATUS_OK);
    stream_close(server);
    stream_close(client);
    listener_close(listener);
    world_end(&world);
}

static void test_a_write_larger_than_the_buffer_is_taken_in_part_and_announced(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    unsigned events = 0;
    static uint8_t bytes[400000];
    struct listener *listener = NULL;
    struct stream *client = NULL;
    assert_int_equal(
        sockets_listen(world.b, (struct endpoint){.port = 80}, 0, NULL, NULL, &listener),
        STATUS_OK);
    assert_int_equal(sockets_connect(world.a, ANY, host_b(80), count_event, &events, &client),
                     STATUS_OK);
    two_hosts_run(world.net, 50 * MS);
    struct stream *server = listener_accept(listener);
    int64_t written = stream_write(client, bytes, sizeof bytes);
    assert_in_range(written, 1, sizeof bytes - 1);
    assert_int_equal(stream_write(client, bytes, 1), -STATUS_AGAIN);
    for (int i = 0; i < 100; i++) { /* nobody reads, until both buffers are full */
        events = 0;
        two_hosts_run(world.net, 10 * SECOND);
        int64_t len = stream_write(client, bytes, sizeof bytes);
        assert_true(events == 0 || len > 0);
        written += len > 0 ? len : 0;
    }
    assert_true(written > 262144);
    assert_int_equal(stream_write(client, bytes, 1), -STATUS_AGAIN);
    int64_t total = 0;
    int64_t len;
    while ((len = stream_read(server, bytes, sizeof bytes)) > 0) {
        total += len;
        two_hosts_run(world.net, 10 * SECOND);
    }
    assert_int_equal(total, written);
    assert_true(events > 0);
    stream_close(client);
    stream_close(server);
    listener_close(listener);
    world_end(&world);
}

/* Writes two bytes, one shortly after the other; returns how many are there before an
 * acknowledgement can have come back. */
static int64_t arrived_at_once(bool no_delay)
{
    struct world world;
    world_start(&world);
    unsigned events = 0;
    struct listener *listener = NULL;
    struct stream *client = NULL;
    char buffer[16];
    enum status status =
        sockets_listen(world.b, (struct endpoint){.port = 80}, 0, count_event, &events, &listener);
    assert_int_equal(status, STATUS_OK);
    status = sockets_connect(world.a, ANY, host_b(80), count_event, &events, &client);
    assert_int_equal(status, STATUS_OK);
    two_hosts_run(world.net, 50 * MS);
    struct stream *server = listener_accept(listener);
    stream_set_no_delay(client, no_delay);
    assert_int_equal(stream_write(client, "a", 1), 1);
    two_hosts_run(world.net, MS);
    assert_int_equal(stream_write(client, "b", 1), 1);
    two_hosts_run(world.net, 12 * MS); /* one way takes 10 ms */
    int64_t arrived = stream_read(server, buffer, sizeof buffer);
    stream_abort(server);
    stream_abort(client);
    listener_close(listener);
    world_end(&world);
    return arrived;
}

static void test_small_writes_wait_for_an_acknowledgement_unless_told_not_to(void **state)
{
    (void)state;
    assert_int_equal(arrived_at_once(false), 1);
    assert_int_equal(arrived_at_once(true), 2);
}

static void test_a_refused_stream_tells_so(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    unsigned events = 0;
    struct stream *client = NULL;
    assert_int_equal(sockets_connect(world.a, ANY, host_b(81), count_event, &events, &client),
                     STATUS_OK);
    two_hosts_run(world.net, 50 * MS);
    assert_int_equal(events, 1);
    assert_false(stream_is_connected(client));
    assert_int_equal(stream_error(client), STATUS_REFUSED);
    assert_int_equal(stream_read(client, NULL, 0), -STATUS_REFUSED);
    stream_close(client);
    world_end(&world);
}

static void test_an_aborted_stream_resets_the_other_side(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    struct listener *listener = NULL;
    struct stream *client = NULL;
    assert_int_equal(
        sockets_listen(world.b, (struct endpoint){.port = 80}, 0, NULL, NULL, &listener),
        STATUS_OK);
    assert_int_equal(sockets_connect(world.a, ANY, host_b(80), NULL, NULL, &client), STATUS_OK);
    two_hosts_run(world.net, 50 * MS);
    struct stream *server = listener_accept(listener);
    stream_abort(client);
    two_hosts_run(world.net, 50 * MS);
    assert_int_equal(stream_error(server), STATUS_RESET);
    stream_close(server);
    listener_close(listener);
    world_end(&world);
}

/* Closes itself from within its own callback. */
static void close_stream(void *owner)
{
    struct stream **stream = owner;
    stream_close(*stream);
    *stream = NULL;
}

static void test_a_callback_may_close_its_stream(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    struct stream *client = NULL;
    assert_int_equal(sockets_connect(world.a, ANY, host_b(81), close_stream, &client, &client),
                     STATUS_OK);
    two_hosts_run(world.net, 50 * MS);
    assert_null(client);
    world_end(&world);
}

static void test_what_cannot_be_opened_is_told_at_once(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    struct listener *listener = NULL;
    struct stream *stream = NULL;
    struct endpoint far = {ip_v4(0xc0000201), 80};
    assert_int_equal(sockets_connect(world.a, ANY, far, NULL, NULL, &stream), STATUS_UNREACHABLE);
    assert_int_equal(
        sockets_listen(world.b, (struct endpoint){.port = 80}, 0, NULL, NULL, &listener),
        STATUS_OK);
    struct listener *second = NULL;
    assert_int_equal(sockets_listen(world.b, host_b(80), 0, NULL, NULL, &second), STATUS_IN_USE);
    listener_close(listener);
    world_end(&world);
}

/* --- datagrams --- */

static struct datagram_socket *open_datagram(struct sockets *sockets, uint32_t port,
                                             const char *interface, unsigned *events)
{
    struct datagram_socket *socket = NULL;
    struct datagram_options options = {.local.port = port, .interface = interface};
    assert_int_equal(
        sockets_open_datagram(sockets, &options, events ? count_event : NULL, events, &socket),
        STATUS_OK);
    return socket;
}

static void test_a_datagram_carries_where_it_came_from(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    unsigned events = 0;
    char buffer[16] = {0};
    struct datagram_info info;
    struct datagram_socket *a = open_datagram(world.a, 0, NULL, NULL);
    struct datagram_socket *b = open_datagram(world.b, 53, NULL, &events);
    assert_int_equal(datagram_send(a, host_b(53), bytes_of_text("query"), NULL), STATUS_OK);
    two_hosts_run(world.net, 50 * MS);
    assert_int_equal(events, 1);
    assert_int_equal(datagram_receive(b, buffer, sizeof buffer, &info), 5);
    assert_string_equal(buffer, "query");
    assert_true(endpoint_equal(info.from, host_a(datagram_local(a).port)));
    assert_true(endpoint_equal(info.to, host_b(53)));
    assert_string_equal(info.interface, "eth0");
    assert_int_not_equal(info.packet_id, 0);
    assert_int_equal(datagram_receive(b, buffer, sizeof buffer, &info), -STATUS_AGAIN);
    datagram_close(a);
    datagram_close(b);
    world_end(&world);
}

static void test_a_connected_socket_sends_without_an_address_and_hears_errors(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    struct datagram_socket *a = open_datagram(world.a, 0, NULL, NULL);
    assert_int_equal(datagram_send(a, ANY, bytes_of_text("x"), NULL), STATUS_INVALID);
    assert_int_equal(datagram_connect(a, host_b(9)), STATUS_OK);
    assert_int_equal(datagram_send(a, ANY, bytes_of_text("x"), NULL), STATUS_OK);
    two_hosts_run(world.net, 50 * MS);
    assert_int_equal(datagram_receive(a, NULL, 0, NULL), -STATUS_REFUSED);
    datagram_close(a);
    world_end(&world);
}

/* What a DHCP client and its server do: no address yet, broadcast, and an answer without ARP. */
static void test_an_interface_without_an_address_speaks_from_0_0_0_0(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    struct netif *netif = world.net->a->netifs[0];
    struct datagram_route any = {.is_src_any = true};
    struct datagram_socket *client = open_datagram(world.a, 68, "eth0", NULL);
    struct datagram_socket *server = open_datagram(world.b, 67, "eth0", NULL);
    struct endpoint everybody = {ip_v4(IPV4_BROADCAST), 67};
    char buffer[16] = {0};
    struct datagram_info info;
    assert_int_equal(datagram_send(client, everybody, bytes_of_text("x"), &any),
                     STATUS_UNSUPPORTED); /* it has an address */
    ipv4_remove_address(world.net->a->ipv4, netif, host_a(0).addr);
    assert_int_equal(datagram_send(client, everybody, bytes_of_text("discover"), &any), STATUS_OK);
    two_hosts_run(world.net, 50 * MS);
    assert_int_equal(datagram_receive(server, buffer, sizeof buffer, &info), 8);
    assert_int_equal(info.from.addr.v4, IPV4_ANY);
    assert_int_equal(info.from.port, 68);

    /* RFC 2131 4.1: to the address being offered, before the client can answer ARP for it */
    assert_true(netif_add_address(netif, (struct ip_prefix){ip_v4(0x0a000009), 24}));
    assert_true(netif_remove_address(netif, ip_v4(0x0a000009)));
    struct datagram_route direct = {.link_dst = &netif->mac};
    struct endpoint offered = {ip_v4(IPV4_BROADCAST), 68};
    assert_int_equal(datagram_send(server, offered, bytes_of_text("offer"), &direct), STATUS_OK);
    two_hosts_run(world.net, 50 * MS);
    assert_int_equal(datagram_receive(client, buffer, sizeof buffer, &info), 5);
    assert_true(endpoint_equal(info.from, host_b(67)));
    datagram_close(client);
    datagram_close(server);
    world_end(&world);
}

static void test_what_cannot_be_bound_is_told_at_once(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    struct datagram_socket *second = NULL;
    struct datagram_socket *first = open_datagram(world.a, 53, NULL, NULL);
    struct datagram_options options = {.local.port = 53};
    assert_int_equal(sockets_open_datagram(world.a, &options, NULL, NULL, &second), STATUS_IN_USE);
    options = (struct datagram_options){.interface = "eth7"};
    assert_int_equal(sockets_open_datagram(world.a, &options, NULL, NULL, &second),
                     STATUS_NOT_FOUND);
    struct datagram_route direct = {.link_dst = &world.net->b->netifs[0]->mac};
    assert_int_equal(datagram_send(first, host_b(53), bytes_of_text("x"), &direct),
                     STATUS_INVALID); /* it needs an interface */
    struct datagram_route from_loopback = {.src = ip_v4(IPV4_LOOPBACK)};
    assert_int_equal(datagram_send(first, host_b(53), bytes_of_text("x"), &from_loopback),
                     STATUS_UNREACHABLE); /* it may choose its source, but not that one */
    datagram_close(first);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stream_connects_carries_bytes_and_ends),
        cmocka_unit_test(test_a_write_larger_than_the_buffer_is_taken_in_part_and_announced),
        cmocka_unit_test(test_small_writes_wait_for_an_acknowledgement_unless_told_not_to),
        cmocka_unit_test(test_a_refused_stream_tells_so),
        cmocka_unit_test(test_an_aborted_stream_resets_the_other_side),
        cmocka_unit_test(test_a_callback_may_close_its_stream),
        cmocka_unit_test(test_what_cannot_be_opened_is_told_at_once),
        cmocka_unit_test(test_a_datagram_carries_where_it_came_from),
        cmocka_unit_test(test_a_connected_socket_sends_without_an_address_and_hears_errors),
        cmocka_unit_test(test_an_interface_without_an_address_speaks_from_0_0_0_0),
        cmocka_unit_test(test_what_cannot_be_bound_is_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
