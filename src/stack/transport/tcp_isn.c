/* ISN = M + F(local, remote, secret): M is a clock of 4 microseconds, F a keyed hash that nobody
 * can compute without the secret. So the numbers of one four-tuple rise from connection to
 * connection (old segments are recognised), and those of one tuple tell nothing about another's.
 * F is SipHash-2-4, as in most systems today, where RFC 6528 still names MD5. */
#include "stack/transport/tcp_isn.h"

struct siphash {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void siphash_round(struct siphash *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static void siphash_add(struct siphash *s, uint64_t word)
{
    s->v3 ^= word;
    siphash_round(s);
    siphash_round(s);
    s->v0 ^= word;
}

uint64_t tcp_isn_siphash(const uint64_t key[2], const uint64_t *words, size_t n)
{
    struct siphash s = {
        key[0] ^ UINT64_C(0x736f6d6570736575), /* "somepseu" "dorandom" "lygenera" "tedbytes" */
        key[1] ^ UINT64_C(0x646f72616e646f6d),
        key[0] ^ UINT64_C(0x6c7967656e657261),
        key[1] ^ UINT64_C(0x7465646279746573),
    };
    for (size_t i = 0; i < n; i++) {
        siphash_add(&s, words[i]);
    }
    siphash_add(&s, (uint64_t)(n * 8) << 56); /* the length, in a last word without rest bytes */
    s.v2 ^= 0xff;
    for (int i = 0; i < 4; i++) {
        siphash_round(&s);
    }
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

void tcp_isn_secret_init(struct tcp_isn_secret *secret, struct prng *prng)
{
    secret->key[0] = prng_u64(prng);
    secret->key[1] = prng_u64(prng);
}

static uint64_t address_word(struct ip_addr addr, unsigned half)
{
    if (addr.version == IP_V4) {
        return half == 0 ? addr.v4 : 0;
    }
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; i++) {
        word = word << 8 | addr.v6[half * 8 + i];
    }
    return word;
}

uint32_t tcp_isn(const struct tcp_isn_secret *secret, struct endpoint local, struct endpoint remote,
                 uint64_t now_ns)
{
    uint64_t words[] = {
        address_word(local.addr, 0),
        address_word(local.addr, 1),
        address_word(remote.addr, 0),
        address_word(remote.addr, 1),
        (uint64_t)local.port << 32 | remote.port,
    };
    uint64_t clock = now_ns / 4000; /* RFC 9293 3.4.1: one step every 4 microseconds */
    return (uint32_t)(clock + tcp_isn_siphash(secret->key, words, sizeof words / sizeof words[0]));
}
