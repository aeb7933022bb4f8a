#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/prng.h"

#include <stdlib.h>

static const uint8_t WIRE[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xff};

static void numbers_are_big_endian(void **state)
{
    (void)state;
    struct reader r = reader_of(WIRE, sizeof WIRE);
    assert_int_equal(read_u8(&r), 0x01);
    assert_int_equal(read_u16(&r), 0x0203);
    assert_int_equal(read_u32(&r), 0x04050607);
    assert_int_equal(reader_left(&r), 1);
    assert_false(reader_is_done(&r));
    assert_int_equal(read_u8(&r), 0xff);
    assert_true(reader_is_done(&r));
}

static void the_highest_bit_is_no_sign(void **state)
{
    (void)state;
    const uint8_t ones[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct reader r = reader_of(ones, sizeof ones);
    assert_true(read_u32(&r) == UINT32_MAX);
    assert_true(read_u16(&r) == UINT16_MAX);
}

static void a_failed_reader_stays_failed(void **state)
{
    (void)state;
    struct reader r = reader_of(WIRE, 3);
    assert_int_equal(read_u32(&r), 0);
    assert_true(r.failed);
    assert_int_equal(read_u8(&r), 0); /* although there are bytes */
    assert_int_equal(reader_left(&r), 0);
    assert_null(reader_take(&r, 0));
    assert_false(reader_is_done(&r));
}

static void no_length_is_too_long_to_be_refused(void **state)
{
    (void)state;
    struct reader r = reader_of(WIRE, sizeof WIRE);
    read_u8(&r);
    assert_null(reader_take(&r, SIZE_MAX));
    assert_true(r.failed);
    uint8_t room[4];
    struct writer w = writer_of(room, sizeof room);
    write_u8(&w, 1);
    assert_null(writer_take(&w, SIZE_MAX));
    assert_true(w.failed);
}

static void copying_what_is_not_there_gives_zeros(void **state)
{
    (void)state;
    uint8_t out[4] = {9, 9, 9, 9};
    struct reader r = reader_of(WIRE, 3);
    read_copy(&r, out, 4);
    assert_true(r.failed);
    assert_memory_equal(out, "\0\0\0\0", 4);
}

static void nothing_can_be_read_from_nothing(void **state)
{
    (void)state;
    struct reader r = reader_of(NULL, 0);
    assert_true(reader_is_done(&r));
    struct reader sub = reader_sub(&r, 0);
    assert_true(reader_is_done(&sub));
    read_copy(&r, NULL, 0);
    assert_true(reader_is_done(&r));
    assert_int_equal(read_u8(&r), 0);
    assert_true(r.failed);
    struct writer w = writer_of(NULL, 0);
    write_copy(&w, NULL, 0);
    write_zeros(&w, 0);
    assert_false(w.failed);
    write_u8(&w, 1);
    assert_true(w.failed);
}

static void a_sub_reader_ends_where_it_was_told(void **state)
{
    (void)state;
    struct reader r = reader_of(WIRE, sizeof WIRE);
    struct reader sub = reader_sub(&r, 2);
    assert_int_equal(read_u16(&sub), 0x0102);
    assert_true(reader_is_done(&sub));
    assert_int_equal(read_u8(&sub), 0);
    assert_true(sub.failed);
    assert_false(r.failed); /* its own business */
    assert_int_equal(read_u8(&r), 0x03);
}

static void a_sub_reader_beyond_the_end_fails_with_its_parent(void **state)
{
    (void)state;
    struct reader r = reader_of(WIRE, sizeof WIRE);
    struct reader sub = reader_sub(&r, sizeof WIRE + 1);
    assert_true(r.failed);
    assert_true(sub.failed);
    assert_int_equal(reader_left(&sub), 0);
    assert_int_equal(read_u32(&sub), 0);
}

static void a_failed_writer_writes_nothing_more(void **state)
{
    (void)state;
    uint8_t room[5] = {0};
    struct writer w = writer_of(room, 4);
    write_u16(&w, 0xaabb);
    write_u32(&w, 0x11223344);
    assert_true(w.failed);
    write_u8(&w, 0xcc);
    write_copy(&w, WIRE, 1);
    write_zeros(&w, 1);
    assert_int_equal(writer_left(&w), 0);
    assert_memory_equal(room, "\xaa\xbb\0\0\0", 5);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "test", "bytes");
    for (int round = 0; round < 1000; round++) {
        uint8_t room[7 + 5 + 3];
        struct writer w = writer_of(room, sizeof room);
        uint8_t a = (uint8_t)prng_u64(&prng);
        uint16_t b = prng_u16(&prng);
        uint32_t c = prng_u32(&prng);
        write_u8(&w, a);
        write_u32(&w, c);
        write_u16(&w, b);
        write_copy(&w, WIRE, 5);
        write_zeros(&w, 3);
        assert_false(w.failed);
        assert_int_equal(writer_left(&w), 0);
        struct reader r = reader_of(room, sizeof room);
        assert_int_equal(read_u8(&r), a);
        assert_int_equal(read_u32(&r), c);
        assert_int_equal(read_u16(&r), b);
        assert_memory_equal(reader_take(&r, 5), WIRE, 5);
        assert_memory_equal(reader_take(&r, 3), "\0\0\0", 3);
        assert_true(reader_is_done(&r));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_big_endian),
        cmocka_unit_test(the_highest_bit_is_no_sign),
        cmocka_unit_test(a_failed_reader_stays_failed),
        cmocka_unit_test(no_length_is_too_long_to_be_refused),
        cmocka_unit_test(copying_what_is_not_there_gives_zeros),
        cmocka_unit_test(nothing_can_be_read_from_nothing),
        cmocka_unit_test(a_sub_reader_ends_where_it_was_told),
        cmocka_unit_test(a_sub_reader_beyond_the_end_fails_with_its_parent),
        cmocka_unit_test(a_failed_writer_writes_nothing_more),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
