/* The parts of TCP that stand alone: buffers, the flight, RTO, Reno and initial sequence numbers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "stack/transport/tcp_buffer.h"
#include "stack/transport/tcp_congestion.h"
#include "stack/transport/tcp_flight.h"
#include "stack/transport/tcp_isn.h"
#include "stack/transport/tcp_rto.h"

#include <string.h>

/* --- buffers --- */

static void test_the_send_buffer_follows_the_window_up_to_its_limit(void **state)
{
    (void)state;
    static uint8_t bytes[2000000];
    struct tcp_send_buffer buffer;
    tcp_send_buffer_init(&buffer, 1000000);
    assert_int_equal(tcp_send_buffer_write(&buffer, bytes, sizeof bytes), 262144);
    tcp_send_buffer_follow(&buffer, 100000); /* twice that is less than it takes anyway */
    assert_int_equal(tcp_send_buffer_write(&buffer, bytes, sizeof bytes), 0);
    tcp_send_buffer_follow(&buffer, 200000);
    assert_int_equal(tcp_send_buffer_write(&buffer, bytes, sizeof bytes), 400000 - 262144);
    tcp_send_buffer_follow(&buffer, 1000); /* it does not shrink */
    tcp_send_buffer_drop(&buffer, buffer.seq + 400000);
    assert_int_equal(tcp_send_buffer_write(&buffer, bytes, sizeof bytes), 400000);
    tcp_send_buffer_follow(&buffer, UINT32_MAX);
    assert_int_equal(tcp_send_buffer_write(&buffer, bytes, sizeof bytes), 600000);
    tcp_send_buffer_fini(&buffer);
}

static void test_the_send_buffer_grows_on_demand_and_wraps(void **state)
{
    (void)state;
    struct tcp_send_buffer buffer;
    uint8_t in[10000], out[10000];
    tcp_send_buffer_init(&buffer, 5000);
    buffer.seq = UINT32_MAX - 100;
    assert_null(buffer.ring.bytes);
    for (size_t i = 0; i < sizeof in; i++) {
        in[i] = (uint8_t)(i * 7 + i / 256);
    }
    assert_int_equal(tcp_send_buffer_write(&buffer, in, 100), 100);
    assert_true(buffer.ring.capacity < 5000);
    assert_int_equal(tcp_send_buffer_write(&buffer, in + 100, 8000), 4900);
    assert_int_equal(tcp_send_buffer_write(&buffer, in, 1), 0);
    tcp_send_buffer_copy(&buffer, buffer.seq + 50, out, 4950);
    assert_memory_equal(out, in + 50, 4950);
    tcp_send_buffer_drop(&buffer, buffer.seq + 3000); /* past the wrap of sequence numbers */
    assert_int_equal(tcp_send_buffer_write(&buffer, in + 5000, 8000), 3000);
    tcp_send_buffer_copy(&buffer, buffer.seq, out, 5000);
    assert_memory_equal(out, in + 3000, 5000);
    tcp_send_buffer_drop(&buffer, buffer.seq + 5000);
    assert_int_equal(buffer.len, 0);
    tcp_send_buffer_fini(&buffer);
}

/* Puts bytes [left, right) of "0123456789..." at their place. */
static uint32_t insert(struct tcp_receive_buffer *buffer, uint32_t next, uint32_t left,
                       uint32_t right)
{
    uint8_t bytes[1000];
    for (uint32_t i = left; i < right; i++) {
        bytes[i - left] = (uint8_t)('0' + i % 10);
    }
    return tcp_receive_buffer_insert(buffer, left - next, bytes, right - left);
}

