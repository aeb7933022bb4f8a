#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "medium/damage_internal.h"
#include "medium/fcs_internal.h"

#include <string.h>

enum { LEN = 200 };

static struct packet *frame_new(struct packet_pool *pool, size_t len)
{
    struct packet *frame = packet_new(pool, len);
    memset(frame->data, 0x5a, len);
    return frame;
}

static uint32_t flipped_bits(const struct packet *frame)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < frame->len; i++) {
        count += (uint32_t)__builtin_popcount(frame->data[i] ^ 0x5au);
    }
    return count;
}

static void the_fcs_is_the_crc_of_ieee_802_3(void **state)
{
    (void)state;
    assert_int_equal(fcs_of((const uint8_t *)"123456789", 9), 0xcbf43926);
    assert_int_equal(fcs_of(NULL, 0), 0);
    /* A frame with its FCS behind it, least byte first, leaves the residue of every right frame. */
    uint8_t bytes[] = {1, 2, 3, 4, 5, 0, 0, 0, 0};
    uint32_t fcs = fcs_of(bytes, 5);
    for (int i = 0; i < 4; i++) {
        bytes[5 + i] = (uint8_t)(fcs >> (8 * i));
    }
    assert_int_equal(fcs_of(bytes, 9), 0x2144df1c);
}

static void every_error_of_up_to_three_bits_is_found(void **state)
{
    (void)state;
    struct packet_pool *pool = packet_pool_new();
    uint32_t seen[4] = {0};
    for (uint64_t draw = 0; draw < 3000; draw++) {
        struct packet *frame = frame_new(pool, LEN);
        struct damage damage = {0};
        damage_on_wire(&damage, frame, 3, draw);
        assert_true(damage.is_detected);
        assert_in_range(damage.n_bits, 1, 3);
        assert_true(flipped_bits(frame) <= damage.n_bits); /* others are in the FCS */
        seen[damage.n_bits]++;
        packet_put(frame);
    }
    for (int n = 1; n <= 3; n++) {
        assert_in_range(seen[n], 1000 - 130, 1000 + 130); /* 5 sigma */
    }
    packet_pool_free(pool);
}

static void silent_damage_flips_as_many_bits_as_it_says(void **state)
{
    (void)state;
    struct packet_pool *pool = packet_pool_new();
    uint32_t seen[9] = {0};
    for (uint64_t draw = 0; draw < 8000; draw++) {
        struct packet *frame = frame_new(pool, LEN);
        struct damage damage = {0};
        damage_behind_fcs(&damage, frame, 8, draw);
        assert_false(damage.is_detected);
        assert_in_range(damage.n_bits, 1, 8);
        assert_int_equal(flipped_bits(frame), damage.n_bits);
        seen[damage.n_bits]++;
        packet_put(frame);
    }
    for (int n = 1; n <= 8; n++) {
        assert_in_range(seen[n], 1000 - 150, 1000 + 150); /* 5 sigma */
    }
    packet_pool_free(pool);
}

static void every_bit_is_as_likely_as_another(void **state)
{
    (void)state;
    struct packet_pool *pool = packet_pool_new();
    enum { BYTES = 8, RUNS = 64000 };
    uint32_t seen[8 * BYTES] = {0};
    for (uint64_t draw = 0; draw < RUNS; draw++) {
        struct packet *frame = frame_new(pool, BYTES);
        struct damage damage = {0};
        damage_behind_fcs(&damage, frame, 1, draw);
        for (int bit = 0; bit < 8 * BYTES; bit++) {
            seen[bit] += (frame->data[bit / 8] ^ 0x5au) >> bit % 8 & 1;
        }
        packet_put(frame);
    }
    for (int bit = 0; bit < 8 * BYTES; bit++) {
        assert_in_range(seen[bit], 1000 - 157, 1000 + 157); /* 5 sigma */
    }
    packet_pool_free(pool);
}

static void damage_to_the_fcs_alone_leaves_the_frame_whole(void **state)
{
    (void)state;
    struct packet_pool *pool = packet_pool_new();
    uint32_t whole = 0;
    for (uint64_t draw = 0; draw < 4000; draw++) {
        struct packet *frame = frame_new(pool, 12); /* 96 bits, and 32 of the FCS */
        struct damage damage = {0};
        damage_on_wire(&damage, frame, 1, draw);
        assert_true(damage.is_detected);
        whole += flipped_bits(frame) == 0;
        packet_put(frame);
    }
    assert_in_range(whole, 1000 - 137, 1000 + 137); /* 5 sigma */
    packet_pool_free(pool);
}

static void a_frame_has_no_more_bits_to_flip_than_it_has(void **state)
{
    (void)state;
    struct packet_pool *pool = packet_pool_new();
    for (uint64_t draw = 0; draw < 200; draw++) {
        struct packet *frame = frame_new(pool, 1);
        struct damage damage = {0};
        damage_behind_fcs(&damage, frame, 64, draw);
        assert_in_range(damage.n_bits, 1, 8);
        assert_int_equal(flipped_bits(frame), damage.n_bits);
        packet_trim(frame, 0);
        struct damage none = {0};
        damage_behind_fcs(&none, frame, 64, draw);
        assert_int_equal(none.n_bits, 0);
        damage_on_wire(&none, frame, 64, draw); /* only the FCS is left */
        assert_true(none.is_detected);
        packet_put(frame);
    }
    packet_pool_free(pool);
}

static void whoever_shares_the_bytes_sees_no_damage(void **state)
{
    (void)state;
    struct packet_pool *pool = packet_pool_new();
    struct packet *frame = frame_new(pool, LEN);
    packet_mark_payload(frame, 20);
    struct packet *kept = packet_clone(frame);
    uint64_t hash = packet_hash(frame);
    struct damage damage = {0};
    damage_behind_fcs(&damage, frame, 1, 1);
    assert_int_equal(flipped_bits(frame), 1);
    assert_int_not_equal(packet_hash(frame), hash); /* the digest was dropped */
    assert_int_equal(flipped_bits(kept), 0);
    assert_int_equal(packet_hash(kept), hash);
    packet_put(frame);
    packet_put(kept);
    packet_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fcs_is_the_crc_of_ieee_802_3),
        cmocka_unit_test(every_error_of_up_to_three_bits_is_found),
        cmocka_unit_test(silent_damage_flips_as_many_bits_as_it_says),
        cmocka_unit_test(every_bit_is_as_likely_as_another),
        cmocka_unit_test(damage_to_the_fcs_alone_leaves_the_frame_whole),
        cmocka_unit_test(a_frame_has_no_more_bits_to_flip_than_it_has),
        cmocka_unit_test(whoever_shares_the_bytes_sees_no_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
