/* What is sent and when: windows, Nagle, probes, timeouts and recovery, against a played peer. */
#include "stack/tcp_peer.h"

#include "stack/transport/tcp_flight.h"

#include <string.h>

static uint8_t bytes[400000];

static void start(struct tcp_peer *peer, uint16_t window)
{
    tcp_peer_start(peer, NULL);
    tcp_peer_be_connected(peer, window);
}

/* Segments [from, to) of PEER_MSS bytes each, the last with PSH if `is_last`. */
static void expect_full(struct tcp_peer *peer, uint32_t from, uint32_t to, bool is_last)
{
    for (uint32_t seq = from; seq < to; seq += PEER_MSS) {
        bool has_push = is_last && seq + PEER_MSS == to;
        tcp_peer_expect(peer, has_push ? TCP_ACK | TCP_PSH : TCP_ACK, seq, 1, PEER_MSS);
    }
}

/* --- size and time of segments --- */

static void test_the_last_segment_of_a_write_is_pushed(void **state)
{
    (void)state;
    struct tcp_peer peer;
    fill_bytes(bytes, 2500, 1);
    start(&peer, 60000);
    tcp_app_send(&peer.app, bytes, 2500);
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 1000);
    tcp_peer_expect(&peer, TCP_ACK, 1001, 1, 1000);
    tcp_peer_send(&peer, TCP_ACK, 1, 2001, 60000, "");
    const struct peer_segment *last = tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 2001, 1, 500);
    assert_memory_equal(last->text, bytes + 2000, 500); /* Nagle held it until then */
    tcp_peer_end(&peer);
}

static void test_nagle_gathers_small_writes_until_all_is_acknowledged(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 60000);
    tcp_app_send(&peer.app, "a", 1);
    tcp_app_send(&peer.app, "b", 1);
    tcp_app_send(&peer.app, "c", 1);
    tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 1, 1, 1);
    tcp_peer_expect_silence(&peer, 100 * MS);
    tcp_peer_send(&peer, TCP_ACK, 1, 2, 60000, "");
    tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 2, 1, 2);
    tcp_peer_end(&peer);
}

static void test_without_delay_every_write_goes_at_once(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 60000);
    tcp_set_no_delay(peer.app.conn, true);
    tcp_app_send(&peer.app, "a", 1);
    tcp_app_send(&peer.app, "bc", 2);
    tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 1, 1, 1);
    tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 2, 1, 2);
    tcp_peer_end(&peer);
}

static void test_a_fin_takes_the_last_bytes_along(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 60000);
    tcp_app_send(&peer.app, "a", 1);
    tcp_app_send(&peer.app, "bc", 2);
    tcp_shutdown(peer.app.conn);
    tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 1, 1, 1);
    tcp_peer_expect(&peer, TCP_ACK | TCP_PSH | TCP_FIN, 2, 1, 2);
    tcp_peer_end(&peer);
}

static void test_the_initial_window_is_ten_segments_and_grows_by_what_is_acknowledged(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 65535);
    tcp_app_send(&peer.app, bytes, 100000);
    expect_full(&peer, 1, 10001, false);
    tcp_peer_expect_silence(&peer, 100 * MS);
    tcp_peer_send(&peer, TCP_ACK, 1, 2001, 65535, ""); /* two segments: cwnd grows by one only */
    expect_full(&peer, 10001, 13001, false);
    tcp_peer_send(&peer, TCP_ACK, 1, 3001, 65535, "");
    expect_full(&peer, 13001, 15001, false);
    tcp_peer_expect_silence(&peer, 100 * MS);
    tcp_peer_end(&peer);
}

static void test_after_a_pause_sending_starts_from_the_initial_window_again(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 65535);
    tcp_app_send(&peer.app, bytes, 20000);
    expect_full(&peer, 1, 10001, false);
    for (uint32_t ack = 1001; ack <= 10001; ack += 1000) {
        tcp_peer_send(&peer, TCP_ACK, 1, ack, 65535, "");
    }
    expect_full(&peer, 10001, 20001, true);
    tcp_peer_send(&peer, TCP_ACK, 1, 20001, 65535, "");
    two_hosts_run(peer.net, 2 * SECOND); /* cwnd is 20 segments now, but an RTO has passed */
    tcp_app_send(&peer.app, bytes, 30000);
    expect_full(&peer, 20001, 30001, false);
    tcp_peer_expect_silence(&peer, 100 * MS); /* RFC 5681 4.1 */
    tcp_peer_end(&peer);
}

