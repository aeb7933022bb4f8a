/* What a NAT does to UDP, TCP and pings, and to what nobody asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "stack/nat_lab.h"

/* UDP from the server back to the port that it saw. */
static void answer(struct nat_lab *lab, uint16_t port)
{
    nat_send_udp(lab, &lab->server,
                 &(struct nat_send){.dst = WAN, .src_port = 53, .dst_port = port});
}

static void udp_is_translated_out_and_back(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    nat_send_udp(&lab, &lab.pc1,
                 &(struct nat_send){.dst = SERVER, .src_port = 40001, .dst_port = 53});
    assert_int_equal(lab.server.n_packets, 1);
    assert_int_equal(lab.server.header.src, WAN);
    assert_int_equal(lab.server.header.dst, SERVER);
    assert_int_equal(lab.server.src_port, 40001); /* preserved */
    assert_int_equal(lab.server.dst_port, 53);
    assert_true(lab.server.is_checksum_right);
    assert_int_equal(lab.server.header.ttl, 62);
    assert_memory_equal(lab.server.body + 8, "hello", 5);
    answer(&lab, 40001);
    assert_int_equal(lab.pc1.n_packets, 1);
    assert_int_equal(lab.pc1.header.src, SERVER);
    assert_int_equal(lab.pc1.header.dst, PC1);
    assert_int_equal(lab.pc1.dst_port, 40001);
    assert_true(lab.pc1.is_checksum_right);

    assert_int_equal(stack_net_count(lab.net, &NAT_MAPPED), 1);
    assert_string_equal(stack_net_event(lab.net, &NAT_MAPPED, 0)->summary,
                        "maps UDP 192.168.1.10:40001 to 203.0.113.2:40001 (first to "
                        "198.51.100.9:53)");
    assert_string_equal(stack_net_event(lab.net, &NAT_TRANSLATED_OUT, 0)->summary,
                        "UDP to 198.51.100.9:53: source 192.168.1.10:40001 becomes "
                        "203.0.113.2:40001");
    const struct stack_event *in = stack_net_event(lab.net, &NAT_TRANSLATED_IN, 0);
    assert_string_equal(in->summary, "UDP from 198.51.100.9:53: destination 203.0.113.2:40001 "
                                     "becomes 192.168.1.10:40001");
    assert_true(in->packet_id == lab.pc1.packet_id); /* one packet, all the way */
    assert_int_equal(stack_net_all_drops(lab.net), 0);
    nat_lab_fini(&lab);
}

static void a_udp_checksum_that_was_not_sent_stays_unsent(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    nat_send_udp(&lab, &lab.pc1,
                 &(struct nat_send){
                     .dst = SERVER, .src_port = 40001, .dst_port = 53, .without_checksum = true});
    assert_int_equal(lab.server.header.src, WAN);
    assert_memory_equal(lab.server.body + 6, "\0\0", 2);
    nat_lab_fini(&lab);
}

static void checksums_stay_right_whatever_is_in_the_packet(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    trace_remove_sink(&lab.net->trace, &lab.net->sink);
    struct prng prng;
    prng_init(&prng, 1, "test", "nat");
    for (unsigned i = 0; i < 2000; i++) {
        char body[64];
        prng_fill(&prng, body, sizeof body);
        struct nat_send how = {.dst = prng_below(&prng, 2) ? SERVER : SERVER2, .body = body};
        how.src_port = prng_u16(&prng);
        how.dst_port = prng_u16(&prng);
        how.len = 1 + prng_below(&prng, sizeof body);
        how.tcp_flags = TCP_SYN;
        struct nat_host *pc = prng_below(&prng, 2) ? &lab.pc1 : &lab.pc2;
        bool is_tcp = prng_below(&prng, 2) == 1;
        (is_tcp ? nat_send_tcp : nat_send_udp)(&lab, pc, &how);
        assert_int_equal(lab.server.n_packets, i + 1);
        assert_true(lab.server.is_checksum_right);
        how.dst = WAN;
        how.src_port = lab.server.dst_port;
        how.dst_port = lab.server.src_port;
        how.src = lab.server.header.dst;
        size_t before = pc->n_packets;
        (is_tcp ? nat_send_tcp : nat_send_udp)(&lab, &lab.server, &how);
        assert_int_equal(pc->n_packets, before + 1);
        assert_true(pc->is_checksum_right);
    }
    trace_add_sink(&lab.net->trace, &lab.net->sink);
    nat_lab_fini(&lab);
}

