#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "stack/link/arp.h"
#include "stack/stack_net.h"

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

/* 10 Mbit/s: 800 ns per byte; 1 ms of propagation; no overhead to keep the sums short. */
static const struct link_config SLOW = {.rate_bps = 10000000, .delay_ns = MS};

/* Time on the wire of a frame of `len` >= 60 bytes. */
static uint64_t wire_ns(uint64_t len)
{
    return len * 800 + MS;
}

struct pair {
    struct stack_net *net;
    struct stack_node *a, *b;
    struct stack_record *record; /* at a */
};

static struct pair pair_new(void)
{
    struct pair pair = {.net = stack_net_new()};
    pair.a = stack_net_add_node(pair.net, "a", false);
    pair.b = stack_net_add_node(pair.net, "b", false);
    struct link *link = stack_net_add_link(pair.net, "a-b", &SLOW);
    stack_node_attach(pair.a, link, 0, "10.0.0.1/24");
    stack_node_attach(pair.b, link, 1, "10.0.0.2/24");
    pair.record = stack_net_record(pair.net, link_get_end(link, 0));
    return pair;
}

static void first_ping_takes_arp_and_echo_round_trips(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct stack_ping ping;
    stack_ping_start(&ping, pair.a, "10.0.0.2", 56, 0, SECOND);
    assert_int_equal(ping.n_results, 0);
    stack_net_run(pair.net, SECOND);

    assert_int_equal(ping.n_results, 1);
    assert_int_equal(ping.result.status, STATUS_OK);
    assert_int_equal(ping.result.from.v4, stack_addr("10.0.0.2"));
    assert_int_equal(ping.result.ttl, 64);
    assert_int_equal(ping.result.icmp_type, ICMP_ECHO_REPLY);
    /* ARP there and back (60 bytes at least), echo there and back (14 + 20 + 8 + 56) */
    assert_int_equal(ping.result.round_trip_ns, 2 * wire_ns(60) + 2 * wire_ns(98));
    assert_int_equal(pair.record->n_frames, 4);
    assert_int_equal(stack_net_all_drops(pair.net), 0);
    stack_net_free(pair.net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_ping_takes_arp_and_echo_round_trips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
