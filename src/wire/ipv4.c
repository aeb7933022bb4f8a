#include "wire/ipv4.h"

#include "wire/checksum.h"

/* RFC 791 3.1: the word with the flags and the fragment offset. */
enum {
    VERSION = 4,
    FLAG_DONT_FRAGMENT = 0x4000,
    FLAG_MORE_FRAGMENTS = 0x2000,
    OFFSET_MASK = 0x1fff,
    OFFSET_UNIT = 8,
    CHECKSUM_AT = 10, /* bytes from the start of the header */
};

/* The twenty bytes that every header has. Returns the version. */
static uint8_t parse_fixed(struct reader *r, struct ipv4_header *header)
{
    uint8_t version_and_ihl = read_u8(r);
    header->header_len = (uint8_t)((version_and_ihl & 0xf) * 4);
    uint8_t ds = read_u8(r);
    header->dscp = ds >> 2; /* RFC 2474 section 3 */
    header->ecn = ds & 3;   /* RFC 3168 section 5 */
    header->total_len = read_u16(r);
    header->id = read_u16(r);
    uint16_t fragment = read_u16(r);
    header->dont_fragment = fragment & FLAG_DONT_FRAGMENT;
    header->more_fragments = fragment & FLAG_MORE_FRAGMENTS;
    header->fragment_offset = (uint16_t)((fragment & OFFSET_MASK) * OFFSET_UNIT);
    header->ttl = read_u8(r);
    header->protocol = read_u8(r);
    header->checksum = read_u16(r);
    header->src = read_u32(r);
    header->dst = read_u32(r);
    return version_and_ihl >> 4;
}

enum ipv4_error ipv4_parse_quoted(struct reader *r, struct ipv4_header *header)
{
    const uint8_t *start = r->p;
    struct reader fixed = reader_sub(r, IPV4_HEADER_LEN);
    uint8_t version = parse_fixed(&fixed, header);
    if (fixed.failed) {
        return IPV4_TRUNCATED;
    }
    if (version != VERSION) {
        return IPV4_BAD_VERSION;
    }
    if (header->header_len < IPV4_HEADER_LEN || header->total_len < header->header_len) {
        return IPV4_BAD_LENGTH;
    }
    reader_skip(r, header->header_len - (size_t)IPV4_HEADER_LEN);
    if (r->failed) {
        return IPV4_TRUNCATED;
    }
    /* RFC 1122 3.2.1.2: a host MUST verify the checksum */
    if (!checksum_is_right(checksum_add(0, start, header->header_len))) {
        return IPV4_BAD_CHECKSUM;
    }
    return IPV4_OK;
}

enum ipv4_error ipv4_parse(struct reader *r, struct ipv4_header *header)
{
    size_t left = reader_left(r);
    enum ipv4_error error = ipv4_parse_quoted(r, header);
    if (error == IPV4_OK && header->total_len > left) {
        return IPV4_TRUNCATED;
    }
    return error;
}

void ipv4_emit(struct writer *w, const struct ipv4_header *header)
{
    uint8_t *start = writer_take(w, IPV4_HEADER_LEN);
    if (!start) {
        return;
    }
    struct writer fixed = writer_of(start, IPV4_HEADER_LEN);
    write_u8(&fixed, VERSION << 4 | IPV4_HEADER_LEN / 4);
    write_u8(&fixed, (uint8_t)(header->dscp << 2 | (header->ecn & 3)));
    write_u16(&fixed, header->total_len);
    write_u16(&fixed, header->id);
    write_u16(&fixed, (uint16_t)((header->dont_fragment ? FLAG_DONT_FRAGMENT : 0) |
                                 (header->more_fragments ? FLAG_MORE_FRAGMENTS : 0) |
                                 header->fragment_offset / OFFSET_UNIT));
    write_u8(&fixed, header->ttl);
    write_u8(&fixed, header->protocol);
    write_u16(&fixed, 0); /* RFC 791 3.1: zero while the checksum is computed */
    write_u32(&fixed, header->src);
    write_u32(&fixed, header->dst);
    struct writer checksum = writer_of(start + CHECKSUM_AT, 2);
    write_u16(&checksum, checksum_finish(checksum_add(0, start, IPV4_HEADER_LEN)));
}