/* --- the peer's window --- */

static void test_a_closed_window_is_probed_and_sending_goes_on_when_it_opens(void **state)
{
    (void)state;
    struct tcp_peer peer;
    fill_bytes(bytes, 5000, 2);
    start(&peer, 2000);
    tcp_app_send(&peer.app, bytes, 5000);
    expect_full(&peer, 1, 2001, false);
    tcp_peer_send(&peer, TCP_ACK, 1, 2001, 0, "");
    uint64_t at_ns = peer.net->env->now_ns + PEER_DELAY_NS; /* the window is known to be closed */
    for (int i = 0; i < 10; i++) {
        const struct peer_segment *probe = tcp_peer_next(&peer);
        at_ns +=
            (UINT64_C(1) << i) * SECOND < 120 * SECOND ? (UINT64_C(1) << i) * SECOND : 120 * SECOND;
        assert_int_equal(probe->at_ns, at_ns + PEER_DELAY_NS);
        assert_int_equal(probe->seq, 2001);
        assert_int_equal(probe->len, 1);
        assert_int_equal(probe->text[0], bytes[2000]);
        tcp_peer_send(&peer, TCP_ACK, 1, 2001, 0, "");
    }
    two_hosts_run(peer.net, SECOND);
    assert_int_equal(tcp_state(peer.app.conn), TCP_ESTABLISHED);
    tcp_peer_send(&peer, TCP_ACK, 1, 2001, 3000, "");
    tcp_peer_expect(&peer, TCP_ACK, 2001, 1, 1); /* the octet of the probe */
    tcp_peer_expect(&peer, TCP_ACK, 2002, 1, 1000);
    tcp_peer_expect(&peer, TCP_ACK, 3002, 1, 1000);
    tcp_peer_expect_silence(&peer, 100 * MS); /* 999 bytes: Nagle */
    tcp_peer_send(&peer, TCP_ACK, 1, 4002, 3000, "");
    const struct peer_segment *last = tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 4002, 1, 999);
    assert_memory_equal(last->text, bytes + 4001, 999);

    tcp_peer_send(&peer, TCP_ACK, 1, 5001, 0, ""); /* closed again: the intervals start anew */
    two_hosts_run(peer.net, PEER_DELAY_NS);
    at_ns = peer.net->env->now_ns;
    tcp_app_send(&peer.app, bytes, 10);
    assert_int_equal(tcp_peer_next(&peer)->at_ns, at_ns + SECOND + PEER_DELAY_NS);
    tcp_peer_end(&peer);
}

static void test_a_probe_that_is_taken_counts_as_sent(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 1000);
    tcp_app_send(&peer.app, bytes, 3000);
    expect_full(&peer, 1, 1001, false);
    tcp_peer_send(&peer, TCP_ACK, 1, 1001, 0, "");
    tcp_peer_expect(&peer, TCP_ACK, 1001, 1, 1);
    tcp_peer_send(&peer, TCP_ACK, 1, 1002, 2000, "");
    tcp_peer_expect(&peer, TCP_ACK, 1002, 1, 1000);
    tcp_peer_send(&peer, TCP_ACK, 1, 2002, 2000, "");
    tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 2002, 1, 999);
    tcp_peer_end(&peer);
}

static void test_probes_that_nobody_answers_end_the_connection(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 1000);
    tcp_app_send(&peer.app, bytes, 3000);
    expect_full(&peer, 1, 1001, false);
    tcp_peer_send(&peer, TCP_ACK, 1, 1001, 0, "");
    for (int i = 0; i < 15; i++) {
        tcp_peer_expect(&peer, TCP_ACK, 1001, 1, 1);
    }
    tcp_peer_expect_silence(&peer, 300 * SECOND);
    assert_int_equal(peer.app.error, STATUS_TIMED_OUT);
    tcp_peer_end(&peer);
}

