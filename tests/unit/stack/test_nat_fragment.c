/* Datagrams in fragments through a NAT (RFC 4787 REQ-14). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stack/nat_lab.h"
#include "stack/network/ipv4_internal.h"

enum { LARGE = 4000 };

static char large_body[LARGE];

static const char *make_body(void)
{
    for (size_t i = 0; i < LARGE; i++) {
        large_body[i] = (char)(i * 7 / 3);
    }
    return large_body;
}

static void assert_large_body(const struct nat_host *host, size_t header_len)
{
    assert_true(host->is_checksum_right);
    assert_int_equal(host->len, header_len + LARGE);
    assert_memory_equal(host->body + header_len, large_body, LARGE);
}

/* The identification values of the fragments that the home's outside sent, one per datagram. */
static size_t ids_on_wan(const struct stack_record *wan, uint16_t *ids)
{
    size_t n = 0;
    for (size_t i = 0; i < wan->n_frames; i++) {
        struct reader r = reader_of(wan->frames[i].bytes, wan->frames[i].len);
        struct ethernet_header ethernet;
        struct ipv4_header header;
        assert_true(ethernet_parse(&r, &ethernet));
        if (wan->frames[i].direction == TAP_SENT && ethernet.type == ETHERTYPE_IPV4) {
            assert_int_equal(ipv4_parse(&r, &header), IPV4_OK);
            assert_int_equal(header.src, WAN);
            if (header.fragment_offset == 0) {
                ids[n++] = header.id;
            }
        }
    }
    return n;
}

static void a_large_datagram_is_translated_both_ways(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    struct nat_send how = {
        .dst = SERVER, .src_port = 40001, .dst_port = 53, .body = make_body(), .len = LARGE};
    nat_send_udp(&lab, &lab.pc1, &how);
    assert_int_equal(lab.server.n_packets, 1);
    assert_int_equal(lab.server.header.src, WAN);
    assert_large_body(&lab.server, UDP_HEADER_LEN);
    how.dst = WAN;
    how.dst_port = lab.server.src_port;
    how.src_port = 53;
    nat_send_udp(&lab, &lab.server, &how);
    assert_int_equal(lab.pc1.n_packets, 1);
    assert_int_equal(lab.pc1.header.dst, PC1);
    assert_int_equal(lab.pc1.dst_port, 40001);
    assert_large_body(&lab.pc1, UDP_HEADER_LEN);
    assert_int_equal(nat_count_mappings(lab.nat), 1);
    assert_int_equal(stack_net_count(lab.net, &NAT_TRANSLATED_OUT), 1); /* the whole, once */
    assert_int_equal(stack_net_all_drops(lab.net), 0);
    nat_lab_fini(&lab);
}

static void fragments_come_to_the_nat_in_any_order(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    struct stack_node *home = lab.home.node;
    uint8_t body[48] = {0x9c, 0x41, 0, 53, 0, 48}; /* UDP without a checksum */
    struct ipv4_header header = {
        .src = PC1, .dst = SERVER, .ttl = 9, .id = 7, .protocol = IP_PROTOCOL_UDP};
    static const uint16_t OFFSETS[] = {32, 0, 16};
    for (size_t i = 0; i < 3; i++) {
        header.fragment_offset = OFFSETS[i];
        header.more_fragments = OFFSETS[i] != 32;
        struct packet *packet =
            stack_packet(lab.net->env, &header, body + OFFSETS[i], sizeof body / 3);
        home->netifs[0].on_ipv4(home->ip, &home->netifs[0], packet, false);
        nat_lab_run(&lab);
        assert_int_equal(lab.server.n_packets, i == 2);
    }
    assert_int_equal(lab.server.header.src, WAN);
    assert_int_equal(lab.server.len, sizeof body);
    assert_int_equal(lab.server.src_port, 0x9c41);
    nat_lab_fini(&lab);
}

static void hosts_that_chose_the_same_identification_are_told_apart(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    struct stack_record *wan = stack_net_record(lab.net, link_get_end(lab.net->links[2], 0));
    lab.pc1.node->ip->next_id = lab.pc2.node->ip->next_id = 1234;
    struct nat_send how = {
        .dst = SERVER, .src_port = 40001, .dst_port = 53, .body = make_body(), .len = LARGE};
    nat_send_udp(&lab, &lab.pc1, &how);
    nat_send_udp(&lab, &lab.pc2, &how);
    assert_int_equal(lab.server.n_packets, 2);
    uint16_t ids[16];
    assert_int_equal(ids_on_wan(wan, ids), 2);
    assert_int_not_equal(ids[0], ids[1]);
    nat_lab_fini(&lab);
}

static void large_pings_go_through(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    struct stack_ping ping;
    stack_ping_start(&ping, lab.pc1.node, "198.51.100.9", 5000, 0, SECOND);
    nat_lab_wait(&lab, 2 * SECOND);
    assert_int_equal(ping.result.status, STATUS_OK);
    nat_lab_fini(&lab);
}

static void an_error_about_a_first_fragment_reaches_the_inside_host(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    nat_outside_port(&lab, &lab.pc2, 40001); /* so that pc1 gets another port */
    struct nat_send how = {.dst = SERVER,
                           .src_port = 40001,
                           .dst_port = 53,
                           .body = make_body(),
                           .len = LARGE,
                           .ttl = 2};
    nat_send_udp(&lab, &lab.pc1, &how);
    assert_int_equal(lab.pc1.n_errors, 1); /* the isp's, about the first one only */
    assert_int_equal(lab.pc1.icmp_type, ICMP_TIME_EXCEEDED);
    assert_int_equal(lab.pc1.quoted.src, PC1);
    assert_true(lab.pc1.quoted.more_fragments);
    struct reader r = reader_of(lab.pc1.quote, lab.pc1.quote_len);
    assert_int_equal(read_u16(&r), 40001);
    nat_lab_fini(&lab);
}

static void a_datagram_in_pieces_for_an_inside_host_is_forgotten_in_silence(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    struct stack_node *home = lab.home.node;
    struct ipv4_header header = {
        .src = PC1, .dst = SERVER, .ttl = 9, .protocol = IP_PROTOCOL_UDP, .more_fragments = true};
    struct packet *packet = stack_packet(lab.net->env, &header, large_body, 16);
    home->netifs[0].on_ipv4(home->ip, &home->netifs[0], packet, false);
    nat_lab_wait(&lab, 40 * SECOND);
    assert_int_equal(stack_net_drops(lab.net, &REASSEMBLY_DROP_TIMEOUT), 1);
    assert_int_equal(stack_net_count(lab.net, &ICMP_ERROR_SENT), 0);
    assert_int_equal(nat_count_mappings(lab.nat), 0);
    nat_lab_fini(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_datagram_is_translated_both_ways),
        cmocka_unit_test(fragments_come_to_the_nat_in_any_order),
        cmocka_unit_test(hosts_that_chose_the_same_identification_are_told_apart),
        cmocka_unit_test(large_pings_go_through),
        cmocka_unit_test(an_error_about_a_first_fragment_reaches_the_inside_host),
        cmocka_unit_test(a_datagram_in_pieces_for_an_inside_host_is_forgotten_in_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
