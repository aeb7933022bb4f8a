/* Worlds: labs of every shape are built, run and end at any moment without leaving anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab_rig.h"

#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char SMALL[] = "nodes:\n"
                            "  pc: {count: 2}\n"
                            "  sw: {kind: switch}\n"
                            "  h: {kind: home-nat}\n"
                            "  isp: {kind: router}\n"
                            "  web: {kind: web-server, name: site.test}\n"
                            "links:\n"
                            "  - pc-sw: {rate: 100mbit, delay: 10us}\n"
                            "  - sw-h: {rate: 1gbit}\n"
                            "  - h-isp: {rate: 20mbit, delay: 5ms, loss: 1%}\n"
                            "  - isp-web: {rate: 1gbit, delay: 1ms}\n"
                            "faults:\n"
                            "  - {at: 20ms, link: h-isp, down: 100ms}\n"
                            "  - {at: 200ms, link: pc1-sw, delay: 3ms, for: 50ms}\n"
                            "expect:\n"
                            "  - {from: pc1, get: 'http://site.test/'}\n"
                            "  - {from: pc2, ping: web}\n"
                            "  - {from: pc2, ping: pc1, at: 10ms}\n"
                            "  - {from: h, resolve: nothing.test, fails: true}\n"
                            "  - {from: web, get: 'http://198.18.255.1/', fails: true}\n";

static struct ip_addr address_now(const struct rig *rig, const char *node)
{
    const struct node *n = world_node(rig->world, node_of(rig->lab, node));
    const struct ip_prefix *prefix = netif_ipv4(n->netifs[0]);
    return prefix ? prefix->addr : (struct ip_addr){.version = IP_NONE};
}

/* --- addresses --- */

static void hosts_at_home_become_ready_by_dhcp(void **state)
{
    (void)state;
    struct rig *rig = rig_start("nodes: {pc: {count: 3}, h: {kind: home-nat}, r: {kind: router}}\n"
                                "links: [pc-h, h-r]\n");
    for (uint32_t node = 0; node < rig->lab->n_nodes; node++) {
        enum lab_kind kind = rig->lab->nodes[node].kind;
        assert_int_equal(world_has_address(rig->world, node),
                         kind == LAB_HOME_NAT || kind == LAB_ROUTER);
    }
    assert_false(*timetable_is_done(rig->timetable));
    rig_finish(rig, 60 * SECOND);
    for (uint32_t node = 0; node < 3; node++) {
        assert_true(world_has_address(rig->world, node));
        struct ip_addr addr = address_now(rig, rig->lab->nodes[node].name);
        assert_true(addr.v4 >= 0xc0a80164 && addr.v4 <= 0xc0a801f9);
        struct ip_addr servers[DNS_STUB_MAX_SERVERS];
        assert_int_equal(dns_stub_get_servers(world_stub(rig->world, node), servers), 1);
        assert_int_equal(servers[0].v4, 0xc0a80101);
    }
    assert_true(rig->env->now_ns < SECOND);
    rig_free(rig);
}

static void a_lab_that_waits_for_nothing_is_done_at_once(void **state)
{
    (void)state;
    struct rig *rig =
        rig_start("nodes: {a: {}, b: {}, c: {}, sw: {kind: switch}, r: {kind: router}, "
                  "w: {kind: web-server}}\nlinks: [a-b, r-w]\n");
    assert_true(*timetable_is_done(rig->timetable));
    assert_false(world_has_address(rig->world, 2));
    rig_free(rig);
    rig = rig_start("");
    assert_true(*timetable_is_done(rig->timetable));
    assert_int_equal(world_count(rig->world).frames, 0);
    rig_free(rig);
}

static void a_host_that_gets_no_address_is_waited_for_a_minute(void **state)
{
    (void)state;
    struct rig *rig = rig_start("nodes: {pc: {}, h: {kind: home-nat}, r: {kind: router}}\n"
                                "links: [pc-h, h-r]\n"
                                "faults: [{at: 0, link: pc-h, down: 0}]\n");
    rig_finish(rig, 120 * SECOND);
    assert_int_equal(rig->env->now_ns, TIMETABLE_SETTLE_NS);
    assert_false(world_has_address(rig->world, 0));
    rig_free(rig);
}

struct calls {
    const struct rig *rig;
    int count;
    uint64_t at_ns;
};

static void on_ready(void *owner)
{
    struct calls *calls = owner;
    calls->count++;
    calls->at_ns = calls->rig->env->now_ns;
}

