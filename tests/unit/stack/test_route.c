#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/prng.h"
#include "stack/network/route.h"
#include "stack/stack_net.h"

#include <stdlib.h>

static struct netif eth0, eth1; /* only their addresses count */

static struct ip_prefix prefix_of(const char *text)
{
    struct ip_prefix prefix;
    assert_true(ip_prefix_parse(text, &prefix));
    return prefix;
}

static void add(struct route_table *table, const char *prefix, const char *gateway,
                struct netif *netif, uint32_t metric)
{
    struct route route = {.prefix = prefix_of(prefix), .netif = netif, .metric = metric};
    if (gateway) {
        assert_true(ip_parse(gateway, &route.gateway));
    }
    assert_int_equal(route_add(table, &route), STATUS_OK);
}

/* The prefix that `addr` is routed by, as text; "none". */
static void assert_route(const struct route_table *table, const char *addr, const char *prefix)
{
    const struct route *route = route_lookup(table, ip_v4(stack_addr(addr)));
    char text[IP_PREFIX_TEXT_SIZE] = "none";
    if (route) {
        ip_prefix_print(route->prefix, text);
    }
    assert_string_equal(text, prefix);
}

static void longest_prefix_wins(void **state)
{
    (void)state;
    struct route_table *table = route_table_new();
    assert_route(table, "10.1.2.3", "none");
    add(table, "10.1.2.0/24", NULL, &eth0, 0);
    add(table, "10.0.0.0/8", NULL, &eth0, 0);
    add(table, "10.1.2.3/32", NULL, &eth0, 0);
    add(table, "10.1.0.0/16", NULL, &eth0, 0);
    assert_route(table, "10.1.2.3", "10.1.2.3/32");
    assert_route(table, "10.1.2.4", "10.1.2.0/24");
    assert_route(table, "10.1.3.4", "10.1.0.0/16");
    assert_route(table, "10.2.3.4", "10.0.0.0/8");
    assert_route(table, "11.2.3.4", "none");
    add(table, "0.0.0.0/0", "10.1.2.254", &eth0, 0);
    assert_route(table, "11.2.3.4", "0.0.0.0/0");
    assert_route(table, "255.255.255.255", "0.0.0.0/0");
    assert_int_equal(route_lookup(table, ip_v4(1))->gateway.v4, stack_addr("10.1.2.254"));
    route_table_free(table);
}

static void host_bits_of_a_prefix_do_not_matter(void **state)
{
    (void)state;
    struct route_table *table = route_table_new();
    add(table, "10.1.2.77/24", NULL, &eth0, 0);
    assert_route(table, "10.1.2.1", "10.1.2.0/24");
    assert_true(route_remove(table, prefix_of("10.1.2.99/24"), 0));
    assert_route(table, "10.1.2.1", "none");
    route_table_free(table);
}

static void lower_metric_wins_and_the_next_one_takes_over(void **state)
{
    (void)state;
    struct route_table *table = route_table_new();
    add(table, "10.0.0.0/8", NULL, &eth0, 20);
    add(table, "10.0.0.0/8", NULL, &eth1, 10);
    assert_ptr_equal(route_lookup(table, ip_v4(stack_addr("10.0.0.1")))->netif, &eth1);
    assert_true(route_remove(table, prefix_of("10.0.0.0/8"), 10));
    assert_ptr_equal(route_lookup(table, ip_v4(stack_addr("10.0.0.1")))->netif, &eth0);
    assert_false(route_remove(table, prefix_of("10.0.0.0/8"), 10));
    assert_true(route_remove(table, prefix_of("10.0.0.0/8"), 20));
    assert_route(table, "10.0.0.1", "none");
    route_table_free(table);
}

static void same_prefix_and_metric_is_replaced(void **state)
{
    (void)state;
    struct route_table *table = route_table_new();
    add(table, "10.0.0.0/8", NULL, &eth0, 5);
    add(table, "10.0.0.0/8", "10.0.0.1", &eth1, 5);
    const struct route *route = route_lookup(table, ip_v4(stack_addr("10.9.9.9")));
    assert_ptr_equal(route->netif, &eth1);
    assert_int_equal(route->gateway.v4, stack_addr("10.0.0.1"));
    size_t count;
    free(route_list(table, &count));
    assert_int_equal(count, 1);
    route_table_free(table);
}

static void list_is_in_order_of_prefix_length_and_metric(void **state)
{
    (void)state;
    struct route_table *table = route_table_new();
    add(table, "192.168.0.0/16", NULL, &eth0, 0);
    add(table, "10.0.0.0/8", NULL, &eth0, 7);
    add(table, "10.0.0.0/16", NULL, &eth0, 0);
    add(table, "10.0.0.0/8", NULL, &eth0, 3);
    add(table, "0.0.0.0/0", NULL, &eth0, 0);
    size_t count;
    struct route *routes = route_list(table, &count);
    assert_int_equal(count, 5);
    assert_int_equal(routes[0].prefix.len, 0);
    assert_int_equal(routes[1].metric, 3);
    assert_int_equal(routes[2].metric, 7);
    assert_int_equal(routes[3].prefix.len, 16);
    assert_int_equal(routes[4].prefix.addr.v4, stack_addr("192.168.0.0"));
    free(routes);
    route_table_free(table);
}

