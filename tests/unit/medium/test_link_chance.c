/* How chance is drawn, and what hashes, traces and taps tell of it. */
#include "medium/link_world.h"

#include "base/list.h"

#include <stdlib.h>
#include <string.h>

enum { PLENTY = 100000 };

/* --- bursts of loss --- */

struct bursts {
    uint32_t lost, bursts;
    uint32_t longest;
    char pattern[65]; /* of the first frames */
};

static struct bursts send_in_bursts(uint32_t loss_ppm, uint32_t burst_frames, uint32_t count)
{
    struct world *world = world_new(
        1, &(struct link_config){.loss_ppm = loss_ppm, .loss_burst_frames = burst_frames});
    struct bursts bursts = {0};
    uint32_t run = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t lost = world_counts(world)->lost_frames;
        world_send(world, 60);
        bool is_lost = world_counts(world)->lost_frames > lost;
        run = is_lost ? run + 1 : 0;
        bursts.lost += is_lost;
        bursts.bursts += run == 1;
        bursts.longest = run > bursts.longest ? run : bursts.longest;
        if (i < sizeof bursts.pattern - 1) {
            bursts.pattern[i] = is_lost ? 'x' : '.';
        }
        sim_advance(world->env, world->env->now_ns + 10);
    }
    assert_int_equal(drops_of(world, &LINK_DROP_LOSS), bursts.lost);
    world_free(world);
    return bursts;
}

static void losses_come_in_bursts_of_the_length_asked_for(void **state)
{
    (void)state;
    /* A chain with autocorrelation c = 1 - 1/190 - 1/10 has sqrt(n p (1-p) (1+c) / (1-c)) = 413. */
    struct bursts bursts = send_in_bursts(50000, 10, 200000);
    assert_in_range(bursts.lost, 10000 - 2065, 10000 + 2065);
    /* The mean of about 1000 geometric lengths: 10 +- 5 * 9.49 / sqrt(1000). */
    uint32_t mean_x10 = bursts.lost * 10 / bursts.bursts;
    assert_in_range(mean_x10, 100 - 16, 100 + 16);
    assert_true(bursts.longest > 30);
}

static void bursts_of_one_frame_never_touch(void **state)
{
    (void)state;
    struct bursts bursts = send_in_bursts(200000, 1, PLENTY);
    assert_int_equal(bursts.longest, 1);
    assert_in_range(bursts.lost, 20000 - 500, 20000 + 500);
    bursts = send_in_bursts(500000, 1, 64);
    assert_string_equal(bursts.pattern,
                        "x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.");
}

static void where_most_is_lost_bursts_get_longer_rather_than_losses_fewer(void **state)
{
    (void)state;
    struct bursts bursts = send_in_bursts(750000, 2, PLENTY); /* 3 on average, 1 frame between */
    assert_in_range(bursts.lost, 75000 - 500, 75000 + 500);
    assert_in_range(bursts.lost * 100 / bursts.bursts, 300 - 9, 300 + 9);
    bursts = send_in_bursts(LINK_SHARE_SCALE, 5, 1000);
    assert_int_equal(bursts.lost, 1000);
}

/* --- the streams --- */

enum { OUTCOMES = 2000 };

/* What became of each frame, by number. */
struct outcomes {
    struct trace_sink sink;
    struct world *world;
    struct outcome {
        uint64_t took_ns; /* the frame itself; 0: it did not arrive */
        uint64_t copy_took_ns;
        uint64_t hash; /* of the bytes that arrived */
        bool is_lost, is_duplicated, is_corrupted;
    } at[OUTCOMES];
    uint64_t first_id;
    bool is_copy; /* what is arriving */
};

static struct outcomes *outcomes_of(struct world *world)
{
    return world->context;
}

static void outcomes_on_event(struct trace_sink *sink, const struct trace_event *event)
{
    struct outcomes *outcomes = (struct outcomes *)sink;
    struct outcome *outcome = &outcomes->at[event->packet_id - outcomes->first_id];
    if (event->kind == &LINK_DUPLICATED) {
        outcomes->is_copy = true;
        outcome->is_duplicated = true;
    } else if (event->kind == &LINK_CORRUPTED) {
        const struct link_corrupted *corrupted = event->data;
        outcome->is_corrupted = corrupted->is_detected;
    } else if (event->kind == &PACKET_DROPPED) {
        const struct packet_dropped *dropped = event->data;
        outcome->is_lost = strcmp(dropped->reason, "link.loss") == 0;
    }
}

static void outcomes_on_arrival(struct world *world, const struct packet *frame)
{
    struct outcomes *outcomes = outcomes_of(world);
    uint64_t number = frame->id - outcomes->first_id;
    struct outcome *outcome = &outcomes->at[number];
    uint64_t took_ns = world->env->now_ns - number * 100000;
    if (outcomes->is_copy) {
        outcomes->is_copy = false;
        outcome->copy_took_ns = took_ns;
    } else {
        outcome->took_ns = took_ns;
        outcome->hash = hash_bytes(frame->data, frame->len, 0);
    }
}

