/* Opening connections: RFC 9293 3.5 and 3.10.7.2, 3.10.7.3. */
#include "stack/tcp_peer.h"

#include "base/list.h"

#include <string.h>

/* --- two whole stacks --- */

static void test_the_handshake_takes_three_frames_to_the_nanosecond(void **state)
{
    (void)state;
    struct link_config link = {.rate_bps = 100000000, .delay_ns = 10 * MS};
    struct tcp_pair pair;
    tcp_pair_start(&pair, &link, NULL);
    uint64_t start_ns = pair.net->env->now_ns;
    two_hosts_run(pair.net, 40 * MS);
    /* SYN and SYN,ACK: 14 + 20 + 28 bytes, 80 ns each; the ACK is padded to 60 */
    uint64_t syn_ns = 62 * 80 + 10 * MS;
    uint64_t ack_ns = 60 * 80 + 10 * MS;
    assert_int_equal(pair.client.connected_ns, start_ns + 2 * syn_ns);
    assert_int_equal(pair.server.connected_ns, start_ns + 2 * syn_ns + ack_ns);
    assert_int_equal(tcp_state(pair.client.conn), TCP_ESTABLISHED);
    assert_int_equal(tcp_state(pair.server.conn), TCP_ESTABLISHED);
    assert_true(endpoint_equal(tcp_remote(pair.server.conn), tcp_local(pair.client.conn)));
    tcp_pair_end(&pair);
}

struct syn_watch {
    struct trace_sink sink;
    struct text summary, json;
};

static void on_trace(struct trace_sink *sink, const struct trace_event *event)
{
    struct syn_watch *watch = container_of(sink, struct syn_watch, sink);
    if (event->kind == &TCP_SEGMENT_SENT && watch->json.len == 0) {
        trace_print_summary(&watch->summary, event);
        trace_print_json(&watch->json, event);
        assert_int_not_equal(event->packet_id, 0);
    }
}

static void test_the_trace_tells_what_a_segment_says(void **state)
{
    (void)state;
    struct two_hosts *net = two_hosts_new(NULL, NULL);
    struct syn_watch watch = {.sink.on_event = on_trace};
    trace_add_sink(&net->trace, &watch.sink);
    struct tcp_app client = {0};
    tcp_app_connect(&client, net->a, host_a(1000), host_b(80));
    const char *summary = text_chars(&watch.summary);
    const char *json = text_chars(&watch.json);
    assert_non_null(strstr(summary, "10.0.0.1:1000 -> 10.0.0.2:80 [SYN] seq "));
    assert_non_null(strstr(summary, " len 0 window 65535"));
    assert_non_null(strstr(json, "\"flags\":\"SYN\""));
    assert_non_null(strstr(json, "\"mss\":1460,\"window_scale\":3"));
    assert_string_equal(tcp_state_text(tcp_state(client.conn)), "SYN-SENT");
    tcp_app_close(&client);
    trace_remove_sink(&net->trace, &watch.sink);
    text_fini(&watch.summary);
    text_fini(&watch.json);
    two_hosts_free(net);
}

static void test_both_may_open_at_once(void **state)
{
    (void)state;
    struct link_config link = {.delay_ns = 10 * MS};
    struct tcp_pair pair = {.net = two_hosts_new(&link, NULL)};
    uint64_t start_ns = pair.net->env->now_ns;
    tcp_app_connect(&pair.client, pair.net->a, host_a(1000), host_b(2000));
    tcp_app_connect(&pair.server, pair.net->b, host_b(2000), host_a(1000));
    two_hosts_run(pair.net, 25 * MS);
    /* RFC 9293 figure 7: SYN crosses SYN, SYN,ACK crosses SYN,ACK */
    assert_int_equal(pair.client.connected_ns, start_ns + 20 * MS);
    assert_int_equal(pair.server.connected_ns, start_ns + 20 * MS);
    const struct kept_event *event = two_hosts_event(pair.net, &TCP_STATE_CHANGED, 1, 1);
    assert_string_equal(event->state.to, "SYN-RECEIVED");
    tcp_app_send(&pair.client, "hello", 5);
    two_hosts_run(pair.net, 11 * MS);
    assert_memory_equal(pair.server.in, "hello", 5);
    tcp_pair_end(&pair);
}

