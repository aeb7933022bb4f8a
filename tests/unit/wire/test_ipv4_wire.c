/* The IPv4 header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "real_frames.h"
#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire_support.h"

static struct ipv4_header prng_header(struct prng *prng, uint16_t total_len)
{
    struct ipv4_header header = {.header_len = IPV4_HEADER_LEN, .total_len = total_len};
    header.dscp = (uint8_t)prng_below(prng, 64);
    header.ecn = (uint8_t)prng_below(prng, 4);
    header.id = prng_u16(prng);
    header.dont_fragment = prng_bool(prng);
    header.more_fragments = prng_bool(prng);
    header.fragment_offset = (uint16_t)(prng_below(prng, 8192) * 8);
    header.ttl = (uint8_t)prng_u16(prng);
    header.protocol = (uint8_t)prng_u16(prng);
    header.src = prng_u32(prng);
    header.dst = prng_u32(prng);
    return header;
}

static void assert_headers_equal(const struct ipv4_header *a, const struct ipv4_header *b)
{
    assert_int_equal(a->header_len, b->header_len);
    assert_int_equal(a->dscp, b->dscp);
    assert_int_equal(a->ecn, b->ecn);
    assert_int_equal(a->total_len, b->total_len);
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->dont_fragment, b->dont_fragment);
    assert_int_equal(a->more_fragments, b->more_fragments);
    assert_int_equal(a->fragment_offset, b->fragment_offset);
    assert_int_equal(a->ttl, b->ttl);
    assert_int_equal(a->protocol, b->protocol);
    assert_int_equal(a->src, b->src);
    assert_int_equal(a->dst, b->dst);
}

static void headers_round_trip(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "ipv4", "round-trip");
    for (int i = 0; i < 2000; i++) {
        uint8_t bytes[100] = {0};
        struct ipv4_header header =
            prng_header(&prng, (uint16_t)(IPV4_HEADER_LEN + prng_below(&prng, 81)));
        struct writer w = writer_of(bytes, sizeof bytes);
        ipv4_emit(&w, &header);
        assert_true(!w.failed && w.p == bytes + IPV4_HEADER_LEN);
        struct reader r = reader_of(bytes, sizeof bytes);
        struct ipv4_header again;
        assert_int_equal(ipv4_parse(&r, &again), IPV4_OK);
        assert_ptr_equal(r.p, bytes + IPV4_HEADER_LEN);
        assert_headers_equal(&header, &again);
    }
}

/* A header with `len` bytes of options, its checksum right, before eight bytes of data. */
static size_t header_with_options(struct prng *prng, size_t len, uint8_t bytes[80])
{
    prng_fill(prng, bytes, 80);
    bytes[0] = (uint8_t)(0x40 | (IPV4_HEADER_LEN + len) / 4);
    size_t total = IPV4_HEADER_LEN + len + 8;
    bytes[2] = 0;
    bytes[3] = (uint8_t)total;
    bytes[10] = bytes[11] = 0;
    uint16_t sum = checksum_finish(checksum_add(0, bytes, IPV4_HEADER_LEN + len));
    bytes[10] = (uint8_t)(sum >> 8);
    bytes[11] = (uint8_t)sum;
    return total;
}

static void options_of_every_length_are_passed_over(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "ipv4", "options");
    for (size_t len = 0; len <= 40; len += 4) {
        uint8_t bytes[80];
        size_t total = header_with_options(&prng, len, bytes);
        struct reader r = reader_of(bytes, total);
        struct ipv4_header header;
        assert_int_equal(ipv4_parse(&r, &header), IPV4_OK);
        assert_int_equal(header.header_len, IPV4_HEADER_LEN + len);
        assert_int_equal(reader_left(&r), 8);
    }
}

static void expect_truncated(struct bytes cut, void *context)
{
    (void)context;
    struct reader r = reader_of(cut.p, cut.len);
    struct ipv4_header header;
    assert_int_equal(ipv4_parse(&r, &header), IPV4_TRUNCATED);
}

static void expect_quoted_if_header_is_there(struct bytes cut, void *header_len)
{
    struct reader r = reader_of(cut.p, cut.len);
    struct ipv4_header header;
    enum ipv4_error expected = cut.len >= *(size_t *)header_len ? IPV4_OK : IPV4_TRUNCATED;
    assert_int_equal(ipv4_parse_quoted(&r, &header), expected);
}

