/* Frames of every protocol, made by our own codecs from random values. */
#ifndef MADE_FRAMES_H
#define MADE_FRAMES_H

#include "base/check.h"
#include "wire/arp.h"
#include "wire/dhcp.h"
#include "wire/dns.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"
#include "wire/udp.h"
#include "wire_support.h"

enum { MAX_FRAME = 1600 };

struct made {
    uint8_t bytes[MAX_FRAME];
    size_t len;
};

static inline void make_ethernet(struct made *frame, uint16_t type)
{
    struct writer w = writer_of(frame->bytes, ETHERNET_HEADER_LEN);
    ethernet_emit(&w, &(struct ethernet_header){.src = {{2}}, .dst = {{2, 1}}, .type = type});
}

static inline void make_arp(struct prng *prng, struct made *frame)
{
    make_ethernet(frame, ETHERTYPE_ARP);
    struct arp_message message = {.operation = ARP_REQUEST, .sender_mac = prng_mac(prng)};
    message.target_ip = prng_u32(prng);
    struct writer w = writer_of(frame->bytes + ETHERNET_HEADER_LEN, ARP_LEN);
    arp_emit(&w, &message);
    frame->len = ETHERNET_HEADER_LEN + ARP_LEN;
}

enum { DATA_AT = ETHERNET_HEADER_LEN + IPV4_HEADER_LEN };

static inline struct ipv4_header make_ipv4(struct prng *prng, struct made *frame, uint8_t protocol,
                                           size_t len)
{
    make_ethernet(frame, ETHERTYPE_IPV4);
    struct ipv4_header header = {.total_len = (uint16_t)(IPV4_HEADER_LEN + len),
                                 .protocol = protocol};
    header.id = prng_u16(prng);
    header.dscp = (uint8_t)prng_below(prng, 64);
    header.ecn = (uint8_t)prng_below(prng, 4);
    header.ttl = (uint8_t)prng_u16(prng);
    header.dont_fragment = prng_bool(prng);
    header.src = prng_u32(prng);
    header.dst = prng_u32(prng);
    struct writer w = writer_of(frame->bytes + ETHERNET_HEADER_LEN, IPV4_HEADER_LEN);
    ipv4_emit(&w, &header);
    frame->len = DATA_AT + len;
    return header;
}

static inline void make_icmp(struct prng *prng, struct made *frame)
{
    size_t len = prng_below(prng, 100);
    make_ipv4(prng, frame, IP_PROTOCOL_ICMP, ICMP_HEADER_LEN + len);
    uint8_t *body = frame->bytes + DATA_AT + ICMP_HEADER_LEN;
    prng_fill(prng, body, len);
    struct icmp_header header = {.type = (uint8_t)prng_below(prng, 20)};
    header.code = (uint8_t)prng_below(prng, 16);
    header.rest = prng_u32(prng);
    struct writer w = writer_of(frame->bytes + DATA_AT, ICMP_HEADER_LEN);
    icmp_emit(&w, &header, (struct bytes){body, len});
}

/* A datagram with the `len` bytes that stand where its data belongs. */
static inline void make_udp(struct prng *prng, struct made *frame, uint16_t port, size_t len)
{
    struct ipv4_header ip = make_ipv4(prng, frame, IP_PROTOCOL_UDP, UDP_HEADER_LEN + len);
    struct udp_header header = {.src_port = (uint16_t)(1024 + prng_below(prng, 60000)),
                                .dst_port = port};
    struct writer w = writer_of(frame->bytes + DATA_AT, UDP_HEADER_LEN);
    udp_emit(&w, ip_v4(ip.src), ip_v4(ip.dst), &header,
             (struct bytes){frame->bytes + DATA_AT + UDP_HEADER_LEN, len});
}

