/* The fast hash: XXH3 (64 bits), the same value on every machine. Not for adversaries: tables that
 * a peer can fill take a secret seed. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *p, size_t len, uint64_t seed);

/* Folds one number into a running hash. */
static inline uint64_t hash_fold(uint64_t hash, uint64_t value)
{
    unsigned __int128 product =
        (unsigned __int128)(hash ^ 0x9e3779b97f4a7c15u) * (value ^ 0xd1b54a32d192ed03u);
    uint64_t mixed = (uint64_t)product ^ (uint64_t)(product >> 64);
    return mixed ^ (hash << 1 | hash >> 63) ^ value;
}

#endif
