#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "stack/network/ipv4_internal.h"
#include "stack/stack_net.h"

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

enum { PROTOCOL = 253, MAX_DATA = 65535 - IPV4_HEADER_LEN, MIN_MTU = 68 };

static const struct link_config FAST = {.delay_ns = MS};
static const struct mac_addr STRANGER = {{0x02, 0, 0, 0, 0, 0x99}};

/* a - r1 - r2 - b: 10.0.1.1 ... 10.0.3.2 */
struct chain {
    struct stack_net *net;
    struct stack_node *a, *r1, *r2, *b;
    struct stack_record *at_a, *at_b;
    uint8_t data[MAX_DATA];
    size_t n_datagrams;
    struct ipv4_header header; /* of the last that b got */
    size_t len;
    uint8_t bytes[MAX_DATA];
};

static void on_datagram(void *owner, struct packet *packet, const struct ipv4_packet_info *info)
{
    struct chain *chain = owner;
    chain->n_datagrams++;
    chain->header = info->header;
    chain->len = packet->len;
    memcpy(chain->bytes, packet->data, packet->len);
    packet_put(packet);
}

static struct chain *chain_new(void)
{
    static struct chain chain;
    struct stack_net *net = stack_net_new();
    chain = (struct chain){.net = net};
    chain.a = stack_net_add_node(net, "a", false);
    chain.r1 = stack_net_add_node(net, "r1", true);
    chain.r2 = stack_net_add_node(net, "r2", true);
    chain.b = stack_net_add_node(net, "b", false);
    struct link *left = stack_net_add_link(net, "a-r1", &FAST);
    struct link *middle = stack_net_add_link(net, "r1-r2", &FAST);
    struct link *right = stack_net_add_link(net, "r2-b", &FAST);
    struct netif *a = stack_node_attach(chain.a, left, 0, "10.0.1.1/24");
    stack_node_attach(chain.r1, left, 1, "10.0.1.2/24");
    struct netif *r1 = stack_node_attach(chain.r1, middle, 0, "10.0.2.1/24");
    struct netif *r2 = stack_node_attach(chain.r2, middle, 1, "10.0.2.2/24");
    stack_node_attach(chain.r2, right, 0, "10.0.3.1/24");
    struct netif *b = stack_node_attach(chain.b, right, 1, "10.0.3.2/24");
    stack_node_route(chain.a, "0.0.0.0/0", "10.0.1.2", a);
    stack_node_route(chain.r1, "0.0.0.0/0", "10.0.2.2", r1);
    stack_node_route(chain.r2, "0.0.0.0/0", "10.0.2.1", r2);
    stack_node_route(chain.b, "0.0.0.0/0", "10.0.3.1", b);
    chain.at_a = stack_net_record(net, link_get_end(left, 0));
    chain.at_b = stack_net_record(net, link_get_end(right, 1));
    ipv4_set_handler(chain.b->ip, PROTOCOL, on_datagram, NULL, &chain);
    struct prng prng;
    prng_init(&prng, 7, "chain", "data");
    prng_fill(&prng, chain.data, sizeof chain.data);
    return &chain;
}

static void set_mtus(struct chain *chain, uint32_t left, uint32_t middle, uint32_t right)
{
    chain->a->netifs[0].mtu = chain->r1->netifs[0].mtu = left;
    chain->r1->netifs[1].mtu = chain->r2->netifs[0].mtu = middle;
    chain->r2->netifs[1].mtu = chain->b->netifs[0].mtu = right;
}

static void wait(struct chain *chain)
{
    stack_net_run(chain->net, chain->net->env->now_ns + 100 * MS);
}

static enum status send_data(struct chain *chain, const char *dst, size_t len, bool dont_fragment)
{
    struct ipv4_send how = {
        .dst = stack_addr(dst), .protocol = PROTOCOL, .dont_fragment = dont_fragment};
    struct packet *packet = packet_new_copy(chain->net->env->packets, chain->data, len);
    enum status status = ipv4_send(chain->a->ip, packet, &how);
    wait(chain);
    return status;
}

static void assert_arrived(const struct chain *chain, size_t count, size_t len)
{
    assert_int_equal(chain->n_datagrams, count);
    assert_int_equal(chain->len, len);
    assert_memory_equal(chain->bytes, chain->data, len);
}

/* The nth (from 0) IPv4 packet seen at a link's end. */
static struct ipv4_header packet_at(const struct stack_record *record, enum tap_direction direction,
                                    size_t nth, struct reader *rest)
{
    for (size_t i = 0; i < record->n_frames; i++) {
        const struct stack_frame *frame = &record->frames[i];
        struct ethernet_header ethernet;
        struct ipv4_header header;
        *rest = reader_of(frame->bytes, frame->len);
        assert_true(ethernet_parse(rest, &ethernet));
        if (frame->direction == direction && ethernet.type == ETHERTYPE_IPV4 && nth-- == 0) {
            assert_int_equal(ipv4_parse(rest, &header), IPV4_OK);
            return header;
        }
    }
    fail_msg("there is no such packet");
    return (struct ipv4_header){0};
}

