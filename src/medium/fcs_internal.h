/* The frame check sequence at the end of every Ethernet frame: CRC-32 (IEEE 802.3 3.2.9).
 *
 * Packets here do not carry it, since nobody changes a frame between the sender's interface and the
 * receiver's, save a link that corrupts. Only then is it worked out and checked.
 */
#ifndef MEDIUM_FCS_INTERNAL_H
#define MEDIUM_FCS_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

enum { FCS_LEN = 4 };

uint32_t fcs_of(const uint8_t *bytes, size_t len);

#endif
