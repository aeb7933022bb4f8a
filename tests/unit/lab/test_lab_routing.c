/* Routes: least latency, against an independent computation of all distances; edges; homes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "base/text.h"
#include "lab_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void hosts_send_to_their_router(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes: {a: {}, b: {}, r: {kind: router}}\nlinks: [a-r, r-b]\n");
    assert_string_equal(routes_of(lab, "a"), "0.0.0.0/0 via 198.18.0.1 eth0\n");
    assert_string_equal(routes_of(lab, "b"), "0.0.0.0/0 via 198.18.1.1 eth0\n");
    assert_string_equal(routes_of(lab, "r"), "");
    lab_free(lab);
}

static void nobody_routes_where_there_is_no_router(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes: {a: {}, b: {}, c: {}, sw: {kind: switch}}\n"
                             "links: [a-sw, b-sw]\n");
    assert_string_equal(routes_of(lab, "a"), "");
    assert_string_equal(routes_of(lab, "c"), "");
    lab_free(lab);
}

static void two_routers_know_each_others_subnets(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes: {a: {}, b: {}, r1: {kind: router}, r2: {kind: router}}\n"
                             "links: [a-r1, r1-r2, r2-b]\n");
    assert_string_equal(routes_of(lab, "r1"), "198.18.2.0/24 via 198.18.1.2 eth1\n");
    assert_string_equal(routes_of(lab, "r2"), "198.18.0.0/24 via 198.18.1.1 eth0\n");
    lab_free(lab);
}

static void routers_at_the_edge_have_a_default_route(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  core: {kind: router}\n"
                             "  edge: {kind: router, count: 3}\n"
                             "  pc: {count: 3}\n"
                             "links: [edge-core, pc-edge]\n");
    assert_string_equal(routes_of(lab, "edge1"), "0.0.0.0/0 via 198.18.0.2 eth0\n");
    assert_string_equal(routes_of(lab, "edge3"), "0.0.0.0/0 via 198.18.0.10 eth0\n");
    assert_string_equal(routes_of(lab, "core"), "198.18.1.0/24 via 198.18.0.1 eth0\n"
                                                "198.18.2.0/24 via 198.18.0.5 eth1\n"
                                                "198.18.3.0/24 via 198.18.0.9 eth2\n");
    lab_free(lab);
}

static void two_links_to_one_neighbour_are_one_edge(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes: {e: {kind: router}, c: {kind: router}, d: {kind: router}}\n"
                             "links: [e-c: {delay: 9ms}, e-c: {delay: 2ms}, c-d]\n");
    assert_string_equal(routes_of(lab, "e"), "0.0.0.0/0 via 198.18.0.6 eth1\n");
    assert_string_equal(routes_of(lab, "d"), "0.0.0.0/0 via 198.18.0.9 eth0\n");
    assert_string_equal(routes_of(lab, "c"), "");
    lab_free(lab);
}

static void latency_decides_before_hops(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  a: {kind: router}\n  b: {kind: router}\n  c: {kind: router}\n"
                             "  x: {}\n"
                             "links:\n"
                             "  - a-b: {delay: 10ms}\n"
                             "  - a-c: {delay: 4ms}\n"
                             "  - c-b: {delay: 5ms}\n"
                             "  - b-x\n");
    assert_string_equal(routes_of(lab, "a"), "198.18.0.8/30 via 198.18.0.6 eth1\n"
                                             "198.18.1.0/24 via 198.18.0.6 eth1\n");
    lab_free(lab);
    /* 1500 bytes take 12 ms at 1 Mbit/s; of equal paths the shorter one wins */
    lab = lab_of("nodes:\n"
                 "  a: {kind: router}\n  b: {kind: router}\n  c: {kind: router}\n  x: {}\n"
                 "links:\n"
                 "  - a-b: {rate: 1mbit}\n"
                 "  - a-c: {delay: 6ms}\n"
                 "  - c-b: {delay: 6ms}\n"
                 "  - b-x\n");
    assert_string_equal(routes_of(lab, "a"), "198.18.0.8/30 via 198.18.0.6 eth1\n"
                                             "198.18.1.0/24 via 198.18.0.2 eth0\n");
    lab_free(lab);
}

static void links_between_switches_take_time_too(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  pc: {}\n"
                             "  near: {kind: router}\n  far: {kind: router}\n"
                             "  sw: {kind: switch, count: 2}\n"
                             "links:\n"
                             "  - far-sw2\n"
                             "  - sw1-sw2: {delay: 1ms}\n"
                             "  - near-sw1: {delay: 500us}\n"
                             "  - pc-sw1\n");
    assert_string_equal(routes_of(lab, "pc"), "0.0.0.0/0 via 198.18.0.2 eth0\n");
    assert_string_equal(address_of(lab, "near", 0), "198.18.0.2/24");
    lab_free(lab);
}