static void test_reassembly_joins_ranges_that_touch(void **state)
{
    (void)state;
    struct tcp_receive_buffer buffer;
    char out[100] = {0};
    tcp_receive_buffer_init(&buffer, 100);
    assert_int_equal(insert(&buffer, 0, 10, 20), 0);
    assert_int_equal(insert(&buffer, 0, 30, 40), 0);
    assert_int_equal(insert(&buffer, 0, 50, 60), 0);
    assert_int_equal(buffer.n_ranges, 3);
    assert_int_equal(insert(&buffer, 0, 20, 30), 0); /* touches both sides */
    assert_int_equal(buffer.n_ranges, 2);
    assert_int_equal(insert(&buffer, 0, 5, 55), 0); /* covers */
    assert_int_equal(buffer.n_ranges, 1);
    assert_int_equal(buffer.ranges[0].left, 5);
    assert_int_equal(buffer.ranges[0].right, 60);
    assert_int_equal(insert(&buffer, 0, 80, 90), 0);
    assert_int_equal(insert(&buffer, 0, 0, 7), 60);
    assert_int_equal(buffer.n_ranges, 1);
    assert_int_equal(buffer.ranges[0].left, 20); /* 80, counted from 60 */
    assert_int_equal(tcp_receive_buffer_read(&buffer, out, 45), 45);
    assert_int_equal(insert(&buffer, 60, 85, 88), 0);
    assert_int_equal(insert(&buffer, 60, 60, 95), 35); /* covers all that came early */
    assert_int_equal(buffer.n_ranges, 0);
    assert_int_equal(tcp_receive_buffer_read(&buffer, out + 45, 55), 50);
    for (int i = 0; i < 95; i++) {
        assert_int_equal(out[i], '0' + i % 10);
    }
    tcp_receive_buffer_fini(&buffer);
}

static void test_too_many_holes_are_not_kept(void **state)
{
    (void)state;
    struct tcp_receive_buffer buffer;
    tcp_receive_buffer_init(&buffer, 1000);
    for (uint32_t i = 0; i < TCP_MAX_RANGES + 5; i++) {
        assert_int_equal(insert(&buffer, 0, 2 * i + 1, 2 * i + 2), 0);
    }
    assert_int_equal(buffer.n_ranges, TCP_MAX_RANGES);
    assert_int_equal(insert(&buffer, 0, 0, 1), 2);
    assert_int_equal(insert(&buffer, 2, 2, 2 * TCP_MAX_RANGES), 2 * TCP_MAX_RANGES - 2);
    assert_int_equal(buffer.n_ranges, 0);
    tcp_receive_buffer_fini(&buffer);
}

/* --- the flight --- */

static void fly(struct tcp_flight *flight, uint32_t seq, uint32_t len, uint64_t sent_ns)
{
    tcp_flight_add(flight, &(struct tcp_sent){.seq = seq, .len = len, .sent_ns = sent_ns});
}

static void test_acknowledging_removes_whole_segments_and_cuts_others(void **state)
{
    (void)state;
    struct tcp_flight flight = {0};
    for (uint32_t i = 0; i < 20; i++) {
        fly(&flight, i * 100 - 500, 100, i);
    }
    struct tcp_flight_acked acked = tcp_flight_acknowledge(&flight, (uint32_t)-500);
    assert_false(acked.is_measurable); /* nothing new */
    acked = tcp_flight_acknowledge(&flight, (uint32_t)-250);
    assert_true(acked.is_measurable);
    assert_int_equal(acked.sent_ns, 0);
    assert_int_equal(flight.count, 18);
    assert_int_equal(tcp_flight_at(&flight, 0)->seq, (uint32_t)-250);
    assert_int_equal(tcp_flight_at(&flight, 0)->len, 50);
    tcp_flight_mark_sent(&flight, 1, 99);
    acked = tcp_flight_acknowledge(&flight, 0);
    assert_false(acked.is_measurable); /* one of them went out twice */
    assert_int_equal(tcp_flight_at(&flight, 0)->seq, 0);
    tcp_flight_acknowledge(&flight, 1500);
    assert_int_equal(flight.count, 0);
    tcp_flight_fini(&flight);
}

static void test_lost_segments_are_found_in_order_and_counted(void **state)
{
    (void)state;
    struct tcp_flight flight = {0};
    for (uint32_t i = 0; i < 6; i++) {
        fly(&flight, i * 100, 100, 0);
    }
    assert_int_equal(tcp_flight_next_lost(&flight), 6);
    tcp_flight_mark_lost(&flight, 4);
    assert_int_equal(tcp_flight_next_lost(&flight), 4);
    tcp_flight_mark_lost(&flight, 1);
    tcp_flight_mark_lost(&flight, 1);
    assert_int_equal(flight.lost_bytes, 200);
    assert_int_equal(tcp_flight_next_lost(&flight), 1);
    tcp_flight_mark_sent(&flight, 1, 5);
    assert_int_equal(tcp_flight_next_lost(&flight), 4);
    tcp_flight_acknowledge(&flight, 450);
    assert_int_equal(tcp_flight_next_lost(&flight), 0);
    assert_int_equal(flight.lost_bytes, 50);
    tcp_flight_mark_all_lost(&flight);
    assert_int_equal(flight.lost_bytes, 150);
    tcp_flight_fini(&flight);
}

