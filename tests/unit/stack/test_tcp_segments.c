/* Segments that arrive, right and wrong: RFC 9293 3.10.7.4 step by step, against a played peer. */
#include "stack/tcp_peer.h"

#include "base/list.h"

#include <string.h>

static void start(struct tcp_peer *peer)
{
    tcp_peer_start(peer, NULL);
    tcp_peer_be_connected(peer, 60000);
}

static void assert_read(struct tcp_peer *peer, const char *text)
{
    assert_int_equal(peer->app.in_len, strlen(text));
    assert_memory_equal(peer->app.in, text, strlen(text));
}

/* --- acknowledging --- */

static void test_a_lone_segment_is_acknowledged_after_40_ms(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer);
    uint64_t sent_ns = peer.net->env->now_ns;
    tcp_peer_send(&peer, TCP_ACK, 1, 1, 60000, "hello");
    const struct peer_segment *ack = tcp_peer_expect(&peer, TCP_ACK, 1, 6, 0);
    assert_int_equal(ack->at_ns, sent_ns + PEER_DELAY_NS + 40 * MS + PEER_DELAY_NS);
    assert_read(&peer, "hello");
    tcp_peer_end(&peer);
}

static void test_every_second_full_segment_is_acknowledged_at_once(void **state)
{
    (void)state;
    struct tcp_peer peer;
    static uint8_t full[1000];
    start(&peer);
    uint64_t sent_ns = peer.net->env->now_ns;
    for (uint32_t i = 0; i < 4; i++) {
        tcp_peer_send_bytes(&peer, TCP_ACK, 1 + i * 1000, 1, 60000, full, sizeof full);
    }
    for (uint32_t i = 1; i <= 2; i++) {
        const struct peer_segment *ack = tcp_peer_expect(&peer, TCP_ACK, 1, 1 + i * 2000, 0);
        assert_int_equal(ack->at_ns, sent_ns + 2 * PEER_DELAY_NS);
    }
    tcp_peer_expect_silence(&peer, SECOND);
    tcp_peer_end(&peer);
}

static void test_each_delayed_ack_has_its_own_forty_milliseconds(void **state)
{
    (void)state;
    struct tcp_peer peer;
    static uint8_t full[1000];
    start(&peer);
    tcp_peer_send_bytes(&peer, TCP_ACK, 1, 1, 60000, full, sizeof full);
    two_hosts_run(peer.net, 20 * MS);
    tcp_peer_send_bytes(&peer, TCP_ACK, 1001, 1, 60000, full, sizeof full);
    tcp_peer_expect(&peer, TCP_ACK, 1, 2001, 0);
    uint64_t sent_ns = peer.net->env->now_ns;
    tcp_peer_send(&peer, TCP_ACK, 2001, 1, 60000, "x");
    const struct peer_segment *ack = tcp_peer_expect(&peer, TCP_ACK, 1, 2002, 0);
    assert_int_equal(ack->at_ns, sent_ns + 2 * PEER_DELAY_NS + 40 * MS);
    tcp_peer_end(&peer);
}

static void test_data_carries_the_acknowledgement(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer);
    tcp_peer_send(&peer, TCP_ACK | TCP_PSH, 1, 1, 60000, "question");
    two_hosts_run(peer.net, PEER_DELAY_NS);
    tcp_app_send(&peer.app, "answer", 6);
    tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 1, 9, 6);
    tcp_peer_send(&peer, TCP_ACK, 9, 7, 60000, "");
    tcp_peer_expect_silence(&peer, SECOND);
    tcp_peer_end(&peer);
}

/* --- order --- */

static void test_what_comes_early_waits_for_what_is_missing(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer);
    tcp_peer_send(&peer, TCP_ACK, 6, 1, 60000, "world");
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 0); /* RFC 5681 4.2: a duplicate ACK, at once */
    tcp_peer_send(&peer, TCP_ACK, 13, 1, 60000, "!");
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 0);
    assert_int_equal(peer.app.in_len, 0);
    tcp_peer_send(&peer, TCP_ACK, 1, 1, 60000, "hello");
    uint64_t now_ns = peer.net->env->now_ns;
    assert_int_equal(tcp_peer_expect(&peer, TCP_ACK, 1, 11, 0)->at_ns, now_ns + 2 * PEER_DELAY_NS);
    assert_read(&peer, "helloworld");
    tcp_peer_send(&peer, TCP_ACK, 11, 1, 60000, ", ");
    now_ns = peer.net->env->now_ns;
    assert_int_equal(tcp_peer_expect(&peer, TCP_ACK, 1, 14, 0)->at_ns, now_ns + 2 * PEER_DELAY_NS);
    assert_read(&peer, "helloworld, !");
    tcp_peer_end(&peer);
}

