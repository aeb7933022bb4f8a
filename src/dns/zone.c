/* A zone is a map from names to nodes; a node has one set of records per type.
 *
 * Every name between the origin and a record has a node too, if an empty one ("empty non-terminal",
 * RFC 4592 2.2.2): so "no node" means "no such name", and a walk from the origin down finds the
 * first cut, where a child zone begins. Answering follows RFC 1034 4.3.2 step 3, with RFC 4592 for
 * wildcards and RFC 2308 for what does not exist. */
#include "dns/zone.h"

#include "base/check.h"
#include "base/map.h"
#include "base/memory.h"
#include "dns/rrset_internal.h"

#include <stdlib.h>

enum {
    MAX_NODES = 1 << 22,
    MAX_SET_RECORDS = 1024,
    MAX_CHAIN = 8, /* CNAMEs followed in one answer */
};

struct zone_node {
    struct dns_name name;
    struct dns_rrset **sets;
    size_t n_sets;
};

struct dns_zone {
    struct dns_name origin;
    struct map nodes; /* by lower-case struct dns_name */
};

static struct zone_node *zone_find_node(const struct dns_zone *zone, const struct dns_name *name)
{
    struct dns_name key = dns_name_lower(name);
    return map_get(&zone->nodes, &key);
}

static struct zone_node *zone_add_node(struct dns_zone *zone, const struct dns_name *name)
{
    struct dns_name key = dns_name_lower(name);
    struct zone_node *node = memory_new(sizeof *node);
    node->name = *name;
    map_put(&zone->nodes, &key, node);
    return node;
}

struct dns_zone *dns_zone_new(const struct dns_name *origin)
{
    struct dns_zone *zone = memory_new(sizeof *zone);
    zone->origin = *origin;
    map_init(&zone->nodes, sizeof(struct dns_name), 0); /* filled by its owner, not by peers */
    zone_add_node(zone, origin);
    return zone;
}

void dns_zone_free(struct dns_zone *zone)
{
    size_t cursor = 0;
    struct zone_node *node;
    while ((node = map_next(&zone->nodes, &cursor))) {
        for (size_t i = 0; i < node->n_sets; i++) {
            dns_rrset_put(node->sets[i]);
        }
        free(node->sets);
        free(node);
    }
    map_fini(&zone->nodes);
    free(zone);
}

const struct dns_name *dns_zone_origin(const struct dns_zone *zone)
{
    return &zone->origin;
}

/* --- adding --- */

static struct dns_rrset **zone_node_slot(const struct zone_node *node, uint16_t type)
{
    for (size_t i = 0; i < node->n_sets; i++) {
        if (node->sets[i]->type == type) {
            return &node->sets[i];
        }
    }
    return NULL;
}

static const struct dns_rrset *zone_node_find(const struct zone_node *node, uint16_t type)
{
    struct dns_rrset **slot = zone_node_slot(node, type);
    return slot ? *slot : NULL;
}

static bool zone_accepts(const struct dns_zone *zone, const struct dns_record *record,
                         const struct zone_node *node)
{
    /* RFC 6895 3.1: 128 to 255 are questions, not data */
    bool is_data =
        record->type != 0 && record->type != DNS_OPT && (record->type < 128 || record->type > 255);
    if (!is_data || record->class != DNS_CLASS_IN ||
        !dns_name_is_within(&record->name, &zone->origin)) {
        return false;
    }
    if (record->type == DNS_SOA && !dns_name_equal(&record->name, &zone->origin)) {
        return false;
    }
    if (!node || node->n_sets == 0) {
        return true;
    }
    /* RFC 2181 10.1: a CNAME stands alone; and there is one SOA */
    bool is_alone = record->type == DNS_CNAME || zone_node_find(node, DNS_CNAME);
    return !is_alone && !(record->type == DNS_SOA && zone_node_find(node, DNS_SOA));
}

/* Makes the node and the empty ones above it. */
static struct zone_node *zone_ensure_node(struct dns_zone *zone, const struct dns_name *name)
{
    struct zone_node *node = zone_find_node(zone, name);
    if (node) {
        return node;
    }
    node = zone_add_node(zone, name);
    struct dns_name above = *name;
    while (dns_name_parent(&above, &above) && !zone_find_node(zone, &above)) {
        zone_add_node(zone, &above);
    }
    return node;
}

