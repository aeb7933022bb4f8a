/* A hash table with chains, growing with its entries, and one list in the order of use. The hash
 * has a secret seed, as peers choose the names; nothing but speed depends on it. */
#include "dns/cache_internal.h"

#include "base/hash.h"
#include "base/list.h"
#include "base/memory.h"

#include <stdlib.h>

enum {
    MIN_BUCKETS = 64,
    BYTES_PER_ENTRY = 512,      /* the limit in bytes is this times the limit in entries */
    MAX_TTL_S = 7 * 86400,      /* RFC 8767 section 4 */
    MAX_NEGATIVE_TTL_S = 10800, /* RFC 2308 section 5: one to three hours */
    TYPE_NO_NAME = 0,           /* the type under which "no such name" is kept: for all types */
};
#define NS_PER_S UINT64_C(1000000000)

struct dns_cache_entry {
    struct dns_cache_entry *next_in_bucket;
    struct list used; /* in the cache's list, latest first */
    struct dns_rrset *set;
    uint64_t hash;
    uint64_t expires_ns;
    uint16_t type;
    uint8_t kind; /* enum dns_cached_kind */
    uint8_t rank;
    uint8_t soa_at; /* where in the name the SOA's owner begins */
    uint8_t name_len;
    uint8_t name[]; /* lower-case */
};

struct dns_cache {
    const struct scope *scope;
    uint64_t seed;
    size_t max_entries, max_bytes;
    size_t count, bytes;
    struct dns_cache_entry **buckets;
    size_t n_buckets; /* a power of two */
    struct list used;
};

struct dns_cache *dns_cache_new(const struct scope *scope, size_t max_entries)
{
    struct dns_cache *cache = memory_new(sizeof *cache);
    struct prng prng;
    scope_prng_init(scope, &prng, "dns-cache-hash");
    cache->scope = scope;
    cache->seed = prng_u64(&prng);
    cache->max_entries = max_entries;
    cache->max_bytes = max_entries * BYTES_PER_ENTRY;
    cache->n_buckets = MIN_BUCKETS;
    cache->buckets = memory_new_array(cache->n_buckets, sizeof(struct dns_cache_entry *));
    list_init(&cache->used);
    return cache;
}

size_t dns_cache_count(const struct dns_cache *cache)
{
    return cache->count;
}

/* --- the table --- */

static size_t dns_cache_entry_bytes(const struct dns_cache_entry *entry)
{
    return sizeof *entry + entry->name_len +
           (entry->set ? sizeof *entry->set + entry->set->len : 0);
}

static uint64_t dns_cache_hash(const struct dns_cache *cache, const struct dns_name *lower,
                               uint16_t type)
{
    return hash_bytes(lower->bytes, lower->len, cache->seed ^ type);
}

static struct dns_cache_entry **dns_cache_bucket(const struct dns_cache *cache, uint64_t hash)
{
    return &cache->buckets[hash & (cache->n_buckets - 1)];
}

static struct dns_cache_entry *dns_cache_find(const struct dns_cache *cache,
                                              const struct dns_name *lower, uint16_t type)
{
    uint64_t hash = dns_cache_hash(cache, lower, type);
    struct dns_cache_entry *entry = *dns_cache_bucket(cache, hash);
    while (entry && (entry->hash != hash || entry->type != type || entry->name_len != lower->len ||
                     memcmp(entry->name, lower->bytes, lower->len) != 0)) {
        entry = entry->next_in_bucket;
    }
    return entry;
}

static void dns_cache_remove(struct dns_cache *cache, struct dns_cache_entry *entry)
{
    struct dns_cache_entry **place = dns_cache_bucket(cache, entry->hash);
    while (*place != entry) {
        place = &(*place)->next_in_bucket;
    }
    *place = entry->next_in_bucket;
    list_remove(&entry->used);
    cache->count--;
    cache->bytes -= dns_cache_entry_bytes(entry);
    dns_rrset_put(entry->set);
    free(entry);
}

void dns_cache_free(struct dns_cache *cache)
{
    LIST_FOR_EACH_SAFE (link, &cache->used) {
        dns_cache_remove(cache, container_of(link, struct dns_cache_entry, used));
    }
    free(cache->buckets);
    free(cache);
}

static void dns_cache_grow(struct dns_cache *cache)
{
    free(cache->buckets);
    cache->n_buckets *= 2;
    cache->buckets = memory_new_array(cache->n_buckets, sizeof(struct dns_cache_entry *));
    LIST_FOR_EACH (link, &cache->used) {
        struct dns_cache_entry *entry = container_of(link, struct dns_cache_entry, used);
        struct dns_cache_entry **bucket = dns_cache_bucket(cache, entry->hash);
        entry->next_in_bucket = *bucket;
        *bucket = entry;
    }
}

/* Makes room for one more entry of this size. */
static void dns_cache_evict(struct dns_cache *cache, size_t bytes)
{
    while (cache->count > 0 &&
           (cache->count >= cache->max_entries || cache->bytes + bytes > cache->max_bytes)) {
        dns_cache_remove(cache, container_of(cache->used.prev, struct dns_cache_entry, used));
    }
}

