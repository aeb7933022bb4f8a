/* ICMP errors through a NAT: they must be about what their receiver knows, to the last checksum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stack/nat_lab.h"
#include "stack/network/nat_internal.h"
#include "wire/checksum.h"

/* Is the last error of the host about a packet as it sent it, with checksums that add up? */
static void assert_quote(const struct nat_host *host, uint32_t src, uint16_t src_port, uint32_t dst,
                         uint16_t dst_port)
{
    assert_int_equal(host->quoted.src, src);
    assert_int_equal(host->quoted.dst, dst);
    struct reader r = reader_of(host->quote, host->quote_len);
    assert_int_equal(read_u16(&r), src_port);
    assert_int_equal(read_u16(&r), dst_port);
    uint64_t sum =
        checksum_add_pseudo_header(checksum_add(0, host->quote, host->quote_len), ip_v4(src),
                                   ip_v4(dst), host->quoted.protocol, (uint32_t)host->quote_len);
    assert_true(checksum_is_right(sum));
    struct ipv4_header header = host->quoted;
    uint8_t bytes[IPV4_HEADER_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    ipv4_emit(&w, &header);
    assert_int_equal((bytes[10] << 8) | bytes[11], host->quoted.checksum);
}

static void time_exceeded_on_the_way_reaches_the_inside_host(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    nat_outside_port(&lab, &lab.pc2, 40001); /* so that pc1 gets another port */
    struct nat_send how = {.dst = SERVER, .src_port = 40001, .dst_port = 53, .ttl = 2};
    nat_send_udp(&lab, &lab.pc1, &how);
    assert_int_equal(lab.pc1.n_errors, 1);
    assert_int_equal(lab.pc1.icmp_type, ICMP_TIME_EXCEEDED);
    assert_quote(&lab.pc1, PC1, 40001, SERVER, 53);
    how.tcp_flags = TCP_SYN;
    nat_send_tcp(&lab, &lab.pc2, &how);
    nat_send_tcp(&lab, &lab.pc1, &how);
    assert_int_equal(lab.pc1.n_errors, 2);
    assert_int_equal(lab.pc1.quoted.protocol, IP_PROTOCOL_TCP);
    assert_quote(&lab.pc1, PC1, 40001, SERVER, 53);
    assert_int_equal(lab.pc2.n_errors, 1);
    assert_string_equal(stack_net_event(lab.net, &NAT_TRANSLATED_IN, 0)->summary,
                        "ICMP error from 198.51.100.9:53: destination 203.0.113.2:40003 becomes "
                        "192.168.1.10:40001");
    assert_int_equal(lab.home.n_errors, 0);
    nat_lab_fini(&lab);
}

static void a_quoted_udp_checksum_that_was_not_sent_stays_unsent(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    nat_send_udp(
        &lab, &lab.pc1,
        &(struct nat_send){
            .dst = SERVER, .src_port = 40001, .dst_port = 53, .ttl = 2, .without_checksum = true});
    assert_int_equal(lab.pc1.n_errors, 1);
    assert_memory_equal(lab.pc1.quote + 6, "\0\0", 2);
    nat_lab_fini(&lab);
}

static void traceroute_by_ping_sees_every_router(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    static const char *const HOPS[] = {"192.168.1.1", "203.0.113.1", "198.51.100.9"};
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct stack_ping ping;
        stack_ping_start(&ping, lab.pc1.node, "198.51.100.9", 40, ttl, SECOND);
        nat_lab_run(&lab);
        assert_int_equal(ping.n_results, 1);
        assert_int_equal(ping.result.status, ttl == 3 ? STATUS_OK : STATUS_UNREACHABLE);
        assert_int_equal(ping.result.from.v4, stack_addr(HOPS[ttl - 1]));
    }
    struct stack_ping own; /* and the router's own errors stay its own */
    stack_ping_start(&own, lab.home.node, "198.51.100.9", 40, 1, SECOND);
    nat_lab_run(&lab);
    assert_int_equal(own.result.status, STATUS_UNREACHABLE);
    assert_int_equal(own.result.from.v4, ISP);
    nat_lab_fini(&lab);
}

static void errors_about_the_routers_own_packets_reach_its_transport(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    nat_send_udp(&lab, &lab.home,
                 &(struct nat_send){.dst = SERVER, .src_port = 7, .dst_port = 53, .ttl = 1});
    assert_int_equal(lab.home.n_errors, 1);
    assert_quote(&lab.home, WAN, 7, SERVER, 53);
    nat_lab_fini(&lab);
}

