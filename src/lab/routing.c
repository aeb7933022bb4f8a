/* Static routes: what a routing protocol would have found once it had converged.
 *
 * Every router gets a route to every subnet outside homes along the path of least latency: the sum
 * of each link's propagation delay and the time to serialise 1500 bytes, and 1 us per router so
 * that of equal paths the one with fewer hops wins; switches cost nothing. A router at the edge,
 * with one neighbouring router, and whatever is no router, gets a default route. The LANs behind
 * home routers are in nobody's table: their addresses are private. Hosts that ask DHCP are told.
 *
 * The search is Dijkstra's, over routers and switches joined by links. It goes on from where it
 * began and from switches, and in a search for paths also from routers; a search for neighbours
 * stops at the first routers. A home router is found by its inner side only, and not passed.
 */
#include "lab/lab_internal.h"

#include "base/memory.h"

#include <stdlib.h>

enum { HOP_COST_NS = 1000 };
#define UNREACHED UINT64_MAX

/* A node as the search sees it. */
struct place {
    uint64_t cost;         /* from the start; UNREACHED */
    uint32_t first_port;   /* of the start, towards here */
    uint32_t gateway_port; /* of the first router on the way, towards the start; LAB_NONE: none */
    bool is_done;
};

struct heap_item {
    uint64_t cost;
    uint32_t node;
};

struct search {
    struct lab *lab;
    struct place *places; /* by node */
    uint32_t *touched;    /* places to reset */
    size_t n_touched, touched_capacity;
    struct heap_item *heap; /* the least cost first, then the least node */
    size_t n_heap, heap_capacity;
    uint32_t *onward; /* ports that lead to routers, switches or homes: by node from begins[node] */
    size_t *begins;
};

/* --- the heap --- */

static bool heap_is_before(struct heap_item a, struct heap_item b)
{
    return a.cost != b.cost ? a.cost < b.cost : a.node < b.node;
}

static void heap_push(struct search *search, struct heap_item item)
{
    search->heap = memory_grow_array(search->heap, search->n_heap, &search->heap_capacity,
                                     sizeof *search->heap);
    size_t at = search->n_heap++;
    for (; at > 0 && heap_is_before(item, search->heap[(at - 1) / 2]); at = (at - 1) / 2) {
        search->heap[at] = search->heap[(at - 1) / 2];
    }
    search->heap[at] = item;
}

static struct heap_item heap_pop(struct search *search)
{
    struct heap_item first = search->heap[0];
    struct heap_item last = search->heap[--search->n_heap];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < search->n_heap &&
            heap_is_before(search->heap[child + 1], search->heap[child])) {
            child++;
        }
        if (child >= search->n_heap || !heap_is_before(search->heap[child], last)) {
            break;
        }
        search->heap[at] = search->heap[child];
        at = child;
    }
    search->heap[at] = last;
    return first;
}

/* --- the graph --- */

static bool is_router(const struct lab *lab, uint32_t node)
{
    return lab->nodes[node].kind == LAB_ROUTER;
}

static uint32_t peer_port(const struct lab *lab, uint32_t port)
{
    const struct lab_port *p = &lab->ports[port];
    return lab->links[p->link].port[1 - p->end];
}

/* Is there something behind this port that a search may find or pass? */
static bool leads_on(const struct lab *lab, uint32_t port)
{
    uint32_t peer = peer_port(lab, port);
    enum lab_kind kind = lab->nodes[lab->ports[peer].node].kind;
    return kind == LAB_ROUTER || kind == LAB_SWITCH || kind == LAB_TAP ||
           lab_port_is_lan(lab, peer);
}

static void search_init(struct search *search, struct lab *lab)
{
    *search = (struct search){
        .lab = lab,
        .places = memory_new_array(lab->n_nodes, sizeof *search->places),
        .onward = memory_new_array(lab->n_ports, sizeof *search->onward),
        .begins = memory_new_array(lab->n_nodes + 1, sizeof *search->begins),
    };
    size_t count = 0;
    for (uint32_t node = 0; node < lab->n_nodes; node++) {
        search->places[node].cost = UNREACHED;
        search->begins[node] = count;
        for (size_t i = 0; i < lab->nodes[node].n_ports; i++) {
            if (leads_on(lab, lab->nodes[node].ports[i])) {
                search->onward[count++] = lab->nodes[node].ports[i];
            }
        }
    }
    search->begins[lab->n_nodes] = count;
}

