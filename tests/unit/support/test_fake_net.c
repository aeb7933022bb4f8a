#include "support/fake_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

struct peer { /* one socket or stream, and what its callback saw */
    struct fake_net *net;
    struct datagram_socket *socket;
    struct listener *listener;
    struct stream *stream;
    unsigned events;
    uint64_t last_event_ns;
};

static void peer_on_event(void *owner)
{
    struct peer *peer = owner;
    peer->events++;
    peer->last_event_ns = fake_net_env(peer->net)->now_ns;
}

static struct endpoint at(const char *text)
{
    struct endpoint endpoint;
    assert_true(endpoint_parse(text, &endpoint));
    return endpoint;
}

static void open_datagram(struct fake_net *net, struct sockets *host, uint32_t port,
                          const char *interface, struct peer *self)
{
    *self = (struct peer){.net = net};
    struct datagram_options options = {.local.port = port, .interface = interface};
    assert_int_equal(sockets_open_datagram(host, &options, peer_on_event, self, &self->socket),
                     STATUS_OK);
}

static void assert_receives(struct peer *peer, const char *text, const char *from)
{
    char buffer[100] = "";
    struct datagram_info info = {0};
    int64_t len = datagram_receive(peer->socket, buffer, sizeof buffer, &info);
    assert_int_equal(len, strlen(text));
    assert_string_equal(buffer, text);
    if (from) {
        assert_true(endpoint_equal(info.from, at(from)));
    }
}

static void a_datagram_arrives_after_the_delay(void **state)
{
    (void)state;
    struct fake_net *net = fake_net_new(1, 5 * MS);
    struct sockets *a = fake_host_new(net, "a", "192.0.2.1");
    struct sockets *b = fake_host_new(net, "b", "192.0.2.2");
    struct peer from, to;
    open_datagram(net, a, 1000, NULL, &from);
    open_datagram(net, b, 53, NULL, &to);
    assert_int_equal(datagram_send(from.socket, at("192.0.2.2:53"), bytes_of_text("hello"), NULL),
                     STATUS_OK);
    assert_int_equal(to.events, 0);
    fake_net_run_for(net, SECOND);
    assert_int_equal(to.events, 1);
    assert_int_equal(to.last_event_ns, 5 * MS);
    assert_receives(&to, "hello", "192.0.2.1:1000");
    assert_int_equal(datagram_receive(to.socket, NULL, 0, NULL), -STATUS_AGAIN);
    assert_int_equal(fake_net_env(net)->now_ns, SECOND);
    datagram_close(from.socket);
    datagram_close(to.socket);
    fake_net_free(net);
}

static void a_port_is_given_once_and_ephemeral_ports_differ(void **state)
{
    (void)state;
    struct fake_net *net = fake_net_new(1, MS);
    struct sockets *a = fake_host_new(net, "a", "192.0.2.1");
    struct peer first, second;
    open_datagram(net, a, 0, NULL, &first);
    open_datagram(net, a, 0, NULL, &second);
    struct endpoint local = datagram_local(first.socket);
    assert_int_not_equal(local.port, datagram_local(second.socket).port);
    struct datagram_options options = {.local = local};
    struct datagram_socket *third;
    assert_int_equal(sockets_open_datagram(a, &options, NULL, NULL, &third), STATUS_IN_USE);
    datagram_close(first.socket);
    datagram_close(second.socket);
    fake_net_free(net);
}

static void a_broadcast_reaches_every_other_host_once(void **state)
{
    (void)state;
    struct fake_net *net = fake_net_new(1, MS);
    struct sockets *client = fake_host_new(net, "client", NULL);
    struct peer asking, server[2];
    open_datagram(net, client, 68, "eth0", &asking);
    for (int i = 0; i < 2; i++) {
        open_datagram(net, fake_host_new(net, "s", i == 0 ? "192.0.2.1" : "192.0.2.2"), 67, "eth0",
                      &server[i]);
    }
    struct endpoint all = at("255.255.255.255:67");
    struct datagram_route route = {.is_src_any = true};
    assert_int_equal(datagram_send(asking.socket, all, bytes_of_text("?"), NULL),
                     STATUS_UNREACHABLE);
    assert_int_equal(datagram_send(asking.socket, all, bytes_of_text("who?"), &route), STATUS_OK);
    fake_net_run_for(net, SECOND);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(server[i].events, 1);
        assert_receives(&server[i], "who?", "0.0.0.0:68");
        datagram_close(server[i].socket);
    }
    assert_int_equal(asking.events, 0);
    datagram_close(asking.socket);
    fake_net_free(net);
}

