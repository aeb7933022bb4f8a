/* The cache of a resolver or forwarder: what is known, for how long, and how well.
 *
 * Entries are found by (lower-case name, type): a set of records, or the knowledge that there is
 * none of that type, or no such name at all (RFC 2308). Each counts its TTL down with the time and
 * is gone after it. How well it is known is a rank after RFC 2181 5.4.1: data of a lower rank never
 * replaces data of a higher one, so that glue cannot overwrite an answer, and glue is never given
 * out as an answer.
 *
 * The limit is hard: the entry that was not used for longest goes. An entry costs about 100 bytes
 * beside its name and data.
 */
#ifndef DNS_CACHE_INTERNAL_H
#define DNS_CACHE_INTERNAL_H

#include "dns/rrset_internal.h"
#include "observe/scope.h"

enum dns_rank {
    DNS_RANK_EXTRA = 1,     /* additional section; authority section of a referral */
    DNS_RANK_ANSWER,        /* answer section of a server that is not authoritative */
    DNS_RANK_AUTHORITY,     /* authority section of an authoritative answer */
    DNS_RANK_AUTHORITATIVE, /* answer section of an authoritative answer */
};

enum dns_cached_kind {
    DNS_CACHED_NOTHING, /* not known */
    DNS_CACHED_SET,
    DNS_CACHED_NO_DATA,
    DNS_CACHED_NO_NAME,
};

struct dns_cached {
    enum dns_cached_kind kind;
    struct dns_rrset *set; /* the records, or the SOA that says no; borrowed until the next put */
    struct dns_name soa_owner; /* when it says no */
    uint32_t ttl_s;            /* what is left */
};

struct dns_cache;

struct dns_cache *dns_cache_new(const struct scope *scope, size_t max_entries);
void dns_cache_free(struct dns_cache *cache);
size_t dns_cache_count(const struct dns_cache *cache);

/* Keeps a reference to the set for its TTL, if its rank allows. With a TTL of 0 it can be found at
 * this very time and no later (RFC 1035 3.2.1). */
void dns_cache_put(struct dns_cache *cache, const struct dns_name *name, struct dns_rrset *set,
                   enum dns_rank rank);

/* Keeps that there is no such data or name. `soa` is the record that said so, at or above `name`;
 * it is kept for the lesser of its TTL and its minimum (RFC 2308 section 5). */
void dns_cache_put_negative(struct dns_cache *cache, const struct dns_name *name, uint16_t type,
                            enum dns_cached_kind kind, const struct dns_record *soa,
                            enum dns_rank rank);

/* What is known of at least that rank. */
struct dns_cached dns_cache_get(struct dns_cache *cache, const struct dns_name *name, uint16_t type,
                                enum dns_rank least_rank);

#endif
