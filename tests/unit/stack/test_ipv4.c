#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "stack/link/arp.h"
#include "stack/stack_net.h"
#include "wire/checksum.h"

#include <stdlib.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

enum { PROTOCOL = 253 }; /* RFC 3692: for experiments */

static const struct link_config FAST = {.delay_ns = MS};
static const struct mac_addr STRANGER = {{0x02, 0, 0, 0, 0, 0x99}};

/* What a node's handler of PROTOCOL got. */
struct inbox {
    size_t n_packets;
    struct ipv4_packet_info info; /* of the last */
    uint8_t bytes[2048];
    size_t len;
    size_t n_errors;
    struct ipv4_header error_header;
    uint8_t error_type, error_code;
    uint32_t error_rest;
    size_t error_len;
    uint8_t error_bytes[2048];
};

static void inbox_on_packet(void *owner, struct packet *packet, const struct ipv4_packet_info *info)
{
    struct inbox *inbox = owner;
    inbox->n_packets++;
    inbox->info = *info;
    inbox->len = packet->len;
    memcpy(inbox->bytes, packet->data, packet->len);
    packet_put(packet);
}

static void inbox_on_error(void *owner, const struct ipv4_header *header, struct bytes transport,
                           uint8_t type, uint8_t code, uint32_t rest)
{
    struct inbox *inbox = owner;
    inbox->n_errors++;
    inbox->error_header = *header;
    inbox->error_type = type;
    inbox->error_code = code;
    inbox->error_rest = rest;
    inbox->error_len = transport.len;
    memcpy(inbox->error_bytes, transport.p, transport.len);
}

static void inbox_init(struct inbox *inbox, struct stack_node *node)
{
    *inbox = (struct inbox){0};
    ipv4_set_handler(node->ip, PROTOCOL, inbox_on_packet, inbox_on_error, inbox);
}

/* a - router - b: 10.0.1.1/24 - 10.0.1.254, 10.0.2.254 - 10.0.2.1/24 */
struct line {
    struct stack_net *net;
    struct stack_node *a, *router, *b;
    struct stack_record *at_a, *at_b;
    struct inbox in_a, in_router, in_b;
};

static void line_init(struct line *line)
{
    struct stack_net *net = stack_net_new();
    *line = (struct line){.net = net};
    line->a = stack_net_add_node(net, "a", false);
    line->router = stack_net_add_node(net, "router", true);
    line->b = stack_net_add_node(net, "b", false);
    struct link *left = stack_net_add_link(net, "a-router", &FAST);
    struct link *right = stack_net_add_link(net, "router-b", &FAST);
    struct netif *a = stack_node_attach(line->a, left, 0, "10.0.1.1/24");
    stack_node_attach(line->router, left, 1, "10.0.1.254/24");
    stack_node_attach(line->router, right, 0, "10.0.2.254/24");
    struct netif *b = stack_node_attach(line->b, right, 1, "10.0.2.1/24");
    stack_node_route(line->a, "0.0.0.0/0", "10.0.1.254", a);
    stack_node_route(line->b, "0.0.0.0/0", "10.0.2.254", b);
    line->at_a = stack_net_record(net, link_get_end(left, 0));
    line->at_b = stack_net_record(net, link_get_end(right, 1));
    inbox_init(&line->in_a, line->a);
    inbox_init(&line->in_router, line->router);
    inbox_init(&line->in_b, line->b);
}

static struct packet *text_packet(struct stack_node *node, const char *text)
{
    return packet_new_copy(node->scope.env->packets, text, strlen(text));
}

/* Sends `text` and expects success. */
static void send_text(struct stack_node *node, const char *dst, const char *text,
                      struct ipv4_send how)
{
    how.dst = stack_addr(dst);
    how.protocol = PROTOCOL;
    assert_int_equal(ipv4_send(node->ip, text_packet(node, text), &how), STATUS_OK);
}

/* Puts a frame with this IPv4 header before interface 0 of the node, as if from the link. */
static void inject_to(struct stack_node *node, struct mac_addr dst,
                      const struct ipv4_header *header)
{
    struct packet *packet = stack_packet(node->scope.env, header, "12345678", 8);
    struct writer w = packet_push(packet, ETHERNET_HEADER_LEN);
    ethernet_emit(&w, &(struct ethernet_header){dst, STRANGER, ETHERTYPE_IPV4});
    netif_input(&node->netifs[0], packet);
}

static void inject(struct stack_node *node, const char *src, const char *dst, uint8_t protocol)
{
    struct ipv4_header header = {
        .ttl = 9, .protocol = protocol, .src = stack_addr(src), .dst = stack_addr(dst)};
    inject_to(node, node->netifs[0].mac, &header);
}

/* The IPv4 header of a recorded frame; fails when it is none or its checksum is wrong. */
static struct ipv4_header header_of(const struct stack_frame *frame, struct reader *rest)
{
    *rest = reader_of(frame->bytes, frame->len);
    struct ethernet_header ethernet;
    struct ipv4_header header;
    assert_true(ethernet_parse(rest, &ethernet));
    assert_int_equal(ethernet.type, ETHERTYPE_IPV4);
    assert_int_equal(ipv4_parse(rest, &header), IPV4_OK);
    return header;
}

static const struct stack_frame *last_frame(const struct stack_record *record)
{
    assert_true(record->n_frames > 0);
    return &record->frames[record->n_frames - 1];
}

/* Fails unless the last frame at the record is an ICMP error of that kind, well formed, from that
 * address; returns its `rest`. */
static uint32_t assert_icmp_error(const struct stack_record *record, const char *from, uint8_t type,
                                  uint8_t code)
{
    struct reader r;
    struct ipv4_header header = header_of(last_frame(record), &r);
    struct icmp_header icmp;
    bool is_checksum_right;
    assert_int_equal(header.protocol, IP_PROTOCOL_ICMP);
    assert_int_equal(header.src, stack_addr(from));
    assert_true(icmp_parse(&r, &icmp, &is_checksum_right));
    assert_true(is_checksum_right);
    assert_int_equal(icmp.type, type);
    assert_int_equal(icmp.code, code);
    return icmp.rest;
}