static void an_error_from_inside_shows_the_outside_only_what_it_knows(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    nat_outside_port(&lab, &lab.pc2, 40001);
    assert_int_equal(nat_outside_port(&lab, &lab.pc1, 40001), 40003);
    /* pc1 stops speaking UDP: protocol unreachable */
    ipv4_set_handler(lab.pc1.node->ip, IP_PROTOCOL_UDP, NULL, NULL, NULL);
    struct stack_record *record =
        stack_net_record(lab.net, link_get_end(lab.net->links[3], 1)); /* at the server */
    nat_send_udp(&lab, &lab.server,
                 &(struct nat_send){.dst = WAN, .src_port = 53, .dst_port = 40003});
    assert_int_equal(lab.server.n_errors, 1);
    assert_int_equal(lab.server.icmp_type, ICMP_DESTINATION_UNREACHABLE);
    assert_quote(&lab.server, SERVER, 53, WAN, 40003);
    assert_int_equal(stack_net_count(lab.net, &NAT_TRANSLATED_OUT), 3);
    /* nothing in the frame betrays the inside */
    static const uint8_t PRIVATE[] = {192, 168, 1, 10};
    const struct stack_frame *frame = &record->frames[record->n_frames - 1];
    for (size_t i = 0; i + 4 <= frame->len; i++) {
        assert_memory_not_equal(frame->bytes + i, PRIVATE, 4);
    }
    nat_lab_fini(&lab);
}

static void the_routers_own_error_about_a_translated_packet_is_translated_too(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    nat_outside_port(&lab, &lab.pc2, 40001);
    nat_outside_port(&lab, &lab.pc1, 40001);
    /* it comes in with a TTL that ends at the NAT, which has translated it by then */
    nat_send_udp(&lab, &lab.server,
                 &(struct nat_send){.dst = WAN, .src_port = 53, .dst_port = 40003, .ttl = 2});
    assert_int_equal(lab.pc1.n_packets, 0);
    assert_int_equal(lab.server.n_errors, 1);
    assert_int_equal(lab.server.icmp_type, ICMP_TIME_EXCEEDED);
    assert_quote(&lab.server, SERVER, 53, WAN, 40003);
    nat_lab_fini(&lab);
}

static void an_outside_neighbour_that_does_not_answer_is_reported_to_the_inside(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    nat_send_udp(
        &lab, &lab.pc1,
        &(struct nat_send){.dst = stack_addr("203.0.113.77"), .src_port = 40001, .dst_port = 53});
    nat_lab_wait(&lab, 10 * SECOND);
    assert_int_equal(lab.pc1.n_errors, 1);
    assert_int_equal(lab.pc1.icmp_code, ICMP_HOST_UNREACHABLE);
    assert_quote(&lab.pc1, PC1, 40001, stack_addr("203.0.113.77"), 53);
    nat_lab_fini(&lab);
}

static void errors_do_not_touch_the_mapping(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    struct nat_send how = {.dst = SERVER, .src_port = 40001, .dst_port = 53, .ttl = 2};
    nat_send_udp(&lab, &lab.pc1, &how);
    assert_int_equal(nat_count_mappings(lab.nat), 1); /* RFC 4787 REQ-12: MUST NOT end it */
    nat_lab_wait(&lab, 301 * SECOND);
    assert_int_equal(nat_count_mappings(lab.nat), 0);
    nat_lab_fini(&lab);
}

/* An ICMP error from the server about a datagram that the NAT is said to have sent. */
static void forge_error(struct nat_lab *lab, struct nat_host *from, uint32_t dst,
                        uint32_t src_quoted, uint16_t port_quoted, uint32_t dst_quoted, size_t cut,
                        bool is_damaged)
{
    uint8_t quote[28];
    struct writer w = writer_of(quote, sizeof quote);
    ipv4_emit(&w, &(struct ipv4_header){.total_len = 28,
                                        .ttl = 9,
                                        .protocol = IP_PROTOCOL_UDP,
                                        .src = src_quoted,
                                        .dst = dst_quoted});
    write_u16(&w, port_quoted);
    write_u16(&w, port_quoted);
    write_u32(&w, 0x00080000);
    uint8_t header[ICMP_HEADER_LEN];
    struct writer icmp = writer_of(header, sizeof header);
    struct icmp_header error = {.type = ICMP_DESTINATION_UNREACHABLE, .code = 3};
    struct bytes body = {quote, sizeof quote - cut};
    icmp_emit(&icmp, &error, body);
    header[2] ^= is_damaged;
    struct packet *packet = packet_new(lab->net->env->packets, sizeof header + body.len);
    memcpy(packet->data, header, sizeof header);
    memcpy(packet->data + sizeof header, quote, body.len);
    struct ipv4_send how = {.dst = dst, .protocol = IP_PROTOCOL_ICMP};
    (void)ipv4_send(from->node->ip, packet, &how);
    nat_lab_run(lab);
}