static void hosts_with_the_same_port_get_different_ones_of_the_same_parity(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    assert_int_equal(nat_outside_port(&lab, &lab.pc1, 5001), 5001);
    assert_int_equal(nat_outside_port(&lab, &lab.pc2, 5001), 5003);
    assert_int_equal(nat_outside_port(&lab, &lab.pc1, 5001), 5001); /* each keeps its own */
    assert_int_equal(nat_outside_port(&lab, &lab.pc2, 5000), 5000);
    answer(&lab, 5003);
    assert_int_equal(lab.pc1.n_packets, 0);
    assert_int_equal(lab.pc2.n_packets, 1);
    assert_int_equal(lab.pc2.dst_port, 5001);
    assert_int_equal(nat_count_mappings(lab.nat), 3);
    nat_lab_fini(&lab);
}

static void ports_keep_their_range_at_its_ends(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    assert_int_equal(nat_outside_port(&lab, &lab.pc1, 1023), 1023);
    assert_int_equal(nat_outside_port(&lab, &lab.pc2, 1023), 1); /* below 1024, odd */
    assert_int_equal(nat_outside_port(&lab, &lab.pc1, 65535), 65535);
    assert_int_equal(nat_outside_port(&lab, &lab.pc2, 65535), 1025);
    assert_int_equal(nat_outside_port(&lab, &lab.pc1, 65534), 65534);
    assert_int_equal(nat_outside_port(&lab, &lab.pc2, 65534), 1024);
    assert_int_equal(nat_outside_port(&lab, &lab.pc1, 1022), 1022);
    assert_int_equal(nat_outside_port(&lab, &lab.pc2, 1022), 2);
    nat_lab_fini(&lab);
}

static void mappings_and_filters_are_endpoint_independent(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    assert_int_equal(nat_outside_port(&lab, &lab.pc1, 40001), 40001);
    nat_send_udp(&lab, &lab.pc1,
                 &(struct nat_send){.dst = SERVER2, .src_port = 40001, .dst_port = 99});
    assert_int_equal(lab.server.src_port, 40001);
    assert_int_equal(nat_count_mappings(lab.nat), 1);
    /* somebody that pc1 never spoke to */
    nat_send_udp(&lab, &lab.isp, &(struct nat_send){.dst = WAN, .src_port = 7, .dst_port = 40001});
    assert_int_equal(lab.pc1.n_packets, 1);
    assert_int_equal(lab.pc1.header.src, ISP);
    nat_lab_fini(&lab);
}

static void the_same_port_of_tcp_and_udp_are_two_mappings(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    struct nat_send how = {.dst = SERVER, .src_port = 40001, .dst_port = 80, .tcp_flags = TCP_SYN};
    nat_send_tcp(&lab, &lab.pc1, &how);
    nat_send_udp(&lab, &lab.pc2, &how);
    assert_int_equal(lab.server.src_port, 40001);
    assert_int_equal(nat_count_mappings(lab.nat), 2);
    nat_lab_fini(&lab);
}

static void what_nobody_asked_for_is_dropped_with_its_reason(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    answer(&lab, 40001);
    assert_int_equal(stack_net_drops(lab.net, &NAT_DROP_NO_MAPPING), 1);
    /* straight to a private address: the ISP carries it, the NAT does not */
    nat_send_udp(&lab, &lab.server, &(struct nat_send){.dst = PC1, .src_port = 1, .dst_port = 2});
    assert_int_equal(stack_net_drops(lab.net, &NAT_DROP_PRIVATE), 1);
    /* not even with a mapping for that host, nor to the router's own inside address */
    nat_outside_port(&lab, &lab.pc1, 40001);
    nat_send_udp(&lab, &lab.server,
                 &(struct nat_send){.dst = PC1, .src_port = 53, .dst_port = 40001});
    nat_send_udp(
        &lab, &lab.server,
        &(struct nat_send){.dst = stack_addr("192.168.1.1"), .src_port = 53, .dst_port = 67});
    assert_int_equal(stack_net_drops(lab.net, &NAT_DROP_PRIVATE), 3);
    assert_int_equal(lab.pc1.n_packets, 0);
    assert_int_equal(lab.home.n_packets, 0);
    nat_lab_fini(&lab);
}

