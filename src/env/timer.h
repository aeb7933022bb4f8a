/* A lazy timer: setting it later is an assignment.
 *
 * TCP moves its retransmission timer on every acknowledgement; moving an event in the heap each
 * time would cost more than the segment. The pending event may therefore be earlier than the
 * deadline: it then re-arms itself and nobody notices.
 */
#ifndef ENV_TIMER_H
#define ENV_TIMER_H

#include "env/env.h"

struct timer {
    struct event event;
    struct env *env;
    uint64_t deadline_ns; /* TIMER_OFF when not set */
    void (*expire)(void *owner);
    void *owner;
};

#define TIMER_OFF UINT64_MAX

void timer_init(struct timer *timer, struct env *env, uint64_t rank, void (*expire)(void *owner),
                void *owner);

/* Expires once, at `deadline_ns` (absolute), unless stopped or set again; a deadline that is not in
 * the future means as soon as the running event and what is deferred are done. */
void timer_set(struct timer *timer, uint64_t deadline_ns);

static inline void timer_stop(struct timer *timer)
{
    timer->deadline_ns = TIMER_OFF;
}

static inline bool timer_is_set(const struct timer *timer)
{
    return timer->deadline_ns != TIMER_OFF;
}

/* Takes the pending event out of the queue: before the memory goes. */
void timer_fini(struct timer *timer);

#endif
