#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "sim/sim.h"
#include "stack/node/node.h"

#include <stdio.h>
#include <stdlib.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

static const struct link_config FAST = {.delay_ns = MS};

struct world {
    struct env *env;
    struct trace trace;
};

static void world_init(struct world *world)
{
    world->env = sim_env_new(1, ENV_DEFAULT_EPOCH_UNIX_S, NULL);
    trace_init(&world->trace);
}

static void world_fini(struct world *world)
{
    trace_fini(&world->trace);
    sim_env_free(world->env); /* checks that every packet came back */
}

static uint64_t count_drops(const struct world *world, const struct drop_reason *reason)
{
    size_t count;
    struct drop_count *drops = trace_drop_counts(&world->trace, &count);
    uint64_t packets = 0;
    for (size_t i = 0; i < count; i++) {
        packets += drops[i].reason == reason ? drops[i].packets : 0;
    }
    free(drops);
    return packets;
}

static struct node *add_node(struct world *world, const char *name, uint32_t id, bool forwarding)
{
    struct node_config config = {.name = name, .id = id, .forwarding = forwarding};
    return node_new(world->env, &world->trace, &config);
}

static struct netif *attach(struct node *node, struct link *link, int end, const char *text)
{
    struct mac_addr mac = {{0x02, 0, 0, 0, (uint8_t)node->scope.node, (uint8_t)node->n_netifs}};
    struct netif *netif;
    struct ip_prefix prefix;
    assert_int_equal(node_add_netif(node, link, end, mac, 1500, &netif), STATUS_OK);
    assert_true(ip_prefix_parse(text, &prefix));
    assert_int_equal(node_add_address(node, netif, prefix), STATUS_OK);
    return netif;
}

static void add_default_route(struct node *node, const char *gateway, struct netif *netif)
{
    struct ip_prefix all;
    struct ip_addr addr;
    assert_true(ip_prefix_parse("0.0.0.0/0", &all));
    assert_true(ip_parse(gateway, &addr));
    assert_int_equal(node_add_route(node, all, addr, netif), STATUS_OK);
}

static uint32_t addr_of(const char *text)
{
    struct ip_addr addr;
    assert_true(ip_parse(text, &addr));
    return addr.v4;
}

static void keep_result(void *owner, const struct icmp_ping_result *result)
{
    *(struct icmp_ping_result *)owner = *result;
}

/* Pings and runs the world for up to `wait_ns`. */
static struct icmp_ping_result ping(struct world *world, struct node *node, const char *dst,
                                    uint64_t wait_ns)
{
    struct icmp_ping_result result = {.status = STATUS_AGAIN};
    assert_non_null(
        icmp_ping_start(ipv4_icmp(node->ipv4), addr_of(dst), 56, 0, wait_ns, keep_result, &result));
    sim_run(world->env, world->env->now_ns + wait_ns, NULL);
    return result;
}

static void two_nodes_and_a_link_are_a_network(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    struct node *a = add_node(&world, "a", 1, false);
    struct node *b = add_node(&world, "b", 2, false);
    struct link *link = link_new("a-b", &FAST);
    attach(a, link, 0, "10.0.0.1/24");
    attach(b, link, 1, "10.0.0.2/24");
    struct icmp_ping_result result = ping(&world, a, "10.0.0.2", SECOND);
    assert_int_equal(result.status, STATUS_OK);
    assert_int_equal(result.round_trip_ns, 4 * MS);
    link_free(link);
    node_free(b);
    node_free(a);
    world_fini(&world);
}

static void interfaces_are_named_in_order(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    char name[] = "router";
    struct node *router = add_node(&world, name, 77, true);
    name[0] = 'x'; /* it was copied */
    assert_string_equal(router->name, "router");
    assert_string_equal(router->scope.name, "router");
    assert_int_equal(router->scope.node, 77);
    struct link *links[20];
    for (uint32_t i = 0; i < 20; i++) {
        links[i] = link_new("l", &FAST);
        char text[32];
        snprintf(text, sizeof text, "10.0.%u.1/24", i);
        struct netif *netif = attach(router, links[i], 0, text);
        snprintf(text, sizeof text, "eth%u", i);
        assert_string_equal(netif->name, text);
        assert_int_equal(netif->index, i);
        assert_ptr_equal(router->netifs[i], netif);
        const struct link_end *end = link_get_end(links[i], 0);
        assert_string_equal(end->point.interface, text);
        assert_string_equal(end->point.node_name, "router");
    }
    assert_int_equal(router->n_netifs, 20);
    for (size_t i = 0; i < 20; i++) {
        link_free(links[i]);
    }
    node_free(router);
    world_fini(&world);
}

