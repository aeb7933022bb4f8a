/* Descriptors and blocks come from slabs, so that those in use lie close together: a world with
 * thousands of packets under way is as fast as its caches allow. A block takes an odd number of
 * cache lines; with a power of two the headers of all packets would compete for the same few.
 *
 * Under AddressSanitizer every descriptor and block is an allocation of its own and is freed at
 * once, so that it sees whoever uses a packet after giving it back.
 */
#include "base/packet.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    CACHE_LINE = 64,
    USUAL_BLOCK_LINES = 33, /* holds a full Ethernet frame and its headroom */
    PACKETS_PER_SLAB = 64,
    BLOCKS_PER_SLAB = 64,
};

#if defined(__SANITIZE_ADDRESS__)
enum { HAS_SLABS = 0 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { HAS_SLABS = 0 };
#else
enum { HAS_SLABS = 1 };
#endif
#else
enum { HAS_SLABS = 1 };
#endif

struct packet_block {
    struct packet_block *next_free;
    uint32_t references;
    uint32_t size;
    uint8_t bytes[];
};

enum { USUAL_BLOCK_SIZE = USUAL_BLOCK_LINES * CACHE_LINE - sizeof(struct packet_block) };

struct packet_slab { /* of descriptors, or of blocks; followed by them */
    struct packet_slab *next;
};

struct packet_pool {
    struct packet *free_packets;
    struct packet_block *free_blocks;
    struct packet_slab *slabs;
    size_t in_use;
    uint64_t next_id;
};

struct packet_pool *packet_pool_new(void)
{
    struct packet_pool *pool = memory_new(sizeof *pool);
    pool->next_id = 1;
    return pool;
}

void packet_pool_free(struct packet_pool *pool)
{
    CHECK(pool->in_use == 0);
    while (pool->slabs) {
        struct packet_slab *slab = pool->slabs;
        pool->slabs = slab->next;
        free(slab);
    }
    free(pool);
}

size_t packet_pool_in_use(const struct packet_pool *pool)
{
    return pool->in_use;
}

/* Memory for `count` items of `size` bytes, aligned to a cache line, that lives as long as the
 * pool. */
static uint8_t *pool_new_slab(struct packet_pool *pool, size_t count, size_t size)
{
    size_t len = CACHE_LINE + count * size;
    struct packet_slab *slab =
        aligned_alloc(CACHE_LINE, (len + CACHE_LINE - 1) & -(size_t)CACHE_LINE);
    CHECK(slab);
    slab->next = pool->slabs;
    pool->slabs = slab;
    return (uint8_t *)slab + CACHE_LINE;
}

static void pool_add_blocks(struct packet_pool *pool)
{
    uint8_t *memory = pool_new_slab(pool, BLOCKS_PER_SLAB, USUAL_BLOCK_LINES * CACHE_LINE);
    for (size_t i = BLOCKS_PER_SLAB; i-- > 0;) {
        struct packet_block *block = (void *)(memory + i * USUAL_BLOCK_LINES * CACHE_LINE);
        block->size = USUAL_BLOCK_SIZE;
        block->next_free = pool->free_blocks;
        pool->free_blocks = block;
    }
}

static struct packet_block *block_new(struct packet_pool *pool, size_t size)
{
    struct packet_block *block;
    if (HAS_SLABS && size <= USUAL_BLOCK_SIZE) {
        if (!pool->free_blocks) {
            pool_add_blocks(pool);
        }
        block = pool->free_blocks;
        pool->free_blocks = block->next_free;
    } else {
        block = memory_resize(NULL, sizeof *block + size);
        block->size = (uint32_t)size;
    }
    block->references = 1;
    return block;
}

static void block_put(struct packet_pool *pool, struct packet_block *block)
{
    if (--block->references > 0) {
        return;
    }
    if (HAS_SLABS && block->size == USUAL_BLOCK_SIZE) {
        block->next_free = pool->free_blocks;
        pool->free_blocks = block;
    } else {
        free(block);
    }
}

static void pool_add_packets(struct packet_pool *pool)
{
    struct packet *packets = (void *)pool_new_slab(pool, PACKETS_PER_SLAB, sizeof(struct packet));
    for (size_t i = PACKETS_PER_SLAB; i-- > 0;) {
        packets[i].next = pool->free_packets;
        pool->free_packets = &packets[i];
    }
}

static struct packet *descriptor_new(struct packet_pool *pool)
{
    pool->in_use++;
    if (!HAS_SLABS) {
        return memory_resize(NULL, sizeof(struct packet));
    }
    if (!pool->free_packets) {
        pool_add_packets(pool);
    }
    struct packet *packet = pool->free_packets;
    pool->free_packets = packet->next;
    return packet;
}

static void descriptor_put(struct packet_pool *pool, struct packet *packet)
{
    CHECK(pool->in_use > 0);
    pool->in_use--;
    if (HAS_SLABS) {
        packet->next = pool->free_packets;
        pool->free_packets = packet;
    } else {
        free(packet);
    }
}

struct packet *packet_new(struct packet_pool *pool, size_t len)
{
    CHECK(len <= PACKET_MAX_LEN);
    struct packet *packet = descriptor_new(pool);
    struct packet_block *block = block_new(pool, PACKET_HEADROOM + len);
    *packet = (struct packet){
        .pool = pool,
        .block = block,
        .data = block->bytes + PACKET_HEADROOM,
        .len = (uint32_t)len,
        .digest_from = UINT32_MAX,
        .id = pool->next_id++,
    };
    return packet;
}

struct packet *packet_new_copy(struct packet_pool *pool, const void *bytes, size_t len)
{
    struct packet *packet = packet_new(pool, len);
    if (len > 0) {
        memcpy(packet->data, bytes, len);
    }
    return packet;
}

struct packet *packet_clone(struct packet *packet)
{
    struct packet *clone = descriptor_new(packet->pool);
    *clone = *packet;
    clone->next = NULL;
    clone->block->references++;
    return clone;
}

void packet_put(struct packet *packet)
{
    struct packet_pool *pool = packet->pool;
    struct packet_block *block = packet->block;
    CHECK(block); /* or it was put back twice */
    packet->block = NULL;
    block_put(pool, block);
    descriptor_put(pool, packet);
}

void packet_make_writable(struct packet *packet)
{
    struct packet_block *shared = packet->block;
    if (shared->references == 1) {
        return;
    }
    size_t offset = (size_t)(packet->data - shared->bytes);
    struct packet_block *own = block_new(packet->pool, offset + packet->len);
    memcpy(own->bytes + offset, packet->data, packet->len);
    packet->block = own;
    packet->data = own->bytes + offset;
    block_put(packet->pool, shared);
}

struct writer packet_push(struct packet *packet, size_t len)
{
    CHECK(packet->block->references == 1);
    size_t headroom = (size_t)(packet->data - packet->block->bytes);
    CHECK(headroom >= len);
    if (headroom > packet->digest_from) {
        packet_drop_digest(packet); /* what is written now may be behind the mark */
    }
    packet->data -= len;
    packet->len += (uint32_t)len;
    return writer_of(packet->data, len);
}

void packet_pull(struct packet *packet, size_t len)
{
    CHECK(len <= packet->len);
    packet->data += len;
    packet->len -= (uint32_t)len;
}

void packet_trim(struct packet *packet, size_t len)
{
    CHECK(len <= packet->len);
    if (len < packet->len) {
        packet->len = (uint32_t)len;
        packet_drop_digest(packet);
    }
}

void packet_mark_payload(struct packet *packet, size_t offset)
{
    CHECK(offset <= packet->len);
    packet->digest_from = (uint32_t)(packet->data + offset - packet->block->bytes);
    packet->has_digest = false;
}

uint64_t packet_hash(struct packet *packet)
{
    uint32_t start = (uint32_t)(packet->data - packet->block->bytes);
    uint32_t end = start + packet->len;
    if (packet->digest_from < start || packet->digest_from > end) {
        return hash_bytes(packet->data, packet->len, 0);
    }
    uint32_t headers = packet->digest_from - start;
    if (!packet->has_digest) {
        packet->digest = hash_bytes(packet->data + headers, packet->len - headers, 0);
        packet->has_digest = true;
    }
    return hash_bytes(packet->data, headers, packet->digest);
}
