/* What chance does to frames beside losing some: jitter, reordering, duplication, corruption.
 * Bounds are five standard deviations wide. */
#include "medium/link_world.h"

enum { PLENTY = 100000 };

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

static void send_at_once(struct world *world, uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        world_send_number(world, 100, first + i);
    }
}

/* --- jitter --- */

static void jitter_is_uniform_within_its_bounds(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){.delay_ns = 5000, .jitter_ns = 1000});
    send_apart(world, PLENTY, 10000);
    assert_int_equal(world->n_arrivals, PLENTY);
    int64_t sum = 0, least = 0, most = 0;
    uint32_t quarters[4] = {0};
    for (uint32_t i = 0; i < PLENTY; i++) {
        int64_t jitter = (int64_t)world->arrivals[i].at_ns - (int64_t)(i * UINT64_C(10000) + 5000);
        sum += jitter;
        least = jitter < least ? jitter : least;
        most = jitter > most ? jitter : most;
        quarters[(jitter + 1000) * 4 / 2001]++;
    }
    assert_int_equal(least, -1000); /* missed with a probability of e^-50 */
    assert_int_equal(most, 1000);
    assert_in_range(sum + 913300, 0, 2 * 913300); /* 5 * sqrt(100000 * (2001^2 - 1) / 12) */
    for (int i = 0; i < 4; i++) {
        assert_in_range(quarters[i], 25000 - 690, 25000 + 690);
    }
    world_free(world);
}

static void jitter_alone_keeps_the_order(void **state)
{
    (void)state;
    struct world *world = world_new(
        1, &(struct link_config){.rate_bps = 8 * SECOND_NS, .delay_ns = 50000, .jitter_ns = 50000});
    send_at_once(world, 0, 1000); /* 100 ns each */
    sim_run(world->env, FOREVER, NULL);
    assert_int_equal(world->n_arrivals, 1000);
    for (uint32_t i = 0; i < 1000; i++) {
        uint64_t departed_ns = (i + 1) * UINT64_C(100);
        assert_int_equal(world->arrivals[i].number, i);
        assert_in_range(world->arrivals[i].at_ns, departed_ns, 100000 + 50000 + 50000);
        assert_true(i == 0 || world->arrivals[i].at_ns >= world->arrivals[i - 1].at_ns);
    }
    world_free(world);
}

static void jitter_lets_no_frame_arrive_before_it_was_sent(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){.delay_ns = 10, .jitter_ns = 1000});
    send_apart(world, 1000, 5000);
    uint32_t at_once = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        uint64_t took_ns = world->arrivals[i].at_ns - i * UINT64_C(5000);
        assert_in_range(took_ns, 1, 1010);
        at_once += took_ns == 1;
    }
    assert_in_range(at_once, 496 - 79, 496 + 79); /* 992 of 2001 draws are 1 or less */
    world_free(world);
}

/* --- reordering --- */

static void a_reordered_frame_arrives_later_and_others_pass(void **state)
{
    (void)state;
    struct link_config config = {.delay_ns = 100, .reorder_ppm = LINK_SHARE_SCALE};
    config.reorder_by_ns = 1000;
    struct world *world = world_new(1, &config);
    send_at_once(world, 0, 1);
    config.reorder_ppm = 0;
    link_set_config(world->link, &config);
    send_at_once(world, 1, 2);
    assert_int_equal(link_get_in_flight(world->link, 0), 3);
    sim_run(world->env, FOREVER, NULL);
    const uint64_t expected[3][2] = {{100, 1}, {100, 2}, {1100, 0}};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(world->arrivals[i].at_ns, expected[i][0]);
        assert_int_equal(world->arrivals[i].number, expected[i][1]);
    }
    world_free(world);
}

static void of_one_instant_what_was_sent_first_arrives_first(void **state)
{
    (void)state;
    struct link_config config = {.delay_ns = 100, .reorder_ppm = LINK_SHARE_SCALE};
    config.reorder_by_ns = 50;
    struct world *world = world_new(1, &config);
    struct link_config in_line = {.delay_ns = 150};
    for (uint32_t i = 0; i < 40; i++) { /* all arrive at 150; every third is out of line */
        link_set_config(world->link, i % 3 == 0 ? &config : &in_line);
        send_at_once(world, i, 1);
    }
    sim_run(world->env, FOREVER, NULL);
    for (uint32_t i = 0; i < 40; i++) {
        assert_int_equal(world->arrivals[i].at_ns, 150);
        assert_int_equal(world->arrivals[i].number, i);
    }
    world_free(world);
}

