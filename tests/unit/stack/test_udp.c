#include "stack/two_hosts.h"

#include <string.h>

struct inbox {
    struct udp_socket *socket;
    unsigned events;
};

static void on_event(void *owner)
{
    ((struct inbox *)owner)->events++;
}

static void inbox_open(struct inbox *inbox, struct node *node, struct endpoint local,
                       struct netif *netif)
{
    inbox->events = 0;
    inbox->socket = udp_open(node->udp, on_event, inbox);
    assert_int_equal(udp_bind(inbox->socket, local, netif), STATUS_OK);
}

static void assert_receives(struct inbox *inbox, const char *text)
{
    char buffer[64] = {0};
    struct udp_datagram_info info;
    assert_int_equal(udp_receive(inbox->socket, buffer, sizeof buffer, &info), strlen(text));
    assert_string_equal(buffer, text);
}

static void assert_empty(struct inbox *inbox)
{
    assert_int_equal(udp_receive(inbox->socket, NULL, 0, NULL), -STATUS_AGAIN);
}

static enum status send_text(struct inbox *inbox, struct endpoint to, const char *text)
{
    return udp_send(inbox->socket, &to, 0, NULL, bytes_of_text(text));
}

static void test_a_datagram_arrives_with_its_endpoints(void **state)
{
    (void)state;
    struct two_hosts *net = two_hosts_new(NULL, NULL);
    struct inbox a, b;
    inbox_open(&a, net->a, (struct endpoint){.port = 4000}, NULL);
    inbox_open(&b, net->b, (struct endpoint){.port = 53}, NULL);
    assert_int_equal(send_text(&a, host_b(53), "question"), STATUS_OK);
    assert_int_equal(b.events, 0);
    two_hosts_run(net, 11 * MS);
    assert_int_equal(b.events, 1);
    char buffer[4];
    struct udp_datagram_info info;
    assert_int_equal(udp_receive(b.socket, buffer, sizeof buffer, &info), 8); /* cut, but told */
    assert_memory_equal(buffer, "ques", 4);
    assert_true(endpoint_equal(info.from, host_a(4000)));
    assert_true(endpoint_equal(info.to, host_b(53)));
    assert_ptr_equal(info.netif, net->b->netifs[0]);
    assert_empty(&b);
    udp_close(a.socket);
    udp_close(b.socket);
    two_hosts_free(net);
}

static void test_the_largest_datagram_arrives_whole_and_a_larger_one_is_refused(void **state)
{
    (void)state;
    static uint8_t sent[UDP_MAX_DATA + 1], received[UDP_MAX_DATA + 1];
    struct two_hosts *net = two_hosts_new(NULL, NULL);
    struct inbox a, b;
    struct prng prng;
    prng_init(&prng, 1, "udp", "largest");
    prng_fill(&prng, sent, sizeof sent);
    inbox_open(&a, net->a, (struct endpoint){0}, NULL);
    inbox_open(&b, net->b, (struct endpoint){.port = 53}, NULL);
    struct endpoint to = host_b(53);
    assert_int_equal(udp_send(a.socket, &to, 0, NULL, (struct bytes){sent, 65508}), STATUS_LIMIT);
    assert_int_equal(udp_send(a.socket, &to, 0, NULL, (struct bytes){sent, 65507}), STATUS_OK);
    two_hosts_run(net, SECOND);
    assert_int_equal(b.events, 1);
    assert_int_equal(udp_receive(b.socket, received, sizeof received, NULL), 65507);
    assert_memory_equal(received, sent, 65507);
    udp_close(a.socket);
    udp_close(b.socket);
    two_hosts_free(net);
}

static void test_an_empty_datagram_is_a_datagram(void **state)
{
    (void)state;
    struct two_hosts *net = two_hosts_new(NULL, NULL);
    struct inbox a, b;
    inbox_open(&a, net->a, (struct endpoint){0}, NULL);
    inbox_open(&b, net->b, (struct endpoint){.port = 53}, NULL);
    assert_in_range(udp_local(a.socket).port, PORT_EPHEMERAL_FIRST, PORT_EPHEMERAL_LAST);
    assert_int_equal(send_text(&a, host_b(53), ""), STATUS_OK);
    two_hosts_run(net, 11 * MS);
    assert_receives(&b, "");
    assert_empty(&b);
    udp_close(a.socket);
    udp_close(b.socket);
    two_hosts_free(net);
}

