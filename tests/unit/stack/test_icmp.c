#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "sim/sim.h"
#include "stack/link/arp.h"
#include "stack/stack_net.h"

#include <stdio.h>

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

static void later_ping_takes_one_round_trip(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct stack_ping ping;
    stack_ping_start(&ping, pair.a, "10.0.0.2", 56, 0, SECOND);
    stack_net_run(pair.net, SECOND);
    stack_ping_start(&ping, pair.a, "10.0.0.2", 1472, 0, SECOND);
    stack_net_run(pair.net, 2 * SECOND);
    assert_int_equal(ping.result.status, STATUS_OK);
    assert_int_equal(ping.result.round_trip_ns, 2 * wire_ns(1514));
    stack_ping_start(&ping, pair.b, "10.0.0.1", 0, 0, SECOND); /* b learnt a's MAC from a */
    stack_net_run(pair.net, 3 * SECOND);
    assert_int_equal(ping.result.round_trip_ns, 2 * wire_ns(60));
    stack_net_free(pair.net);
}

/* An ICMP message with its header's checksum right. */
static struct packet *message(struct stack_net *net, const struct icmp_header *header,
                              const void *body, size_t len)
{
    struct packet *packet = packet_new(net->env->packets, ICMP_HEADER_LEN + len);
    struct writer w = writer_of(packet->data, packet->len);
    icmp_emit(&w, header, (struct bytes){body, len});
    write_copy(&w, body, len);
    return packet;
}

static void send_message(struct stack_node *from, const char *dst, struct packet *packet)
{
    struct ipv4_send how = {
        .dst = stack_addr(dst), .protocol = IP_PROTOCOL_ICMP, .netif = &from->netifs[0]};
    assert_int_equal(ipv4_send(from->ip, packet, &how), STATUS_OK);
}

/* Parses a recorded frame that must be a right ICMP message. */
static struct ipv4_header parse_message(const struct stack_frame *frame, struct icmp_header *icmp,
                                        struct reader *body)
{
    *body = reader_of(frame->bytes, frame->len);
    struct ethernet_header ethernet;
    struct ipv4_header header;
    bool is_checksum_right;
    assert_true(ethernet_parse(body, &ethernet));
    assert_int_equal(ipv4_parse(body, &header), IPV4_OK);
    assert_int_equal(header.protocol, IP_PROTOCOL_ICMP);
    assert_true(icmp_parse(body, icmp, &is_checksum_right));
    assert_true(is_checksum_right);
    return header;
}

static const struct stack_frame *last_frame(const struct stack_record *record)
{
    assert_true(record->n_frames > 0);
    return &record->frames[record->n_frames - 1];
}

static void echo_reply_returns_the_data_from_the_address_that_was_asked(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct ip_prefix second;
    assert_true(ip_prefix_parse("10.0.0.22/24", &second));
    assert_int_equal(ipv4_add_address(pair.b->ip, &pair.b->netifs[0], second), STATUS_OK);
    struct icmp_header header = {.type = ICMP_ECHO_REQUEST, .rest = 0x12345678};
    struct ipv4_send how = {
        .dst = stack_addr("10.0.0.22"), .protocol = IP_PROTOCOL_ICMP, .dscp = 10};
    struct packet *packet = message(pair.net, &header, "odd", 3);
    assert_int_equal(ipv4_send(pair.a->ip, packet, &how), STATUS_OK);
    stack_net_run(pair.net, SECOND);

    struct icmp_header reply;
    struct reader body;
    struct ipv4_header ip = parse_message(last_frame(pair.record), &reply, &body);
    assert_int_equal(reply.type, ICMP_ECHO_REPLY);
    assert_int_equal(reply.code, 0);
    assert_int_equal(reply.rest, 0x12345678);
    assert_int_equal(reader_left(&body), 3);
    assert_memory_equal(body.p, "odd", 3);
    assert_int_equal(ip.src, stack_addr("10.0.0.22"));
    assert_int_equal(ip.dst, stack_addr("10.0.0.1"));
    assert_int_equal(ip.ttl, 64);
    assert_int_equal(ip.dscp, 10);
    stack_net_free(pair.net);
}