static void test_a_node_can_connect_to_itself(void **state)
{
    (void)state;
    struct tcp_pair pair = {.net = two_hosts_new(NULL, NULL)};
    tcp_app_listen(&pair.server, pair.net->a, 80);
    tcp_app_connect(&pair.client, pair.net->a, (struct endpoint){0},
                    (struct endpoint){ip_v4(IPV4_LOOPBACK), 80});
    static uint8_t bytes[300000];
    fill_bytes(bytes, sizeof bytes, 3);
    tcp_app_send(&pair.client, bytes, sizeof bytes);
    two_hosts_run(pair.net, 100 * MS); /* the last ACK may be delayed */
    assert_int_equal(pair.server.in_len, sizeof bytes);
    assert_memory_equal(pair.server.in, bytes, sizeof bytes);
    tcp_pair_end(&pair);
}

static void test_a_closed_port_refuses(void **state)
{
    (void)state;
    struct two_hosts *net = two_hosts_new(NULL, NULL);
    struct tcp_app client = {0};
    tcp_app_connect(&client, net->a, (struct endpoint){0}, host_b(81));
    assert_int_equal(tcp_send(client.conn, "x", 1), -STATUS_AGAIN);
    two_hosts_run(net, 21 * MS);
    assert_int_equal(client.error, STATUS_REFUSED);
    assert_int_equal(client.events, 1);
    assert_int_equal(tcp_receive(client.conn, NULL, 0), -STATUS_REFUSED);
    assert_int_equal(tcp_send(client.conn, "x", 1), -STATUS_REFUSED);
    assert_int_equal(two_hosts_drops(net, &TCP_DROP_NO_CONNECTION), 1);
    tcp_app_close(&client);
    two_hosts_free(net);
}

static void test_what_cannot_be_connected_is_told_at_once(void **state)
{
    (void)state;
    struct two_hosts *net = two_hosts_new(NULL, NULL);
    struct endpoint far = {ip_v4(0xc0000201), 80};
    struct tcp_conn *conn = NULL;
    struct tcp_app client = {0};
    assert_int_equal(tcp_connect(net->a->tcp, host_a(0), far, NULL, NULL, &conn),
                     STATUS_UNREACHABLE);
    assert_int_equal(tcp_connect(net->a->tcp, host_a(0), host_b(0), NULL, NULL, &conn),
                     STATUS_INVALID);
    assert_int_equal(tcp_connect(net->a->tcp, host_b(0), host_b(80), NULL, NULL, &conn),
                     STATUS_NOT_FOUND);
    tcp_app_connect(&client, net->a, host_a(1000), host_b(80));
    assert_int_equal(tcp_connect(net->a->tcp, host_a(1000), host_b(80), NULL, NULL, &conn),
                     STATUS_IN_USE);
    tcp_app_close(&client);
    two_hosts_free(net);
}

static void test_ports_are_drawn_and_shared_when_all_are_taken(void **state)
{
    (void)state;
    struct two_hosts *net = two_hosts_new(NULL, NULL);
    struct tcp_app first = {0}, second = {0};
    tcp_app_connect(&first, net->a, (struct endpoint){0}, host_b(80));
    assert_int_not_equal(tcp_local(first.conn).port, PORT_EPHEMERAL_FIRST);
    for (uint32_t port = PORT_EPHEMERAL_FIRST; port <= PORT_EPHEMERAL_LAST; port++) {
        port_table_take(net->a->ports, IP_PROTOCOL_TCP, (uint16_t)port);
    }
    tcp_app_connect(&second, net->a, (struct endpoint){0}, host_b(80));
    assert_int_equal(tcp_local(second.conn).port, PORT_EPHEMERAL_FIRST); /* free towards b:80 */
    tcp_app_close(&first);
    tcp_app_close(&second);
    two_hosts_free(net);
}

static void test_a_neighbour_that_is_not_there_is_unreachable(void **state)
{
    (void)state;
    struct two_hosts *net = two_hosts_new(NULL, NULL);
    struct tcp_app client = {0};
    tcp_app_connect(&client, net->a, host_a(0), (struct endpoint){ip_v4(0x0a000063), 80});
    two_hosts_run(net, 5 * SECOND); /* ARP gives up after three seconds */
    assert_int_equal(client.error, STATUS_UNREACHABLE);
    tcp_app_close(&client);
    two_hosts_free(net);
}