static inline void make_tcp(struct prng *prng, struct made *frame)
{
    struct tcp_header header = {.dst_port = 80, .window = 7};
    header.src_port = prng_u16(prng);
    header.seq = prng_u32(prng);
    header.ack = prng_u32(prng);
    header.flags = (uint8_t)prng_u16(prng);
    header.options.has_mss = prng_bool(prng);
    header.options.has_window_scale = prng_bool(prng);
    header.options.window_scale = (uint8_t)prng_below(prng, 20);
    header.options.has_timestamps = prng_bool(prng);
    header.options.sack_permitted = prng_bool(prng);
    header.options.n_sack_blocks = (uint8_t)prng_below(prng, 5);
    size_t body = prng_below(prng, 100), header_len = tcp_header_len(&header.options);
    struct ipv4_header ip = make_ipv4(prng, frame, IP_PROTOCOL_TCP, header_len + body);
    uint8_t *data = frame->bytes + DATA_AT + header_len;
    memset(data, 'x', body);
    struct writer w = writer_of(frame->bytes + DATA_AT, header_len);
    tcp_emit(&w, ip_v4(ip.src), ip_v4(ip.dst), &header, (struct bytes){data, body});
}

static inline void add_prng_record(struct prng *prng, struct dns_message *message,
                                   enum dns_section section)
{
    struct dns_record record = {.type = DNS_A, .class = DNS_CLASS_IN};
    CHECK(dns_name_parse_text("www.shop.example", &record.name));
    record.ttl_s = prng_u16(prng);
    record.rdata.addr = ip_v4(prng_u32(prng));
    if (prng_bool(prng)) {
        record.type = DNS_MX;
        record.rdata = (union dns_rdata){.mx = {.preference = 10, .exchange = record.name}};
    }
    CHECK(dns_add_record(message, section, &record));
}

/* Writes a message into the data of a datagram; returns its length. */
static inline size_t make_dns_message(struct prng *prng, uint8_t *to)
{
    struct dns_record records[DNS_MAX_RECORDS];
    struct dns_message message = {.is_response = true, .has_question = true, .records = records};
    message.id = prng_u16(prng);
    message.rcode = (uint8_t)prng_below(prng, 16);
    message.has_edns = prng_bool(prng);
    message.question = (struct dns_question){.type = DNS_A, .class = DNS_CLASS_IN};
    CHECK(dns_name_parse_text("shop.example", &message.question.name));
    for (int section = 0; section < DNS_SECTIONS; section++) {
        for (uint64_t n = prng_below(prng, 8); n > 0; n--) {
            add_prng_record(prng, &message, (enum dns_section)section);
        }
    }
    struct writer w = writer_of(to, 1400);
    dns_emit(&w, &message);
    CHECK(!w.failed);
    return (size_t)(w.p - to);
}

static inline void make_dns(struct prng *prng, struct made *frame)
{
    size_t len = make_dns_message(prng, frame->bytes + DATA_AT + UDP_HEADER_LEN);
    make_udp(prng, frame, DNS_PORT, len);
}

static inline void make_dhcp(struct prng *prng, struct made *frame)
{
    struct dhcp_message message = {.op = DHCP_BOOTREPLY, .chaddr = prng_mac(prng)};
    message.type = (uint8_t)(1 + prng_below(prng, 8));
    message.xid = prng_u32(prng);
    message.yiaddr = prng_u32(prng);
    message.broadcast = prng_bool(prng);
    message.subnet_mask = 0xffffff00;
    message.routers[0] = prng_u32(prng);
    message.lease_time_s = prng_u32(prng);
    memcpy(message.host_name, "pc1", 4);
    uint8_t *to = frame->bytes + DATA_AT + UDP_HEADER_LEN;
    struct writer w = writer_of(to, DHCP_MAX_LEN);
    dhcp_emit(&w, &message);
    make_udp(prng, frame, DHCP_SERVER_PORT, (size_t)(w.p - to));
}

/* Any of them, with some link padding. */
static inline void make_frame(struct prng *prng, struct made *frame)
{
    switch (prng_below(prng, 6)) {
    case 0:
        make_arp(prng, frame);
        break;
    case 1:
        make_icmp(prng, frame);
        break;
    case 2:
        make_udp(prng, frame, 9, prng_below(prng, 100));
        break;
    case 3:
        make_tcp(prng, frame);
        break;
    case 4:
        make_dns(prng, frame);
        break;
    default:
        make_dhcp(prng, frame);
    }
    size_t padding = prng_bool(prng) ? prng_below(prng, 40) : 0;
    memset(frame->bytes + frame->len, 0, padding);
    frame->len += padding;
}

#endif