static void a_link_address_replaces_arp(void **state)
{
    (void)state;
    struct fake_net *net = fake_net_new(1, MS);
    struct sockets *client = fake_host_new(net, "client", NULL);
    struct sockets *server = fake_host_new(net, "server", "192.0.2.1");
    struct peer to, from;
    open_datagram(net, client, 68, "eth0", &to);
    open_datagram(net, server, 67, "eth0", &from);
    struct mac_addr mac = fake_host_mac(client);
    struct datagram_route route = {.link_dst = &mac};
    struct endpoint offered = at("192.0.2.9:68");
    assert_int_equal(datagram_send(from.socket, offered, bytes_of_text("early"), &route),
                     STATUS_OK);
    fake_net_run_for(net, SECOND);
    assert_int_equal(to.events, 0); /* no unicast before the address is configured */
    fake_host_set_address(client, offered.addr);
    assert_int_equal(datagram_send(from.socket, offered, bytes_of_text("yours"), &route),
                     STATUS_OK);
    fake_net_run_for(net, SECOND);
    assert_receives(&to, "yours", "192.0.2.1:67");
    datagram_close(to.socket);
    datagram_close(from.socket);
    fake_net_free(net);
}

static void a_connected_socket_filters_and_learns_of_errors(void **state)
{
    (void)state;
    struct fake_net *net = fake_net_new(1, MS);
    struct sockets *a = fake_host_new(net, "a", "192.0.2.1");
    fake_host_new(net, "b", "192.0.2.2");
    struct peer peer;
    open_datagram(net, a, 1000, NULL, &peer);
    assert_int_equal(datagram_connect(peer.socket, at("192.0.2.2:53")), STATUS_OK);
    fake_net_inject(net, at("192.0.2.66:53"), at("192.0.2.1:1000"), bytes_of_text("spoof"));
    fake_net_inject(net, at("192.0.2.2:53"), at("192.0.2.1:1000"), bytes_of_text("true"));
    fake_net_run_for(net, SECOND);
    assert_receives(&peer, "true", "192.0.2.2:53");
    struct endpoint unset = {0};
    assert_int_equal(datagram_send(peer.socket, unset, bytes_of_text("x"), NULL), STATUS_OK);
    fake_net_run_for(net, SECOND);
    assert_int_equal(datagram_receive(peer.socket, NULL, 0, NULL), -STATUS_REFUSED);
    assert_int_equal(datagram_connect(peer.socket, at("192.0.2.77:53")), STATUS_OK);
    assert_int_equal(datagram_send(peer.socket, unset, bytes_of_text("x"), NULL), STATUS_OK);
    fake_net_run_for(net, SECOND);
    assert_int_equal(datagram_receive(peer.socket, NULL, 0, NULL), -STATUS_UNREACHABLE);
    datagram_close(peer.socket);
    fake_net_free(net);
}

static void shout(void *owner, struct fake_datagram *datagram)
{
    unsigned *seen = owner;
    (*seen)++;
    datagram->bytes[0] = 'H';
    datagram->delay_ns += 10 * MS;
    datagram->is_dropped = *seen == 2;
}

static void faults_drop_and_change_datagrams(void **state)
{
    (void)state;
    struct fake_net *net = fake_net_new(1, MS);
    struct sockets *a = fake_host_new(net, "a", "192.0.2.1");
    struct peer peer;
    unsigned seen = 0;
    open_datagram(net, a, 7, NULL, &peer);
    fake_net_set_hook(net, shout, &seen);
    for (int i = 0; i < 4; i++) {
        fake_net_drop_next(net, i == 3 ? 1 : 0);
        assert_int_equal(datagram_send(peer.socket, at("192.0.2.1:7"), bytes_of_text("hi"), NULL),
                         STATUS_OK);
    }
    fake_net_run_for(net, SECOND);
    assert_int_equal(peer.last_event_ns, 11 * MS);
    assert_int_equal(peer.events, 2);
    assert_int_equal(fake_net_datagrams_sent(net), 4);
    assert_receives(&peer, "Hi", NULL);
    datagram_close(peer.socket);
    fake_net_free(net);
}

