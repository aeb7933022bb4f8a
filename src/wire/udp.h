/* The UDP header (RFC 768). */
#ifndef WIRE_UDP_H
#define WIRE_UDP_H

#include "base/bytes.h"
#include "wire/address.h"

enum {
    UDP_HEADER_LEN = 8,
};

struct udp_header {
    uint16_t src_port;
    uint16_t dst_port;
    uint16_t len;      /* header and data */
    uint16_t checksum; /* 0: none was sent */
};

/* Consumes the header of a whole datagram (the reader's bytes, link padding excluded).
 * *checksum_right is true when it adds up or was not sent (RFC 768; over IPv6 it must be sent).
 * False when too short, or `len` does not fit. `len` may be below the reader's bytes: what is
 * behind it is not data. */
bool udp_parse(struct reader *r, struct ip_addr src, struct ip_addr dst, struct udp_header *header,
               bool *checksum_right);

/* Writes the header for `body` (at most 65527 bytes; it stands or will stand behind the header and
 * is not written), with the checksum (0 is sent as 0xffff). header->len and checksum are ignored.
 */
void udp_emit(struct writer *w, struct ip_addr src, struct ip_addr dst,
              const struct udp_header *header, struct bytes body);

#endif