static void test_overlaps_and_repeats_are_read_once(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer);
    tcp_peer_send(&peer, TCP_ACK, 1, 1, 60000, "abcdef");
    tcp_peer_expect(&peer, TCP_ACK, 1, 7, 0);
    tcp_peer_send(&peer, TCP_ACK, 1, 1, 60000, "abcdef"); /* again: acknowledged at once */
    uint64_t now_ns = peer.net->env->now_ns;
    assert_int_equal(tcp_peer_expect(&peer, TCP_ACK, 1, 7, 0)->at_ns, now_ns + 2 * PEER_DELAY_NS);
    tcp_peer_send(&peer, TCP_ACK, 4, 1, 60000, "defghi"); /* old in front */
    tcp_peer_expect(&peer, TCP_ACK, 1, 10, 0);
    tcp_peer_send(&peer, TCP_ACK, 14, 1, 60000, "nop");
    tcp_peer_send(&peer, TCP_ACK, 12, 1, 60000, "lmno");
    tcp_peer_send(&peer, TCP_ACK, 10, 1, 60000, "jklm");
    tcp_peer_expect(&peer, TCP_ACK, 1, 10, 0);
    tcp_peer_expect(&peer, TCP_ACK, 1, 10, 0);
    tcp_peer_expect(&peer, TCP_ACK, 1, 17, 0);
    assert_read(&peer, "abcdefghijklmnop");
    assert_int_equal(two_hosts_drops(peer.net, &TCP_DROP_OUT_OF_WINDOW), 1);
    tcp_peer_end(&peer);
}

static void test_a_fin_that_comes_early_waits_too(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer);
    tcp_peer_send(&peer, TCP_ACK | TCP_FIN, 6, 1, 60000, "world");
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 0);
    assert_int_equal(tcp_state(peer.app.conn), TCP_ESTABLISHED);
    tcp_peer_send(&peer, TCP_ACK, 1, 1, 60000, "hello");
    tcp_peer_expect(&peer, TCP_ACK, 1, 12, 0);
    assert_read(&peer, "helloworld");
    assert_true(peer.app.has_end);
    assert_int_equal(tcp_state(peer.app.conn), TCP_CLOSE_WAIT);
    tcp_peer_end(&peer);
}

static void test_a_fin_before_text_that_is_here_already_is_a_lie(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer);
    tcp_peer_send(&peer, TCP_ACK, 6, 1, 60000, "world");
    tcp_peer_send(&peer, TCP_ACK | TCP_FIN, 3, 1, 60000, "");
    tcp_peer_send(&peer, TCP_ACK, 1, 1, 60000, "hello");
    two_hosts_run(peer.net, SECOND);
    assert_read(&peer, "helloworld");
    assert_int_equal(tcp_state(peer.app.conn), TCP_ESTABLISHED);
    tcp_peer_end(&peer);
}

static void test_text_behind_the_fin_is_cut_off(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer);
    tcp_peer_send(&peer, TCP_ACK | TCP_FIN, 6, 1, 60000, "");
    tcp_peer_send(&peer, TCP_ACK, 1, 1, 60000, "hello world");
    two_hosts_run(peer.net, SECOND);
    assert_read(&peer, "hello");
    assert_int_equal(tcp_state(peer.app.conn), TCP_CLOSE_WAIT);
    tcp_peer_end(&peer);
}

/* --- windows --- */

static void test_a_segment_beyond_the_window_is_answered_and_dropped(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer);
    tcp_peer_send(&peer, TCP_ACK, 1 + 65535, 1, 60000, "beyond"); /* no scaling: 65535 offered */
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 0);
    assert_int_equal(two_hosts_drops(peer.net, &TCP_DROP_OUT_OF_WINDOW), 1);
    tcp_peer_send(&peer, TCP_ACK | TCP_FIN, 65535, 1, 60000, "i|out"); /* one byte is in it */
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 0);
    assert_int_equal(two_hosts_drops(peer.net, &TCP_DROP_OUT_OF_WINDOW), 1);
    static uint8_t bytes[65534];
    for (uint32_t i = 0; i < sizeof bytes; i += 1400) {
        size_t len = sizeof bytes - i < 1400 ? sizeof bytes - i : 1400;
        tcp_peer_send_bytes(&peer, TCP_ACK, 1 + i, 1, 60000, bytes + i, len);
    }
    two_hosts_run(peer.net, SECOND);
    assert_int_equal(peer.app.in_len, 65535);
    assert_int_equal(peer.app.in[65534], 'i');
    assert_int_equal(tcp_state(peer.app.conn),
                     TCP_ESTABLISHED); /* the FIN was cut off with "out" */
    tcp_peer_end(&peer);
}