/* Sends frames 0, 1, ... so far apart that none can meet another. */
static void send_apart(struct world *world, uint32_t count, uint64_t gap_ns)
{
    for (uint32_t i = 0; i < count; i++) {
        world_send_number(world, 100, i);
        sim_advance(world->env, world->env->now_ns + gap_ns);
    }
    sim_run(world->env, FOREVER, NULL);
    assert_conserved(world);
}

static struct outcomes *learn_outcomes(const struct link_config *config)
{
    struct outcomes *outcomes = calloc(1, sizeof *outcomes);
    struct world *world = world_new(5, config);
    struct packet *probe = frame_new(world, 60);
    outcomes->first_id = probe->id + 1;
    packet_put(probe);
    world->context = outcomes;
    world->on_arrival = outcomes_on_arrival;
    outcomes->sink.on_event = outcomes_on_event;
    trace_add_sink(&world->trace, &outcomes->sink);
    send_apart(world, OUTCOMES, 100000);
    trace_remove_sink(&world->trace, &outcomes->sink);
    world_free(world);
    return outcomes;
}

static void compare_outcomes(const struct link_config *alone, const struct outcomes *all)
{
    struct outcomes *one = learn_outcomes(alone);
    for (size_t i = 0; i < OUTCOMES; i++) {
        const struct outcome *a = &one->at[i], *b = &all->at[i];
        if (alone->loss_ppm) {
            assert_int_equal(a->is_lost, b->is_lost);
        }
        if (b->is_lost) {
            continue;
        }
        if (alone->duplicate_ppm) {
            assert_int_equal(a->is_duplicated, b->is_duplicated);
        }
        if (alone->corrupt_ppm) {
            assert_int_equal(a->is_corrupted, b->is_corrupted);
        }
        if (alone->jitter_ns && b->took_ns) {
            assert_int_equal(a->took_ns, b->took_ns % 50000);
        }
        if (alone->reorder_ppm && b->took_ns) {
            assert_int_equal(a->took_ns > 50000, b->took_ns > 50000);
        }
        if (alone->corrupt_silent_ppm && b->took_ns) {
            assert_int_equal(a->hash, b->hash);
        }
    }
    free(one);
}

static void switching_one_fault_on_does_not_shift_another(void **state)
{
    (void)state;
    struct link_config all = {.delay_ns = 10000,
                              .loss_ppm = 200000,
                              .loss_burst_frames = 3,
                              .jitter_ns = 9000,
                              .reorder_ppm = 100000,
                              .reorder_by_ns = 50000,
                              .duplicate_ppm = 300000,
                              .corrupt_ppm = 250000,
                              .corrupt_silent_ppm = 350000,
                              .corrupt_bits = 5};
    struct outcomes *together = learn_outcomes(&all);
    compare_outcomes(&(struct link_config){.loss_ppm = 200000, .loss_burst_frames = 3}, together);
    compare_outcomes(&(struct link_config){.delay_ns = 10000, .jitter_ns = 9000}, together);
    compare_outcomes(&(struct link_config){.reorder_ppm = 100000, .reorder_by_ns = 60000},
                     together);
    compare_outcomes(&(struct link_config){.duplicate_ppm = 300000}, together);
    compare_outcomes(&(struct link_config){.corrupt_ppm = 250000, .corrupt_bits = 2}, together);
    compare_outcomes(&(struct link_config){.corrupt_silent_ppm = 350000, .corrupt_bits = 5},
                     together);
    free(together);
}

/* --- the run hash --- */

static struct packet *echo(struct world *world, struct packet *frame)
{
    (void)world;
    return frame;
}

static uint64_t hash_of_run(uint64_t seed, const struct link_config *config)
{
    struct world *world = world_new(seed, config);
    world->answer = echo;
    for (uint32_t i = 0; i < 1000; i++) {
        world_send_number(world, 100, i);
        sim_advance(world->env, world->env->now_ns + 500);
    }
    sim_run(world->env, FOREVER, NULL);
    uint64_t hash = run_hash_combine(0, link_get_hash(world->link, 0));
    hash = run_hash_combine(hash, link_get_hash(world->link, 1));
    world_free(world);
    return hash;
}

static void every_fault_makes_another_run_and_the_same_one_again(void **state)
{
    (void)state;
    const struct link_config configs[] = {
        {.delay_ns = 1000},
        {.delay_ns = 1000, .loss_ppm = 10000},
        {.delay_ns = 1000, .loss_ppm = 10000, .loss_burst_frames = 2},
        {.delay_ns = 1000, .jitter_ns = 100},
        {.delay_ns = 1000, .reorder_ppm = 10000, .reorder_by_ns = 1000},
        {.delay_ns = 1000, .duplicate_ppm = 10000},
        {.delay_ns = 1000, .corrupt_ppm = 10000},
        {.delay_ns = 1000, .corrupt_ppm = 10000, .corrupt_bits = 2},
        {.delay_ns = 1000, .corrupt_silent_ppm = 10000},
    };
    enum { CONFIGS = sizeof configs / sizeof configs[0] };
    uint64_t hashes[CONFIGS];
    for (size_t i = 0; i < CONFIGS; i++) {
        hashes[i] = hash_of_run(1, &configs[i]);
        assert_int_equal(hash_of_run(1, &configs[i]), hashes[i]);
        if (i > 0) {
            assert_int_not_equal(hash_of_run(2, &configs[i]), hashes[i]);
        }
        for (size_t k = 0; k < i; k++) {
            assert_int_not_equal(hashes[k], hashes[i]);
        }
    }
}

