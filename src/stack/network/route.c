/* Theory of operation. One hash map per prefix length, from the masked address to the routes of
 * that prefix in order of metric; a bitmap says which lengths have any. A lookup tries the used
 * lengths from the longest down: real tables use few (a home router three), so it is a handful of
 * probes, and exact.
 */
#include "stack/network/route.h"

#include "base/memory.h"
#include "stack/link/addr_map.h"

#include <stdlib.h>

enum { IPV4_LENGTHS = 33 };

struct route_entry {
    struct route route;       /* first: what lookup returns */
    struct route_entry *next; /* the same prefix, a higher metric */
};

struct route_table {
    struct addr_map by_prefix[IPV4_LENGTHS]; /* of struct route_entry: the lowest metric */
    uint64_t used_lengths;                   /* bit 32 - len: the longest is the lowest bit */
    size_t count;
};

struct route_table *route_table_new(void)
{
    struct route_table *table = memory_new(sizeof *table);
    for (size_t len = 0; len < IPV4_LENGTHS; len++) {
        addr_map_init(&table->by_prefix[len], 0); /* routes come from whom we trust */
    }
    return table;
}

void route_table_free(struct route_table *table)
{
    size_t count;
    struct route *routes = route_list(table, &count);
    for (size_t i = 0; i < count; i++) {
        (void)route_remove(table, routes[i].prefix, routes[i].metric);
    }
    free(routes);
    for (size_t len = 0; len < IPV4_LENGTHS; len++) {
        addr_map_fini(&table->by_prefix[len]);
    }
    free(table);
}

static enum status check_route(const struct route *route)
{
    if (route->prefix.addr.version == IP_V6) {
        return STATUS_UNSUPPORTED;
    }
    bool is_valid =
        route->prefix.addr.version == IP_V4 && route->prefix.len < IPV4_LENGTHS && route->netif &&
        (!ip_is_set(route->gateway) || route->gateway.version == route->prefix.addr.version);
    return is_valid ? STATUS_OK : STATUS_INVALID;
}

/* The place in a chain where the route with this metric is or would be. */
static struct route_entry **find_place(struct route_entry **chain, uint32_t metric)
{
    while (*chain && (*chain)->route.metric < metric) {
        chain = &(*chain)->next;
    }
    return chain;
}

enum status route_add(struct route_table *table, const struct route *route)
{
    enum status status = check_route(route);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t len = route->prefix.len;
    uint32_t key = route->prefix.addr.v4 & ipv4_mask(len);
    struct addr_map *map = &table->by_prefix[len];
    struct route_entry *chain = addr_map_get(map, key);
    struct route_entry **place = find_place(&chain, route->metric);
    if (!*place || (*place)->route.metric != route->metric) {
        if (table->count >= ROUTE_MAX_ROUTES) {
            return STATUS_LIMIT;
        }
        struct route_entry *entry = memory_new(sizeof *entry);
        entry->next = *place;
        *place = entry;
        table->count++;
    }
    (*place)->route = *route;
    (*place)->route.prefix.addr.v4 = key;
    addr_map_put(map, key, chain);
    table->used_lengths |= UINT64_C(1) << (32 - len);
    return STATUS_OK;
}

bool route_remove(struct route_table *table, struct ip_prefix prefix, uint32_t metric)
{
    if (prefix.addr.version != IP_V4 || prefix.len >= IPV4_LENGTHS) {
        return false;
    }
    uint32_t key = prefix.addr.v4 & ipv4_mask(prefix.len);
    struct addr_map *map = &table->by_prefix[prefix.len];
    struct route_entry *chain = addr_map_get(map, key);
    struct route_entry **place = find_place(&chain, metric);
    struct route_entry *entry = *place;
    if (!entry || entry->route.metric != metric) {
        return false;
    }
    *place = entry->next;
    free(entry);
    table->count--;
    if (chain) {
        addr_map_put(map, key, chain);
    } else {
        (void)addr_map_remove(map, key);
    }
    if (map->count == 0) {
        table->used_lengths &= ~(UINT64_C(1) << (32 - prefix.len));
    }
    return true;
}

void route_remove_netif(struct route_table *table, const struct netif *netif)
{
    size_t count;
    struct route *routes = route_list(table, &count);
    for (size_t i = 0; i < count; i++) {
        if (routes[i].netif == netif) {
            (void)route_remove(table, routes[i].prefix, routes[i].metric);
        }
    }
    free(routes);
}

const struct route *route_lookup(const struct route_table *table, struct ip_addr addr)
{
    if (addr.version != IP_V4) {
        return NULL;
    }
    /* RFC 1812 5.2.4.3 (2): longest match first */
    for (uint64_t lengths = table->used_lengths; lengths != 0; lengths &= lengths - 1) {
        uint32_t len = 32 - (uint32_t)__builtin_ctzll(lengths);
        const struct route_entry *entry =
            addr_map_get(&table->by_prefix[len], addr.v4 & ipv4_mask(len));
        if (entry) {
            return &entry->route;
        }
    }
    return NULL;
}

static int compare_routes(const void *a, const void *b)
{
    const struct route *x = a;
    const struct route *y = b;
    if (x->prefix.addr.v4 != y->prefix.addr.v4) {
        return x->prefix.addr.v4 < y->prefix.addr.v4 ? -1 : 1;
    }
    if (x->prefix.len != y->prefix.len) {
        return x->prefix.len < y->prefix.len ? -1 : 1;
    }
    return x->metric < y->metric ? -1 : x->metric > y->metric;
}

struct route *route_list(const struct route_table *table, size_t *count)
{
    struct route *routes = memory_new_array(table->count + 1, sizeof *routes);
    *count = 0;
    for (size_t len = 0; len < IPV4_LENGTHS; len++) {
        const struct addr_map *map = &table->by_prefix[len];
        for (size_t i = 0; map->count > 0 && i <= map->mask; i++) {
            for (const struct route_entry *entry = map->slots[i].value; entry;
                 entry = entry->next) {
                routes[(*count)++] = entry->route;
            }
        }
    }
    qsort(routes, *count, sizeof *routes, compare_routes); /* no two are equal */
    return routes;
}
