/* The loop in real time: order, ends, signals and lag. Nothing here depends on how fast the machine
 * is: only lower bounds of time are asserted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "env/timer.h"
#include "host/host.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MS UINT64_C(1000000)

static uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 * MS + (uint64_t)now.tv_nsec;
}

/* What happened, as letters, and when. */
struct diary {
    struct env *env;
    char letters[64];
    uint64_t at_ns[64];
    size_t count;
    bool stop;
};

struct entry {
    struct event event;
    struct diary *diary;
    struct entry *defers;
    char letter;
    bool stops;
};

static void entry_fire(void *owner)
{
    struct entry *entry = owner;
    struct diary *diary = entry->diary;
    diary->letters[diary->count] = entry->letter;
    diary->at_ns[diary->count++] = diary->env->now_ns;
    if (entry->defers) {
        env_defer(diary->env, &entry->defers->event);
    }
    diary->stop = diary->stop || entry->stops;
}

static void entry_init(struct entry *entry, struct diary *diary, char letter)
{
    *entry = (struct entry){.diary = diary, .letter = letter};
    event_init(&entry->event, event_rank(1, EVENT_TIMER, (uint64_t)letter), entry_fire, entry);
}

static int set_up(void **state)
{
    static struct diary diary; /* of the running test */
    diary = (struct diary){0};
    if (host_env_new(1, &diary.env) != STATUS_OK) {
        return -1;
    }
    *state = &diary;
    return 0;
}

static int tear_down(void **state)
{
    struct diary *diary = *state;
    host_env_free(diary->env);
    return 0;
}

static void events_fire_in_order_at_their_times(void **state)
{
    struct diary *diary = *state;
    struct entry a, b, c;
    entry_init(&a, diary, 'a');
    entry_init(&b, diary, 'b');
    entry_init(&c, diary, 'c');
    env_arm(diary->env, &c.event, 9 * MS);
    env_arm(diary->env, &b.event, 3 * MS);
    env_arm(diary->env, &a.event, 3 * MS); /* the same time: by rank */
    uint64_t before_ns = monotonic_ns();
    host_run(diary->env, 12 * MS, NULL);
    assert_true(monotonic_ns() - before_ns >= 12 * MS);
    assert_string_equal(diary->letters, "abc");
    assert_int_equal(diary->at_ns[0], 3 * MS);
    assert_int_equal(diary->at_ns[2], 9 * MS);
    assert_int_equal(diary->env->now_ns, 12 * MS);
}

static void deferred_calls_run_before_the_next_event(void **state)
{
    struct diary *diary = *state;
    struct entry a, b, now, later;
    entry_init(&a, diary, 'a');
    entry_init(&b, diary, 'b');
    entry_init(&now, diary, 'n');
    entry_init(&later, diary, 'l');
    a.defers = &later;
    env_arm(diary->env, &a.event, 1 * MS);
    env_arm(diary->env, &b.event, 1 * MS);
    env_arm(diary->env, &now.event, 0); /* due already: deferred */
    host_run(diary->env, 2 * MS, NULL);
    assert_string_equal(diary->letters, "nalb");
    assert_int_equal(diary->at_ns[0], 0);
    assert_int_equal(diary->at_ns[2], 1 * MS);
}

static void the_clock_stands_until_the_first_run(void **state)
{
    struct diary *diary = *state;
    uint64_t start_ns = monotonic_ns();
    while (monotonic_ns() - start_ns < 5 * MS) {
    }
    assert_int_equal(diary->env->now_ns, 0);
    struct entry a;
    entry_init(&a, diary, 'a');
    env_arm(diary->env, &a.event, 1);
    start_ns = monotonic_ns();
    uint64_t lag_ns = host_run(diary->env, 1 * MS, NULL);
    assert_true(lag_ns <= monotonic_ns() - start_ns);
    assert_string_equal(diary->letters, "a");
}

static void the_stop_flag_ends_the_run_at_once(void **state)
{
    struct diary *diary = *state;
    struct entry a, b;
    entry_init(&a, diary, 'a');
    entry_init(&b, diary, 'b');
    a.stops = true;
    env_arm(diary->env, &a.event, 1 * MS);
    env_arm(diary->env, &b.event, 1 * MS);
    host_run(diary->env, UINT64_MAX, &diary->stop);
    assert_string_equal(diary->letters, "a");
    diary->stop = false;
    host_run(diary->env, diary->env->now_ns + MS, &diary->stop);
    assert_string_equal(diary->letters, "ab"); /* it was not lost */
}