static void test_the_socket_that_fits_gets_the_datagram(void **state)
{
    (void)state;
    struct two_hosts *net = two_hosts_new(NULL, NULL);
    struct inbox a, other, bound, elsewhere;
    struct endpoint loopback = {ip_v4(IPV4_LOOPBACK), 53};
    inbox_open(&a, net->a, (struct endpoint){.port = 4000}, NULL);
    inbox_open(&other, net->a, (struct endpoint){.port = 4001}, NULL);
    inbox_open(&elsewhere, net->b, loopback, NULL);
    inbox_open(&bound, net->b, host_b(53), NULL);
    assert_int_equal(send_text(&a, host_b(53), "one"), STATUS_OK);
    two_hosts_run(net, 11 * MS);
    assert_receives(&bound, "one");
    assert_empty(&elsewhere);
    assert_int_equal(send_text(&a, host_b(53), "left unread"), STATUS_OK);
    two_hosts_run(net, 11 * MS);
    udp_close(elsewhere.socket);
    udp_close(bound.socket);

    inbox_open(&bound, net->b, (struct endpoint){.port = 53}, NULL);
    assert_int_equal(udp_connect(bound.socket, host_a(4001)), STATUS_OK);
    assert_int_equal(send_text(&a, host_b(53), "stranger"), STATUS_OK);
    assert_int_equal(send_text(&other, host_b(53), "peer"), STATUS_OK);
    two_hosts_run(net, 11 * MS);
    assert_receives(&bound, "peer"); /* RFC 1122 4.1.3.5 */
    assert_empty(&bound);
    udp_close(a.socket);
    udp_close(other.socket);
    udp_close(bound.socket);
    two_hosts_free(net);
}

static void test_a_port_is_in_use_only_where_addresses_or_interfaces_overlap(void **state)
{
    (void)state;
    struct two_hosts *net = two_hosts_new(NULL, NULL);
    struct netif second = {0};
    struct inbox first;
    inbox_open(&first, net->a, host_a(67), net->a->netifs[0]);
    struct udp_socket *socket = udp_open(net->a->udp, NULL, NULL);
    assert_int_equal(udp_bind(socket, (struct endpoint){.port = 67}, NULL), STATUS_IN_USE);
    assert_int_equal(udp_bind(socket, host_a(67), net->a->netifs[0]), STATUS_IN_USE);
    assert_int_equal(udp_bind(socket, (struct endpoint){ip_v4(0x0a000009), 67}, NULL),
                     STATUS_NOT_FOUND);
    assert_int_equal(udp_bind(socket, (struct endpoint){.port = 67}, &second), STATUS_OK);
    assert_int_equal(udp_bind(socket, (struct endpoint){.port = 68}, NULL), STATUS_INVALID);
    udp_close(socket);
    udp_close(first.socket);
    socket = udp_open(net->a->udp, NULL, NULL);
    assert_int_equal(udp_bind(socket, (struct endpoint){ip_v4(IPV4_ANY), 67}, NULL), STATUS_OK);
    assert_false(ip_is_set(udp_local(socket).addr)); /* 0.0.0.0 means any */
    udp_close(socket);
    two_hosts_free(net);
}

