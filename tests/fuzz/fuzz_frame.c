/* Whole Ethernet frames through the parser of every header, and through dissection. Checksums are
 * not asked for: they would keep the fuzzer out of nearly everything. For the same reason frames
 * are dissected a second time with the lengths that they should have. */
#include "fuzz.h"

#include "base/check.h"
#include "base/memory.h"
#include "wire/arp.h"
#include "wire/checksum.h"
#include "wire/dissect.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"
#include "wire/udp.h"

#include <stdlib.h>

static void check_arp(struct reader r)
{
    const uint8_t *start = r.p;
    struct arp_message message;
    if (!arp_parse(&r, &message)) {
        return;
    }
    uint8_t bytes[ARP_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    arp_emit(&w, &message);
    CHECK(!w.failed && w.p == w.end && memcmp(bytes, start, sizeof bytes) == 0);
}

static void check_icmp(struct reader r)
{
    const uint8_t *start = r.p;
    struct icmp_header header;
    bool right;
    if (!icmp_parse(&r, &header, &right)) {
        return;
    }
    uint8_t bytes[ICMP_HEADER_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    icmp_emit(&w, &header, (struct bytes){r.p, reader_left(&r)});
    CHECK(!w.failed && memcmp(bytes, start, 2) == 0 && memcmp(bytes + 4, start + 4, 4) == 0);
    uint64_t sum = checksum_add(checksum_add(0, bytes, sizeof bytes), r.p, reader_left(&r));
    CHECK(checksum_is_right(sum));
}

static void check_udp(struct reader r, struct ip_addr src, struct ip_addr dst)
{
    const uint8_t *start = r.p;
    struct udp_header header, again;
    bool right;
    if (!udp_parse(&r, src, dst, &header, &right)) {
        return;
    }
    CHECK(reader_left(&r) + UDP_HEADER_LEN >= header.len);
    uint8_t bytes[UDP_HEADER_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    struct bytes body = {r.p, header.len - (size_t)UDP_HEADER_LEN};
    udp_emit(&w, src, dst, &header, body);
    CHECK(!w.failed && memcmp(bytes, start, 6) == 0);
    if (right && header.checksum != 0) { /* a checksum has one right value but for 0 and 0xffff */
        CHECK(memcmp(bytes, start, sizeof bytes) == 0);
    }
    struct reader header_only = reader_of(bytes, sizeof bytes);
    CHECK(body.len > 0 || udp_parse(&header_only, src, dst, &again, &right));
}

static void check_tcp(struct reader r, struct ip_addr src, struct ip_addr dst)
{
    struct tcp_header header, again;
    bool right;
    if (!tcp_parse(&r, src, dst, &header, &right)) {
        return;
    }
    uint8_t bytes[TCP_MAX_HEADER_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    tcp_emit(&w, src, dst, &header, (struct bytes){NULL, 0});
    CHECK(!w.failed);
    struct reader emitted = reader_of(bytes, (size_t)(w.p - bytes));
    CHECK(tcp_parse(&emitted, src, dst, &again, &right) && right);
    CHECK(again.src_port == header.src_port && again.dst_port == header.dst_port &&
          again.seq == header.seq && again.ack == header.ack && again.flags == header.flags &&
          again.window == header.window && again.urgent == header.urgent);
}

static void check_ipv4(struct reader r)
{
    const uint8_t *start = r.p;
    struct ipv4_header header;
    enum ipv4_error error = ipv4_parse(&r, &header);
    if (error != IPV4_OK && error != IPV4_BAD_CHECKSUM) {
        return;
    }
    uint8_t bytes[IPV4_HEADER_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    ipv4_emit(&w, &header);
    CHECK(!w.failed && checksum_is_right(checksum_add(0, bytes, sizeof bytes)));
    bytes[6] |= start[6] & 0x80; /* the reserved flag is ignored and never sent */
    CHECK(bytes[0] >> 4 == start[0] >> 4 && memcmp(bytes + 1, start + 1, 9) == 0 &&
          memcmp(bytes + 12, start + 12, 8) == 0);
    if (error != IPV4_OK || header.fragment_offset > 0) {
        return;
    }
    size_t data_len = (size_t)header.total_len - header.header_len;
    struct reader data = reader_sub(&r, data_len);
    CHECK(!data.failed);
    check_icmp(data);
    check_udp(data, ip_v4(header.src), ip_v4(header.dst));
    check_tcp(data, ip_v4(header.src), ip_v4(header.dst));
}

/* Fields tile each header, headers and payload and padding tile the frame. */
static void check_dissection(struct bytes frame, struct dissection *d)
{
    dissect_frame(frame, d);
    uint32_t at = 0;
    for (size_t i = 0; i < d->n_layers; i++) {
        const struct dissect_layer *layer = &d->layers[i];
        uint32_t bits = 0;
        for (size_t j = 0; j < layer->n_fields; j++) {
            CHECK(layer->fields[j].bit_offset == bits && layer->fields[j].bit_len > 0);
            CHECK(layer->fields[j].value[0] != '\0');
            bits += layer->fields[j].bit_len;
        }
        CHECK(layer->offset == at && layer->header_len * 8 == bits);
        CHECK(layer->header_len <= layer->len && layer->offset + layer->len <= frame.len);
        at += layer->header_len;
    }
    CHECK(d->payload.p == frame.p + at && d->payload_offset == at);
    CHECK(at + d->payload.len + d->padding_len == frame.len);
}

/* Sets the lengths of an IPv4 packet without options and of a UDP datagram in it to what is there.
 */
static void repair_lengths(uint8_t *frame, size_t size)
{
    enum { IP_AT = ETHERNET_HEADER_LEN, UDP_AT = IP_AT + IPV4_HEADER_LEN };
    if (size < UDP_AT + UDP_HEADER_LEN || size > UINT16_MAX || frame[IP_AT] != 0x45) {
        return;
    }
    struct writer w = writer_of(frame + IP_AT + 2, 2);
    write_u16(&w, (uint16_t)(size - IP_AT));
    if (frame[IP_AT + 9] == IP_PROTOCOL_UDP) {
        w = writer_of(frame + UDP_AT + 4, 2);
        write_u16(&w, (uint16_t)(size - UDP_AT));
    }
}

static void check_dissections(const uint8_t *data, size_t size)
{
    struct dissection *d = malloc(sizeof *d); /* not zeroed: it must not matter */
    uint8_t *repaired = memory_copy(data, size);
    check_dissection((struct bytes){data, size}, d);
    repair_lengths(repaired, size);
    check_dissection((struct bytes){repaired, size}, d);
    free(repaired);
    free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_dissections(data, size);
    struct reader r = reader_of(data, size);
    struct ethernet_header header;
    if (!ethernet_parse(&r, &header)) {
        return 0;
    }
    uint8_t bytes[ETHERNET_HEADER_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    ethernet_emit(&w, &header);
    CHECK(!w.failed && memcmp(bytes, data, sizeof bytes) == 0);
    check_arp(r);
    check_ipv4(r);
    return 0;
}