static void errors_that_make_no_sense_are_dropped(void **state)
{
    (void)state;
    struct nat_lab lab;
    nat_lab_init(&lab);
    nat_outside_port(&lab, &lab.pc1, 40001);
    forge_error(&lab, &lab.server, WAN, WAN, 40001, SERVER, 0, false);
    assert_int_equal(lab.pc1.n_errors, 1); /* this one does */
    forge_error(&lab, &lab.server, WAN, WAN, 40001, SERVER, 0, true);
    assert_int_equal(stack_net_drops(lab.net, &NAT_DROP_BAD_CHECKSUM), 1);
    forge_error(&lab, &lab.server, WAN, WAN, 40001, SERVER, 1, false);
    assert_int_equal(stack_net_drops(lab.net, &NAT_DROP_MALFORMED), 1);
    forge_error(&lab, &lab.server, WAN, WAN, 40005, SERVER, 0, false);
    assert_int_equal(lab.home.n_errors, 1); /* about no mapping: the router's own, perhaps */
    /* from inside about nothing that came in by a mapping: RFC 5508 REQ-5 */
    forge_error(&lab, &lab.pc1, SERVER, SERVER, 9, PC1, 0, false);
    assert_int_equal(stack_net_drops(lab.net, &NAT_DROP_NO_MAPPING), 1);
    assert_int_equal(lab.server.n_errors, 0);
    assert_int_equal(lab.pc1.n_errors, 1);
    nat_lab_fini(&lab);
}

/* What a packet's hash is must not depend on when its digest was taken. */
static void a_translated_quote_is_hashed_anew(void **state)
{
    (void)state;
    struct packet_pool *pool = packet_pool_new();
    uint8_t bytes[56] = {0};
    struct writer w = writer_of(bytes, sizeof bytes);
    ipv4_emit(&w, &(struct ipv4_header){
                      .total_len = 56, .protocol = IP_PROTOCOL_ICMP, .src = SERVER, .dst = WAN});
    uint8_t *icmp = writer_take(&w, ICMP_HEADER_LEN);
    ipv4_emit(&w, &(struct ipv4_header){
                      .total_len = 28, .protocol = IP_PROTOCOL_UDP, .src = WAN, .dst = SERVER});
    struct writer head = writer_of(icmp, ICMP_HEADER_LEN);
    icmp_emit(&head, &(struct icmp_header){.type = ICMP_TIME_EXCEEDED},
              (struct bytes){icmp + ICMP_HEADER_LEN, 28});
    struct packet *packet = packet_new_copy(pool, bytes, sizeof bytes);
    packet_mark_payload(packet, IPV4_HEADER_LEN + ICMP_HEADER_LEN);
    (void)packet_hash(packet);
    struct nat_packet error, quote;
    nat_packet_parse(packet, &error);
    assert_null(nat_quote_parse(packet, &error, &quote));
    nat_quote_set_src(packet, &error, &quote, PC1, 4000);
    struct packet *fresh = packet_new_copy(pool, packet->data, packet->len);
    packet_mark_payload(fresh, IPV4_HEADER_LEN + ICMP_HEADER_LEN);
    assert_true(packet_hash(packet) == packet_hash(fresh));
    packet_put(packet);
    packet_put(fresh);
    packet_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_exceeded_on_the_way_reaches_the_inside_host),
        cmocka_unit_test(a_quoted_udp_checksum_that_was_not_sent_stays_unsent),
        cmocka_unit_test(traceroute_by_ping_sees_every_router),
        cmocka_unit_test(errors_about_the_routers_own_packets_reach_its_transport),
        cmocka_unit_test(an_error_from_inside_shows_the_outside_only_what_it_knows),
        cmocka_unit_test(the_routers_own_error_about_a_translated_packet_is_translated_too),
        cmocka_unit_test(an_outside_neighbour_that_does_not_answer_is_reported_to_the_inside),
        cmocka_unit_test(errors_do_not_touch_the_mapping),
        cmocka_unit_test(errors_that_make_no_sense_are_dropped),
        cmocka_unit_test(a_translated_quote_is_hashed_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