/* --- delivery --- */

static void packet_crosses_a_router_and_is_delivered(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    send_text(line.a, "10.0.2.1", "hello", (struct ipv4_send){.dscp = 46, .ecn = 1});
    stack_net_run(line.net, SECOND);
    assert_int_equal(line.in_b.n_packets, 1);
    assert_int_equal(line.in_b.len, 5);
    assert_memory_equal(line.in_b.bytes, "hello", 5);
    assert_ptr_equal(line.in_b.info.netif, &line.b->netifs[0]);
    assert_false(line.in_b.info.is_group);
    const struct ipv4_header *header = &line.in_b.info.header;
    assert_int_equal(header->src, stack_addr("10.0.1.1"));
    assert_int_equal(header->dst, stack_addr("10.0.2.1"));
    assert_int_equal(header->ttl, 63);
    assert_int_equal(header->dscp, 46);
    assert_int_equal(header->ecn, 1);
    assert_int_equal(header->total_len, 25);
    /* per link an ARP question, its answer and the packet, 1 ms each */
    const struct stack_event *forwarded = stack_net_event(line.net, &IPV4_FORWARDED, 0);
    assert_int_equal(forwarded->at_ns, 3 * MS);
    assert_string_equal(forwarded->summary, "forwards 10.0.1.1 > 10.0.2.1 from eth0 to eth1, next "
                                            "hop 10.0.2.1, TTL 63");
    assert_int_equal(last_frame(line.at_b)->at_ns, 6 * MS);
    assert_int_equal(stack_net_all_drops(line.net), 0);
    stack_net_free(line.net);
}

static void forwarding_changes_ttl_and_checksum_only(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    for (uint32_t ttl = 2; ttl < 256; ttl++) {
        struct ipv4_send how = {.ttl = (uint8_t)ttl, .dscp = (uint8_t)(ttl & 63)};
        send_text(line.a, "10.0.2.1", "hello", how);
        stack_net_run(line.net, ttl * SECOND);
        struct reader before;
        struct reader after;
        struct ipv4_header sent = header_of(last_frame(line.at_a), &before);
        struct ipv4_header received = header_of(last_frame(line.at_b), &after); /* adds up */
        assert_int_equal(received.ttl, sent.ttl - 1);
        assert_int_equal(received.id, sent.id);
        assert_int_equal(received.dscp, sent.dscp);
        assert_int_equal(last_frame(line.at_a)->len, last_frame(line.at_b)->len);
    }
    assert_int_equal(line.in_b.n_packets, 254);
    stack_net_free(line.net);
}

static void groups_are_delivered_as_such(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    static const char *const GROUPS[] = {"255.255.255.255", "10.0.1.255", "224.0.0.5"};
    for (size_t i = 0; i < 3; i++) {
        send_text(line.a, GROUPS[i], "x", (struct ipv4_send){.netif = &line.a->netifs[0]});
        stack_net_run(line.net, (i + 1) * SECOND);
        assert_int_equal(line.in_router.n_packets, i + 1);
        assert_true(line.in_router.info.is_group);
        assert_int_equal(line.in_router.info.header.dst, stack_addr(GROUPS[i]));
    }
    assert_int_equal(line.in_router.info.header.ttl, 1); /* RFC 1112 6.1: multicast */
    assert_int_equal(line.in_b.n_packets, 0);            /* and none is forwarded */
    assert_int_equal(stack_net_all_drops(line.net), 0);
    stack_net_free(line.net);
}

static void link_padding_is_cut_off(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    struct ipv4_header header = {.ttl = 1,
                                 .protocol = PROTOCOL,
                                 .src = stack_addr("10.0.1.1"),
                                 .dst = stack_addr("10.0.1.254")};
    struct packet *packet = stack_packet(line.net->env, &header, "12345678", 8);
    struct packet *frame = packet_new(line.net->env->packets, 60);
    memset(frame->data, 0xee, 60);
    struct writer w = writer_of(frame->data, 60);
    ethernet_emit(&w,
                  &(struct ethernet_header){line.router->netifs[0].mac, STRANGER, ETHERTYPE_IPV4});
    write_copy(&w, packet->data, packet->len);
    packet_put(packet);
    netif_input(&line.router->netifs[0], frame);
    assert_int_equal(line.in_router.n_packets, 1); /* a TTL of 1 does not matter to its target */
    assert_int_equal(line.in_router.len, 8);
    stack_net_free(line.net);
}

static void unknown_protocol_is_answered_with_protocol_unreachable(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    struct ipv4_send how = {.dst = stack_addr("10.0.1.254"), .protocol = 77};
    assert_int_equal(ipv4_send(line.a->ip, text_packet(line.a, "hello"), &how), STATUS_OK);
    stack_net_run(line.net, SECOND);
    assert_icmp_error(line.at_a, "10.0.1.254", ICMP_DESTINATION_UNREACHABLE,
                      ICMP_PROTOCOL_UNREACHABLE);
    assert_int_equal(stack_net_drops(line.net, &IPV4_DROP_NO_PROTOCOL), 1);
    stack_net_free(line.net);
}

static void broken_packets_are_dropped(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    struct ipv4_header header = {.ttl = 9,
                                 .protocol = PROTOCOL,
                                 .src = stack_addr("10.0.1.1"),
                                 .dst = stack_addr("10.0.1.254")};
    struct netif *netif = &line.router->netifs[0];
    for (uint32_t len = 0; len < 28; len++) { /* truncated at every length */
        struct packet *packet = stack_packet(line.net->env, &header, "12345678", 8);
        packet_trim(packet, len);
        netif->on_ipv4(netif->network, netif, packet, false);
    }
    assert_int_equal(stack_net_drops(line.net, &IPV4_DROP_MALFORMED), 28);
    for (uint32_t bit = 0; bit < 160; bit++) { /* every single bit of the header turned */
        struct packet *packet = stack_packet(line.net->env, &header, "12345678", 8);
        packet->data[bit / 8] = (uint8_t)(packet->data[bit / 8] ^ 1 << bit % 8);
        netif->on_ipv4(netif->network, netif, packet, false);
    }
    assert_int_equal(stack_net_drops(line.net, &IPV4_DROP_MALFORMED) +
                         stack_net_drops(line.net, &IPV4_DROP_BAD_CHECKSUM),
                     28 + 160);
    assert_int_equal(line.in_router.n_packets, 0);
    assert_int_equal(stack_net_count(line.net, &ICMP_ERROR_SENT), 0);
    stack_net_free(line.net);
}

