/* Entries lie in insertion order in two arrays; `index` maps hash slots to entry number + 1.
 * A removed entry keeps its place as a tombstone (value NULL, index slot DELETED) until the next
 * rebuild, which happens when the arrays are full. */
#include "base/map.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { SLOT_EMPTY = 0, MINIMUM_CAPACITY = 8 };
static const uint32_t SLOT_DELETED = UINT32_MAX;

void map_init(struct map *map, size_t key_size, uint64_t seed)
{
    *map = (struct map){.key_size = key_size, .seed = seed};
}

void map_fini(struct map *map)
{
    free(map->keys);
    free(map->values);
    free(map->index);
    map_init(map, map->key_size, map->seed);
}

static const uint8_t *map_key_at(const struct map *map, size_t entry)
{
    return map->keys + entry * map->key_size;
}

/* The index slot that holds `key`, or SIZE_MAX. */
static size_t map_find_slot(const struct map *map, const void *key)
{
    if (map->capacity == 0) {
        return SIZE_MAX;
    }
    size_t mask = map->capacity * 2 - 1;
    size_t slot = hash_bytes(key, map->key_size, map->seed) & mask;
    while (map->index[slot] != SLOT_EMPTY) {
        uint32_t entry = map->index[slot];
        if (entry != SLOT_DELETED && memcmp(map_key_at(map, entry - 1), key, map->key_size) == 0) {
            return slot;
        }
        slot = (slot + 1) & mask;
    }
    return SIZE_MAX;
}

static void map_append(struct map *map, const void *key, void *value)
{
    size_t mask = map->capacity * 2 - 1;
    size_t slot = hash_bytes(key, map->key_size, map->seed) & mask;
    while (map->index[slot] != SLOT_EMPTY) {
        slot = (slot + 1) & mask;
    }
    memcpy(map->keys + map->used * map->key_size, key, map->key_size);
    map->values[map->used] = value;
    map->used++;
    map->count++;
    map->index[slot] = (uint32_t)map->used;
}

static void map_rebuild(struct map *map)
{
    struct map old = *map;
    size_t capacity = MINIMUM_CAPACITY;
    while (capacity < old.count * 2) {
        capacity *= 2;
    }
    CHECK(capacity < UINT32_MAX / 4);
    map->capacity = capacity;
    map->keys = memory_new_array(capacity, map->key_size);
    map->values = memory_new_array(capacity, sizeof *map->values);
    map->index = memory_new_array(capacity * 2, sizeof *map->index);
    map->used = 0;
    map->count = 0;
    for (size_t i = 0; i < old.used; i++) {
        if (old.values[i]) {
            map_append(map, map_key_at(&old, i), old.values[i]);
        }
    }
    free(old.keys);
    free(old.values);
    free(old.index);
}

void *map_get(const struct map *map, const void *key)
{
    size_t slot = map_find_slot(map, key);
    return slot == SIZE_MAX ? NULL : map->values[map->index[slot] - 1];
}

void *map_put(struct map *map, const void *key, void *value)
{
    CHECK(value);
    size_t slot = map_find_slot(map, key);
    if (slot != SIZE_MAX) {
        void *old = map->values[map->index[slot] - 1];
        map->values[map->index[slot] - 1] = value;
        return old;
    }
    if (map->used == map->capacity) {
        map_rebuild(map);
    }
    map_append(map, key, value);
    return NULL;
}

void *map_remove(struct map *map, const void *key)
{
    size_t slot = map_find_slot(map, key);
    if (slot == SIZE_MAX) {
        return NULL;
    }
    void *old = map->values[map->index[slot] - 1];
    map->values[map->index[slot] - 1] = NULL;
    map->index[slot] = SLOT_DELETED;
    map->count--;
    return old;
}

void *map_next(const struct map *map, size_t *cursor)
{
    while (*cursor < map->used) {
        void *value = map->values[(*cursor)++];
        if (value) {
            return value;
        }
    }
    return NULL;
}