static void test_a_reader_that_sleeps_closes_the_window_and_opens_it_again(void **state)
{
    (void)state;
    struct tcp_peer peer;
    struct tcp_config config = {.receive_buffer = 4000};
    static uint8_t bytes[1000];
    tcp_peer_start(&peer, &config);
    peer.app.is_lazy = true;
    tcp_peer_be_connected(&peer, 60000);
    uint32_t edge = 0;
    for (uint32_t i = 0; i < 4; i++) {
        tcp_peer_send_bytes(&peer, TCP_ACK, 1 + 1000 * i, 1, 60000, bytes, sizeof bytes);
        const struct peer_segment *ack = tcp_peer_next(&peer);
        assert_int_equal(ack->header.window, 4000 - (ack->ack - 1)); /* it never shrinks */
        assert_true(ack->ack + ack->header.window >= edge);
        edge = ack->ack + ack->header.window;
    }
    tcp_peer_send(&peer, TCP_ACK, 4001, 1, 60000, "probe");
    const struct peer_segment *ack = tcp_peer_expect(&peer, TCP_ACK, 1, 4001, 0);
    assert_int_equal(ack->header.window, 0);

    /* RFC 9293 3.8.6.2.2: not for a little room */
    assert_int_equal(tcp_receive(peer.app.conn, bytes, 500), 500);
    tcp_peer_expect_silence(&peer, SECOND);
    assert_int_equal(tcp_receive(peer.app.conn, bytes, 1000), 1000);
    ack = tcp_peer_expect(&peer, TCP_ACK, 1, 4001, 0);
    assert_int_equal(ack->header.window, 1500);
    tcp_app_read(&peer.app); /* so that closing sends FIN, not RST */
    tcp_peer_end(&peer);
}

static void test_reading_tells_nothing_while_the_peer_has_half_the_window(void **state)
{
    (void)state;
    struct tcp_peer peer;
    struct tcp_config config = {.receive_buffer = 4000};
    static uint8_t bytes[1000];
    tcp_peer_start(&peer, &config);
    peer.app.is_lazy = true;
    tcp_peer_be_connected(&peer, 60000);
    tcp_peer_send_bytes(&peer, TCP_ACK, 1, 1, 60000, bytes, 1000);
    tcp_peer_send_bytes(&peer, TCP_ACK, 1001, 1, 60000, bytes, 500);
    assert_int_equal(tcp_peer_expect(&peer, TCP_ACK, 1, 1501, 0)->header.window, 2500);
    tcp_app_read(&peer.app);
    tcp_peer_expect_silence(&peer, SECOND);
    tcp_peer_send_bytes(&peer, TCP_ACK, 1501, 1, 60000, bytes, 10);
    assert_int_equal(tcp_peer_expect(&peer, TCP_ACK, 1, 1511, 0)->header.window, 3990);
    tcp_app_read(&peer.app);
    tcp_peer_end(&peer);
}

static void test_with_a_closed_window_acks_still_count(void **state)
{
    (void)state;
    struct tcp_peer peer;
    struct tcp_config config = {.receive_buffer = 1000};
    static uint8_t bytes[1000];
    tcp_peer_start(&peer, &config);
    peer.app.is_lazy = true;
    tcp_peer_be_connected(&peer, 60000);
    tcp_app_send(&peer.app, "x", 1);
    tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 1, 1, 1);
    tcp_peer_send_bytes(&peer, TCP_ACK, 1, 1, 60000, bytes, sizeof bytes);
    assert_int_equal(tcp_peer_expect(&peer, TCP_ACK, 2, 1001, 0)->header.window, 0);
    tcp_peer_send(&peer, TCP_ACK, 1001, 2, 60000, "more");
    assert_int_equal(tcp_peer_expect(&peer, TCP_ACK, 2, 1001, 0)->header.window, 0);
    tcp_peer_expect_silence(&peer, 10 * SECOND); /* our byte is acknowledged: not sent again */
    tcp_app_read(&peer.app);
    tcp_peer_end(&peer);
}

struct window_listener { /* hears what tcp.sent tells */
    struct trace_sink sink;
    uint32_t window;
};

static void hear_window(struct trace_sink *sink, const struct trace_event *event)
{
    if (event->kind == &TCP_SEGMENT_SENT) {
        const struct tcp_segment_event *segment = event->data;
        container_of(sink, struct window_listener, sink)->window = segment->window;
    }
}