static void homes_send_everything_out_and_are_not_routed_to(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  h: {kind: home-nat, count: 2}\n"
                             "  isp: {kind: router, count: 3}\n"
                             "  nas: {kind: web-server}\n"
                             "  pc: {}\n"
                             "links: [nas-h1, pc-h2, h1-isp1, h2-isp3, isp1-isp2, isp2-isp3]\n");
    assert_string_equal(routes_of(lab, "h1"), "0.0.0.0/0 via 198.18.0.2 eth1\n");
    assert_string_equal(routes_of(lab, "h2"), "0.0.0.0/0 via 198.18.0.6 eth1\n");
    assert_string_equal(routes_of(lab, "nas"), "0.0.0.0/0 via 192.168.1.1 eth0\n");
    assert_string_equal(routes_of(lab, "pc"), ""); /* DHCP will tell */
    assert_string_equal(routes_of(lab, "isp1"), "0.0.0.0/0 via 198.18.0.10 eth1\n");
    assert_string_equal(routes_of(lab, "isp2"), "198.18.0.0/30 via 198.18.0.9 eth0\n"
                                                "198.18.0.4/30 via 198.18.0.14 eth1\n");
    lab_free(lab);
}

static void a_home_in_a_home_sends_to_the_outer_one(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  isp: {kind: router}\n"
                             "  outer: {kind: home-nat}\n"
                             "  inner: {kind: home-nat, wan: outer, lan: 10.0.0.0/24}\n"
                             "  nas: {kind: web-server}\n"
                             "  pc: {}\n"
                             "links: [outer-isp, inner-outer, nas-inner, pc-inner]\n");
    assert_string_equal(routes_of(lab, "outer"), "0.0.0.0/0 via 198.18.0.2 eth0\n");
    assert_string_equal(routes_of(lab, "inner"), "0.0.0.0/0 via 192.168.1.1 eth0\n");
    assert_string_equal(routes_of(lab, "nas"), "0.0.0.0/0 via 10.0.0.1 eth0\n");
    assert_string_equal(routes_of(lab, "pc"), "");
    assert_string_equal(routes_of(lab, "isp"), "");
    lab_free(lab);
}

static void islands_know_only_themselves(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes: {r: {kind: router, count: 6}}\n"
                             "links: [r1-r2, r2-r3, r4-r5, r5-r6]\n");
    assert_string_equal(routes_of(lab, "r1"), "0.0.0.0/0 via 198.18.0.2 eth0\n");
    assert_string_equal(routes_of(lab, "r2"), "");
    assert_string_equal(routes_of(lab, "r5"), "");
    lab_free(lab);
}

static void the_longest_paths_still_add_up(void **state)
{
    (void)state;
    struct text yaml = {0};
    text_print(&yaml, "nodes: {r: {kind: router, count: 1000}}\nlinks:\n");
    for (int i = 1; i < 1000; i++) {
        text_print(&yaml, "  - r%d-r%d: {rate: 1bit, delay: 1d}\n", i, i + 1);
    }
    struct lab *lab = lab_of(yaml.chars);
    assert_int_equal(lab->nodes[1].n_routes, 997);
    assert_int_equal(lab->nodes[1].routes[996].port, lab->nodes[1].ports[1]);
    assert_int_equal(lab->nodes[998].routes[0].port, lab->nodes[998].ports[0]);
    lab_free(lab);
    text_fini(&yaml);
}

static void too_many_subnets_are_refused(void **state)
{
    (void)state;
    assert_problems("pool: 10.0.0.0/8\n"
                    "nodes: {a: {kind: router, count: 30001}, b: {kind: router, count: 30001}}\n"
                    "links: [a-b, a-b]\n",
                    "lab: the lab has 60002 subnets outside homes; a router can know 60000\n");
}

/* --- random networks --- */

enum { MAX_VERTICES = 24 };
#define FAR UINT64_C(1000000000000000)

/* Distances between routers and switches, as the file's words have them. */
struct distances {
    uint64_t cost[MAX_VERTICES][MAX_VERTICES];
    bool is_router[MAX_VERTICES];
    size_t n;
};

/* A router costs 1 us to leave. */
static void floyd_warshall(struct distances *d)
{
    for (size_t k = 0; k < d->n; k++) {
        for (size_t i = 0; i < d->n; i++) {
            for (size_t j = 0; j < d->n; j++) {
                uint64_t through = d->cost[i][k] + d->cost[k][j];
                d->cost[i][j] = through < d->cost[i][j] ? through : d->cost[i][j];
            }
        }
    }
}

