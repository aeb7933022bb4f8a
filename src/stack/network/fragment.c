/* Theory of operation. A packet larger than the MTU of the link it leaves by goes in fragments (RFC
 * 791 3.2): each but the last with as much data as fits, in units of 8 bytes, all with the header's
 * identification. What is cut may be a fragment itself: its pieces stand where it stood. The first
 * keeps all options, the others those that must be copied.
 *
 * Fragments bear the id of their packet in the trace: they are that packet, in pieces.
 *
 * RFC 6864 4.3: the identification of what may be fragmented is not to be used again, for the same
 * ends and protocol, while an older one is under way. What we send counts one up with each packet;
 * what a NAT sends on under our address takes its place in that count here, since two hosts behind
 * it may well have chosen the same value.
 * DEVIATES: RFC 6864 5.3 asks this of the NAT for packets that somebody else may fragment, too.
 */
#include "base/check.h"
#include "stack/network/ipv4_internal.h"
#include "wire/checksum.h"

static const struct trace_field FRAGMENTED_FIELDS[] = {
    TRACE_FIELD(struct ipv4_fragmented, src, TRACE_IP),
    TRACE_FIELD(struct ipv4_fragmented, dst, TRACE_IP),
    TRACE_FIELD(struct ipv4_fragmented, id, TRACE_U16),
    TRACE_FIELD(struct ipv4_fragmented, len, TRACE_U32),
    TRACE_FIELD(struct ipv4_fragmented, fragments, TRACE_U32),
    TRACE_FIELD(struct ipv4_fragmented, out, TRACE_TEXT),
    TRACE_FIELD(struct ipv4_fragmented, mtu, TRACE_U32),
};
TRACE_KIND(IPV4_FRAGMENTED, "ipv4.fragmented",
           "cuts {src} > {dst} for {out} (MTU {mtu}): {len} bytes in {fragments} fragments "
           "(id {id})",
           FRAGMENTED_FIELDS);

enum {
    MAX_TOTAL_LEN = 65535,
    TTL_OFFSET = 8,
    CHECKSUM_OFFSET = 10,
    FLAG_DONT_FRAGMENT = 0x4000,
    FLAG_MORE_FRAGMENTS = 0x2000,
    OPTION_COPIED = 0x80, /* RFC 791 3.1 */
    OPTION_END = 0,
    OPTION_NOP = 1,
};

void ipv4_rewrite_header(uint8_t *bytes, const struct ipv4_header *header)
{
    unsigned flags = (header->dont_fragment ? FLAG_DONT_FRAGMENT : 0u) |
                     (header->more_fragments ? FLAG_MORE_FRAGMENTS : 0u);
    uint8_t front[CHECKSUM_OFFSET + 2]; /* addresses and options stay */
    struct writer w = writer_of(front, sizeof front);
    write_u8(&w, (uint8_t)(0x40 | header->header_len / 4));
    write_u8(&w, (uint8_t)(header->dscp << 2 | header->ecn));
    write_u16(&w, header->total_len);
    write_u16(&w, header->id);
    write_u16(&w, (uint16_t)(flags | header->fragment_offset / 8));
    write_copy(&w, bytes + TTL_OFFSET, 2); /* TTL, protocol */
    struct writer checksum = w;
    write_u16(&w, 0);
    memcpy(bytes, front, sizeof front);
    write_u16(&checksum, checksum_finish(checksum_add(0, bytes, header->header_len)));
    memcpy(bytes, front, sizeof front);
}

/* A packet's header as its fragments have it. */
struct cut_header {
    uint8_t bytes[IPV4_MAX_HEADER_LEN];
    uint8_t len;
};

static void copy_header(const struct packet *packet, size_t len, struct cut_header *header)
{
    memcpy(header->bytes, packet->data, len);
    header->len = (uint8_t)len;
}

/* The length of the option at the reader; 0: the rest is no option. */
static size_t option_len(struct reader r)
{
    uint8_t type = read_u8(&r);
    size_t len = type == OPTION_NOP ? 1 : read_u8(&r);
    bool is_right = type == OPTION_NOP || (len >= 2 && len - 2 <= reader_left(&r));
    return r.failed || type == OPTION_END || !is_right ? 0 : len;
}

/* RFC 791 3.1: the header of all fragments but the first has the options that are to be copied,
 * filled up to a multiple of four bytes with "end of options". */