static void test_a_port_has_one_listener(void **state)
{
    (void)state;
    struct two_hosts *net = two_hosts_new(NULL, NULL);
    struct tcp_listener *first = NULL;
    struct tcp_listener *second = NULL;
    assert_int_equal(tcp_listen(net->a->tcp, host_a(80), 0, NULL, NULL, &first), STATUS_OK);
    assert_int_equal(tcp_listen(net->a->tcp, host_a(80), 0, NULL, NULL, &second), STATUS_IN_USE);
    assert_int_equal(tcp_listen(net->a->tcp, (struct endpoint){.port = 80}, 0, NULL, NULL, &second),
                     STATUS_IN_USE);
    assert_int_equal(tcp_listen(net->a->tcp, (struct endpoint){0}, 0, NULL, NULL, &second),
                     STATUS_OK);
    assert_in_range(tcp_listener_local(second).port, PORT_EPHEMERAL_FIRST, PORT_EPHEMERAL_LAST);
    tcp_listener_close(second);
    assert_int_equal(tcp_listen(net->a->tcp, host_b(81), 0, NULL, NULL, &second), STATUS_NOT_FOUND);
    struct endpoint loopback = {ip_v4(IPV4_LOOPBACK), 80};
    assert_int_equal(tcp_listen(net->a->tcp, loopback, 0, NULL, NULL, &second), STATUS_OK);
    tcp_listener_close(first);
    tcp_listener_close(second);
    assert_int_equal(tcp_listen(net->a->tcp, host_a(80), 0, NULL, NULL, &first), STATUS_OK);
    tcp_listener_close(first);
    two_hosts_free(net);
}

static void test_the_backlog_limits_who_waits(void **state)
{
    (void)state;
    struct two_hosts *net = two_hosts_new(NULL, NULL);
    struct tcp_listener *listener = NULL;
    assert_int_equal(
        tcp_listen(net->b->tcp, (struct endpoint){.port = 80}, 2, NULL, NULL, &listener),
        STATUS_OK);
    struct tcp_app clients[3] = {0};
    for (int i = 0; i < 3; i++) {
        tcp_app_connect(&clients[i], net->a, (struct endpoint){0}, host_b(80));
    }
    two_hosts_run(net, 100 * MS);
    assert_int_equal(two_hosts_drops(net, &TCP_DROP_BACKLOG_FULL), 1);
    assert_true(clients[0].connected_ns > 0 && clients[1].connected_ns > 0);
    assert_int_equal(clients[2].connected_ns, 0);
    struct tcp_conn *accepted = tcp_accept(listener);
    assert_non_null(accepted);
    assert_int_equal(tcp_remote(accepted).port, tcp_local(clients[0].conn).port); /* in order */
    two_hosts_run(net, 2 * SECOND); /* its SYN is sent again after a second */
    assert_true(clients[2].connected_ns > 0);
    tcp_close(accepted);
    tcp_listener_close(listener);
    two_hosts_run(net, 100 * MS);
    assert_int_equal(clients[1].error, STATUS_RESET); /* they were never accepted */
    assert_int_equal(clients[2].error, STATUS_RESET);
    for (int i = 0; i < 3; i++) {
        tcp_app_close(&clients[i]);
    }
    two_hosts_free(net);
}

/* --- against a peer that the test plays --- */

static void test_a_lost_syn_is_sent_again_after_1_2_4_seconds_and_so_on(void **state)
{
    (void)state;
    struct tcp_peer peer;
    tcp_peer_start(&peer, NULL);
    uint64_t start_ns = peer.net->env->now_ns;
    tcp_app_connect(&peer.app, peer.net->a, (struct endpoint){0}, peer.local);
    static const uint64_t AT_S[] = {0, 1, 3, 7, 15, 31, 63};
    for (size_t i = 0; i < sizeof AT_S / sizeof AT_S[0]; i++) {
        const struct peer_segment *syn = tcp_peer_expect(&peer, TCP_SYN, 0, 0, 0);
        assert_int_equal(syn->at_ns, start_ns + AT_S[i] * SECOND + PEER_DELAY_NS);
    }
    two_hosts_run(peer.net, start_ns + 127 * SECOND - 1 - peer.net->env->now_ns);
    assert_int_equal(peer.app.error, STATUS_OK);
    two_hosts_run(peer.net, 1);
    assert_int_equal(peer.app.error, STATUS_TIMED_OUT);
    tcp_peer_expect_silence(&peer, 100 * SECOND);
    tcp_peer_end(&peer);
}

