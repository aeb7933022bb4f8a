#include "medium/fcs_internal.h"

/* IEEE 802.3 3.2.9: the remainder by x^32 + x^26 + x^23 + ... + 1, bits of a byte from the least
 * significant, which turns the polynomial around. Entry n is the remainder of the four bits n. */
static const uint32_t REMAINDERS[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

uint32_t fcs_of(const uint8_t *bytes, size_t len)
{
    uint32_t fcs = UINT32_MAX; /* the first 32 bits are complemented ... */
    for (size_t i = 0; i < len; i++) {
        fcs ^= bytes[i];
        fcs = fcs >> 4 ^ REMAINDERS[fcs & 15];
        fcs = fcs >> 4 ^ REMAINDERS[fcs & 15];
    }
    return ~fcs; /* ... and the result too */
}