static void mtu_that_ipv4_cannot_live_with_is_refused(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    struct node *node = add_node(&world, "node", 1, false);
    struct link *link = link_new("l", &FAST);
    struct netif *netif = NULL;
    assert_int_equal(node_add_netif(node, link, 0, (struct mac_addr){{2}}, 67, &netif),
                     STATUS_INVALID);
    assert_null(netif);
    assert_int_equal(node_add_netif(node, link, 0, (struct mac_addr){{2}}, 68, &netif), STATUS_OK);
    assert_int_equal(netif->mtu, 68);
    link_free(link);
    node_free(node);
    world_fini(&world);
}

static void node_goes_with_packets_of_its_own_under_way(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    struct node *a = add_node(&world, "a", 1, false);
    struct node *b = add_node(&world, "b", 2, false);
    struct link *link = link_new("a-b", &FAST);
    attach(a, link, 0, "10.0.0.1/24");
    attach(b, link, 1, "10.0.0.2/24");
    struct icmp_ping_result result = {.status = STATUS_AGAIN};
    static const char *const TARGETS[] = {"10.0.0.2", "10.0.0.77", "127.0.0.1"};
    for (size_t i = 0; i < 3; i++) {
        assert_non_null(icmp_ping_start(ipv4_icmp(a->ipv4), addr_of(TARGETS[i]), 56, 0, SECOND,
                                        keep_result, &result));
    }
    link_free(link);
    node_free(a);
    sim_run(world.env, 10 * SECOND, NULL); /* nobody comes back for it */
    assert_int_equal(result.status, STATUS_AGAIN);
    node_free(b);
    world_fini(&world);
}

/* --- a home behind a NAT: pc - home - isp - server --- */

struct home {
    struct world world;
    struct node *pc, *home, *isp, *server;
    struct link *links[3];
};

static void home_init(struct home *home)
{
    static const char *const NAMES[] = {"pc-home", "home-isp", "isp-server"};
    world_init(&home->world);
    for (size_t i = 0; i < 3; i++) {
        home->links[i] = link_new(NAMES[i], &FAST);
    }
    home->pc = add_node(&home->world, "pc", 1, false);
    home->home = add_node(&home->world, "home", 2, true);
    home->isp = add_node(&home->world, "isp", 3, true);
    home->server = add_node(&home->world, "server", 4, false);
    struct netif *pc = attach(home->pc, home->links[0], 0, "192.168.1.2/24");
    attach(home->home, home->links[0], 1, "192.168.1.1/24");
    struct netif *outside = attach(home->home, home->links[1], 0, "203.0.113.2/24");
    attach(home->isp, home->links[1], 1, "203.0.113.1/24");
    attach(home->isp, home->links[2], 0, "198.51.100.1/24");
    struct netif *server = attach(home->server, home->links[2], 1, "198.51.100.80/24");
    add_default_route(home->pc, "192.168.1.1", pc);
    add_default_route(home->home, "203.0.113.1", outside);
    add_default_route(home->server, "198.51.100.1", server);
    node_start_nat(home->home, outside);
}

static void home_fini(struct home *home)
{
    for (size_t i = 0; i < 3; i++) {
        link_free(home->links[i]);
    }
    node_free(home->pc);
    node_free(home->home);
    node_free(home->isp);
    node_free(home->server);
    world_fini(&home->world);
}

static void ping_passes_a_nat_and_two_routers(void **state)
{
    (void)state;
    struct home home;
    home_init(&home);
    struct icmp_ping_result result = ping(&home.world, home.pc, "198.51.100.80", SECOND);
    assert_int_equal(result.status, STATUS_OK);
    assert_int_equal(result.ttl, 62);
    assert_int_equal(result.round_trip_ns, 3 * 2 * MS + 3 * 2 * MS); /* ARP and echo, per link */
    assert_int_equal(nat_count_mappings(home.home->nat), 1);
    home_fini(&home);
}

static void nat_hides_a_silent_neighbour_but_tells_the_inside(void **state)
{
    (void)state;
    struct home home;
    home_init(&home);
    /* the home router itself finds nobody on its outside link; the packet is translated by then */
    struct icmp_ping_result result = ping(&home.world, home.pc, "203.0.113.77", 10 * SECOND);
    assert_int_equal(result.status, STATUS_UNREACHABLE);
    assert_int_equal(result.icmp_code, ICMP_HOST_UNREACHABLE);
    assert_int_equal(result.from.v4, addr_of("203.0.113.2"));
    assert_int_equal(count_drops(&home.world, &IPV4_DROP_UNRESOLVED), 1);
    home_fini(&home);
}

