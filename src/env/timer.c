#include "env/timer.h"

static void timer_on_event(void *owner)
{
    struct timer *timer = owner;
    if (timer->deadline_ns == TIMER_OFF) {
        return;
    }
    if (timer->deadline_ns > timer->env->now_ns) {
        env_arm(timer->env, &timer->event, timer->deadline_ns);
        return;
    }
    timer->deadline_ns = TIMER_OFF;
    timer->expire(timer->owner);
}

void timer_init(struct timer *timer, struct env *env, uint64_t rank, void (*expire)(void *owner),
                void *owner)
{
    *timer = (struct timer){.env = env, .deadline_ns = TIMER_OFF, .expire = expire, .owner = owner};
    event_init(&timer->event, rank, timer_on_event, timer);
}

void timer_set(struct timer *timer, uint64_t deadline_ns)
{
    timer->deadline_ns = deadline_ns;
    if (deadline_ns <= timer->env->now_ns) {
        /* Due now. Its turn comes after what is due already, whether or not an event of an earlier
         * setting is still pending. */
        env_cancel(timer->env, &timer->event);
        env_defer(timer->env, &timer->event);
    } else if (!event_is_armed(&timer->event) || timer->event.at_ns > deadline_ns) {
        env_arm(timer->env, &timer->event, deadline_ns);
    }
}

void timer_fini(struct timer *timer)
{
    timer_stop(timer);
    env_cancel(timer->env, &timer->event);
}
