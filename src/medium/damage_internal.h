/* Damage: bits of a frame that a link turns over. */
#ifndef MEDIUM_DAMAGE_INTERNAL_H
#define MEDIUM_DAMAGE_INTERNAL_H

#include "base/packet.h"

struct damage {
    uint32_t n_bits;  /* turned over; 0: none */
    bool is_detected; /* the FCS at its end does not match */
};

/* Flips 1 to `max_bits` different bits of the frame or its FCS, then checks the FCS: CRC-32 finds
 * every error of up to three bits in a frame that Ethernet carries, and all but one in 2^32 of the
 * others. `draw` decides how many and which; it is a random number. */
void damage_on_wire(struct damage *damage, struct packet *frame, uint32_t max_bits, uint64_t draw);

/* Flips 1 to `max_bits` different bits of a frame whose FCS was found right: what a bad memory in a
 * network card does. It adds to `damage`. */
void damage_behind_fcs(struct damage *damage, struct packet *frame, uint32_t max_bits,
                       uint64_t draw);

#endif
