/* ICMP messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "real_frames.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire_support.h"

enum { MESSAGE_AT = ETHERNET_HEADER_LEN + IPV4_HEADER_LEN };

static void messages_round_trip(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "icmp", "round-trip");
    for (int i = 0; i < 1000; i++) {
        uint8_t bytes[ICMP_HEADER_LEN + 101];
        prng_fill(&prng, bytes, sizeof bytes);
        struct bytes body = {bytes + ICMP_HEADER_LEN, prng_below(&prng, 102)};
        struct icmp_header header = {0}, again;
        header.type = (uint8_t)prng_u16(&prng);
        header.code = (uint8_t)prng_u16(&prng);
        header.rest = prng_u32(&prng);
        struct writer w = writer_of(bytes, ICMP_HEADER_LEN);
        icmp_emit(&w, &header, body);
        assert_true(!w.failed && w.p == w.end);
        struct reader r = reader_of(bytes, ICMP_HEADER_LEN + body.len);
        bool right;
        assert_true(icmp_parse(&r, &again, &right) && right);
        assert_int_equal(reader_left(&r), body.len);
        assert_int_equal(again.type, header.type);
        assert_int_equal(again.code, header.code);
        assert_int_equal(again.rest, header.rest);
    }
}

static void expect_short_or_wrong(struct bytes cut, void *context)
{
    (void)context;
    struct reader r = reader_of(cut.p, cut.len);
    struct icmp_header header;
    bool right;
    bool parsed = icmp_parse(&r, &header, &right);
    assert_int_equal(parsed, cut.len >= ICMP_HEADER_LEN);
    assert_false(parsed && right);
}

static void every_truncation_is_refused_or_does_not_add_up(void **state)
{
    (void)state;
    for_each_truncation(FRAME_ECHO_REQUEST + MESSAGE_AT, sizeof FRAME_ECHO_REQUEST - MESSAGE_AT,
                        expect_short_or_wrong, NULL);
}

static void every_flipped_bit_is_found(void **state)
{
    (void)state;
    uint8_t bytes[sizeof FRAME_ECHO_REQUEST - MESSAGE_AT];
    memcpy(bytes, FRAME_ECHO_REQUEST + MESSAGE_AT, sizeof bytes);
    for (size_t bit = 0; bit < sizeof bytes * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct reader r = reader_of(bytes, sizeof bytes);
        struct icmp_header header;
        bool right;
        assert_true(icmp_parse(&r, &header, &right) && !right);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void an_error_of_linux_is_read_and_written_as_linux_did(void **state)
{
    (void)state;
    const uint8_t *linux_bytes = FRAME_PORT_UNREACHABLE + MESSAGE_AT;
    struct reader r = reader_of(linux_bytes, sizeof FRAME_PORT_UNREACHABLE - MESSAGE_AT);
    struct icmp_header header;
    bool right;
    assert_true(icmp_parse(&r, &header, &right) && right);
    assert_int_equal(header.type, ICMP_DESTINATION_UNREACHABLE);
    assert_int_equal(header.code, ICMP_PORT_UNREACHABLE);
    assert_true(icmp_is_error(header.type));
    uint8_t bytes[ICMP_HEADER_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    icmp_emit(&w, &header, (struct bytes){r.p, reader_left(&r)});
    assert_memory_equal(bytes, linux_bytes, sizeof bytes);
    struct ipv4_header quoted;
    assert_int_equal(ipv4_parse_quoted(&r, &quoted), IPV4_OK);
    assert_int_equal(quoted.protocol, IP_PROTOCOL_UDP);
    assert_int_equal(quoted.src, 0xc0000201);
}

static void only_errors_are_errors(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        bool expected = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
        assert_int_equal(icmp_is_error((uint8_t)type), expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_round_trip),
        cmocka_unit_test(every_truncation_is_refused_or_does_not_add_up),
        cmocka_unit_test(every_flipped_bit_is_found),
        cmocka_unit_test(an_error_of_linux_is_read_and_written_as_linux_did),
        cmocka_unit_test(only_errors_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
