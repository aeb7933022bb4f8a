/* The IPv4 header (RFC 791 3.1, RFC 2474 and RFC 3168 for the DS field). */
#ifndef WIRE_IPV4_H
#define WIRE_IPV4_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    IPV4_HEADER_LEN = 20, /* without options */
    IPV4_MAX_HEADER_LEN = 60,
    IPV4_DEFAULT_TTL = 64,
};

enum ip_protocol {
    IP_PROTOCOL_ICMP = 1,
    IP_PROTOCOL_IGMP = 2,
    IP_PROTOCOL_TCP = 6,
    IP_PROTOCOL_UDP = 17,
    IP_PROTOCOL_OSPF = 89,
};

struct ipv4_header {
    uint8_t header_len; /* bytes, with options */
    uint8_t dscp;       /* 6 bits */
    uint8_t ecn;        /* 2 bits */
    uint16_t total_len; /* bytes, header and data */
    uint16_t id;
    bool dont_fragment;
    bool more_fragments;
    uint16_t fragment_offset; /* bytes */
    uint8_t ttl;
    uint8_t protocol;
    uint16_t checksum; /* as received; ipv4_emit computes it */
    uint32_t src;
    uint32_t dst;
};

enum ipv4_error {
    IPV4_OK,
    IPV4_TRUNCATED,    /* shorter than it says */
    IPV4_BAD_VERSION,  /* not 4 */
    IPV4_BAD_LENGTH,   /* header length below 20 or above the total length */
    IPV4_BAD_CHECKSUM, /* RFC 1122 3.2.1.2: silently discard */
};

/* Consumes the header and its options. The reader's bytes may go beyond total_len (link padding).
 * On an error `header` holds what could be read, zeros elsewhere. */
enum ipv4_error ipv4_parse(struct reader *r, struct ipv4_header *header);

/* The same for the packet that an ICMP error quotes: its data may be cut off (RFC 792: "Internet
 * header + 64 bits of original data datagram"), so total_len may go beyond the reader's bytes. */
enum ipv4_error ipv4_parse_quoted(struct reader *r, struct ipv4_header *header);

/* Writes 20 bytes, without options, with the checksum. header_len and checksum are ignored. */
void ipv4_emit(struct writer *w, const struct ipv4_header *header);

#endif