enum status dns_zone_add(struct dns_zone *zone, const struct dns_record *record)
{
    if (!zone_accepts(zone, record, zone_find_node(zone, &record->name))) {
        return STATUS_INVALID;
    }
    if (zone->nodes.count > MAX_NODES - DNS_NAME_MAX / 2) {
        return STATUS_LIMIT;
    }
    struct zone_node *node = zone_ensure_node(zone, &record->name);
    struct dns_rrset **slot = zone_node_slot(node, record->type);
    if (slot && (*slot)->count == MAX_SET_RECORDS) {
        return STATUS_LIMIT;
    }
    if (!slot) {
        node->sets = memory_resize(node->sets, (node->n_sets + 1) * sizeof *node->sets);
        slot = &node->sets[node->n_sets++];
        *slot = NULL;
    }
    *slot = dns_rrset_add(*slot, record);
    return STATUS_OK;
}

/* --- answering --- */

/* Where a name leads to in the zone. */
struct zone_match {
    const struct zone_node *cut;  /* the child zone's beginning at or above the name, or NULL */
    const struct zone_node *node; /* the name's own or the wildcard's; NULL: no such name */
};

/* The name with its last `labels` labels. */
static struct dns_name dns_name_tail(const struct dns_name *name, size_t labels)
{
    size_t at = 0;
    for (size_t drop = dns_name_label_count(name) - labels; drop > 0; drop--) {
        at += name->bytes[at] + 1u;
    }
    struct dns_name tail = {.len = (uint8_t)(name->len - at)};
    memcpy(tail.bytes, name->bytes + at, tail.len);
    return tail;
}

/* RFC 4592 3.3.1: the closest encloser's "*" child answers for names that do not exist. */
static const struct zone_node *zone_find_wildcard(const struct dns_zone *zone,
                                                  const struct zone_node *encloser)
{
    struct dns_name wildcard = {.len = 2, .bytes = {1, '*'}};
    if (wildcard.len + encloser->name.len > DNS_NAME_MAX) {
        return NULL;
    }
    memcpy(wildcard.bytes + wildcard.len, encloser->name.bytes, encloser->name.len);
    wildcard.len = (uint8_t)(wildcard.len + encloser->name.len);
    return zone_find_node(zone, &wildcard);
}

/* RFC 1034 4.3.2 step 3: matches down, label by label, from the origin. */
static struct zone_match zone_match_down(const struct dns_zone *zone, const struct dns_name *name)
{
    size_t labels = dns_name_label_count(name);
    const struct zone_node *node = NULL;
    for (size_t n = dns_name_label_count(&zone->origin); n <= labels; n++) {
        struct dns_name tail = dns_name_tail(name, n);
        const struct zone_node *below = zone_find_node(zone, &tail);
        if (!below) {
            return (struct zone_match){.node = zone_find_wildcard(zone, node)};
        }
        node = below;
        if (zone_node_find(node, DNS_NS) && !dns_name_equal(&node->name, &zone->origin)) {
            return (struct zone_match){.cut = node}; /* step 3b: a referral */
        }
    }
    return (struct zone_match){.node = node};
}

/* Appends the addresses of `name`, as far as this zone has them: glue or additional data. */
static void zone_add_addresses(const struct dns_zone *zone, const struct dns_name *name,
                               struct dns_message *response)
{
    static const uint16_t types[] = {DNS_A, DNS_AAAA};
    const struct zone_node *node =
        dns_name_is_within(name, &zone->origin) ? zone_find_node(zone, name) : NULL;
    for (size_t i = 0; node && i < sizeof types / sizeof types[0]; i++) {
        const struct dns_rrset *set = zone_node_find(node, types[i]);
        if (set) {
            dns_rrset_add_to(set, &node->name, set->ttl_s, response, DNS_ADDITIONAL);
        }
    }
}

/* The host that a record of this type names, whose addresses are worth sending too (RFC 1035
 * 3.3.9, 3.3.11, RFC 2782), or NULL. */
static const struct dns_name *dns_record_host(const struct dns_record *record)
{
    switch (record->type) {
    case DNS_NS:
        return &record->rdata.name;
    case DNS_MX:
        return &record->rdata.mx.exchange;
    case DNS_SRV:
        return &record->rdata.srv.target;
    default:
        return NULL;
    }
}

