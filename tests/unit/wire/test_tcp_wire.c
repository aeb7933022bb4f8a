/* The TCP header and its options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "real_frames.h"
#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"
#include "wire_support.h"

enum { SEGMENT_AT = ETHERNET_HEADER_LEN + IPV4_HEADER_LEN };

static const uint32_t A = 0xc0000201, B = 0xc0000202;

static struct tcp_options prng_options(struct prng *prng)
{
    struct tcp_options options = {0};
    if ((options.has_mss = prng_bool(prng))) {
        options.mss = prng_u16(prng);
    }
    if ((options.has_window_scale = prng_bool(prng))) {
        options.window_scale = (uint8_t)prng_u16(prng);
    }
    options.sack_permitted = prng_bool(prng);
    if ((options.has_timestamps = prng_bool(prng))) {
        options.ts_val = prng_u32(prng);
        options.ts_ecr = prng_u32(prng);
    }
    options.n_sack_blocks = (uint8_t)prng_below(prng, TCP_MAX_SACK_BLOCKS + 1);
    for (size_t i = 0; i < options.n_sack_blocks; i++) {
        options.sack[i].left = prng_u32(prng);
        options.sack[i].right = prng_u32(prng);
    }
    return options;
}

static struct tcp_header prng_header(struct prng *prng)
{
    struct tcp_header header = {0};
    header.src_port = prng_u16(prng);
    header.dst_port = prng_u16(prng);
    header.seq = prng_u32(prng);
    header.ack = prng_u32(prng);
    header.flags = (uint8_t)prng_u16(prng);
    header.window = prng_u16(prng);
    header.urgent = prng_u16(prng);
    header.options = prng_options(prng);
    return header;
}

/* `blocks`: how many SACK blocks are expected to have come through. */
static void assert_options_equal(const struct tcp_options *a, const struct tcp_options *b,
                                 size_t blocks)
{
    assert_int_equal(a->has_mss, b->has_mss);
    assert_int_equal(a->mss, b->mss);
    assert_int_equal(a->has_window_scale, b->has_window_scale);
    assert_int_equal(a->window_scale, b->window_scale);
    assert_int_equal(a->sack_permitted, b->sack_permitted);
    assert_int_equal(a->has_timestamps, b->has_timestamps);
    assert_int_equal(a->ts_val, b->ts_val);
    assert_int_equal(a->ts_ecr, b->ts_ecr);
    assert_int_equal(b->n_sack_blocks, blocks);
    for (size_t i = 0; i < blocks; i++) {
        assert_int_equal(a->sack[i].left, b->sack[i].left);
        assert_int_equal(a->sack[i].right, b->sack[i].right);
    }
}

static size_t blocks_that_fit(const struct tcp_options *options)
{
    size_t used = options->has_mss ? 4 : 0;
    used += options->has_window_scale ? 4 : 0;
    if (options->has_timestamps) {
        used += 12;
    } else if (options->sack_permitted) {
        used += 4;
    }
    size_t fit = (40 - 4 - used) / 8;
    return options->n_sack_blocks < fit ? options->n_sack_blocks : fit;
}

static void round_trip(struct prng *prng, struct ip_addr src, struct ip_addr dst)
{
    uint8_t bytes[TCP_MAX_HEADER_LEN + 101];
    prng_fill(prng, bytes, sizeof bytes);
    struct tcp_header header = prng_header(prng), again;
    size_t len = tcp_header_len(&header.options);
    struct bytes body = {bytes + len, prng_below(prng, 102)};
    struct writer w = writer_of(bytes, len);
    tcp_emit(&w, src, dst, &header, body);
    assert_true(!w.failed && w.p == w.end && len % 4 == 0);
    struct reader r = reader_of(bytes, len + body.len);
    bool right;
    assert_true(tcp_parse(&r, src, dst, &again, &right) && right);
    assert_ptr_equal(r.p, body.p);
    assert_int_equal(again.header_len, len);
    assert_int_equal(again.src_port, header.src_port);
    assert_int_equal(again.dst_port, header.dst_port);
    assert_int_equal(again.seq, header.seq);
    assert_int_equal(again.ack, header.ack);
    assert_int_equal(again.flags, header.flags);
    assert_int_equal(again.window, header.window);
    assert_int_equal(again.urgent, header.urgent);
    assert_options_equal(&header.options, &again.options, blocks_that_fit(&header.options));
}