static void search_fini(struct search *search)
{
    free(search->places);
    free(search->touched);
    free(search->heap);
    free(search->onward);
    free(search->begins);
}

/* --- searching --- */

static uint64_t link_cost(const struct lab_link *link)
{
    uint64_t serialise =
        link->config.rate_bps ? 12000 * UINT64_C(1000000000) / link->config.rate_bps : 0;
    return link->config.delay_ns + serialise;
}

/* Very long paths of very slow links cost the most that there is, and are still paths. */
static uint64_t add_cost(uint64_t a, uint64_t b)
{
    return a < UNREACHED - 1 - b ? a + b : UNREACHED - 1;
}

static void search_reset(struct search *search)
{
    for (size_t i = 0; i < search->n_touched; i++) {
        search->places[search->touched[i]] = (struct place){.cost = UNREACHED};
    }
    search->n_touched = 0;
    search->n_heap = 0;
}

static void search_touch(struct search *search, uint32_t node)
{
    search->touched = memory_grow_array(search->touched, search->n_touched,
                                        &search->touched_capacity, sizeof *search->touched);
    search->touched[search->n_touched++] = node;
}

static void search_cross(struct search *search, uint32_t start, uint32_t node, uint32_t port)
{
    struct lab *lab = search->lab;
    const struct place *here = &search->places[node];
    uint32_t there_port = peer_port(lab, port);
    uint32_t there = lab->ports[there_port].node;
    uint64_t cost = add_cost(here->cost, link_cost(&lab->links[lab->ports[port].link]));
    cost = is_router(lab, node) ? add_cost(cost, HOP_COST_NS) : cost;
    struct place *place = &search->places[there];
    if (place->is_done || cost >= place->cost) {
        return;
    }
    if (place->cost == UNREACHED) {
        search_touch(search, there);
    }
    bool is_gateway = here->gateway_port == LAB_NONE && lab_kind_has_stack(lab->nodes[there].kind);
    *place = (struct place){
        .cost = cost,
        .first_port = node == start ? port : here->first_port,
        .gateway_port = is_gateway ? there_port : here->gateway_port,
    };
    heap_push(search, (struct heap_item){cost, there});
}

/* Finds everything from `start`, through routers or up to the first ones. */
static void search_from(struct search *search, uint32_t start, bool through_routers)
{
    const struct lab *lab = search->lab;
    search_reset(search);
    search_touch(search, start);
    search->places[start] = (struct place){.cost = 0, .gateway_port = LAB_NONE};
    heap_push(search, (struct heap_item){0, start});
    while (search->n_heap > 0) {
        uint32_t node = heap_pop(search).node;
        if (search->places[node].is_done) {
            continue; /* found again at a higher cost */
        }
        search->places[node].is_done = true;
        enum lab_kind kind = lab->nodes[node].kind;
        bool is_passed = !lab_kind_has_stack(kind) || (kind == LAB_ROUTER && through_routers);
        if (node != start && !is_passed) {
            continue;
        }
        for (size_t i = search->begins[node]; i < search->begins[node + 1]; i++) {
            search_cross(search, start, node, search->onward[i]);
        }
    }
}

/* --- default routes --- */

static void add_route(struct lab *lab, uint32_t node, struct ip_prefix prefix,
                      const struct place *towards)
{
    struct lab_node *n = &lab->nodes[node];
    n->routes = memory_grow_array(n->routes, n->n_routes, &n->routes_capacity, sizeof *n->routes);
    n->routes[n->n_routes++] = (struct lab_route){
        prefix, lab->ports[towards->gateway_port].address.addr, towards->first_port};
}

/* The nearest gateway of those that a search for neighbours found; LAB_NONE: there is none. A home
 * router's own way out is on its public side. */
