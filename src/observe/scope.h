/* Scope: who acts, and in which world.
 *
 * Everything that protocol code needs beyond its own state: the environment (time, events,
 * packets), the trace, and the identity of the node on whose behalf it runs. One per node; the lab
 * has one with node 0. Borrowed by everything inside the node and outlives it.
 */
#ifndef OBSERVE_SCOPE_H
#define OBSERVE_SCOPE_H

#include "env/env.h"
#include "env/timer.h"
#include "observe/trace.h"

struct scope {
    struct env *env;
    struct trace *trace;
    uint32_t node;
    const char *name;
    uint64_t next_timer; /* identities handed to timers, in order of creation */
};

static inline uint64_t scope_now(const struct scope *scope)
{
    return scope->env->now_ns;
}

static inline uint64_t scope_next_rank(struct scope *scope)
{
    return event_rank(scope->node, EVENT_TIMER, scope->next_timer++);
}

/* A timer of this node; its rank is fixed here, in order of creation. */
static inline void scope_timer_init(struct scope *scope, struct timer *timer,
                                    void (*expire)(void *owner), void *owner)
{
    timer_init(timer, scope->env, scope_next_rank(scope), expire, owner);
}

/* An event of this node for deferred calls (env_defer). */
static inline void scope_event_init(struct scope *scope, struct event *event,
                                    void (*fire)(void *owner), void *owner)
{
    event_init(event, scope_next_rank(scope), fire, owner);
}

/* A stream of random numbers of this node's own for one purpose. */
static inline void scope_prng_init(const struct scope *scope, struct prng *prng,
                                   const char *purpose)
{
    prng_init(prng, scope->env->seed, scope->name, purpose);
}

/* Counts and traces the drop, and puts the packet back. */
static inline void scope_drop(const struct scope *scope, struct packet *packet,
                              const struct drop_reason *reason, const char *where)
{
    trace_drop(scope, reason, packet, where);
    packet_put(packet);
}

#endif