static void question_and_answer_are_different_packets_of_the_trace(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct stack_ping ping;
    stack_ping_start(&ping, pair.a, "10.0.0.2", 56, 0, SECOND);
    stack_net_run(pair.net, SECOND);
    const struct stack_event *sent = stack_net_event(pair.net, &ICMP_ECHO_SENT, 0);
    const struct stack_event *answered = stack_net_event(pair.net, &ICMP_ECHO_ANSWERED, 0);
    assert_int_not_equal(sent->packet_id, answered->packet_id);
    assert_int_equal(sent->packet_id, pair.record->frames[2].packet_id);
    assert_int_equal(answered->packet_id, pair.record->frames[3].packet_id);
    assert_true(pair.record->frames[2].has_payload_mark);
    assert_true(pair.record->frames[3].has_payload_mark);
    struct icmp_header reply;
    struct reader body;
    parse_message(&pair.record->frames[3], &reply, &body);
    char expected[128];
    snprintf(expected, sizeof expected, "answers the ping of 10.0.0.1 (id %u, sequence %u)",
             reply.rest >> 16, reply.rest & 0xffff);
    assert_string_equal(answered->summary, expected);
    for (size_t i = 0; i < 56; i++) {
        assert_int_equal(body.p[i], i);
    }
    assert_int_equal(answered->at_ns, 2 * wire_ns(60) + wire_ns(98));
    stack_net_free(pair.net);
}

static void ping_of_a_group_is_not_answered(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct icmp_header header = {.type = ICMP_ECHO_REQUEST};
    send_message(pair.a, "10.0.0.255", message(pair.net, &header, "x", 1));
    send_message(pair.a, "255.255.255.255", message(pair.net, &header, "x", 1));
    send_message(pair.a, "224.0.0.1", message(pair.net, &header, "x", 1));
    stack_net_run(pair.net, SECOND);
    assert_int_equal(stack_net_drops(pair.net, &ICMP_DROP_GROUP_ECHO), 3);
    assert_int_equal(pair.record->n_frames, 3);
    stack_net_free(pair.net);
}

static void broken_messages_are_dropped(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct icmp_header header = {.type = ICMP_ECHO_REQUEST};
    struct packet *packet = message(pair.net, &header, "data", 4);
    packet->data[11] ^= 1;
    send_message(pair.a, "10.0.0.2", packet);
    for (uint32_t len = 0; len < ICMP_HEADER_LEN; len++) {
        packet = message(pair.net, &header, "", 0);
        packet_trim(packet, len);
        struct ipv4_send how = {.dst = stack_addr("10.0.0.2"), .protocol = IP_PROTOCOL_ICMP};
        assert_int_equal(ipv4_send(pair.a->ip, packet, &how), STATUS_OK);
        stack_net_run(pair.net, (len + 1) * SECOND);
    }
    header.type = 13; /* timestamp: optional, and not here */
    send_message(pair.a, "10.0.0.2", message(pair.net, &header, "data", 4));
    header = (struct icmp_header){.type = ICMP_REDIRECT, .rest = 0x0a000009};
    send_message(pair.a, "10.0.0.2", message(pair.net, &header, "data", 4));
    stack_net_run(pair.net, 10 * SECOND);
    assert_int_equal(stack_net_drops(pair.net, &ICMP_DROP_REDIRECT), 1);
    assert_int_equal(stack_net_drops(pair.net, &ICMP_DROP_BAD_CHECKSUM), 1);
    assert_int_equal(stack_net_drops(pair.net, &ICMP_DROP_MALFORMED), ICMP_HEADER_LEN);
    assert_int_equal(stack_net_drops(pair.net, &ICMP_DROP_UNSUPPORTED), 1);
    assert_int_equal(stack_net_count(pair.net, &ICMP_ECHO_ANSWERED), 0);
    assert_int_equal(stack_net_count(pair.net, &ICMP_ERROR_SENT), 0);
    stack_net_free(pair.net);
}

