#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "env/env.h"
#include "env/timer.h"

#include <stdlib.h>

enum { N_TIMERS = 8 };

struct world {
    struct env env;
    struct timer timers[N_TIMERS];
    struct owner {
        struct world *world;
        int number;
        uint64_t again_ns; /* sets itself again after this long, when not 0 */
    } owners[N_TIMERS];
    struct text log; /* who expired, when */
};

static void expire(void *pointer)
{
    struct owner *owner = pointer;
    struct world *world = owner->world;
    text_print(&world->log, "%d@%u ", owner->number, (unsigned)world->env.now_ns);
    if (owner->again_ns) {
        timer_set(&world->timers[owner->number], world->env.now_ns + owner->again_ns);
    }
}

static int world_setup(void **state)
{
    static const struct env_ops ops;
    struct world *world = calloc(1, sizeof *world);
    env_init(&world->env, &ops, 1, 0);
    for (int i = 0; i < N_TIMERS; i++) {
        world->owners[i] = (struct owner){.world = world, .number = i};
        timer_init(&world->timers[i], &world->env, event_rank(1, EVENT_TIMER, (uint64_t)i), expire,
                   &world->owners[i]);
    }
    *state = world;
    return 0;
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < N_TIMERS; i++) {
        timer_fini(&world->timers[i]);
    }
    env_fini(&world->env);
    text_fini(&world->log);
    free(world);
    return 0;
}

static void run(struct world *world, uint64_t until_ns)
{
    while (env_step(&world->env, until_ns)) {
    }
}

static void assert_log(struct world *world, const char *expected)
{
    run(world, UINT64_MAX - 1);
    assert_string_equal(text_chars(&world->log), expected);
}

static void a_timer_expires_once_at_its_deadline(void **state)
{
    struct world *world = *state;
    timer_set(&world->timers[0], 100);
    assert_true(timer_is_set(&world->timers[0]));
    run(world, 99);
    assert_true(timer_is_set(&world->timers[0]));
    assert_log(world, "0@100 ");
    assert_false(timer_is_set(&world->timers[0]));
}

static void setting_it_later_is_only_an_assignment(void **state)
{
    struct world *world = *state;
    timer_set(&world->timers[0], 100);
    for (uint64_t t = 101; t <= 5000; t++) {
        timer_set(&world->timers[0], t);
        assert_int_equal(world->timers[0].event.at_ns, 100);
    }
    assert_log(world, "0@5000 ");
    assert_int_equal(world->env.events_fired, 2); /* one early, without effect */
}

static void setting_it_earlier_moves_it(void **state)
{
    struct world *world = *state;
    timer_set(&world->timers[0], 5000);
    timer_set(&world->timers[0], 100);
    assert_log(world, "0@100 ");
}

static void a_stopped_timer_does_not_expire(void **state)
{
    struct world *world = *state;
    timer_set(&world->timers[0], 100);
    timer_stop(&world->timers[0]);
    assert_false(timer_is_set(&world->timers[0]));
    assert_log(world, "");
    timer_set(&world->timers[0], 200);
    assert_log(world, "0@200 ");
}

static void a_timer_may_be_stopped_and_set_again_before_its_event(void **state)
{
    struct world *world = *state;
    timer_set(&world->timers[0], 100);
    timer_stop(&world->timers[0]);
    timer_set(&world->timers[0], 300);
    timer_stop(&world->timers[0]);
    timer_set(&world->timers[0], 200);
    assert_log(world, "0@200 ");
}

static void a_timer_may_set_itself_again_when_it_expires(void **state)
{
    struct world *world = *state;
    world->owners[0].again_ns = 10;
    timer_set(&world->timers[0], 10);
    run(world, 35);
    assert_string_equal(text_chars(&world->log), "0@10 0@20 0@30 ");
}

static void a_deadline_that_is_past_means_now(void **state)
{
    struct world *world = *state;
    timer_set(&world->timers[3], 50);
    run(world, 50);
    timer_set(&world->timers[2], 50);
    timer_set(&world->timers[1], 7);
    timer_set(&world->timers[0], 51);
    assert_log(world, "3@50 2@50 1@50 0@51 ");
}

static void timers_of_one_instant_expire_by_rank(void **state)
{
    struct world *world = *state;
    for (int i = N_TIMERS - 1; i >= 0; i--) {
        timer_set(&world->timers[i], 100);
    }
    assert_log(world, "0@100 1@100 2@100 3@100 4@100 5@100 6@100 7@100 ");
}

