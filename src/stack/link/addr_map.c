#include "stack/link/addr_map.h"

#include "base/check.h"
#include "base/memory.h"

#include <stdlib.h>

enum { MINIMUM_SLOTS = 8 };

void addr_map_init(struct addr_map *map, uint64_t seed)
{
    *map = (struct addr_map){.seed = seed};
}

void addr_map_fini(struct addr_map *map)
{
    free(map->slots);
    addr_map_init(map, map->seed);
}

/* Where `key` is, or the free slot where it would go. There are slots. */
static size_t find_slot(const struct addr_map *map, uint32_t key)
{
    size_t slot = addr_map_home(map, key);
    while (map->slots[slot].value && map->slots[slot].key != key) {
        slot = (slot + 1) & map->mask;
    }
    return slot;
}

static void grow(struct addr_map *map)
{
    struct addr_map old = *map;
    size_t old_slots = old.slots ? old.mask + 1 : 0;
    size_t n_slots = old_slots ? old_slots * 2 : MINIMUM_SLOTS;
    map->slots = memory_new_array(n_slots, sizeof *map->slots);
    map->mask = n_slots - 1;
    for (size_t i = 0; i < old_slots; i++) {
        if (old.slots[i].value) {
            map->slots[find_slot(map, old.slots[i].key)] = old.slots[i];
        }
    }
    free(old.slots);
}

void addr_map_put(struct addr_map *map, uint32_t key, void *value)
{
    CHECK(value);
    if (!map->slots || (map->count + 1) * 2 > map->mask + 1) {
        grow(map);
    }
    size_t slot = find_slot(map, key);
    if (!map->slots[slot].value) {
        map->count++;
    }
    map->slots[slot] = (struct addr_map_slot){key, value};
}

/* Closes the gap at `hole`: a follower moves into it unless its home lies behind the hole. */
static void close_gap(struct addr_map *map, size_t hole)
{
    size_t slot = (hole + 1) & map->mask;
    while (map->slots[slot].value) {
        size_t home = addr_map_home(map, map->slots[slot].key);
        if (((slot - home) & map->mask) >= ((slot - hole) & map->mask)) {
            map->slots[hole] = map->slots[slot];
            hole = slot;
        }
        slot = (slot + 1) & map->mask;
    }
    map->slots[hole].value = NULL;
}

void *addr_map_remove(struct addr_map *map, uint32_t key)
{
    if (map->count == 0) {
        return NULL;
    }
    size_t slot = find_slot(map, key);
    void *value = map->slots[slot].value;
    if (value) {
        close_gap(map, slot);
        map->count--;
    }
    return value;
}