static void impossible_sources_are_dropped(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    static const char *const MARTIANS[] = {
        "127.0.0.1",  "127.255.0.1", "255.255.255.255", "224.0.0.1",  "0.0.0.0",
        "10.0.1.255", "10.0.2.255",  "10.0.1.254",      "10.0.2.254", "0.1.2.3"};
    size_t n_martians = sizeof MARTIANS / sizeof MARTIANS[0];
    for (size_t i = 0; i < n_martians; i++) {
        inject(line.router, MARTIANS[i], "10.0.1.254", PROTOCOL);
        inject(line.router, MARTIANS[i], "10.0.2.1", PROTOCOL);
    }
    assert_int_equal(stack_net_drops(line.net, &IPV4_DROP_MARTIAN), 2 * n_martians);
    assert_int_equal(line.router->netifs[0].counts.drops, 2 * n_martians);
    inject(line.router, "10.0.1.1", "127.0.0.1", PROTOCOL);
    inject(line.router, "10.0.1.1", "0.0.0.0", PROTOCOL);
    assert_int_equal(stack_net_drops(line.net, &IPV4_DROP_BAD_DESTINATION), 2);
    assert_int_equal(line.in_router.n_packets, 0);
    assert_int_equal(line.at_a->n_frames, 0); /* nobody is told */
    stack_net_free(line.net);
}

static void source_zero_may_only_broadcast_udp(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    struct inbox udp = {0};
    ipv4_set_handler(line.router->ip, IP_PROTOCOL_UDP, inbox_on_packet, NULL, &udp);
    inject(line.router, "0.0.0.0", "255.255.255.255", IP_PROTOCOL_UDP);
    assert_int_equal(udp.n_packets, 1);
    inject(line.router, "0.0.0.0", "255.255.255.255", PROTOCOL);
    inject(line.router, "0.0.0.0", "10.0.1.254", IP_PROTOCOL_UDP);
    assert_int_equal(udp.n_packets, 1);
    assert_int_equal(stack_net_drops(line.net, &IPV4_DROP_MARTIAN), 2);
    stack_net_free(line.net);
}

static void host_does_not_forward(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    inject(line.a, "10.0.1.9", "10.0.2.1", PROTOCOL);
    assert_int_equal(stack_net_drops(line.net, &IPV4_DROP_NOT_FOR_US), 1);
    assert_int_equal(line.at_a->n_frames, 0);
    stack_net_free(line.net);
}

static void unicast_that_the_link_broadcast_is_dropped(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    struct ipv4_header header = {.ttl = 9,
                                 .protocol = PROTOCOL,
                                 .src = stack_addr("10.0.1.1"),
                                 .dst = stack_addr("10.0.1.254")};
    inject_to(line.router, MAC_BROADCAST, &header);
    header.dst = stack_addr("10.0.2.1");
    inject_to(line.router, MAC_BROADCAST, &header);
    assert_int_equal(stack_net_drops(line.net, &IPV4_DROP_LINK_GROUP), 2);
    assert_int_equal(line.in_router.n_packets, 0);
    stack_net_free(line.net);
}

/* An IPv4 packet of 24 bytes of header (a router alert and its end) and 8 of data. */
static struct packet *packet_with_options(struct stack_node *node, const char *dst)
{
    uint8_t bytes[32];
    struct writer w = writer_of(bytes, sizeof bytes);
    write_u8(&w, 0x46);
    write_u8(&w, 0);
    write_u16(&w, sizeof bytes);
    write_u32(&w, 0);
    write_u8(&w, 9);
    write_u8(&w, PROTOCOL);
    write_u16(&w, 0);
    write_u32(&w, stack_addr("10.0.1.1"));
    write_u32(&w, stack_addr(dst));
    write_u32(&w, 0x94040000); /* RFC 2113 */
    write_copy(&w, "12345678", 8);
    struct writer checksum = writer_of(bytes + 10, 2);
    write_u16(&checksum, checksum_finish(checksum_add(0, bytes, 24)));
    return packet_new_copy(node->scope.env->packets, bytes, sizeof bytes);
}

static void packets_with_options_are_delivered_and_forwarded(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    struct netif *netif = &line.router->netifs[0];
    netif->on_ipv4(netif->network, netif, packet_with_options(line.router, "10.0.1.254"), false);
    assert_int_equal(line.in_router.len, 8);
    assert_int_equal(line.in_router.info.header.header_len, 24);
    netif->on_ipv4(netif->network, netif, packet_with_options(line.router, "10.0.2.1"), false);
    stack_net_run(line.net, SECOND);
    assert_int_equal(line.in_b.n_packets, 1);
    assert_memory_equal(line.in_b.bytes, "12345678", 8);
    assert_int_equal(line.in_b.info.header.ttl, 8);
    stack_net_free(line.net);
}

/* --- forwarding --- */

static void expired_ttl_is_told_to_the_sender(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    send_text(line.a, "10.0.2.1", "hello there", (struct ipv4_send){.ttl = 1});
    stack_net_run(line.net, SECOND);
    assert_icmp_error(line.at_a, "10.0.1.254", ICMP_TIME_EXCEEDED, ICMP_TTL_EXCEEDED);
    assert_int_equal(stack_net_drops(line.net, &IPV4_DROP_TTL_EXPIRED), 1);
    assert_int_equal(line.at_b->n_frames, 0);
    /* and reaches the protocol that sent it */
    assert_int_equal(line.in_a.n_errors, 1);
    assert_int_equal(line.in_a.error_type, ICMP_TIME_EXCEEDED);
    assert_int_equal(line.in_a.error_header.dst, stack_addr("10.0.2.1"));
    assert_int_equal(line.in_a.error_len, 11);
    assert_memory_equal(line.in_a.error_bytes, "hello there", 11);
    stack_net_free(line.net);
}