static void who_waits_for_an_address_is_called_once(void **state)
{
    (void)state;
    struct rig *rig = rig_start("nodes: {pc: {}, h: {kind: home-nat}, r: {kind: router}}\n"
                                "links: [pc-h, h-r]\n");
    struct calls first = {.rig = rig}, forgotten = {.rig = rig}, later = {.rig = rig},
                 ready = {.rig = rig};
    struct world_waiter waiters[4] = {0};
    world_when_ready(rig->world, 0, &waiters[0], on_ready, &first);
    world_when_ready(rig->world, 0, &waiters[1], on_ready, &forgotten);
    world_when_ready(rig->world, 2, &waiters[2], on_ready, &ready);
    assert_int_equal(ready.count, 0); /* deferred */
    world_forget_waiter(rig->world, 0, &waiters[1]);
    rig_finish(rig, 60 * SECOND);
    world_when_ready(rig->world, 0, &waiters[3], on_ready, &later);
    sim_advance(rig->env, 70 * SECOND);
    assert_int_equal(first.count, 1);
    assert_true(first.at_ns > 0);
    assert_int_equal(forgotten.count, 0);
    assert_int_equal(ready.count, 1);
    assert_int_equal(ready.at_ns, 0);
    assert_int_equal(later.count, 1);
    for (int i = 0; i < 4; i++) {
        world_forget_waiter(rig->world, i == 2 ? 2 : 0, &waiters[i]); /* once more is nothing */
    }
    rig_free(rig);
}

static void a_host_keeps_its_address_as_long_as_it_renews(void **state)
{
    (void)state;
    struct rig *rig = rig_start("nodes: {pc: {}, h: {kind: home-nat}, r: {kind: router}}\n"
                                "links: [pc-h, h-r]\n");
    rig_finish(rig, 60 * SECOND);
    struct ip_addr addr = address_now(rig, "pc");
    sim_advance(rig->env, 86400 * 3 * SECOND);
    assert_true(world_has_address(rig->world, 0));
    assert_true(ip_equal(address_now(rig, "pc"), addr));
    rig_free(rig);
}

static void a_host_that_cannot_renew_loses_its_address_and_gets_it_again(void **state)
{
    (void)state;
    struct rig *rig = rig_start("nodes: {pc: {}, h: {kind: home-nat}, r: {kind: router}}\n"
                                "links: [pc-h, h-r]\n"
                                "faults: [{at: 10s, link: pc-h, down: 2d}]\n");
    sim_advance(rig->env, 86400 * SECOND + 5 * SECOND);
    assert_false(world_has_address(rig->world, 0));
    assert_false(ip_is_set(address_now(rig, "pc")));
    sim_advance(rig->env, 86400 * 2 * SECOND + 600 * SECOND);
    assert_true(world_has_address(rig->world, 0));
    rig_free(rig);
}

/* --- ends --- */

static void run_events(struct rig *rig, uint64_t count)
{
    for (uint64_t i = 0; i < count && env_step(rig->env, 600 * SECOND); i++) {
    }
}

static void a_world_may_end_after_any_event(void **state)
{
    (void)state;
    struct rig *rig = rig_start(SMALL);
    rig_finish(rig, 600 * SECOND);
    uint64_t total = rig->env->events_fired;
    assert_true(total > 200);
    rig_free(rig);
    for (uint64_t n = 0; n < total; n += n < 300 ? 1 : 7) {
        rig = rig_start(SMALL);
        run_events(rig, n);
        rig_free(rig);
    }
}

static void a_world_may_end_before_it_starts(void **state)
{
    (void)state;
    struct rig *rig = rig_build(SMALL);
    struct text problem = {0};
    rig->world = world_new(rig->lab, rig->env, &rig->trace, &problem);
    assert_non_null(rig->world);
    rig_free(rig);
}

static void taps_need_real_time(void **state)
{
    (void)state;
    struct rig *rig = rig_build("nodes: {pc: {}, sw: {kind: switch}, t: {kind: tap}, h: {kind: "
                                "home-nat}, r: {kind: router}}\n"
                                "links: [pc-sw, t-sw, sw-h, h-r]\n");
    struct text problem = {0};
    assert_null(world_new(rig->lab, rig->env, &rig->trace, &problem));
    assert_string_equal(text_chars(&problem), "tap 't' joins the machine's own network, which runs "
                                              "in real time; add --realtime");
    text_fini(&problem);
    rig_free(rig);
}

