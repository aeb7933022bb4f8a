#include "wire/ethernet.h"

bool ethernet_parse(struct reader *r, struct ethernet_header *header)
{
    struct reader fixed = reader_sub(r, ETHERNET_HEADER_LEN);
    read_copy(&fixed, header->dst.byte, sizeof header->dst.byte);
    read_copy(&fixed, header->src.byte, sizeof header->src.byte);
    header->type = read_u16(&fixed);
    return !fixed.failed;
}

void ethernet_emit(struct writer *w, const struct ethernet_header *header)
{
    write_copy(w, header->dst.byte, sizeof header->dst.byte);
    write_copy(w, header->src.byte, sizeof header->src.byte);
    write_u16(w, header->type);
}
