#include "env/env.h"

#include "base/check.h"

enum { MAX_EVENTS_PER_STEP = 1 << 26 };

void env_init(struct env *env, const struct env_ops *ops, uint64_t seed, uint64_t epoch_unix_s)
{
    *env = (struct env){.epoch_unix_s = epoch_unix_s, .seed = seed, .ops = ops};
    event_queue_init(&env->queue);
    env->packets = packet_pool_new();
    check_set_seed(seed);
}

void env_fini(struct env *env)
{
    event_queue_fini(&env->queue);
    packet_pool_free(env->packets);
}

static void env_fire(struct env *env, struct event *event)
{
    env->events_fired++;
    event->fire(event->owner);
}

static void env_drain_deferred(struct env *env)
{
    struct event *event;
    uint64_t limit = env->events_fired + MAX_EVENTS_PER_STEP;
    while ((event = event_queue_take_deferred(&env->queue))) {
        CHECK(env->events_fired < limit); /* or they defer one another for ever */
        env_fire(env, event);
    }
}

bool env_step(struct env *env, uint64_t limit_ns)
{
    env_drain_deferred(env);
    struct event *event = event_queue_first(&env->queue);
    if (!event || event->at_ns > limit_ns) {
        return false;
    }
    if (event->at_ns > env->now_ns) {
        env->now_ns = event->at_ns;
    }
    event_queue_cancel(&env->queue, event);
    env_fire(env, event);
    env_drain_deferred(env);
    return true;
}