static void missing_route_is_told_to_the_sender(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    send_text(line.a, "192.0.2.1", "hello there", (struct ipv4_send){0});
    stack_net_run(line.net, SECOND);
    assert_icmp_error(line.at_a, "10.0.1.254", ICMP_DESTINATION_UNREACHABLE, ICMP_NET_UNREACHABLE);
    assert_int_equal(stack_net_drops(line.net, &IPV4_DROP_NO_ROUTE), 1);
    assert_int_equal(line.in_a.error_code, ICMP_NET_UNREACHABLE);
    stack_net_free(line.net);
}

static void too_big_for_the_next_link_is_told_with_its_mtu(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    line.router->netifs[1].mtu = 576;
    struct ipv4_send how = {
        .dst = stack_addr("10.0.2.1"), .protocol = PROTOCOL, .dont_fragment = true};
    struct packet *packet = packet_new_copy(line.net->env->packets, (char[557]){0}, 557);
    assert_int_equal(ipv4_send(line.a->ip, packet, &how), STATUS_OK);
    stack_net_run(line.net, SECOND);
    uint32_t rest = assert_icmp_error(line.at_a, "10.0.1.254", ICMP_DESTINATION_UNREACHABLE,
                                      ICMP_FRAGMENTATION_NEEDED);
    assert_int_equal(rest, 576);
    assert_int_equal(stack_net_drops(line.net, &IPV4_DROP_TOO_BIG), 1);
    assert_int_equal(line.in_a.n_errors, 1);
    assert_int_equal(line.in_a.error_rest, 576);
    packet = packet_new_copy(line.net->env->packets, (char[556]){0}, 556);
    assert_int_equal(ipv4_send(line.a->ip, packet, &how), STATUS_OK);
    stack_net_run(line.net, 2 * SECOND);
    assert_int_equal(line.in_b.n_packets, 1); /* exactly the MTU fits */
    stack_net_free(line.net);
}

static void silent_next_hop_is_told_as_host_unreachable(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    send_text(line.a, "10.0.2.77", "hello there", (struct ipv4_send){0});
    stack_net_run(line.net, 3 * SECOND + 3 * MS - 1);
    assert_int_equal(line.in_a.n_errors, 0);
    /* 3 ms until it is at the router (ARP and the packet), 3 s until it gives up, 1 ms back */
    stack_net_run(line.net, 3 * SECOND + 4 * MS);
    assert_int_equal(line.in_a.n_errors, 1);
    assert_int_equal(line.in_a.error_type, ICMP_DESTINATION_UNREACHABLE);
    assert_int_equal(line.in_a.error_code, ICMP_HOST_UNREACHABLE);
    assert_icmp_error(line.at_a, "10.0.1.254", ICMP_DESTINATION_UNREACHABLE, ICMP_HOST_UNREACHABLE);
    assert_int_equal(stack_net_drops(line.net, &IPV4_DROP_UNRESOLVED), 1);
    assert_int_equal(stack_net_count(line.net, &ARP_FAILED), 1);
    stack_net_free(line.net);
}

static void directed_broadcast_and_link_local_are_not_forwarded(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    inject(line.router, "10.0.1.1", "10.0.2.255", PROTOCOL);
    assert_int_equal(stack_net_drops(line.net, &IPV4_DROP_DIRECTED), 1);
    inject(line.router, "169.254.1.1", "10.0.2.1", PROTOCOL);
    inject(line.router, "10.0.1.1", "169.254.1.1", PROTOCOL);
    assert_int_equal(stack_net_drops(line.net, &IPV4_DROP_LINK_LOCAL), 2);
    assert_int_equal(line.in_router.n_packets, 0);
    assert_int_equal(line.at_b->n_frames, 0);
    stack_net_free(line.net);
}

static void forwarding_leaves_other_holders_of_the_bytes_alone(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    struct ipv4_header header = {.ttl = 9,
                                 .protocol = PROTOCOL,
                                 .src = stack_addr("10.0.1.1"),
                                 .dst = stack_addr("10.0.2.1")};
    struct packet *kept = stack_packet(line.net->env, &header, "12345678", 8);
    uint8_t before[28];
    memcpy(before, kept->data, sizeof before);
    struct netif *netif = &line.router->netifs[0];
    netif->on_ipv4(netif->network, netif, packet_clone(kept), false);
    stack_net_run(line.net, SECOND);
    assert_int_equal(line.in_b.n_packets, 1);
    assert_memory_equal(kept->data, before, sizeof before);
    packet_put(kept);
    stack_net_free(line.net);
}

static void loop_of_routes_ends_when_the_ttl_is_used_up(void **state)
{
    (void)state;
    struct stack_net *net = stack_net_new();
    struct stack_node *x = stack_net_add_node(net, "x", true);
    struct stack_node *y = stack_net_add_node(net, "y", true);
    struct link *link = stack_net_add_link(net, "x-y", &FAST);
    struct netif *at_x = stack_node_attach(x, link, 0, "10.0.0.1/24");
    struct netif *at_y = stack_node_attach(y, link, 1, "10.0.0.2/24");
    stack_node_route(x, "0.0.0.0/0", "10.0.0.2", at_x);
    stack_node_route(y, "0.0.0.0/0", "10.0.0.1", at_y);
    struct inbox inbox;
    inbox_init(&inbox, x);
    send_text(x, "192.0.2.1", "round and round", (struct ipv4_send){.ttl = 64});
    stack_net_run(net, SECOND);
    /* y gets it first with 64, sends 63; x sees its own source and takes it for a martian */
    assert_int_equal(stack_net_count(net, &IPV4_FORWARDED), 1);
    assert_int_equal(stack_net_drops(net, &IPV4_DROP_MARTIAN), 1);
    struct ipv4_header header = {.ttl = 64,
                                 .protocol = PROTOCOL,
                                 .src = stack_addr("10.0.0.77"),
                                 .dst = stack_addr("192.0.2.1")};
    inject_to(x, at_x->mac, &header);
    stack_net_run(net, 10 * SECOND);
    assert_int_equal(stack_net_count(net, &IPV4_FORWARDED), 1 + 63);
    assert_int_equal(stack_net_drops(net, &IPV4_DROP_TTL_EXPIRED), 1);
    stack_net_free(net);
}