/* --- errors that we send --- */

/* Has b complain (port unreachable) about a packet with this header and body, as if it had come by
 * b's interface. Returns whether an error went out. */
static bool complain(struct pair *pair, const struct ipv4_header *header, const void *body,
                     size_t len, bool was_group)
{
    struct packet *offender = stack_packet(pair->net->env, header, body, len);
    size_t before = stack_net_count(pair->net, &ICMP_ERROR_SENT);
    icmp_send_error(ipv4_icmp(pair->b->ip), offender, &pair->b->netifs[0], was_group,
                    ICMP_DESTINATION_UNREACHABLE, ICMP_PORT_UNREACHABLE, 0);
    packet_put(offender);
    stack_net_run(pair->net, scope_now(&pair->b->scope) + SECOND);
    return stack_net_count(pair->net, &ICMP_ERROR_SENT) > before;
}

static struct ipv4_header udp_from_a(void)
{
    return (struct ipv4_header){.ttl = 5,
                                .protocol = IP_PROTOCOL_UDP,
                                .src = stack_addr("10.0.0.1"),
                                .dst = stack_addr("10.0.0.2")};
}

static void error_quotes_the_packet_up_to_576_bytes(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct ipv4_header offender = udp_from_a();
    char data[1480];
    memset(data, 'd', sizeof data);
    assert_true(complain(&pair, &offender, data, 30, false));
    struct icmp_header icmp;
    struct reader body;
    struct ipv4_header ip = parse_message(last_frame(pair.record), &icmp, &body);
    assert_int_equal(icmp.type, ICMP_DESTINATION_UNREACHABLE);
    assert_int_equal(icmp.code, ICMP_PORT_UNREACHABLE);
    assert_int_equal(ip.src, stack_addr("10.0.0.2"));
    assert_int_equal(ip.dst, stack_addr("10.0.0.1"));
    assert_int_equal(ip.dscp, 48); /* internetwork control */
    assert_int_equal(reader_left(&body), 50);
    struct ipv4_header quoted;
    assert_int_equal(ipv4_parse(&body, &quoted), IPV4_OK);
    assert_int_equal(quoted.ttl, 5);
    assert_memory_equal(body.p, data, 30);

    assert_true(complain(&pair, &offender, data, 528, false));
    assert_int_equal(parse_message(last_frame(pair.record), &icmp, &body).total_len, 576);
    assert_true(complain(&pair, &offender, data, 529, false)); /* RFC 1812 4.3.2.3 */
    assert_int_equal(parse_message(last_frame(pair.record), &icmp, &body).total_len, 576);
    assert_true(complain(&pair, &offender, data, 1480, false));
    assert_int_equal(parse_message(last_frame(pair.record), &icmp, &body).total_len, 576);
    stack_net_free(pair.net);
}

static void no_error_is_sent_where_rfc_1122_forbids_it(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct ipv4_header offender = udp_from_a();
    assert_true(complain(&pair, &offender, "12345678", 8, false));
    assert_false(complain(&pair, &offender, "12345678", 8, true));

    static const char *const GROUPS[] = {"255.255.255.255", "10.0.0.255", "224.0.0.1"};
    for (size_t i = 0; i < 3; i++) {
        offender = udp_from_a();
        offender.dst = stack_addr(GROUPS[i]);
        assert_false(complain(&pair, &offender, "12345678", 8, false));
    }
    static const char *const NO_HOSTS[] = {"0.0.0.0",         "127.0.0.1",  "224.0.0.0",
                                           "255.255.255.255", "10.0.0.255", "240.0.0.1"};
    for (size_t i = 0; i < 6; i++) {
        offender = udp_from_a();
        offender.src = stack_addr(NO_HOSTS[i]);
        assert_false(complain(&pair, &offender, "12345678", 8, false));
    }
    offender = udp_from_a();
    offender.fragment_offset = 8;
    assert_false(complain(&pair, &offender, "12345678", 8, false));
    offender = udp_from_a();
    offender.more_fragments = true; /* the first fragment may be complained about */
    assert_true(complain(&pair, &offender, "12345678", 8, false));

    offender = udp_from_a();
    offender.protocol = IP_PROTOCOL_ICMP;
    static const uint8_t ERRORS[] = {3, 4, 5, 11, 12};
    for (size_t i = 0; i < sizeof ERRORS; i++) {
        uint8_t body[8] = {ERRORS[i]};
        assert_false(complain(&pair, &offender, body, 8, false));
    }
    assert_true(complain(&pair, &offender, (uint8_t[8]){ICMP_ECHO_REQUEST}, 8, false));
    assert_false(complain(&pair, &offender, "", 0, false)); /* nobody can tell what it was */
    stack_net_free(pair.net);
}

