/* ICMP for IPv4 (RFC 792, RFC 1191, RFC 1812). */
#ifndef WIRE_ICMP_H
#define WIRE_ICMP_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ICMP_HEADER_LEN = 8,
};

enum icmp_type {
    ICMP_ECHO_REPLY = 0,
    ICMP_DESTINATION_UNREACHABLE = 3,
    ICMP_REDIRECT = 5,
    ICMP_ECHO_REQUEST = 8,
    ICMP_TIME_EXCEEDED = 11,
    ICMP_PARAMETER_PROBLEM = 12,
};

enum icmp_unreachable_code {
    ICMP_NET_UNREACHABLE = 0,
    ICMP_HOST_UNREACHABLE = 1,
    ICMP_PROTOCOL_UNREACHABLE = 2,
    ICMP_PORT_UNREACHABLE = 3,
    ICMP_FRAGMENTATION_NEEDED = 4,
    ICMP_ADMINISTRATIVELY_PROHIBITED = 13,
};

enum icmp_time_exceeded_code {
    ICMP_TTL_EXCEEDED = 0,
    ICMP_REASSEMBLY_EXCEEDED = 1,
};

struct icmp_header {
    uint8_t type;
    uint8_t code;
    uint16_t checksum; /* as received */
    uint32_t rest;     /* echo: id << 16 | sequence; fragmentation needed: next-hop MTU */
};

static inline bool icmp_is_error(uint8_t type)
{
    return type == ICMP_DESTINATION_UNREACHABLE || type == ICMP_REDIRECT ||
           type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETER_PROBLEM || type == 4;
}

/* Consumes the header of a whole message (the reader's bytes). *checksum_right tells whether the
 * message adds up. False when it is too short. */
bool icmp_parse(struct reader *r, struct icmp_header *header, bool *checksum_right);

/* Writes the header for `body`, which is not written, computing the checksum over both. */
void icmp_emit(struct writer *w, const struct icmp_header *header, struct bytes body);

#endif
