/* The routing table: longest prefix first (RFC 1812 5.2.4.3). */
#ifndef STACK_NETWORK_ROUTE_H
#define STACK_NETWORK_ROUTE_H

#include "stack/link/netif.h"

enum { ROUTE_MAX_ROUTES = 65536 };

struct route {
    struct ip_prefix prefix; /* host bits zero */
    struct netif *netif;
    struct ip_addr gateway; /* not set: the destination itself is the neighbour */
    uint32_t metric;        /* lower wins among equal prefixes */
};

struct route_table;

struct route_table *route_table_new(void);
void route_table_free(struct route_table *table);

/* Adds, or replaces the route with the same prefix and metric; host bits of the prefix are cleared.
 * STATUS_LIMIT when full; STATUS_INVALID when the gateway is of another IP version or the prefix is
 * longer than an address; STATUS_UNSUPPORTED for IPv6. */
enum status route_add(struct route_table *table, const struct route *route) MUST_CHECK;
bool route_remove(struct route_table *table, struct ip_prefix prefix, uint32_t metric);
void route_remove_netif(struct route_table *table, const struct netif *netif);

/* The best route to `addr`, or NULL. Valid until the table changes. O(number of prefix lengths). */
const struct route *route_lookup(const struct route_table *table, struct ip_addr addr);

/* In order of prefix, for showing. *count is the length of the owned array. */
struct route *route_list(const struct route_table *table, size_t *count);

#endif