static void test_a_lost_syn_ack_is_sent_again_and_then_forgotten(void **state)
{
    (void)state;
    struct tcp_peer peer;
    tcp_peer_start(&peer, NULL);
    peer.local.port = 4000;
    peer.remote.port = 80;
    tcp_app_listen(&peer.app, peer.net->a, 80);
    tcp_peer_send_syn(&peer, 0, 0, 1000, NULL);
    uint64_t start_ns = peer.net->env->now_ns + PEER_DELAY_NS;
    static const uint64_t AT_S[] = {0, 1, 3, 7, 15, 31};
    for (size_t i = 0; i < sizeof AT_S / sizeof AT_S[0]; i++) {
        const struct peer_segment *again = tcp_peer_expect(&peer, TCP_SYN | TCP_ACK, 0, 1, 0);
        assert_int_equal(again->at_ns, start_ns + AT_S[i] * SECOND + PEER_DELAY_NS);
    }
    tcp_peer_expect_silence(&peer, 100 * SECOND);
    tcp_peer_send(&peer, TCP_ACK, 1, 1, 1000, "");
    tcp_peer_expect(&peer, TCP_RST, 1, 0, 0); /* nobody knows it any more */
    assert_int_equal(peer.app.events, 0);
    tcp_peer_end(&peer);
}

static void test_a_second_syn_brings_the_same_syn_ack(void **state)
{
    (void)state;
    struct tcp_peer peer;
    tcp_peer_start(&peer, NULL);
    peer.local.port = 4000;
    peer.remote.port = 80;
    tcp_app_listen(&peer.app, peer.net->a, 80);
    tcp_peer_send_syn(&peer, 0, 0, 1000, NULL);
    uint32_t iss = tcp_peer_expect(&peer, TCP_SYN | TCP_ACK, 0, 1, 0)->header.seq;
    tcp_peer_send_syn(&peer, 0, 0, 1000, NULL);
    assert_int_equal(tcp_peer_expect(&peer, TCP_SYN | TCP_ACK, 0, 1, 0)->header.seq, iss);
    tcp_peer_end(&peer);
}

static void test_the_first_rto_is_three_seconds_when_the_syn_was_lost(void **state)
{
    (void)state;
    struct tcp_peer peer;
    tcp_peer_start(&peer, NULL);
    tcp_app_connect(&peer.app, peer.net->a, (struct endpoint){0}, peer.local);
    tcp_peer_expect(&peer, TCP_SYN, 0, 0, 0);
    tcp_peer_expect(&peer, TCP_SYN, 0, 0, 0);
    tcp_peer_send_syn(&peer, TCP_ACK, 1, 60000, NULL);
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 0);
    tcp_app_send(&peer.app, "x", 1);
    uint64_t first_ns = tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 1, 1, 1)->at_ns;
    uint64_t second_ns = tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 1, 1, 1)->at_ns;
    assert_int_equal(second_ns - first_ns, 3 * SECOND); /* RFC 6298 5.7 */
    for (int i = 1; i < 15; i++) {                      /* the data has all its tries */
        tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 1, 1, 1);
    }
    tcp_peer_expect_silence(&peer, 300 * SECOND);
    tcp_peer_end(&peer);
}

static void test_mss_and_window_scale_are_offered_and_obeyed(void **state)
{
    (void)state;
    struct tcp_peer peer;
    static uint8_t bytes[3000];
    tcp_peer_start(&peer, NULL);
    tcp_app_connect(&peer.app, peer.net->a, (struct endpoint){0}, peer.local);
    const struct peer_segment *syn = tcp_peer_expect(&peer, TCP_SYN, 0, 0, 0);
    assert_true(syn->header.options.has_mss && syn->header.options.has_window_scale);
    assert_int_equal(syn->header.options.mss, 1460);
    assert_int_equal(syn->header.options.window_scale, 3); /* 65535 << 3 holds 262144 */
    assert_int_equal(syn->header.window, 65535);
    struct tcp_options options = {
        .has_mss = true, .mss = 700, .has_window_scale = true, .window_scale = 4};
    tcp_peer_send_syn(&peer, TCP_ACK, 1, 100, &options); /* a SYN's window is not scaled */
    const struct peer_segment *ack = tcp_peer_expect(&peer, TCP_ACK, 1, 1, 0);
    assert_int_equal(ack->header.window, 262144 >> 3);
    tcp_peer_send(&peer, TCP_ACK, 1, 1, 100, ""); /* 1600 bytes */
    two_hosts_run(peer.net, PEER_DELAY_NS);
    tcp_app_send(&peer.app, bytes, sizeof bytes);
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 700);
    tcp_peer_expect(&peer, TCP_ACK, 701, 1, 700);
    tcp_peer_expect_silence(&peer, 100 * MS); /* 200 more would fit: too small a segment */
    tcp_peer_end(&peer);
}

