#include "medium/damage_internal.h"

#include "base/prng.h"
#include "medium/fcs_internal.h"
#include "medium/link.h"

/* Different bits, each as likely as another. */
struct bits {
    uint64_t at[LINK_MAX_CORRUPT_BITS];
    uint32_t count;
};

static bool bits_has(const struct bits *bits, uint64_t bit)
{
    for (uint32_t i = 0; i < bits->count; i++) {
        if (bits->at[i] == bit) {
            return true;
        }
    }
    return false;
}

/* Chooses 1 to `max_bits` of the bits 0 ... n_bits-1, n_bits > 0. Floyd's way ("A Sample of
 * Brilliance", 1987): every draw adds exactly one bit. */
static void bits_choose(struct bits *bits, uint64_t n_bits, uint32_t max_bits, uint64_t draw)
{
    struct prng prng;
    prng_init(&prng, draw, "damage", "bits");
    uint64_t count = 1 + prng_below(&prng, max_bits);
    bits->count = 0;
    for (uint64_t last = n_bits - (count < n_bits ? count : n_bits); last < n_bits; last++) {
        uint64_t bit = prng_below(&prng, last + 1);
        bits->at[bits->count] = bits_has(bits, bit) ? last : bit;
        bits->count++;
    }
}

/* Flips those of them that are in the frame. */
static void bits_flip(const struct bits *bits, struct packet *frame)
{
    packet_make_writable(frame); /* a copy of it may be elsewhere: kept to be sent again, flooded */
    for (uint32_t i = 0; i < bits->count; i++) {
        uint64_t byte = bits->at[i] / 8;
        if (byte < frame->len) {
            frame->data[byte] ^= (uint8_t)(1u << bits->at[i] % 8);
        }
    }
    packet_drop_digest(frame);
}

/* The error within the FCS itself, whose bits follow those of the frame. */
static uint32_t bits_in_fcs(const struct bits *bits, uint64_t frame_bits)
{
    uint32_t error = 0;
    for (uint32_t i = 0; i < bits->count; i++) {
        if (bits->at[i] >= frame_bits) {
            error |= UINT32_C(1) << (bits->at[i] - frame_bits);
        }
    }
    return error;
}

void damage_on_wire(struct damage *damage, struct packet *frame, uint32_t max_bits, uint64_t draw)
{
    struct bits bits;
    uint64_t frame_bits = UINT64_C(8) * frame->len;
    bits_choose(&bits, frame_bits + UINT64_C(8) * FCS_LEN, max_bits, draw);
    uint32_t fcs = fcs_of(frame->data, frame->len) ^ bits_in_fcs(&bits, frame_bits);
    bits_flip(&bits, frame);
    damage->n_bits += bits.count;
    damage->is_detected = fcs != fcs_of(frame->data, frame->len);
}

void damage_behind_fcs(struct damage *damage, struct packet *frame, uint32_t max_bits,
                       uint64_t draw)
{
    if (frame->len == 0) {
        return;
    }
    struct bits bits;
    bits_choose(&bits, UINT64_C(8) * frame->len, max_bits, draw);
    bits_flip(&bits, frame);
    damage->n_bits += bits.count;
}
