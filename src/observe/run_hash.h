/* The run hash: one number that two runs share exactly when every frame on every link was the same,
 * at the same time.
 *
 * One accumulator per link direction, fed in the order of transmission, so that the order in which
 * nodes of one instant run cannot matter; combined in link order.
 */
#ifndef OBSERVE_RUN_HASH_H
#define OBSERVE_RUN_HASH_H

#include "base/hash.h"
#include "base/packet.h"

struct run_hash {
    uint64_t value;
    uint64_t frames;
    uint64_t bytes;
};

/* `arrives_ns`: when it will be delivered; UINT64_MAX when the link loses it. */
static inline void run_hash_add_frame(struct run_hash *hash, uint64_t sent_ns, uint64_t arrives_ns,
                                      struct packet *frame)
{
    uint64_t value = hash_fold(hash->value, sent_ns);
    value = hash_fold(value, arrives_ns);
    value = hash_fold(value, frame->len);
    hash->value = hash_fold(value, packet_hash(frame));
    hash->frames++;
    hash->bytes += frame->len;
}

/* The frame arrives a second time. */
static inline void run_hash_add_copy(struct run_hash *hash, uint64_t arrives_ns)
{
    hash->value = hash_fold(hash->value, arrives_ns);
}

/* `n_bits` of the frame just added flip under way; `damaged` is what arrives. */
static inline void run_hash_add_damage(struct run_hash *hash, uint32_t n_bits,
                                       struct packet *damaged)
{
    hash->value = hash_fold(hash_fold(hash->value, n_bits), packet_hash(damaged));
}

/* `frames` that were on their way never arrive, since `at_ns`. */
static inline void run_hash_add_cut(struct run_hash *hash, uint64_t at_ns, uint64_t frames)
{
    hash->value = hash_fold(hash_fold(hash->value, at_ns), frames);
}

/* Adds one direction's result to the whole run's. */
static inline uint64_t run_hash_combine(uint64_t whole, const struct run_hash *direction)
{
    return hash_fold(hash_fold(whole, direction->frames), direction->value);
}

#endif
