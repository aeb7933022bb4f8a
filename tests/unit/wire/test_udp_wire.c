/* The UDP header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "real_frames.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/udp.h"
#include "wire_support.h"

enum { DATAGRAM_AT = ETHERNET_HEADER_LEN + IPV4_HEADER_LEN };

static const uint32_t SRC = 0xc0000201, DST = 0xc0000202;

static bool parse(const uint8_t *bytes, size_t len, struct udp_header *header, bool *right)
{
    struct reader r = reader_of(bytes, len);
    return udp_parse(&r, ip_v4(SRC), ip_v4(DST), header, right);
}

static void round_trip(struct prng *prng, struct ip_addr src, struct ip_addr dst)
{
    uint8_t bytes[UDP_HEADER_LEN + 101];
    prng_fill(prng, bytes, sizeof bytes);
    struct bytes body = {bytes + UDP_HEADER_LEN, prng_below(prng, 102)};
    struct udp_header header = {0}, again;
    header.src_port = prng_u16(prng);
    header.dst_port = prng_u16(prng);
    struct writer w = writer_of(bytes, UDP_HEADER_LEN);
    udp_emit(&w, src, dst, &header, body);
    assert_true(!w.failed && w.p == w.end);
    struct reader r = reader_of(bytes, UDP_HEADER_LEN + body.len);
    bool right;
    assert_true(udp_parse(&r, src, dst, &again, &right) && right);
    assert_int_not_equal(again.checksum, 0);
    assert_int_equal(again.src_port, header.src_port);
    assert_int_equal(again.dst_port, header.dst_port);
    assert_int_equal(again.len, UDP_HEADER_LEN + body.len);
    assert_int_equal(reader_left(&r), body.len);
}

static void headers_round_trip_over_both_versions_of_ip(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "udp", "round-trip");
    for (int i = 0; i < 1000; i++) {
        struct ip_addr src = ip_v4(prng_u32(&prng)), dst = ip_v4(prng_u32(&prng));
        round_trip(&prng, src, dst);
        src = prng_ip_v6(&prng);
        dst = prng_ip_v6(&prng);
        round_trip(&prng, src, dst);
    }
}

static void expect_refused(struct bytes cut, void *context)
{
    (void)context;
    struct udp_header header;
    bool right = true;
    assert_false(parse(cut.p, cut.len, &header, &right));
    assert_false(right);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for_each_truncation(FRAME_UDP + DATAGRAM_AT, sizeof FRAME_UDP - DATAGRAM_AT, expect_refused,
                        NULL);
}

static void a_length_below_the_header_or_beyond_the_bytes_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[sizeof FRAME_UDP - DATAGRAM_AT];
    memcpy(bytes, FRAME_UDP + DATAGRAM_AT, sizeof bytes);
    struct udp_header header;
    bool right;
    for (unsigned len = 0; len < 65536; len++) {
        bytes[4] = (uint8_t)(len >> 8);
        bytes[5] = (uint8_t)len;
        bool fits = len >= UDP_HEADER_LEN && len <= sizeof bytes;
        assert_int_equal(parse(bytes, sizeof bytes, &header, &right), fits);
        assert_int_equal(right, len == sizeof bytes);
    }
}

static void bytes_behind_the_length_do_not_count(void **state)
{
    (void)state;
    uint8_t bytes[sizeof FRAME_UDP - DATAGRAM_AT + 3];
    memset(bytes, 0xee, sizeof bytes);
    memcpy(bytes, FRAME_UDP + DATAGRAM_AT, sizeof FRAME_UDP - DATAGRAM_AT);
    struct udp_header header;
    bool right;
    assert_true(parse(bytes, sizeof bytes, &header, &right) && right);
    assert_int_equal(header.len, sizeof FRAME_UDP - DATAGRAM_AT);
}

static void no_checksum_is_right_over_v4_and_wrong_over_v6(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0, 1, 0, 2, 0, 10, 0, 0, 'h', 'i'};
    struct udp_header header;
    bool right;
    assert_true(parse(bytes, sizeof bytes, &header, &right) && right);
    struct ip_addr v6 = {.version = IP_V6};
    struct reader r = reader_of(bytes, sizeof bytes);
    assert_true(udp_parse(&r, v6, v6, &header, &right) && !right);
}

/* Among 65536 bodies of two bytes one has a sum of zero, which must go out as all ones. */
static void a_sum_of_zero_is_sent_as_all_ones(void **state)
{
    (void)state;
    int all_ones = 0;
    for (unsigned value = 0; value < 65536; value++) {
        uint8_t bytes[UDP_HEADER_LEN + 2];
        bytes[UDP_HEADER_LEN] = (uint8_t)(value >> 8);
        bytes[UDP_HEADER_LEN + 1] = (uint8_t)value;
        struct writer w = writer_of(bytes, UDP_HEADER_LEN);
        struct bytes body = {bytes + UDP_HEADER_LEN, 2};
        udp_emit(&w, ip_v4(SRC), ip_v4(DST), &(struct udp_header){.src_port = 1}, body);
        struct udp_header header;
        bool right;
        assert_true(parse(bytes, sizeof bytes, &header, &right) && right);
        assert_int_not_equal(header.checksum, 0);
        all_ones += header.checksum == 0xffff;
    }
    assert_int_equal(all_ones, 1);
}

static void every_flipped_bit_is_found(void **state)
{
    (void)state;
    uint8_t bytes[sizeof FRAME_UDP - DATAGRAM_AT];
    memcpy(bytes, FRAME_UDP + DATAGRAM_AT, sizeof bytes);
    for (size_t bit = 0; bit < sizeof bytes * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct udp_header header;
        bool right;
        assert_false(parse(bytes, sizeof bytes, &header, &right) && right);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void a_datagram_of_linux_is_read_and_written_as_linux_did(void **state)
{
    (void)state;
    const uint8_t *linux_bytes = FRAME_UDP + DATAGRAM_AT;
    struct udp_header header;
    bool right;
    assert_true(parse(linux_bytes, sizeof FRAME_UDP - DATAGRAM_AT, &header, &right) && right);
    assert_int_equal(header.dst_port, 9999);
    assert_int_equal(header.len, 10);
    uint8_t bytes[UDP_HEADER_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    udp_emit(&w, ip_v4(SRC), ip_v4(DST), &header, (struct bytes){linux_bytes + UDP_HEADER_LEN, 2});
    assert_memory_equal(bytes, linux_bytes, sizeof bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_round_trip_over_both_versions_of_ip),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(a_length_below_the_header_or_beyond_the_bytes_is_refused),
        cmocka_unit_test(bytes_behind_the_length_do_not_count),
        cmocka_unit_test(no_checksum_is_right_over_v4_and_wrong_over_v6),
        cmocka_unit_test(a_sum_of_zero_is_sent_as_all_ones),
        cmocka_unit_test(every_flipped_bit_is_found),
        cmocka_unit_test(a_datagram_of_linux_is_read_and_written_as_linux_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
