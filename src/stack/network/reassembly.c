/* Theory of operation. A datagram in progress is a sorted array of the ranges that have come, each
 * with its fragment. Ranges never overlap, so it is complete exactly when their lengths add up to
 * its end, which the fragment without "more fragments" tells.
 *
 * Overlapping fragments have no honest sender, and systems disagree about what they mean, which is
 * what makes them a weapon (RFC 1858, RFC 3128). As RFC 5722 has it for IPv6, one overlap ends the
 * whole datagram, including the fragments still to come: its record stays, empty and `refused`,
 * until its time is over. An exact copy of a fragment is no overlap (the network may duplicate):
 * only the copy is dropped.
 *
 * Every datagram gets the same time, from its first fragment on, so the list in order of arrival is
 * in order of deadline too. One timer, set to the first deadline, serves all; and the first in the
 * list is the oldest, which goes when room is needed.
 *
 * A datagram in pieces is rare, and larger than a frame anyway: its record and the whole packet are
 * allocated.
 */
#include "stack/network/reassembly.h"

#include "base/check.h"
#include "base/list.h"
#include "base/map.h"
#include "base/memory.h"
#include "stack/network/ipv4_internal.h"

#include <stdlib.h>

const struct drop_reason REASSEMBLY_DROP_MALFORMED = {
    "ipv4.fragment-malformed",
    "the fragment is empty, ends in the middle of 8 bytes, or goes beyond 65535"};
const struct drop_reason REASSEMBLY_DROP_TINY = {
    "ipv4.fragment-tiny", "the fragment splits the TCP header where nobody has to"};
const struct drop_reason REASSEMBLY_DROP_DUPLICATE = {"ipv4.fragment-duplicate",
                                                      "the same fragment is here already"};
const struct drop_reason REASSEMBLY_DROP_OVERLAP = {
    "ipv4.fragment-overlap", "fragments of its datagram overlap: none of it is believed"};
const struct drop_reason REASSEMBLY_DROP_CONFLICT = {
    "ipv4.fragment-conflict", "fragments of its datagram disagree about where it ends"};
const struct drop_reason REASSEMBLY_DROP_TOO_MANY = {"ipv4.fragment-limit",
                                                     "its datagram is in too many fragments"};
const struct drop_reason REASSEMBLY_DROP_EVICTED = {
    "ipv4.fragment-evicted", "room was needed, and its datagram was the oldest in pieces"};
const struct drop_reason REASSEMBLY_DROP_TIMEOUT = {
    "ipv4.fragment-timeout", "the other fragments of its datagram did not come in time"};
const struct drop_reason REASSEMBLY_DROP_ECN = {
    "ipv4.fragment-ecn", "one fragment saw congestion and another knows nothing of ECN"};

static const struct trace_field REASSEMBLED_FIELDS[] = {
    TRACE_FIELD(struct ipv4_reassembled, src, TRACE_IP),
    TRACE_FIELD(struct ipv4_reassembled, dst, TRACE_IP),
    TRACE_FIELD(struct ipv4_reassembled, id, TRACE_U16),
    TRACE_FIELD(struct ipv4_reassembled, len, TRACE_U32),
    TRACE_FIELD(struct ipv4_reassembled, fragments, TRACE_U32),
};
TRACE_KIND(IPV4_REASSEMBLED, "ipv4.reassembled",
           "puts {src} > {dst} together: {len} bytes from {fragments} fragments (id {id})",
           REASSEMBLED_FIELDS);

enum {
    MAX_TOTAL_LEN = 65535,
    UNKNOWN_END = MAX_TOTAL_LEN + 1,
    ECN_NOT_ECT = 0, /* RFC 3168 5 */
    ECN_CE = 3,
};

/* What makes fragments belong together (RFC 791 3.2); a key without padding. */
struct datagram_key {
    uint32_t src, dst;
    uint16_t id;
    uint16_t protocol;
};