/* --- the same again --- */

static uint64_t hash_of_run(const char *yaml, uint64_t until_ns)
{
    struct rig *rig = rig_start(yaml);
    sim_advance(rig->env, until_ns);
    uint64_t hash = world_hash(rig->world);
    rig_free(rig);
    return hash;
}

static void the_same_lab_and_seed_run_the_same(void **state)
{
    (void)state;
    uint64_t hash = hash_of_run(SMALL, 10 * SECOND);
    assert_true(hash_of_run(SMALL, 10 * SECOND) == hash);
    assert_true(hash_of_run(SMALL, 100 * MS) != hash);
    struct text other = {0};
    text_print(&other, "seed: 2\n%s", SMALL);
    assert_true(hash_of_run(other.chars, 10 * SECOND) != hash);
    text_fini(&other);
}

static void the_resolved_lab_runs_as_the_lab_does(void **state)
{
    (void)state;
    struct lab *lab = lab_of(SMALL);
    char *resolved = resolved_text(lab);
    assert_true(hash_of_run(resolved, 10 * SECOND) == hash_of_run(SMALL, 10 * SECOND));
    free(resolved);
    lab_free(lab);
}

static void count_event(struct trace_sink *sink, const struct trace_event *event)
{
    (void)sink;
    assert_non_null(event->kind);
}

static void a_listener_does_not_change_the_run(void **state)
{
    (void)state;
    uint64_t hash = hash_of_run(SMALL, 10 * SECOND);
    struct rig *rig = rig_start(SMALL);
    struct trace_sink sink = {.on_event = count_event};
    trace_add_sink(&rig->trace, &sink);
    sim_advance(rig->env, 10 * SECOND);
    assert_true(world_hash(rig->world) == hash);
    trace_remove_sink(&rig->trace, &sink);
    rig_free(rig);
}

/* --- labs of every shape --- */

static void nodes_without_links_keep_to_themselves(void **state)
{
    (void)state;
    struct rig *rig = rig_start("nodes: {a: {}, b: {kind: router}, c: {kind: switch}, "
                                "d: {kind: web-server}}\n");
    rig_finish(rig, SECOND);
    assert_int_equal(world_count(rig->world).frames, 0);
    rig_free(rig);
}

static void a_server_at_home_is_found_by_name_inside_only(void **state)
{
    (void)state;
    assert_run("nodes:\n"
               "  pc: {}\n  nas: {kind: web-server, name: nas.test}\n  h: {kind: home-nat}\n"
               "  isp: {kind: router}\n  out: {}\n"
               "links: [pc-h, nas-h, h-isp, out-isp]\n"
               "expect:\n"
               "  - {from: pc, get: 'http://nas.test/', within: 2s}\n"
               "  - {from: nas, ping: out}\n"
               "  - {from: out, resolve: nas.test, address: 192.168.1.10}\n"
               "  - {from: out, get: 'http://nas.test/'}\n",
               "held: pc gets http://nas.test/ within 2s (status 200)\n"
               "held: nas pings out (reply from 198.18.1.10 with ttl 62)\n"
               "held: out resolves nas.test to 192.168.1.10 (192.168.1.10)\n"
               "failed: out gets http://nas.test/ (no way to the server: nas.test)\n");
}

static void a_home_in_a_home_reaches_the_internet(void **state)
{
    (void)state;
    assert_run("nodes:\n"
               "  isp: {kind: router}\n"
               "  outer: {kind: home-nat}\n"
               "  inner: {kind: home-nat, lan: 10.0.0.0/24}\n"
               "  pc: {count: 2}\n"
               "  web: {kind: web-server, name: site.test}\n"
               "links: [outer-isp, pc1-outer, inner-outer, pc2-inner, web-isp]\n"
               "expect:\n"
               "  - {from: pc2, get: 'http://site.test/', within: 2s}\n"
               "  - {from: pc2, ping: pc1}\n"
               "  - {from: pc1, ping: 10.0.0.1}\n",
               "held: pc2 gets http://site.test/ within 2s (status 200)\n"
               "held: pc2 pings pc1 (reply from 192.168.1.100 with ttl 63)\n"
               "failed: pc1 pings 10.0.0.1 (198.18.0.2 says: network unreachable)\n");
}