static void headers_round_trip_over_both_versions_of_ip(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "tcp", "round-trip");
    for (int i = 0; i < 5000; i++) {
        struct ip_addr src = ip_v4(prng_u32(&prng)), dst = ip_v4(prng_u32(&prng));
        round_trip(&prng, src, dst);
        src = prng_ip_v6(&prng);
        dst = prng_ip_v6(&prng);
        round_trip(&prng, src, dst);
    }
}

static bool parse(const uint8_t *bytes, size_t len, struct tcp_header *header, bool *right)
{
    struct reader r = reader_of(bytes, len);
    return tcp_parse(&r, ip_v4(A), ip_v4(B), header, right);
}

/* Parses a segment whose options are these bytes (at most 40, padded with END). */
static struct tcp_options parse_options(const uint8_t *options, size_t len)
{
    uint8_t bytes[TCP_MAX_HEADER_LEN] = {0};
    size_t header_len = TCP_HEADER_LEN + (len + 3) / 4 * 4;
    assert_true(header_len <= sizeof bytes);
    bytes[12] = (uint8_t)(header_len / 4 << 4);
    if (len > 0) {
        memcpy(bytes + TCP_HEADER_LEN, options, len);
    }
    struct tcp_header header;
    bool right;
    assert_true(parse(bytes, header_len, &header, &right));
    assert_int_equal(header.header_len, header_len);
    return header.options;
}

#define OPTIONS(...)                                                                               \
    parse_options((const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__})

static void expect_refused_or_wrong(struct bytes cut, void *header_len)
{
    struct tcp_header header;
    bool right;
    bool parsed = parse(cut.p, cut.len, &header, &right);
    assert_int_equal(parsed, cut.len >= *(size_t *)header_len);
    assert_false(right);
}

static void every_truncation_is_refused_or_does_not_add_up(void **state)
{
    (void)state;
    size_t header_len = 40;
    for_each_truncation(FRAME_TCP_SYN + SEGMENT_AT, sizeof FRAME_TCP_SYN - SEGMENT_AT,
                        expect_refused_or_wrong, &header_len);
    header_len = 32;
    for_each_truncation(FRAME_HTTP_GET + SEGMENT_AT, sizeof FRAME_HTTP_GET - SEGMENT_AT,
                        expect_refused_or_wrong, &header_len);
}

static void a_data_offset_that_lies_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[sizeof FRAME_TCP_SYN - SEGMENT_AT];
    memcpy(bytes, FRAME_TCP_SYN + SEGMENT_AT, sizeof bytes);
    for (uint8_t offset = 0; offset < 16; offset++) {
        bytes[12] = (uint8_t)(offset << 4);
        struct tcp_header header;
        bool right;
        bool fits = offset >= 5 && offset <= 10;
        assert_int_equal(parse(bytes, sizeof bytes, &header, &right), fits);
        assert_int_equal(right, offset == 10);
    }
}

