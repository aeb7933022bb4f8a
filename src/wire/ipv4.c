#include "wire/ipv4.h"

#include "wire/checksum.h"

/* RFC 791 3.1: the word with the flags and the fragment offset. */
enum {
    VERSION = 4,
    FLAG_DONT_FRAGMENT = 0x4000,
    FLAG_MORE_FRAGMENTS = 0x2000,
    OFFSET_MASK = 0x1fff,
    OFFSET_UNIT = 8,
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
    uint32_t ds = (uint32_t)header->dscp << 2 | (header->ecn & 3u);
    uint32_t fragment = (header->dont_fragment ? FLAG_DONT_FRAGMENT : 0u) |
                        (header->more_fragments ? FLAG_MORE_FRAGMENTS : 0u) |
                        header->fragment_offset / (uint32_t)OFFSET_UNIT;
    uint32_t rows[IPV4_HEADER_LEN / 4] = {
        /* RFC 791 3.1, figure 4; the checksum is zero while it is computed */
        VERSION << 28 | IPV4_HEADER_LEN / 4 << 24 | ds << 16 | header->total_len,
        (uint32_t)header->id << 16 | fragment,
        (uint32_t)header->ttl << 24 | (uint32_t)header->protocol << 16,
        header->src,
        header->dst,
    };
    uint64_t sum = 0;
    for (size_t i = 0; i < IPV4_HEADER_LEN / 4; i++) {
        sum = checksum_add_u32(sum, rows[i]);
    }
    rows[2] |= checksum_finish(sum);
    uint8_t *start = writer_take(w, IPV4_HEADER_LEN);
    struct writer fixed = writer_of(start, start ? IPV4_HEADER_LEN : 0);
    for (size_t i = 0; i < IPV4_HEADER_LEN / 4; i++) {
        write_u32(&fixed, rows[i]);
    }
}