/* --- sending --- */

static void sent_header_is_as_asked(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    send_text(line.a, "10.0.1.254", "one", (struct ipv4_send){.dont_fragment = true, .ttl = 7});
    send_text(line.a, "10.0.1.254", "two", (struct ipv4_send){.src = stack_addr("10.0.1.1")});
    stack_net_run(line.net, SECOND);
    struct reader r;
    struct ipv4_header two = header_of(last_frame(line.at_a), &r);
    struct ipv4_header one = header_of(last_frame(line.at_a) - 1, &r);
    assert_true(one.dont_fragment);
    assert_int_equal(one.ttl, 7);
    assert_int_equal(one.src, stack_addr("10.0.1.1"));
    assert_false(two.dont_fragment);
    assert_int_equal(two.ttl, IPV4_DEFAULT_TTL);
    assert_int_equal(two.total_len, 23);
    assert_int_equal((uint16_t)(one.id + 1), two.id);
    stack_net_free(line.net);
}

static void sending_without_a_route_fails(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    uint32_t src = 0;
    uint32_t mtu = 0;
    struct ipv4_send how = {.dst = stack_addr("192.0.2.1"), .protocol = PROTOCOL};
    struct stack_node *router = line.router;
    assert_int_equal(ipv4_send(router->ip, text_packet(router, "x"), &how), STATUS_UNREACHABLE);
    assert_int_equal(ipv4_select_source(router->ip, how.dst, &src, &mtu), STATUS_UNREACHABLE);
    how.dst = IPV4_ANY;
    assert_int_equal(ipv4_send(line.a->ip, text_packet(line.a, "x"), &how), STATUS_UNREACHABLE);
    how.dst = stack_addr("10.0.2.1");
    how.src = IPV4_LOOPBACK; /* RFC 1122 3.2.1.3 (g) */
    assert_int_equal(ipv4_send(line.a->ip, text_packet(line.a, "x"), &how), STATUS_UNREACHABLE);
    how.src = 0;
    line.a->netifs[0].is_up = false;
    assert_int_equal(ipv4_send(line.a->ip, text_packet(line.a, "x"), &how), STATUS_UNREACHABLE);
    stack_net_free(line.net);
}

static void source_and_mtu_come_from_the_way_out(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    line.router->netifs[1].mtu = 1400;
    uint32_t src = 0;
    uint32_t mtu = 0;
    assert_int_equal(ipv4_select_source(line.router->ip, stack_addr("10.0.2.7"), &src, &mtu),
                     STATUS_OK);
    assert_int_equal(src, stack_addr("10.0.2.254"));
    assert_int_equal(mtu, 1400);
    assert_int_equal(ipv4_select_source(line.router->ip, stack_addr("10.0.1.254"), &src, &mtu),
                     STATUS_OK);
    assert_int_equal(src, stack_addr("10.0.1.254"));
    assert_int_equal(mtu, 65535);
    assert_int_equal(ipv4_select_source(line.a->ip, stack_addr("127.0.0.9"), &src, &mtu),
                     STATUS_OK);
    assert_int_equal(src, stack_addr("127.0.0.9"));
    stack_net_free(line.net);
}

static void packet_that_must_not_be_cut_is_sent_up_to_the_mtu(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    struct ipv4_send how = {
        .dst = stack_addr("10.0.1.254"), .protocol = PROTOCOL, .dont_fragment = true};
    struct packet *fits = packet_new_copy(line.net->env->packets, (char[1480]){0}, 1480);
    assert_int_equal(ipv4_send(line.a->ip, fits, &how), STATUS_OK);
    struct packet *larger = packet_new_copy(line.net->env->packets, (char[1481]){0}, 1481);
    assert_int_equal(ipv4_send(line.a->ip, larger, &how), STATUS_LIMIT);
    stack_net_run(line.net, SECOND);
    assert_int_equal(line.in_router.n_packets, 1);
    assert_int_equal(line.in_router.len, 1480);
    stack_net_free(line.net);
}

static void sending_leaves_other_holders_of_the_bytes_alone(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    struct packet *kept = packet_new_copy(line.net->env->packets, "....................data", 24);
    struct packet *sent = packet_clone(kept);
    packet_pull(sent, 20);
    struct ipv4_send how = {.dst = stack_addr("127.0.0.1"), .protocol = PROTOCOL};
    assert_int_equal(ipv4_send(line.a->ip, sent, &how), STATUS_OK);
    assert_memory_equal(kept->data, "....................data", 24);
    packet_put(kept);
    stack_net_free(line.net);
}

static void packet_to_ourselves_is_delivered_after_the_call(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    static const char *const OWN[] = {"10.0.1.1", "127.0.0.1", "127.1.2.3"};
    for (size_t i = 0; i < 3; i++) {
        send_text(line.a, OWN[i], "self", (struct ipv4_send){0});
        assert_int_equal(line.in_a.n_packets, i);
        stack_net_run(line.net, 0);
        assert_int_equal(line.in_a.n_packets, i + 1);
        assert_int_equal(line.in_a.info.header.src, stack_addr(OWN[i]));
        assert_int_equal(line.in_a.info.header.dst, stack_addr(OWN[i]));
        assert_null(line.in_a.info.netif);
        assert_int_equal(line.in_a.len, 4);
    }
    assert_int_equal(line.net->env->now_ns, 0);
    assert_int_equal(line.at_a->n_frames, 0);
    stack_net_free(line.net);
}

static void packets_to_ourselves_keep_their_order_and_have_a_limit(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    for (size_t i = 0; i <= IPV4_MAX_LOOPED; i++) {
        send_text(line.a, "127.0.0.1", i == IPV4_MAX_LOOPED ? "late" : "early",
                  (struct ipv4_send){0});
    }
    assert_int_equal(stack_net_drops(line.net, &IPV4_DROP_LOOP_FULL), 1);
    stack_net_run(line.net, 0);
    assert_int_equal(line.in_a.n_packets, IPV4_MAX_LOOPED);
    assert_memory_equal(line.in_a.bytes, "early", 5);
    stack_net_free(line.net);
}

