#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/map.h"
#include "base/prng.h"

#include <string.h>

static int values[1000]; /* what the maps point at */

static void a_new_map_is_empty_and_holds_no_memory(void **state)
{
    (void)state;
    struct map map;
    map_init(&map, 4, 1);
    uint32_t key = 7;
    size_t cursor = 0;
    assert_null(map_get(&map, &key));
    assert_null(map_remove(&map, &key));
    assert_null(map_next(&map, &cursor));
    assert_null(map.keys);
    map_fini(&map);
}

static void put_replaces_and_says_what_was_there(void **state)
{
    (void)state;
    struct map map;
    map_init(&map, 4, 1);
    uint32_t key = 7;
    assert_null(map_put(&map, &key, &values[1]));
    assert_ptr_equal(map_put(&map, &key, &values[2]), &values[1]);
    assert_int_equal(map.count, 1);
    assert_ptr_equal(map_get(&map, &key), &values[2]);
    assert_ptr_equal(map_remove(&map, &key), &values[2]);
    assert_null(map_get(&map, &key));
    assert_int_equal(map.count, 0);
    map_fini(&map);
}

static void keys_are_copied(void **state)
{
    (void)state;
    struct map map;
    map_init(&map, 4, 1);
    uint32_t key = 7;
    map_put(&map, &key, &values[1]);
    key = 8;
    assert_null(map_get(&map, &key));
    map_fini(&map);
}

/* Walks the map and compares with `expected`, indexes into values. */
static void assert_order(const struct map *map, const int *expected, size_t count)
{
    size_t cursor = 0;
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(map_next(map, &cursor), &values[expected[i]]);
    }
    assert_null(map_next(map, &cursor));
}

static void iteration_goes_by_insertion_whatever_the_seed(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct map map;
        map_init(&map, 4, seed);
        int expected[100];
        for (uint32_t i = 0; i < 100; i++) {
            uint32_t key = i * 7919 % 100;
            map_put(&map, &key, &values[key]);
            expected[i] = (int)key;
        }
        assert_order(&map, expected, 100);
        map_fini(&map);
    }
}

static void replacing_keeps_the_place_and_coming_back_is_last(void **state)
{
    (void)state;
    struct map map;
    map_init(&map, 4, 1);
    for (uint32_t key = 0; key < 4; key++) {
        map_put(&map, &key, &values[key]);
    }
    map_put(&map, &(uint32_t){1}, &values[11]);
    map_remove(&map, &(uint32_t){2});
    map_put(&map, &(uint32_t){2}, &values[2]);
    assert_order(&map, (const int[]){0, 11, 3, 2}, 4);
    map_fini(&map);
}

static void entries_may_be_removed_while_walking(void **state)
{
    (void)state;
    struct map map;
    map_init(&map, 4, 1);
    for (uint32_t key = 0; key < 100; key++) {
        map_put(&map, &key, &values[key]);
    }
    size_t cursor = 0;
    size_t seen = 0;
    int *value;
    while ((value = map_next(&map, &cursor))) {
        uint32_t key = (uint32_t)(value - values);
        assert_int_equal(key, seen++);
        if (key % 3) {
            map_remove(&map, &key);
        }
    }
    assert_int_equal(seen, 100);
    assert_int_equal(map.count, 34);
    map_fini(&map);
}

static void churn_does_not_grow_the_map(void **state)
{
    (void)state;
    struct map map;
    map_init(&map, 8, 1);
    for (uint64_t key = 0; key < 100000; key++) {
        map_put(&map, &key, &values[1]);
        if (key >= 10) {
            assert_non_null(map_remove(&map, &(uint64_t){key - 10}));
        }
        assert_true(map.capacity <= 32);
    }
    map_fini(&map);
}

struct model { /* a map as a list of pairs, in order of insertion */
    uint16_t keys[1000];
    int *values[1000];
    size_t count;
};

static size_t model_find(const struct model *model, uint16_t key)
{
    size_t i = 0;
    while (i < model->count && model->keys[i] != key) {
        i++;
    }
    return i;
}

static int *model_put(struct model *model, uint16_t key, int *value)
{
    size_t i = model_find(model, key);
    int *old = i < model->count ? model->values[i] : NULL;
    model->count += old == NULL;
    model->keys[i] = key;
    model->values[i] = value;
    return old;
}

static int *model_remove(struct model *model, uint16_t key)
{
    size_t i = model_find(model, key);
    if (i == model->count) {
        return NULL;
    }
    int *old = model->values[i];
    model->count--;
    memmove(&model->keys[i], &model->keys[i + 1], (model->count - i) * sizeof model->keys[0]);
    memmove(&model->values[i], &model->values[i + 1], (model->count - i) * sizeof model->values[0]);
    return old;
}

static void assert_same(const struct map *map, const struct model *model)
{
    assert_int_equal(map->count, model->count);
    size_t cursor = 0;
    for (size_t i = 0; i < model->count; i++) {
        assert_ptr_equal(map_next(map, &cursor), model->values[i]);
    }
    assert_null(map_next(map, &cursor));
}

static void behaves_like_a_naive_model(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "test", "map");
    for (int round = 0; round < 20; round++) {
        struct map map;
        static struct model model;
        model.count = 0;
        map_init(&map, 2, prng_u64(&prng));
        uint64_t n_keys = 1 + prng_below(&prng, 400);
        uint64_t removals = prng_below(&prng, 10); /* of ten */
        for (int step = 0; step < 5000; step++) {
            uint16_t key = (uint16_t)prng_below(&prng, n_keys);
            if (prng_below(&prng, 10) < removals) {
                assert_ptr_equal(map_remove(&map, &key), model_remove(&model, key));
            } else {
                int *value = &values[prng_below(&prng, 1000)];
                assert_ptr_equal(map_put(&map, &key, value), model_put(&model, key, value));
            }
            key = (uint16_t)prng_below(&prng, n_keys);
            size_t i = model_find(&model, key);
            assert_ptr_equal(map_get(&map, &key), i < model.count ? model.values[i] : NULL);
            if (step % 50 == 0) {
                assert_same(&map, &model);
            }
        }
        assert_same(&map, &model);
        map_fini(&map);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_map_is_empty_and_holds_no_memory),
        cmocka_unit_test(put_replaces_and_says_what_was_there),
        cmocka_unit_test(keys_are_copied),
        cmocka_unit_test(iteration_goes_by_insertion_whatever_the_seed),
        cmocka_unit_test(replacing_keeps_the_place_and_coming_back_is_last),
        cmocka_unit_test(entries_may_be_removed_while_walking),
        cmocka_unit_test(churn_does_not_grow_the_map),
        cmocka_unit_test(behaves_like_a_naive_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
