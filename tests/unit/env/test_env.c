#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "env/env.h"

#include <stdlib.h>

enum { N_ACTORS = 6 };

struct world {
    struct env env;
    struct actor {
        struct event event;
        struct world *world;
        char name;
        const char *arms;   /* actors that it arms when it fires: name, then how much later */
        const char *defers; /* actors that it defers */
        const char *cancels;
    } actors[N_ACTORS]; /* a, b, ... */
    struct text log;
};

static struct actor *actor_named(struct world *world, char name)
{
    return &world->actors[name - 'a'];
}

static void act(void *pointer)
{
    struct actor *actor = pointer;
    struct world *world = actor->world;
    text_print(&world->log, "%c%u ", actor->name, (unsigned)world->env.now_ns);
    assert_false(event_is_armed(&actor->event)); /* it may be armed again, or its memory go */
    for (const char *p = actor->defers; p && *p; p++) {
        env_defer(&world->env, &actor_named(world, *p)->event);
    }
    for (const char *p = actor->arms; p && *p; p += 2) {
        env_arm(&world->env, &actor_named(world, p[0])->event,
                world->env.now_ns + (uint64_t)(p[1] - '0'));
    }
    for (const char *p = actor->cancels; p && *p; p++) {
        env_cancel(&world->env, &actor_named(world, *p)->event);
    }
}

static int world_setup(void **state)
{
    static const struct env_ops ops;
    struct world *world = calloc(1, sizeof *world);
    env_init(&world->env, &ops, 7, 1000);
    for (uint32_t i = 0; i < N_ACTORS; i++) {
        struct actor *actor = &world->actors[i];
        actor->world = world;
        actor->name = (char)('a' + i);
        event_init(&actor->event, event_rank(i + 1, EVENT_TIMER, 0), act, actor);
    }
    *state = world;
    return 0;
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    env_fini(&world->env);
    text_fini(&world->log);
    free(world);
    return 0;
}

static void arm(struct world *world, char name, uint64_t at_ns)
{
    env_arm(&world->env, &actor_named(world, name)->event, at_ns);
}

static void assert_log(struct world *world, const char *expected)
{
    while (env_step(&world->env, UINT64_MAX)) {
    }
    assert_string_equal(text_chars(&world->log), expected);
}

static void events_fire_by_time_and_then_by_rank(void **state)
{
    struct world *world = *state;
    arm(world, 'd', 10);
    arm(world, 'a', 20);
    arm(world, 'c', 10);
    arm(world, 'b', 5);
    assert_log(world, "b5 c10 d10 a20 ");
    assert_int_equal(world->env.events_fired, 4);
}

static void arming_again_moves_an_event(void **state)
{
    struct world *world = *state;
    arm(world, 'a', 10);
    arm(world, 'b', 20);
    arm(world, 'a', 30);
    arm(world, 'b', 5);
    assert_log(world, "b5 a30 ");
}

static void a_limit_is_inclusive_and_stops_the_clock(void **state)
{
    struct world *world = *state;
    arm(world, 'a', 10);
    arm(world, 'b', 11);
    assert_true(env_step(&world->env, 10));
    assert_false(env_step(&world->env, 10));
    assert_int_equal(world->env.now_ns, 10);
    assert_log(world, "a10 b11 ");
}

static void what_is_deferred_runs_before_the_next_event(void **state)
{
    struct world *world = *state;
    world->actors[0].defers = "fe"; /* not by rank: in the order of deferring */
    world->actors[4].defers = "d";  /* e defers d: behind what is there */
    world->actors[5].arms = "c1";
    arm(world, 'a', 10);
    arm(world, 'b', 10);
    assert_log(world, "a10 f10 e10 d10 b10 c11 ");
}

static void a_step_is_over_when_all_that_it_deferred_has_run(void **state)
{
    struct world *world = *state;
    world->actors[0].defers = "f";
    world->actors[5].defers = "e";
    arm(world, 'a', 10);
    assert_true(env_step(&world->env, 10));
    assert_string_equal(text_chars(&world->log), "a10 f10 e10 ");
}

static void an_event_armed_for_now_or_earlier_is_deferred(void **state)
{
    struct world *world = *state;
    world->actors[1].arms = "c0a0";
    arm(world, 'b', 10);
    arm(world, 'd', 10);
    assert_log(world, "b10 c10 a10 d10 ");
    arm(world, 'a', 3);
    assert_log(world, "b10 c10 a10 d10 a10 ");
}

static void time_never_goes_back(void **state)
{
    struct world *world = *state;
    arm(world, 'a', 10);
    world->env.now_ns = 50; /* a provider's clock that ran ahead */
    assert_log(world, "a50 ");
}

static void a_cancelled_event_does_not_fire(void **state)
{
    struct world *world = *state;
    world->actors[0].defers = "de";
    world->actors[0].cancels = "db";
    arm(world, 'a', 10);
    arm(world, 'b', 10);
    assert_log(world, "a10 e10 ");
    env_cancel(&world->env, &world->actors[1].event); /* not armed */
}

static void an_event_may_arm_itself(void **state)
{
    struct world *world = *state;
    world->actors[0].arms = "a3";
    arm(world, 'a', 1);
    while (env_step(&world->env, 8)) {
    }
    assert_string_equal(text_chars(&world->log), "a1 a4 a7 ");
}

static void what_was_deferred_between_steps_runs_first(void **state)
{
    struct world *world = *state;
    arm(world, 'a', 10);
    env_defer(&world->env, &world->actors[5].event);
    assert_true(env_step(&world->env, 10));
    assert_string_equal(text_chars(&world->log), "f0 a10 ");
}

static void deferred_events_run_even_when_nothing_else_is_due(void **state)
{
    struct world *world = *state;
    env_defer(&world->env, &world->actors[5].event);
    assert_false(env_step(&world->env, 10));
    assert_string_equal(text_chars(&world->log), "f0 ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(events_fire_by_time_and_then_by_rank),
        TEST(arming_again_moves_an_event),
        TEST(a_limit_is_inclusive_and_stops_the_clock),
        TEST(what_is_deferred_runs_before_the_next_event),
        TEST(a_step_is_over_when_all_that_it_deferred_has_run),
        TEST(an_event_armed_for_now_or_earlier_is_deferred),
        TEST(time_never_goes_back),
        TEST(a_cancelled_event_does_not_fire),
        TEST(an_event_may_arm_itself),
        TEST(what_was_deferred_between_steps_runs_first),
        TEST(deferred_events_run_even_when_nothing_else_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
