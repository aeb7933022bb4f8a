#include "wire/icmp.h"

#include "wire/checksum.h"

enum { CHECKSUM_AT = 2 }; /* bytes from the start of the header */

bool icmp_parse(struct reader *r, struct icmp_header *header, bool *checksum_right)
{
    /* RFC 792: the checksum covers the whole message, starting with the type */
    *checksum_right = checksum_is_right(checksum_add(0, r->p, reader_left(r)));
    struct reader fixed = reader_sub(r, ICMP_HEADER_LEN);
    header->type = read_u8(&fixed);
    header->code = read_u8(&fixed);
    header->checksum = read_u16(&fixed);
    header->rest = read_u32(&fixed);
    return !fixed.failed;
}

void icmp_emit(struct writer *w, const struct icmp_header *header, struct bytes body)
{
    uint8_t *start = writer_take(w, ICMP_HEADER_LEN);
    if (!start) {
        return;
    }
    struct writer fixed = writer_of(start, ICMP_HEADER_LEN);
    write_u8(&fixed, header->type);
    write_u8(&fixed, header->code);
    write_u16(&fixed, 0);
    write_u32(&fixed, header->rest);
    uint64_t sum = checksum_add(0, start, ICMP_HEADER_LEN);
    struct writer checksum = writer_of(start + CHECKSUM_AT, 2);
    write_u16(&checksum, checksum_finish(checksum_add(sum, body.p, body.len)));
}
