/* Initial sequence numbers (RFC 6528): hard to guess for others, rising for one four-tuple. */
#ifndef STACK_TRANSPORT_TCP_ISN_H
#define STACK_TRANSPORT_TCP_ISN_H

#include "base/prng.h"
#include "wire/address.h"

struct tcp_isn_secret {
    uint64_t key[2];
};

void tcp_isn_secret_init(struct tcp_isn_secret *secret, struct prng *prng);

uint32_t tcp_isn(const struct tcp_isn_secret *secret, struct endpoint local, struct endpoint remote,
                 uint64_t now_ns);

/* SipHash-2-4 (Aumasson and Bernstein, 2012) of `n` 64-bit words. */
uint64_t tcp_isn_siphash(const uint64_t key[2], const uint64_t *words, size_t n);

#endif
