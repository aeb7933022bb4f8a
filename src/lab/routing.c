/* Static routes: what a routing protocol would have found once it had converged.
 *
 * Every router gets a route to every public subnet along the path of least latency (the sum of each
 * link's propagation delay and the time to serialise 1500 bytes, and 1 us per router so that of
 * equal paths the one with fewer hops wins). A router at the edge, with one neighbouring router,
 * and whatever is no router, gets a default route. The LANs behind home routers are in nobody's
 * table: their addresses are private.
 */
#include "lab/lab_internal.h"

#include "base/memory.h"

#include <stdlib.h>

enum { HOP_COST_NS = 1000 };

static uint64_t link_cost(const struct lab_link *link)
{
    uint64_t serialise =
        link->config.rate_bps ? 12000 * UINT64_C(1000000000) / link->config.rate_bps : 0;
    return link->config.delay_ns + serialise;
}

static uint64_t port_cost(const struct lab *lab, uint32_t port)
{
    return link_cost(&lab->links[lab->ports[port].link]);
}

/* Between two ports of one segment: what their own links cost (one link joining both counts once).
 */
static uint64_t crossing_cost(const struct lab *lab, uint32_t a, uint32_t b)
{
    uint64_t cost = port_cost(lab, a) + HOP_COST_NS;
    return lab->ports[a].link == lab->ports[b].link ? cost : cost + port_cost(lab, b);
}

static bool is_router(const struct lab *lab, uint32_t node)
{
    return lab->nodes[node].kind == LAB_ROUTER;
}

static void add_route(struct lab *lab, uint32_t node, struct ip_prefix prefix,
                      uint32_t gateway_port, uint32_t port)
{
    struct lab_node *n = &lab->nodes[node];
    n->routes = memory_grow_array(n->routes, n->n_routes, &n->routes_capacity, sizeof *n->routes);
    n->routes[n->n_routes++] =
        (struct lab_route){prefix, lab->ports[gateway_port].address.addr, port};
}

/* The router that a port's owner would send to by default: on this segment, cheapest to reach. */
static uint32_t nearest_router_port(const struct lab *lab, uint32_t port)
{
    const struct lab_segment *segment = &lab->segments[lab->ports[port].segment];
    uint32_t best = LAB_NONE;
    uint64_t best_cost = UINT64_MAX;
    for (size_t i = 0; i < segment->n_ports; i++) {
        uint32_t other = segment->ports[i];
        bool leads_out =
            is_router(lab, lab->ports[other].node) || segment->nat_node == lab->ports[other].node;
        uint64_t cost = crossing_cost(lab, port, other);
        if (leads_out && lab->ports[other].node != lab->ports[port].node && cost < best_cost) {
            best = other;
            best_cost = cost;
        }
    }
    return best;
}

static void add_default_route(struct lab *lab, uint32_t node)
{
    const struct lab_node *n = &lab->nodes[node];
    for (size_t i = 0; i < n->n_ports; i++) {
        uint32_t port = n->ports[i];
        bool faces_home = n->kind == LAB_HOME_NAT && port != n->wan_port;
        uint32_t gateway = faces_home ? LAB_NONE : nearest_router_port(lab, port);
        if (gateway != LAB_NONE) {
            struct ip_prefix everywhere = {ip_v4(0), 0};
            add_route(lab, node, everywhere, gateway, port);
            return;
        }
    }
}

/* The one router that a router can reach directly; LAB_NONE when there are none or several. */
static uint32_t only_neighbour(const struct lab *lab, uint32_t node)
{
    uint32_t neighbour = LAB_NONE;
    for (size_t i = 0; i < lab->nodes[node].n_ports; i++) {
        const struct lab_segment *segment =
            &lab->segments[lab->ports[lab->nodes[node].ports[i]].segment];
        for (size_t k = 0; k < segment->n_ports; k++) {
            uint32_t other = lab->ports[segment->ports[k]].node;
            if (other == node || other == neighbour || !is_router(lab, other)) {
                continue;
            }
            if (neighbour != LAB_NONE) {
                return LAB_NONE;
            }
            neighbour = other;
        }
    }
    return neighbour;
}

/* At the edge of the network: a default route says all. (Not when the neighbour would be the same:
 * two routers must not send to each other what neither knows.) */
