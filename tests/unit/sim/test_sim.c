#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/sim.h"

#include <stdlib.h>
#include <string.h>

struct ticker {
    struct event event;
    struct env *env;
    uint64_t every_ns;
    size_t ticks;
    bool stop;
};

static void tick(void *owner)
{
    struct ticker *ticker = owner;
    ticker->ticks++;
    ticker->stop = ticker->ticks == 3;
    env_arm(ticker->env, &ticker->event, ticker->env->now_ns + ticker->every_ns);
}

static struct ticker ticker_of(struct env *env)
{
    struct ticker ticker = {.env = env, .every_ns = 10};
    return ticker;
}

static void start(struct ticker *ticker)
{
    event_init(&ticker->event, event_rank(1, EVENT_TIMER, 0), tick, ticker);
    env_arm(ticker->env, &ticker->event, ticker->every_ns);
}

static void a_new_world_begins_at_its_epoch(void **state)
{
    (void)state;
    struct env *env = sim_env_new(7, ENV_DEFAULT_EPOCH_UNIX_S, NULL);
    assert_int_equal(env->now_ns, 0);
    assert_int_equal(env->seed, 7);
    assert_int_equal(env->epoch_unix_s, 1735689600);
    sim_run(env, UINT64_MAX, NULL); /* nothing to do */
    assert_int_equal(env->now_ns, 0);
    sim_env_free(env);
}

static void time_jumps_from_event_to_event_up_to_the_limit(void **state)
{
    (void)state;
    struct env *env = sim_env_new(1, 0, NULL);
    struct ticker ticker = ticker_of(env);
    start(&ticker);
    sim_run(env, 55, NULL);
    assert_int_equal(ticker.ticks, 5);
    assert_int_equal(env->now_ns, 50);
    sim_run(env, 60, NULL);
    assert_int_equal(ticker.ticks, 6);
    sim_env_free(env);
}

static void advancing_moves_the_clock_all_the_way(void **state)
{
    (void)state;
    struct env *env = sim_env_new(1, 0, NULL);
    struct ticker ticker = ticker_of(env);
    start(&ticker);
    sim_advance(env, 55);
    assert_int_equal(ticker.ticks, 5);
    assert_int_equal(env->now_ns, 55);
    sim_advance(env, 20); /* never back */
    assert_int_equal(env->now_ns, 55);
    sim_advance(env, 60);
    assert_int_equal(ticker.ticks, 6);
    sim_env_free(env);
}

static void a_run_stops_after_the_event_that_says_so(void **state)
{
    (void)state;
    struct env *env = sim_env_new(1, 0, NULL);
    struct ticker ticker = ticker_of(env);
    start(&ticker);
    sim_run(env, 1000, &ticker.stop);
    assert_int_equal(ticker.ticks, 3);
    sim_run(env, 1000, &ticker.stop); /* still true: nothing more */
    assert_int_equal(ticker.ticks, 3);
    sim_env_free(env);
}

static void there_are_no_files_and_no_devices_unless_given(void **state)
{
    (void)state;
    struct env *env = sim_env_new(1, 0, NULL);
    struct file_content content;
    struct frame_device *device;
    assert_int_equal(env->ops->read_file(env, "index.html", 100, &content), STATUS_NOT_FOUND);
    assert_int_equal(env->ops->open_frame_device(env, "tap0", NULL, NULL, &device),
                     STATUS_UNSUPPORTED);
    sim_env_free(env);
}

static enum status read_hello(struct env *env, const char *path, size_t limit,
                              struct file_content *content)
{
    (void)env;
    if (strcmp(path, "hello") != 0) {
        return STATUS_NOT_FOUND;
    }
    if (limit < 5) {
        return STATUS_LIMIT;
    }
    *content = (struct file_content){strdup("hello"), 5};
    return STATUS_OK;
}

static void files_come_from_the_given_provider(void **state)
{
    (void)state;
    static const struct env_ops files = {.read_file = read_hello};
    struct env *env = sim_env_new(1, 0, &files);
    struct file_content content;
    assert_int_equal(env->ops->read_file(env, "hello", 100, &content), STATUS_OK);
    assert_string_equal(content.chars, "hello");
    free(content.chars);
    assert_int_equal(env->ops->read_file(env, "hello", 4, &content), STATUS_LIMIT);
    assert_int_equal(env->ops->read_file(env, "other", 100, &content), STATUS_NOT_FOUND);
    sim_env_free(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_world_begins_at_its_epoch),
        cmocka_unit_test(time_jumps_from_event_to_event_up_to_the_limit),
        cmocka_unit_test(advancing_moves_the_clock_all_the_way),
        cmocka_unit_test(a_run_stops_after_the_event_that_says_so),
        cmocka_unit_test(there_are_no_files_and_no_devices_unless_given),
        cmocka_unit_test(files_come_from_the_given_provider),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
