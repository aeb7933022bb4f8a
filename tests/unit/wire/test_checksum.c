/* The Internet checksum, against the RFCs' examples, a simple one, and what Linux sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "real_frames.h"
#include "wire/checksum.h"
#include "wire_support.h"

/* RFC 1071 section 4.1, one 16-bit word at a time. */
static uint16_t simple_checksum(const uint8_t *p, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i += 2) {
        sum += (uint32_t)(p[i] << 8 | (i + 1 < len ? p[i + 1] : 0));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

static void the_example_of_rfc_1071_holds(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    assert_int_equal(checksum_finish(checksum_add(0, bytes, sizeof bytes)), (uint16_t)~0xddf2);
}

static void the_example_of_rfc_1624_holds(void **state)
{
    (void)state;
    /* section 4: HC = 0xdd2f, m = 0x5555, m' = 0x3285; HC' = 0x0000 and not 0xffff */
    assert_int_equal(checksum_update(0xdd2f, 0x5555, 0x3285), 0x0000);
}

static void every_length_and_alignment_agrees_with_the_simple_sum(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "checksum", "lengths");
    uint8_t bytes[1600];
    for (size_t len = 0; len < sizeof bytes - 8; len++) {
        size_t offset = len % 8;
        if (prng_below(&prng, 4) == 0) {
            memset(bytes, 0xff, sizeof bytes); /* every addition carries */
        } else {
            prng_fill(&prng, bytes, sizeof bytes);
        }
        uint16_t sum = checksum_finish(checksum_add(0, bytes + offset, len));
        assert_int_equal(sum, simple_checksum(bytes + offset, len));
    }
}

static void the_longest_packet_of_ones_does_not_overflow(void **state)
{
    (void)state;
    enum { LEN = 65535 };
    uint8_t *bytes = memory_new(LEN);
    memset(bytes, 0xff, LEN);
    assert_int_equal(checksum_finish(checksum_add(0, bytes, LEN)), simple_checksum(bytes, LEN));
    uint64_t full = UINT64_MAX; /* a sum that is about to carry keeps the carry */
    assert_int_equal(checksum_finish(checksum_add(full, "\0\1", 2)), (uint16_t)~1);
    assert_int_equal(checksum_finish(checksum_add_u32(full, 1)), (uint16_t)~1);
    free(bytes);
}

static void blocks_may_be_added_one_by_one_in_any_order(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "checksum", "blocks");
    for (int i = 0; i < 1000; i++) {
        uint8_t bytes[200];
        prng_fill(&prng, bytes, sizeof bytes);
        size_t len = 1 + prng_below(&prng, sizeof bytes);
        size_t cut = prng_below(&prng, len) & ~(size_t)1;
        uint64_t forward = checksum_add(checksum_add(0, bytes, cut), bytes + cut, len - cut);
        uint64_t backward = checksum_add(checksum_add(0, bytes + cut, len - cut), bytes, cut);
        uint16_t expected = simple_checksum(bytes, len);
        assert_int_equal(checksum_finish(forward), expected);
        assert_int_equal(checksum_finish(backward), expected);
    }
}

static void adding_a_value_equals_adding_what_is_written(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "checksum", "values");
    for (int i = 0; i < 1000; i++) {
        uint64_t sum = prng_u64(&prng);
        uint32_t value = prng_u32(&prng);
        uint8_t bytes[4];
        struct writer w = writer_of(bytes, sizeof bytes);
        write_u32(&w, value);
        assert_int_equal(checksum_finish(checksum_add_u32(sum, value)),
                         checksum_finish(checksum_add(sum, bytes, sizeof bytes)));
    }
}

static void bytes_that_include_their_checksum_are_right(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "checksum", "right");
    for (int i = 0; i < 1000; i++) {
        uint8_t bytes[64];
        prng_fill(&prng, bytes, sizeof bytes);
        bytes[10] = bytes[11] = 0;
        uint16_t sum = checksum_finish(checksum_add(0, bytes, sizeof bytes));
        bytes[10] = (uint8_t)(sum >> 8);
        bytes[11] = (uint8_t)sum;
        assert_true(checksum_is_right(checksum_add(0, bytes, sizeof bytes)));
        bytes[prng_below(&prng, sizeof bytes)] ^= (uint8_t)(1 << prng_below(&prng, 8));
        assert_false(checksum_is_right(checksum_add(0, bytes, sizeof bytes)));
    }
}

