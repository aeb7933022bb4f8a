/* Theory of operation. To translate is to replace a 32-bit address and a 16-bit port, and to make
 * right every checksum that covers them: the IP header's, the transport's (whose pseudo-header has
 * the address too), and, when the packet is quoted in an ICMP error, that error's. All are updated
 * from the difference (RFC 1624), so that a packet that was damaged before stays visibly damaged.
 * All places are at even offsets of what the checksums cover.
 */
#include "stack/network/nat_internal.h"
#include "wire/checksum.h"
#include "wire/icmp.h"
#include "wire/tcp.h"
#include "wire/udp.h"

enum {
    IP_CHECKSUM_AT = 10,
    IP_SRC_AT = 12,
    IP_DST_AT = 16,
    SRC_PORT_AT = 0,
    DST_PORT_AT = 2,
    ICMP_CHECKSUM_AT = 2,
    ICMP_ID_AT = 4,
    UDP_CHECKSUM_AT = 6,
    TCP_FLAGS_AT = 13,
    TCP_CHECKSUM_AT = 16,
    MIN_QUOTED_DATA = 8, /* RFC 792 */
};

static uint16_t get_u16(const struct packet *packet, size_t at)
{
    struct reader r = packet_reader(packet);
    reader_skip(&r, at);
    return read_u16(&r);
}

static void put_u16(struct packet *packet, size_t at, uint16_t value)
{
    struct writer w = writer_of(packet->data, packet->len);
    (void)writer_take(&w, at);
    write_u16(&w, value);
}

/* --- parsing --- */

static enum nat_kind icmp_kind(uint8_t type)
{
    if (type == ICMP_ECHO_REQUEST) {
        return NAT_ECHO_REQUEST;
    }
    if (type == ICMP_ECHO_REPLY) {
        return NAT_ECHO_REPLY;
    }
    /* RFC 5508 3.2, 4.1: errors about packets on their way; a redirect is for one link only */
    return icmp_is_error(type) && type != ICMP_REDIRECT ? NAT_ERROR : NAT_OTHER;
}

static size_t checksum_at(uint8_t protocol)
{
    return protocol == IP_PROTOCOL_TCP   ? TCP_CHECKSUM_AT
           : protocol == IP_PROTOCOL_UDP ? UDP_CHECKSUM_AT
                                         : ICMP_CHECKSUM_AT;
}

static void parse_icmp(struct reader r, struct nat_packet *info)
{
    info->kind = icmp_kind(read_u8(&r));
    reader_skip(&r, 3); /* code, checksum */
    info->src_port = info->dst_port = read_u16(&r);
}

/* Reads ports and kind. `min_len`: less of the transport is malformed. */
static void parse_transport(struct reader r, struct nat_packet *info, size_t min_len)
{
    size_t len = reader_left(&r);
    bool is_tcp = info->header.protocol == IP_PROTOCOL_TCP;
    bool is_udp = info->header.protocol == IP_PROTOCOL_UDP;
    bool has_ports = is_tcp || is_udp || info->header.protocol == IP_PROTOCOL_ICMP;
    if (!has_ports || info->header.fragment_offset > 0) {
        info->kind = NAT_OTHER;
    } else if (len < min_len) {
        info->kind = NAT_MALFORMED;
    } else if (is_tcp || is_udp) {
        struct reader ports = r;
        info->kind = NAT_PORTS;
        info->src_port = read_u16(&ports);
        info->dst_port = read_u16(&ports);
        reader_skip(&r, TCP_FLAGS_AT);
        info->tcp_flags = is_tcp ? read_u8(&r) : 0; /* a short quote: none */
    } else {
        parse_icmp(r, info);
    }
    info->has_checksum = len >= checksum_at(info->header.protocol) + 2;
}

static size_t header_len_of(uint8_t protocol)
{
    return protocol == IP_PROTOCOL_TCP   ? TCP_HEADER_LEN
           : protocol == IP_PROTOCOL_UDP ? UDP_HEADER_LEN
                                         : ICMP_HEADER_LEN;
}

void nat_packet_parse(const struct packet *packet, struct nat_packet *info)
{
    *info = (struct nat_packet){.kind = NAT_MALFORMED};
    struct reader r = packet_reader(packet);
    if (ipv4_parse(&r, &info->header) != IPV4_OK) {
        return;
    }
    info->transport = info->header.header_len;
    parse_transport(r, info, header_len_of(info->header.protocol));
}

const struct drop_reason *nat_quote_parse(const struct packet *packet,
                                          const struct nat_packet *error, struct nat_packet *quote)
{
    struct reader r = packet_reader(packet);
    reader_skip(&r, error->transport);
    struct icmp_header header;
    bool is_checksum_right;
    if (!icmp_parse(&r, &header, &is_checksum_right)) {
        return &NAT_DROP_MALFORMED;
    }
    if (!is_checksum_right) {
        return &NAT_DROP_BAD_CHECKSUM; /* RFC 5508 REQ-3a */
    }
    *quote = (struct nat_packet){.start = error->transport + ICMP_HEADER_LEN};
    /* DEVIATES: RFC 5508 REQ-3b wants an error dropped whose quoted IP header has a wrong checksum;
     * there are routers that change the TTL before they quote, and their errors are of use. */
    enum ipv4_error fault = ipv4_parse_quoted(&r, &quote->header);
    if (fault != IPV4_OK && fault != IPV4_BAD_CHECKSUM) {
        return &NAT_DROP_MALFORMED;
    }
    quote->transport = quote->start + quote->header.header_len;
    parse_transport(r, quote, MIN_QUOTED_DATA);
    return quote->kind == NAT_MALFORMED ? &NAT_DROP_MALFORMED : NULL;
}