static void the_hash_counts_a_frame_with_its_copy_once(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){.duplicate_ppm = LINK_SHARE_SCALE});
    world_send(world, 100);
    assert_int_equal(link_get_hash(world->link, 0)->frames, 1);
    assert_int_equal(link_get_hash(world->link, 0)->bytes, 100);
    world_free(world);
}

/* --- what others see --- */

static uint32_t flipped_bits(const struct packet *frame)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < frame->len; i++) {
        count += (uint32_t)__builtin_popcount(frame->data[i] ^ 0x5au);
    }
    return count;
}

struct watcher {
    struct trace_sink sink;
    struct tap tap;
    struct text log;
};

static void watch_event(struct trace_sink *sink, const struct trace_event *event)
{
    struct watcher *watcher = (struct watcher *)sink;
    text_print(&watcher->log, "%s, packet %u: ", event->node_name, (unsigned)event->packet_id);
    trace_print_summary(&watcher->log, event);
    text_print(&watcher->log, "; ");
}

static void watch_frame(struct tap *tap, const struct tap_point *point,
                        enum tap_direction direction, uint64_t at_ns, const struct packet *frame)
{
    (void)at_ns;
    struct watcher *watcher = container_of(tap, struct watcher, tap);
    text_print(&watcher->log, "%s %s %u damaged bits; ", point->node_name,
               direction == TAP_SENT ? "sends" : "receives", flipped_bits(frame));
}

static void expect_log(const struct link_config *config, const char *expected)
{
    struct world *world = world_new(2, config);
    struct watcher watcher = {.sink.on_event = watch_event, .tap.on_frame = watch_frame};
    trace_add_sink(&world->trace, &watcher.sink);
    tap_add(&world->to->point, &watcher.tap);
    world_send(world, 1500);
    sim_run(world->env, FOREVER, NULL);
    assert_string_equal(text_chars(&watcher.log), expected);
    tap_remove(&world->to->point, &watcher.tap);
    trace_remove_sink(&world->trace, &watcher.sink);
    text_fini(&watcher.log);
    world_free(world);
}

static void the_receiver_says_what_the_link_did_to_a_frame(void **state)
{
    (void)state;
    expect_log(&(struct link_config){.corrupt_ppm = LINK_SHARE_SCALE},
               "b receives 1 damaged bits; b, packet 1: damaged on a-b: bits flipped: 1, found by "
               "the FCS: true; b, packet 1: it was damaged under way: its "
               "frame check sequence was wrong (link.bad-fcs) a-b; ");
    expect_log(&(struct link_config){.corrupt_silent_ppm = LINK_SHARE_SCALE},
               "b receives 1 damaged bits; b, packet 1: damaged on a-b: bits flipped: 1, found by "
               "the FCS: false; ");
    expect_log(&(struct link_config){.duplicate_ppm = LINK_SHARE_SCALE},
               "b receives 0 damaged bits; b receives 0 damaged bits; b, packet 1: a copy that a-b "
               "made; ");
}

static void expect_whole_frame(struct tap *tap, const struct tap_point *point,
                               enum tap_direction direction, uint64_t at_ns,
                               const struct packet *frame)
{
    (void)tap, (void)point, (void)at_ns;
    assert_int_equal(direction, TAP_SENT);
    assert_int_equal(flipped_bits(frame), 0);
}

static void the_sender_sees_the_frame_as_it_sent_it(void **state)
{
    (void)state;
    struct world *world =
        world_new(1, &(struct link_config){.corrupt_silent_ppm = LINK_SHARE_SCALE});
    struct tap tap = {.on_frame = expect_whole_frame};
    tap_add(&world->from->point, &tap);
    world_send(world, 100);
    sim_run(world->env, FOREVER, NULL);
    assert_int_equal(world_counts(world)->corrupted_frames, 1);
    tap_remove(&world->from->point, &tap);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_come_in_bursts_of_the_length_asked_for),
        cmocka_unit_test(bursts_of_one_frame_never_touch),
        cmocka_unit_test(where_most_is_lost_bursts_get_longer_rather_than_losses_fewer),
        cmocka_unit_test(switching_one_fault_on_does_not_shift_another),
        cmocka_unit_test(every_fault_makes_another_run_and_the_same_one_again),
        cmocka_unit_test(the_hash_counts_a_frame_with_its_copy_once),
        cmocka_unit_test(the_receiver_says_what_the_link_did_to_a_frame),
        cmocka_unit_test(the_sender_sees_the_frame_as_it_sent_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