static bool is_stub(const struct lab *lab, uint32_t node)
{
    uint32_t neighbour = only_neighbour(lab, node);
    return neighbour != LAB_NONE && only_neighbour(lab, neighbour) == LAB_NONE;
}

/* --- Dijkstra over routers, from one router --- */

struct path {
    uint64_t cost;
    uint32_t first_port; /* ours, towards there */
    uint32_t gateway_port;
    bool is_done;
};

struct search {
    struct lab *lab;
    const uint32_t *routers;
    size_t n_routers;
    struct path *paths; /* by node */
};

static uint32_t search_take_nearest(struct search *search)
{
    uint32_t nearest = LAB_NONE;
    for (size_t i = 0; i < search->n_routers; i++) {
        uint32_t node = search->routers[i];
        const struct path *path = &search->paths[node];
        if (!path->is_done && path->cost != UINT64_MAX &&
            (nearest == LAB_NONE || path->cost < search->paths[nearest].cost)) {
            nearest = node;
        }
    }
    if (nearest != LAB_NONE) {
        search->paths[nearest].is_done = true;
    }
    return nearest;
}

static void search_relax(struct search *search, uint32_t start, uint32_t node, uint32_t port)
{
    struct lab *lab = search->lab;
    const struct lab_segment *segment = &lab->segments[lab->ports[port].segment];
    const struct path *here = &search->paths[node];
    for (size_t i = 0; i < segment->n_ports; i++) {
        uint32_t other_port = segment->ports[i];
        uint32_t other = lab->ports[other_port].node;
        if (other == node || !is_router(lab, other)) {
            continue;
        }
        uint64_t cost = here->cost + crossing_cost(lab, port, other_port);
        if (cost < search->paths[other].cost) {
            search->paths[other] = (struct path){
                .cost = cost,
                .first_port = node == start ? port : here->first_port,
                .gateway_port = node == start ? other_port : here->gateway_port,
            };
        }
    }
}

static void search_from(struct search *search, uint32_t start)
{
    for (size_t i = 0; i < search->lab->n_nodes; i++) {
        search->paths[i] = (struct path){.cost = UINT64_MAX};
    }
    search->paths[start].cost = 0;
    uint32_t node;
    while ((node = search_take_nearest(search)) != LAB_NONE) {
        for (size_t i = 0; i < search->lab->nodes[node].n_ports; i++) {
            search_relax(search, start, node, search->lab->nodes[node].ports[i]);
        }
    }
}

/* Routes of `start` to every public segment that it is not on: by the nearest router there. */
static void add_found_routes(struct search *search, uint32_t start)
{
    struct lab *lab = search->lab;
    for (size_t s = 0; s < lab->n_segments; s++) {
        const struct lab_segment *segment = &lab->segments[s];
        const struct path *best = NULL;
        bool is_connected = false;
        for (size_t i = 0; i < segment->n_ports; i++) {
            uint32_t node = lab->ports[segment->ports[i]].node;
            const struct path *path = &search->paths[node];
            is_connected |= node == start;
            if (is_router(lab, node) && (!best || path->cost < best->cost)) {
                best = path;
            }
        }
        if (!segment->is_private && !is_connected && best && best->cost != UINT64_MAX) {
            add_route(lab, start, segment->prefix, best->gateway_port, best->first_port);
        }
    }
}

void lab_compute_routes(struct lab *lab)
{
    uint32_t *routers = memory_new_array(lab->n_nodes, sizeof *routers);
    struct search search = {
        .lab = lab,
        .routers = routers,
        .paths = memory_new_array(lab->n_nodes, sizeof(struct path)),
    };
    for (uint32_t node = 0; node < lab->n_nodes; node++) {
        if (is_router(lab, node)) {
            routers[search.n_routers++] = node;
        }
    }
    for (uint32_t node = 0; node < lab->n_nodes; node++) {
        if (is_router(lab, node) && !is_stub(lab, node)) {
            search_from(&search, node);
            add_found_routes(&search, node);
        } else if (lab_kind_has_stack(lab->nodes[node].kind)) {
            add_default_route(lab, node);
        }
    }
    free(search.paths);
    free(routers);
}
