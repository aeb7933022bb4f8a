/* Rings, and the reassembly in the receive ring: an early segment is copied to where it belongs,
 * and a sorted list of ranges remembers what is there. When the hole in front is filled, ranges
 * that now touch the readable bytes join them; nothing is copied twice. */
#include "stack/transport/tcp_buffer.h"

#include "base/check.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { SMALLEST_RING = 2048, FIRST_SEND_LIMIT = 262144 };

/* --- the ring --- */

static uint32_t ring_index(const struct tcp_ring *ring, uint32_t offset)
{
    uint32_t index = ring->start + offset;
    return index >= ring->capacity ? index - ring->capacity : index;
}

static void ring_read(const struct tcp_ring *ring, uint32_t offset, void *to, uint32_t len)
{
    if (len == 0) {
        return;
    }
    uint32_t index = ring_index(ring, offset);
    uint32_t first = ring->capacity - index < len ? ring->capacity - index : len;
    memcpy(to, ring->bytes + index, first);
    memcpy((uint8_t *)to + first, ring->bytes, len - first);
}

static void ring_write(struct tcp_ring *ring, uint32_t offset, const void *from, uint32_t len)
{
    if (len == 0) {
        return;
    }
    uint32_t index = ring_index(ring, offset);
    uint32_t first = ring->capacity - index < len ? ring->capacity - index : len;
    memcpy(ring->bytes + index, from, first);
    memcpy(ring->bytes, (const uint8_t *)from + first, len - first);
}

/* `left` bytes stay behind those dropped. An empty ring begins at its front again: who reads as
 * fast as data comes uses the same few bytes for ever, which lie in the processor's cache. */
static void ring_drop(struct tcp_ring *ring, uint32_t len, uint32_t left)
{
    if (left == 0) {
        ring->start = 0;
    } else if (len > 0) {
        ring->start = ring_index(ring, len);
    }
}

/* Makes room for `needed` bytes in all, of which `used` are in use now. */
static void ring_reserve(struct tcp_ring *ring, uint32_t used, uint32_t needed, uint32_t limit)
{
    if (needed <= ring->capacity) {
        return;
    }
    CHECK(needed <= limit);
    uint32_t capacity = ring->capacity ? ring->capacity : SMALLEST_RING;
    while (capacity < needed) {
        capacity *= 2;
    }
    capacity = capacity > limit ? limit : capacity;
    uint8_t *bytes = memory_resize(NULL, capacity);
    ring_read(ring, 0, bytes, used);
    free(ring->bytes);
    *ring = (struct tcp_ring){.bytes = bytes, .capacity = capacity};
}

static void ring_fini(struct tcp_ring *ring)
{
    free(ring->bytes);
    *ring = (struct tcp_ring){0};
}

/* --- sending --- */

void tcp_send_buffer_init(struct tcp_send_buffer *buffer, uint32_t most)
{
    uint32_t limit = most < FIRST_SEND_LIMIT ? most : FIRST_SEND_LIMIT;
    *buffer = (struct tcp_send_buffer){.limit = limit, .most = most};
}

void tcp_send_buffer_follow(struct tcp_send_buffer *buffer, uint32_t window)
{
    uint32_t wanted = window < buffer->most / 2 ? window * 2 : buffer->most;
    if (wanted > buffer->limit) {
        buffer->limit = wanted;
    }
}

void tcp_send_buffer_fini(struct tcp_send_buffer *buffer)
{
    ring_fini(&buffer->ring);
    buffer->len = 0;
}

uint32_t tcp_send_buffer_write(struct tcp_send_buffer *buffer, const void *bytes, size_t len)
{
    uint32_t room = buffer->limit - buffer->len;
    uint32_t taken = len < room ? (uint32_t)len : room;
    ring_reserve(&buffer->ring, buffer->len, buffer->len + taken, buffer->most);
    ring_write(&buffer->ring, buffer->len, bytes, taken);
    buffer->len += taken;
    return taken;
}

void tcp_send_buffer_copy(const struct tcp_send_buffer *buffer, uint32_t seq, void *to,
                          uint32_t len)
{
    uint32_t offset = seq - buffer->seq;
    CHECK(offset <= buffer->len && len <= buffer->len - offset);
    ring_read(&buffer->ring, offset, to, len);
}