struct pair {
    struct fake_net *net;
    struct peer client, server;
};

static void pair_open(struct pair *pair)
{
    *pair = (struct pair){.net = fake_net_new(1, 10 * MS)};
    pair->client.net = pair->server.net = pair->net;
    struct sockets *a = fake_host_new(pair->net, "a", "192.0.2.1");
    struct sockets *b = fake_host_new(pair->net, "b", "192.0.2.2");
    assert_int_equal(sockets_listen(b, (struct endpoint){.port = 80}, 5, peer_on_event,
                                    &pair->server, &pair->server.listener),
                     STATUS_OK);
    assert_int_equal(sockets_connect(a, (struct endpoint){0}, at("192.0.2.2:80"), peer_on_event,
                                     &pair->client, &pair->client.stream),
                     STATUS_OK);
    assert_false(stream_is_connected(pair->client.stream));
    assert_int_equal(stream_write(pair->client.stream, "x", 1), -STATUS_AGAIN);
    fake_net_run_for(pair->net, SECOND);
    assert_int_equal(pair->client.last_event_ns, 20 * MS);
    assert_true(stream_is_connected(pair->client.stream));
    pair->server.stream = listener_accept(pair->server.listener);
    assert_non_null(pair->server.stream);
    assert_null(listener_accept(pair->server.listener));
    stream_set_owner(pair->server.stream, peer_on_event, &pair->server);
    assert_true(
        endpoint_equal(stream_local(pair->client.stream), stream_remote(pair->server.stream)));
}

static void pair_close(struct pair *pair)
{
    listener_close(pair->server.listener);
    fake_net_free(pair->net);
}

static void a_stream_carries_bytes_and_its_end(void **state)
{
    (void)state;
    struct pair pair;
    char buffer[16] = "";
    pair_open(&pair);
    assert_int_equal(stream_write(pair.client.stream, "hello", 5), 5);
    stream_shutdown(pair.client.stream);
    assert_int_equal(stream_write(pair.client.stream, "x", 1), -STATUS_CLOSED);
    assert_int_equal(stream_read(pair.server.stream, buffer, 16), -STATUS_AGAIN);
    fake_net_run_for(pair.net, SECOND);
    assert_int_equal(stream_read(pair.server.stream, buffer, 3), 3);
    assert_int_equal(stream_read(pair.server.stream, buffer + 3, 13), 2);
    assert_string_equal(buffer, "hello");
    assert_int_equal(stream_read(pair.server.stream, buffer, 16), 0);
    assert_int_equal(stream_write(pair.server.stream, "back", 4), 4); /* half-closed */
    stream_close(pair.server.stream);
    fake_net_run_for(pair.net, SECOND);
    assert_int_equal(stream_read(pair.client.stream, buffer, 16), 4);
    assert_int_equal(stream_read(pair.client.stream, buffer, 16), 0);
    stream_close(pair.client.stream);
    pair_close(&pair);
}

static void stream_limits_make_io_partial(void **state)
{
    (void)state;
    struct pair pair;
    char buffer[16];
    pair_open(&pair);
    fake_net_set_stream_limits(
        pair.net, (struct fake_stream_limits){.write_max = 3, .read_max = 2, .window = 5});
    assert_int_equal(stream_write(pair.client.stream, "abcdefgh", 8), 3);
    assert_int_equal(stream_write(pair.client.stream, "defgh", 5), 2);
    assert_int_equal(stream_write(pair.client.stream, "fgh", 3), -STATUS_AGAIN);
    fake_net_run_for(pair.net, SECOND);
    unsigned events = pair.client.events;
    assert_int_equal(stream_read(pair.server.stream, buffer, 16), 2);
    fake_net_run_for(pair.net, SECOND);
    assert_int_equal(pair.client.events, events + 1); /* there is room again */
    assert_int_equal(stream_write(pair.client.stream, "fgh", 3), 2);
    stream_abort(pair.client.stream);
    fake_net_run_for(pair.net, SECOND);
    assert_int_equal(stream_read(pair.server.stream, buffer, 16), -STATUS_RESET);
    stream_close(pair.server.stream);
    pair_close(&pair);
}