static void as_many_frames_are_reordered_as_configured(void **state)
{
    (void)state;
    struct world *world = world_new(
        7, &(struct link_config){.delay_ns = 100, .reorder_ppm = 50000, .reorder_by_ns = 2500});
    send_apart(world, PLENTY, 1000);
    assert_int_equal(world->n_arrivals, PLENTY);
    uint32_t late = 0;
    for (uint32_t i = 0; i < PLENTY; i++) {
        uint64_t took_ns = world->arrivals[i].at_ns - world->arrivals[i].number * UINT64_C(1000);
        assert_true(took_ns == 100 || took_ns == 2600);
        late += took_ns == 2600;
    }
    assert_in_range(late, 5000 - 345, 5000 + 345);
    world_free(world);
}

/* The jitter of each frame, from a run in which they do not meet. */
static void learn_delays(uint64_t seed, const struct link_config *config, uint64_t *delays_ns,
                         uint32_t count)
{
    struct world *world = world_new(seed, config);
    send_apart(world, count, 10 * config->delay_ns);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(world->arrivals[i].number, i);
        delays_ns[i] = world->arrivals[i].at_ns - i * 10 * config->delay_ns;
    }
    world_free(world);
}

static void with_all_reordered_each_frame_arrives_when_its_jitter_says(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    struct link_config config = {.delay_ns = 200, .jitter_ns = 150};
    uint64_t delays_ns[COUNT];
    learn_delays(3, &config, delays_ns, COUNT);
    config.reorder_ppm = LINK_SHARE_SCALE;
    struct world *world = world_new(3, &config);
    for (uint32_t i = 0; i < COUNT; i++) {
        world_send_number(world, 100, i);
        sim_advance(world->env, world->env->now_ns + 7);
    }
    sim_run(world->env, FOREVER, NULL);
    assert_int_equal(world->n_arrivals, COUNT);
    uint32_t overtakings = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        const struct arrival *here = &world->arrivals[i];
        assert_int_equal(here->at_ns, here->number * UINT64_C(7) + delays_ns[here->number]);
        if (i > 0) {
            assert_true(here->at_ns >= here[-1].at_ns);
            assert_true(here->at_ns > here[-1].at_ns || here->number > here[-1].number);
            overtakings += here->number < here[-1].number;
        }
    }
    assert_true(overtakings > 100);
    world_free(world);
}

/* --- duplication --- */

static void as_many_frames_are_duplicated_as_configured(void **state)
{
    (void)state;
    struct world *world =
        world_new(1, &(struct link_config){.delay_ns = 100, .duplicate_ppm = 100000});
    send_apart(world, PLENTY, 1000);
    uint64_t copies = world_counts(world)->duplicated_frames;
    assert_in_range(copies, 10000 - 475, 10000 + 475);
    assert_int_equal(world->n_arrivals, PLENTY + copies);
    assert_int_equal(world_counts(world)->sent_frames, PLENTY);
    assert_int_equal(world_counts(world)->delivered_frames, PLENTY + copies);
    uint64_t repeated = 0;
    for (size_t i = 1; i < world->n_arrivals; i++) {
        bool is_copy = world->arrivals[i].number == world->arrivals[i - 1].number;
        assert_true(is_copy || world->arrivals[i].number == world->arrivals[i - 1].number + 1);
        assert_true(!is_copy || world->arrivals[i].at_ns == world->arrivals[i - 1].at_ns);
        assert_true(!is_copy || world->arrivals[i].id == world->arrivals[i - 1].id);
        repeated += is_copy;
    }
    assert_int_equal(repeated, copies);
    world_free(world);
}

static void a_copy_has_a_jitter_of_its_own(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){.delay_ns = 5000,
                                                             .jitter_ns = 5000,
                                                             .reorder_ppm = LINK_SHARE_SCALE,
                                                             .duplicate_ppm = LINK_SHARE_SCALE});
    send_apart(world, 1000, 20000);
    assert_int_equal(world->n_arrivals, 2000);
    uint32_t together = 0;
    for (size_t i = 0; i < 2000; i += 2) {
        assert_int_equal(world->arrivals[i].number, world->arrivals[i + 1].number);
        together += world->arrivals[i].at_ns == world->arrivals[i + 1].at_ns;
    }
    assert_true(together < 5);
    world_free(world);
}

