/* A delegation: the closest zone above a name whose servers are known, and whose turn it is to be
 * asked (SLIST in RFC 1034 5.3.3).
 *
 * Servers are names (NS records); a name has addresses if they were cached as answers or as glue.
 * Names without addresses are there to be looked up, but only a few of them: a zone must not make
 * us look up many names that somebody else serves (NXNSAttack).
 */
#ifndef DNS_DELEGATION_INTERNAL_H
#define DNS_DELEGATION_INTERNAL_H

#include "dns/cache_internal.h"
#include "dns/server_history_internal.h"

enum {
    DELEGATION_MAX_NAMES = 16,
    DELEGATION_MAX_ADDRESSES = 32,
    DELEGATION_MAX_LOOKUPS = 4, /* names looked up for one delegation */
    DELEGATION_ROUNDS = 2,      /* how often one address is asked */
};

struct delegation_address {
    struct ip_addr addr;
    uint8_t tries; /* DELEGATION_ROUNDS: no more */
};

enum delegation_name_state {
    DELEGATION_NAME_UNKNOWN, /* has no address yet */
    DELEGATION_NAME_KNOWN,
    DELEGATION_NAME_LOOKED_UP, /* in vain, or it is being done */
};

struct delegation {
    struct dns_name zone;
    struct dns_rrset *ns; /* a reference of ours; NULL: the root hints */
    uint8_t n_lookups;
    uint8_t states[DELEGATION_MAX_NAMES];
    size_t n_addresses;
    struct delegation_address addresses[DELEGATION_MAX_ADDRESSES];
};

/* Finds the delegation for `name`: what the cache has closest to it, else the root's. */
void delegation_find(struct delegation *delegation, struct dns_cache *cache,
                     const struct ip_addr *root_servers, size_t n_root_servers,
                     const struct dns_name *name);
void delegation_clear(struct delegation *delegation);

/* The address to ask next: untried ones before tried ones, the fastest first. NULL: none. */
struct delegation_address *delegation_next_address(struct delegation *delegation,
                                                   const struct server_history *history);

/* A server's name worth looking up, marked as looked up; false: none. */
bool delegation_next_name(struct delegation *delegation, struct dns_name *name);

/* Takes over addresses that have come into the cache since. */
void delegation_refresh(struct delegation *delegation, struct dns_cache *cache);

#endif
