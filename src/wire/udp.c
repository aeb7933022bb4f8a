#include "wire/udp.h"

#include "wire/checksum.h"
#include "wire/ipv4.h"

enum { CHECKSUM_AT = 6 }; /* bytes from the start of the header */

static bool is_checksum_right(const uint8_t *start, const struct udp_header *header,
                              struct ip_addr src, struct ip_addr dst)
{
    if (header->checksum == 0) {
        /* RFC 768: zero means that the sender generated none; RFC 8200 8.1: not so over IPv6 */
        return src.version != IP_V6;
    }
    uint64_t sum = checksum_add_pseudo_header(0, src, dst, IP_PROTOCOL_UDP, header->len);
    return checksum_is_right(checksum_add(sum, start, header->len));
}

bool udp_parse(struct reader *r, struct ip_addr src, struct ip_addr dst, struct udp_header *header,
               bool *checksum_right)
{
    const uint8_t *start = r->p;
    size_t whole = reader_left(r);
    struct reader fixed = reader_sub(r, UDP_HEADER_LEN);
    header->src_port = read_u16(&fixed);
    header->dst_port = read_u16(&fixed);
    header->len = read_u16(&fixed);
    header->checksum = read_u16(&fixed);
    *checksum_right = false;
    if (fixed.failed || header->len < UDP_HEADER_LEN || header->len > whole) {
        return false;
    }
    *checksum_right = is_checksum_right(start, header, src, dst);
    return true;
}

void udp_emit(struct writer *w, struct ip_addr src, struct ip_addr dst,
              const struct udp_header *header, struct bytes body)
{
    uint8_t *start = writer_take(w, UDP_HEADER_LEN);
    if (!start) {
        return;
    }
    uint16_t len = (uint16_t)(UDP_HEADER_LEN + body.len);
    struct writer fixed = writer_of(start, UDP_HEADER_LEN);
    write_u16(&fixed, header->src_port);
    write_u16(&fixed, header->dst_port);
    write_u16(&fixed, len);
    write_u16(&fixed, 0);
    uint64_t sum = checksum_add_pseudo_header(0, src, dst, IP_PROTOCOL_UDP, len);
    sum = checksum_add(checksum_add(sum, start, UDP_HEADER_LEN), body.p, body.len);
    uint16_t value = checksum_finish(sum);
    struct writer checksum = writer_of(start + CHECKSUM_AT, 2);
    write_u16(&checksum, value == 0 ? 0xffff : value); /* RFC 768: zero is sent as all ones */
}