static void errors_are_limited_to_a_burst_and_then_one_per_millisecond(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct ipv4_header header = udp_from_a();
    struct packet *offender = stack_packet(pair.net->env, &header, "12345678", 8);
    struct icmp *icmp = ipv4_icmp(pair.b->ip);
    static const size_t EXPECTED[] = {ICMP_ERROR_BURST, ICMP_ERROR_BURST + 1, ICMP_ERROR_BURST + 11,
                                      2 * ICMP_ERROR_BURST + 11};
    static const uint64_t WHEN[] = {0, MS, 11 * MS, SECOND};
    for (size_t i = 0; i < 4; i++) {
        stack_net_run(pair.net, WHEN[i]);
        for (int n = 0; n < 3 * ICMP_ERROR_BURST; n++) {
            icmp_send_error(icmp, offender, &pair.b->netifs[0], false, ICMP_DESTINATION_UNREACHABLE,
                            ICMP_PORT_UNREACHABLE, 0);
        }
        assert_int_equal(stack_net_count(pair.net, &ICMP_ERROR_SENT), EXPECTED[i]);
    }
    packet_put(offender);
    stack_net_free(pair.net);
}

static void node_without_an_address_complains_to_nobody(void **state)
{
    (void)state;
    struct stack_net *net = stack_net_new();
    struct stack_node *mute = stack_net_add_node(net, "mute", false);
    struct stack_node *other = stack_net_add_node(net, "other", false);
    struct link *link = stack_net_add_link(net, "l", &SLOW);
    struct netif *eth0 = stack_node_attach(mute, link, 0, NULL);
    stack_node_attach(other, link, 1, NULL);
    struct ipv4_header header = udp_from_a();
    struct packet *offender = stack_packet(net->env, &header, "12345678", 8);
    icmp_send_error(ipv4_icmp(mute->ip), offender, eth0, false, 3, 3, 0);
    packet_put(offender);
    assert_int_equal(stack_net_count(net, &ICMP_ERROR_SENT), 0);
    assert_int_equal(eth0->counts.tx_frames, 0);
    stack_net_free(net);
}

/* --- errors that we receive --- */

struct told {
    size_t n;
    struct ipv4_header header;
    size_t len;
    uint8_t type, code;
    uint32_t rest;
};

static void told_on_error(void *owner, const struct ipv4_header *header, struct bytes transport,
                          uint8_t type, uint8_t code, uint32_t rest)
{
    struct told *told = owner;
    *told = (struct told){told->n + 1, *header, transport.len, type, code, rest};
}

static void told_on_packet(void *owner, struct packet *packet, const struct ipv4_packet_info *info)
{
    (void)owner, (void)info;
    packet_put(packet);
}

/* b sends a an error that quotes `quote_len` bytes of a packet with this header. */
static void send_error_to_a(struct pair *pair, const struct ipv4_header *header, size_t quote_len)
{
    struct packet *quoted = stack_packet(pair->net->env, header, "12345678abcdefgh", 16);
    struct icmp_header error = {
        .type = ICMP_DESTINATION_UNREACHABLE, .code = ICMP_FRAGMENTATION_NEEDED, .rest = 1400};
    struct packet *packet = message(pair->net, &error, quoted->data, quote_len);
    packet_put(quoted);
    send_message(pair->b, "10.0.0.1", packet);
    stack_net_run(pair->net, scope_now(&pair->a->scope) + SECOND);
}

