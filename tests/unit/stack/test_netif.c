#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "stack/stack_net.h"

static const struct mac_addr PEER = {{0x02, 0, 0, 0, 0, 0x99}};
static const struct mac_addr MULTICAST = {{0x01, 0x00, 0x5e, 0, 0, 1}};

static void frame_for_us_is_handed_up_without_its_header(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new(NULL);
    stack_bench_receive(bench, stack_mac(1, 0), PEER, ETHERTYPE_IPV4, "packet", 6);
    assert_int_equal(bench->n_handed, 1);
    assert_int_equal(bench->handed[0]->len, 6);
    assert_memory_equal(bench->handed[0]->data, "packet", 6);
    assert_false(bench->is_group[0]);
    assert_int_equal(bench->netif.counts.rx_frames, 1);
    assert_int_equal(bench->netif.counts.rx_bytes, 20);
    assert_int_equal(bench->netif.counts.drops, 0);
    stack_bench_free(bench);
}

static void broadcast_and_multicast_are_handed_up_as_group(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new(NULL);
    stack_bench_receive(bench, MAC_BROADCAST, PEER, ETHERTYPE_IPV4, "packet", 6);
    stack_bench_receive(bench, MULTICAST, PEER, ETHERTYPE_IPV4, "packet", 6);
    assert_int_equal(bench->n_handed, 2);
    assert_true(bench->is_group[0]);
    assert_true(bench->is_group[1]);
    stack_bench_free(bench);
}

static void frame_for_another_station_is_dropped(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new(NULL);
    stack_bench_receive(bench, stack_mac(2, 0), PEER, ETHERTYPE_IPV4, "packet", 6);
    assert_int_equal(bench->n_handed, 0);
    assert_int_equal(stack_bench_drops(bench, &NETIF_DROP_NOT_FOR_US), 1);
    assert_int_equal(bench->netif.counts.drops, 1);
    stack_bench_free(bench);
}

static void frame_from_a_group_is_dropped(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new(NULL);
    stack_bench_receive(bench, stack_mac(1, 0), MULTICAST, ETHERTYPE_IPV4, "packet", 6);
    assert_int_equal(stack_bench_drops(bench, &NETIF_DROP_BAD_SOURCE), 1);
    stack_bench_free(bench);
}

static void frame_shorter_than_its_header_is_dropped(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new(NULL);
    for (size_t len = 0; len < ETHERNET_HEADER_LEN; len++) {
        struct packet *frame = packet_new(bench->env->packets, len);
        memset(frame->data, 0xff, len);
        netif_input(&bench->netif, frame);
    }
    assert_int_equal(stack_bench_drops(bench, &NETIF_DROP_SHORT), ETHERNET_HEADER_LEN);
    assert_int_equal(bench->n_handed, 0);
    stack_bench_free(bench);
}

static void unknown_types_are_dropped(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new(NULL);
    stack_bench_receive(bench, stack_mac(1, 0), PEER, ETHERTYPE_IPV6, "packet", 6);
    stack_bench_receive(bench, stack_mac(1, 0), PEER, ETHERTYPE_VLAN, "packet", 6);
    bench->netif.on_ipv4 = NULL; /* nobody speaks IPv4 either */
    stack_bench_receive(bench, stack_mac(1, 0), PEER, ETHERTYPE_IPV4, "packet", 6);
    assert_int_equal(stack_bench_drops(bench, &NETIF_DROP_UNKNOWN_TYPE), 3);
    stack_bench_free(bench);
}

static void interface_that_is_down_neither_receives_nor_sends(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new(NULL);
    bench->netif.is_up = false;
    stack_bench_receive(bench, stack_mac(1, 0), PEER, ETHERTYPE_IPV4, "packet", 6);
    netif_send(&bench->netif, packet_new(bench->env->packets, 10), PEER, ETHERTYPE_IPV4);
    assert_int_equal(bench->n_handed, 0);
    assert_int_equal(bench->n_sent, 0);
    assert_int_equal(stack_bench_drops(bench, &NETIF_DROP_DOWN), 2);
    assert_int_equal(bench->netif.counts.tx_frames, 0);
    stack_bench_free(bench);
}

static void sent_packet_gets_an_ethernet_header(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new(NULL);
    netif_send(&bench->netif, packet_new_copy(bench->env->packets, "packet", 6), PEER,
               ETHERTYPE_IPV4);
    static const uint8_t frame[] = {0x02, 0,    0,    0,   0,   0x99, 0x02, 0,   0,   0,
                                    1,    0x00, 0x08, 0x0, 'p', 'a',  'c',  'k', 'e', 't'};
    assert_int_equal(bench->n_sent, 1);
    assert_int_equal(bench->sent[0]->len, sizeof frame);
    assert_memory_equal(bench->sent[0]->data, frame, sizeof frame);
    assert_int_equal(bench->netif.counts.tx_frames, 1);
    assert_int_equal(bench->netif.counts.tx_bytes, sizeof frame);
    stack_bench_free(bench);
}

static void sending_leaves_other_holders_of_the_bytes_alone(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new(NULL);
    struct packet *kept = packet_new_copy(bench->env->packets, "................packet", 22);
    struct packet *sent = packet_clone(kept);
    packet_pull(sent, 16);
    netif_send(&bench->netif, sent, PEER, ETHERTYPE_IPV4);
    assert_memory_equal(kept->data, "................packet", 22);
    packet_put(kept);
    stack_bench_free(bench);
}