static void a_full_pipe_makes_no_copies(void **state)
{
    (void)state;
    struct world *world = world_new(
        1, &(struct link_config){.delay_ns = SECOND_NS, .duplicate_ppm = LINK_SHARE_SCALE});
    struct packet *frame = frame_new(world, 60);
    for (int i = 0; i <= LINK_MAX_IN_FLIGHT / 2; i++) {
        link_send(world->from, packet_clone(frame));
    }
    packet_put(frame);
    assert_int_equal(link_get_in_flight(world->link, 0), LINK_MAX_IN_FLIGHT);
    assert_int_equal(world_counts(world)->dropped_frames, 1);
    assert_int_equal(world_counts(world)->duplicated_frames, LINK_MAX_IN_FLIGHT / 2);
    world_free(world);
}

/* --- corruption --- */

static void expect_intact(struct world *world, const struct packet *frame)
{
    (void)world;
    for (uint32_t i = 4; i < frame->len; i++) {
        assert_int_equal(frame->data[i], 0x5a);
    }
}

static void the_fcs_catches_every_corrupted_frame(void **state)
{
    (void)state;
    struct world *world = world_new(
        1, &(struct link_config){.delay_ns = 100, .corrupt_ppm = 100000, .corrupt_bits = 3});
    world->on_arrival = expect_intact;
    send_apart(world, PLENTY, 1000);
    const struct link_counts *counts = world_counts(world);
    assert_in_range(counts->corrupted_frames, 10000 - 475, 10000 + 475);
    assert_int_equal(drops_of(world, &LINK_DROP_BAD_FCS), counts->corrupted_frames);
    assert_int_equal(counts->dropped_frames, counts->corrupted_frames);
    assert_int_equal(counts->lost_frames, counts->corrupted_frames);
    assert_int_equal(world->n_arrivals, PLENTY - counts->corrupted_frames);
    world_free(world);
}

static uint32_t flipped_bits(const struct packet *frame)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < frame->len; i++) {
        count += (uint32_t)__builtin_popcount(frame->data[i] ^ 0x5au);
    }
    return count;
}

static void count_damage(struct world *world, const struct packet *frame)
{
    uint32_t bits = flipped_bits(frame);
    assert_true(bits <= 4);
    world->seen[bits]++;
}

static void silent_corruption_reaches_the_receiver(void **state)
{
    (void)state;
    struct world *world = world_new(
        1, &(struct link_config){.delay_ns = 100, .corrupt_silent_ppm = 200000, .corrupt_bits = 4});
    world->on_arrival = count_damage;
    struct packet *kept = frame_new(world, 100);
    for (int i = 0; i < PLENTY; i++) {
        link_send(world->from, packet_clone(kept));
    }
    sim_run(world->env, FOREVER, NULL);
    assert_int_equal(flipped_bits(kept), 0); /* the sender's own bytes stay as they were */
    packet_put(kept);
    uint64_t corrupted = world_counts(world)->corrupted_frames;
    assert_in_range(corrupted, 20000 - 633, 20000 + 633);
    assert_int_equal(world->n_arrivals, PLENTY);
    assert_int_equal(world->seen[0], PLENTY - corrupted);
    for (int bits = 1; bits <= 4; bits++) {
        assert_in_range(world->seen[bits], 5000 - 500, 5000 + 500);
    }
    assert_int_equal(world_counts(world)->dropped_frames, 0);
    world_free(world);
}

static void a_corrupted_frame_keeps_its_place(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){.rate_bps = 80000000,
                                                             .delay_ns = 100,
                                                             .jitter_ns = 90,
                                                             .corrupt_silent_ppm = 500000});
    for (uint32_t i = 0; i < 1000; i++) {
        world_send(world, 60 + i);
    }
    sim_run(world->env, FOREVER, NULL);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(world->arrivals[i].len, 60 + i);
    }
    world_free(world);
}

static void the_copy_of_a_corrupted_frame_is_whole(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){.delay_ns = 100,
                                                             .duplicate_ppm = LINK_SHARE_SCALE,
                                                             .corrupt_ppm = LINK_SHARE_SCALE});
    world->on_arrival = expect_intact;
    send_apart(world, 100, 1000);
    assert_int_equal(world->n_arrivals, 100);
    assert_int_equal(drops_of(world, &LINK_DROP_BAD_FCS), 100);
    world_free(world);
}