static void writing_to_a_closed_peer_is_a_reset(void **state)
{
    (void)state;
    struct pair pair;
    pair_open(&pair);
    stream_close(pair.server.stream);
    fake_net_run_for(pair.net, SECOND);
    assert_int_equal(stream_write(pair.client.stream, "x", 1), 1);
    fake_net_run_for(pair.net, SECOND);
    assert_int_equal(stream_error(pair.client.stream), STATUS_RESET);
    assert_int_equal(stream_write(pair.client.stream, "x", 1), -STATUS_RESET);
    stream_close(pair.client.stream);
    pair_close(&pair);
}

static void connecting_fails_as_the_host_would(void **state)
{
    (void)state;
    struct fake_net *net = fake_net_new(1, MS);
    struct sockets *a = fake_host_new(net, "a", "192.0.2.1");
    struct sockets *b = fake_host_new(net, "b", "192.0.2.2");
    static const struct {
        const char *to;
        bool is_down;
        enum status status;
    } cases[] = {
        {"192.0.2.2:80", false, STATUS_REFUSED},
        {"192.0.2.3:80", false, STATUS_UNREACHABLE},
        {"192.0.2.2:80", true, STATUS_TIMED_OUT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct peer peer = {.net = net};
        fake_host_set_down(b, cases[i].is_down);
        assert_int_equal(sockets_connect(a, (struct endpoint){0}, at(cases[i].to), peer_on_event,
                                         &peer, &peer.stream),
                         STATUS_OK);
        fake_net_run_for(net, 100 * SECOND);
        assert_int_equal(peer.events, 1);
        assert_int_equal(stream_error(peer.stream), cases[i].status);
        stream_close(peer.stream);
    }
    fake_net_free(net);
}

static void a_full_backlog_is_tried_again(void **state)
{
    (void)state;
    struct fake_net *net = fake_net_new(1, MS);
    struct sockets *a = fake_host_new(net, "a", "192.0.2.1");
    struct peer server = {.net = net}, client[2] = {{.net = net}, {.net = net}};
    assert_int_equal(sockets_listen(a, (struct endpoint){.port = 80}, 1, peer_on_event, &server,
                                    &server.listener),
                     STATUS_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sockets_connect(a, (struct endpoint){0}, at("127.0.0.1:80"), peer_on_event,
                                         &client[i], &client[i].stream),
                         STATUS_OK);
    }
    fake_net_run_for(net, 100 * MS);
    struct stream *first = listener_accept(server.listener);
    assert_non_null(first);
    assert_null(listener_accept(server.listener));
    fake_net_run_for(net, 2 * SECOND);
    assert_true(stream_is_connected(client[1].stream)); /* and left in the queue */
    listener_close(server.listener);
    fake_net_run_for(net, SECOND);
    assert_int_equal(stream_error(client[1].stream), STATUS_RESET);
    stream_close(first);
    stream_close(client[0].stream);
    stream_close(client[1].stream);
    fake_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_datagram_arrives_after_the_delay),
        cmocka_unit_test(a_port_is_given_once_and_ephemeral_ports_differ),
        cmocka_unit_test(a_broadcast_reaches_every_other_host_once),
        cmocka_unit_test(a_link_address_replaces_arp),
        cmocka_unit_test(a_connected_socket_filters_and_learns_of_errors),
        cmocka_unit_test(faults_drop_and_change_datagrams),
        cmocka_unit_test(a_stream_carries_bytes_and_its_end),
        cmocka_unit_test(stream_limits_make_io_partial),
        cmocka_unit_test(writing_to_a_closed_peer_is_a_reset),
        cmocka_unit_test(connecting_fails_as_the_host_would),
        cmocka_unit_test(a_full_backlog_is_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