struct fragment {
    uint32_t start, end; /* of its data within the datagram's */
    struct packet *packet;
};

struct datagram {
    struct list link;
    struct datagram_key key;
    struct netif *netif; /* by which its first fragment came */
    uint64_t deadline_ns;
    struct fragment *fragments; /* by start */
    size_t n_fragments, capacity;
    uint32_t have;    /* bytes of data */
    uint32_t end;     /* of the data; UNKNOWN_END */
    uint8_t ecn_seen; /* a bit for each codepoint */
    bool is_group;
    const struct drop_reason *refused; /* why none of it is taken any more, or NULL */
};

struct reassembly {
    struct ipv4 *ip;
    struct map datagrams;    /* by struct datagram_key */
    struct list in_progress; /* the oldest first */
    size_t bytes;
    struct timer timer;
};

static void on_timer(void *owner);

struct reassembly *reassembly_new(struct ipv4 *ip)
{
    struct reassembly *reassembly = memory_new(sizeof *reassembly);
    struct prng prng;
    reassembly->ip = ip;
    scope_prng_init(ip->scope, &prng, "reassembly-table");
    map_init(&reassembly->datagrams, sizeof(struct datagram_key), prng_u64(&prng));
    list_init(&reassembly->in_progress);
    scope_timer_init(ip->scope, &reassembly->timer, on_timer, reassembly);
    return reassembly;
}

static size_t cost_of(const struct packet *packet)
{
    return packet->len < REASSEMBLY_FRAGMENT_COST ? REASSEMBLY_FRAGMENT_COST : packet->len;
}

/* Lets go of all fragments: dropped for a reason, or (NULL) just put back. */
static void datagram_clear(struct reassembly *reassembly, struct datagram *datagram,
                           const struct drop_reason *reason)
{
    for (size_t i = 0; i < datagram->n_fragments; i++) {
        struct packet *packet = datagram->fragments[i].packet;
        reassembly->bytes -= cost_of(packet);
        if (reason) {
            ipv4_drop(reassembly->ip, datagram->netif, packet, reason);
        } else {
            packet_put(packet);
        }
    }
    free(datagram->fragments);
    datagram->fragments = NULL;
    datagram->n_fragments = datagram->capacity = 0;
}

static void datagram_free(struct reassembly *reassembly, struct datagram *datagram,
                          const struct drop_reason *reason)
{
    datagram_clear(reassembly, datagram, reason);
    (void)map_remove(&reassembly->datagrams, &datagram->key);
    list_remove(&datagram->link);
    free(datagram);
}

void reassembly_free(struct reassembly *reassembly)
{
    timer_fini(&reassembly->timer);
    LIST_FOR_EACH_SAFE (link, &reassembly->in_progress) {
        datagram_free(reassembly, container_of(link, struct datagram, link), NULL);
    }
    map_fini(&reassembly->datagrams);
    free(reassembly);
}

size_t reassembly_count(const struct reassembly *reassembly)
{
    return reassembly->datagrams.count;
}

size_t reassembly_bytes(const struct reassembly *reassembly)
{
    return reassembly->bytes;
}

/* --- time --- */

static struct datagram *oldest_of(const struct reassembly *reassembly)
{
    const struct list *list = &reassembly->in_progress;
    return list_is_empty(list) ? NULL : container_of(list->next, struct datagram, link);
}

static void set_timer(struct reassembly *reassembly)
{
    const struct datagram *oldest = oldest_of(reassembly);
    if (oldest) {
        timer_set(&reassembly->timer, oldest->deadline_ns);
    } else {
        timer_stop(&reassembly->timer);
    }
}

/* RFC 1122 3.3.2: "if the first fragment ... has been received", its sender is told. Not by a NAT
 * that only passes the datagram on: the host at its end has the same wait, and the say. */