/* --- what we send --- */

static void a_packet_larger_than_the_mtu_goes_in_fragments(void **state)
{
    (void)state;
    struct chain *chain = chain_new();
    assert_int_equal(send_data(chain, "10.0.3.2", 3000, false), STATUS_OK);
    assert_arrived(chain, 1, 3000);
    static const struct {
        uint16_t offset, len;
    } EXPECTED[] = {{0, 1480}, {1480, 1480}, {2960, 40}};
    uint16_t id = 0;
    for (size_t i = 0; i < 3; i++) {
        struct reader r;
        struct ipv4_header header = packet_at(chain->at_a, TAP_SENT, i, &r);
        id = i == 0 ? header.id : id;
        assert_int_equal(header.id, id);
        assert_int_equal(header.fragment_offset, EXPECTED[i].offset);
        assert_int_equal(header.total_len, IPV4_HEADER_LEN + EXPECTED[i].len);
        assert_int_equal(header.more_fragments, i < 2);
        assert_false(header.dont_fragment);
        assert_int_equal(header.ttl, IPV4_DEFAULT_TTL);
        assert_int_equal(header.protocol, PROTOCOL);
        assert_memory_equal(r.p, chain->data + EXPECTED[i].offset, EXPECTED[i].len);
    }
    assert_int_equal(stack_net_count(chain->net, &IPV4_FRAGMENTED), 1);
    assert_int_equal(stack_net_count(chain->net, &IPV4_REASSEMBLED), 1);
    assert_int_equal(stack_net_all_drops(chain->net), 0);
    stack_net_free(chain->net);
}

static void fragments_and_the_whole_bear_one_id_in_the_trace(void **state)
{
    (void)state;
    struct chain *chain = chain_new();
    send_data(chain, "10.0.3.2", 3000, false);
    const struct stack_event *cut = stack_net_event(chain->net, &IPV4_FRAGMENTED, 0);
    const struct stack_event *whole = stack_net_event(chain->net, &IPV4_REASSEMBLED, 0);
    assert_int_equal(cut->packet_id, whole->packet_id);
    assert_int_equal(stack_net_count(chain->net, &IPV4_FORWARDED), 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(stack_net_event(chain->net, &IPV4_FORWARDED, i)->packet_id,
                         cut->packet_id);
    }
    assert_non_null(strstr(cut->summary, "cuts 10.0.1.1 > 10.0.3.2 for eth0 (MTU 1500): 3020 bytes "
                                         "in 3 fragments (id "));
    stack_net_free(chain->net);
}

static void exactly_the_mtu_is_not_cut(void **state)
{
    (void)state;
    struct chain *chain = chain_new();
    send_data(chain, "10.0.3.2", 1480, false);
    assert_int_equal(stack_net_count(chain->net, &IPV4_FRAGMENTED), 0);
    send_data(chain, "10.0.3.2", 1481, false);
    assert_int_equal(stack_net_count(chain->net, &IPV4_FRAGMENTED), 1);
    assert_arrived(chain, 2, 1481);
    stack_net_free(chain->net);
}

static void the_largest_datagram_arrives_and_a_larger_one_is_refused(void **state)
{
    (void)state;
    struct chain *chain = chain_new();
    assert_int_equal(send_data(chain, "10.0.3.2", MAX_DATA, false), STATUS_OK);
    assert_arrived(chain, 1, MAX_DATA);
    assert_int_equal(stack_net_all_drops(chain->net), 0); /* ARP keeps all of its fragments */
    struct ipv4_send how = {.dst = stack_addr("10.0.3.2"), .protocol = PROTOCOL};
    struct packet *packet = packet_new(chain->net->env->packets, MAX_DATA + 1);
    assert_int_equal(ipv4_send(chain->a->ip, packet, &how), STATUS_LIMIT);
    stack_net_free(chain->net);
}

static void what_must_not_be_cut_is_refused(void **state)
{
    (void)state;
    struct chain *chain = chain_new();
    assert_int_equal(send_data(chain, "10.0.3.2", 1481, true), STATUS_LIMIT);
    assert_int_equal(stack_net_drops(chain->net, &IPV4_DROP_TOO_BIG), 1);
    assert_int_equal(chain->at_a->n_frames, 0);
    stack_net_free(chain->net);
}

