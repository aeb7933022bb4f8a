/* A map from (protocol, port) to the number of uses. A node uses few of its 65536 ports, and a
 * world may have many nodes, so that a map costs less than an array of counts. */
#include "stack/transport/port_table.h"

#include "base/check.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/prng.h"

#include <stdlib.h>

struct port_table {
    struct map uses; /* by struct port_key: the count itself, as a pointer that is never followed */
    struct prng prng;
};

struct port_key {
    uint16_t protocol;
    uint16_t port;
};

struct port_table *port_table_new(struct scope *scope)
{
    struct port_table *table = memory_new(sizeof *table);
    scope_prng_init(scope, &table->prng, "ephemeral-ports");
    map_init(&table->uses, sizeof(struct port_key), prng_u64(&table->prng));
    return table;
}

void port_table_free(struct port_table *table)
{
    map_fini(&table->uses);
    free(table);
}

static uintptr_t port_table_count(const struct port_table *table, struct port_key key)
{
    return (uintptr_t)map_get(&table->uses, &key);
}

void port_table_take(struct port_table *table, uint8_t protocol, uint16_t port)
{
    struct port_key key = {protocol, port};
    map_put(&table->uses, &key, (void *)(port_table_count(table, key) + 1));
}

void port_table_release(struct port_table *table, uint8_t protocol, uint16_t port)
{
    struct port_key key = {protocol, port};
    uintptr_t count = port_table_count(table, key);
    CHECK(count > 0);
    if (count == 1) {
        map_remove(&table->uses, &key);
    } else {
        map_put(&table->uses, &key, (void *)(count - 1));
    }
}

bool port_table_is_taken(const struct port_table *table, uint8_t protocol, uint16_t port)
{
    return port_table_count(table, (struct port_key){protocol, port}) > 0;
}

uint16_t port_table_choose(struct port_table *table, uint8_t protocol)
{
    /* RFC 6056 3.3.1, algorithm 1: a random start, then upwards to the first that is free. */
    enum { COUNT = PORT_EPHEMERAL_LAST - PORT_EPHEMERAL_FIRST + 1 };
    uint32_t start = (uint32_t)prng_below(&table->prng, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        uint16_t port = (uint16_t)(PORT_EPHEMERAL_FIRST + (start + i) % COUNT);
        if (!port_table_is_taken(table, protocol, port)) {
            return port;
        }
    }
    return 0;
}
