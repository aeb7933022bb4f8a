#include "base/packet.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* A block of the usual size holds a full Ethernet frame and its headroom. */
enum { USUAL_BLOCK_SIZE = 2048 - 32 };

struct packet_block {
    struct packet_block *next_free;
    uint32_t references;
    uint32_t size;
    uint8_t bytes[];
};

struct packet_pool {
    struct packet *free_packets;
    struct packet_block *free_blocks;
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
    while (pool->free_packets) {
        struct packet *packet = pool->free_packets;
        pool->free_packets = packet->next;
        free(packet);
    }
    while (pool->free_blocks) {
        struct packet_block *block = pool->free_blocks;
        pool->free_blocks = block->next_free;
        free(block);
    }
    free(pool);
}

size_t packet_pool_in_use(const struct packet_pool *pool)
{
    return pool->in_use;
}

static struct packet_block *block_new(struct packet_pool *pool, size_t size)
{
    struct packet_block *block;
    if (size > USUAL_BLOCK_SIZE) {
        block = memory_resize(NULL, sizeof *block + size);
        block->size = (uint32_t)size;
    } else if (pool->free_blocks) {
        block = pool->free_blocks;
        pool->free_blocks = block->next_free;
    } else {
        block = memory_resize(NULL, sizeof *block + USUAL_BLOCK_SIZE);
        block->size = USUAL_BLOCK_SIZE;
    }
    block->references = 1;
    return block;
}

static void block_put(struct packet_pool *pool, struct packet_block *block)
{
    if (--block->references > 0) {
        return;
    }
    if (block->size != USUAL_BLOCK_SIZE) {
        free(block);
        return;
    }
    block->next_free = pool->free_blocks;
    pool->free_blocks = block;
}

static struct packet *descriptor_new(struct packet_pool *pool)
{
    struct packet *packet = pool->free_packets;
    if (packet) {
        pool->free_packets = packet->next;
    } else {
        packet = memory_resize(NULL, sizeof *packet);
    }
    pool->in_use++;
    return packet;
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
    CHECK(pool->in_use > 0);
    block_put(pool, packet->block);
    packet->next = pool->free_packets;
    pool->free_packets = packet;
    pool->in_use--;
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
    CHECK((size_t)(packet->data - packet->block->bytes) >= len);
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