static void a_large_packet_to_ourselves_stays_whole(void **state)
{
    (void)state;
    struct chain *chain = chain_new();
    ipv4_set_handler(chain->a->ip, PROTOCOL, on_datagram, NULL, chain);
    assert_int_equal(send_data(chain, "127.0.0.1", 60000, false), STATUS_OK);
    assert_arrived(chain, 1, 60000);
    assert_int_equal(stack_net_count(chain->net, &IPV4_FRAGMENTED), 0);
    stack_net_free(chain->net);
}

static void large_pings_come_back(void **state)
{
    (void)state;
    struct chain *chain = chain_new();
    struct stack_ping ping;
    set_mtus(chain, 1500, 576, 1280);
    stack_ping_start(&ping, chain->a, "10.0.3.2", 5000, 0, SECOND);
    assert_non_null(ping.ping);
    stack_net_run(chain->net, 2 * SECOND);
    assert_int_equal(ping.result.status, STATUS_OK);
    stack_net_free(chain->net);
}

/* --- on the way --- */

static void a_router_cuts_for_a_narrower_link(void **state)
{
    (void)state;
    struct chain *chain = chain_new();
    set_mtus(chain, 1500, 1500, 600);
    send_data(chain, "10.0.3.2", 1400, false);
    assert_arrived(chain, 1, 1400);
    struct reader r;
    assert_int_equal(packet_at(chain->at_b, TAP_RECEIVED, 0, &r).total_len, 596);
    assert_int_equal(packet_at(chain->at_b, TAP_RECEIVED, 1, &r).total_len, 596);
    struct ipv4_header last = packet_at(chain->at_b, TAP_RECEIVED, 2, &r);
    assert_int_equal(last.total_len, 20 + 1400 - 2 * 576);
    assert_int_equal(last.fragment_offset, 2 * 576);
    assert_int_equal(last.ttl, IPV4_DEFAULT_TTL - 2);
    assert_string_equal(stack_net_event(chain->net, &IPV4_FRAGMENTED, 0)->node, "r2");
    stack_net_free(chain->net);
}

static void fragments_are_cut_again(void **state)
{
    (void)state;
    struct chain *chain = chain_new();
    set_mtus(chain, 1500, 1000, 300);
    send_data(chain, "10.0.3.2", 4000, false);
    assert_arrived(chain, 1, 4000);
    /* 1480 1480 1040 -> 976 504 976 504 976 64 -> 4 + 2 + 4 + 2 + 4 + 1 of at most 280 */
    assert_int_equal(stack_net_count(chain->net, &IPV4_FRAGMENTED), 1 + 3 + 5);
    assert_non_null(
        strstr(stack_net_event(chain->net, &IPV4_REASSEMBLED, 0)->summary, "from 17 fragments"));
    stack_net_free(chain->net);
}

static void any_length_arrives_over_any_mtus(void **state)
{
    (void)state;
    struct chain *chain = chain_new();
    trace_remove_sink(&chain->net->trace, &chain->net->sink);
    tap_remove(&link_get_end(chain->net->links[0], 0)->point, &chain->at_a->tap);
    tap_remove(&link_get_end(chain->net->links[2], 1)->point, &chain->at_b->tap);
    send_data(chain, "10.0.3.2", 1, false); /* ARP */
    struct prng prng;
    prng_init(&prng, 11, "test", "mtus");
    for (size_t i = 2; i < 200; i++) {
        uint32_t mtus[3];
        for (size_t j = 0; j < 3; j++) {
            mtus[j] = MIN_MTU + (uint32_t)prng_below(&prng, prng_below(&prng, 1500) + 1);
        }
        set_mtus(chain, mtus[0], mtus[1], mtus[2]);
        /* the narrowest MTUs make more fragments than 1400 of the longest datagrams */
        size_t len = prng_below(&prng, i % 20 == 0 ? 30000 : 3000) + 1;
        send_data(chain, "10.0.3.2", len, false);
        assert_arrived(chain, i, len);
    }
    assert_int_equal(stack_net_all_drops(chain->net), 0);
    trace_add_sink(&chain->net->trace, &chain->net->sink);
    stack_net_free(chain->net);
}

/* As if a's neighbour on the left link sent it to r1. */
static void inject(struct chain *chain, struct packet *packet)
{
    struct netif *netif = &chain->r1->netifs[0];
    struct writer w = packet_push(packet, ETHERNET_HEADER_LEN);
    ethernet_emit(&w, &(struct ethernet_header){netif->mac, STRANGER, ETHERTYPE_IPV4});
    netif_input(netif, packet);
    wait(chain);
}