static void the_router_keeps_the_ports_it_uses_itself(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    lab.taken_port = 5353;
    answer(&lab, 5353); /* no mapping, but a socket of the router */
    assert_int_equal(lab.home.n_packets, 1);
    assert_int_equal(lab.home.dst_port, 5353);
    assert_int_equal(nat_outside_port(&lab, &lab.pc1, 5353), 5355);
    answer(&lab, 5353);
    assert_int_equal(lab.home.n_packets, 2);
    assert_int_equal(lab.pc1.n_packets, 0);
    /* what it sends is not touched */
    nat_send_udp(&lab, &lab.home,
                 &(struct nat_send){.dst = SERVER, .src_port = 5353, .dst_port = 53});
    assert_int_equal(lab.server.src_port, 5353);
    assert_int_equal(nat_count_mappings(lab.nat), 1);
    nat_lab_fini(&lab);
}

static void a_port_of_the_router_that_is_mapped_already_is_moved(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    assert_int_equal(nat_outside_port(&lab, &lab.pc1, 50000), 50000);
    lab.taken_port = 50000; /* a socket of the router came to the same port afterwards */
    struct nat_send how = {.dst = SERVER, .src_port = 50000, .dst_port = 53};
    nat_send_udp(&lab, &lab.home, &how);
    assert_int_equal(lab.server.header.src, WAN);
    assert_int_equal(lab.server.src_port, 50002);
    assert_true(lab.server.is_checksum_right);
    answer(&lab, 50002);
    assert_int_equal(lab.home.n_packets, 1);
    assert_int_equal(lab.home.dst_port, 50000);
    assert_true(lab.home.is_checksum_right);
    answer(&lab, 50000);
    assert_int_equal(lab.pc1.n_packets, 1);
    nat_lab_fini(&lab);
}

static void the_routers_inside_address_is_translated_like_any_host(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    struct nat_send how = {
        .src = stack_addr("192.168.1.1"), .dst = SERVER, .src_port = 6000, .dst_port = 53};
    nat_send_udp(&lab, &lab.home, &how);
    assert_int_equal(lab.server.header.src, WAN);
    answer(&lab, 6000);
    assert_int_equal(lab.home.header.dst, stack_addr("192.168.1.1"));
    nat_lab_fini(&lab);
}

static void pings_of_all_cross_the_nat_even_with_one_id(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    static const char *const NAMES[] = {"pc1", "pc2", "home"};
    struct nat_host *hosts[] = {&lab.pc1, &lab.pc2, &lab.home};
    for (size_t i = 0; i < 3; i++) {
        nat_send_echo(&lab, hosts[i], ICMP_ECHO_REQUEST,
                      &(struct nat_send){.dst = SERVER, .src_port = 77});
        assert_int_equal(stack_net_count(lab.net, &ICMP_ECHO_ANSWERED), i + 1);
        /* the answer reached its stack: nobody there had asked */
        const struct stack_event *drop = stack_net_event(lab.net, &PACKET_DROPPED, i);
        assert_string_equal(drop->node, NAMES[i]);
    }
    assert_int_equal(stack_net_drops(lab.net, &ICMP_DROP_UNEXPECTED), 3);
    assert_int_equal(stack_net_all_drops(lab.net), 3);

    struct stack_ping pings[3];
    for (size_t i = 0; i < 3; i++) {
        stack_ping_start(&pings[i], hosts[i]->node, "198.51.100.9", 100, 0, SECOND);
    }
    nat_lab_run(&lab);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pings[i].n_results, 1);
        assert_int_equal(pings[i].result.status, STATUS_OK);
        assert_int_equal(pings[i].result.from.v4, SERVER);
    }
    nat_lab_fini(&lab);
}

static void the_router_answers_pings_from_outside_itself(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    nat_send_echo(&lab, &lab.pc1, ICMP_ECHO_REQUEST,
                  &(struct nat_send){.dst = SERVER, .src_port = 77});
    nat_send_echo(&lab, &lab.server, ICMP_ECHO_REQUEST, /* the mapped id, but a question */
                  &(struct nat_send){.dst = WAN, .src_port = 77});
    const struct stack_event *event = stack_net_event(lab.net, &ICMP_ECHO_ANSWERED, 1);
    assert_string_equal(event->node, "home");
    struct stack_ping ping;
    stack_ping_start(&ping, lab.server.node, "203.0.113.2", 10, 0, SECOND);
    nat_lab_run(&lab);
    assert_int_equal(ping.result.status, STATUS_OK);
    nat_lab_fini(&lab);
}

