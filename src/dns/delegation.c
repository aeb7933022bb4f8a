#include "dns/delegation_internal.h"

/* A walk over the names of the servers: the first DELEGATION_MAX_NAMES NS records. */
struct ns_walk {
    struct reader r;
    size_t index; /* of `record` among the names */
    struct dns_record record;
};

static void ns_walk_init(struct ns_walk *walk, const struct delegation *delegation)
{
    walk->r = dns_rrset_reader(delegation->ns);
    walk->index = SIZE_MAX; /* before the first */
}

static bool ns_walk_next(struct ns_walk *walk, const struct delegation *delegation)
{
    walk->index++;
    return walk->index < DELEGATION_MAX_NAMES &&
           dns_rrset_next(&walk->r, delegation->ns, &walk->record);
}

/* --- finding --- */

static void delegation_add_address(struct delegation *delegation, struct ip_addr addr)
{
    for (size_t i = 0; i < delegation->n_addresses; i++) {
        if (ip_equal(delegation->addresses[i].addr, addr)) {
            return;
        }
    }
    if (delegation->n_addresses < DELEGATION_MAX_ADDRESSES) {
        delegation->addresses[delegation->n_addresses++] = (struct delegation_address){addr, 0};
    }
}

/* True when the cache had addresses. DEVIATES: RFC 3596: servers are reached over IPv4 only, as
 * long as the stack has no IPv6. */
static bool delegation_add_addresses(struct delegation *delegation, struct dns_cache *cache,
                                     const struct dns_name *server)
{
    struct dns_cached cached = dns_cache_get(cache, server, DNS_A, DNS_RANK_EXTRA);
    if (cached.kind != DNS_CACHED_SET) {
        return false;
    }
    struct dns_record record;
    struct reader r = dns_rrset_reader(cached.set);
    while (dns_rrset_next(&r, cached.set, &record)) {
        delegation_add_address(delegation, record.rdata.addr);
    }
    return true;
}

void delegation_refresh(struct delegation *delegation, struct dns_cache *cache)
{
    if (!delegation->ns) {
        return;
    }
    struct ns_walk walk;
    ns_walk_init(&walk, delegation);
    while (ns_walk_next(&walk, delegation)) {
        uint8_t *state = &delegation->states[walk.index];
        if (*state != DELEGATION_NAME_KNOWN &&
            delegation_add_addresses(delegation, cache, &walk.record.rdata.name)) {
            *state = DELEGATION_NAME_KNOWN;
        }
    }
}

void delegation_clear(struct delegation *delegation)
{
    dns_rrset_put(delegation->ns);
    delegation->ns = NULL;
    delegation->n_lookups = 0;
    delegation->n_addresses = 0;
    memset(delegation->states, DELEGATION_NAME_UNKNOWN, sizeof delegation->states);
}

/* False when all servers are named inside the zone and none has an address: then only the parent
 * zone can help, with its glue (which expires before the NS records when its TTL is shorter). */
static bool delegation_is_usable(const struct delegation *delegation)
{
    struct ns_walk walk;
    ns_walk_init(&walk, delegation);
    bool is_usable = delegation->n_addresses > 0;
    while (!is_usable && ns_walk_next(&walk, delegation)) {
        is_usable = !dns_name_is_within(&walk.record.rdata.name, &delegation->zone);
    }
    return is_usable;
}

/* Fills in the servers of delegation->zone; false when the cache has none of use. */
static bool delegation_find_zone(struct delegation *delegation, struct dns_cache *cache)
{
    struct dns_cached cached = dns_cache_get(cache, &delegation->zone, DNS_NS, DNS_RANK_EXTRA);
    if (cached.kind != DNS_CACHED_SET) {
        return false;
    }
    delegation->ns = dns_rrset_get(cached.set);
    delegation_refresh(delegation, cache);
    if (!delegation_is_usable(delegation)) {
        delegation_clear(delegation);
        return false;
    }
    return true;
}

void delegation_find(struct delegation *delegation, struct dns_cache *cache,
                     const struct ip_addr *root_servers, size_t n_root_servers,
                     const struct dns_name *name)
{
    delegation_clear(delegation);
    delegation->zone = *name;
    while (!delegation_find_zone(delegation, cache)) {
        if (!dns_name_parent(&delegation->zone, &delegation->zone)) {
            for (size_t i = 0; i < n_root_servers; i++) {
                delegation_add_address(delegation, root_servers[i]);
            }
            return;
        }
    }
}

/* --- whose turn it is --- */

struct delegation_address *delegation_next_address(struct delegation *delegation,
                                                   const struct server_history *history)
{
    struct delegation_address *best = NULL;
    uint64_t best_rtt_ns = 0;
    for (size_t i = 0; i < delegation->n_addresses; i++) {
        struct delegation_address *address = &delegation->addresses[i];
        uint64_t rtt_ns = server_history_rtt(history, address->addr);
        bool is_better = !best || address->tries < best->tries ||
                         (address->tries == best->tries && rtt_ns < best_rtt_ns);
        if (address->tries < DELEGATION_ROUNDS && is_better) {
            best = address;
            best_rtt_ns = rtt_ns;
        }
    }
    return best;
}

bool delegation_next_name(struct delegation *delegation, struct dns_name *name)
{
    if (!delegation->ns || delegation->n_lookups == DELEGATION_MAX_LOOKUPS) {
        return false;
    }
    struct ns_walk walk;
    ns_walk_init(&walk, delegation);
    while (ns_walk_next(&walk, delegation)) {
        uint8_t *state = &delegation->states[walk.index];
        if (*state == DELEGATION_NAME_UNKNOWN) {
            *state = DELEGATION_NAME_LOOKED_UP;
            delegation->n_lookups++;
            *name = walk.record.rdata.name;
            return true;
        }
    }
    return false;
}
