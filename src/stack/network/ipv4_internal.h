/* What the files of ipv4 share: the state of one node's network layer. */
#ifndef STACK_NETWORK_IPV4_INTERNAL_H
#define STACK_NETWORK_IPV4_INTERNAL_H

#include "stack/link/addr_map.h"
#include "stack/network/icmp.h"
#include "stack/network/ipv4.h"
#include "stack/network/reassembly.h"

struct ipv4_protocol {
    ipv4_handler handler;
    ipv4_error_handler on_error;
    void *owner;
};

/* An address that means this node, or a subnet of it. */
struct ipv4_local {
    uint32_t n_own;       /* interfaces that have it */
    uint32_t n_broadcast; /* prefixes of which it is the broadcast address */
};

struct ipv4 {
    struct scope *scope;
    bool forwarding;
    struct route_table *routes;
    struct icmp *icmp;
    struct addr_map local;                                  /* of struct ipv4_local, owned */
    uint8_t protocol_place[256];                            /* in `protocols`; 0: nobody */
    struct ipv4_protocol protocols[IPV4_MAX_PROTOCOLS + 1]; /* [0] stays empty */
    size_t n_protocols;
    struct ipv4_hook hook;
    struct reassembly *reassembly;
    uint16_t next_id;

    /* packets to ourselves, IP header in front */
    struct packet *first_looped, *last_looped;
    size_t n_looped;
    struct event looped_event;
};

/* How a packet leaves. */
struct ipv4_path {
    struct netif *netif; /* NULL: to this node itself */
    uint32_t src;
    uint32_t next_hop;
    uint32_t mtu;
};

/* Where a finished packet goes. */
struct ipv4_exit {
    struct netif *netif;
    uint32_t next_hop;
    const struct mac_addr *link_dst; /* to this neighbour without ARP; or NULL */
};

static inline bool ipv4_is_fragment(const struct ipv4_header *header)
{
    return header->more_fragments || header->fragment_offset > 0;
}

static inline const struct ipv4_local *ipv4_find_local(const struct ipv4 *ip, uint32_t addr)
{
    return addr_map_get(&ip->local, addr);
}

/* The handler and so on of a protocol; its members are NULL when nobody speaks it. */
static inline const struct ipv4_protocol *ipv4_find_protocol(const struct ipv4 *ip,
                                                             uint8_t protocol)
{
    return &ip->protocols[ip->protocol_place[protocol]];
}

/* Counts and traces the drop at `netif` (NULL: the node itself); takes ownership. */
void ipv4_drop(struct ipv4 *ip, struct netif *netif, struct packet *packet,
               const struct drop_reason *reason);

/* netif->on_ipv4 and netif->on_unresolved. */
void ipv4_input(void *network, struct netif *netif, struct packet *packet, bool is_group);
void ipv4_on_unresolved(void *network, struct netif *netif, struct packet *packet);

/* Delivers the packets that the node sent to itself: fires looped_event. */
void ipv4_deliver_looped(void *ip);

/* STATUS_UNREACHABLE when there is no way to how->dst. */
enum status ipv4_find_path(const struct ipv4 *ip, const struct ipv4_send *how,
                           struct ipv4_path *path) MUST_CHECK;

/* --- fragment.c --- */

/* Sends a packet (data at its IP header), in fragments when it is larger than the interface's MTU.
 * Takes ownership. */
void ipv4_transmit(struct ipv4 *ip, struct packet *packet, const struct ipv4_exit *way);

/* Writes the header's lengths, DS field, identification and fragment fields over `bytes`, which
 * hold a header of header->header_len bytes, and makes its checksum right. */
void ipv4_rewrite_header(uint8_t *bytes, const struct ipv4_header *header);

#endif
