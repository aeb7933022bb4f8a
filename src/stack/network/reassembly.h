/* Reassembly: from fragments back to the datagram (RFC 791 3.2, RFC 1122 3.3.2).
 *
 * Only the node that a datagram is for puts it together, and a NAT, which needs its ports. What is
 * in pieces waits here: for so long, in so many bytes, and no longer. Fragments come from strangers
 * and have been a weapon ever since: whatever is odd about them ends the whole datagram.
 */
#ifndef STACK_NETWORK_REASSEMBLY_H
#define STACK_NETWORK_REASSEMBLY_H

#include "stack/network/ipv4.h"

enum {
    REASSEMBLY_MAX_DATAGRAMS = 1024, /* in progress per node */
    REASSEMBLY_MAX_FRAGMENTS = 1400, /* of one: 65535 bytes over a link of MTU 68 make 1365 */
    REASSEMBLY_MAX_BYTES = 4 << 20,  /* per node, as Linux's ipfrag_high_thresh */
    REASSEMBLY_FRAGMENT_COST = 2048, /* what a fragment counts at least: its buffer */
};
/* DEVIATES: RFC 1122 3.3.2 wants 60 to 120 s; 30 s is what systems use (Linux, BSD), and keeps the
 * reuse of identification values further away (RFC 4963). */
#define REASSEMBLY_TIMEOUT_NS UINT64_C(30000000000)

extern const struct drop_reason REASSEMBLY_DROP_MALFORMED; /* ipv4.fragment-malformed */
extern const struct drop_reason REASSEMBLY_DROP_TINY;      /* ipv4.fragment-tiny: RFC 1858, 3128 */
extern const struct drop_reason REASSEMBLY_DROP_DUPLICATE; /* ipv4.fragment-duplicate */
extern const struct drop_reason REASSEMBLY_DROP_OVERLAP;   /* ipv4.fragment-overlap */
extern const struct drop_reason REASSEMBLY_DROP_CONFLICT;  /* ipv4.fragment-conflict: two ends */
extern const struct drop_reason REASSEMBLY_DROP_TOO_MANY;  /* ipv4.fragment-limit */
extern const struct drop_reason REASSEMBLY_DROP_EVICTED;   /* ipv4.fragment-evicted: no room */
extern const struct drop_reason REASSEMBLY_DROP_TIMEOUT;   /* ipv4.fragment-timeout */
extern const struct drop_reason REASSEMBLY_DROP_ECN;       /* ipv4.fragment-ecn: RFC 3168 5.3 */

struct reassembly;

/* Made and freed by ipv4_new/free. */
struct reassembly *reassembly_new(struct ipv4 *ip);
void reassembly_free(struct reassembly *reassembly);

/* Takes a fragment (data at its IP header, cut to total_len; `header`: parsed from it) that came in
 * by `netif`. Takes ownership. Returns the whole datagram when this was the last one missing, for
 * the caller to own: data at its IP header, which is the first fragment's with the new length, no
 * fragment fields and a right checksum; it keeps that fragment's id in the trace. NULL otherwise.
 * *is_group says whether the link sent this fragment to a group, and then whether it did so with
 * any of them. */
struct packet *reassembly_input(struct reassembly *reassembly, struct netif *netif,
                                struct packet *packet, const struct ipv4_header *header,
                                bool *is_group);

size_t reassembly_count(const struct reassembly *reassembly); /* datagrams in progress */
size_t reassembly_bytes(const struct reassembly *reassembly); /* what their fragments count */

struct ipv4_reassembled {
    struct ip_addr src, dst;
    uint16_t id;
    uint32_t len;       /* of the datagram, with its header */
    uint32_t fragments; /* how many it came in */
};
extern const struct trace_kind IPV4_REASSEMBLED; /* "ipv4.reassembled" */

#endif