static void every_flipped_bit_is_found(void **state)
{
    (void)state;
    uint8_t bytes[sizeof FRAME_HTTP_GET - SEGMENT_AT];
    memcpy(bytes, FRAME_HTTP_GET + SEGMENT_AT, sizeof bytes);
    for (size_t bit = 0; bit < sizeof bytes * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct tcp_header header;
        bool right;
        parse(bytes, sizeof bytes, &header, &right);
        assert_false(right);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void a_segment_for_another_address_does_not_add_up(void **state)
{
    (void)state;
    struct reader r = reader_of(FRAME_TCP_SYN + SEGMENT_AT, sizeof FRAME_TCP_SYN - SEGMENT_AT);
    struct tcp_header header;
    bool right;
    assert_true(tcp_parse(&r, ip_v4(A), ip_v4(B + 1), &header, &right) && !right);
}

static void unknown_options_are_skipped(void **state)
{
    (void)state;
    struct tcp_options options =
        OPTIONS(0xfd, 6, 1, 2, 3, 4, TCP_OPTION_NOP, 34, 2, TCP_OPTION_MSS, 4, 5, 0xb4);
    assert_true(options.has_mss);
    assert_int_equal(options.mss, 1460);
}

static void an_illegal_length_ends_the_options(void **state)
{
    (void)state;
    static const uint8_t lengths[] = {0, 1, 30, 255}; /* of an option with 20 bytes left */
    for (size_t i = 0; i < sizeof lengths; i++) {
        uint8_t bytes[20] = {TCP_OPTION_WINDOW_SCALE, 3, 7, 0xfd, lengths[i],
                             TCP_OPTION_MSS,          4, 5, 0xb4};
        struct tcp_options options = parse_options(bytes, sizeof bytes);
        assert_true(options.has_window_scale && !options.has_mss);
    }
    struct tcp_options options = OPTIONS(TCP_OPTION_NOP, TCP_OPTION_NOP, TCP_OPTION_NOP, 8);
    assert_false(options.has_timestamps); /* the kind is the last byte of the header */
}

static void a_known_option_with_a_length_not_its_own_is_skipped(void **state)
{
    (void)state;
    struct tcp_options options =
        OPTIONS(TCP_OPTION_MSS, 5, 1, 2, 3, TCP_OPTION_WINDOW_SCALE, 2, TCP_OPTION_SACK_PERMITTED,
                3, 0, TCP_OPTION_TIMESTAMPS, 9, 1, 2, 3, 4, 5, 6, 7, TCP_OPTION_MSS, 4, 2, 0);
    assert_true(options.has_mss);
    assert_int_equal(options.mss, 512);
    assert_false(options.has_window_scale || options.sack_permitted || options.has_timestamps);
}

static void sack_without_whole_blocks_is_skipped(void **state)
{
    (void)state;
    for (uint8_t len = 2; len <= 40; len++) {
        uint8_t bytes[40] = {TCP_OPTION_SACK, len};
        struct tcp_options options = parse_options(bytes, sizeof bytes);
        bool is_whole = len > 2 && (len - 2) % 8 == 0;
        assert_int_equal(options.n_sack_blocks, is_whole ? (len - 2) / 8 : 0);
    }
}

static void nothing_behind_end_counts(void **state)
{
    (void)state;
    struct tcp_options options =
        OPTIONS(TCP_OPTION_NOP, TCP_OPTION_END, TCP_OPTION_MSS, 4, 5, 0xb4);
    assert_false(options.has_mss);
}

static void of_an_option_given_twice_the_last_counts(void **state)
{
    (void)state;
    struct tcp_options options = OPTIONS(TCP_OPTION_MSS, 4, 5, 0xb4, TCP_OPTION_MSS, 4, 2, 0x18);
    assert_int_equal(options.mss, 536);
}

static void forty_bytes_of_options_are_read_to_the_last(void **state)
{
    (void)state;
    uint8_t bytes[40];
    memset(bytes, TCP_OPTION_NOP, sizeof bytes);
    memcpy(bytes + 36, "\x02\x04\x05\xb4", 4);
    assert_int_equal(parse_options(bytes, sizeof bytes).mss, 1460);
}

static size_t len_with(struct tcp_options options)
{
    return tcp_header_len(&options);
}

static void sack_blocks_without_room_are_left_out(void **state)
{
    (void)state;
    struct tcp_options all = {.has_mss = true,
                              .has_window_scale = true,
                              .sack_permitted = true,
                              .has_timestamps = true,
                              .n_sack_blocks = 4};
    assert_int_equal(len_with(all), 20 + 20 + 4 + 2 * 8);
    assert_int_equal(len_with((struct tcp_options){.n_sack_blocks = 4}), 20 + 4 + 4 * 8);
    struct tcp_options with_timestamps = {.has_timestamps = true, .n_sack_blocks = 4};
    assert_int_equal(len_with(with_timestamps), 20 + 12 + 4 + 3 * 8);
    assert_int_equal(len_with((struct tcp_options){0}), 20);
    assert_int_equal(len_with((struct tcp_options){.sack_permitted = true}), 24);
}

static void the_handshake_of_linux_is_read_and_written_as_linux_did(void **state)
{
    (void)state;
    const uint8_t *linux_bytes = FRAME_TCP_SYN + SEGMENT_AT;
    struct tcp_header header;
    bool right;
    assert_true(parse(linux_bytes, sizeof FRAME_TCP_SYN - SEGMENT_AT, &header, &right) && right);
    assert_int_equal(header.dst_port, 80);
    assert_int_equal(header.flags, TCP_SYN);
    assert_int_equal(header.window, 64240);
    assert_int_equal(header.options.mss, 1460);
    assert_int_equal(header.options.window_scale, 10);
    assert_true(header.options.sack_permitted && header.options.has_timestamps);
    uint8_t bytes[TCP_MAX_HEADER_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    tcp_emit(&w, ip_v4(A), ip_v4(B), &header, (struct bytes){NULL, 0});
    assert_int_equal(w.p - bytes, sizeof FRAME_TCP_SYN - SEGMENT_AT);
    assert_memory_equal(bytes, linux_bytes, sizeof FRAME_TCP_SYN - SEGMENT_AT);
}

static void data_of_linux_is_read_and_written_as_linux_did(void **state)
{
    (void)state;
    const uint8_t *linux_bytes = FRAME_HTTP_GET + SEGMENT_AT;
    struct reader r = reader_of(linux_bytes, sizeof FRAME_HTTP_GET - SEGMENT_AT);
    struct tcp_header header;
    bool right;
    assert_true(tcp_parse(&r, ip_v4(A), ip_v4(B), &header, &right) && right);
    assert_memory_equal(r.p, "GET / HTTP/1.1\r\n", 16);
    uint8_t bytes[TCP_MAX_HEADER_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    tcp_emit(&w, ip_v4(A), ip_v4(B), &header, (struct bytes){r.p, reader_left(&r)});
    assert_int_equal(w.p - bytes, 32);
    assert_memory_equal(bytes, linux_bytes, 32);
}

static void flags_print_in_the_order_people_say_them(void **state)
{
    (void)state;
    char text[TCP_FLAGS_TEXT_SIZE];
    assert_string_equal(tcp_flags_print(0, text), "none");
    assert_string_equal(tcp_flags_print(TCP_SYN, text), "SYN");
    assert_string_equal(tcp_flags_print(TCP_SYN | TCP_ACK, text), "SYN,ACK");
    assert_string_equal(tcp_flags_print(TCP_FIN | TCP_PSH | TCP_ACK, text), "FIN,PSH,ACK");
    assert_string_equal(tcp_flags_print(0xff, text), "SYN,FIN,RST,PSH,ACK,URG,ECE,CWR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_round_trip_over_both_versions_of_ip),
        cmocka_unit_test(every_truncation_is_refused_or_does_not_add_up),
        cmocka_unit_test(a_data_offset_that_lies_is_refused),
        cmocka_unit_test(every_flipped_bit_is_found),
        cmocka_unit_test(a_segment_for_another_address_does_not_add_up),
        cmocka_unit_test(unknown_options_are_skipped),
        cmocka_unit_test(an_illegal_length_ends_the_options),
        cmocka_unit_test(a_known_option_with_a_length_not_its_own_is_skipped),
        cmocka_unit_test(sack_without_whole_blocks_is_skipped),
        cmocka_unit_test(nothing_behind_end_counts),
        cmocka_unit_test(of_an_option_given_twice_the_last_counts),
        cmocka_unit_test(forty_bytes_of_options_are_read_to_the_last),
        cmocka_unit_test(sack_blocks_without_room_are_left_out),
        cmocka_unit_test(the_handshake_of_linux_is_read_and_written_as_linux_did),
        cmocka_unit_test(data_of_linux_is_read_and_written_as_linux_did),
        cmocka_unit_test(flags_print_in_the_order_people_say_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
