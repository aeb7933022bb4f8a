/* The Internet checksum (RFC 1071), computed a word at a time. */
#ifndef WIRE_CHECKSUM_H
#define WIRE_CHECKSUM_H

#include "wire/address.h"

#include <stddef.h>
#include <stdint.h>

/* A running one's-complement sum, to be folded and complemented at the end; start with 0. Its value
 * depends on the machine's byte order: only the functions here may look at it. Blocks may be added
 * in any order as long as each but the last has an even length. */
uint64_t checksum_add(uint64_t sum, const void *bytes, size_t len);

/* Adds four bytes by their value: what write_u32 writes. For headers that are summed while they are
 * still in registers: reading back what was just written in other sizes stalls the processor. */
static inline uint64_t checksum_add_u32(uint64_t sum, uint32_t value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    value = __builtin_bswap32(value);
#endif
    sum += value;
    return sum + (sum < value); /* RFC 1071 section 1: end-around carry */
}

/* The pseudo-header of UDP and TCP over IPv4 (RFC 9293 3.1, RFC 768) or IPv6 (RFC 8200 8.1). */
uint64_t checksum_add_pseudo_header(uint64_t sum, struct ip_addr src, struct ip_addr dst,
                                    uint8_t protocol, uint32_t len);

/* The value to put on the wire (host order, for write_u16). */
uint16_t checksum_finish(uint64_t sum);

/* True when bytes that include their own checksum add up. */
static inline bool checksum_is_right(uint64_t sum)
{
    return checksum_finish(sum) == 0;
}

/* RFC 1624, equation 3: the checksum after one 16-bit word of what it covers changed. */
uint16_t checksum_update(uint16_t checksum, uint16_t old_word, uint16_t new_word);
uint16_t checksum_update_u32(uint16_t checksum, uint32_t old_value, uint32_t new_value);

#endif