static void test_without_options_nobody_scales_and_segments_have_536_bytes(void **state)
{
    (void)state;
    struct tcp_peer peer;
    static uint8_t bytes[1000];
    tcp_peer_start(&peer, NULL);
    tcp_app_connect(&peer.app, peer.net->a, (struct endpoint){0}, peer.local);
    tcp_peer_expect(&peer, TCP_SYN, 0, 0, 0);
    tcp_peer_send_syn(&peer, TCP_ACK, 1, 60000, NULL);
    assert_int_equal(tcp_peer_expect(&peer, TCP_ACK, 1, 1, 0)->header.window, 65535);
    tcp_app_send(&peer.app, bytes, sizeof bytes);
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 536);
    tcp_peer_end(&peer);
}

static void test_a_half_open_connection_in_the_way_is_reset(void **state)
{
    (void)state;
    struct tcp_peer peer;
    tcp_peer_start(&peer, NULL);
    tcp_app_connect(&peer.app, peer.net->a, (struct endpoint){0}, peer.local);
    tcp_peer_expect(&peer, TCP_SYN, 0, 0, 0);
    /* RFC 9293 figure 9: an old connection's ACK; the stack answers <SEQ=SEG.ACK><CTL=RST> */
    tcp_peer_send(&peer, TCP_ACK, 300, 100, 1000, "");
    tcp_peer_expect(&peer, TCP_RST, 100, 0, 0);
    assert_int_equal(tcp_state(peer.app.conn), TCP_SYN_SENT);
    tcp_peer_send(&peer, TCP_RST, 300, 0, 0, ""); /* without an ACK it proves nothing */
    two_hosts_run(peer.net, PEER_DELAY_NS);
    assert_int_equal(tcp_state(peer.app.conn), TCP_SYN_SENT);
    tcp_peer_send(&peer, TCP_RST | TCP_ACK, 0, 1, 0, "");
    two_hosts_run(peer.net, PEER_DELAY_NS);
    assert_int_equal(peer.app.error, STATUS_REFUSED);
    tcp_peer_end(&peer);
}

static void test_a_listener_answers_only_what_opens(void **state)
{
    (void)state;
    struct tcp_peer peer;
    tcp_peer_start(&peer, NULL);
    peer.local.port = 4000;
    peer.remote.port = 80;
    tcp_app_listen(&peer.app, peer.net->a, 80);
    tcp_peer_send(&peer, TCP_RST, 0, 0, 0, "");
    tcp_peer_send(&peer, TCP_FIN, 0, 0, 0, "");
    tcp_peer_send(&peer, TCP_SYN | TCP_FIN, 0, 0, 0, "");
    tcp_peer_send(&peer, 0, 0, 0, 0, "text");
    tcp_peer_expect_silence(&peer, SECOND);
    peer.remote.port = 81;
    tcp_peer_send(&peer, TCP_RST | TCP_ACK, 0, 77, 0, ""); /* RST never answers RST */
    tcp_peer_expect_silence(&peer, SECOND);
    peer.remote.port = 80;
    tcp_peer_send(&peer, TCP_ACK, 0, 77, 0, "");
    assert_int_equal(tcp_peer_next(&peer)->header.flags, TCP_RST);
    assert_int_equal(two_hosts_drops(peer.net, &TCP_DROP_UNACCEPTABLE), 3);
    tcp_peer_end(&peer);
}

static void test_rst_in_syn_received_frees_the_place_in_the_queue(void **state)
{
    (void)state;
    struct tcp_peer peer;
    tcp_peer_start(&peer, NULL);
    peer.local.port = 4000;
    peer.remote.port = 80;
    tcp_app_listen(&peer.app, peer.net->a, 80);
    tcp_peer_send_syn(&peer, 0, 0, 1000, NULL);
    tcp_peer_expect(&peer, TCP_SYN | TCP_ACK, 0, 1, 0);
    tcp_peer_send(&peer, TCP_RST, 1, 0, 0, "");
    tcp_peer_expect_silence(&peer, 100 * SECOND); /* no more <SYN,ACK> */
    assert_int_equal(peer.app.events, 0);
    tcp_peer_end(&peer);
}