static void test_a_fin_waits_for_a_closed_window_too(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 1000);
    tcp_app_send(&peer.app, bytes, 1000);
    tcp_shutdown(peer.app.conn);
    tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 1, 1, 1000); /* the FIN does not fit any more */
    tcp_peer_send(&peer, TCP_ACK, 1, 1001, 0, "");
    uint64_t at_ns = peer.net->env->now_ns + PEER_DELAY_NS;
    const struct peer_segment *fin = tcp_peer_expect(&peer, TCP_ACK | TCP_FIN, 1001, 1, 0);
    assert_int_equal(fin->at_ns, at_ns + SECOND + PEER_DELAY_NS); /* as a probe */
    tcp_peer_send(&peer, TCP_ACK, 1, 1001, 0, "");
    tcp_peer_expect(&peer, TCP_ACK | TCP_FIN, 1001, 1, 0);
    tcp_peer_send(&peer, TCP_ACK, 1, 1002, 0, "");
    two_hosts_run(peer.net, PEER_DELAY_NS);
    assert_int_equal(tcp_state(peer.app.conn), TCP_FIN_WAIT_2);
    tcp_peer_end(&peer);
}

static void test_a_window_too_small_for_a_segment_is_used_after_a_timeout(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 1500);
    tcp_app_send(&peer.app, bytes, 6000);
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 1000);
    tcp_peer_send(&peer, TCP_ACK, 1, 1001, 700, "");
    uint64_t at_ns = peer.net->env->now_ns;
    const struct peer_segment *override = tcp_peer_expect(&peer, TCP_ACK, 1001, 1, 700);
    assert_int_equal(override->at_ns, at_ns + 2 * PEER_DELAY_NS + SECOND);
    tcp_peer_send(&peer, TCP_ACK, 1, 1701, 750, ""); /* half of the largest: at once */
    at_ns = peer.net->env->now_ns;
    const struct peer_segment *half = tcp_peer_expect(&peer, TCP_ACK, 1701, 1, 750);
    assert_int_equal(half->at_ns, at_ns + 2 * PEER_DELAY_NS);
    tcp_peer_end(&peer);
}

static void test_a_window_that_shrinks_keeps_what_is_in_flight(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 5000);
    tcp_app_send(&peer.app, bytes, 8000);
    expect_full(&peer, 1, 5001, false);
    tcp_peer_send(&peer, TCP_ACK, 1, 1001, 1000, "");
    tcp_peer_expect(&peer, TCP_ACK, 1001, 1, 1000); /* the timeout, into the shrunken window */
    tcp_peer_send(&peer, TCP_ACK, 1, 5001, 3000, "");
    expect_full(&peer, 5001, 7001, false); /* cwnd: the loss window and one more */
    tcp_peer_end(&peer);
}

/* --- retransmission timeout --- */

static void test_timeouts_double_up_to_two_minutes_and_end_after_fifteen(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 60000);
    uint64_t at_ns = peer.net->env->now_ns;
    tcp_app_send(&peer.app, "x", 1);
    for (int i = 0; i <= 15; i++) {
        const struct peer_segment *again = tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 1, 1, 1);
        assert_int_equal(again->at_ns, at_ns + PEER_DELAY_NS);
        uint64_t rto_ns = (UINT64_C(1) << i) * SECOND;
        at_ns += rto_ns < 120 * SECOND ? rto_ns : 120 * SECOND;
    }
    two_hosts_run(peer.net, at_ns - 1 - peer.net->env->now_ns);
    assert_int_equal(peer.app.error, STATUS_OK);
    two_hosts_run(peer.net, 1);
    assert_int_equal(peer.app.error, STATUS_TIMED_OUT);
    tcp_peer_end(&peer);
}

static void test_the_rto_follows_the_round_trip(void **state)
{
    (void)state;
    struct tcp_peer peer;
    struct tcp_config config = {.rto_min_ns = 1};
    tcp_peer_start(&peer, &config);
    tcp_peer_be_connected(&peer, 60000); /* R = 20 ms: RTO = 20 + 4 * 10 */
    uint64_t at_ns = peer.net->env->now_ns + PEER_DELAY_NS;
    tcp_app_send(&peer.app, "x", 1);
    tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 1, 1, 1);
    assert_int_equal(tcp_peer_next(&peer)->at_ns, at_ns + 60 * MS);
    assert_int_equal(tcp_peer_next(&peer)->at_ns, at_ns + 180 * MS);
    /* Karn: the ACK of what was sent again measures nothing, and the back-off stays */
    tcp_peer_send(&peer, TCP_ACK, 1, 2, 60000, "");
    two_hosts_run(peer.net, PEER_DELAY_NS);
    at_ns = peer.net->env->now_ns + PEER_DELAY_NS;
    tcp_app_send(&peer.app, "y", 1);
    tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 2, 1, 1);
    tcp_peer_send(&peer, TCP_ACK, 1, 3, 60000, "");
    two_hosts_run(peer.net, PEER_DELAY_NS);
    /* R' = 20 ms again: RTTVAR = 3/4 * 10 + 0, RTO = 20 + 4 * 7.5 */
    at_ns = peer.net->env->now_ns + PEER_DELAY_NS;
    tcp_app_send(&peer.app, "z", 1);
    tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 3, 1, 1);
    assert_int_equal(tcp_peer_next(&peer)->at_ns, at_ns + 50 * MS);
    tcp_peer_end(&peer);
}

