/* A hash map from an IPv4 address to a pointer, for tables that every packet looks into: neighbours
 * (ARP), routes of one prefix length, the node's own addresses.
 *
 * Open addressing with linear probing, at most half full; a removal moves its followers up, so
 * there are no tombstones. It has no order to iterate in: who needs one keeps a list beside it.
 */
#ifndef STACK_LINK_ADDR_MAP_H
#define STACK_LINK_ADDR_MAP_H

#include <stddef.h>
#include <stdint.h>

struct addr_map_slot {
    uint32_t key;
    void *value; /* borrowed; NULL: the slot is free */
};

struct addr_map {
    struct addr_map_slot *slots; /* owned; NULL before the first put */
    size_t mask;                 /* number of slots - 1 */
    size_t count;
    uint64_t seed;
};

/* `seed` makes the placement of keys unpredictable to peers; it never changes behaviour. */
void addr_map_init(struct addr_map *map, uint64_t seed);
void addr_map_fini(struct addr_map *map);

/* Adds or replaces; `value` is not NULL. */
void addr_map_put(struct addr_map *map, uint32_t key, void *value);

/* Returns the value that was there, or NULL. */
void *addr_map_remove(struct addr_map *map, uint32_t key);

static inline size_t addr_map_home(const struct addr_map *map, uint32_t key)
{
    uint64_t mixed = (key ^ map->seed) * UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return (size_t)(mixed >> 32) & map->mask;
}

/* The value, or NULL. */
static inline void *addr_map_get(const struct addr_map *map, uint32_t key)
{
    if (map->count == 0) {
        return NULL;
    }
    size_t slot = addr_map_home(map, key);
    while (map->slots[slot].value && map->slots[slot].key != key) {
        slot = (slot + 1) & map->mask;
    }
    return map->slots[slot].value;
}

#endif
