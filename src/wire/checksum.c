#include "wire/checksum.h"

#include <string.h>

/* RFC 1071 section 2 (B): the sum does not depend on the byte order in which it is computed, as
 * long as the result is swapped once. So memory is added as it lies, eight bytes a step, and
 * checksum_finish() brings the sum into host order. Numbers of our own are added as they would lie
 * in memory. The halves of each eight bytes go to sums of their own, 64 bits wide, so that no step
 * has a carry to look after and the compiler may use vectors. */

static uint64_t add_with_carry(uint64_t a, uint64_t b)
{
    uint64_t sum = a + b;
    return sum + (sum < a); /* RFC 1071 section 1: end-around carry */
}

static uint16_t fold(uint64_t sum)
{
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

static uint16_t swap_if_little_endian(uint16_t value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return __builtin_bswap16(value);
#else
    return value;
#endif
}

/* The last zero to seven bytes, as if zeros followed (RFC 1071 section 1). */
static uint64_t tail_sum(const uint8_t *p, size_t len)
{
    uint64_t sum = 0;
    if (len & 4) {
        uint32_t word;
        memcpy(&word, p, sizeof word);
        sum += word;
        p += 4;
    }
    if (len & 2) {
        uint16_t word;
        memcpy(&word, p, sizeof word);
        sum += word;
        p += 2;
    }
    if (len & 1) {
        sum += swap_if_little_endian((uint16_t)(*p << 8));
    }
    return sum;
}

/* On processors with AVX2 this loop is three times as fast with it. The sums are the same. */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) &&                            \
    !defined(__SANITIZE_ADDRESS__)
#define VECTORISED __attribute__((target_clones("avx2", "default")))
#else
#define VECTORISED
#endif

VECTORISED uint64_t checksum_add(uint64_t sum, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    uint64_t low = 0, high = 0;
    for (; len >= 8; len -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, sizeof word);
        low += word & UINT32_MAX;
        high += word >> 32;
    }
    return add_with_carry(sum, low + high + tail_sum(p, len));
}

uint64_t checksum_add_pseudo_header(uint64_t sum, struct ip_addr src, struct ip_addr dst,
                                    uint8_t protocol, uint32_t len)
{
    if (src.version == IP_V6) {
        sum = checksum_add(sum, src.v6, sizeof src.v6);
        sum = checksum_add(sum, dst.v6, sizeof dst.v6);
    } else {
        sum = checksum_add_u32(sum, src.v4);
        sum = checksum_add_u32(sum, dst.v4);
    }
    sum = checksum_add_u32(sum, protocol);
    return checksum_add_u32(sum, len);
}

uint16_t checksum_finish(uint64_t sum)
{
    return (uint16_t)~swap_if_little_endian(fold(sum));
}

uint16_t checksum_update(uint16_t checksum, uint16_t old_word, uint16_t new_word)
{
    /* RFC 1624 section 3, equation 3: HC' = ~(~HC + ~m + m') */
    return (uint16_t)~fold((uint64_t)(uint16_t)~checksum + (uint16_t)~old_word + new_word);
}

uint16_t checksum_update_u32(uint16_t checksum, uint32_t old_value, uint32_t new_value)
{
    checksum = checksum_update(checksum, (uint16_t)(old_value >> 16), (uint16_t)(new_value >> 16));
    return checksum_update(checksum, (uint16_t)old_value, (uint16_t)new_value);
}
