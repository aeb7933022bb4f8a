/* Events: things that happen to somebody at a time, in one canonical order.
 *
 * The order is (time, rank). A rank is fixed when the event's source is created, never when it is
 * armed: it says who receives the event (node), whether it is a frame's arrival or a timer (class),
 * and which port or timer it is. So an optimisation that arms events in another order changes no
 * run. Rank 0 is the lab's own actions (faults, expectations): they come first at their instant.
 *
 * A source has at most one pending event: `struct event` is embedded in it, and arming again moves
 * it. Whoever owns the memory cancels the event before giving the memory back.
 */
#ifndef ENV_EVENT_H
#define ENV_EVENT_H

#include <stdbool.h>
#include <stdint.h>

enum event_class {
    EVENT_ARRIVAL = 0,
    EVENT_TIMER = 1,
};

struct event {
    uint64_t at_ns;
    uint64_t rank;
    void (*fire)(void *owner);
    void *owner;
    struct event *next_deferred;
    uint32_t slot; /* where it is queued; 0: not armed */
};

static inline bool event_is_armed(const struct event *event)
{
    return event->slot != 0;
}

/* node: 1 ... 2^24-1 (0 is the lab); identity: of the port or timer within the node and class. */
static inline uint64_t event_rank(uint32_t node, enum event_class class, uint64_t identity)
{
    return (uint64_t)node << 40 | (uint64_t) class << 38 | (identity & ((UINT64_C(1) << 38) - 1));
}

static inline uint32_t event_rank_node(uint64_t rank)
{
    return (uint32_t)(rank >> 40);
}

static inline void event_init(struct event *event, uint64_t rank, void (*fire)(void *owner),
                              void *owner)
{
    *event = (struct event){.rank = rank, .fire = fire, .owner = owner};
}

#endif