static void packet_of_the_mtu_is_sent_and_a_larger_one_is_not(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new(NULL);
    netif_send(&bench->netif, packet_new_copy(bench->env->packets, (char[1500]){0}, 1500), PEER,
               ETHERTYPE_IPV4);
    assert_int_equal(bench->n_sent, 1);
    netif_send(&bench->netif, packet_new_copy(bench->env->packets, (char[1501]){0}, 1501), PEER,
               ETHERTYPE_IPV4);
    assert_int_equal(bench->n_sent, 1);
    assert_int_equal(stack_bench_drops(bench, &NETIF_DROP_TOO_BIG), 1);
    stack_bench_free(bench);
}

static struct ip_prefix prefix_of(const char *text)
{
    struct ip_prefix prefix;
    assert_true(ip_prefix_parse(text, &prefix));
    return prefix;
}

static void addresses_are_kept_ipv4_first_and_once(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new(NULL);
    struct netif *netif = &bench->netif;
    assert_null(netif_ipv4(netif));
    assert_true(netif_add_address(netif, prefix_of("2001:db8::1/64")));
    assert_null(netif_ipv4(netif));
    assert_true(netif_add_address(netif, prefix_of("10.0.0.1/24")));
    assert_false(netif_add_address(netif, prefix_of("10.0.0.1/16")));
    assert_true(netif_add_address(netif, prefix_of("192.168.0.1/24")));
    assert_true(netif_add_address(netif, prefix_of("2001:db8::2/64")));
    assert_false(netif_add_address(netif, prefix_of("172.16.0.1/24"))); /* full */
    assert_int_equal(netif->addresses[0].addr.v4, stack_addr("10.0.0.1"));
    assert_int_equal(netif->addresses[1].addr.v4, stack_addr("192.168.0.1"));
    assert_int_equal(netif->addresses[2].addr.version, IP_V6);
    assert_true(netif_has_ipv4(netif, stack_addr("192.168.0.1")));
    assert_false(netif_has_ipv4(netif, stack_addr("192.168.0.2")));

    assert_true(netif_remove_address(netif, ip_v4(stack_addr("10.0.0.1"))));
    assert_false(netif_remove_address(netif, ip_v4(stack_addr("10.0.0.1"))));
    assert_int_equal(netif_ipv4(netif)->addr.v4, stack_addr("192.168.0.1"));
    assert_int_equal(netif->n_addresses, 3);
    stack_bench_free(bench);
}

static void source_is_the_address_in_the_peers_subnet(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new(NULL);
    assert_int_equal(netif_source_for(&bench->netif, stack_addr("10.0.0.9")), 0);
    assert_true(netif_add_address(&bench->netif, prefix_of("10.0.0.1/24")));
    assert_true(netif_add_address(&bench->netif, prefix_of("10.0.1.1/24")));
    assert_int_equal(netif_source_for(&bench->netif, stack_addr("10.0.1.9")),
                     stack_addr("10.0.1.1"));
    assert_int_equal(netif_source_for(&bench->netif, stack_addr("8.8.8.8")),
                     stack_addr("10.0.0.1"));
    stack_bench_free(bench);
}

static void broadcast_addresses_follow_the_prefixes(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    assert_true(netif_is_broadcast(&bench->netif, IPV4_BROADCAST));
    assert_true(netif_is_broadcast(&bench->netif, stack_addr("10.0.0.255")));
    assert_false(netif_is_broadcast(&bench->netif, stack_addr("10.0.1.255")));
    assert_false(netif_is_broadcast(&bench->netif, 0));
    assert_true(netif_add_address(&bench->netif, prefix_of("10.2.0.1/16")));
    assert_true(netif_is_broadcast(&bench->netif, stack_addr("10.2.255.255")));
    struct ip_prefix pair = prefix_of("10.1.0.1/31"); /* RFC 3021: both are hosts */
    assert_int_equal(netif_prefix_broadcast(&pair), 0);
    struct ip_prefix single = prefix_of("10.1.0.1/32");
    assert_int_equal(netif_prefix_broadcast(&single), 0);
    struct ip_prefix four = prefix_of("10.1.0.1/30");
    assert_int_equal(netif_prefix_broadcast(&four), stack_addr("10.1.0.3"));
    stack_bench_free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame_for_us_is_handed_up_without_its_header),
        cmocka_unit_test(broadcast_and_multicast_are_handed_up_as_group),
        cmocka_unit_test(frame_for_another_station_is_dropped),
        cmocka_unit_test(frame_from_a_group_is_dropped),
        cmocka_unit_test(frame_shorter_than_its_header_is_dropped),
        cmocka_unit_test(unknown_types_are_dropped),
        cmocka_unit_test(interface_that_is_down_neither_receives_nor_sends),
        cmocka_unit_test(sent_packet_gets_an_ethernet_header),
        cmocka_unit_test(sending_leaves_other_holders_of_the_bytes_alone),
        cmocka_unit_test(packet_of_the_mtu_is_sent_and_a_larger_one_is_not),
        cmocka_unit_test(addresses_are_kept_ipv4_first_and_once),
        cmocka_unit_test(source_is_the_address_in_the_peers_subnet),
        cmocka_unit_test(broadcast_addresses_follow_the_prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
