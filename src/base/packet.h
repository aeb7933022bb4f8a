/* Packets: refcounted buffers with headroom.
 *
 * A packet is a small descriptor over a block of bytes. Layers push headers in front of `data` and
 * pull them off again, in place. packet_clone() makes a second descriptor over the same block (a
 * switch that floods, a segment kept for retransmission); whoever wants to change bytes of a shared
 * block calls packet_make_writable() first. Descriptors and blocks of the usual size come from the
 * pool's free lists: in steady state no packet allocates.
 *
 * `id` names a packet in the trace: it is given at birth, and clones and rewritten packets keep it,
 * so that one packet can be followed through switches, routers and NATs.
 *
 * The digest: the run hash covers every frame on every link. The bytes from `digest_from` to the
 * end are hashed once and the value kept; the headers before it are hashed at each hop. Whoever
 * changes a byte at or behind `digest_from` calls packet_drop_digest().
 */
#ifndef BASE_PACKET_H
#define BASE_PACKET_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packet_pool;
struct packet_block;

enum {
    PACKET_HEADROOM = 128, /* room for every header we push, with some to spare */
    PACKET_MAX_LEN = 65535 + 128,
};

struct packet {
    struct packet *next; /* free for whoever owns the packet (queues); NULL otherwise */
    struct packet_pool *pool;
    struct packet_block *block;
    uint8_t *data;
    uint32_t len;
    uint32_t digest_from; /* offset in the block; UINT32_MAX: none marked */
    uint64_t digest;
    uint64_t id;
    bool has_digest;
};

/* One pool per world; every packet goes back to it before packet_pool_free(), which checks. */
struct packet_pool *packet_pool_new(void);
void packet_pool_free(struct packet_pool *pool);
size_t packet_pool_in_use(const struct packet_pool *pool); /* packets not yet put back */

/* A packet with `len` bytes of data, uninitialised, and PACKET_HEADROOM before it. The caller owns
 * the one reference. len <= PACKET_MAX_LEN. */
struct packet *packet_new(struct packet_pool *pool, size_t len);
struct packet *packet_new_copy(struct packet_pool *pool, const void *bytes, size_t len);

/* The same bytes under a second descriptor; the caller owns it. */
struct packet *packet_clone(struct packet *packet);

/* Gives the packet back. */
void packet_put(struct packet *packet);

/* Makes sure that nobody else sees changes to the bytes (copies a shared block). */
void packet_make_writable(struct packet *packet);

/* Moves `data` back by `len` bytes and returns a writer over the new front. The block must not be
 * shared (checked) and the headroom must suffice (checked). */
struct writer packet_push(struct packet *packet, size_t len);

/* Moves `data` forward by `len` <= packet->len bytes. */
void packet_pull(struct packet *packet, size_t len);

/* Cuts the packet to `len` bytes (link padding). */
void packet_trim(struct packet *packet, size_t len);

/* Marks the bytes from packet->data + offset on as payload that no hop changes. */
void packet_mark_payload(struct packet *packet, size_t offset);

/* The hash of all bytes, through the payload digest. */
uint64_t packet_hash(struct packet *packet);

static inline void packet_drop_digest(struct packet *packet)
{
    packet->has_digest = false;
}

static inline struct reader packet_reader(const struct packet *packet)
{
    return reader_of(packet->data, packet->len);
}

#endif