static void test_a_split_keeps_the_order_and_the_fin(void **state)
{
    (void)state;
    struct tcp_flight flight = {0};
    fly(&flight, 0, 100, 0);
    tcp_flight_add(&flight, &(struct tcp_sent){.seq = 100, .len = 101, .is_fin = true});
    fly(&flight, 201, 1, 0);
    tcp_flight_mark_lost(&flight, 1);
    tcp_flight_split(&flight, 1, 60);
    static const uint32_t SEQ[] = {0, 100, 160, 201};
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(tcp_flight_at(&flight, i)->seq, SEQ[i]);
        assert_int_equal(tcp_flight_at(&flight, i)->is_fin, i == 2);
        assert_int_equal(tcp_flight_at(&flight, i)->is_lost, i == 1 || i == 2);
    }
    assert_int_equal(flight.lost_bytes, 101);
    tcp_flight_fini(&flight);
}

/* --- RTO --- */

static void test_the_rto_is_that_of_rfc_6298(void **state)
{
    (void)state;
    struct tcp_rto rto;
    tcp_rto_init(&rto, 1);
    assert_int_equal(tcp_rto_current(&rto), 1000000000);
    tcp_rto_add_sample(&rto, 100000000);
    assert_int_equal(tcp_rto_current(&rto), 300000000); /* R + 4 R/2 */
    tcp_rto_add_sample(&rto, 180000000);
    /* RTTVAR = 3/4 * 50 + 1/4 * 80 = 57.5 ms; SRTT = 7/8 * 100 + 1/8 * 180 = 110 ms */
    assert_int_equal(rto.rttvar_ns, 57500000);
    assert_int_equal(rto.srtt_ns, 110000000);
    assert_int_equal(tcp_rto_current(&rto), 340000000);
    tcp_rto_back_off(&rto);
    tcp_rto_back_off(&rto);
    assert_int_equal(tcp_rto_current(&rto), 4 * 340000000u);
    for (int i = 0; i < 100; i++) {
        tcp_rto_back_off(&rto);
    }
    assert_int_equal(tcp_rto_current(&rto), TCP_RTO_MAX_NS);
    tcp_rto_add_sample(&rto, 110000000);
    assert_true(tcp_rto_current(&rto) < 340000000);
    tcp_rto_init(&rto, 1000000000);
    tcp_rto_add_sample(&rto, 1000);
    assert_int_equal(tcp_rto_current(&rto), 1000000000);
    tcp_rto_add_sample(&rto, UINT64_C(1000000000000));
    assert_int_equal(tcp_rto_current(&rto), TCP_RTO_MAX_NS);
}

/* --- Reno --- */

static struct tcp_congestion reno(uint32_t cwnd, uint32_t ssthresh)
{
    struct tcp_congestion c = {.ops = &TCP_RENO, .smss = 1000, .initial_window = 10000};
    c.ops->on_established(&c);
    c.cwnd = cwnd;
    c.ssthresh = ssthresh;
    return c;
}

static void acknowledge(struct tcp_congestion *c, uint32_t acked, uint32_t flight)
{
    c->ops->on_ack(c, &(struct tcp_ack_sample){.acked = acked, .flight = flight});
}

static void test_reno_grows_by_slow_start_and_then_by_one_segment_per_window(void **state)
{
    (void)state;
    struct tcp_congestion c = reno(4000, 8000);
    for (uint32_t i = 0; i < 4; i++) { /* every segment acknowledged: it doubles */
        acknowledge(&c, 1000, 4000);
    }
    assert_int_equal(c.cwnd, 8000);
    for (uint32_t i = 0; i < 7; i++) {
        acknowledge(&c, 1000, 8000);
    }
    assert_int_equal(c.cwnd, 8000);
    acknowledge(&c, 1000, 8000);
    assert_int_equal(c.cwnd, 9000);
    acknowledge(&c, 10000, 8000); /* cwnd is not what limits the sender */
    assert_int_equal(c.cwnd, 9000);
    c = reno(4000, 8000);
    acknowledge(&c, 1000, 2000);
    assert_int_equal(c.cwnd, 4000);
    acknowledge(&c, 3000, 4000);
    assert_int_equal(c.cwnd, 5000); /* RFC 5681 equation 2: at most one SMSS per ACK */
}