static void test_the_trace_tells_the_window_that_the_peer_reads(void **state)
{
    (void)state;
    struct tcp_peer peer;
    struct window_listener listener = {.sink = {.on_event = hear_window}};
    struct tcp_options options = {.has_mss = true, .mss = 1000, .has_window_scale = true};
    tcp_peer_start(&peer, NULL);
    trace_add_sink(&peer.net->trace, &listener.sink);
    tcp_app_connect(&peer.app, peer.net->a, (struct endpoint){0}, peer.local);
    tcp_peer_expect(&peer, TCP_SYN, 0, 0, 0);
    assert_int_equal(listener.window, 65535);
    tcp_peer_send_syn(&peer, TCP_ACK, 1, 60000, &options);
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 0);
    assert_int_equal(listener.window, 262144);
    tcp_peer_send(&peer, TCP_ACK, 1, 1, 60000, "x");
    const struct peer_segment *ack = tcp_peer_expect(&peer, TCP_ACK, 1, 2, 0);
    assert_int_equal(ack->header.window, 262143 >> 3);
    assert_int_equal(listener.window, 262136); /* not 262143: the scale is 8 */
    trace_remove_sink(&peer.net->trace, &listener.sink);
    tcp_peer_end(&peer);
}

/* --- attacks (RFC 5961) --- */

static void test_a_blind_rst_gets_a_challenge_and_an_exact_one_resets(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer);
    tcp_peer_send(&peer, TCP_RST, 1 + 70000, 0, 0, ""); /* outside of the window */
    tcp_peer_expect_silence(&peer, SECOND);
    tcp_peer_send(&peer, TCP_RST, 1 + 10, 0, 0, ""); /* inside, but not exact */
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 0);
    assert_int_equal(tcp_state(peer.app.conn), TCP_ESTABLISHED);
    tcp_peer_send(&peer, TCP_RST, 1, 0, 0, "");
    two_hosts_run(peer.net, PEER_DELAY_NS);
    assert_int_equal(tcp_state(peer.app.conn), TCP_CLOSED);
    assert_int_equal(peer.app.error, STATUS_RESET);
    tcp_peer_expect_silence(&peer, SECOND);
    tcp_peer_end(&peer);
}

static void test_a_syn_on_a_connection_gets_a_challenge(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer);
    tcp_peer_send(&peer, TCP_SYN, 5, 0, 0, "");
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 0);
    tcp_peer_send(&peer, TCP_SYN, 500000, 0, 0, "");
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 0);
    assert_int_equal(tcp_state(peer.app.conn), TCP_ESTABLISHED);
    tcp_peer_end(&peer);
}

static void test_a_forged_ack_injects_nothing(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer);
    tcp_peer_send(&peer, TCP_ACK, 1, 2, 60000, "acks what was never sent");
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 0);
    tcp_peer_send(&peer, TCP_ACK, 1, 1 - 60001u, 60000, "acks the distant past");
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 0);
    tcp_peer_send(&peer, 0, 1, 0, 60000, "acks nothing");
    tcp_peer_expect_silence(&peer, SECOND);
    assert_int_equal(peer.app.in_len, 0);
    tcp_peer_end(&peer);
}

static void test_challenges_are_limited(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer);
    for (int i = 0; i < 50; i++) {
        tcp_peer_send(&peer, TCP_RST, 1 + 10, 0, 0, "");
    }
    two_hosts_run(peer.net, 100 * MS);
    assert_int_equal(peer.n_segments - peer.n_seen, 10); /* RFC 5961 7 */
    peer.n_seen = peer.n_segments;
    two_hosts_run(peer.net, 5 * SECOND);
    tcp_peer_send(&peer, TCP_RST, 1 + 10, 0, 0, "");
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 0);
    tcp_peer_end(&peer);
}

static void test_two_confused_ends_do_not_acknowledge_each_other_for_ever(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer);
    for (int i = 0; i < 100; i++) {
        tcp_peer_send(&peer, TCP_ACK, 1000000, 1, 60000, "");
        two_hosts_run(peer.net, MS);
    }
    two_hosts_run(peer.net, SECOND);
    assert_int_equal(peer.n_segments - peer.n_seen, 10);
    tcp_peer_end(&peer);
}

static void test_urgent_text_is_read_in_its_place(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer);
    tcp_peer_send(&peer, TCP_ACK | TCP_URG, 1, 1, 60000, "urgent");
    tcp_peer_expect(&peer, TCP_ACK, 1, 7, 0);
    assert_read(&peer, "urgent");
    tcp_peer_end(&peer);
}

