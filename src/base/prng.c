#include "base/prng.h"

#include "base/check.h"
#include "base/hash.h"

#include <string.h>

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void prng_init(struct prng *prng, uint64_t seed, const char *entity, const char *purpose)
{
    uint64_t state = hash_bytes(entity, strlen(entity), seed);
    state = hash_bytes(purpose, strlen(purpose), state);
    for (size_t i = 0; i < 4; i++) {
        prng->s[i] = splitmix64(&state);
    }
}

static uint64_t rotate_left(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t prng_u64(struct prng *prng)
{
    uint64_t *s = prng->s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

/* Lemire, "Fast random integer generation in an interval" (2019): the high half of value * bound
 * is the result; it is biased only where the low half is below 2^64 mod bound, which takes a
 * division to know exactly, but can only be where it is below the bound itself. */
uint64_t prng_below(struct prng *prng, uint64_t bound)
{
    CHECK(bound > 0);
    for (;;) {
        unsigned __int128 product = (unsigned __int128)prng_u64(prng) * bound;
        uint64_t low = (uint64_t)product;
        if (low >= bound || low >= -bound % bound) {
            return (uint64_t)(product >> 64);
        }
    }
}

void prng_fill(struct prng *prng, void *to, size_t len)
{
    uint8_t *p = to;
    while (len > 0) {
        uint64_t value = prng_u64(prng);
        for (size_t i = 0; i < 8 && len > 0; i++, len--) {
            *p++ = (uint8_t)(value >> (8 * i));
        }
    }
}
