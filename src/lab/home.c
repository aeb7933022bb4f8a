/* Home routers: which side is the Internet, and the switch inside.
 *
 * A home router has two interfaces. Its LAN sockets are one switch: where more than one link leads
 * into the home, that switch becomes a node of its own, NAME_lan, and the router is linked to it.
 */
#include "lab/lab_internal.h"

#include "base/memory.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static const char LAN_SUFFIX[] = "_lan";

/* How much a neighbour looks like the way to the Internet: 0 the most. */
static int neighbour_rank(const struct lab *lab, uint32_t neighbour)
{
    const struct lab_node *node = &lab->nodes[neighbour];
    for (size_t i = 0; node->kind == LAB_SWITCH && i < node->n_ports; i++) {
        if (lab->nodes[lab_peer(lab, node->ports[i])].kind == LAB_ROUTER) {
            return 1;
        }
    }
    return node->kind == LAB_ROUTER ? 0 : node->kind == LAB_HOME_NAT ? 2 : 3;
}

/* The port that faces the Internet: `wan` names the neighbour; else the first whose neighbour is a
 * router, or a switch with a router, or another home router; else the first. */
static void choose_wan_port(struct lab *lab, struct lab_node *node)
{
    const struct config_value *wan = config_get(node->config, "wan");
    uint32_t wanted = wan ? lab_resolve_node(lab, wan) : LAB_NONE;
    int best = INT_MAX;
    for (size_t i = 0; i < node->n_ports; i++) {
        uint32_t neighbour = lab_peer(lab, node->ports[i]);
        int rank = wan ? (neighbour == wanted ? 0 : INT_MAX) : neighbour_rank(lab, neighbour);
        if (rank < best) {
            best = rank;
            node->wan_port = node->ports[i];
        }
    }
    if (wan && wanted != LAB_NONE && node->wan_port == LAB_NONE) {
        config_problem(lab->file, wan, "'%s' has no link to '%s'", node->name, wan->text);
    }
}

static void move_port(struct lab *lab, uint32_t port, uint32_t to)
{
    struct lab_node *node = &lab->nodes[to];
    node->ports =
        memory_grow_array(node->ports, node->n_ports, &node->ports_capacity, sizeof *node->ports);
    lab->ports[port].node = to;
    lab->ports[port].number = (uint32_t)node->n_ports;
    node->ports[node->n_ports++] = port;
}

/* The links into the home end at the switch now, which has no address. */
static void check_lan_address(struct lab *lab, const struct lab_node *node, uint32_t port)
{
    const struct lab_link *link = &lab->links[lab->ports[port].link];
    const struct config_value *address =
        config_get(config_get(link->options, "addresses"), node->name);
    if (address) {
        config_problem_at_key(lab->file, address,
                              "'%s' has several links into the home and one address there; write "
                              "it as its 'lan', like 192.168.1.1/24",
                              node->name);
    }
}

static void split_off_lan_switch(struct lab *lab, uint32_t index)
{
    if (lab->nodes[index].n_ports <= 2) {
        return;
    }
    char name[LAB_NAME_SIZE + sizeof LAN_SUFFIX];
    snprintf(name, sizeof name, "%s%s", lab->nodes[index].name, LAN_SUFFIX);
    if (strlen(name) >= LAB_NAME_SIZE) {
        snprintf(name, sizeof name, "lan_%u", lab->nodes[index].id);
    }
    uint32_t lan = lab_add_implied_node(lab, name, LAB_SWITCH);
    if (lan == LAB_NONE) {
        return;
    }
    struct lab_node *node = &lab->nodes[index];
    size_t n_ports = node->n_ports;
    node->n_ports = 0;
    for (size_t i = 0; i < n_ports; i++) {
        uint32_t port = node->ports[i];
        if (port != node->wan_port) {
            check_lan_address(lab, node, port);
        }
        move_port(lab, port, port == node->wan_port ? index : lan);
    }
    lab_add_link(lab, lan, index, NULL, NULL);
}

static bool is_home_router(const struct lab *lab, uint32_t node)
{
    return lab->nodes[node].kind == LAB_HOME_NAT;
}

static void check_links(struct lab *lab)
{
    const struct config_value *reported = NULL; /* what is wrong with a group is said once */
    for (uint32_t i = 0; i < lab->n_nodes; i++) {
        const struct lab_node *node = &lab->nodes[i];
        if (is_home_router(lab, i) && node->n_ports < 2 && node->config != reported) {
            reported = node->config;
            config_problem_at_key(
                lab->file, node->config,
                "home-nat '%s' needs a link to its provider and one into the home", node->name);
        }
    }
}

void lab_read_home_routers(struct lab *lab)
{
    check_links(lab);
    uint32_t n_nodes = (uint32_t)lab->n_nodes; /* without the switches that are added */
    for (uint32_t i = 0; i < n_nodes && lab->file->n_problems == 0; i++) {
        if (is_home_router(lab, i)) {
            choose_wan_port(lab, &lab->nodes[i]);
        }
    }
    /* Only now: a neighbour inside another home is still that home's router, as in the file. */
    for (uint32_t i = 0; i < n_nodes && lab->file->n_problems == 0; i++) {
        if (is_home_router(lab, i)) {
            split_off_lan_switch(lab, i);
        }
    }
}