static void test_a_timeout_sends_everything_again_in_slow_start(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 60000);
    tcp_app_send(&peer.app, bytes, 12000);
    expect_full(&peer, 1, 10001, false);
    const struct peer_segment *again = tcp_peer_expect(&peer, TCP_ACK, 1, 1, 1000);
    assert_int_equal(again->len, 1000);
    tcp_peer_expect_silence(&peer, 500 * MS); /* the loss window is one segment */
    tcp_peer_send(&peer, TCP_ACK, 1, 1001, 60000, "");
    expect_full(&peer, 1001, 3001, false);              /* then two, with the same boundaries */
    tcp_peer_send(&peer, TCP_ACK, 1, 10001, 60000, ""); /* the rest had arrived */
    expect_full(&peer, 10001, 12001, true);
    const struct kept_event *event = two_hosts_event(peer.net, &TCP_RETRANSMITTED, 1, 0);
    assert_string_equal(event->retransmitted.cause, "timeout");
    assert_int_equal(event->retransmitted.cwnd, 1000);
    tcp_peer_end(&peer);
}

static void test_progress_gives_the_peer_all_its_chances_again(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 60000);
    tcp_app_send(&peer.app, bytes, 10000);
    expect_full(&peer, 1, 10001, true);
    for (int i = 0; i < 14; i++) {
        tcp_peer_expect(&peer, TCP_ACK, 1, 1, 1000);
    }
    const struct kept_event *first = two_hosts_event(peer.net, &TCP_CONGESTION_CHANGED, 1, 0);
    const struct kept_event *last = two_hosts_event(peer.net, &TCP_CONGESTION_CHANGED, 1, 13);
    assert_int_equal(first->congestion.ssthresh, 5000);
    assert_int_equal(last->congestion.ssthresh, 5000); /* RFC 5681 3.1: the same segment again */
    tcp_peer_send_icmp(&peer, ICMP_DESTINATION_UNREACHABLE, ICMP_HOST_UNREACHABLE, 0, 1);
    tcp_peer_send(&peer, TCP_ACK, 1, 1001, 60000, "");
    expect_full(&peer, 1001, 3001, false);
    for (int i = 0; i < 15; i++) {
        tcp_peer_expect(&peer, TCP_ACK, 1001, 1, 1000);
    }
    tcp_peer_expect_silence(&peer, 200 * SECOND);
    assert_int_equal(peer.app.error, STATUS_TIMED_OUT); /* the ICMP error was about the past */
    tcp_peer_end(&peer);
}

static void test_an_early_segment_does_not_let_an_older_one_set_the_window(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 2000);
    tcp_app_send(&peer.app, bytes, 3000);
    expect_full(&peer, 1, 2001, false);
    tcp_peer_send(&peer, TCP_ACK, 6, 2001, 3000, "later");
    expect_full(&peer, 2001, 3001, true);
    tcp_peer_send(&peer, TCP_ACK, 1, 2001, 1000, "older"); /* SND.WL1 > SEG.SEQ */
    tcp_peer_expect(&peer, TCP_ACK, 3001, 11, 0);
    tcp_app_send(&peer.app, bytes, 2000);
    tcp_peer_expect(&peer, TCP_ACK, 3001, 11, 1000);
    tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 4001, 11, 1000);
    tcp_peer_end(&peer);
}

static void test_tiny_segments_in_flight_have_a_limit(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 60000);
    tcp_set_no_delay(peer.app.conn, true);
    for (int i = 0; i < TCP_MAX_FLIGHT + 100; i++) {
        assert_int_equal(tcp_send(peer.app.conn, bytes, 1), 1);
    }
    two_hosts_run(peer.net, PEER_DELAY_NS);
    assert_int_equal(peer.n_segments - peer.n_seen, TCP_MAX_FLIGHT);
    tcp_peer_end(&peer);
}

