/* IPv4: addressing, forwarding, delivery (RFC 791, RFC 1122 3, RFC 1812).
 *
 * One `struct ipv4` per node. Packets from interfaces are checked, translated where a NAT is
 * attached, and then delivered to the protocol's handler or forwarded along the longest matching
 * prefix. ICMP (stack/network/icmp.h) is part of it: whoever drops for a reason that the sender
 * should know sends an ICMP error.
 */
#ifndef STACK_NETWORK_IPV4_H
#define STACK_NETWORK_IPV4_H

#include "stack/link/netif.h"
#include "stack/network/route.h"
#include "wire/ipv4.h"

struct ipv4;
struct icmp;

/* What a transport handler learns of a packet. */
struct ipv4_packet_info {
    struct netif *netif; /* where it came in; NULL: from this node itself */
    struct ipv4_header header;
    bool is_group; /* link-layer broadcast or multicast, or such a destination address */
};

/* Takes ownership; packet->data is at the transport header, cut to the IP payload. */
typedef void (*ipv4_handler)(void *owner, struct packet *packet,
                             const struct ipv4_packet_info *info);

/* An ICMP error about a packet that this node sent. `header` is the offending packet's, `transport`
 * the start of its payload: at least 8 bytes (RFC 792), borrowed. */
typedef void (*ipv4_error_handler)(void *owner, const struct ipv4_header *header,
                                   struct bytes transport, uint8_t icmp_type, uint8_t icmp_code,
                                   uint32_t icmp_rest);

/* A translator or filter on the way (a NAT). Each function may change the packet (packet->data is
 * at the IP header; it is writable) and returns false when it has dropped it and put it back.
 * `on_prerouting` sees what comes in before the routing decision; `on_postrouting` what is about to
 * leave by `out`, after it (in: where it came from; NULL when this node sent it). */
struct ipv4_hook {
    bool needs_whole; /* puts fragments together before on_prerouting: it sees whole datagrams */
    bool (*on_prerouting)(void *owner, struct packet *packet, struct netif *in);
    bool (*on_postrouting)(void *owner, struct packet *packet, struct netif *in, struct netif *out);
    void *owner;
};

/* How to send. Zero: the default in brackets. */
struct ipv4_send {
    uint32_t src; /* [the address of the outgoing interface] */
    uint32_t dst;
    uint8_t protocol;
    uint8_t ttl; /* [64; to a multicast group 1: RFC 1112 6.1] */
    uint8_t dscp;
    uint8_t ecn;
    bool dont_fragment;
    struct netif *netif; /* send through this interface, whatever the routes say [routes] */
    const struct mac_addr *link_dst; /* send to this neighbour without ARP; needs netif [ARP] */
};

extern const struct drop_reason IPV4_DROP_MALFORMED;    /* ipv4.malformed */
extern const struct drop_reason IPV4_DROP_BAD_CHECKSUM; /* ipv4.bad-checksum */
extern const struct drop_reason IPV4_DROP_TTL_EXPIRED;  /* ipv4.ttl-expired */
extern const struct drop_reason IPV4_DROP_NO_ROUTE;     /* ipv4.no-route */
extern const struct drop_reason IPV4_DROP_NOT_FOR_US; /* ipv4.not-for-us: a host does not forward */
extern const struct drop_reason IPV4_DROP_NO_PROTOCOL; /* ipv4.no-protocol */
extern const struct drop_reason IPV4_DROP_TOO_BIG;     /* ipv4.too-big: DF and MTU */
extern const struct drop_reason IPV4_DROP_MARTIAN;     /* ipv4.martian: impossible source */
extern const struct drop_reason IPV4_DROP_UNRESOLVED;  /* ipv4.host-unreachable: no ARP answer */
extern const struct drop_reason IPV4_DROP_BAD_DESTINATION; /* ipv4.bad-destination: 0/8, 127/8 */
extern const struct drop_reason IPV4_DROP_DIRECTED;        /* ipv4.directed-broadcast: elsewhere */
extern const struct drop_reason IPV4_DROP_LINK_GROUP; /* ipv4.link-broadcast: but for one host */
extern const struct drop_reason IPV4_DROP_LINK_LOCAL; /* ipv4.link-local: never forwarded */
extern const struct drop_reason IPV4_DROP_LOOP_FULL;  /* ipv4.loopback-full */

enum {
    IPV4_MAX_PROTOCOLS = 16,
    IPV4_MAX_LOOPED = 1024, /* packets on their way from the node to itself */
};

struct ipv4 *ipv4_new(struct scope *scope, bool forwarding);
void ipv4_free(struct ipv4 *ip);

/* Makes the node's stack the network of this interface. The netif is borrowed until ipv4_free. */
void ipv4_add_netif(struct ipv4 *ip, struct netif *netif);

/* Adds the address to the interface and the connected route (RFC 1812 5.2.4.2), whose metric is the
 * interface's index. STATUS_INVALID: not an address that a host can have in that subnet;
 * STATUS_IN_USE: it is there already; STATUS_LIMIT. */
enum status ipv4_add_address(struct ipv4 *ip, struct netif *netif,
                             struct ip_prefix prefix) MUST_CHECK;
void ipv4_remove_address(struct ipv4 *ip, struct netif *netif, struct ip_addr addr);

struct route_table *ipv4_routes(struct ipv4 *ip);
struct icmp *ipv4_icmp(struct ipv4 *ip);
struct scope *ipv4_scope(struct ipv4 *ip);

/* One per protocol; a second call replaces the first. `on_error` may be NULL. Both are called in
 * the course of events, never from within ipv4_send. */
void ipv4_set_handler(struct ipv4 *ip, uint8_t protocol, ipv4_handler handler,
                      ipv4_error_handler on_error, void *owner);
void ipv4_set_hook(struct ipv4 *ip, const struct ipv4_hook *hook); /* copied; one per node */

/* Sends `packet` (data at the transport header), in fragments when it is larger than the MTU. Takes
 * ownership whatever happens. STATUS_UNREACHABLE: no route, or a destination or source that must
 * not leave this node. STATUS_LIMIT: with its header larger than the MTU with dont_fragment, or
 * than 65535. A packet for an address of this node, or 127.0.0.0/8, is delivered to it, deferred.
 */
enum status ipv4_send(struct ipv4 *ip, struct packet *packet, const struct ipv4_send *how);

/* The source address that a packet to `dst` would bear, and the MTU on its first hop.
 * STATUS_UNREACHABLE: no route, or the interface there has no address. */
enum status ipv4_select_source(struct ipv4 *ip, uint32_t dst, uint32_t *src,
                               uint32_t *mtu) MUST_CHECK;

/* True when `addr` is an address of any interface of this node, or in 127.0.0.0/8. */
bool ipv4_is_own(const struct ipv4 *ip, uint32_t addr);

/* Trace: one per hop. */
struct ipv4_forwarded {
    struct ip_addr src, dst;
    const char *in, *out; /* interfaces */
    struct ip_addr next_hop;
    uint8_t ttl; /* as sent on */
};
extern const struct trace_kind IPV4_FORWARDED; /* "ipv4.forwarded" */

/* Trace: one per packet that leaves in fragments, which all keep its id in the trace. */
struct ipv4_fragmented {
    struct ip_addr src, dst;
    uint16_t id;
    uint32_t len;       /* of the packet, with its header */
    uint32_t fragments; /* how many it leaves in */
    const char *out;    /* interface */
    uint32_t mtu;       /* its MTU */
};
extern const struct trace_kind IPV4_FRAGMENTED; /* "ipv4.fragmented" */

#endif
