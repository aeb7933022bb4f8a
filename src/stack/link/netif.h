/* A network interface: where a node's stack meets a link.
 *
 * Frames come in through netif_input() and are handed, without their Ethernet header, to the
 * handler of their type. stack/network registers itself as the handler of IPv4; nothing here knows
 * it.
 */
#ifndef STACK_LINK_NETIF_H
#define STACK_LINK_NETIF_H

#include "observe/scope.h"
#include "wire/address.h"
#include "wire/ethernet.h"

enum {
    NETIF_MAX_ADDRESSES = 4,
    NETIF_NAME_SIZE = 16,
};

struct arp;

struct netif_counts {
    uint64_t rx_frames, rx_bytes, tx_frames, tx_bytes, drops;
};

struct netif {
    struct scope *scope;
    uint32_t index; /* within its node: eth0 is 0 */
    char name[NETIF_NAME_SIZE];
    struct mac_addr mac;
    uint32_t mtu; /* bytes of an IP packet */
    bool is_up;
    struct ip_prefix addresses[NETIF_MAX_ADDRESSES]; /* with host bits; IPv4 first */
    size_t n_addresses;
    struct arp *arp; /* owned */

    /* Sends a whole frame; takes ownership. link_send() on a link_end, usually. */
    void (*transmit)(void *link_owner, struct packet *frame);
    void *link_owner;

    /* Takes an IPv4 packet (Ethernet header pulled). `is_group`: it came as broadcast or multicast.
     */
    void (*on_ipv4)(void *network, struct netif *netif, struct packet *packet, bool is_group);
    /* ARP gave up on the next hop of this packet (network header in front); takes ownership. */
    void (*on_unresolved)(void *network, struct netif *netif, struct packet *packet);
    void *network;

    struct netif_counts counts;
};

extern const struct drop_reason NETIF_DROP_SHORT;        /* ethernet.too-short */
extern const struct drop_reason NETIF_DROP_BAD_SOURCE;   /* ethernet.bad-source: a group */
extern const struct drop_reason NETIF_DROP_NOT_FOR_US;   /* ethernet.not-for-us */
extern const struct drop_reason NETIF_DROP_UNKNOWN_TYPE; /* ethernet.unknown-type */
extern const struct drop_reason NETIF_DROP_DOWN;         /* netif.down */
extern const struct drop_reason NETIF_DROP_TOO_BIG;      /* netif.too-big */

/* Initialises everything but the network's handlers (set them before the first frame). `name` is
 * copied. The interface starts up and without an address. */
void netif_init(struct netif *netif, struct scope *scope, uint32_t index, const char *name,
                struct mac_addr mac, uint32_t mtu,
                void (*transmit)(void *link_owner, struct packet *frame), void *link_owner);
void netif_fini(struct netif *netif);

/* A frame from the link: the `deliver` of its link end (owner: the netif). Takes ownership. */
void netif_input(void *netif, struct packet *frame);

/* Puts an Ethernet header in front of a network-layer packet and transmits it. Takes ownership; the
 * packet may be shared (it is made writable). */
void netif_send(struct netif *netif, struct packet *packet, struct mac_addr dst,
                uint16_t ethertype);

/* Sends an IPv4 packet to a neighbour (or to broadcast), resolving its MAC by ARP. */
void netif_send_ipv4(struct netif *netif, struct packet *packet, uint32_t next_hop);

/* False when the table is full or the address is there already. */
bool netif_add_address(struct netif *netif, struct ip_prefix prefix);
bool netif_remove_address(struct netif *netif, struct ip_addr addr);

/* The interface's first IPv4 prefix, or NULL. */
const struct ip_prefix *netif_ipv4(const struct netif *netif);
bool netif_has_ipv4(const struct netif *netif, uint32_t addr);

/* The interface's own address in the subnet of `peer`, else its first one, else 0. */
uint32_t netif_source_for(const struct netif *netif, uint32_t peer);

/* The broadcast address of a prefix (RFC 1122 3.2.1.3); 0 when it has none: RFC 3021 takes it from
 * /31, and /32 is one host. */
uint32_t netif_prefix_broadcast(const struct ip_prefix *prefix);

/* 255.255.255.255, or the broadcast address of one of the interface's subnets. */
bool netif_is_broadcast(const struct netif *netif, uint32_t addr);

#endif