void tcp_send_buffer_drop(struct tcp_send_buffer *buffer, uint32_t seq)
{
    uint32_t len = seq - buffer->seq;
    CHECK(len <= buffer->len);
    buffer->len -= len;
    ring_drop(&buffer->ring, len, buffer->len);
    buffer->seq = seq;
}

/* --- receiving --- */

void tcp_receive_buffer_init(struct tcp_receive_buffer *buffer, uint32_t limit)
{
    *buffer = (struct tcp_receive_buffer){.limit = limit};
}

void tcp_receive_buffer_fini(struct tcp_receive_buffer *buffer)
{
    ring_fini(&buffer->ring);
    free(buffer->ranges);
    buffer->ranges = NULL;
    buffer->n_ranges = 0;
    buffer->readable = 0;
}

/* Adds [left, right) to the ranges, joining those it touches. False: it would need one too many. */
static bool ranges_add(struct tcp_receive_buffer *buffer, uint32_t left, uint32_t right)
{
    if (!buffer->ranges) {
        buffer->ranges = memory_new_array(TCP_MAX_RANGES, sizeof *buffer->ranges);
    }
    struct tcp_range *ranges = buffer->ranges;
    uint32_t first = 0; /* the first range that touches or follows the new one */
    while (first < buffer->n_ranges && ranges[first].right < left) {
        first++;
    }
    uint32_t last = first; /* one past the last range that touches it */
    while (last < buffer->n_ranges && ranges[last].left <= right) {
        left = ranges[last].left < left ? ranges[last].left : left;
        right = ranges[last].right > right ? ranges[last].right : right;
        last++;
    }
    if (first == last && buffer->n_ranges == TCP_MAX_RANGES) {
        return false;
    }
    memmove(&ranges[first + 1], &ranges[last], (buffer->n_ranges - last) * sizeof *ranges);
    ranges[first] = (struct tcp_range){left, right};
    buffer->n_ranges = buffer->n_ranges - (last - first) + 1;
    return true;
}

/* The first `len` bytes expected have come: moves the ranges' origin behind them, and behind what
 * they now touch. Returns how many bytes are in order in all. */
static uint32_t ranges_advance(struct tcp_receive_buffer *buffer, uint32_t len)
{
    uint32_t joined = 0;
    while (joined < buffer->n_ranges && buffer->ranges[joined].left <= len) {
        len = buffer->ranges[joined].right > len ? buffer->ranges[joined].right : len;
        joined++;
    }
    buffer->n_ranges -= joined;
    for (uint32_t i = 0; i < buffer->n_ranges; i++) {
        struct tcp_range range = buffer->ranges[i + joined];
        buffer->ranges[i] = (struct tcp_range){range.left - len, range.right - len};
    }
    return len;
}

static uint32_t receive_buffer_used(const struct tcp_receive_buffer *buffer)
{
    uint32_t early = buffer->n_ranges ? buffer->ranges[buffer->n_ranges - 1].right : 0;
    return buffer->readable + early;
}

uint32_t tcp_receive_buffer_insert(struct tcp_receive_buffer *buffer, uint32_t offset,
                                   const uint8_t *bytes, uint32_t len)
{
    uint32_t used = receive_buffer_used(buffer);
    uint32_t end = buffer->readable + offset + len;
    if (len == 0 || (offset > 0 && !ranges_add(buffer, offset, offset + len))) {
        return 0;
    }
    ring_reserve(&buffer->ring, used, end > used ? end : used, buffer->limit);
    ring_write(&buffer->ring, buffer->readable + offset, bytes, len);
    if (offset > 0) {
        return 0;
    }
    uint32_t in_order = ranges_advance(buffer, len);
    buffer->readable += in_order;
    return in_order;
}

uint32_t tcp_receive_buffer_read(struct tcp_receive_buffer *buffer, void *to, size_t size)
{
    uint32_t len = size < buffer->readable ? (uint32_t)size : buffer->readable;
    ring_read(&buffer->ring, 0, to, len);
    buffer->readable -= len;
    ring_drop(&buffer->ring, len, receive_buffer_used(buffer));
    return len;
}