static void time_goes_on_between_runs(void **state)
{
    struct diary *diary = *state;
    struct entry a;
    host_run(diary->env, 1 * MS, NULL);
    uint64_t start_ns = monotonic_ns();
    while (monotonic_ns() - start_ns < 30 * MS) {
    }
    assert_int_equal(diary->env->now_ns, 1 * MS);
    entry_init(&a, diary, 'a');
    env_arm(diary->env, &a.event, 2 * MS);
    assert_true(host_run(diary->env, 3 * MS, NULL) >= 29 * MS);
    assert_int_equal(diary->at_ns[0], 2 * MS);
    assert_int_equal(diary->env->now_ns, 3 * MS);
}

static void raise_signal(void *owner)
{
    raise(*(int *)owner);
}

static void a_signal_ends_the_run(void **state)
{
    struct diary *diary = *state;
    int numbers[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < 2; i++) {
        struct event event;
        event_init(&event, event_rank(1, EVENT_TIMER, 1), raise_signal, &numbers[i]);
        env_arm(diary->env, &event, diary->env->now_ns + MS);
        host_run(diary->env, UINT64_MAX, NULL);
        assert_true(host_was_interrupted(diary->env));
    }
    host_run(diary->env, diary->env->now_ns, NULL);
    assert_false(host_was_interrupted(diary->env));
    sigset_t blocked;
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    assert_false(sigismember(&blocked, SIGINT));
}

static void dawdle(void *owner)
{
    (void)owner;
    uint64_t start_ns = monotonic_ns();
    while (monotonic_ns() - start_ns < 20 * MS) {
    }
}

static void a_slow_event_makes_the_next_one_late_but_not_disorderly(void **state)
{
    struct diary *diary = *state;
    struct event slow;
    struct entry a, b;
    event_init(&slow, 0, dawdle, NULL);
    entry_init(&a, diary, 'a');
    entry_init(&b, diary, 'b');
    env_arm(diary->env, &slow, 1 * MS);
    env_arm(diary->env, &b.event, 3 * MS);
    env_arm(diary->env, &a.event, 2 * MS);
    uint64_t lag_ns = host_run(diary->env, 5 * MS, NULL);
    assert_true(lag_ns >= 18 * MS);
    assert_int_equal(host_env_lag_ns(diary->env), lag_ns);
    assert_string_equal(diary->letters, "ab");
    assert_int_equal(diary->at_ns[0], 2 * MS);
    assert_int_equal(diary->at_ns[1], 3 * MS);
}

static void again(void *owner)
{
    struct diary *diary = owner;
    diary->count++;
}

static void lazy_timers_work_in_real_time(void **state)
{
    struct diary *diary = *state;
    struct timer timer;
    timer_init(&timer, diary->env, event_rank(1, EVENT_TIMER, 1), again, diary);
    timer_set(&timer, 1 * MS);
    timer_set(&timer, 4 * MS);
    host_run(diary->env, 3 * MS, NULL);
    assert_int_equal(diary->count, 0);
    host_run(diary->env, 5 * MS, NULL);
    assert_int_equal(diary->count, 1);
    timer_fini(&timer);
}

/* A chain of events without end, each due as soon as the one before has happened. */
struct chain {
    struct event event;
    struct env *env;
};

static void chain_fire(void *owner)
{
    struct chain *chain = owner;
    env_arm(chain->env, &chain->event, chain->env->now_ns + 1);
}

static void an_overloaded_world_still_hears_signals(void **state)
{
    struct diary *diary = *state;
    struct chain chain = {.env = diary->env};
    int number = SIGTERM;
    struct event event;
    event_init(&chain.event, event_rank(1, EVENT_TIMER, 1), chain_fire, &chain);
    event_init(&event, event_rank(1, EVENT_TIMER, 2), raise_signal, &number);
    env_arm(diary->env, &chain.event, 1);
    env_arm(diary->env, &event, 1000);
    host_run(diary->env, UINT64_MAX, NULL);
    assert_true(host_was_interrupted(diary->env));
    env_cancel(diary->env, &chain.event);
}

int main(void)
{
#define HOST_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HOST_TEST(events_fire_in_order_at_their_times),
        HOST_TEST(deferred_calls_run_before_the_next_event),
        HOST_TEST(the_clock_stands_until_the_first_run),
        HOST_TEST(the_stop_flag_ends_the_run_at_once),
        HOST_TEST(time_goes_on_between_runs),
        HOST_TEST(a_signal_ends_the_run),
        HOST_TEST(a_slow_event_makes_the_next_one_late_but_not_disorderly),
        HOST_TEST(lazy_timers_work_in_real_time),
        HOST_TEST(an_overloaded_world_still_hears_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