static void a_finished_timer_leaves_the_queue(void **state)
{
    struct world *world = *state;
    timer_set(&world->timers[0], 100);
    timer_set(&world->timers[1], 0);
    timer_fini(&world->timers[0]);
    timer_fini(&world->timers[1]);
    assert_false(event_is_armed(&world->timers[0].event));
    assert_log(world, "");
    assert_int_equal(world->env.events_fired, 0);
}

/* The reference: timers without laziness. Every setting cancels and arms anew. */
struct eager {
    struct env env;
    struct event events[N_TIMERS];
    struct eager_owner {
        struct eager *eager;
        int number;
    } owners[N_TIMERS];
    struct event script;
    struct text log;
};

static void eager_set(struct eager *eager, size_t i, uint64_t at_ns)
{
    env_cancel(&eager->env, &eager->events[i]);
    env_arm(&eager->env, &eager->events[i], at_ns);
}

static void eager_expire(void *pointer)
{
    struct eager_owner *owner = pointer;
    text_print(&owner->eager->log, "%d@%u ", owner->number, (unsigned)owner->eager->env.now_ns);
}

static void do_nothing(void *owner)
{
    (void)owner;
}

/* What happens in both worlds is written down beforehand: at which time which timer is set to what
 * (0: stopped). Some settings happen before the timers of their instant, some after. */
struct step {
    uint64_t at_ns;
    size_t timer;
    uint64_t deadline_ns;
};

static void make_steps(struct step *steps, size_t count, struct prng *prng)
{
    uint64_t now_ns = 0;
    for (size_t i = 0; i < count; i++) {
        now_ns += prng_below(prng, 4) == 0 ? prng_below(prng, 5) : 0;
        steps[i].at_ns = now_ns;
        steps[i].timer = prng_below(prng, N_TIMERS);
        uint64_t what = prng_below(prng, 5);
        uint64_t is_later = prng_below(prng, 2);
        uint64_t later = is_later ? prng_below(prng, 12) : 0;
        steps[i].deadline_ns = what == 0 ? 0 : now_ns + later;
    }
}

/* Runs `env` up to the events of `at_ns`, with them if `after`; then it is `at_ns`. */
static void run_to_step(struct env *env, uint64_t at_ns, bool after)
{
    while (env_step(env, after ? at_ns : at_ns - 1)) {
    }
    env->now_ns = at_ns > env->now_ns ? at_ns : env->now_ns;
}

static void lazy_timers_expire_exactly_as_eager_ones(void **state)
{
    struct world *world = *state;
    enum { STEPS = 5000 };
    static struct step steps[STEPS];
    static const struct env_ops ops;
    static struct eager eager;
    struct prng prng;
    prng_init(&prng, 1, "test", "lazy");
    make_steps(steps, STEPS, &prng);
    env_init(&eager.env, &ops, 1, 0);
    for (int i = 0; i < N_TIMERS; i++) {
        eager.owners[i] = (struct eager_owner){&eager, i};
        event_init(&eager.events[i], event_rank(1, EVENT_TIMER, (uint64_t)i), eager_expire,
                   &eager.owners[i]);
    }
    event_init(&eager.script, 0, do_nothing, NULL);
    for (size_t i = 0; i < STEPS; i++) {
        bool after = i % 2 || steps[i].at_ns == 0;
        if (i == 0 || steps[i].at_ns != steps[i - 1].at_ns || i % 10 == 0) {
            run_to_step(&world->env, steps[i].at_ns, after);
            run_to_step(&eager.env, steps[i].at_ns, after);
        } /* else in one go with the step before, as one handler would do it */
        if (steps[i].deadline_ns) {
            timer_set(&world->timers[steps[i].timer], steps[i].deadline_ns);
            eager_set(&eager, steps[i].timer, steps[i].deadline_ns);
        } else {
            timer_stop(&world->timers[steps[i].timer]);
            env_cancel(&eager.env, &eager.events[steps[i].timer]);
        }
    }
    run(world, UINT64_MAX - 1);
    while (env_step(&eager.env, UINT64_MAX - 1)) {
    }
    assert_true(eager.log.len > 1000);
    assert_string_equal(text_chars(&world->log), text_chars(&eager.log));
    env_fini(&eager.env);
    text_fini(&eager.log);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_timer_expires_once_at_its_deadline),
        TEST(setting_it_later_is_only_an_assignment),
        TEST(setting_it_earlier_moves_it),
        TEST(a_stopped_timer_does_not_expire),
        TEST(a_timer_may_be_stopped_and_set_again_before_its_event),
        TEST(a_timer_may_set_itself_again_when_it_expires),
        TEST(a_deadline_that_is_past_means_now),
        TEST(timers_of_one_instant_expire_by_rank),
        TEST(a_finished_timer_leaves_the_queue),
        TEST(lazy_timers_expire_exactly_as_eager_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
