/* DNS over whole stacks: a name goes from a stub to a forwarder, a resolver and three authorities,
 * over UDP, ARP and Ethernet, and comes back as an address. */
#include "dns/server.h"
#include "dns/stub.h"
#include "sim/sim.h"
#include "socket/own.h"
#include "stack/link/switch.h"
#include "support/dns_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

enum { PC, HOME, ISP, ROOT, TLD, SHOP, N_NODES };

static const struct link_config LINK = {.delay_ns = MS};
static const char *const NAMES[N_NODES] = {"pc", "home", "isp", "root", "tld", "shop"};

struct world {
    struct env *env;
    struct trace trace;
    struct scope switch_scope;
    struct eth_switch *sw;
    struct node *node[N_NODES];
    struct link *link[N_NODES];
    struct sockets *sockets[N_NODES];
    struct dns_stub *stub;
    struct dns_forwarder *forwarder;
    struct dns_resolver *resolver;
    struct dns_authority *authority[N_NODES];
    unsigned calls;
    uint64_t called_ns;
    struct dns_answer answer;
};

static struct ip_addr address_of(int node)
{
    return ip_v4(0xc0000201u + (uint32_t)node); /* 192.0.2.1 and on */
}

static void transmit(void *link_end, struct packet *frame)
{
    link_send(link_end, frame);
}

static void add_node(struct world *world, int i)
{
    struct node_config config = {.name = NAMES[i], .id = (uint32_t)i + 1};
    struct mac_addr mac = {{2, 0, 0, 0, 0, (uint8_t)(i + 1)}};
    struct ip_prefix prefix = {address_of(i), 24};
    struct netif *netif;
    world->node[i] = node_new(world->env, &world->trace, &config);
    world->link[i] = link_new(NAMES[i], &LINK);
    assert_int_equal(node_add_netif(world->node[i], world->link[i], 0, mac, 1500, &netif),
                     STATUS_OK);
    struct switch_port *port = switch_add_port(world->sw, NAMES[i], transmit, NULL);
    switch_port_set_link(port, link_attach(world->link[i], 1, &world->switch_scope, (uint32_t)i,
                                           NAMES[i], switch_port_input, port));
    assert_int_equal(node_add_address(world->node[i], netif, prefix), STATUS_OK);
    world->sockets[i] = own_sockets_new(world->node[i]);
}

static void serve(struct world *world, int node, const char *origin, const char *lines)
{
    assert_int_equal(dns_authority_new(world->sockets[node], &world->authority[node]), STATUS_OK);
    assert_int_equal(dns_authority_add_zone(world->authority[node], test_zone(origin, lines)),
                     STATUS_OK);
}

static int set_up(void **state)
{
    struct world *world = test_calloc(1, sizeof *world);
    world->env = sim_env_new(1, ENV_DEFAULT_EPOCH_UNIX_S, NULL);
    trace_init(&world->trace);
    world->switch_scope =
        (struct scope){.env = world->env, .trace = &world->trace, .node = 99, .name = "sw"};
    world->sw = switch_new(&world->switch_scope);
    for (int i = 0; i < N_NODES; i++) {
        add_node(world, i);
    }
    struct ip_addr home = address_of(HOME), isp = address_of(ISP), root = address_of(ROOT);
    world->stub = dns_stub_new(world->sockets[PC]);
    dns_stub_set_servers(world->stub, &home, 1);
    assert_int_equal(dns_forwarder_new(world->sockets[HOME], &world->forwarder), STATUS_OK);
    dns_forwarder_set_upstreams(world->forwarder, &isp, 1);
    assert_int_equal(dns_resolver_new(world->sockets[ISP], &root, 1, &world->resolver), STATUS_OK);
    serve(world, ROOT, ".",
          ". 3600 SOA a.root b.root 300\n"
          "example 3600 NS ns.nic.example\nns.nic.example 3600 A 192.0.2.5");
    serve(world, TLD, "example",
          "example 3600 SOA ns.nic.example b.example 300\n"
          "shop.example 3600 NS ns.shop.example\nns.shop.example 3600 A 192.0.2.6");
    serve(world, SHOP, "shop.example",
          "shop.example 3600 SOA ns.shop.example b.shop.example 60\n"
          "www.shop.example 300 CNAME shop.example\nshop.example 300 A 203.0.113.10");
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    dns_stub_free(world->stub);
    dns_forwarder_free(world->forwarder);
    dns_resolver_free(world->resolver);
    for (int i = 0; i < N_NODES; i++) {
        if (world->authority[i]) {
            dns_authority_free(world->authority[i]);
        }
        own_sockets_free(world->sockets[i]);
        link_free(world->link[i]);
    }
    for (int i = 0; i < N_NODES; i++) {
        node_free(world->node[i]);
    }
    switch_free(world->sw);
    trace_fini(&world->trace);
    sim_env_free(world->env); /* which checks that every packet came back */
    test_free(world);
    return 0;
}

static void on_answer(void *owner, const struct dns_answer *answer)
{
    struct world *world = owner;
    world->calls++;
    world->called_ns = world->env->now_ns;
    world->answer = *answer;
}

/* How long it took. */
static uint64_t look_up(struct world *world, const char *name)
{
    uint64_t start_ns = world->env->now_ns;
    world->calls = 0;
    dns_stub_lookup(world->stub, name, on_answer, world);
    sim_run(world->env, start_ns + 60 * SECOND, NULL);
    assert_int_equal(world->calls, 1);
    return world->called_ns - start_ns;
}

static void a_name_becomes_an_address(void **state)
{
    struct world *world = *state;
    /* five exchanges of 4 ms, each first asking for a MAC address: 4 ms more */
    uint64_t took_ns = look_up(world, "www.shop.example");
    assert_true(took_ns >= 20 * MS && took_ns <= 41 * MS);
    assert_int_equal(world->answer.status, STATUS_OK);
    assert_int_equal(world->answer.n_addresses, 1);
    assert_true(ip_equal(world->answer.addresses[0], ip_v4(0xcb00710a)));
    assert_int_equal(world->answer.ttl_s, 300);
    assert_true(look_up(world, "www.shop.example") <= 9 * MS); /* the forwarder knows it by now */
    assert_int_equal(world->answer.status, STATUS_OK);
}

static void a_name_that_is_not_there_is_not_found(void **state)
{
    struct world *world = *state;
    look_up(world, "no.shop.example");
    assert_int_equal(world->answer.status, STATUS_NOT_FOUND);
    assert_int_equal(world->answer.rcode, DNS_NXDOMAIN);
}

static void a_port_where_nobody_listens_is_known_at_once(void **state)
{
    struct world *world = *state;
    dns_authority_free(world->authority[SHOP]);
    world->authority[SHOP] = NULL;
    uint64_t took_ns = look_up(world, "www.shop.example"); /* by ICMP, without a timeout */
    assert_true(took_ns < 200 * MS);
    assert_int_equal(world->answer.status, STATUS_IO);
    assert_int_equal(world->answer.rcode, DNS_SERVFAIL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_becomes_an_address),
        TEST(a_name_that_is_not_there_is_not_found),
        TEST(a_port_where_nobody_listens_is_known_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