/* --- translating --- */

/* Replaces a word. `cover`: the checksum of an error that quotes it, or NULL. */
static void replace_u16(struct packet *packet, size_t at, uint16_t new_word, uint16_t *cover)
{
    if (cover) {
        *cover = checksum_update(*cover, get_u16(packet, at), new_word);
    }
    put_u16(packet, at, new_word);
}

/* Replaces the address of which `at` is the place in the header. */
static void replace_address(struct packet *packet, const struct nat_packet *info, size_t at,
                            uint32_t old_addr, uint32_t addr, uint16_t *cover)
{
    replace_u16(packet, info->start + at, (uint16_t)(addr >> 16), cover);
    replace_u16(packet, info->start + at + 2, (uint16_t)addr, cover);
    replace_u16(packet, info->start + IP_CHECKSUM_AT,
                checksum_update_u32(info->header.checksum, old_addr, addr), cover);
}

/* What the transport's checksum becomes when what it covers changes so. */
static uint16_t new_checksum(uint16_t sum, uint8_t protocol, uint32_t old_addr, uint32_t addr,
                             uint16_t old_port, uint16_t port)
{
    if (protocol == IP_PROTOCOL_UDP && sum == 0) {
        return 0; /* RFC 768: none was sent; RFC 3022 4.1: none is made */
    }
    if (protocol != IP_PROTOCOL_ICMP) { /* ICMP has no pseudo-header */
        sum = checksum_update_u32(sum, old_addr, addr);
    }
    sum = checksum_update(sum, old_port, port);
    return protocol == IP_PROTOCOL_UDP && sum == 0 ? 0xffff : sum; /* RFC 768 */
}

/* The two ends of a packet, as places in its headers. */
struct side {
    size_t addr_at, port_at;
};
static const struct side SRC = {IP_SRC_AT, SRC_PORT_AT};
static const struct side DST = {IP_DST_AT, DST_PORT_AT};

static void translate(struct packet *packet, const struct nat_packet *info, struct side side,
                      uint32_t addr, uint16_t port, uint16_t *cover)
{
    bool is_src = side.addr_at == IP_SRC_AT;
    uint32_t old_addr = is_src ? info->header.src : info->header.dst;
    uint16_t old_port = is_src ? info->src_port : info->dst_port;
    uint8_t protocol = info->header.protocol;
    size_t port_at = protocol == IP_PROTOCOL_ICMP ? ICMP_ID_AT : side.port_at;
    replace_address(packet, info, side.addr_at, old_addr, addr, cover);
    replace_u16(packet, info->transport + port_at, port, cover);
    if (info->has_checksum) {
        size_t at = info->transport + checksum_at(protocol);
        uint16_t sum = get_u16(packet, at);
        replace_u16(packet, at, new_checksum(sum, protocol, old_addr, addr, old_port, port), cover);
    }
}

void nat_packet_set_src(struct packet *packet, const struct nat_packet *info, uint32_t addr,
                        uint16_t port)
{
    translate(packet, info, SRC, addr, port, NULL);
}

void nat_packet_set_dst(struct packet *packet, const struct nat_packet *info, uint32_t addr,
                        uint16_t port)
{
    translate(packet, info, DST, addr, port, NULL);
}

void nat_packet_set_src_address(struct packet *packet, const struct nat_packet *info, uint32_t addr)
{
    replace_address(packet, info, IP_SRC_AT, info->header.src, addr, NULL);
}

void nat_packet_set_dst_address(struct packet *packet, const struct nat_packet *info, uint32_t addr)
{
    replace_address(packet, info, IP_DST_AT, info->header.dst, addr, NULL);
}

/* RFC 5508 REQ-4, REQ-5: the quoted headers, with their checksums, and the error's checksum. */
static void translate_quote(struct packet *packet, const struct nat_packet *error,
                            const struct nat_packet *quote, struct side side, uint32_t addr,
                            uint16_t port)
{
    size_t at = error->transport + ICMP_CHECKSUM_AT;
    uint16_t cover = get_u16(packet, at);
    translate(packet, quote, side, addr, port, &cover);
    put_u16(packet, at, cover);
    packet_drop_digest(packet); /* quotes may be marked as payload */
}

void nat_quote_set_src(struct packet *packet, const struct nat_packet *error,
                       const struct nat_packet *quote, uint32_t addr, uint16_t port)
{
    translate_quote(packet, error, quote, SRC, addr, port);
}

void nat_quote_set_dst(struct packet *packet, const struct nat_packet *error,
                       const struct nat_packet *quote, uint32_t addr, uint16_t port)
{
    translate_quote(packet, error, quote, DST, addr, port);
}