static void routers_on_the_way_are_seen_through_the_nat(void **state)
{
    (void)state;
    struct home home;
    home_init(&home);
    static const char *const HOPS[] = {"192.168.1.1", "203.0.113.1"};
    for (uint32_t ttl = 1; ttl <= 2; ttl++) {
        struct icmp_ping_result result = {.status = STATUS_AGAIN};
        assert_non_null(icmp_ping_start(ipv4_icmp(home.pc->ipv4), addr_of("198.51.100.80"), 56,
                                        (uint8_t)ttl, SECOND, keep_result, &result));
        sim_run(home.world.env, ttl * SECOND, NULL);
        assert_int_equal(result.status, STATUS_UNREACHABLE);
        assert_int_equal(result.icmp_type, ICMP_TIME_EXCEEDED);
        assert_int_equal(result.from.v4, addr_of(HOPS[ttl - 1]));
    }
    home_fini(&home);
}

static void on_nothing(void *owner)
{
    (void)owner;
}

static void datagrams_and_streams_pass_from_home_to_server(void **state)
{
    (void)state;
    struct home home;
    home_init(&home);
    struct endpoint server = {ip_v4(addr_of("198.51.100.80")), 7};
    char buffer[64];

    struct udp_socket *asked = udp_open(home.server->udp, on_nothing, NULL);
    struct udp_socket *asking = udp_open(home.pc->udp, on_nothing, NULL);
    assert_int_equal(udp_bind(asked, (struct endpoint){.port = 7}, NULL), STATUS_OK);
    assert_int_equal(udp_connect(asking, server), STATUS_OK);
    assert_int_equal(udp_send(asking, NULL, 0, NULL, bytes_of_text("hello")), STATUS_OK);
    sim_run(home.world.env, SECOND, NULL);
    struct udp_datagram_info info;
    assert_int_equal(udp_receive(asked, buffer, sizeof buffer, &info), 5);
    assert_int_equal(info.from.addr.v4, addr_of("203.0.113.2"));
    assert_int_equal(udp_send(asked, &info.from, 0, NULL, bytes_of_text("you too")), STATUS_OK);
    sim_run(home.world.env, 2 * SECOND, NULL);
    assert_int_equal(udp_receive(asking, buffer, sizeof buffer, NULL), 7);
    udp_close(asked);
    assert_int_equal(udp_send(asking, NULL, 0, NULL, bytes_of_text("still there?")), STATUS_OK);
    sim_run(home.world.env, 3 * SECOND, NULL);
    assert_int_equal(udp_receive(asking, buffer, sizeof buffer, NULL), -STATUS_REFUSED);
    udp_close(asking);

    struct tcp_listener *listener;
    struct tcp_conn *client;
    assert_int_equal(
        tcp_listen(home.server->tcp, (struct endpoint){.port = 7}, 0, on_nothing, NULL, &listener),
        STATUS_OK);
    assert_int_equal(
        tcp_connect(home.pc->tcp, (struct endpoint){0}, server, on_nothing, NULL, &client),
        STATUS_OK);
    sim_run(home.world.env, 4 * SECOND, NULL);
    struct tcp_conn *accepted = tcp_accept(listener);
    assert_non_null(accepted);
    assert_int_equal(tcp_remote(accepted).addr.v4, addr_of("203.0.113.2"));
    assert_int_equal(tcp_send(client, "stream", 6), 6);
    sim_run(home.world.env, 5 * SECOND, NULL);
    assert_int_equal(tcp_receive(accepted, buffer, sizeof buffer), 6);
    assert_memory_equal(buffer, "stream", 6);
    tcp_close(client);
    tcp_close(accepted);
    tcp_listener_close(listener);
    sim_run(home.world.env, 300 * SECOND, NULL);
    home_fini(&home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_nodes_and_a_link_are_a_network),
        cmocka_unit_test(interfaces_are_named_in_order),
        cmocka_unit_test(mtu_that_ipv4_cannot_live_with_is_refused),
        cmocka_unit_test(node_goes_with_packets_of_its_own_under_way),
        cmocka_unit_test(ping_passes_a_nat_and_two_routers),
        cmocka_unit_test(nat_hides_a_silent_neighbour_but_tells_the_inside),
        cmocka_unit_test(routers_on_the_way_are_seen_through_the_nat),
        cmocka_unit_test(datagrams_and_streams_pass_from_home_to_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
