#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/prng.h"

#include <string.h>

/* SplitMix64 as published; checked against the known vector below. */
static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void xoshiro_gives_the_published_numbers(void **state)
{
    (void)state;
    static const uint64_t expected[] = {
        11520u,
        0u,
        1509978240u,
        1215971899390074240u,
        1216172134540287360u,
        607988272756665600u,
        16172922978634559625u,
        8476171486693032832u,
        10595114339597558777u,
        2904607092377533576u,
    };
    struct prng prng = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_int_equal(prng_u64(&prng), expected[i]);
    }
}

static void streams_are_seeded_by_splitmix_of_seed_and_names(void **state)
{
    (void)state;
    uint64_t mix = 1234567;
    static const uint64_t expected[] = {6457827717110365317u, 3203168211198807973u,
                                        9817491932198370423u, 4593380528125082431u,
                                        16408922859458223821u};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_int_equal(splitmix64(&mix), expected[i]);
    }
    struct prng prng;
    prng_init(&prng, 99, "pc1", "tcp-isn");
    mix = hash_bytes("tcp-isn", 7, hash_bytes("pc1", 3, 99));
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(prng.s[i], splitmix64(&mix));
    }
}

static void streams_differ_by_seed_entity_and_purpose(void **state)
{
    (void)state;
    struct prng streams[5];
    prng_init(&streams[0], 1, "pc1", "isn");
    prng_init(&streams[1], 2, "pc1", "isn");
    prng_init(&streams[2], 1, "pc2", "isn");
    prng_init(&streams[3], 1, "pc1", "port");
    prng_init(&streams[4], 1, "pc1i", "sn");
    for (size_t i = 0; i < 5; i++) {
        for (size_t k = 0; k < i; k++) {
            assert_memory_not_equal(&streams[i], &streams[k], sizeof streams[0]);
        }
    }
    struct prng again;
    prng_init(&again, 1, "pc1", "isn");
    assert_memory_equal(&again, &streams[0], sizeof again);
}

static void below_stays_below(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "test", "below");
    for (uint64_t i = 0; i < 100000; i++) {
        uint64_t bound = (prng_u64(&prng) >> (i % 64)) | 1;
        assert_true(prng_below(&prng, bound) < bound);
    }
    assert_int_equal(prng_below(&prng, 1), 0);
}

static void below_reaches_every_value_equally_often(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 2, "test", "below");
    int64_t seen[100] = {0};
    for (int i = 0; i < 1000000; i++) {
        seen[prng_below(&prng, 100)]++;
    }
    int64_t chi_square = 0; /* times 10000; 99 degrees of freedom */
    for (size_t i = 0; i < 100; i++) {
        chi_square += (seen[i] - 10000) * (seen[i] - 10000);
    }
    assert_in_range(chi_square, 50 * 10000, 170 * 10000); /* beyond: one in 10^4 */
}

/* With a bound of 3/4 of 2^64 a plain remainder would give the first third twice as often. */
static void below_has_no_bias_where_a_remainder_would(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 3, "test", "below");
    const uint64_t third = UINT64_C(1) << 62;
    int seen[3] = {0};
    for (int i = 0; i < 30000; i++) {
        seen[prng_below(&prng, 3 * third) / third]++;
    }
    for (size_t i = 0; i < 3; i++) {
        assert_in_range(seen[i], 10000 - 5 * 82, 10000 + 5 * 82);
    }
}

static void below_rejects_what_would_be_biased(void **state)
{
    (void)state;
    /* The first draw from this state is 0, whose low half is below 2^64 mod 3: draw again. */
    struct prng prng = {{0, 0, 0, 1}};
    struct prng twin = prng;
    assert_int_equal(prng_u64(&twin), 0);
    uint64_t value;
    do {
        value = prng_u64(&twin);
    } while (value == 0);
    assert_int_equal(prng_below(&prng, 3), (uint64_t)(((unsigned __int128)value * 3) >> 64));
    assert_memory_equal(&prng, &twin, sizeof prng);
}

static void fill_gives_the_bytes_of_the_numbers_lowest_first(void **state)
{
    (void)state;
    for (size_t len = 0; len < 30; len++) {
        struct prng prng = {{1, 2, 3, 4}};
        struct prng twin = prng;
        uint8_t bytes[31];
        memset(bytes, 0xee, sizeof bytes);
        prng_fill(&prng, bytes, len);
        uint64_t value = 0;
        for (size_t i = 0; i < len; i++) {
            value = i % 8 == 0 ? prng_u64(&twin) : value >> 8;
            assert_int_equal(bytes[i], value & 0xff);
        }
        assert_int_equal(bytes[len], 0xee);
        assert_memory_equal(&prng, &twin, sizeof prng);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xoshiro_gives_the_published_numbers),
        cmocka_unit_test(streams_are_seeded_by_splitmix_of_seed_and_names),
        cmocka_unit_test(streams_differ_by_seed_entity_and_purpose),
        cmocka_unit_test(below_stays_below),
        cmocka_unit_test(below_reaches_every_value_equally_often),
        cmocka_unit_test(below_has_no_bias_where_a_remainder_would),
        cmocka_unit_test(below_rejects_what_would_be_biased),
        cmocka_unit_test(fill_gives_the_bytes_of_the_numbers_lowest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
