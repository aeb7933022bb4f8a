/* Strays: frames under way that do not travel in line - out of order, damaged, or copies.
 *
 * Frames in line arrive in the order in which they were sent, so a ring holds them. A stray may
 * arrive before what was sent earlier: strays are a heap by (arrival, transmit number).
 */
#ifndef MEDIUM_STRAY_INTERNAL_H
#define MEDIUM_STRAY_INTERNAL_H

#include "medium/damage_internal.h"

struct stray {
    uint64_t arrives_ns;
    uint64_t behind; /* how many frames in line had been sent before it, since ever */
    uint64_t number; /* among the strays */
    struct packet *frame;
    struct damage damage;
    bool is_copy;
};

struct stray_queue {
    struct stray *heap; /* binary; the first is at 0 */
    size_t count, capacity;
    uint64_t next_number;
};

void stray_queue_fini(struct stray_queue *queue); /* it is empty */

/* Takes over the frame; sets the stray's number. */
void stray_queue_add(struct stray_queue *queue, struct stray stray);

/* count > 0. */
struct stray stray_queue_take_first(struct stray_queue *queue);

static inline const struct stray *stray_queue_first(const struct stray_queue *queue)
{
    return &queue->heap[0];
}

#endif