static void copy_header_of_rest(const struct packet *packet, size_t len, struct cut_header *header)
{
    *header = (struct cut_header){.len = IPV4_HEADER_LEN};
    memcpy(header->bytes, packet->data, IPV4_HEADER_LEN);
    struct reader options =
        reader_of(packet->data + IPV4_HEADER_LEN, len - (size_t)IPV4_HEADER_LEN);
    size_t option;
    while ((option = option_len(options)) > 0) {
        const uint8_t *bytes = reader_take(&options, option);
        if (bytes[0] & OPTION_COPIED) {
            memcpy(header->bytes + header->len, bytes, option);
            header->len = (uint8_t)(header->len + option);
        }
    }
    header->len = (uint8_t)((header->len + 3) & ~3);
}

static void ship(const struct ipv4_exit *way, struct packet *packet)
{
    if (way->link_dst) {
        netif_send(way->netif, packet, *way->link_dst, ETHERTYPE_IPV4);
    } else {
        netif_send_ipv4(way->netif, packet, way->next_hop);
    }
}

/* Sends `len` bytes of the packet's data from `start` on. */
static void send_piece(const struct packet *packet, const struct ipv4_header *header, size_t start,
                       size_t len, const struct cut_header *cut, const struct ipv4_exit *way)
{
    struct packet *piece = packet_new(packet->pool, cut->len + len);
    struct ipv4_header own = *header;
    own.header_len = cut->len;
    own.total_len = (uint16_t)(cut->len + len);
    own.fragment_offset = (uint16_t)(header->fragment_offset + start);
    own.more_fragments = header->more_fragments || header->header_len + start + len < packet->len;
    struct writer w = writer_of(piece->data, piece->len);
    write_copy(&w, cut->bytes, cut->len);
    write_copy(&w, packet->data + header->header_len + start, len);
    ipv4_rewrite_header(piece->data, &own);
    packet_mark_payload(piece, cut->len);
    piece->id = packet->id;
    ship(way, piece);
}

static void trace_fragmented(const struct ipv4 *ip, const struct packet *packet,
                             const struct ipv4_header *header, const struct netif *netif,
                             size_t pieces)
{
    if (trace_is_on(ip->scope->trace)) {
        trace_emit(ip->scope, &IPV4_FRAGMENTED, packet,
                   &(struct ipv4_fragmented){
                       .src = ip_v4(header->src),
                       .dst = ip_v4(header->dst),
                       .id = header->id,
                       .len = packet->len,
                       .fragments = (uint32_t)pieces,
                       .out = netif->name,
                       .mtu = netif->mtu,
                   });
    }
}

/* How much data a fragment takes behind a header of that length: a multiple of 8. */
static size_t room_behind(const struct netif *netif, size_t header_len)
{
    CHECK(netif->mtu >= header_len + 8); /* RFC 791 3.2: every link carries 68 bytes */
    return (netif->mtu - header_len) & ~(size_t)7;
}

/* How many pieces `len` bytes of data make. */
static size_t count_pieces(size_t len, size_t room_of_first, size_t room)
{
    return 1 + (len - room_of_first + room - 1) / room;
}

static void send_in_pieces(struct ipv4 *ip, const struct packet *packet, struct ipv4_header *header,
                           const struct ipv4_exit *way)
{
    struct cut_header first, rest;
    copy_header(packet, header->header_len, &first);
    copy_header_of_rest(packet, header->header_len, &rest);
    size_t len = packet->len - header->header_len;
    size_t room_of_first = room_behind(way->netif, first.len);
    size_t room = room_behind(way->netif, rest.len);
    bool is_fragment = header->more_fragments || header->fragment_offset > 0;
    if (!is_fragment && ipv4_is_own(ip, header->src)) {
        header->id = ip->next_id++; /* RFC 6864 4.3, 5.3 */
    }
    trace_fragmented(ip, packet, header, way->netif, count_pieces(len, room_of_first, room));
    send_piece(packet, header, 0, room_of_first, &first, way);
    for (size_t start = room_of_first; start < len; start += room) {
        size_t left = len - start;
        send_piece(packet, header, start, left < room ? left : room, &rest, way);
    }
}

void ipv4_transmit(struct ipv4 *ip, struct packet *packet, const struct ipv4_exit *way)
{
    if (packet->len <= way->netif->mtu) {
        ship(way, packet);
        return;
    }
    struct reader r = packet_reader(packet);
    struct ipv4_header header;
    bool is_right = ipv4_parse(&r, &header) == IPV4_OK && !header.dont_fragment;
    /* a fragment that goes beyond any datagram: its pieces would begin anew at 0 */
    if (!is_right || header.fragment_offset + packet->len > MAX_TOTAL_LEN) {
        ipv4_drop(ip, way->netif, packet, &IPV4_DROP_TOO_BIG);
        return;
    }
    send_in_pieces(ip, packet, &header, way);
    packet_put(packet);
}