static void routes_of_an_interface_go_with_it(void **state)
{
    (void)state;
    struct route_table *table = route_table_new();
    add(table, "10.0.0.0/8", NULL, &eth0, 0);
    add(table, "10.1.0.0/16", NULL, &eth1, 0);
    add(table, "10.1.0.0/16", NULL, &eth0, 9);
    add(table, "0.0.0.0/0", NULL, &eth1, 0);
    route_remove_netif(table, &eth1);
    assert_route(table, "1.1.1.1", "none");
    assert_ptr_equal(route_lookup(table, ip_v4(stack_addr("10.1.0.1")))->netif, &eth0);
    route_table_free(table);
}

static void senseless_routes_are_refused(void **state)
{
    (void)state;
    struct route_table *table = route_table_new();
    struct route route = {.prefix = prefix_of("10.0.0.0/8")};
    assert_int_equal(route_add(table, &route), STATUS_INVALID); /* no interface */
    route.netif = &eth0;
    route.prefix.len = 33;
    assert_int_equal(route_add(table, &route), STATUS_INVALID);
    route.prefix.len = 8;
    assert_true(ip_parse("2001:db8::1", &route.gateway));
    assert_int_equal(route_add(table, &route), STATUS_INVALID);
    route.prefix = prefix_of("2001:db8::/32");
    assert_int_equal(route_add(table, &route), STATUS_UNSUPPORTED);
    assert_int_equal(route_add(table, &(struct route){.netif = &eth0}), STATUS_INVALID);
    assert_null(route_lookup(table, route.prefix.addr));
    assert_false(route_remove(table, route.prefix, 0));
    assert_false(route_remove(table, (struct ip_prefix){ip_v4(0), 33}, 0));
    route_table_free(table);
}

static void table_has_a_limit(void **state)
{
    (void)state;
    struct route_table *table = route_table_new();
    struct route route = {.prefix = prefix_of("0.0.0.0/32"), .netif = &eth0};
    for (uint32_t i = 0; i < ROUTE_MAX_ROUTES; i++) {
        route.prefix.addr.v4 = i;
        assert_int_equal(route_add(table, &route), STATUS_OK);
    }
    assert_int_equal(route_add(table, &route), STATUS_OK); /* replaces */
    route.prefix.addr.v4 = ROUTE_MAX_ROUTES;
    assert_int_equal(route_add(table, &route), STATUS_LIMIT);
    assert_route(table, "0.0.255.255", "0.0.255.255/32");
    assert_true(route_remove(table, prefix_of("0.0.0.7/32"), 0));
    assert_int_equal(route_add(table, &route), STATUS_OK); /* there is room again */
    assert_int_equal(
        route_add(table, &(struct route){.prefix = prefix_of("1.0.0.0/8"), .netif = &eth0}),
        STATUS_LIMIT);
    route_table_free(table);
}

enum { N_MODEL = 400 };

/* What a lookup should find, by looking at every route. */
static const struct route *find_in_model(const struct route *model, const bool *is_in,
                                         uint32_t addr)
{
    const struct route *best = NULL;
    for (size_t i = 0; i < N_MODEL; i++) {
        const struct route *route = &model[i];
        bool matches = is_in[i] && ip_prefix_contains(route->prefix, ip_v4(addr));
        if (matches && (!best || route->prefix.len > best->prefix.len ||
                        (route->prefix.len == best->prefix.len && route->metric < best->metric))) {
            best = route;
        }
    }
    return best;
}

static void lookups_agree_with_a_search_of_all_routes(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 7, "test", "routes");
    struct route_table *table = route_table_new();
    static struct route model[N_MODEL];
    bool is_in[N_MODEL] = {false};
    for (uint32_t i = 0; i < N_MODEL; i++) {
        uint32_t len = (uint32_t)prng_below(&prng, 33);
        uint32_t addr = prng_u32(&prng) & 0xc0070707 & ipv4_mask(len); /* many overlap */
        model[i] = (struct route){
            .prefix = {ip_v4(addr), len}, .netif = &eth0, .metric = i, .gateway = ip_v4(i)};
    }
    for (int round = 0; round < 4000; round++) {
        size_t i = prng_below(&prng, N_MODEL);
        if (is_in[i]) {
            assert_true(route_remove(table, model[i].prefix, model[i].metric));
        } else {
            assert_int_equal(route_add(table, &model[i]), STATUS_OK);
        }
        is_in[i] = !is_in[i];
        uint32_t addr = prng_u32(&prng) & 0xc0070707;
        const struct route *found = route_lookup(table, ip_v4(addr));
        const struct route *expected = find_in_model(model, is_in, addr);
        assert_int_equal(found != NULL, expected != NULL);
        assert_true(!found || found->metric == expected->metric);
    }
    route_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(longest_prefix_wins),
        cmocka_unit_test(host_bits_of_a_prefix_do_not_matter),
        cmocka_unit_test(lower_metric_wins_and_the_next_one_takes_over),
        cmocka_unit_test(same_prefix_and_metric_is_replaced),
        cmocka_unit_test(list_is_in_order_of_prefix_length_and_metric),
        cmocka_unit_test(routes_of_an_interface_go_with_it),
        cmocka_unit_test(senseless_routes_are_refused),
        cmocka_unit_test(table_has_a_limit),
        cmocka_unit_test(lookups_agree_with_a_search_of_all_routes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