static void test_an_interface_whose_mtu_shrinks_is_noticed(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 60000);
    tcp_app_send(&peer.app, bytes, 1000);
    tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 1, 1, 1000);
    peer.net->a->netifs[0]->mtu = 640;
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 600); /* sent again after the timeout */
    tcp_peer_end(&peer);
}

static void test_a_sender_is_woken_when_there_is_room_worth_it(void **state)
{
    (void)state;
    struct tcp_peer peer;
    struct tcp_config config = {.send_buffer = 8000};
    tcp_peer_start(&peer, &config);
    tcp_peer_be_connected(&peer, 60000);
    tcp_app_send(&peer.app, bytes, 10000);
    assert_int_equal(peer.app.out_done, 8000);
    peer.app.events = 0;
    tcp_peer_send(&peer, TCP_ACK, 1, 1001, 60000, "");
    two_hosts_run(peer.net, PEER_DELAY_NS);
    assert_int_equal(peer.app.events, 0);
    tcp_peer_send(&peer, TCP_ACK, 1, 2001, 60000, "");
    two_hosts_run(peer.net, PEER_DELAY_NS);
    assert_int_equal(peer.app.events, 1);
    assert_int_equal(peer.app.out_done, 10000);
    tcp_peer_end(&peer);
}

/* --- fast retransmit and recovery --- */

static void test_three_duplicate_acks_repair_a_loss(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 60000);
    tcp_app_send(&peer.app, bytes, 30000);
    expect_full(&peer, 1, 10001, false);
    uint64_t now_ns = peer.net->env->now_ns;
    tcp_peer_send(&peer, TCP_ACK, 1, 1, 60000, ""); /* limited transmit, twice (RFC 3042) */
    tcp_peer_send(&peer, TCP_ACK, 1, 1, 60000, "");
    expect_full(&peer, 10001, 12001, false);
    tcp_peer_send(&peer, TCP_ACK, 1, 1, 60000, "");
    const struct peer_segment *again = tcp_peer_expect(&peer, TCP_ACK, 1, 1, 1000);
    assert_int_equal(again->at_ns, now_ns + 4 * PEER_DELAY_NS);
    const struct kept_event *loss = two_hosts_event(peer.net, &TCP_CONGESTION_CHANGED, 1, 0);
    assert_int_equal(loss->congestion.ssthresh, 5000); /* half of what was in flight */
    assert_int_equal(loss->congestion.cwnd, 8000);

    for (int i = 0; i < 5; i++) { /* the window is inflated from 8 to 13 segments; 12 are out */
        tcp_peer_send(&peer, TCP_ACK, 1, 1, 60000, "");
    }
    expect_full(&peer, 12001, 13001, false);
    tcp_peer_send(&peer, TCP_ACK, 1, 5001, 60000, ""); /* partial: the next hole */
    tcp_peer_expect(&peer, TCP_ACK, 5001, 1, 1000);
    expect_full(&peer, 13001, 14001, false);            /* 13 - 5 + 1 = 9 segments, 8 were out */
    tcp_peer_send(&peer, TCP_ACK, 1, 14001, 60000, ""); /* full */
    expect_full(&peer, 14001, 16001, false);            /* min(ssthresh, flight + 1 segment) */
    tcp_peer_expect_silence(&peer, 500 * MS);
    assert_int_equal(two_hosts_count(peer.net, &TCP_RETRANSMITTED, 1), 2);
    tcp_peer_end(&peer);
}

static void test_duplicates_are_counted_anew_after_progress(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 60000);
    tcp_app_send(&peer.app, bytes, 10000);
    expect_full(&peer, 1, 10001, true);
    tcp_peer_send(&peer, TCP_ACK, 1, 1, 60000, "");
    tcp_peer_send(&peer, TCP_ACK, 1, 1, 60000, "");
    tcp_peer_send(&peer, TCP_ACK, 1, 1001, 60000, "");
    tcp_peer_send(&peer, TCP_ACK, 1, 1001, 60000, "");
    tcp_peer_send(&peer, TCP_ACK, 1, 1001, 60000, "");
    tcp_peer_expect_silence(&peer, 500 * MS);
    tcp_peer_end(&peer);
}

/* RFC 6582 3.2, step 3: the timer runs from the first partial acknowledgement, so that many holes
 * do not take many round trips. */