static void unsent_packets_go_with_the_node_while_the_world_runs_on(void **state)
{
    (void)state;
    struct stack_net *net = stack_net_new();
    struct stack_node *node = stack_net_add_node(net, "node", false);
    struct stack_node *other = stack_net_add_node(net, "other", false);
    struct link *link = stack_net_add_link(net, "l", &FAST);
    stack_node_attach(node, link, 0, "10.0.0.1/24");
    stack_node_attach(other, link, 1, "10.0.0.2/24");
    struct inbox inbox;
    inbox_init(&inbox, node);
    send_text(node, "127.0.0.1", "self", (struct ipv4_send){0});
    send_text(node, "10.0.0.77", "waits for ARP", (struct ipv4_send){0});
    link_free(link);
    net->n_links = 0;
    ipv4_free(node->ip);
    netif_fini(&node->netifs[0]);
    net->nodes[0] = other;
    net->n_nodes = 1;
    stack_net_run(net, 10 * SECOND);
    assert_int_equal(inbox.n_packets + inbox.n_errors, 0);
    free(node);
    stack_net_free(net); /* checks that every packet came back */
}

static void interface_without_an_address_broadcasts_from_zero(void **state)
{
    (void)state;
    struct stack_net *net = stack_net_new();
    struct stack_node *client = stack_net_add_node(net, "client", false);
    struct stack_node *server = stack_net_add_node(net, "server", false);
    struct link *link = stack_net_add_link(net, "client-server", &FAST);
    struct netif *eth0 = stack_node_attach(client, link, 0, NULL);
    stack_node_attach(server, link, 1, "10.0.0.1/24");
    struct inbox at_client = {0};
    struct inbox at_server = {0};
    ipv4_set_handler(client->ip, IP_PROTOCOL_UDP, inbox_on_packet, NULL, &at_client);
    ipv4_set_handler(server->ip, IP_PROTOCOL_UDP, inbox_on_packet, NULL, &at_server);

    struct ipv4_send how = {.dst = IPV4_BROADCAST, .protocol = IP_PROTOCOL_UDP, .netif = eth0};
    assert_int_equal(ipv4_send(client->ip, text_packet(client, "discover"), &how), STATUS_OK);
    stack_net_run(net, SECOND);
    assert_int_equal(at_server.n_packets, 1);
    assert_int_equal(at_server.info.header.src, 0);
    assert_int_equal(at_server.info.header.dst, IPV4_BROADCAST);
    assert_true(at_server.info.is_group);

    how.netif = &server->netifs[0];
    assert_int_equal(ipv4_send(server->ip, text_packet(server, "offer"), &how), STATUS_OK);
    stack_net_run(net, 2 * SECOND);
    assert_int_equal(at_client.n_packets, 1);
    assert_int_equal(at_client.info.header.src, stack_addr("10.0.0.1"));
    assert_ptr_equal(at_client.info.netif, eth0);

    uint32_t src = 0;
    uint32_t mtu = 0;
    stack_node_route(client, "0.0.0.0/0", NULL, eth0); /* a way, but no address to come from */
    assert_int_equal(ipv4_select_source(client->ip, 1, &src, &mtu), STATUS_UNREACHABLE);
    stack_net_free(net);
}

static void link_destination_needs_no_arp(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    send_text(line.a, "10.0.1.99", "hello",
              (struct ipv4_send){.netif = &line.a->netifs[0], .link_dst = &STRANGER});
    assert_int_equal(line.at_a->n_frames, 1);
    assert_memory_equal(line.at_a->frames[0].bytes, &STRANGER, 6);
    struct reader r;
    assert_int_equal(header_of(&line.at_a->frames[0], &r).dst, stack_addr("10.0.1.99"));
    stack_net_free(line.net);
}

static void chosen_interface_overrides_the_routes(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    /* 10.0.2.1 is behind eth1, yet eth0 is asked for: it is looked for there */
    send_text(line.router, "10.0.2.1", "x", (struct ipv4_send){.netif = &line.router->netifs[0]});
    stack_net_run(line.net, MS);
    assert_int_equal(line.at_b->n_frames, 0);
    assert_int_equal(line.at_a->n_frames, 1); /* the ARP question */
    /* where the routes agree, their gateway is used */
    send_text(line.a, "10.0.2.1", "x", (struct ipv4_send){.netif = &line.a->netifs[0]});
    stack_net_run(line.net, SECOND);
    assert_int_equal(line.in_b.n_packets, 1);
    stack_net_free(line.net);
}

static void groups_are_reached_on_the_link_and_not_by_the_gateway(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    send_text(line.a, "255.255.255.255", "x", (struct ipv4_send){0});
    send_text(line.a, "224.0.0.251", "x", (struct ipv4_send){0});
    assert_int_equal(line.at_a->n_frames, 2);
    assert_memory_equal(line.at_a->frames[0].bytes, &MAC_BROADCAST, 6);
    assert_memory_equal(line.at_a->frames[1].bytes, "\x01\x00\x5e\x00\x00\xfb", 6);
    stack_net_free(line.net);
}

static void own_packet_to_a_silent_neighbour_is_told_to_its_protocol(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    send_text(line.a, "10.0.1.77", "hello there", (struct ipv4_send){0});
    stack_net_run(line.net, 3 * SECOND - 1);
    assert_int_equal(line.in_a.n_errors, 0);
    stack_net_run(line.net, 3 * SECOND);
    assert_int_equal(line.in_a.n_errors, 1);
    assert_int_equal(line.in_a.error_type, ICMP_DESTINATION_UNREACHABLE);
    assert_int_equal(line.in_a.error_code, ICMP_HOST_UNREACHABLE);
    assert_int_equal(line.in_a.error_header.dst, stack_addr("10.0.1.77"));
    assert_memory_equal(line.in_a.error_bytes, "hello there", 11);
    assert_int_equal(stack_net_drops(line.net, &IPV4_DROP_UNRESOLVED), 1);
    stack_net_free(line.net);
}