/* --- everything together --- */

static void going_down_loses_strays_too(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){.delay_ns = 1000,
                                                             .reorder_ppm = 500000,
                                                             .reorder_by_ns = 700,
                                                             .duplicate_ppm = 500000});
    send_at_once(world, 0, 100);
    size_t in_flight = link_get_in_flight(world->link, 0);
    assert_true(in_flight > 120);
    link_set_up(world->link, false);
    assert_int_equal(world_counts(world)->lost_frames, in_flight);
    assert_int_equal(drops_of(world, &LINK_DROP_DOWN), in_flight);
    sim_run(world->env, FOREVER, NULL);
    assert_int_equal(world->n_arrivals, 0);
    world_free(world);
}

static void change_at_random(struct world *world, struct prng *prng)
{
    struct link_config config = {.delay_ns = prng_below(prng, 500000)};
    config.rate_bps = prng_below(prng, 3) * 50000000;
    config.queue_frames = (uint32_t)prng_below(prng, 20);
    uint32_t *const shares[] = {&config.loss_ppm, &config.reorder_ppm, &config.duplicate_ppm,
                                &config.corrupt_ppm, &config.corrupt_silent_ppm};
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        *shares[i] = prng_below(prng, 2) ? 0 : (uint32_t)prng_below(prng, 300000);
    }
    config.loss_burst_frames = (uint32_t)prng_below(prng, 4);
    config.jitter_ns = prng_below(prng, 2) * prng_below(prng, 300000);
    config.reorder_by_ns = prng_below(prng, 400000);
    config.corrupt_bits = (uint32_t)prng_below(prng, 5);
    link_set_config(world->link, &config);
}

static void nothing_is_lost_without_being_counted(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){0});
    struct prng prng;
    prng_init(&prng, 4, "test", "conservation");
    uint64_t offered = 0;
    for (int i = 0; i < 50000; i++) {
        uint64_t choice = prng_below(&prng, 200);
        if (choice == 0) {
            link_set_up(world->link, !link_is_up(world->link));
        } else if (choice == 1) {
            change_at_random(world, &prng);
        } else {
            world_send(world, 60 + prng_below(&prng, 1400));
            offered++;
        }
        sim_advance(world->env, world->env->now_ns + prng_below(&prng, 100000));
        assert_conserved(world);
        const struct link_counts *counts = world_counts(world);
        assert_int_equal(offered,
                         counts->sent_frames + counts->dropped_frames - counts->lost_frames);
    }
    sim_run(world->env, FOREVER, NULL);
    const struct link_counts *counts = world_counts(world);
    assert_int_equal(counts->delivered_frames, world->n_arrivals);
    assert_true(counts->duplicated_frames > 500 && counts->corrupted_frames > 500);
    for (size_t i = 1; i < world->n_arrivals; i++) {
        assert_true(world->arrivals[i - 1].at_ns <= world->arrivals[i].at_ns);
    }
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jitter_is_uniform_within_its_bounds),
        cmocka_unit_test(jitter_alone_keeps_the_order),
        cmocka_unit_test(jitter_lets_no_frame_arrive_before_it_was_sent),
        cmocka_unit_test(a_reordered_frame_arrives_later_and_others_pass),
        cmocka_unit_test(of_one_instant_what_was_sent_first_arrives_first),
        cmocka_unit_test(as_many_frames_are_reordered_as_configured),
        cmocka_unit_test(with_all_reordered_each_frame_arrives_when_its_jitter_says),
        cmocka_unit_test(as_many_frames_are_duplicated_as_configured),
        cmocka_unit_test(a_copy_has_a_jitter_of_its_own),
        cmocka_unit_test(a_full_pipe_makes_no_copies),
        cmocka_unit_test(the_fcs_catches_every_corrupted_frame),
        cmocka_unit_test(silent_corruption_reaches_the_receiver),
        cmocka_unit_test(a_corrupted_frame_keeps_its_place),
        cmocka_unit_test(the_copy_of_a_corrupted_frame_is_whole),
        cmocka_unit_test(going_down_loses_strays_too),
        cmocka_unit_test(nothing_is_lost_without_being_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