static void test_a_keepalive_is_answered(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer);
    tcp_peer_send(&peer, TCP_ACK, 0, 1, 60000, ""); /* RFC 9293 3.8.4: SEG.SEQ = RCV.NXT - 1 */
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 0);
    tcp_peer_end(&peer);
}

static void test_sequence_numbers_wrap_around(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer); /* PEER_ISS is 16 below the wrap */
    tcp_peer_send(&peer, TCP_ACK, 21, 1, 60000, "abcdefghij");
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 0);
    tcp_peer_send(&peer, TCP_ACK, 11, 1, 60000, "0123456789");
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 0);
    tcp_peer_send(&peer, TCP_ACK, 1, 1, 60000, "ABCDEFGHIJ");
    tcp_peer_expect(&peer, TCP_ACK, 1, 31, 0);
    assert_read(&peer, "ABCDEFGHIJ0123456789abcdefghij");
    tcp_peer_end(&peer);
}

/* --- packets that are no segments --- */

static void inject(struct tcp_peer *peer, uint8_t offset_byte, uint32_t dst)
{
    struct packet *packet = packet_new(peer->net->env->packets, TCP_HEADER_LEN);
    memset(packet->data, 0, packet->len);
    packet->data[12] = offset_byte;
    struct ipv4_send how = {
        .dst = dst, .protocol = IP_PROTOCOL_TCP, .netif = peer->net->b->netifs[0]};
    assert_int_equal(ipv4_send(peer->net->b->ipv4, packet, &how), STATUS_OK);
    two_hosts_run(peer->net, PEER_DELAY_NS);
}

static void test_malformed_corrupted_and_broadcast_segments_are_dropped(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer);
    inject(&peer, 0x40, host_a(0).addr.v4); /* a header of 16 bytes */
    inject(&peer, 0xf0, host_a(0).addr.v4); /* one longer than the segment */
    assert_int_equal(two_hosts_drops(peer.net, &TCP_DROP_MALFORMED), 2);
    inject(&peer, 0x50, host_a(0).addr.v4);
    assert_int_equal(two_hosts_drops(peer.net, &TCP_DROP_BAD_CHECKSUM), 1);

    struct endpoint unicast = peer.remote;
    peer.remote.addr = ip_v4(0x0a0000ff);
    tcp_peer_send(&peer, TCP_SYN, 0, 0, 0, "");
    peer.remote = unicast;
    tcp_peer_expect_silence(&peer, SECOND); /* RFC 9293 MUST-57 */
    assert_int_equal(two_hosts_drops(peer.net, &TCP_DROP_UNACCEPTABLE), 1);
    tcp_peer_end(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_lone_segment_is_acknowledged_after_40_ms),
        cmocka_unit_test(test_every_second_full_segment_is_acknowledged_at_once),
        cmocka_unit_test(test_each_delayed_ack_has_its_own_forty_milliseconds),
        cmocka_unit_test(test_data_carries_the_acknowledgement),
        cmocka_unit_test(test_reading_tells_nothing_while_the_peer_has_half_the_window),
        cmocka_unit_test(test_what_comes_early_waits_for_what_is_missing),
        cmocka_unit_test(test_overlaps_and_repeats_are_read_once),
        cmocka_unit_test(test_a_fin_that_comes_early_waits_too),
        cmocka_unit_test(test_a_fin_before_text_that_is_here_already_is_a_lie),
        cmocka_unit_test(test_text_behind_the_fin_is_cut_off),
        cmocka_unit_test(test_a_segment_beyond_the_window_is_answered_and_dropped),
        cmocka_unit_test(test_a_reader_that_sleeps_closes_the_window_and_opens_it_again),
        cmocka_unit_test(test_with_a_closed_window_acks_still_count),
        cmocka_unit_test(test_the_trace_tells_the_window_that_the_peer_reads),
        cmocka_unit_test(test_a_blind_rst_gets_a_challenge_and_an_exact_one_resets),
        cmocka_unit_test(test_a_syn_on_a_connection_gets_a_challenge),
        cmocka_unit_test(test_a_forged_ack_injects_nothing),
        cmocka_unit_test(test_challenges_are_limited),
        cmocka_unit_test(test_two_confused_ends_do_not_acknowledge_each_other_for_ever),
        cmocka_unit_test(test_urgent_text_is_read_in_its_place),
        cmocka_unit_test(test_a_keepalive_is_answered),
        cmocka_unit_test(test_sequence_numbers_wrap_around),
        cmocka_unit_test(test_malformed_corrupted_and_broadcast_segments_are_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