static uint32_t nearest_gateway(const struct search *search, uint32_t start)
{
    const struct lab *lab = search->lab;
    uint32_t nearest = LAB_NONE;
    for (size_t i = 0; i < search->n_touched; i++) {
        uint32_t node = search->touched[i];
        const struct place *place = &search->places[node];
        bool is_found = node != start && lab_kind_has_stack(lab->nodes[node].kind) &&
                        !lab_port_is_lan(lab, place->first_port);
        struct heap_item item = {place->cost, node};
        if (is_found &&
            (nearest == LAB_NONE ||
             heap_is_before(item, (struct heap_item){search->places[nearest].cost, nearest}))) {
            nearest = node;
        }
    }
    return nearest;
}

static void add_default_route(struct search *search, uint32_t node)
{
    search_from(search, node, false);
    uint32_t gateway = nearest_gateway(search, node);
    if (gateway != LAB_NONE) {
        add_route(search->lab, node, (struct ip_prefix){ip_v4(0), 0}, &search->places[gateway]);
    }
}

/* The one router that a router can reach directly; LAB_NONE when there are none or several. */
static uint32_t only_neighbour(struct search *search, uint32_t node)
{
    uint32_t neighbour = LAB_NONE;
    search_from(search, node, false);
    for (size_t i = 0; i < search->n_touched; i++) {
        uint32_t other = search->touched[i];
        if (other == node || !is_router(search->lab, other)) {
            continue;
        }
        if (neighbour != LAB_NONE) {
            return LAB_NONE;
        }
        neighbour = other;
    }
    return neighbour;
}

/* At the edge of the network: a default route says all. (Not when the neighbour would be the same:
 * two routers must not send to each other what neither knows.) `only` has each router's only
 * neighbour. */
static bool is_stub(const uint32_t *only, uint32_t node)
{
    return only[node] != LAB_NONE && only[only[node]] == LAB_NONE;
}

/* --- routes of routers that know everything --- */

/* The nearest router on a segment; LAB_NONE: none, or `start` itself. */
static uint32_t nearest_router_on(const struct search *search, const struct lab_segment *segment,
                                  uint32_t start)
{
    const struct lab *lab = search->lab;
    uint32_t nearest = LAB_NONE;
    for (size_t i = 0; i < segment->n_ports; i++) {
        uint32_t node = lab->ports[segment->ports[i]].node;
        if (node == start) {
            return LAB_NONE;
        }
        uint64_t cost = is_router(lab, node) ? search->places[node].cost : UNREACHED;
        if (cost != UNREACHED && (nearest == LAB_NONE || cost < search->places[nearest].cost)) {
            nearest = node;
        }
    }
    return nearest;
}

static void add_found_routes(struct search *search, uint32_t start)
{
    struct lab *lab = search->lab;
    search_from(search, start, true);
    for (size_t s = 0; s < lab->n_segments; s++) {
        const struct lab_segment *segment = &lab->segments[s];
        uint32_t router = LAB_NONE;
        if (!segment->is_private) {
            router = nearest_router_on(search, segment, start);
        }
        if (router != LAB_NONE) {
            add_route(lab, start, segment->prefix, &search->places[router]);
        }
    }
}

static bool check_size(struct lab *lab)
{
    size_t count = 0;
    for (size_t i = 0; i < lab->n_segments; i++) {
        count += !lab->segments[i].is_private;
    }
    if (count > LAB_MAX_SUBNETS) {
        config_problem(lab->file, NULL,
                       "the lab has %zu subnets outside homes; a router can know %d", count,
                       LAB_MAX_SUBNETS);
    }
    return count <= LAB_MAX_SUBNETS;
}

void lab_compute_routes(struct lab *lab)
{
    if (!check_size(lab)) {
        return;
    }
    struct search search;
    search_init(&search, lab);
    uint32_t *only = memory_new_array(lab->n_nodes, sizeof *only);
    for (uint32_t node = 0; node < lab->n_nodes; node++) {
        only[node] = is_router(lab, node) ? only_neighbour(&search, node) : LAB_NONE;
    }
    for (uint32_t node = 0; node < lab->n_nodes; node++) {
        const struct lab_node *n = &lab->nodes[node];
        bool asks_dhcp = n->n_ports && lab->ports[n->ports[0]].uses_dhcp;
        if (is_router(lab, node) && !is_stub(only, node)) {
            add_found_routes(&search, node);
        } else if (lab_kind_has_stack(n->kind) && !asks_dhcp) {
            add_default_route(&search, node);
        }
    }
    free(only);
    search_fini(&search);
}
