/* The index of a map with many keys, so that neither finding duplicates nor config_get() becomes
 * quadratic. It maps a key's hash to the value. Should two keys have the same hash, the second is
 * entered under its hash with the next seed; a search goes the same way.
 */
#include "config/config_internal.h"

#include "base/hash.h"
#include "base/memory.h"

#include <string.h>

struct map *config_index_new(void)
{
    struct map *index = memory_new(sizeof *index);
    map_init(index, sizeof(uint64_t), 0);
    return index;
}

/* The value with this key; or NULL and the hash under which it would be entered. */
static struct config_value *index_probe(const struct map *index, const char *key, uint64_t *hash)
{
    size_t len = strlen(key);
    for (uint64_t seed = 0;; seed++) {
        *hash = hash_bytes(key, len, seed);
        struct config_value *value = map_get(index, hash);
        if (!value || strcmp(value->key, key) == 0) {
            return value;
        }
    }
}

struct config_value *config_index_find(const struct map *index, const char *key)
{
    uint64_t hash;
    return index_probe(index, key, &hash);
}

struct config_value *config_index_add(struct map *index, struct config_value *value)
{
    uint64_t hash;
    struct config_value *first = index_probe(index, value->key, &hash);
    if (!first) {
        (void)map_put(index, &hash, value);
    }
    return first;
}