static void test_only_the_first_partial_acknowledgement_restarts_the_timer(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 60000);
    tcp_app_send(&peer.app, bytes, 10000);
    expect_full(&peer, 1, 10001, true);
    for (int i = 0; i < 3; i++) {
        tcp_peer_send(&peer, TCP_ACK, 1, 1, 60000, "");
    }
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 1000);
    two_hosts_run(peer.net, 500 * MS);
    tcp_peer_send(&peer, TCP_ACK, 1, 2001, 60000, "");
    uint64_t at_ns = peer.net->env->now_ns + PEER_DELAY_NS;
    tcp_peer_expect(&peer, TCP_ACK, 2001, 1, 1000);
    two_hosts_run(peer.net, 500 * MS);
    tcp_peer_send(&peer, TCP_ACK, 1, 4001, 60000, "");
    tcp_peer_expect(&peer, TCP_ACK, 4001, 1, 1000);
    const struct peer_segment *timeout = tcp_peer_expect(&peer, TCP_ACK, 4001, 1, 1000);
    assert_int_equal(timeout->at_ns, at_ns + SECOND + PEER_DELAY_NS);
    tcp_peer_end(&peer);
}

static void test_duplicates_that_our_own_repeats_cause_are_no_new_loss(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 60000);
    tcp_app_send(&peer.app, bytes, 10000);
    expect_full(&peer, 1, 10001, true);
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 1000); /* timeout */
    tcp_peer_send(&peer, TCP_ACK, 1, 5001, 60000, "");
    tcp_peer_expect(&peer, TCP_ACK, 5001, 1, 1000);
    tcp_peer_expect(&peer, TCP_ACK, 6001, 1, 1000);
    for (int i = 0; i < 4; i++) { /* RFC 6582 3.2, step 2 */
        tcp_peer_send(&peer, TCP_ACK, 1, 5001, 60000, "");
    }
    two_hosts_run(peer.net, 100 * MS);
    for (size_t i = 0; i < two_hosts_count(peer.net, &TCP_RETRANSMITTED, 1); i++) {
        assert_string_equal(
            two_hosts_event(peer.net, &TCP_RETRANSMITTED, 1, i)->retransmitted.cause, "timeout");
    }
    tcp_peer_end(&peer);
}

static void test_window_updates_and_data_are_no_duplicates(void **state)
{
    (void)state;
    struct tcp_peer peer;
    start(&peer, 10000);
    tcp_app_send(&peer.app, bytes, 10000);
    expect_full(&peer, 1, 10001, true);
    for (uint32_t i = 0; i < 4; i++) {
        tcp_peer_send(&peer, TCP_ACK, 1, 1, (uint16_t)(10001 + i), "");
    }
    for (uint32_t i = 0; i < 4; i++) {
        tcp_peer_send(&peer, TCP_ACK, 1 + i, 1, 10004, "x");
    }
    two_hosts_run(peer.net, 500 * MS);
    assert_int_equal(two_hosts_count(peer.net, &TCP_RETRANSMITTED, 1), 0);
    tcp_peer_end(&peer);
}

/* --- what ICMP says --- */

/* The bytes [from, to), in full segments of `mss`. */
static void expect_again(struct tcp_peer *peer, uint32_t from, uint32_t to, uint32_t mss)
{
    while (from < to) {
        const struct peer_segment *part = tcp_peer_next(peer);
        uint32_t len = to - from < mss ? to - from : mss;
        assert_int_equal(part->seq, from);
        assert_int_equal(part->len, len);
        assert_memory_equal(part->text, bytes + from - 1, len);
        from += len;
    }
}

static void test_an_old_router_that_names_no_mtu_gets_the_next_plateau(void **state)
{
    (void)state;
    struct tcp_peer peer;
    fill_bytes(bytes, 1000, 3);
    start(&peer, 60000);
    tcp_app_send(&peer.app, bytes, 1000);
    expect_full(&peer, 1, 1001, true);
    tcp_peer_say_too_big(&peer, 0, 1, 1040); /* RFC 1191 7.1: 1006 */
    expect_again(&peer, 1, 1001, 1006 - 40);
    const struct kept_event *again = two_hosts_event(peer.net, &TCP_RETRANSMITTED, 1, 0);
    assert_string_equal(again->retransmitted.cause, "smaller path MTU");
    tcp_peer_say_too_big(&peer, 0, 1, 1006); /* 508: less than we believe anybody */
    peer.expects_no_df = true;
    expect_again(&peer, 1, 967, 552 - 40); /* what was cut once stays cut */
    tcp_peer_end(&peer);
}