static void what_has_no_ports_cannot_leave(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    struct packet *packet = packet_new_copy(lab.net->env->packets, "12345678", 8);
    struct ipv4_send how = {.dst = SERVER, .protocol = 47};
    assert_int_equal(ipv4_send(lab.pc1.node->ip, packet, &how), STATUS_OK);
    nat_lab_run(&lab);
    assert_int_equal(stack_net_drops(lab.net, &NAT_DROP_UNSUPPORTED), 1);
    nat_send_echo(&lab, &lab.pc1, ICMP_ECHO_REPLY, &(struct nat_send){.dst = SERVER});
    assert_int_equal(stack_net_drops(lab.net, &NAT_DROP_UNSUPPORTED), 2);

    packet = packet_new_copy(lab.net->env->packets, "1234567", 7); /* half a UDP header */
    how.protocol = IP_PROTOCOL_UDP;
    assert_int_equal(ipv4_send(lab.pc1.node->ip, packet, &how), STATUS_OK);
    nat_lab_run(&lab);
    assert_int_equal(stack_net_drops(lab.net, &NAT_DROP_MALFORMED), 1);
    nat_lab_fini(&lab);
}

static void inject(struct nat_lab *lab, struct stack_node *node, struct netif *netif,
                   const struct ipv4_header *header)
{
    static const uint8_t body[] = {0x9c, 0x41, 0, 53, 0, 16, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
    struct packet *packet = stack_packet(lab->net->env, header, body, sizeof body);
    netif->on_ipv4(node->ip, netif, packet, false);
    nat_lab_run(lab);
}

static void traffic_that_does_not_cross_the_outside_is_left_alone(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    nat_send_udp(&lab, &lab.pc1, &(struct nat_send){.dst = PC2, .src_port = 1, .dst_port = 2});
    assert_int_equal(lab.pc2.header.src, PC1);
    nat_send_udp(
        &lab, &lab.pc1,
        &(struct nat_send){.dst = stack_addr("192.168.1.1"), .src_port = 1, .dst_port = 53});
    assert_int_equal(lab.home.header.src, PC1);
    assert_int_equal(nat_count_mappings(lab.nat), 0);
    nat_lab_fini(&lab);
}

static void public_sources_are_routed_not_translated(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    struct stack_node *home = lab.home.node;
    struct ipv4_header header = {
        .src = stack_addr("192.0.2.77"), .dst = SERVER, .ttl = 9, .protocol = IP_PROTOCOL_UDP};
    inject(&lab, home, &home->netifs[0], &header);
    assert_int_equal(lab.server.header.src, stack_addr("192.0.2.77"));
    header.src = stack_addr("100.64.1.2"); /* but RFC 6598's are as private as any */
    inject(&lab, home, &home->netifs[0], &header);
    assert_int_equal(lab.server.header.src, WAN);
    nat_lab_fini(&lab);
}

static void without_an_outside_address_nothing_leaves_and_a_new_one_starts_anew(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    assert_int_equal(nat_outside_port(&lab, &lab.pc1, 40001), 40001);
    ipv4_remove_address(lab.home.node->ip, lab.wan, ip_v4(WAN));
    struct ip_prefix link = {ip_v4(stack_addr("203.0.113.0")), 24};
    stack_node_route(lab.home.node, "203.0.113.0/24", NULL, lab.wan);
    stack_node_route(lab.home.node, "0.0.0.0/0", "203.0.113.1", lab.wan);
    assert_int_equal(nat_outside_port(&lab, &lab.pc1, 40001), 0);
    assert_int_equal(stack_net_drops(lab.net, &NAT_DROP_NO_ADDRESS), 1);
    link.addr = ip_v4(stack_addr("203.0.113.99"));
    assert_int_equal(ipv4_add_address(lab.home.node->ip, lab.wan, link), STATUS_OK);
    nat_send_udp(&lab, &lab.pc1,
                 &(struct nat_send){.dst = SERVER, .src_port = 40001, .dst_port = 53});
    assert_int_equal(lab.server.header.src, stack_addr("203.0.113.99"));
    assert_int_equal(nat_count_mappings(lab.nat), 1);
    assert_int_equal(stack_net_count(lab.net, &NAT_EXPIRED), 1);
    nat_lab_fini(&lab);
}

/* --- time --- */

static void udp_mappings_live_five_minutes_and_only_the_inside_keeps_them(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    nat_outside_port(&lab, &lab.pc1, 40001);
    nat_lab_wait(&lab, 200 * SECOND);
    nat_outside_port(&lab, &lab.pc1, 40001); /* keeps it */
    nat_lab_wait(&lab, 299 * SECOND);
    answer(&lab, 40001); /* does not */
    assert_int_equal(lab.pc1.n_packets, 1);
    assert_int_equal(nat_count_mappings(lab.nat), 1);
    nat_lab_wait(&lab, 1 * SECOND);
    assert_int_equal(nat_count_mappings(lab.nat), 0);
    assert_int_equal(stack_net_count(lab.net, &NAT_EXPIRED), 1);
    answer(&lab, 40001);
    assert_int_equal(stack_net_drops(lab.net, &NAT_DROP_NO_MAPPING), 1);
    nat_lab_fini(&lab);
}

static void ping_mappings_live_a_minute(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    nat_send_echo(&lab, &lab.pc1, ICMP_ECHO_REQUEST,
                  &(struct nat_send){.dst = SERVER, .src_port = 5});
    nat_outside_port(&lab, &lab.pc1, 40001);
    nat_lab_wait(&lab, 59 * SECOND);
    assert_int_equal(nat_count_mappings(lab.nat), 2);
    nat_lab_wait(&lab, 2 * SECOND);
    assert_int_equal(nat_count_mappings(lab.nat), 1);
    nat_lab_fini(&lab);
}

static void tcp_out(struct nat_lab *lab, uint8_t flags)
{
    nat_send_tcp(
        lab, &lab->pc1,
        &(struct nat_send){.dst = SERVER, .src_port = 40001, .dst_port = 80, .tcp_flags = flags});
}

static void tcp_in(struct nat_lab *lab, uint8_t flags)
{
    nat_send_tcp(
        lab, &lab->server,
        &(struct nat_send){.dst = WAN, .src_port = 80, .dst_port = 40001, .tcp_flags = flags});
}

static void tcp_handshake(struct nat_lab *lab)
{
    tcp_out(lab, TCP_SYN);
    assert_true(lab->server.is_checksum_right);
    tcp_in(lab, TCP_SYN | TCP_ACK);
    assert_true(lab->pc1.is_checksum_right);
    tcp_out(lab, TCP_ACK);
}

/* True when the mapping is there after `first_s` and gone `more_s` later. */
static bool ends_between(struct nat_lab *lab, uint64_t first_s, uint64_t more_s)
{
    nat_lab_wait(lab, first_s * SECOND);
    bool was_there = nat_count_mappings(lab->nat) == 1;
    nat_lab_wait(lab, more_s * SECOND);
    return was_there && nat_count_mappings(lab->nat) == 0;
}

static void a_half_open_connection_is_kept_for_four_minutes(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    tcp_out(&lab, TCP_SYN);
    tcp_in(&lab, TCP_SYN | TCP_ACK);
    assert_true(ends_between(&lab, 239, 1));
    tcp_out(&lab, TCP_SYN);
    tcp_out(&lab, TCP_ACK); /* nobody answered */
    assert_true(ends_between(&lab, 239, 1));
    nat_lab_fini(&lab);
}

static void an_established_connection_is_kept_for_two_hours_and_four_minutes(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    tcp_handshake(&lab);
    nat_lab_wait(&lab, 1000 * SECOND);
    tcp_in(&lab, TCP_ACK); /* either side keeps it */
    assert_true(ends_between(&lab, 7439, 1));
    nat_lab_fini(&lab);
}

static void fins_of_both_sides_end_a_connection_and_its_last_ack_does_not_revive_it(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    tcp_handshake(&lab);
    tcp_out(&lab, TCP_FIN | TCP_ACK);
    nat_lab_wait(&lab, 1000 * SECOND); /* half closed is not closed */
    tcp_in(&lab, TCP_FIN | TCP_ACK);
    tcp_out(&lab, TCP_ACK);
    assert_true(ends_between(&lab, 239, 1));
    /* the port is used again */
    tcp_handshake(&lab);
    tcp_out(&lab, TCP_FIN | TCP_ACK);
    tcp_in(&lab, TCP_FIN | TCP_ACK);
    tcp_out(&lab, TCP_ACK);
    tcp_handshake(&lab);
    assert_true(ends_between(&lab, 7439, 1));
    nat_lab_fini(&lab);
}

static void a_reset_ends_a_connection_unless_the_inside_goes_on(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    tcp_handshake(&lab);
    tcp_in(&lab, TCP_RST);
    tcp_in(&lab, TCP_ACK); /* was under way */
    assert_true(ends_between(&lab, 239, 1));
    tcp_handshake(&lab);
    tcp_in(&lab, TCP_RST); /* forged: the host knows better */
    tcp_out(&lab, TCP_ACK);
    assert_true(ends_between(&lab, 7439, 1));
    nat_lab_fini(&lab);
}

static void the_table_has_a_limit(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    nat_outside_port(&lab, &lab.pc1, 9); /* ARP */
    nat_send_echo(&lab, &lab.pc2, ICMP_ECHO_REQUEST,
                  &(struct nat_send){.dst = SERVER, .src_port = 9});
    nat_lab_wait(&lab, 400 * SECOND);
    assert_int_equal(nat_count_mappings(lab.nat), 0);
    trace_remove_sink(&lab.net->trace, &lab.net->sink);
    for (uint32_t i = 0; i <= NAT_MAX_MAPPINGS; i++) {
        uint8_t bytes[UDP_HEADER_LEN];
        struct writer w = writer_of(bytes, sizeof bytes);
        struct udp_header header = {.src_port = (uint16_t)(10000 + i), .dst_port = 53};
        udp_emit(&w, ip_v4(PC1), ip_v4(SERVER), &header, (struct bytes){bytes, 0});
        struct packet *packet = packet_new_copy(lab.net->env->packets, bytes, sizeof bytes);
        struct ipv4_send how = {.dst = SERVER, .protocol = IP_PROTOCOL_UDP};
        assert_int_equal(ipv4_send(lab.pc1.node->ip, packet, &how), STATUS_OK);
        nat_lab_wait(&lab, 10 * MS);
    }
    trace_add_sink(&lab.net->trace, &lab.net->sink);
    assert_int_equal(nat_count_mappings(lab.nat), NAT_MAX_MAPPINGS);
    assert_int_equal(stack_net_drops(lab.net, &NAT_DROP_TABLE_FULL), 1);
    assert_int_equal(lab.server.n_packets, NAT_MAX_MAPPINGS + 1);
    nat_lab_fini(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(udp_is_translated_out_and_back),
        cmocka_unit_test(a_udp_checksum_that_was_not_sent_stays_unsent),
        cmocka_unit_test(checksums_stay_right_whatever_is_in_the_packet),
        cmocka_unit_test(hosts_with_the_same_port_get_different_ones_of_the_same_parity),
        cmocka_unit_test(ports_keep_their_range_at_its_ends),
        cmocka_unit_test(mappings_and_filters_are_endpoint_independent),
        cmocka_unit_test(the_same_port_of_tcp_and_udp_are_two_mappings),
        cmocka_unit_test(what_nobody_asked_for_is_dropped_with_its_reason),
        cmocka_unit_test(the_router_keeps_the_ports_it_uses_itself),
        cmocka_unit_test(a_port_of_the_router_that_is_mapped_already_is_moved),
        cmocka_unit_test(the_routers_inside_address_is_translated_like_any_host),
        cmocka_unit_test(pings_of_all_cross_the_nat_even_with_one_id),
        cmocka_unit_test(the_router_answers_pings_from_outside_itself),
        cmocka_unit_test(what_has_no_ports_cannot_leave),
        cmocka_unit_test(traffic_that_does_not_cross_the_outside_is_left_alone),
        cmocka_unit_test(public_sources_are_routed_not_translated),
        cmocka_unit_test(without_an_outside_address_nothing_leaves_and_a_new_one_starts_anew),
        cmocka_unit_test(udp_mappings_live_five_minutes_and_only_the_inside_keeps_them),
        cmocka_unit_test(ping_mappings_live_a_minute),
        cmocka_unit_test(a_half_open_connection_is_kept_for_four_minutes),
        cmocka_unit_test(an_established_connection_is_kept_for_two_hours_and_four_minutes),
        cmocka_unit_test(fins_of_both_sides_end_a_connection_and_its_last_ack_does_not_revive_it),
        cmocka_unit_test(a_reset_ends_a_connection_unless_the_inside_goes_on),
        cmocka_unit_test(the_table_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