static void test_reno_halves_on_loss_and_starts_over_on_timeout(void **state)
{
    (void)state;
    struct tcp_congestion c = reno(20000, UINT32_MAX);
    c.ops->on_loss(&c, 16000);
    assert_int_equal(c.ssthresh, 8000);
    assert_int_equal(c.cwnd, 8000);
    c.ops->on_timeout(&c, 12000, false);
    assert_int_equal(c.ssthresh, 6000);
    assert_int_equal(c.cwnd, 1000);
    c.ops->on_timeout(&c, 12000, true);
    assert_int_equal(c.ssthresh, 6000);
    c.ops->on_timeout(&c, 1000, false);
    assert_int_equal(c.ssthresh, 2000);
    c.cwnd = 50000;
    c.ops->on_idle(&c);
    assert_int_equal(c.cwnd, 10000);
}

static void test_the_initial_window_is_that_of_rfc_6928(void **state)
{
    (void)state;
    assert_int_equal(tcp_congestion_initial_window(536), 5360);
    assert_int_equal(tcp_congestion_initial_window(1460), 14600);
    assert_int_equal(tcp_congestion_initial_window(2000), 14600);
    assert_int_equal(tcp_congestion_initial_window(8960), 17920);
    assert_ptr_equal(tcp_congestion_find("reno"), &TCP_RENO);
    assert_null(tcp_congestion_find("vegas"));
}

/* --- initial sequence numbers --- */

static void test_the_keyed_hash_is_siphash_2_4(void **state)
{
    (void)state;
    /* the vectors of its authors for 0, 8 and 16 bytes; OpenSSL gives the same */
    static const uint64_t KEY[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
    assert_int_equal(tcp_isn_siphash(KEY, KEY, 0), UINT64_C(0x726fdb47dd0e0e31));
    assert_int_equal(tcp_isn_siphash(KEY, KEY, 1), UINT64_C(0x93f5f5799a932462));
    assert_int_equal(tcp_isn_siphash(KEY, KEY, 2), UINT64_C(0x3f2acc7f57c29bdb));
}

static void test_isns_rise_with_time_and_differ_between_tuples_and_secrets(void **state)
{
    (void)state;
    struct prng prng;
    struct tcp_isn_secret secret, other;
    prng_init(&prng, 1, "pc", "tcp-isn");
    tcp_isn_secret_init(&secret, &prng);
    tcp_isn_secret_init(&other, &prng);
    struct endpoint a = {ip_v4(0x0a000001), 1000};
    struct endpoint b = {ip_v4(0x0a000002), 80};
    struct endpoint c = {ip_v4(0x0a000002), 81};
    uint32_t first = tcp_isn(&secret, a, b, 0);
    assert_int_equal(tcp_isn(&secret, a, b, 1000000000) - first, 250000); /* 4 us each */
    assert_int_not_equal(tcp_isn(&secret, a, c, 0), first);
    assert_int_not_equal(tcp_isn(&secret, b, a, 0), first);
    assert_int_not_equal(tcp_isn(&other, a, b, 0), first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_send_buffer_grows_on_demand_and_wraps),
        cmocka_unit_test(test_the_send_buffer_follows_the_window_up_to_its_limit),
        cmocka_unit_test(test_reassembly_joins_ranges_that_touch),
        cmocka_unit_test(test_too_many_holes_are_not_kept),
        cmocka_unit_test(test_acknowledging_removes_whole_segments_and_cuts_others),
        cmocka_unit_test(test_lost_segments_are_found_in_order_and_counted),
        cmocka_unit_test(test_a_split_keeps_the_order_and_the_fin),
        cmocka_unit_test(test_the_rto_is_that_of_rfc_6298),
        cmocka_unit_test(test_reno_grows_by_slow_start_and_then_by_one_segment_per_window),
        cmocka_unit_test(test_reno_halves_on_loss_and_starts_over_on_timeout),
        cmocka_unit_test(test_the_initial_window_is_that_of_rfc_6928),
        cmocka_unit_test(test_the_keyed_hash_is_siphash_2_4),
        cmocka_unit_test(test_isns_rise_with_time_and_differ_between_tuples_and_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