static void test_below_the_least_mtu_routers_may_cut(void **state)
{
    (void)state;
    struct tcp_peer peer;
    fill_bytes(bytes, 2000, 3);
    start(&peer, 60000);
    tcp_app_send(&peer.app, bytes, 1000);
    expect_full(&peer, 1, 1001, true);
    tcp_peer_say_too_big(&peer, 552, 1, 1040);
    expect_again(&peer, 1, 1001, 512);
    tcp_peer_say_too_big(&peer, 300, 1, 552);
    peer.expects_no_df = true;
    expect_again(&peer, 1, 513, 512); /* the timeout */
    tcp_peer_send(&peer, TCP_ACK, 1, 1001, 60000, "");
    two_hosts_run(peer.net, PEER_DELAY_NS);
    tcp_app_send(&peer.app, bytes + 1000, 700);
    expect_again(&peer, 1001, 1513, 512);
    tcp_peer_end(&peer);
}

static void test_a_forged_word_about_the_mtu_is_not_believed(void **state)
{
    (void)state;
    struct tcp_peer peer;
    fill_bytes(bytes, 2000, 3);
    start(&peer, 60000);
    tcp_app_send(&peer.app, bytes, 1000);
    expect_full(&peer, 1, 1001, true);
    tcp_peer_say_too_big(&peer, 600, 1001, 1040); /* RFC 5927 4.1: not sent yet */
    tcp_peer_say_too_big(&peer, 600, 0, 1040);    /* acknowledged */
    tcp_peer_send(&peer, TCP_ACK, 1, 1001, 60000, "");
    two_hosts_run(peer.net, PEER_DELAY_NS);
    tcp_app_send(&peer.app, bytes + 1000, 1000);
    expect_full(&peer, 1001, 2001, true);
    tcp_peer_end(&peer);
}

static void test_icmp_unreachable_ends_only_an_attempt_to_connect(void **state)
{
    (void)state;
    struct tcp_peer peer;
    tcp_peer_start(&peer, NULL);
    tcp_app_connect(&peer.app, peer.net->a, (struct endpoint){0}, peer.local);
    tcp_peer_expect(&peer, TCP_SYN, 0, 0, 0);
    tcp_peer_send_icmp(&peer, ICMP_DESTINATION_UNREACHABLE, ICMP_PORT_UNREACHABLE, 0, 12345);
    assert_int_equal(peer.app.error, STATUS_OK); /* it quotes no segment of ours */
    tcp_peer_send_icmp(&peer, ICMP_DESTINATION_UNREACHABLE, ICMP_PORT_UNREACHABLE, 0, 0);
    assert_int_equal(peer.app.error, STATUS_REFUSED);
    tcp_app_close(&peer.app);

    tcp_peer_be_connected(&peer, 60000);
    tcp_app_send(&peer.app, "x", 1);
    tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 1, 1, 1);
    tcp_peer_send_icmp(&peer, ICMP_DESTINATION_UNREACHABLE, ICMP_HOST_UNREACHABLE, 0, 1);
    assert_int_equal(tcp_state(peer.app.conn), TCP_ESTABLISHED); /* RFC 5927 5.2 */
    two_hosts_run(peer.net, 2000 * SECOND);
    assert_int_equal(peer.app.error, STATUS_UNREACHABLE); /* but it tells why nobody answered */
    tcp_app_close(&peer.app);

    peer.app.error = STATUS_OK;
    tcp_app_connect(&peer.app, peer.net->a, (struct endpoint){0}, peer.local);
    peer.n_seen = peer.n_segments;
    tcp_peer_expect(&peer, TCP_SYN, 0, 0, 0);
    tcp_peer_send_icmp(&peer, ICMP_TIME_EXCEEDED, ICMP_TTL_EXCEEDED, 0, 0);
    assert_int_equal(peer.app.error, STATUS_OK); /* a loop may pass */
    two_hosts_run(peer.net, 200 * SECOND);
    assert_int_equal(peer.app.error, STATUS_UNREACHABLE);
    tcp_peer_end(&peer);
}