static void an_update_equals_computing_anew(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "checksum", "update");
    for (int i = 0; i < 100000; i++) {
        uint8_t bytes[12];
        prng_fill(&prng, bytes, sizeof bytes);
        struct reader r = reader_of(bytes + 4, 4);
        uint32_t old_value = read_u32(&r);
        uint16_t before = checksum_finish(checksum_add(0, bytes, sizeof bytes));
        uint32_t new_value = prng_below(&prng, 8) ? prng_u32(&prng) : prng_u16(&prng) & 1;
        struct writer w = writer_of(bytes + 4, 4);
        write_u32(&w, new_value);
        uint16_t after = checksum_finish(checksum_add(0, bytes, sizeof bytes));
        assert_int_equal(checksum_update_u32(before, old_value, new_value), after);
        uint16_t half =
            checksum_update(before, (uint16_t)(old_value >> 16), (uint16_t)(new_value >> 16));
        assert_int_equal(checksum_update(half, (uint16_t)old_value, (uint16_t)new_value), after);
    }
}

/* The pseudo-header as bytes: RFC 768 and RFC 9293 3.1, RFC 8200 8.1. */
static void the_pseudo_header_is_summed_as_the_rfcs_draw_it(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "checksum", "pseudo");
    for (int i = 0; i < 1000; i++) {
        uint8_t bytes[40];
        struct writer w = writer_of(bytes, sizeof bytes);
        struct ip_addr src = ip_v4(prng_u32(&prng)), dst = ip_v4(prng_u32(&prng));
        uint16_t len = prng_u16(&prng);
        write_u32(&w, src.v4);
        write_u32(&w, dst.v4);
        write_u16(&w, 17);
        write_u16(&w, len);
        assert_int_equal(checksum_finish(checksum_add_pseudo_header(0, src, dst, 17, len)),
                         simple_checksum(bytes, 12));
        src = prng_ip_v6(&prng);
        dst = prng_ip_v6(&prng);
        uint32_t len32 = prng_u32(&prng);
        w = writer_of(bytes, sizeof bytes);
        write_copy(&w, src.v6, 16);
        write_copy(&w, dst.v6, 16);
        write_u32(&w, len32);
        write_u32(&w, 6);
        assert_int_equal(checksum_finish(checksum_add_pseudo_header(0, src, dst, 6, len32)),
                         simple_checksum(bytes, 40));
    }
}

static void the_checksums_that_linux_sends_are_right(void **state)
{
    (void)state;
    int checked = 0;
    for (size_t i = 0; i < N_REAL_FRAMES; i++) {
        const uint8_t *p = REAL_FRAMES[i].bytes + 14;
        if (p[-2] != 0x08 || p[-1] != 0x00) {
            continue;
        }
        size_t header_len = (size_t)(p[0] & 15) * 4, len = REAL_FRAMES[i].len - 14 - header_len;
        assert_true(checksum_is_right(checksum_add(0, p, header_len)));
        struct reader r = reader_of(p + 12, 8);
        struct ip_addr src = ip_v4(read_u32(&r));
        struct ip_addr dst = ip_v4(read_u32(&r));
        bool has_pseudo_header = p[9] != 1;
        uint64_t sum =
            has_pseudo_header ? checksum_add_pseudo_header(0, src, dst, p[9], (uint32_t)len) : 0;
        assert_true(checksum_is_right(checksum_add(sum, p + header_len, len)));
        checked++;
    }
    assert_int_equal(checked, N_REAL_FRAMES - 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_rfc_1071_holds),
        cmocka_unit_test(the_example_of_rfc_1624_holds),
        cmocka_unit_test(every_length_and_alignment_agrees_with_the_simple_sum),
        cmocka_unit_test(the_longest_packet_of_ones_does_not_overflow),
        cmocka_unit_test(blocks_may_be_added_one_by_one_in_any_order),
        cmocka_unit_test(adding_a_value_equals_adding_what_is_written),
        cmocka_unit_test(bytes_that_include_their_checksum_are_right),
        cmocka_unit_test(an_update_equals_computing_anew),
        cmocka_unit_test(the_pseudo_header_is_summed_as_the_rfcs_draw_it),
        cmocka_unit_test(the_checksums_that_linux_sends_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