static void a_resolver_at_home_serves_the_home(void **state)
{
    (void)state;
    assert_run(
        "nodes:\n"
        "  root: {kind: dns, zone: [., test], records: [a.test. A 192.0.2.1]}\n"
        "  hole: {kind: dns}\n"
        "  local: {kind: dns, zone: home.test, records: [tv A 192.168.1.200]}\n"
        "  pc: {}\n  h: {kind: home-nat}\n  isp: {kind: router}\n  out: {resolver: 192.0.2.9}\n"
        "links: [root-isp, h-isp, pc-h, hole-h, local-h, out-isp]\n"
        "expect:\n"
        "  - {from: pc, resolve: a.test, address: 192.0.2.1}\n"
        "  - {from: pc, resolve: tv.home.test, address: 192.168.1.200}\n"
        "  - {from: pc, resolve: b.test}\n"
        "  - {from: out, resolve: a.test}\n",
        "held: pc resolves a.test to 192.0.2.1 (192.0.2.1)\n"
        "held: pc resolves tv.home.test to 192.168.1.200 (192.168.1.200)\n"
        "failed: pc resolves b.test (not found)\n"
        "failed: out resolves a.test (unreachable)\n");
}

static void a_page_comes_over_links_of_any_mtu(void **state)
{
    (void)state;
    static const char *const SIZES[] = {"68", "576", "1500", "9000", "65535"};
    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        struct text yaml = {0};
        text_print(&yaml,
                   "nodes: {a: {}, r: {kind: router}, w: {kind: web-server}}\n"
                   "links:\n  - a-r: {mtu: %s}\n  - w-r: {subnet: 10.0.0.0/24}\n"
                   "expect: [{from: a, get: 'http://10.0.0.10/'}, {from: a, ping: w}]\n",
                   SIZES[i]);
        assert_run(yaml.chars, "held: a gets http://10.0.0.10/ (status 200)\n"
                               "held: a pings w (reply from 10.0.0.10 with ttl 63)\n");
        text_fini(&yaml);
    }
}

static void links_at_their_limits_carry_or_do_not(void **state)
{
    (void)state;
    static const char *const OPTIONS[] = {
        "rate: 1000tbit, delay: 0, queue: 4294967295",
        "rate: 1bit, delay: 1d",
        "loss: 100%",
        "overhead: 1000, rate: 1bit, queue: 1, queue_size: 1",
        "rate: 10kbit, queue_size: 18446744073709551615",
    };
    for (size_t i = 0; i < sizeof OPTIONS / sizeof OPTIONS[0]; i++) {
        struct text yaml = {0};
        text_print(&yaml,
                   "nodes: {a: {}, b: {}}\nlinks:\n  - a-b: {%s}\n"
                   "expect: [{from: a, ping: b, within: 3s}, {from: a, get: 'http://b/'}]\n",
                   OPTIONS[i]);
        struct rig *rig = rig_start(yaml.chars);
        rig_finish(rig, 600 * SECOND);
        size_t count;
        const struct expect_result *results = timetable_results(rig->timetable, &count);
        bool carries = i == 0 || i == 4;
        assert_int_equal(results[0].verdict, carries ? VERDICT_HELD : VERDICT_FAILED);
        rig_free(rig);
        text_fini(&yaml);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_at_home_become_ready_by_dhcp),
        cmocka_unit_test(a_lab_that_waits_for_nothing_is_done_at_once),
        cmocka_unit_test(a_host_that_gets_no_address_is_waited_for_a_minute),
        cmocka_unit_test(who_waits_for_an_address_is_called_once),
        cmocka_unit_test(a_host_keeps_its_address_as_long_as_it_renews),
        cmocka_unit_test(a_host_that_cannot_renew_loses_its_address_and_gets_it_again),
        cmocka_unit_test(a_world_may_end_after_any_event),
        cmocka_unit_test(a_world_may_end_before_it_starts),
        cmocka_unit_test(taps_need_real_time),
        cmocka_unit_test(the_same_lab_and_seed_run_the_same),
        cmocka_unit_test(the_resolved_lab_runs_as_the_lab_does),
        cmocka_unit_test(a_listener_does_not_change_the_run),
        cmocka_unit_test(nodes_without_links_keep_to_themselves),
        cmocka_unit_test(a_server_at_home_is_found_by_name_inside_only),
        cmocka_unit_test(a_home_in_a_home_reaches_the_internet),
        cmocka_unit_test(a_resolver_at_home_serves_the_home),
        cmocka_unit_test(a_page_comes_over_links_of_any_mtu),
        cmocka_unit_test(links_at_their_limits_carry_or_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