static void expire(struct reassembly *reassembly, struct datagram *datagram)
{
    bool has_first = datagram->n_fragments > 0 && datagram->fragments[0].start == 0;
    if (has_first && ipv4_is_own(reassembly->ip, datagram->key.dst)) {
        icmp_send_error(reassembly->ip->icmp, datagram->fragments[0].packet, datagram->netif,
                        datagram->is_group, ICMP_TIME_EXCEEDED, ICMP_REASSEMBLY_EXCEEDED, 0);
    }
    datagram_free(reassembly, datagram, &REASSEMBLY_DROP_TIMEOUT);
}

static void on_timer(void *owner)
{
    struct reassembly *reassembly = owner;
    uint64_t now_ns = scope_now(reassembly->ip->scope);
    struct datagram *oldest;
    while ((oldest = oldest_of(reassembly)) && oldest->deadline_ns <= now_ns) {
        expire(reassembly, oldest);
    }
    set_timer(reassembly);
}

/* --- room --- */

_Static_assert(REASSEMBLY_MAX_FRAGMENTS *REASSEMBLY_FRAGMENT_COST + 2 * MAX_TOTAL_LEN <=
                   REASSEMBLY_MAX_BYTES,
               "one datagram alone always fits");

/* Makes room for one more fragment, of `keep`. */
static void make_room_for_fragment(struct reassembly *reassembly, const struct datagram *keep,
                                   size_t cost)
{
    while (reassembly->bytes + cost > REASSEMBLY_MAX_BYTES) {
        struct datagram *oldest = oldest_of(reassembly);
        if (oldest == keep) {
            oldest = container_of(oldest->link.next, struct datagram, link);
            CHECK(&oldest->link != &reassembly->in_progress);
        }
        datagram_free(reassembly, oldest, &REASSEMBLY_DROP_EVICTED);
    }
}

static struct datagram *datagram_new(struct reassembly *reassembly, struct netif *netif,
                                     const struct datagram_key *key)
{
    if (reassembly->datagrams.count >= REASSEMBLY_MAX_DATAGRAMS) {
        datagram_free(reassembly, oldest_of(reassembly), &REASSEMBLY_DROP_EVICTED);
    }
    struct datagram *datagram = memory_new(sizeof *datagram);
    datagram->key = *key;
    datagram->netif = netif;
    datagram->end = UNKNOWN_END;
    datagram->deadline_ns = scope_now(reassembly->ip->scope) + REASSEMBLY_TIMEOUT_NS;
    (void)map_put(&reassembly->datagrams, key, datagram);
    list_add_last(&datagram->link, &reassembly->in_progress);
    set_timer(reassembly);
    return datagram;
}

/* --- a fragment --- */

/* What is wrong with the fragment, whatever its datagram; NULL: nothing. */
static const struct drop_reason *find_fault(const struct ipv4_header *header)
{
    enum { TCP_LEAST_FIRST = 16 }; /* RFC 1858 3: up to the flags */
    uint32_t len = (uint32_t)(header->total_len - header->header_len);
    uint32_t end = header->fragment_offset + len;
    bool is_cut = header->more_fragments && len % 8 != 0; /* RFC 791 3.2 */
    if (len == 0 || is_cut || IPV4_HEADER_LEN + end > MAX_TOTAL_LEN) {
        return &REASSEMBLY_DROP_MALFORMED;
    }
    /* RFC 1858 3.2.2, RFC 3128 3: a filter that reads first fragments only must see the flags. Here
     * filters see whole datagrams; but no honest sender makes such fragments. */
    bool is_tiny =
        header->fragment_offset == 0 ? len < TCP_LEAST_FIRST : header->fragment_offset == 8;
    return header->protocol == IP_PROTOCOL_TCP && is_tiny ? &REASSEMBLY_DROP_TINY : NULL;
}

