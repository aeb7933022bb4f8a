/* What the tests of wire/ share. */
#ifndef WIRE_SUPPORT_H
#define WIRE_SUPPORT_H

#include "base/bytes.h"
#include "base/memory.h"
#include "base/prng.h"
#include "wire/address.h"

#include <stdlib.h>

/* Calls `body(bytes, len, context)` with every shorter length of `bytes`, each time in a block of
 * exactly that size, so that ASan sees whoever reads on. */
static inline void for_each_truncation(const void *bytes, size_t len,
                                       void (*body)(struct bytes cut, void *context), void *context)
{
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *exact = memory_new(cut > 0 ? cut : 1);
        memcpy(exact, bytes, cut);
        body((struct bytes){exact, cut}, context);
        free(exact);
    }
}

static inline bool prng_bool(struct prng *prng)
{
    return prng_below(prng, 2) == 1;
}

static inline struct mac_addr prng_mac(struct prng *prng)
{
    struct mac_addr mac;
    prng_fill(prng, mac.byte, sizeof mac.byte);
    return mac;
}

static inline struct ip_addr prng_ip_v6(struct prng *prng)
{
    struct ip_addr ip = {.version = IP_V6};
    prng_fill(prng, ip.v6, sizeof ip.v6);
    return ip;
}

#endif
