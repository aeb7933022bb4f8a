/* Pseudo-random streams.
 *
 * Every entity and purpose draws from a stream of its own, derived from the world's seed and two
 * names, so that one more host or one more draw elsewhere shifts nobody else's numbers. The
 * generator is SplitMix64 for seeding and xoshiro256** for drawing (Blackman and Vigna, 2018).
 * Never draw twice in one expression: compilers evaluate arguments in different orders.
 */
#ifndef BASE_PRNG_H
#define BASE_PRNG_H

#include <stddef.h>
#include <stdint.h>

struct prng {
    uint64_t s[4];
};

/* `entity`: e.g. a node's name; `purpose`: e.g. "tcp-isn". */
void prng_init(struct prng *prng, uint64_t seed, const char *entity, const char *purpose);

uint64_t prng_u64(struct prng *prng);

/* Uniform in [0, bound), without bias. bound > 0. */
uint64_t prng_below(struct prng *prng, uint64_t bound);

static inline uint32_t prng_u32(struct prng *prng)
{
    return (uint32_t)(prng_u64(prng) >> 32);
}

static inline uint16_t prng_u16(struct prng *prng)
{
    return (uint16_t)(prng_u64(prng) >> 48);
}

void prng_fill(struct prng *prng, void *to, size_t len);

#endif