/* The played peer as another host or port each time: its segments are told apart by `port`. */
static void play_port(struct tcp_peer *peer, uint32_t port)
{
    peer->local.port = port;
    peer->has_irs = false;
}

static void open_half(struct tcp_peer *peer, uint32_t port)
{
    play_port(peer, port);
    tcp_peer_send_syn(peer, 0, 0, 1000, NULL);
    tcp_peer_expect(peer, TCP_SYN | TCP_ACK, 0, 1, 0);
}

static void test_a_full_queue_takes_no_handshake_to_its_end(void **state)
{
    (void)state;
    struct tcp_peer peer;
    struct tcp_listener *listener = NULL;
    uint32_t irs[4];
    tcp_peer_start(&peer, NULL);
    peer.remote.port = 80;
    assert_int_equal(
        tcp_listen(peer.net->a->tcp, (struct endpoint){.port = 80}, 2, NULL, NULL, &listener),
        STATUS_OK);
    for (uint32_t i = 0; i < 3; i++) { /* the first is established, two are half open */
        open_half(&peer, 4000 + i);
        irs[i] = peer.irs;
        if (i == 0) {
            tcp_peer_send(&peer, TCP_ACK, 1, 1, 1000, "");
            two_hosts_run(peer.net, PEER_DELAY_NS);
        }
    }
    for (uint32_t i = 1; i < 3; i++) {
        play_port(&peer, 4000 + i);
        peer.irs = irs[i];
        tcp_peer_send(&peer, TCP_ACK, 1, 1, 1000, "");
        two_hosts_run(peer.net, PEER_DELAY_NS);
    }
    assert_int_equal(two_hosts_drops(peer.net, &TCP_DROP_BACKLOG_FULL), 1); /* the third's ACK */
    play_port(&peer, 4003);
    tcp_peer_send_syn(&peer, 0, 0, 1000, NULL);
    two_hosts_run(peer.net, PEER_DELAY_NS);
    assert_int_equal(two_hosts_drops(peer.net, &TCP_DROP_BACKLOG_FULL), 2); /* and a new SYN */
    for (uint32_t i = 0; i < 2; i++) {
        struct tcp_conn *conn = tcp_accept(listener);
        assert_int_equal(tcp_remote(conn).port, 4000 + i);
        tcp_abort(conn);
    }
    assert_null(tcp_accept(listener));
    tcp_listener_close(listener);
    tcp_peer_end(&peer);
}

static void test_another_syn_in_the_window_takes_a_half_open_connection_down(void **state)
{
    (void)state;
    struct tcp_peer peer;
    tcp_peer_start(&peer, NULL);
    peer.remote.port = 80;
    tcp_app_listen(&peer.app, peer.net->a, 80);
    open_half(&peer, 4000);
    tcp_peer_send(&peer, TCP_SYN, 5, 0, 1000, ""); /* RFC 9293 3.10.7.4, fourth */
    tcp_peer_expect_silence(&peer, 100 * SECOND);
    tcp_peer_send(&peer, TCP_ACK, 1, 1, 1000, "");
    tcp_peer_expect(&peer, TCP_RST, 1, 0, 0);
    tcp_peer_end(&peer);
}

static void test_after_two_lost_syns_the_initial_window_is_one_segment(void **state)
{
    (void)state;
    struct tcp_peer peer;
    static uint8_t bytes[5000];
    struct tcp_options options = {.has_mss = true, .mss = 1000};
    tcp_peer_start(&peer, NULL);
    tcp_app_connect(&peer.app, peer.net->a, (struct endpoint){0}, peer.local);
    for (int i = 0; i < 3; i++) {
        tcp_peer_expect(&peer, TCP_SYN, 0, 0, 0);
    }
    tcp_peer_send_syn(&peer, TCP_ACK, 1, 60000, &options);
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 0);
    tcp_app_send(&peer.app, bytes, sizeof bytes);
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 1000);
    tcp_peer_expect_silence(&peer, 100 * MS); /* RFC 6928 2 */
    tcp_peer_end(&peer);
}