static void options_are_copied_as_their_flag_says(void **state)
{
    (void)state;
    static const uint8_t OPTIONS[] = {
        7,    7, 4, 0, 0, 0, 0, /* record route: in the first only */
        1,                      /* no operation */
        0x94, 4, 0, 0,          /* router alert: copied */
        0x83, 7, 4, 1, 2, 3, 4, /* loose source route: copied */
        0,                      /* the end */
    };
    enum { OPTIONS_LEN = sizeof OPTIONS, REST_LEN = 12, LEN = 1000 };
    struct chain *chain = chain_new();
    set_mtus(chain, 1500, 576, 1500);
    struct ipv4_header header = {.header_len = IPV4_HEADER_LEN + OPTIONS_LEN,
                                 .total_len = IPV4_HEADER_LEN + OPTIONS_LEN + LEN,
                                 .ttl = 9,
                                 .protocol = PROTOCOL,
                                 .src = stack_addr("10.0.1.9"),
                                 .dst = stack_addr("10.0.3.2")};
    struct packet *packet = packet_new(chain->net->env->packets, header.total_len);
    struct writer w = writer_of(packet->data, packet->len);
    ipv4_emit(&w, &header);
    write_copy(&w, OPTIONS, OPTIONS_LEN);
    write_copy(&w, chain->data, LEN);
    ipv4_rewrite_header(packet->data, &header);
    inject(chain, packet);
    assert_arrived(chain, 1, LEN);
    assert_int_equal(chain->header.header_len, IPV4_HEADER_LEN + OPTIONS_LEN);
    struct reader r;
    struct ipv4_header first = packet_at(chain->at_b, TAP_RECEIVED, 0, &r);
    assert_int_equal(first.header_len, IPV4_HEADER_LEN + OPTIONS_LEN);
    struct ipv4_header rest = packet_at(chain->at_b, TAP_RECEIVED, 1, &r);
    assert_int_equal(rest.header_len, IPV4_HEADER_LEN + REST_LEN);
    static const uint8_t COPIED[REST_LEN] = {0x94, 4, 0, 0, 0x83, 7, 4, 1, 2, 3, 4, 0};
    assert_memory_equal(r.p - REST_LEN, COPIED, REST_LEN);
    stack_net_free(chain->net);
}

static void a_fragment_beyond_any_datagram_is_not_cut(void **state)
{
    (void)state;
    struct chain *chain = chain_new();
    set_mtus(chain, 1500, 576, 1500);
    struct ipv4_header header = {.fragment_offset = 65528,
                                 .ttl = 9,
                                 .protocol = PROTOCOL,
                                 .src = stack_addr("10.0.1.9"),
                                 .dst = stack_addr("10.0.3.2")};
    inject(chain, stack_packet(chain->net->env, &header, chain->data, 1400));
    assert_int_equal(stack_net_drops(chain->net, &IPV4_DROP_TOO_BIG), 1);
    assert_int_equal(chain->at_b->n_frames, 0);
    stack_net_free(chain->net);
}

static void a_lost_fragment_loses_the_datagram_and_its_sender_is_told(void **state)
{
    (void)state;
    struct chain *chain = chain_new();
    struct ipv4_header header = {.more_fragments = true,
                                 .ttl = 9,
                                 .protocol = PROTOCOL,
                                 .src = stack_addr("10.0.1.1"),
                                 .dst = stack_addr("10.0.3.2")};
    inject(chain, stack_packet(chain->net->env, &header, chain->data, 800));
    stack_net_run(chain->net, 31 * SECOND);
    wait(chain);
    struct reader r;
    struct ipv4_header told = packet_at(chain->at_a, TAP_RECEIVED, 0, &r);
    assert_int_equal(told.src, stack_addr("10.0.3.2"));
    assert_int_equal(read_u8(&r), ICMP_TIME_EXCEEDED);
    assert_int_equal(read_u8(&r), ICMP_REASSEMBLY_EXCEEDED);
    stack_net_free(chain->net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_larger_than_the_mtu_goes_in_fragments),
        cmocka_unit_test(fragments_and_the_whole_bear_one_id_in_the_trace),
        cmocka_unit_test(exactly_the_mtu_is_not_cut),
        cmocka_unit_test(the_largest_datagram_arrives_and_a_larger_one_is_refused),
        cmocka_unit_test(what_must_not_be_cut_is_refused),
        cmocka_unit_test(a_large_packet_to_ourselves_stays_whole),
        cmocka_unit_test(large_pings_come_back),
        cmocka_unit_test(a_router_cuts_for_a_narrower_link),
        cmocka_unit_test(fragments_are_cut_again),
        cmocka_unit_test(any_length_arrives_over_any_mtus),
        cmocka_unit_test(options_are_copied_as_their_flag_says),
        cmocka_unit_test(a_fragment_beyond_any_datagram_is_not_cut),
        cmocka_unit_test(a_lost_fragment_loses_the_datagram_and_its_sender_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
