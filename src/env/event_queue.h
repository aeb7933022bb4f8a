/* The event queue: a 4-ary heap on (time, rank), and the running node's FIFO of things due now.
 *
 * An event armed for now or earlier does not enter the heap: it joins the FIFO, which is drained
 * before the next event, in the order of arming.
 */
#ifndef ENV_EVENT_QUEUE_H
#define ENV_EVENT_QUEUE_H

#include "env/event.h"

#include <stddef.h>

struct event_queue_entry {
    uint64_t at_ns;
    uint64_t rank;
    struct event *event;
};

struct event_queue {
    struct event_queue_entry *heap; /* heap[1] is the first; heap[0] is unused */
    size_t count;
    size_t capacity;
    struct event *deferred_first;
    struct event *deferred_last;
};

void event_queue_init(struct event_queue *queue);
void event_queue_fini(struct event_queue *queue); /* forgets pending events; owners free them */

/* Adds or moves the event. */
void event_queue_arm(struct event_queue *queue, struct event *event, uint64_t at_ns);
void event_queue_defer(struct event_queue *queue, struct event *event);
void event_queue_cancel(struct event_queue *queue, struct event *event);

/* Cancels whatever is pending for one node (by rank): a crash. */
void event_queue_cancel_node(struct event_queue *queue, uint32_t node);

/* The first event of the heap, not removed; NULL when there is none. */
struct event *event_queue_first(const struct event_queue *queue);

/* Removes and returns the next deferred event; NULL when there is none. */
struct event *event_queue_take_deferred(struct event_queue *queue);

#endif