static void test_the_window_of_a_crossing_syn_ack_is_not_scaled(void **state)
{
    (void)state;
    struct tcp_peer peer;
    static uint8_t bytes[5000];
    struct tcp_options options = {
        .has_mss = true, .mss = 100, .has_window_scale = true, .window_scale = 4};
    tcp_peer_start(&peer, NULL);
    tcp_app_connect(&peer.app, peer.net->a, (struct endpoint){0}, peer.local);
    tcp_peer_expect(&peer, TCP_SYN, 0, 0, 0);
    tcp_peer_send_syn(&peer, 0, 0, 100, &options);
    tcp_peer_expect(&peer, TCP_SYN | TCP_ACK, 0, 1, 0);
    tcp_peer_send_syn(&peer, TCP_ACK, 1, 100, &options);
    two_hosts_run(peer.net, PEER_DELAY_NS);
    assert_true(tcp_is_connected(peer.app.conn));
    tcp_app_send(&peer.app, bytes, sizeof bytes);
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 100);
    tcp_peer_expect_silence(&peer, 100 * MS);
    tcp_peer_end(&peer);
}

static void test_a_wrong_ack_of_our_syn_ack_is_reset(void **state)
{
    (void)state;
    struct tcp_peer peer;
    tcp_peer_start(&peer, NULL);
    peer.local.port = 4000;
    peer.remote.port = 80;
    tcp_app_listen(&peer.app, peer.net->a, 80);
    tcp_peer_send_syn(&peer, 0, 0, 1000, NULL);
    tcp_peer_expect(&peer, TCP_SYN | TCP_ACK, 0, 1, 0);
    tcp_peer_send(&peer, TCP_ACK, 1, 2, 1000, "");
    tcp_peer_expect(&peer, TCP_RST, 2, 0, 0);
    tcp_peer_send(&peer, TCP_ACK, 1, 0, 1000, "");
    tcp_peer_expect(&peer, TCP_RST, 0, 0, 0);
    tcp_peer_send(&peer, TCP_ACK, 1, 1, 1000, "data at once");
    tcp_peer_expect(&peer, TCP_ACK, 1, 13, 0); /* delayed */
    assert_int_equal(peer.app.in_len, 12);
    tcp_peer_end(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_handshake_takes_three_frames_to_the_nanosecond),
        cmocka_unit_test(test_the_trace_tells_what_a_segment_says),
        cmocka_unit_test(test_both_may_open_at_once),
        cmocka_unit_test(test_a_node_can_connect_to_itself),
        cmocka_unit_test(test_a_closed_port_refuses),
        cmocka_unit_test(test_what_cannot_be_connected_is_told_at_once),
        cmocka_unit_test(test_ports_are_drawn_and_shared_when_all_are_taken),
        cmocka_unit_test(test_a_neighbour_that_is_not_there_is_unreachable),
        cmocka_unit_test(test_a_port_has_one_listener),
        cmocka_unit_test(test_the_backlog_limits_who_waits),
        cmocka_unit_test(test_a_lost_syn_is_sent_again_after_1_2_4_seconds_and_so_on),
        cmocka_unit_test(test_a_lost_syn_ack_is_sent_again_and_then_forgotten),
        cmocka_unit_test(test_a_second_syn_brings_the_same_syn_ack),
        cmocka_unit_test(test_the_first_rto_is_three_seconds_when_the_syn_was_lost),
        cmocka_unit_test(test_mss_and_window_scale_are_offered_and_obeyed),
        cmocka_unit_test(test_without_options_nobody_scales_and_segments_have_536_bytes),
        cmocka_unit_test(test_a_half_open_connection_in_the_way_is_reset),
        cmocka_unit_test(test_a_listener_answers_only_what_opens),
        cmocka_unit_test(test_rst_in_syn_received_frees_the_place_in_the_queue),
        cmocka_unit_test(test_a_full_queue_takes_no_handshake_to_its_end),
        cmocka_unit_test(test_another_syn_in_the_window_takes_a_half_open_connection_down),
        cmocka_unit_test(test_after_two_lost_syns_the_initial_window_is_one_segment),
        cmocka_unit_test(test_the_window_of_a_crossing_syn_ack_is_not_scaled),
        cmocka_unit_test(test_a_wrong_ack_of_our_syn_ack_is_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