/* The first of the fragments that starts at or after `start`. */
static size_t find_place(const struct datagram *datagram, uint32_t start)
{
    size_t low = 0;
    size_t high = datagram->n_fragments;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (datagram->fragments[middle].start < start) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static const uint8_t *data_of(const struct fragment *fragment)
{
    /* the data is the end of the packet, whatever its header's length */
    return fragment->packet->data + fragment->packet->len - (fragment->end - fragment->start);
}

static bool is_same(const struct fragment *a, const struct fragment *b)
{
    return a->start == b->start && a->end == b->end &&
           memcmp(data_of(a), data_of(b), a->end - a->start) == 0;
}

/* True when the datagram would have two ends, or data behind its end. */
static bool has_conflict(const struct datagram *datagram, const struct fragment *fragment,
                         bool is_last)
{
    uint32_t known =
        datagram->n_fragments > 0 ? datagram->fragments[datagram->n_fragments - 1].end : 0;
    if (is_last) {
        return datagram->end == UNKNOWN_END ? fragment->end <= known
                                            : fragment->end != datagram->end;
    }
    return fragment->end >= datagram->end;
}

/* What is wrong with the fragment within its datagram, into which it would go at `place`. */
static const struct drop_reason *find_quarrel(const struct datagram *datagram,
                                              const struct fragment *fragment, size_t place,
                                              bool is_last)
{
    const struct fragment *all = datagram->fragments;
    bool has_next = place < datagram->n_fragments;
    if (has_conflict(datagram, fragment, is_last)) {
        return &REASSEMBLY_DROP_CONFLICT;
    }
    if (has_next && is_same(&all[place], fragment)) {
        return &REASSEMBLY_DROP_DUPLICATE;
    }
    if ((has_next && all[place].start < fragment->end) ||
        (place > 0 && all[place - 1].end > fragment->start)) {
        return &REASSEMBLY_DROP_OVERLAP;
    }
    return datagram->n_fragments == REASSEMBLY_MAX_FRAGMENTS ? &REASSEMBLY_DROP_TOO_MANY : NULL;
}

static void datagram_insert(struct reassembly *reassembly, struct datagram *datagram,
                            const struct fragment *fragment, size_t place)
{
    size_t count = datagram->n_fragments++;
    datagram->fragments = memory_grow_array(datagram->fragments, count, &datagram->capacity,
                                            sizeof *datagram->fragments);
    struct fragment *at = &datagram->fragments[place];
    memmove(at + 1, at, (count - place) * sizeof *at);
    *at = *fragment;
    datagram->have += fragment->end - fragment->start;
    reassembly->bytes += cost_of(fragment->packet);
}

/* --- the whole --- */

/* RFC 3168 5.3: congestion that one fragment met is the datagram's. */
static uint8_t join_ecn(const struct datagram *datagram, uint8_t of_first)
{
    return datagram->ecn_seen & 1u << ECN_CE ? ECN_CE : of_first;
}

/* Why the complete datagram cannot be believed, or NULL. */
static const struct drop_reason *find_final_fault(const struct datagram *datagram,
                                                  const struct ipv4_header *first)
{
    const uint8_t contradiction = 1u << ECN_CE | 1u << ECN_NOT_ECT;
    if (first->header_len + datagram->end > MAX_TOTAL_LEN) {
        return &REASSEMBLY_DROP_MALFORMED;
    }
    return (datagram->ecn_seen & contradiction) == contradiction ? &REASSEMBLY_DROP_ECN : NULL;
}

static struct packet *join(const struct reassembly *reassembly, const struct datagram *datagram,
                           struct ipv4_header *header)
{
    const struct packet *first = datagram->fragments[0].packet;
    size_t header_len = header->header_len;
    struct packet *whole =
        packet_new(reassembly->ip->scope->env->packets, header_len + datagram->end);
    struct writer w = writer_of(whole->data, whole->len);
    write_copy(&w, first->data, header_len);
    for (size_t i = 0; i < datagram->n_fragments; i++) {
        const struct fragment *fragment = &datagram->fragments[i];
        write_copy(&w, data_of(fragment), fragment->end - fragment->start);
    }
    header->total_len = (uint16_t)whole->len;
    header->ecn = join_ecn(datagram, header->ecn);
    header->dont_fragment = false; /* it was sent in fragments: whoever sends it on may do so too */
    header->more_fragments = false;
    ipv4_rewrite_header(whole->data, header);
    whole->id = first->id;
    return whole;
}

static void trace_reassembled(const struct reassembly *reassembly, const struct datagram *datagram,
                              const struct packet *whole)
{
    const struct scope *scope = reassembly->ip->scope;
    if (trace_is_on(scope->trace)) {
        trace_emit(scope, &IPV4_REASSEMBLED, whole,
                   &(struct ipv4_reassembled){
                       .src = ip_v4(datagram->key.src),
                       .dst = ip_v4(datagram->key.dst),
                       .id = datagram->key.id,
                       .len = whole->len,
                       .fragments = (uint32_t)datagram->n_fragments,
                   });
    }
}

/* All is here. Takes the datagram apart; NULL when it cannot be believed after all. */
static struct packet *finish(struct reassembly *reassembly, struct datagram *datagram)
{
    struct reader r = packet_reader(datagram->fragments[0].packet);
    struct ipv4_header header;
    CHECK(ipv4_parse(&r, &header) == IPV4_OK);
    const struct drop_reason *fault = find_final_fault(datagram, &header);
    struct packet *whole = NULL;
    if (!fault) {
        whole = join(reassembly, datagram, &header);
        trace_reassembled(reassembly, datagram, whole);
    }
    datagram_free(reassembly, datagram, fault);
    set_timer(reassembly);
    return whole;
}

static void refuse(struct reassembly *reassembly, struct datagram *datagram,
                   const struct drop_reason *reason)
{
    datagram_clear(reassembly, datagram, reason);
    datagram->refused = reason;
}

/* Puts the fragment into its datagram; why not, or NULL. */
static const struct drop_reason *take(struct reassembly *reassembly, struct datagram *datagram,
                                      struct packet *packet, const struct ipv4_header *header)
{
    struct fragment fragment = {
        .start = header->fragment_offset,
        .end = (uint32_t)(header->fragment_offset + header->total_len - header->header_len),
        .packet = packet,
    };
    if (datagram->refused) {
        return datagram->refused;
    }
    size_t place = find_place(datagram, fragment.start);
    const struct drop_reason *quarrel =
        find_quarrel(datagram, &fragment, place, !header->more_fragments);
    if (quarrel == &REASSEMBLY_DROP_DUPLICATE) {
        return quarrel;
    }
    if (quarrel) {
        refuse(reassembly, datagram, quarrel);
        return quarrel;
    }
    make_room_for_fragment(reassembly, datagram, cost_of(packet));
    datagram_insert(reassembly, datagram, &fragment, place);
    datagram->ecn_seen |= (uint8_t)(1u << header->ecn);
    if (!header->more_fragments) {
        datagram->end = fragment.end;
    }
    return NULL;
}

struct packet *reassembly_input(struct reassembly *reassembly, struct netif *netif,
                                struct packet *packet, const struct ipv4_header *header,
                                bool *is_group)
{
    const struct drop_reason *fault = find_fault(header);
    if (fault) {
        ipv4_drop(reassembly->ip, netif, packet, fault);
        return NULL;
    }
    struct datagram_key key = {header->src, header->dst, header->id, header->protocol};
    struct datagram *datagram = map_get(&reassembly->datagrams, &key);
    if (!datagram) {
        datagram = datagram_new(reassembly, netif, &key);
    }
    fault = take(reassembly, datagram, packet, header);
    if (fault) {
        ipv4_drop(reassembly->ip, netif, packet, fault);
        return NULL;
    }
    datagram->is_group |= *is_group;
    if (datagram->have != datagram->end) {
        return NULL;
    }
    *is_group = datagram->is_group;
    return finish(reassembly, datagram);
}