/* --- addresses --- */

static enum status add_address(struct stack_node *node, const char *text)
{
    struct ip_prefix prefix;
    assert_true(ip_prefix_parse(text, &prefix));
    return ipv4_add_address(node->ip, &node->netifs[0], prefix);
}

static void addresses_bring_and_take_their_connected_route(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    struct stack_node *a = line.a;
    struct route_table *routes = ipv4_routes(a->ip);
    struct ip_addr peer = ip_v4(stack_addr("172.16.5.9"));
    assert_int_equal(route_lookup(routes, peer)->prefix.len, 0);
    assert_int_equal(add_address(a, "172.16.5.1/24"), STATUS_OK);
    assert_int_equal(add_address(a, "172.16.5.2/24"), STATUS_OK);
    assert_int_equal(route_lookup(routes, peer)->prefix.len, 24);
    assert_true(ipv4_is_own(a->ip, stack_addr("172.16.5.1")));
    assert_true(ipv4_is_own(a->ip, stack_addr("127.5.5.5")));
    assert_false(ipv4_is_own(a->ip, stack_addr("172.16.5.255")));
    ipv4_remove_address(a->ip, &a->netifs[0], ip_v4(stack_addr("172.16.5.1")));
    assert_false(ipv4_is_own(a->ip, stack_addr("172.16.5.1")));
    assert_int_equal(route_lookup(routes, peer)->prefix.len, 24); /* the second needs it */
    ipv4_remove_address(a->ip, &a->netifs[0], ip_v4(stack_addr("172.16.5.2")));
    assert_int_equal(route_lookup(routes, peer)->prefix.len, 0);
    ipv4_remove_address(a->ip, &a->netifs[0], ip_v4(stack_addr("172.16.5.2"))); /* no harm */
    inject(a, "172.16.5.255", "10.0.1.1", PROTOCOL); /* it and its broadcast are forgotten */
    inject(a, "172.16.5.1", "10.0.1.1", PROTOCOL);
    assert_int_equal(stack_net_drops(line.net, &IPV4_DROP_MARTIAN), 0);
    assert_int_equal(line.in_a.n_packets, 2);
    stack_net_free(line.net);
}

static void broadcast_address_of_two_subnets_stays_until_both_are_gone(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    struct stack_node *a = line.a;
    assert_int_equal(add_address(a, "172.16.5.1/24"), STATUS_OK);
    assert_int_equal(add_address(a, "172.16.5.129/25"), STATUS_OK);
    ipv4_remove_address(a->ip, &a->netifs[0], ip_v4(stack_addr("172.16.5.129")));
    inject(a, "10.0.1.9", "172.16.5.255", PROTOCOL);
    assert_int_equal(line.in_a.n_packets, 1);
    assert_true(line.in_a.info.is_group);
    ipv4_remove_address(a->ip, &a->netifs[0], ip_v4(stack_addr("172.16.5.1")));
    inject(a, "10.0.1.9", "172.16.5.255", PROTOCOL);
    assert_int_equal(line.in_a.n_packets, 1);
    assert_int_equal(stack_net_drops(line.net, &IPV4_DROP_NOT_FOR_US), 1);
    stack_net_free(line.net);
}

static void address_on_two_interfaces_stays_until_both_are_gone(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    struct stack_node *router = line.router;
    struct ip_prefix shared;
    assert_true(ip_prefix_parse("192.0.2.1/32", &shared));
    assert_int_equal(ipv4_add_address(router->ip, &router->netifs[0], shared), STATUS_OK);
    assert_int_equal(ipv4_add_address(router->ip, &router->netifs[1], shared), STATUS_OK);
    ipv4_remove_address(router->ip, &router->netifs[0], shared.addr);
    assert_true(ipv4_is_own(router->ip, shared.addr.v4));
    const struct route *route = route_lookup(ipv4_routes(router->ip), shared.addr);
    assert_ptr_equal(route->netif, &router->netifs[1]);
    ipv4_remove_address(router->ip, &router->netifs[1], shared.addr);
    assert_false(ipv4_is_own(router->ip, shared.addr.v4));
    stack_net_free(line.net);
}

static void senseless_addresses_are_refused(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    static const char *const BAD[] = {"0.0.0.0/24",  "127.0.0.1/8",    "224.0.0.1/24",
                                      "10.9.9.0/24", "10.9.9.255/24",  "255.255.255.255/32",
                                      "10.9.9.9/0",  "2001:db8::1/64", "10.9.9.4/30"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_int_equal(add_address(line.a, BAD[i]), STATUS_INVALID);
    }
    assert_int_equal(add_address(line.a, "10.0.1.1/24"), STATUS_IN_USE);
    assert_int_equal(add_address(line.a, "10.9.9.0/31"), STATUS_OK); /* RFC 3021 */
    assert_int_equal(add_address(line.a, "10.9.9.5/32"), STATUS_OK);
    assert_int_equal(add_address(line.a, "10.9.8.1/30"), STATUS_OK);
    assert_int_equal(add_address(line.a, "10.9.7.1/24"), STATUS_LIMIT);
    stack_net_free(line.net);
}

/* --- hooks --- */

struct hook_log {
    size_t n_pre, n_post;
    struct netif *in, *out;
    uint32_t new_dst; /* 0: leave it */
    bool is_dropping;
};

/* Rewrites the whole header, as a translator does in its own way. */
static void set_dst(struct packet *packet, uint32_t dst)
{
    struct reader r = packet_reader(packet);
    struct ipv4_header header;
    assert_int_equal(ipv4_parse(&r, &header), IPV4_OK);
    header.dst = dst;
    struct writer w = writer_of(packet->data, IPV4_HEADER_LEN);
    ipv4_emit(&w, &header);
}

static bool hook_on_prerouting(void *owner, struct packet *packet, struct netif *in)
{
    struct hook_log *log = owner;
    log->n_pre++;
    log->in = in;
    if (log->is_dropping) {
        packet_put(packet);
        return false;
    }
    if (log->new_dst) {
        set_dst(packet, log->new_dst);
    }
    return true;
}

