#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/prng.h"
#include "stack/link/addr_map.h"

static void empty_map_knows_nothing(void **state)
{
    (void)state;
    struct addr_map map;
    addr_map_init(&map, 7);
    assert_null(addr_map_get(&map, 0));
    assert_null(addr_map_remove(&map, 0));
    assert_null(map.slots); /* and costs nothing */
    addr_map_fini(&map);
}

static void put_replaces_and_remove_returns_the_value(void **state)
{
    (void)state;
    struct addr_map map;
    int first, second;
    addr_map_init(&map, 7);
    addr_map_put(&map, 0, &first);
    addr_map_put(&map, UINT32_MAX, &first);
    addr_map_put(&map, 0, &second);
    assert_int_equal(map.count, 2);
    assert_ptr_equal(addr_map_get(&map, 0), &second);
    assert_ptr_equal(addr_map_get(&map, UINT32_MAX), &first);
    assert_null(addr_map_get(&map, 1));
    assert_ptr_equal(addr_map_remove(&map, 0), &second);
    assert_null(addr_map_remove(&map, 0));
    assert_int_equal(map.count, 1);
    addr_map_fini(&map);
    assert_null(map.slots);
    assert_int_equal(map.seed, 7);
}

enum { N_KEYS = 300 };

static void map_agrees_with_an_array_whatever_the_seed(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct prng prng;
        prng_init(&prng, seed, "test", "addr-map");
        struct addr_map map;
        addr_map_init(&map, seed);
        static int values[N_KEYS];
        void *model[N_KEYS] = {NULL};
        size_t count = 0;
        for (int round = 0; round < 3000; round++) {
            uint32_t key = (uint32_t)prng_below(&prng, N_KEYS);
            if (model[key]) {
                assert_ptr_equal(addr_map_remove(&map, key * 256), model[key]);
                model[key] = NULL;
                count--;
            } else {
                addr_map_put(&map, key * 256, &values[key]);
                model[key] = &values[key];
                count++;
            }
            uint32_t probe = (uint32_t)prng_below(&prng, N_KEYS);
            assert_ptr_equal(addr_map_get(&map, probe * 256), model[probe]);
            assert_int_equal(map.count, count);
            assert_true(map.count * 2 <= map.mask + 1); /* there is always a free slot */
        }
        assert_true(map.mask < 1024); /* removals make room: it has grown for what it holds */
        addr_map_fini(&map);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_map_knows_nothing),
        cmocka_unit_test(put_replaces_and_remove_returns_the_value),
        cmocka_unit_test(map_agrees_with_an_array_whatever_the_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