static void error_is_told_to_the_protocol_of_the_quoted_packet(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct told told = {0};
    ipv4_set_handler(pair.a->ip, IP_PROTOCOL_UDP, told_on_packet, told_on_error, &told);
    struct ipv4_header header = udp_from_a();
    send_error_to_a(&pair, &header, 28); /* less than it says it is long: that is normal */
    assert_int_equal(told.n, 1);
    assert_int_equal(told.header.dst, stack_addr("10.0.0.2"));
    assert_int_equal(told.header.total_len, 36);
    assert_int_equal(told.len, 8);
    assert_int_equal(told.type, ICMP_DESTINATION_UNREACHABLE);
    assert_int_equal(told.code, ICMP_FRAGMENTATION_NEEDED);
    assert_int_equal(told.rest, 1400);

    assert_int_equal(stack_net_all_drops(pair.net), 0);
    for (size_t len = 0; len < 28; len++) { /* RFC 792: at least 8 bytes behind the header */
        send_error_to_a(&pair, &header, len);
    }
    assert_int_equal(told.n, 1);
    assert_int_equal(stack_net_drops(pair.net, &ICMP_DROP_MALFORMED), 28);
    stack_net_free(pair.net);
}

static void quoted_header_may_have_a_stale_checksum_but_must_be_ipv4(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct told told = {0};
    ipv4_set_handler(pair.a->ip, IP_PROTOCOL_UDP, told_on_packet, told_on_error, &told);
    struct ipv4_header header = udp_from_a();
    struct icmp_header error = {.type = ICMP_TIME_EXCEEDED};
    struct packet *quoted = stack_packet(pair.net->env, &header, "12345678", 8);
    quoted->data[8] = 1; /* the TTL went down, the checksum did not follow */
    send_message(pair.b, "10.0.0.1", message(pair.net, &error, quoted->data, quoted->len));
    stack_net_run(pair.net, SECOND);
    assert_int_equal(told.n, 1);
    assert_int_equal(told.header.ttl, 1);
    quoted->data[0] = 0x65;
    send_message(pair.b, "10.0.0.1", message(pair.net, &error, quoted->data, quoted->len));
    stack_net_run(pair.net, 2 * SECOND);
    assert_int_equal(told.n, 1);
    assert_int_equal(stack_net_drops(pair.net, &ICMP_DROP_MALFORMED), 1);
    packet_put(quoted);
    stack_net_free(pair.net);
}

static void error_about_what_we_never_sent_is_unexpected(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct told told = {0};
    ipv4_set_handler(pair.a->ip, IP_PROTOCOL_UDP, told_on_packet, told_on_error, &told);
    struct ipv4_header header = udp_from_a();
    header.src = stack_addr("10.0.0.3"); /* another's */
    send_error_to_a(&pair, &header, 28);
    header = udp_from_a();
    header.fragment_offset = 8; /* no ports there */
    send_error_to_a(&pair, &header, 28);
    header = udp_from_a();
    header.protocol = 77; /* nobody speaks it */
    send_error_to_a(&pair, &header, 28);
    header = udp_from_a();
    header.protocol = IP_PROTOCOL_ICMP; /* not an echo request */
    send_error_to_a(&pair, &header, 28);
    struct packet *quoted =
        stack_packet(pair.net->env, &header, (uint8_t[8]){ICMP_ECHO_REQUEST}, 8);
    struct icmp_header error = {.type = ICMP_TIME_EXCEEDED};
    send_message(pair.b, "10.0.0.1", message(pair.net, &error, quoted->data, quoted->len));
    packet_put(quoted); /* an echo request, but none of ours */
    stack_net_run(pair.net, 10 * SECOND);
    assert_int_equal(told.n, 0);
    assert_int_equal(stack_net_drops(pair.net, &ICMP_DROP_UNEXPECTED), 5);
    stack_net_free(pair.net);
}

/* --- pings --- */

