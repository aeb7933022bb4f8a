/* Small versions of the scenarios of `orrery bench`: what arrives, and over how many links. */
#include "cli/bench_scenario.h"
#include "sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

struct outcome {
    uint64_t received;
    uint64_t hash;
    struct world_counts counts;
    size_t n_nodes;
};

static struct outcome play(enum bench_kind kind, struct bench_size size)
{
    struct env *env = sim_env_new(1, ENV_DEFAULT_EPOCH_UNIX_S, NULL);
    struct trace trace;
    trace_init(&trace);
    struct bench_load load;
    bench_load_init(&load, kind, &size, env, &trace);
    sim_run(env, size.duration_ns, NULL);
    struct outcome outcome = {
        .received = bench_load_received(&load),
        .hash = world_hash(load.world),
        .counts = world_count(load.world),
        .n_nodes = load.lab->n_nodes,
    };
    bench_load_fini(&load);
    trace_fini(&trace);
    sim_env_free(env);
    return outcome;
}

/* ARP: a request and a reply on each link that datagrams cross. */
static void chain_carries_every_datagram_over_every_link(void **state)
{
    (void)state;
    struct outcome outcome = play(
        BENCH_CHAIN, (struct bench_size){.groups = 3, .datagrams = 500, .duration_ns = SECOND});
    enum { LINKS = 4 };
    assert_int_equal(outcome.received, 500 * 1000);
    assert_int_equal(outcome.counts.frames, LINKS * (500 + 2));
    assert_int_equal(outcome.counts.dropped, 0);
}

static void star_brings_each_host_its_file(void **state)
{
    (void)state;
    struct bench_size size = {.groups = 2, .hosts = 3, .bytes = 100000, .duration_ns = 10 * SECOND};
    struct outcome outcome = play(BENCH_STAR, size);
    enum { HOSTS = 6, SEGMENTS = (100000 + 1447) / 1448, LINKS = 3 };
    assert_int_equal(outcome.n_nodes, 1 + 1 + 2 + HOSTS);
    assert_int_equal(outcome.received, HOSTS * 100000);
    assert_int_equal(outcome.counts.dropped, 0);
    assert_true(outcome.counts.frames > HOSTS * SEGMENTS * LINKS);
    assert_true(outcome.counts.frames < 2 * HOSTS * SEGMENTS * LINKS + 1000);
}

/* 100 Mbit/s are 8322 frames of 1502 bytes a second; recovering from the slow start takes a while.
 */
static void dumbbell_fills_its_bottleneck(void **state)
{
    (void)state;
    struct outcome outcome =
        play(BENCH_DUMBBELL, (struct bench_size){.hosts = 4, .duration_ns = 4 * SECOND});
    uint64_t most = UINT64_C(4) * 8322 * 1448;
    assert_true(outcome.received > most / 4 * 3);
    assert_true(outcome.received <= most);
    assert_true(outcome.counts.dropped > 0); /* Reno finds the limit by passing it */
}

static void idle_is_silent(void **state)
{
    (void)state;
    struct outcome outcome =
        play(BENCH_IDLE, (struct bench_size){.groups = 3, .hosts = 4, .duration_ns = SECOND});
    assert_int_equal(outcome.n_nodes, 1 + 3 + 3 + 12);
    assert_int_equal(outcome.counts.frames, 0);
}

static void every_run_is_the_same(void **state)
{
    (void)state;
    struct bench_size size = {.hosts = 2, .duration_ns = SECOND};
    struct outcome first = play(BENCH_DUMBBELL, size);
    struct outcome second = play(BENCH_DUMBBELL, size);
    assert_int_equal(first.counts.frames, second.counts.frames);
    assert_int_equal(first.received, second.received);
    assert_true(first.hash == second.hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chain_carries_every_datagram_over_every_link),
        cmocka_unit_test(star_brings_each_host_its_file),
        cmocka_unit_test(dumbbell_fills_its_bottleneck),
        cmocka_unit_test(idle_is_silent),
        cmocka_unit_test(every_run_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