static bool hook_on_postrouting(void *owner, struct packet *packet, struct netif *in,
                                struct netif *out)
{
    struct hook_log *log = owner;
    log->n_post++;
    log->in = in;
    log->out = out;
    if (log->is_dropping) {
        packet_put(packet);
        return false;
    }
    return true;
}

static void hook_sees_and_may_redirect_what_comes_in(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    struct hook_log log = {.new_dst = stack_addr("10.0.2.1")};
    struct ipv4_hook hook = {
        .on_prerouting = hook_on_prerouting, .on_postrouting = hook_on_postrouting, .owner = &log};
    ipv4_set_hook(line.router->ip, &hook);
    send_text(line.a, "10.0.1.254", "for the router?", (struct ipv4_send){0});
    stack_net_run(line.net, SECOND);
    assert_int_equal(line.in_router.n_packets, 0);
    assert_int_equal(line.in_b.n_packets, 1);
    assert_int_equal(line.in_b.info.header.ttl, 63);
    assert_int_equal(log.n_pre, 1);
    assert_int_equal(log.n_post, 1);
    assert_ptr_equal(log.in, &line.router->netifs[0]);
    assert_ptr_equal(log.out, &line.router->netifs[1]);
    stack_net_free(line.net);
}

static void hook_sees_what_this_node_sends_and_may_drop(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    struct hook_log log = {.in = &line.a->netifs[0]};
    struct ipv4_hook hook = {
        .on_prerouting = hook_on_prerouting, .on_postrouting = hook_on_postrouting, .owner = &log};
    ipv4_set_hook(line.router->ip, &hook);
    send_text(line.router, "10.0.2.1", "x", (struct ipv4_send){0});
    assert_int_equal(log.n_post, 1);
    assert_null(log.in);
    assert_ptr_equal(log.out, &line.router->netifs[1]);
    log.is_dropping = true;
    send_text(line.router, "10.0.2.1", "x", (struct ipv4_send){0});
    inject(line.router, "10.0.1.1", "10.0.2.1", PROTOCOL);
    assert_int_equal(log.n_pre, 1);
    send_text(line.router, "127.0.0.1", "x", (struct ipv4_send){0}); /* no hook sees it */
    stack_net_run(line.net, SECOND);
    assert_int_equal(log.n_post, 2);
    assert_int_equal(line.in_b.n_packets, 1);
    assert_int_equal(line.in_router.n_packets, 1);
    stack_net_free(line.net);
}

static void error_about_our_own_address_passes_the_hook_as_from_the_link(void **state)
{
    (void)state;
    struct line line;
    line_init(&line);
    struct hook_log log = {0};
    struct ipv4_hook hook = {.on_prerouting = hook_on_prerouting, .owner = &log};
    ipv4_set_hook(line.router->ip, &hook);
    send_text(line.router, "10.0.2.77", "hello there", (struct ipv4_send){0});
    stack_net_run(line.net, 4 * SECOND);
    assert_int_equal(log.n_pre, 1);
    assert_ptr_equal(log.in, &line.router->netifs[1]);
    assert_int_equal(line.in_router.n_errors, 1);
    stack_net_free(line.net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packet_crosses_a_router_and_is_delivered),
        cmocka_unit_test(forwarding_changes_ttl_and_checksum_only),
        cmocka_unit_test(groups_are_delivered_as_such),
        cmocka_unit_test(link_padding_is_cut_off),
        cmocka_unit_test(unknown_protocol_is_answered_with_protocol_unreachable),
        cmocka_unit_test(broken_packets_are_dropped),
        cmocka_unit_test(impossible_sources_are_dropped),
        cmocka_unit_test(source_zero_may_only_broadcast_udp),
        cmocka_unit_test(host_does_not_forward),
        cmocka_unit_test(unicast_that_the_link_broadcast_is_dropped),
        cmocka_unit_test(packets_with_options_are_delivered_and_forwarded),
        cmocka_unit_test(expired_ttl_is_told_to_the_sender),
        cmocka_unit_test(missing_route_is_told_to_the_sender),
        cmocka_unit_test(too_big_for_the_next_link_is_told_with_its_mtu),
        cmocka_unit_test(silent_next_hop_is_told_as_host_unreachable),
        cmocka_unit_test(directed_broadcast_and_link_local_are_not_forwarded),
        cmocka_unit_test(forwarding_leaves_other_holders_of_the_bytes_alone),
        cmocka_unit_test(loop_of_routes_ends_when_the_ttl_is_used_up),
        cmocka_unit_test(sent_header_is_as_asked),
        cmocka_unit_test(sending_without_a_route_fails),
        cmocka_unit_test(source_and_mtu_come_from_the_way_out),
        cmocka_unit_test(packet_that_must_not_be_cut_is_sent_up_to_the_mtu),
        cmocka_unit_test(sending_leaves_other_holders_of_the_bytes_alone),
        cmocka_unit_test(packet_to_ourselves_is_delivered_after_the_call),
        cmocka_unit_test(packets_to_ourselves_keep_their_order_and_have_a_limit),
        cmocka_unit_test(unsent_packets_go_with_the_node_while_the_world_runs_on),
        cmocka_unit_test(interface_without_an_address_broadcasts_from_zero),
        cmocka_unit_test(link_destination_needs_no_arp),
        cmocka_unit_test(chosen_interface_overrides_the_routes),
        cmocka_unit_test(groups_are_reached_on_the_link_and_not_by_the_gateway),
        cmocka_unit_test(own_packet_to_a_silent_neighbour_is_told_to_its_protocol),
        cmocka_unit_test(addresses_bring_and_take_their_connected_route),
        cmocka_unit_test(broadcast_address_of_two_subnets_stays_until_both_are_gone),
        cmocka_unit_test(address_on_two_interfaces_stays_until_both_are_gone),
        cmocka_unit_test(senseless_addresses_are_refused),
        cmocka_unit_test(hook_sees_and_may_redirect_what_comes_in),
        cmocka_unit_test(hook_sees_what_this_node_sends_and_may_drop),
        cmocka_unit_test(error_about_our_own_address_passes_the_hook_as_from_the_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