/* --- putting --- */

static bool dns_cache_entry_is_over(const struct dns_cache *cache,
                                    const struct dns_cache_entry *entry)
{
    return scope_now(cache->scope) > entry->expires_ns;
}

/* A new entry in place of an older one; NULL when that one ranks higher (RFC 2181 5.4.1). */
static struct dns_cache_entry *dns_cache_add(struct dns_cache *cache, const struct dns_name *name,
                                             uint16_t type, struct dns_rrset *set,
                                             enum dns_rank rank)
{
    struct dns_name lower = dns_name_lower(name);
    struct dns_cache_entry *old = dns_cache_find(cache, &lower, type);
    if (old && old->rank > rank && !dns_cache_entry_is_over(cache, old)) {
        return NULL;
    }
    struct dns_cache_entry *entry = memory_new(sizeof *entry + lower.len);
    *entry = (struct dns_cache_entry){
        .set = set ? dns_rrset_get(set) : NULL,
        .hash = dns_cache_hash(cache, &lower, type),
        .type = type,
        .rank = (uint8_t)rank,
        .name_len = lower.len,
    };
    memcpy(entry->name, lower.bytes, lower.len);
    if (old) {
        dns_cache_remove(cache, old);
    }
    dns_cache_evict(cache, dns_cache_entry_bytes(entry));
    if (cache->count >= cache->n_buckets) {
        dns_cache_grow(cache);
    }
    struct dns_cache_entry **bucket = dns_cache_bucket(cache, entry->hash);
    entry->next_in_bucket = *bucket;
    *bucket = entry;
    list_add_first(&entry->used, &cache->used);
    cache->count++;
    cache->bytes += dns_cache_entry_bytes(entry);
    return entry;
}

static uint64_t dns_cache_expiry(const struct dns_cache *cache, uint32_t ttl_s, uint32_t max_s)
{
    return scope_now(cache->scope) + (ttl_s < max_s ? ttl_s : max_s) * NS_PER_S;
}

void dns_cache_put(struct dns_cache *cache, const struct dns_name *name, struct dns_rrset *set,
                   enum dns_rank rank)
{
    struct dns_cache_entry *entry = dns_cache_add(cache, name, set->type, set, rank);
    if (!entry) {
        return;
    }
    entry->kind = DNS_CACHED_SET;
    entry->expires_ns = dns_cache_expiry(cache, set->ttl_s, MAX_TTL_S);
    if (rank >= DNS_RANK_ANSWER) { /* so the name exists after all */
        struct dns_name lower = dns_name_lower(name);
        struct dns_cache_entry *no_name = dns_cache_find(cache, &lower, TYPE_NO_NAME);
        if (no_name) {
            dns_cache_remove(cache, no_name);
        }
    }
}

void dns_cache_put_negative(struct dns_cache *cache, const struct dns_name *name, uint16_t type,
                            enum dns_cached_kind kind, const struct dns_record *soa,
                            enum dns_rank rank)
{
    struct dns_rrset *set = dns_rrset_add(NULL, soa);
    uint32_t minimum_s = soa->rdata.soa.minimum_s;
    set->ttl_s = soa->ttl_s < minimum_s ? soa->ttl_s : minimum_s; /* RFC 2308 section 5 */
    if (kind == DNS_CACHED_NO_NAME) {
        type = TYPE_NO_NAME;
    }
    struct dns_cache_entry *entry = dns_cache_add(cache, name, type, set, rank);
    if (entry) {
        entry->kind = (uint8_t)kind;
        entry->soa_at = (uint8_t)(name->len - soa->name.len);
        entry->expires_ns = dns_cache_expiry(cache, set->ttl_s, MAX_NEGATIVE_TTL_S);
    }
    dns_rrset_put(set);
}

/* --- getting --- */

static struct dns_cached dns_cache_read(struct dns_cache *cache, struct dns_cache_entry *entry)
{
    struct dns_cached cached = {
        .kind = (enum dns_cached_kind)entry->kind,
        .set = entry->set,
        .ttl_s = (uint32_t)((entry->expires_ns - scope_now(cache->scope)) / NS_PER_S),
    };
    if (cached.kind != DNS_CACHED_SET) {
        cached.soa_owner.len = (uint8_t)(entry->name_len - entry->soa_at);
        memcpy(cached.soa_owner.bytes, entry->name + entry->soa_at, cached.soa_owner.len);
    }
    list_remove(&entry->used);
    list_add_first(&entry->used, &cache->used);
    return cached;
}

struct dns_cached dns_cache_get(struct dns_cache *cache, const struct dns_name *name, uint16_t type,
                                enum dns_rank least_rank)
{
    struct dns_name lower = dns_name_lower(name);
    uint16_t types[] = {type, TYPE_NO_NAME};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct dns_cache_entry *entry = dns_cache_find(cache, &lower, types[i]);
        if (entry && dns_cache_entry_is_over(cache, entry)) {
            dns_cache_remove(cache, entry);
        } else if (entry && entry->rank >= least_rank) {
            return dns_cache_read(cache, entry);
        }
    }
    return (struct dns_cached){.kind = DNS_CACHED_NOTHING};
}
