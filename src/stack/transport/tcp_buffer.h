/* A connection's two buffers: what is to be sent and what was received.
 *
 * Both are rings that grow on demand, up to a limit fixed at the start, so that an idle connection
 * holds no buffer memory. Offsets count from the ring's first byte.
 */
#ifndef STACK_TRANSPORT_TCP_BUFFER_H
#define STACK_TRANSPORT_TCP_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tcp_ring {
    uint8_t *bytes;
    uint32_t capacity;
    uint32_t start; /* index of the first byte */
};

/* Sent and not yet acknowledged, or not yet sent; the first byte's sequence number is `seq`.
 *
 * What it takes (`limit`) starts at 256 KiB and follows the congestion window up to `most`, as in
 * Linux: more than twice the window only lies there, and costs memory and caches. It never shrinks,
 * since recovery from a loss needs new data while the window is small. */
struct tcp_send_buffer {
    struct tcp_ring ring;
    uint32_t limit;
    uint32_t most;
    uint32_t len;
    uint32_t seq;
};

void tcp_send_buffer_init(struct tcp_send_buffer *buffer, uint32_t most);
void tcp_send_buffer_fini(struct tcp_send_buffer *buffer);

/* Lets it take at least twice `window` bytes, but not more than `most`. */
void tcp_send_buffer_follow(struct tcp_send_buffer *buffer, uint32_t window);

/* Appends what fits and returns how much that was. */
uint32_t tcp_send_buffer_write(struct tcp_send_buffer *buffer, const void *bytes, size_t len);

/* Copies the `len` bytes from sequence number `seq` on, which must be there. */
void tcp_send_buffer_copy(const struct tcp_send_buffer *buffer, uint32_t seq, void *to,
                          uint32_t len);

/* Forgets the bytes before sequence number `seq`. */
void tcp_send_buffer_drop(struct tcp_send_buffer *buffer, uint32_t seq);

enum { TCP_MAX_RANGES = 64 }; /* holes that the reassembly keeps track of */

struct tcp_range { /* bytes [left, right) that came early, as offsets from the next one expected */
    uint32_t left, right;
};

/* Received in order and not yet read (`readable`), then what came early, each at its own place. */
struct tcp_receive_buffer {
    struct tcp_ring ring;
    uint32_t limit;
    uint32_t readable;
    uint32_t n_ranges;
    struct tcp_range *ranges; /* sorted, apart; NULL before the first */
};

void tcp_receive_buffer_init(struct tcp_receive_buffer *buffer, uint32_t limit);
void tcp_receive_buffer_fini(struct tcp_receive_buffer *buffer);

/* Puts `len` bytes `offset` bytes behind the next one expected (offset + len within the limit).
 * Returns how many bytes became readable: 0 when they came early, or were too scattered to keep. */
uint32_t tcp_receive_buffer_insert(struct tcp_receive_buffer *buffer, uint32_t offset,
                                   const uint8_t *bytes, uint32_t len);

/* Copies out and removes at most `size` readable bytes. */
uint32_t tcp_receive_buffer_read(struct tcp_receive_buffer *buffer, void *to, size_t size);

#endif