/* Routers and switches, joined at random without loops of switches, each router with one host. */
static char *random_network(struct prng *prng, struct distances *d)
{
    struct text yaml = {0};
    size_t n_routers = 3 + prng_below(prng, 12), n_switches = prng_below(prng, 6);
    d->n = n_routers + n_switches;
    text_print(&yaml, "nodes:\n");
    for (size_t i = 0; i < d->n; i++) {
        d->is_router[i] = i < n_routers;
        text_print(&yaml, "  n%zu: {kind: %s}\n", i, d->is_router[i] ? "router" : "switch");
        for (size_t j = 0; j < d->n; j++) {
            d->cost[i][j] = i == j ? 0 : FAR;
        }
    }
    text_print(&yaml, "  pc: {count: %zu}\nlinks:\n", n_routers);
    size_t n_links = d->n - 1 + prng_below(prng, (uint32_t)d->n);
    for (size_t i = 0; i < n_links; i++) {
        size_t a = i < d->n - 1 ? i + 1 : prng_below(prng, (uint32_t)n_routers);
        size_t b = prng_below(prng, i < d->n - 1 ? (uint32_t)a : (uint32_t)d->n);
        if (a == b) {
            continue;
        }
        uint64_t delay_us = 1 + prng_below(prng, 20);
        text_print(&yaml, "  - n%zu-n%zu: {delay: %lluus}\n", a, b, (unsigned long long)delay_us);
        uint64_t there = delay_us * 1000 + (d->is_router[a] ? 1000 : 0);
        uint64_t back = delay_us * 1000 + (d->is_router[b] ? 1000 : 0);
        d->cost[a][b] = there < d->cost[a][b] ? there : d->cost[a][b];
        d->cost[b][a] = back < d->cost[b][a] ? back : d->cost[b][a];
    }
    for (size_t i = 0; i < n_routers; i++) {
        text_print(&yaml, "  - pc%zu-n%zu\n", i + 1, i);
    }
    floyd_warshall(d);
    return yaml.chars;
}

static const struct lab_route *best_route(const struct lab *lab, uint32_t node, struct ip_addr to)
{
    const struct lab_route *best = NULL;
    for (size_t i = 0; i < lab->nodes[node].n_routes; i++) {
        const struct lab_route *route = &lab->nodes[node].routes[i];
        if (ip_prefix_contains(route->prefix, to) &&
            (!best || route->prefix.len > best->prefix.len)) {
            best = route;
        }
    }
    return best;
}

static uint32_t router_with_address(const struct lab *lab, struct ip_addr addr)
{
    for (size_t i = 0; i < lab->n_ports; i++) {
        if (ip_equal(lab->ports[i].address.addr, addr)) {
            return lab->ports[i].node;
        }
    }
    fail_msg("nobody has the gateway's address");
    return LAB_NONE;
}

static bool is_connected(const struct lab *lab, uint32_t node, struct ip_addr to)
{
    for (size_t i = 0; i < lab->nodes[node].n_ports; i++) {
        struct ip_prefix prefix = lab->ports[lab->nodes[node].ports[i]].address;
        if (prefix.len && ip_prefix_contains(prefix, to)) {
            return true;
        }
    }
    return false;
}

/* Follows the routes hop by hop: each hop is on a shortest path. Node indices are vertices. */
static void assert_shortest(const struct lab *lab, const struct distances *d, uint32_t from,
                            uint32_t last, struct ip_addr to)
{
    while (!is_connected(lab, from, to)) {
        const struct lab_route *route = best_route(lab, from, to);
        assert_non_null(route);
        uint32_t next = router_with_address(lab, route->gateway);
        assert_true(d->is_router[next]);
        assert_int_equal(d->cost[from][last], d->cost[from][next] + d->cost[next][last]);
        from = next;
    }
    assert_int_equal(from, last);
}

static void paths_are_the_shortest_on_random_networks(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "routing", "test");
    size_t n_paths = 0;
    for (int round = 0; round < 300; round++) {
        static struct distances d;
        char *yaml = random_network(&prng, &d);
        struct lab *lab = lab_try(yaml);
        bool has_loop = lab->file->n_problems > 0; /* of switches: skipped */
        for (uint32_t to = 0; to < d.n && d.is_router[to] && !has_loop; to++) {
            char name[16];
            snprintf(name, sizeof name, "pc%u", to + 1);
            struct ip_addr addr = lab_node_address(lab, node_of(lab, name));
            for (uint32_t from = 0; from < d.n && d.is_router[from]; from++, n_paths++) {
                assert_shortest(lab, &d, from, to, addr);
            }
        }
        lab_free(lab);
        free(yaml);
    }
    assert_true(n_paths > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_send_to_their_router),
        cmocka_unit_test(nobody_routes_where_there_is_no_router),
        cmocka_unit_test(two_routers_know_each_others_subnets),
        cmocka_unit_test(routers_at_the_edge_have_a_default_route),
        cmocka_unit_test(two_links_to_one_neighbour_are_one_edge),
        cmocka_unit_test(latency_decides_before_hops),
        cmocka_unit_test(links_between_switches_take_time_too),
        cmocka_unit_test(homes_send_everything_out_and_are_not_routed_to),
        cmocka_unit_test(a_home_in_a_home_sends_to_the_outer_one),
        cmocka_unit_test(islands_know_only_themselves),
        cmocka_unit_test(the_longest_paths_still_add_up),
        cmocka_unit_test(too_many_subnets_are_refused),
        cmocka_unit_test(paths_are_the_shortest_on_random_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
