/* NAPT: many private addresses behind one public one (RFC 2663 4.1.2, RFC 3022; behaviour as RFC
 * 4787, 5382 and 5508 ask).
 *
 * Attached to a router's IPv4 as its hook. What leaves by the outside interface from a private
 * source gets the outside address and a port of the outside (ICMP: an id); what comes back is
 * translated back by the mapping. Mappings are endpoint-independent (RFC 4787 REQ-1): one per
 * protocol and inside endpoint. So is the filtering (REQ-8): whoever sends to a mapped port is let
 * in. What comes from outside without a mapping is for the router itself or for nobody.
 *
 * Private is RFC 1918, and RFC 6598's 100.64.0.0/10, so that a carrier's NAT is this one too. The
 * outside address is the interface's first; when it changes, old mappings end.
 */
#ifndef STACK_NETWORK_NAT_H
#define STACK_NETWORK_NAT_H

#include "stack/network/ipv4.h"

enum {
    NAT_MAX_MAPPINGS = 16384,
    NAT_FIRST_PORT = 1024, /* ports below it are mapped to ports below it (RFC 4787 REQ-3a) */
};
#define NAT_UDP_TIMEOUT_NS UINT64_C(300000000000)      /* RFC 4787 REQ-5: 5 minutes */
#define NAT_ICMP_TIMEOUT_NS UINT64_C(60000000000)      /* RFC 5508 REQ-2: 60 s */
#define NAT_TCP_ESTABLISHED_NS UINT64_C(7440000000000) /* RFC 5382 REQ-5: 2 h 4 min */
#define NAT_TCP_TRANSITORY_NS UINT64_C(240000000000)   /* RFC 5382 REQ-5: 4 min */

extern const struct drop_reason
    NAT_DROP_NO_MAPPING; /* nat.no-mapping: nobody inside asked for it */
extern const struct drop_reason NAT_DROP_TABLE_FULL;   /* nat.table-full */
extern const struct drop_reason NAT_DROP_PRIVATE;      /* nat.private-destination: from outside */
extern const struct drop_reason NAT_DROP_UNSUPPORTED;  /* nat.unsupported-protocol */
extern const struct drop_reason NAT_DROP_MALFORMED;    /* nat.malformed */
extern const struct drop_reason NAT_DROP_BAD_CHECKSUM; /* nat.bad-checksum: of an ICMP error */
extern const struct drop_reason NAT_DROP_NO_ADDRESS;   /* nat.no-address: outside has none (yet) */

struct nat;

/* `is_port_taken(owner, protocol, port)` asks transport whether the router itself uses an outside
 * port (its DNS forwarder does), so that both never share one; NULL: it uses none. Becomes the hook
 * of `ip`, until nat_free(). */
struct nat *nat_new(struct ipv4 *ip, struct netif *outside,
                    bool (*is_port_taken)(void *owner, uint8_t protocol, uint16_t port),
                    void *owner);
void nat_free(struct nat *nat);
size_t nat_count_mappings(const struct nat *nat);

struct nat_event {
    const char *protocol;    /* "TCP", "UDP", "ICMP"; "ICMP error" for what one quotes */
    struct endpoint inside;  /* private address and port (ICMP: id) */
    struct endpoint outside; /* public address and port */
    struct endpoint remote;  /* the other side */
};
extern const struct trace_kind NAT_MAPPED;         /* "nat.mapped": a new mapping */
extern const struct trace_kind NAT_TRANSLATED_OUT; /* "nat.translated-out": per packet */
extern const struct trace_kind NAT_TRANSLATED_IN;  /* "nat.translated-in": per packet */
extern const struct trace_kind NAT_EXPIRED;        /* "nat.expired"; without remote */

#endif