static void unanswered_ping_times_out_once(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    link_set_up(pair.net->links[0], false);
    struct stack_ping ping;
    stack_ping_start(&ping, pair.a, "10.0.0.2", 56, 0, 500 * MS);
    stack_net_run(pair.net, 500 * MS - 1);
    assert_int_equal(ping.n_results, 0);
    stack_net_run(pair.net, 10 * SECOND);
    assert_int_equal(ping.n_results, 1);
    assert_int_equal(ping.done_ns, 500 * MS);
    assert_int_equal(ping.result.status, STATUS_TIMED_OUT);
    assert_false(ip_is_set(ping.result.from));
    stack_net_free(pair.net);
}

static void ping_of_a_silent_neighbour_is_unreachable_by_our_own_word(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct stack_ping ping;
    stack_ping_start(&ping, pair.a, "10.0.0.77", 56, 0, 10 * SECOND);
    stack_net_run(pair.net, 10 * SECOND);
    assert_int_equal(ping.result.status, STATUS_UNREACHABLE);
    assert_int_equal(ping.result.from.v4, stack_addr("10.0.0.1"));
    assert_int_equal(ping.result.icmp_code, ICMP_HOST_UNREACHABLE);
    assert_int_equal(ping.done_ns, 3 * SECOND);
    assert_int_equal(stack_net_count(pair.net, &ICMP_ERROR_SENT), 1);
    assert_int_equal(stack_net_all_drops(pair.net), 1); /* the request; the error was expected */
    stack_net_free(pair.net);
}

static void reply_that_comes_late_is_unexpected(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct stack_ping ping;
    stack_ping_start(&ping, pair.a, "10.0.0.2", 56, 0, wire_ns(60));
    stack_net_run(pair.net, SECOND);
    assert_int_equal(ping.result.status, STATUS_TIMED_OUT);
    assert_int_equal(stack_net_drops(pair.net, &ICMP_DROP_UNEXPECTED), 1);
    stack_net_free(pair.net);
}

static void reply_from_somebody_else_is_unexpected(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct stack_ping ping;
    stack_ping_start(&ping, pair.a, "10.0.0.77", 56, 0, SECOND);
    for (uint32_t guess = 0; guess < 10; guess++) {
        struct icmp_header header = {.type = ICMP_ECHO_REPLY, .rest = guess};
        send_message(pair.b, "10.0.0.1", message(pair.net, &header, "x", 1));
    }
    stack_net_run(pair.net, SECOND - 1);
    assert_int_equal(ping.n_results, 0);
    assert_int_equal(stack_net_drops(pair.net, &ICMP_DROP_UNEXPECTED) +
                         stack_net_drops(pair.net, &ARP_DROP_QUEUE_FULL),
                     10);
    stack_net_free(pair.net);
}

static void ping_of_ourselves_needs_no_link(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct stack_ping pings[2];
    stack_ping_start(&pings[0], pair.a, "10.0.0.1", 56, 0, SECOND);
    stack_ping_start(&pings[1], pair.a, "127.0.0.1", 20000, 0, SECOND);
    assert_int_equal(pings[0].n_results, 0);
    stack_net_run(pair.net, 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pings[i].n_results, 1);
        assert_int_equal(pings[i].result.status, STATUS_OK);
        assert_int_equal(pings[i].result.round_trip_ns, 0);
    }
    assert_int_equal(pair.record->n_frames, 0);
    stack_net_free(pair.net);
}

static void cancelled_ping_never_calls_back(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct stack_ping pings[3];
    stack_ping_start(&pings[0], pair.a, "10.0.0.2", 56, 0, SECOND);
    stack_ping_start(&pings[1], pair.a, "10.0.0.2", 56, 0, SECOND);
    icmp_ping_cancel(pings[0].ping);
    stack_net_run(pair.net, 10 * SECOND);
    assert_int_equal(pings[0].n_results, 0);
    assert_int_equal(pings[1].n_results, 1);
    stack_ping_start(&pings[2], pair.a, "10.0.0.2", 56, 0, SECOND);
    stack_net_free(pair.net); /* under way, it goes with its node */
    assert_int_equal(pings[2].n_results, 0);
}