static void every_truncation_is_told(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "ipv4", "truncation");
    for (size_t len = 0; len <= 40; len += 20) {
        uint8_t bytes[80];
        size_t header_len = IPV4_HEADER_LEN + len;
        size_t total = header_with_options(&prng, len, bytes);
        for_each_truncation(bytes, total, expect_truncated, NULL);
        for_each_truncation(bytes, total, expect_quoted_if_header_is_there, &header_len);
    }
}

static enum ipv4_error parse_echo_request_with(size_t at, uint8_t value)
{
    uint8_t bytes[sizeof FRAME_ECHO_REQUEST - ETHERNET_HEADER_LEN];
    memcpy(bytes, FRAME_ECHO_REQUEST + ETHERNET_HEADER_LEN, sizeof bytes);
    bytes[at] = value;
    struct reader r = reader_of(bytes, sizeof bytes);
    struct ipv4_header header;
    return ipv4_parse(&r, &header);
}

static void lies_about_version_and_lengths_are_told(void **state)
{
    (void)state;
    assert_int_equal(parse_echo_request_with(0, 0x45), IPV4_OK);
    for (unsigned version = 0; version < 16; version++) {
        if (version != 4) {
            uint8_t first = (uint8_t)(version << 4 | 5);
            assert_int_equal(parse_echo_request_with(0, first), IPV4_BAD_VERSION);
        }
    }
    for (uint8_t ihl = 0; ihl < 5; ihl++) {
        assert_int_equal(parse_echo_request_with(0, 0x40 | ihl), IPV4_BAD_LENGTH);
    }
    assert_int_equal(parse_echo_request_with(0, 0x46), IPV4_BAD_CHECKSUM);
    assert_int_equal(parse_echo_request_with(3, 19), IPV4_BAD_LENGTH);
    assert_int_equal(parse_echo_request_with(3, 20), IPV4_BAD_CHECKSUM);
    assert_int_equal(parse_echo_request_with(2, 1), IPV4_BAD_CHECKSUM); /* the header comes first */
}

static void a_total_length_below_the_header_length_is_told(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "ipv4", "total");
    uint8_t bytes[80];
    size_t total = header_with_options(&prng, 40, bytes);
    bytes[3] = 59;
    struct reader r = reader_of(bytes, total);
    struct ipv4_header header;
    assert_int_equal(ipv4_parse(&r, &header), IPV4_BAD_LENGTH);
}

static void every_flipped_bit_of_the_header_is_found(void **state)
{
    (void)state;
    for (size_t at = 0; at < IPV4_HEADER_LEN; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            uint8_t right = FRAME_ECHO_REQUEST[ETHERNET_HEADER_LEN + at];
            assert_int_not_equal(parse_echo_request_with(at, (uint8_t)(right ^ 1u << bit)),
                                 IPV4_OK);
        }
    }
}

static void a_header_of_linux_is_read_and_written_as_linux_did(void **state)
{
    (void)state;
    const uint8_t *linux_bytes = FRAME_ECHO_REQUEST + ETHERNET_HEADER_LEN;
    struct reader r = reader_of(linux_bytes, sizeof FRAME_ECHO_REQUEST - ETHERNET_HEADER_LEN);
    struct ipv4_header header;
    assert_int_equal(ipv4_parse(&r, &header), IPV4_OK);
    assert_int_equal(header.total_len, 84);
    assert_int_equal(header.ttl, 64);
    assert_int_equal(header.protocol, IP_PROTOCOL_ICMP);
    assert_int_equal(header.src, 0xc0000201);
    assert_int_equal(header.dst, 0xc0000202);
    assert_true(header.dont_fragment && !header.more_fragments);
    uint8_t bytes[IPV4_HEADER_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    ipv4_emit(&w, &header);
    assert_memory_equal(bytes, linux_bytes, sizeof bytes);
}

static void a_full_writer_fails_without_a_write(void **state)
{
    (void)state;
    uint8_t bytes[IPV4_HEADER_LEN - 1] = {0};
    static const uint8_t zeros[sizeof bytes];
    struct writer w = writer_of(bytes, sizeof bytes);
    ipv4_emit(&w, &(struct ipv4_header){.ttl = 9});
    assert_true(w.failed);
    assert_memory_equal(bytes, zeros, sizeof bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_round_trip),
        cmocka_unit_test(options_of_every_length_are_passed_over),
        cmocka_unit_test(every_truncation_is_told),
        cmocka_unit_test(lies_about_version_and_lengths_are_told),
        cmocka_unit_test(a_total_length_below_the_header_length_is_told),
        cmocka_unit_test(every_flipped_bit_of_the_header_is_found),
        cmocka_unit_test(a_header_of_linux_is_read_and_written_as_linux_did),
        cmocka_unit_test(a_full_writer_fails_without_a_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