static void test_a_smaller_mtu_on_the_path_cuts_the_segments(void **state)
{
    (void)state;
    struct tcp_peer peer;
    fill_bytes(bytes, 2000, 3);
    start(&peer, 60000);
    tcp_app_send(&peer.app, bytes, 2000);
    expect_full(&peer, 1, 2001, true);
    tcp_peer_send_icmp(&peer, ICMP_DESTINATION_UNREACHABLE, ICMP_FRAGMENTATION_NEEDED, 700, 1);
    static const uint32_t LEN[] = {660, 340, 660, 340};
    uint32_t seq = 1;
    for (size_t i = 0; i < 4; i++) {
        const struct peer_segment *part = tcp_peer_next(&peer);
        assert_int_equal(part->seq, seq);
        assert_int_equal(part->len, LEN[i]);
        assert_memory_equal(part->text, bytes + seq - 1, LEN[i]);
        seq += LEN[i];
    }
    tcp_peer_send_icmp(&peer, ICMP_DESTINATION_UNREACHABLE, ICMP_FRAGMENTATION_NEEDED, 1500, 1);
    tcp_peer_send(&peer, TCP_ACK, 1, 2001, 60000, "");
    two_hosts_run(peer.net, PEER_DELAY_NS);
    tcp_app_send(&peer.app, bytes, 700);
    tcp_peer_expect(&peer, TCP_ACK, 2001, 1, 660); /* it never grows by ICMP */
    peer.expects_no_df = true;                     /* routers on that path do the cutting */
    tcp_peer_send_icmp(&peer, ICMP_DESTINATION_UNREACHABLE, ICMP_FRAGMENTATION_NEEDED, 68, 2001);
    tcp_peer_expect(&peer, TCP_ACK, 2001, 1, 512); /* nor does it shrink to nothing */
    two_hosts_run(peer.net, 2 * SECOND);
    const struct kept_event *timeout = two_hosts_event(peer.net, &TCP_CONGESTION_CHANGED, 1, 0);
    assert_int_equal(timeout->congestion.cwnd, 512);
    tcp_peer_end(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_segment_of_a_write_is_pushed),
        cmocka_unit_test(test_nagle_gathers_small_writes_until_all_is_acknowledged),
        cmocka_unit_test(test_without_delay_every_write_goes_at_once),
        cmocka_unit_test(test_a_fin_takes_the_last_bytes_along),
        cmocka_unit_test(test_the_initial_window_is_ten_segments_and_grows_by_what_is_acknowledged),
        cmocka_unit_test(test_after_a_pause_sending_starts_from_the_initial_window_again),
        cmocka_unit_test(test_a_closed_window_is_probed_and_sending_goes_on_when_it_opens),
        cmocka_unit_test(test_a_probe_that_is_taken_counts_as_sent),
        cmocka_unit_test(test_probes_that_nobody_answers_end_the_connection),
        cmocka_unit_test(test_a_fin_waits_for_a_closed_window_too),
        cmocka_unit_test(test_a_window_too_small_for_a_segment_is_used_after_a_timeout),
        cmocka_unit_test(test_a_window_that_shrinks_keeps_what_is_in_flight),
        cmocka_unit_test(test_timeouts_double_up_to_two_minutes_and_end_after_fifteen),
        cmocka_unit_test(test_the_rto_follows_the_round_trip),
        cmocka_unit_test(test_a_timeout_sends_everything_again_in_slow_start),
        cmocka_unit_test(test_progress_gives_the_peer_all_its_chances_again),
        cmocka_unit_test(test_an_early_segment_does_not_let_an_older_one_set_the_window),
        cmocka_unit_test(test_tiny_segments_in_flight_have_a_limit),
        cmocka_unit_test(test_an_interface_whose_mtu_shrinks_is_noticed),
        cmocka_unit_test(test_a_sender_is_woken_when_there_is_room_worth_it),
        cmocka_unit_test(test_three_duplicate_acks_repair_a_loss),
        cmocka_unit_test(test_duplicates_are_counted_anew_after_progress),
        cmocka_unit_test(test_only_the_first_partial_acknowledgement_restarts_the_timer),
        cmocka_unit_test(test_duplicates_that_our_own_repeats_cause_are_no_new_loss),
        cmocka_unit_test(test_window_updates_and_data_are_no_duplicates),
        cmocka_unit_test(test_icmp_unreachable_ends_only_an_attempt_to_connect),
        cmocka_unit_test(test_a_smaller_mtu_on_the_path_cuts_the_segments),
        cmocka_unit_test(test_an_old_router_that_names_no_mtu_gets_the_next_plateau),
        cmocka_unit_test(test_below_the_least_mtu_routers_may_cut),
        cmocka_unit_test(test_a_forged_word_about_the_mtu_is_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