static void pings_that_cannot_be_sent_are_refused(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct stack_ping ping;
    stack_ping_start(&ping, pair.a, "192.0.2.1", 56, 0, SECOND);
    assert_null(ping.ping); /* no route */
    stack_ping_start(&ping, pair.a, "10.0.0.2", 65508, 0, SECOND);
    assert_null(ping.ping); /* more than a datagram holds */
    static struct stack_ping pings[ICMP_MAX_PINGS];
    for (size_t i = 0; i < ICMP_MAX_PINGS; i++) {
        stack_ping_start(&pings[i], pair.a, "127.0.0.1", 0, 0, SECOND);
        assert_non_null(pings[i].ping);
    }
    stack_ping_start(&ping, pair.a, "127.0.0.1", 0, 0, SECOND);
    assert_null(ping.ping);
    stack_net_run(pair.net, SECOND);
    stack_ping_start(&ping, pair.a, "127.0.0.1", 0, 0, SECOND);
    assert_non_null(ping.ping);
    stack_net_free(pair.net);
}

struct chain_of_pings {
    struct stack_node *node;
    uint32_t dst;
    size_t left;
};

static void ping_again(void *owner, const struct icmp_ping_result *result)
{
    struct chain_of_pings *chain = owner;
    assert_int_equal(result->status, STATUS_OK);
    if (--chain->left > 0) {
        assert_non_null(icmp_ping_start(ipv4_icmp(chain->node->ip), chain->dst, 56, 0, SECOND,
                                        ping_again, chain));
    }
}

static void callback_may_start_the_next_ping(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct chain_of_pings chain = {.node = pair.a, .dst = stack_addr("10.0.0.2"), .left = 5};
    assert_non_null(
        icmp_ping_start(ipv4_icmp(pair.a->ip), chain.dst, 56, 0, SECOND, ping_again, &chain));
    stack_net_run(pair.net, SECOND);
    assert_int_equal(chain.left, 0);
    stack_net_free(pair.net);
}

/* --- a chain of five routers --- */

enum { N_ROUTERS = 5 };

/* h - r0 - r1 - r2 - r3 - r4 - s; link i is 10.0.i.0/24, its left end .1, its right end .2. */
static struct stack_net *chain_new(struct stack_node **host)
{
    struct stack_net *net = stack_net_new();
    static const char *const NAMES[N_ROUTERS + 2] = {"h", "r0", "r1", "r2", "r3", "r4", "s"};
    struct stack_node *nodes[N_ROUTERS + 2];
    for (size_t i = 0; i < N_ROUTERS + 2; i++) {
        nodes[i] = stack_net_add_node(net, NAMES[i], i > 0 && i <= N_ROUTERS);
    }
    char text[32];
    char gateway[32];
    for (int i = 0; i <= N_ROUTERS; i++) {
        struct link *link = stack_net_add_link(net, NAMES[i], &SLOW);
        snprintf(text, sizeof text, "10.0.%d.1/24", i);
        struct netif *left = stack_node_attach(nodes[i], link, 0, text);
        snprintf(text, sizeof text, "10.0.%d.2/24", i);
        struct netif *right = stack_node_attach(nodes[i + 1], link, 1, text);
        snprintf(gateway, sizeof gateway, "10.0.%d.2", i);
        stack_node_route(nodes[i], "10.0.5.0/24", i == N_ROUTERS ? NULL : gateway, left);
        snprintf(gateway, sizeof gateway, "10.0.%d.1", i);
        stack_node_route(nodes[i + 1], "10.0.0.0/24", i == 0 ? NULL : gateway, right);
    }
    *host = nodes[0];
    return net;
}

