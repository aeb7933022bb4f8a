/* One node's whole stack: made as one, crashed as one.
 *
 * Hosts, routers, servers and home NATs are all this; only what is switched on differs.
 */
#ifndef STACK_NODE_NODE_H
#define STACK_NODE_NODE_H

#include "medium/link.h"
#include "stack/link/netif.h"
#include "stack/network/icmp.h"
#include "stack/network/ipv4.h"
#include "stack/network/nat.h"
#include "stack/transport/tcp.h"
#include "stack/transport/udp.h"

enum { NODE_MAX_NETIFS = 4096 };

struct node {
    struct scope scope;
    char *name; /* owned */
    struct netif **netifs;
    size_t n_netifs;
    size_t netif_capacity;
    struct ipv4 *ipv4;
    struct port_table *ports;
    struct udp *udp;
    struct tcp *tcp;
    struct nat *nat; /* NULL unless node_start_nat was called */
};

struct node_config {
    const char *name; /* copied */
    uint32_t id;      /* 1 ... 2^24-1, unique in the world */
    bool forwarding;
    struct tcp_config tcp;
};

struct node *node_new(struct env *env, struct trace *trace, const struct node_config *config);

/* Everything above the node (sockets, services) is closed first, and its links are freed first:
 * they know it until then. */
void node_free(struct node *node);

/* Adds eth0, eth1, ... and attaches it to that end of the link. STATUS_LIMIT; STATUS_INVALID: the
 * MTU is below 68 (RFC 791 3.2). The interface belongs to the node. */
enum status node_add_netif(struct node *node, struct link *link, int end, struct mac_addr mac,
                           uint32_t mtu, struct netif **netif) MUST_CHECK;

/* A configured address and its connected route. */
enum status node_add_address(struct node *node, struct netif *netif,
                             struct ip_prefix prefix) MUST_CHECK;
enum status node_add_route(struct node *node, struct ip_prefix prefix, struct ip_addr gateway,
                           struct netif *netif) MUST_CHECK;
/* Translates what leaves by `outside` from private addresses. Once. */
void node_start_nat(struct node *node, struct netif *outside);

#endif
