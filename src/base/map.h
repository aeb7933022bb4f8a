/* A hash map from a fixed-size key to a pointer, with open addressing.
 *
 * Iteration goes by insertion order (removals leave a hole until the next growth), so that no run
 * depends on the hash. The map copies keys; values are borrowed. Keys are compared as bytes: zero
 * their padding. Zero-cost to hold: nothing is allocated before the first put.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map {
    size_t key_size;
    uint64_t seed;
    size_t count;    /* live entries */
    size_t used;     /* entries incl. holes, in insertion order */
    size_t capacity; /* of entries; the index has twice as many slots */
    uint8_t *keys;
    void **values; /* NULL: a hole */
    uint32_t *index;
};

/* `seed` makes the placement of keys unpredictable to peers; it never changes behaviour. */
void map_init(struct map *map, size_t key_size, uint64_t seed);
void map_fini(struct map *map);

void *map_get(const struct map *map, const void *key); /* NULL when absent */

/* Adds or replaces; `value` is not NULL. Returns the value it replaced, or NULL. */
void *map_put(struct map *map, const void *key, void *value);

/* Returns the value that was there, or NULL. */
void *map_remove(struct map *map, const void *key);

/* Walks in insertion order: start with *cursor = 0; NULL at the end. Removing the entry just
 * returned is allowed; adding is not. */
void *map_next(const struct map *map, size_t *cursor);

#endif