static void test_a_closed_port_answers_and_the_connected_sender_learns(void **state)
{
    (void)state;
    struct two_hosts *net = two_hosts_new(NULL, NULL);
    struct inbox a, bystander;
    inbox_open(&a, net->a, (struct endpoint){0}, NULL);
    inbox_open(&bystander, net->a, (struct endpoint){0}, NULL);
    udp_close(a.socket);
    a.socket = udp_open(net->a->udp, on_event, &a); /* connecting binds it */
    assert_int_equal(udp_connect(a.socket, host_b(9)), STATUS_OK);
    assert_true(ip_equal(udp_local(a.socket).addr, host_a(0).addr));
    assert_int_equal(udp_send(a.socket, NULL, 0, NULL, bytes_of_text("x")), STATUS_OK);
    assert_int_equal(send_text(&bystander, host_b(9), "y"), STATUS_OK);
    two_hosts_run(net, 21 * MS);
    assert_int_equal(two_hosts_drops(net, &UDP_DROP_NO_SOCKET), 2);
    assert_int_equal(a.events, 1);
    assert_int_equal(udp_receive(a.socket, NULL, 0, NULL), -STATUS_REFUSED);
    assert_empty(&a);
    assert_int_equal(bystander.events, 0);
    assert_int_equal(udp_send(a.socket, NULL, 0, NULL, bytes_of_text("x")), STATUS_OK);
    two_hosts_run(net, 21 * MS);
    assert_int_equal(udp_connect(a.socket, host_b(10)), STATUS_OK);
    assert_empty(&a); /* what the former peer said does not concern this one */
    udp_close(a.socket);
    udp_close(bystander.socket);
    two_hosts_free(net);
}

static void test_a_receiver_that_does_not_read_loses_what_is_beyond_its_buffer(void **state)
{
    (void)state;
    struct two_hosts *net = two_hosts_new(NULL, NULL);
    struct inbox a, b;
    static char text[1000];
    memset(text, 'x', sizeof text - 1);
    enum { FIT = UDP_RECEIVE_BUFFER / (999 + UDP_DATAGRAM_COST) };
    inbox_open(&a, net->a, (struct endpoint){0}, NULL);
    inbox_open(&b, net->b, (struct endpoint){.port = 53}, NULL);
    for (int i = 0; i < FIT + 3; i++) {
        assert_int_equal(send_text(&a, host_b(53), text), STATUS_OK);
    }
    two_hosts_run(net, 50 * MS);
    assert_int_equal(two_hosts_drops(net, &UDP_DROP_BUFFER_FULL), 3);
    for (int i = 0; i < FIT; i++) {
        assert_int_equal(udp_receive(b.socket, NULL, 0, NULL), 999);
    }
    assert_empty(&b);
    assert_int_equal(send_text(&a, host_b(53), text), STATUS_OK); /* reading has made room */
    two_hosts_run(net, 50 * MS);
    assert_int_equal(udp_receive(b.socket, NULL, 0, NULL), 999);
    udp_close(a.socket);
    udp_close(b.socket);
    two_hosts_free(net);
}

static void test_a_broadcast_reaches_every_socket_on_its_port(void **state)
{
    (void)state;
    struct two_hosts *net = two_hosts_new(NULL, NULL);
    struct inbox a, any, bound;
    struct netif elsewhere = {0};
    struct endpoint everybody = {ip_v4(IPV4_BROADCAST), 67};
    inbox_open(&a, net->a, (struct endpoint){.port = 68}, net->a->netifs[0]);
    inbox_open(&any, net->b, (struct endpoint){.port = 67}, net->b->netifs[0]);
    inbox_open(&bound, net->b, (struct endpoint){.port = 67}, &elsewhere);
    assert_int_equal(send_text(&a, everybody, "hello"), STATUS_OK);
    two_hosts_run(net, 11 * MS);
    assert_receives(&any, "hello");
    assert_empty(&bound);
    udp_close(any.socket);
    assert_int_equal(send_text(&a, everybody, "nobody"), STATUS_OK);
    two_hosts_run(net, 30 * MS);
    assert_int_equal(two_hosts_drops(net, &UDP_DROP_NO_SOCKET), 1);
    assert_int_equal(a.events, 0); /* RFC 1122 3.2.2: no ICMP error about a broadcast */
    udp_close(a.socket);
    udp_close(bound.socket);
    two_hosts_free(net);
}

static void test_what_is_too_long_or_goes_nowhere_is_refused_at_once(void **state)
{
    (void)state;
    struct two_hosts *net = two_hosts_new(NULL, NULL);
    struct inbox a;
    static uint8_t large[100000];
    struct endpoint far = {ip_v4(0xc0000201), 53};
    struct endpoint to = host_b(53);
    inbox_open(&a, net->a, (struct endpoint){0}, NULL);
    assert_int_equal(udp_send(a.socket, NULL, 0, NULL, bytes_of_text("x")), STATUS_INVALID);
    assert_int_equal(send_text(&a, far, "x"), STATUS_UNREACHABLE);
    assert_int_equal(udp_connect(a.socket, far), STATUS_UNREACHABLE);
    assert_int_equal(udp_send(a.socket, &to, 0, NULL, (struct bytes){large, sizeof large}),
                     STATUS_LIMIT);
    udp_close(a.socket);
    two_hosts_free(net);
}