static void traceroute_finds_every_router(void **state)
{
    (void)state;
    struct stack_node *host;
    struct stack_net *net = chain_new(&host);
    struct stack_ping ping;
    for (int hop = 1; hop <= N_ROUTERS; hop++) {
        stack_ping_start(&ping, host, "10.0.5.2", 56, (uint8_t)hop, SECOND);
        stack_net_run(net, (uint64_t)hop * SECOND);
        char router[32];
        snprintf(router, sizeof router, "10.0.%d.2", hop - 1);
        assert_int_equal(ping.result.status, STATUS_UNREACHABLE);
        assert_int_equal(ping.result.from.v4, stack_addr(router));
        assert_int_equal(ping.result.icmp_type, ICMP_TIME_EXCEEDED);
        assert_int_equal(ping.result.ttl, 64 - (hop - 1));
    }
    stack_ping_start(&ping, host, "10.0.5.2", 56, N_ROUTERS + 1, SECOND);
    stack_net_run(net, 10 * SECOND);
    assert_int_equal(ping.result.status, STATUS_OK);
    assert_int_equal(ping.result.from.v4, stack_addr("10.0.5.2"));
    assert_int_equal(ping.result.ttl, 64 - N_ROUTERS);

    uint64_t now_ns = 10 * SECOND; /* everybody knows everybody: six links there and back */
    stack_ping_start(&ping, host, "10.0.5.2", 56, 0, SECOND);
    stack_net_run(net, now_ns + SECOND);
    assert_int_equal(ping.result.round_trip_ns, 12 * wire_ns(98));
    stack_net_free(net);
}

static void two_runs_of_the_same_network_are_the_same(void **state)
{
    (void)state;
    uint64_t hashes[2];
    for (size_t run = 0; run < 2; run++) {
        struct stack_node *host;
        struct stack_net *net = chain_new(&host);
        struct stack_ping pings[4];
        for (size_t i = 0; i < 4; i++) {
            stack_ping_start(&pings[i], host, "10.0.5.2", (uint16_t)(100 * i), (uint8_t)(2 * i),
                             SECOND);
        }
        stack_net_run(net, 2 * SECOND);
        hashes[run] = 0;
        for (size_t i = 0; i < net->n_links; i++) {
            hashes[run] = run_hash_combine(hashes[run], link_get_hash(net->links[i], 0));
            hashes[run] = run_hash_combine(hashes[run], link_get_hash(net->links[i], 1));
        }
        stack_net_free(net);
    }
    assert_true(hashes[0] == hashes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_ping_takes_arp_and_echo_round_trips),
        cmocka_unit_test(later_ping_takes_one_round_trip),
        cmocka_unit_test(echo_reply_returns_the_data_from_the_address_that_was_asked),
        cmocka_unit_test(question_and_answer_are_different_packets_of_the_trace),
        cmocka_unit_test(ping_of_a_group_is_not_answered),
        cmocka_unit_test(broken_messages_are_dropped),
        cmocka_unit_test(error_quotes_the_packet_up_to_576_bytes),
        cmocka_unit_test(no_error_is_sent_where_rfc_1122_forbids_it),
        cmocka_unit_test(errors_are_limited_to_a_burst_and_then_one_per_millisecond),
        cmocka_unit_test(node_without_an_address_complains_to_nobody),
        cmocka_unit_test(error_is_told_to_the_protocol_of_the_quoted_packet),
        cmocka_unit_test(quoted_header_may_have_a_stale_checksum_but_must_be_ipv4),
        cmocka_unit_test(error_about_what_we_never_sent_is_unexpected),
        cmocka_unit_test(unanswered_ping_times_out_once),
        cmocka_unit_test(ping_of_a_silent_neighbour_is_unreachable_by_our_own_word),
        cmocka_unit_test(reply_that_comes_late_is_unexpected),
        cmocka_unit_test(reply_from_somebody_else_is_unexpected),
        cmocka_unit_test(ping_of_ourselves_needs_no_link),
        cmocka_unit_test(cancelled_ping_never_calls_back),
        cmocka_unit_test(pings_that_cannot_be_sent_are_refused),
        cmocka_unit_test(callback_may_start_the_next_ping),
        cmocka_unit_test(traceroute_finds_every_router),
        cmocka_unit_test(two_runs_of_the_same_network_are_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
