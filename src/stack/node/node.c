/* Theory of operation. A node is made from the ground up and taken apart from the top down. All its
 * parts borrow its scope, whose timer identities are handed out in the order of making: the same
 * configuration always gives the same ranks.
 */
#include "stack/node/node.h"

#include "base/check.h"
#include "base/memory.h"
#include "stack/transport/port_table.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    MAX_ID = (1 << 24) - 1,
    MINIMUM_MTU = 68, /* RFC 791 3.2: every link takes that much */
};

struct node *node_new(struct env *env, struct trace *trace, const struct node_config *config)
{
    CHECK(config->id > 0 && config->id <= MAX_ID);
    struct node *node = memory_new(sizeof *node);
    node->name = memory_copy_text(config->name);
    node->scope =
        (struct scope){.env = env, .trace = trace, .node = config->id, .name = node->name};
    node->ipv4 = ipv4_new(&node->scope, config->forwarding);
    node->ports = port_table_new(&node->scope);
    node->udp = udp_new(node->ipv4, node->ports);
    node->tcp = tcp_new(node->ipv4, node->ports, &config->tcp);
    return node;
}

void node_free(struct node *node)
{
    if (node->nat) {
        nat_free(node->nat);
    }
    tcp_free(node->tcp);
    udp_free(node->udp);
    port_table_free(node->ports);
    ipv4_free(node->ipv4);
    for (size_t i = 0; i < node->n_netifs; i++) {
        netif_fini(node->netifs[i]);
        free(node->netifs[i]);
    }
    free(node->netifs);
    free(node->name);
    free(node);
}

static void transmit_to_link(void *link_end, struct packet *frame)
{
    link_send(link_end, frame);
}

enum status node_add_netif(struct node *node, struct link *link, int end, struct mac_addr mac,
                           uint32_t mtu, struct netif **out)
{
    if (mtu < MINIMUM_MTU) {
        return STATUS_INVALID;
    }
    if (node->n_netifs == NODE_MAX_NETIFS) {
        return STATUS_LIMIT;
    }
    uint32_t index = (uint32_t)node->n_netifs;
    char name[NETIF_NAME_SIZE];
    snprintf(name, sizeof name, "eth%u", index);
    struct netif *netif = memory_new(sizeof *netif);
    netif_init(netif, &node->scope, index, name, mac, mtu, transmit_to_link, NULL);
    netif->link_owner =
        link_attach(link, end, &node->scope, index, netif->name, netif_input, netif);
    ipv4_add_netif(node->ipv4, netif);
    node->netifs = memory_grow_array(node->netifs, node->n_netifs, &node->netif_capacity,
                                     sizeof(struct netif *));
    node->netifs[node->n_netifs++] = netif;
    *out = netif;
    return STATUS_OK;
}

enum status node_add_address(struct node *node, struct netif *netif, struct ip_prefix prefix)
{
    return ipv4_add_address(node->ipv4, netif, prefix);
}

enum status node_add_route(struct node *node, struct ip_prefix prefix, struct ip_addr gateway,
                           struct netif *netif)
{
    struct route route = {.prefix = prefix, .netif = netif, .gateway = gateway};
    return route_add(ipv4_routes(node->ipv4), &route);
}

static bool is_port_taken(void *ports, uint8_t protocol, uint16_t port)
{
    return port_table_is_taken(ports, protocol, port);
}

void node_start_nat(struct node *node, struct netif *outside)
{
    CHECK(!node->nat);
    node->nat = nat_new(node->ipv4, outside, is_port_taken, node->ports);
}