/* RFC 1034 4.3.2 step 6. What does not fit is left out silently: it is extra. */
static void zone_add_additional(const struct dns_zone *zone, const struct dns_rrset *set,
                                struct dns_message *response)
{
    bool truncated = response->truncated;
    struct dns_record record;
    struct reader r = dns_rrset_reader(set);
    while (dns_rrset_next(&r, set, &record)) {
        const struct dns_name *host = dns_record_host(&record);
        if (host) {
            zone_add_addresses(zone, host, response);
        }
    }
    response->truncated = truncated;
}

static void zone_refer(const struct dns_zone *zone, const struct zone_node *cut,
                       struct dns_message *response)
{
    const struct dns_rrset *ns = zone_node_find(cut, DNS_NS);
    /* RFC 1034 4.3.2: an answer is authoritative by its first owner, which a CNAME may be */
    response->authoritative = response->count[DNS_ANSWER] > 0;
    dns_rrset_add_to(ns, &cut->name, ns->ttl_s, response, DNS_AUTHORITY);
    zone_add_additional(zone, ns, response);
}

/* RFC 2308 sections 2 and 3: the SOA tells for how long the answer is no. */
static void zone_deny(const struct dns_zone *zone, enum dns_rcode rcode,
                      struct dns_message *response)
{
    const struct zone_node *origin = zone_find_node(zone, &zone->origin);
    const struct dns_rrset *soa = zone_node_find(origin, DNS_SOA);
    response->rcode = (uint8_t)rcode;
    if (soa) {
        struct dns_record record;
        struct reader r = dns_rrset_reader(soa);
        (void)dns_rrset_next(&r, soa, &record);
        uint32_t minimum_s = record.rdata.soa.minimum_s;
        uint32_t ttl_s = soa->ttl_s < minimum_s ? soa->ttl_s : minimum_s;
        dns_rrset_add_to(soa, &zone->origin, ttl_s, response, DNS_AUTHORITY);
    }
}

/* All sets of a node (type ANY), or the one asked for. False when there is nothing. */
static bool zone_add_answers(const struct dns_zone *zone, const struct zone_node *node,
                             const struct dns_name *owner, uint16_t type,
                             struct dns_message *response)
{
    const struct dns_rrset *only = NULL;
    for (size_t i = 0; i < node->n_sets; i++) {
        const struct dns_rrset *set = node->sets[i];
        if (type == DNS_ANY || type == set->type) {
            dns_rrset_add_to(set, owner, set->ttl_s, response, DNS_ANSWER);
            only = set;
        }
    }
    if (only && type != DNS_ANY) {
        zone_add_additional(zone, only, response);
    }
    return only != NULL;
}

/* Follows the CNAME at `node`: *name is then its target. */
static void zone_follow(const struct dns_rrset *cname, struct dns_name *name,
                        struct dns_message *response)
{
    struct dns_record record;
    struct reader r = dns_rrset_reader(cname);
    (void)dns_rrset_next(&r, cname, &record);
    dns_rrset_add_to(cname, name, cname->ttl_s, response, DNS_ANSWER);
    *name = record.rdata.name;
}

void dns_zone_answer(const struct dns_zone *zone, const struct dns_question *question,
                     struct dns_message *response)
{
    struct dns_name name = question->name;
    uint16_t type = question->type;
    response->authoritative = true;
    response->rcode = DNS_NOERROR;
    for (int chain = 0; chain <= MAX_CHAIN && dns_name_is_within(&name, &zone->origin); chain++) {
        struct zone_match match = zone_match_down(zone, &name);
        if (match.cut) {
            zone_refer(zone, match.cut, response);
            return;
        }
        if (!match.node) {
            zone_deny(zone, DNS_NXDOMAIN, response); /* also behind a CNAME (RFC 6604) */
            return;
        }
        const struct dns_rrset *cname = zone_node_find(match.node, DNS_CNAME);
        if (!cname || type == DNS_CNAME || type == DNS_ANY) {
            if (!zone_add_answers(zone, match.node, &name, type, response)) {
                zone_deny(zone, DNS_NOERROR, response);
            }
            return;
        }
        zone_follow(cname, &name, response);
    }
}