/* A hand-made packet with this UDP header and four bytes of text goes from a to b. */
static void inject(struct two_hosts *net, uint16_t udp_len, uint16_t checksum)
{
    struct packet *packet = packet_new_copy(net->env->packets, "text", 4);
    struct writer w = packet_push(packet, UDP_HEADER_LEN);
    write_u16(&w, 4000);
    write_u16(&w, 53);
    write_u16(&w, udp_len);
    write_u16(&w, checksum);
    struct ipv4_send how = {.dst = host_b(0).addr.v4, .protocol = IP_PROTOCOL_UDP};
    assert_int_equal(ipv4_send(net->a->ipv4, packet, &how), STATUS_OK);
    two_hosts_run(net, 11 * MS);
}

static void test_malformed_and_corrupted_datagrams_are_dropped(void **state)
{
    (void)state;
    struct two_hosts *net = two_hosts_new(NULL, NULL);
    struct inbox b;
    inbox_open(&b, net->b, (struct endpoint){.port = 53}, NULL);
    inject(net, 13, 0); /* longer than the packet */
    inject(net, 7, 0);  /* shorter than its header */
    assert_int_equal(two_hosts_drops(net, &UDP_DROP_MALFORMED), 2);
    inject(net, 12, 0x1234);
    assert_int_equal(two_hosts_drops(net, &UDP_DROP_BAD_CHECKSUM), 1);
    assert_empty(&b);
    inject(net, 11, 0); /* no checksum was sent; one byte is padding */
    assert_receives(&b, "tex");
    udp_close(b.socket);
    two_hosts_free(net);
}

static void test_a_node_can_talk_to_itself(void **state)
{
    (void)state;
    struct two_hosts *net = two_hosts_new(NULL, NULL);
    struct inbox a, b;
    inbox_open(&a, net->a, (struct endpoint){.port = 4000}, NULL);
    inbox_open(&b, net->a, (struct endpoint){.port = 53}, NULL);
    assert_int_equal(send_text(&a, host_a(53), "me"), STATUS_OK);
    assert_int_equal(send_text(&a, (struct endpoint){ip_v4(IPV4_LOOPBACK), 53}, "too"), STATUS_OK);
    two_hosts_run(net, 0);
    assert_receives(&b, "me");
    assert_receives(&b, "too");
    assert_int_equal(udp_connect(a.socket, host_a(9)), STATUS_OK);
    assert_int_equal(udp_send(a.socket, NULL, 0, NULL, bytes_of_text("x")), STATUS_OK);
    two_hosts_run(net, 0);
    assert_int_equal(udp_receive(a.socket, NULL, 0, NULL), -STATUS_REFUSED);
    udp_close(a.socket);
    udp_close(b.socket);
    two_hosts_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_datagram_arrives_with_its_endpoints),
        cmocka_unit_test(test_the_largest_datagram_arrives_whole_and_a_larger_one_is_refused),
        cmocka_unit_test(test_an_empty_datagram_is_a_datagram),
        cmocka_unit_test(test_the_socket_that_fits_gets_the_datagram),
        cmocka_unit_test(test_a_port_is_in_use_only_where_addresses_or_interfaces_overlap),
        cmocka_unit_test(test_a_closed_port_answers_and_the_connected_sender_learns),
        cmocka_unit_test(test_a_receiver_that_does_not_read_loses_what_is_beyond_its_buffer),
        cmocka_unit_test(test_a_broadcast_reaches_every_socket_on_its_port),
        cmocka_unit_test(test_what_is_too_long_or_goes_nowhere_is_refused_at_once),
        cmocka_unit_test(test_malformed_and_corrupted_datagrams_are_dropped),
        cmocka_unit_test(test_a_node_can_talk_to_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
