#include "medium/link_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void arrives_after_serialisation_and_delay(void **state)
{
    (void)state;
    struct world *world = world_new(
        1, &(struct link_config){.rate_bps = SECOND_NS, .delay_ns = 5000, .overhead_bytes = 24});
    world->env->now_ns = 100;
    world_send(world, 100);
    world_send(world, 1514);
    sim_run(world->env, FOREVER, NULL);
    assert_int_equal(world->n_arrivals, 2);
    assert_int_equal(world->arrivals[0].at_ns, 100 + (100 + 24) * 8 + 5000);
    assert_int_equal(world->arrivals[1].at_ns, 100 + (124 + 1538) * 8 + 5000);
    assert_int_equal(world->arrivals[1].len, 1514);
    world_free(world);
}

static void a_short_frame_costs_as_much_as_the_minimum(void **state)
{
    (void)state;
    struct world *world =
        world_new(1, &(struct link_config){.rate_bps = SECOND_NS, .overhead_bytes = 24});
    world_send(world, 14);
    sim_run(world->env, FOREVER, NULL);
    assert_int_equal(world->arrivals[0].at_ns, (60 + 24) * 8 + 1);
    assert_int_equal(world->arrivals[0].len, 14);
    world_free(world);
}

static void the_fastest_link_takes_one_nanosecond(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){0});
    world_send(world, 1514);
    world_send(world, 1514);
    assert_int_equal(world->n_arrivals, 0);
    sim_run(world->env, FOREVER, NULL);
    assert_int_equal(world->n_arrivals, 2);
    assert_int_equal(world->arrivals[0].at_ns, 1);
    assert_int_equal(world->arrivals[1].at_ns, 1);
    assert_true(world->arrivals[0].id < world->arrivals[1].id);
    world_free(world);
}

static void a_busy_link_carries_exactly_its_rate(void **state)
{
    (void)state;
    const uint64_t rate = 7000003; /* 60 bytes take 68571.399... ns */
    struct world *world = world_new(1, &(struct link_config){.rate_bps = rate, .delay_ns = 1});
    for (int i = 0; i < 100000; i++) {
        world_send(world, 60);
    }
    sim_run(world->env, FOREVER, NULL);
    assert_int_equal(world->n_arrivals, 100000);
    for (uint64_t i = 0; i < 100000; i++) {
        uint64_t depart = ((i + 1) * 480 * SECOND_NS + rate - 1) / rate; /* rounded up */
        assert_int_equal(world->arrivals[i].at_ns, depart + 1);
    }
    world_free(world);
}

static void an_idle_transmitter_keeps_no_fraction(void **state)
{
    (void)state;
    const uint64_t rate = 7000003;
    struct world *world = world_new(1, &(struct link_config){.rate_bps = rate, .delay_ns = 1});
    world_send(world, 60);
    sim_advance(world->env, SECOND_NS);
    world_send(world, 60);
    sim_run(world->env, FOREVER, NULL);
    assert_int_equal(world->arrivals[1].at_ns - SECOND_NS, world->arrivals[0].at_ns);
    world_free(world);
}

static void the_queue_drops_its_tail_by_frames(void **state)
{
    (void)state;
    struct world *world =
        world_new(1, &(struct link_config){.rate_bps = 8 * SECOND_NS, .queue_frames = 2});
    for (int i = 0; i < 5; i++) {
        world_send(world, 1000); /* 1000 ns each: one in transmission, two waiting, two too many */
    }
    assert_int_equal(world_counts(world)->sent_frames, 3);
    assert_int_equal(world_counts(world)->dropped_frames, 2);
    assert_int_equal(world_counts(world)->lost_frames, 0);
    assert_int_equal(drops_of(world, &LINK_DROP_QUEUE_FULL), 2);
    sim_advance(world->env, 999); /* the second has not started */
    world_send(world, 1000);
    assert_int_equal(world_counts(world)->sent_frames, 3);
    sim_advance(world->env, 1000); /* the second starts now: room for exactly one */
    world_send(world, 1000);
    world_send(world, 1000);
    assert_int_equal(world_counts(world)->sent_frames, 4);
    sim_run(world->env, FOREVER, NULL);
    assert_int_equal(world->n_arrivals, 4);
    assert_int_equal(world->arrivals[3].at_ns, 4001);
    world_free(world);
}

static void the_queue_drops_its_tail_by_bytes(void **state)
{
    (void)state;
    struct world *world =
        world_new(1, &(struct link_config){.rate_bps = 8 * SECOND_NS, .queue_bytes = 1500});
    world_send(world, 1000); /* in transmission */
    world_send(world, 1000); /* waiting */
    world_send(world, 501);  /* does not fit */
    world_send(world, 500);  /* fits exactly */
    world_send(world, 1);
    assert_int_equal(world_counts(world)->sent_frames, 3);
    assert_int_equal(world_counts(world)->dropped_frames, 2);
    sim_advance(world->env, 1000);
    world_send(world, 1000); /* the second started: 500 waiting, 1000 fit */
    assert_int_equal(world_counts(world)->sent_frames, 4);
    world_free(world);
}

static void loss_is_as_frequent_as_configured(void **state)
{
    (void)state;
    struct world *world =
        world_new(42, &(struct link_config){.delay_ns = 1000, .loss_ppm = 100000});
    const uint64_t n = 100000;
    for (uint64_t i = 0; i < n; i++) {
        world_send(world, 100);
    }
    sim_run(world->env, FOREVER, NULL);
    uint64_t lost = world_counts(world)->lost_frames;
    assert_in_range(lost, 10000 - 5 * 95, 10000 + 5 * 95); /* 5 sigma */
    assert_int_equal(world_counts(world)->sent_frames, n);
    assert_int_equal(world->n_arrivals, n - lost);
    assert_int_equal(drops_of(world, &LINK_DROP_LOSS), lost);
    world_free(world);
}

static void total_loss_loses_everything_and_still_takes_the_wire(void **state)
{
    (void)state;
    struct link_config config = {.rate_bps = 8 * SECOND_NS, .loss_ppm = LINK_SHARE_SCALE};
    struct world *world = world_new(1, &config);
    for (int i = 0; i < 10; i++) {
        world_send(world, 1000);
    }
    config.loss_ppm = 0;
    link_set_config(world->link, &config);
    world_send(world, 1000);
    sim_run(world->env, FOREVER, NULL);
    assert_int_equal(world->n_arrivals, 1);
    assert_int_equal(world->arrivals[0].at_ns, 11001); /* behind the ten that were lost */
    world_free(world);
}

static void the_two_directions_lose_independently(void **state)
{
    (void)state;
    struct world *world = world_new(5, &(struct link_config){.loss_ppm = 500000});
    char pattern[2][65] = {0};
    for (int i = 0; i < 64; i++) {
        for (int direction = 0; direction < 2; direction++) {
            uint64_t before = link_get_counts(world->link, direction)->lost_frames;
            link_send(direction ? world->to : world->from, frame_new(world, 60));
            pattern[direction][i] =
                before == link_get_counts(world->link, direction)->lost_frames ? '.' : 'x';
        }
    }
    assert_string_not_equal(pattern[0], pattern[1]);
    world_free(world);
}

static void going_down_loses_what_is_under_way(void **state)
{
    (void)state;
    struct world *world =
        world_new(1, &(struct link_config){.rate_bps = 8 * SECOND_NS, .delay_ns = 10000});
    for (int i = 0; i < 4; i++) {
        world_send(world, 1000);
    }
    sim_advance(world->env, 11500); /* the first arrives at 11000 */
    link_set_up(world->link, false);
    assert_false(link_is_up(world->link));
    assert_int_equal(world->n_arrivals, 1);
    assert_int_equal(world_counts(world)->lost_frames, 3);
    assert_int_equal(packet_pool_in_use(world->env->packets), 0);
    world_send(world, 1000);
    assert_int_equal(world_counts(world)->sent_frames, 4);
    assert_int_equal(world_counts(world)->dropped_frames, 4);
    assert_int_equal(drops_of(world, &LINK_DROP_DOWN), 4);
    link_set_up(world->link, true);
    world_send(world, 1000);
    sim_run(world->env, FOREVER, NULL);
    assert_int_equal(world->n_arrivals, 2);
    assert_int_equal(world->arrivals[1].at_ns, 11500 + 1000 + 10000);
    world_free(world);
}

static void after_going_down_the_transmitter_and_the_queue_are_free(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){.rate_bps = 8000,
                                                             .delay_ns = 100 * SECOND_NS,
                                                             .queue_frames = 1,
                                                             .queue_bytes = 1000});
    world_send(world, 1000); /* busy for a second */
    world_send(world, 1000);
    link_set_up(world->link, false);
    link_set_up(world->link, true);
    link_set_config(world->link, &(struct link_config){
                                     .rate_bps = 8000, .queue_frames = 1, .queue_bytes = 1000});
    world_send(world, 1000);
    world_send(world, 1000);
    sim_run(world->env, FOREVER, NULL);
    assert_int_equal(world->n_arrivals, 2);
    assert_int_equal(world->arrivals[0].at_ns, SECOND_NS + 1);
    assert_int_equal(world->arrivals[1].at_ns, 2 * SECOND_NS + 1);
    world_free(world);
}

static void a_shorter_delay_overtakes_nobody(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){.delay_ns = 1000000});
    world_send(world, 100);
    link_set_config(world->link, &(struct link_config){.delay_ns = 10});
    world_send(world, 101);
    sim_advance(world->env, 2000000);
    world_send(world, 102);
    sim_run(world->env, FOREVER, NULL);
    assert_int_equal(world->arrivals[0].len, 100);
    assert_int_equal(world->arrivals[1].len, 101);
    assert_int_equal(world->arrivals[1].at_ns, 1000000);
    assert_int_equal(world->arrivals[2].at_ns, 2000010);
    world_free(world);
}

static void a_new_rate_holds_for_frames_sent_from_now_on(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){.rate_bps = 8 * SECOND_NS});
    world_send(world, 1000);
    world_send(world, 1000);
    link_set_config(world->link, &(struct link_config){.rate_bps = SECOND_NS});
    world_send(world, 1000);
    link_set_config(world->link, &(struct link_config){0});
    world_send(world, 1000);
    sim_run(world->env, FOREVER, NULL);
    assert_int_equal(world->arrivals[1].at_ns, 2001);
    assert_int_equal(world->arrivals[2].at_ns, 2000 + 8000 + 1);
    assert_int_equal(world->arrivals[3].at_ns, 2000 + 8000 + 1); /* infinitely fast, but behind */
    assert_int_equal(world->arrivals[3].len, 1000);
    world_free(world);
}

static void a_new_rate_does_not_inherit_a_fraction_of_the_old_one(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){.rate_bps = 7000003});
    world_send(world, 60); /* takes 68571.399... ns */
    link_set_config(world->link, &(struct link_config){.rate_bps = 480 * SECOND_NS});
    world_send(world, 60); /* takes 1 ns, from 68572 on */
    sim_run(world->env, FOREVER, NULL);
    assert_int_equal(world->arrivals[0].at_ns, 68572 + 1);
    assert_int_equal(world->arrivals[1].at_ns, 68573 + 1);
    world_free(world);
}

static struct packet *echo(struct world *world, struct packet *frame)
{
    (void)world;
    return frame;
}

static void a_receiver_may_send_on_the_same_link_at_once(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){.delay_ns = 100});
    world->answer = echo;
    for (int i = 0; i < 20; i++) {
        world_send(world, 64);
    }
    sim_run(world->env, FOREVER, NULL);
    assert_int_equal(world->n_arrivals, 20);
    assert_int_equal(world->n_answers, 20);
    assert_int_equal(world->env->now_ns, 200);
    world_free(world);
}

static struct packet *echo_and_cut(struct world *world, struct packet *frame)
{
    link_set_up(world->link, world->n_arrivals < 2);
    return frame;
}

static void a_receiver_may_take_the_link_down(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){.delay_ns = 100});
    world->answer = echo_and_cut;
    for (int i = 0; i < 20; i++) {
        world_send(world, 64);
    }
    sim_run(world->env, FOREVER, NULL);
    assert_int_equal(world->n_arrivals, 2);
    assert_int_equal(world->n_answers, 0); /* the first answer was cut off under way */
    world_free(world);
}

/* Sends the same random traffic over a lossy, slow link; returns both directions' hashes. */
static uint64_t hash_of_run(uint64_t seed, uint8_t odd_byte, uint64_t odd_delay_ns)
{
    struct world *world = world_new(seed, &(struct link_config){.rate_bps = 20000000,
                                                                .delay_ns = 1000 + odd_delay_ns,
                                                                .loss_ppm = 10000,
                                                                .queue_frames = 20});
    struct prng traffic;
    prng_init(&traffic, 99, "test", "traffic");
    world->answer = echo;
    uint64_t now_ns = 0;
    for (int i = 0; i < 2000; i++) {
        uint64_t len = 14 + prng_below(&traffic, 1500);
        struct packet *frame = frame_new(world, len);
        frame->data[13] = i == 1000 ? odd_byte : 0;
        uint64_t accepted = world_counts(world)->sent_frames;
        link_send(world->from, frame);
        assert_true(i != 1000 || world_counts(world)->sent_frames == accepted + 1);
        now_ns += prng_below(&traffic, 1000000);
        sim_advance(world->env, now_ns);
    }
    sim_run(world->env, FOREVER, NULL);
    uint64_t hash = run_hash_combine(0, link_get_hash(world->link, 0));
    hash = run_hash_combine(hash, link_get_hash(world->link, 1));
    world_free(world);
    return hash;
}

static void the_hash_is_the_same_for_the_same_run_and_no_other(void **state)
{
    (void)state;
    uint64_t hash = hash_of_run(7, 0, 0);
    assert_int_equal(hash_of_run(7, 0, 0), hash);
    assert_int_not_equal(hash_of_run(8, 0, 0), hash); /* other frames are lost */
    assert_int_not_equal(hash_of_run(7, 1, 0), hash); /* one byte in one frame */
    assert_int_not_equal(hash_of_run(7, 0, 1), hash); /* one nanosecond later */
}

static void the_hash_counts_accepted_frames_and_bytes(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){.rate_bps = 8, .queue_frames = 1});
    world_send(world, 100);
    world_send(world, 200);
    world_send(world, 300);
    assert_int_equal(link_get_hash(world->link, 0)->frames, 2);
    assert_int_equal(link_get_hash(world->link, 0)->bytes, 300);
    assert_int_equal(link_get_hash(world->link, 1)->frames, 0);
    world_free(world);
}

/* What the hash of one direction must be, frame by frame: every test frame is of the same bytes. */
static void expect_frame(struct world *world, struct run_hash *hash, uint64_t sent_ns,
                         uint64_t arrives_ns, size_t len)
{
    struct packet *frame = frame_new(world, len);
    run_hash_add_frame(hash, sent_ns, arrives_ns, frame);
    packet_put(frame);
}

static void the_hash_says_when_each_frame_arrives_if_it_does(void **state)
{
    (void)state;
    struct link_config config = {.delay_ns = 1000};
    struct world *world = world_new(1, &config);
    struct run_hash expected = {0};
    world_send(world, 100);
    expect_frame(world, &expected, 0, 1000, 100);
    sim_advance(world->env, 500);
    config.delay_ns = 10;
    link_set_config(world->link, &config);
    world_send(world, 101);
    expect_frame(world, &expected, 500, 1000, 101); /* not at 510: it does not overtake */
    config.loss_ppm = LINK_SHARE_SCALE;
    link_set_config(world->link, &config);
    world_send(world, 102);
    expect_frame(world, &expected, 500, UINT64_MAX, 102);
    sim_advance(world->env, 600);
    link_set_up(world->link, false);
    run_hash_add_cut(&expected, 600, 2);
    world_send(world, 103); /* never accepted */
    assert_int_equal(link_get_hash(world->link, 0)->value, expected.value);
    assert_int_equal(link_get_hash(world->link, 0)->frames, 3);
    world_free(world);
}

static void a_frame_cut_off_under_way_makes_another_run(void **state)
{
    (void)state;
    uint64_t hashes[2];
    for (uint64_t i = 0; i < 2; i++) {
        struct world *world = world_new(1, &(struct link_config){.delay_ns = 1000});
        world_send(world, 100);
        sim_advance(world->env, i == 0 ? 999 : 1000);
        link_set_up(world->link, false);
        hashes[i] = link_get_hash(world->link, 0)->value;
        world_free(world);
    }
    assert_int_not_equal(hashes[0], hashes[1]);
}

struct log_tap {
    struct tap tap;
    struct world *world;
    char log[200];
};

static void log_on_frame(struct tap *tap, const struct tap_point *point,
                         enum tap_direction direction, uint64_t at_ns, const struct packet *frame)
{
    struct log_tap *log = (struct log_tap *)tap;
    size_t len = strlen(log->log);
    snprintf(log->log + len, sizeof log->log - len, "%s/%s/%s %s %u at %u; ", point->node_name,
             point->interface, point->link_name, direction == TAP_SENT ? "sent" : "received",
             frame->len, (unsigned)at_ns);
}

static void taps_see_frames_when_accepted_and_when_there(void **state)
{
    (void)state;
    struct link_config config = {.rate_bps = 8 * SECOND_NS, .queue_frames = 1};
    struct world *world = world_new(1, &config);
    struct log_tap log = {.tap.on_frame = log_on_frame};
    struct log_tap log_b = {.tap.on_frame = log_on_frame};
    tap_add(&world->from->point, &log.tap);
    tap_add(&world->to->point, &log_b.tap);
    world_send(world, 1000);
    config.loss_ppm = LINK_SHARE_SCALE;
    link_set_config(world->link, &config);
    world_send(world, 500);
    world_send(world, 501); /* tail-dropped: never on the wire */
    sim_run(world->env, FOREVER, NULL);
    assert_string_equal(log.log, "a/eth0/a-b sent 1000 at 0; a/eth0/a-b sent 500 at 0; ");
    assert_string_equal(log_b.log, "b/eth0/a-b received 1000 at 1001; ");
    tap_remove(&world->from->point, &log.tap);
    assert_null(world->from->point.taps);
    world_free(world);
}

struct change_sink {
    struct trace_sink sink;
    struct text log;
};

static void change_on_event(struct trace_sink *sink, const struct trace_event *event)
{
    struct change_sink *changes = (struct change_sink *)sink;
    assert_int_equal(event->node, 0);
    trace_print_summary(&changes->log, event);
    text_print(&changes->log, "; ");
}

static void changes_are_traced_once(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){0});
    struct change_sink changes = {.sink.on_event = change_on_event};
    trace_add_sink(&world->trace, &changes.sink);
    link_set_up(world->link, true);
    link_set_up(world->link, false);
    link_set_up(world->link, false);
    link_set_up(world->link, true);
    assert_string_equal(text_chars(&changes.log), "a-b is up: false; a-b is up: true; ");
    text_fini(&changes.log);
    world_free(world);
}

/* The naive model: every accepted frame with its exact times, in units of 1/rate ns. */
struct model {
    uint64_t rate;
    unsigned __int128 free; /* in 1/rate ns */
    struct {
        unsigned __int128 start;
        uint32_t len;
    } frames[4000];
    size_t n_frames;
};

static bool model_send(struct model *model, const struct link_config *config, uint64_t now_ns,
                       uint32_t len, uint64_t *arrives_ns)
{
    unsigned __int128 now = (unsigned __int128)now_ns * model->rate;
    uint64_t waiting = 0;
    uint64_t bytes = 0;
    for (size_t i = 0; i < model->n_frames; i++) {
        if (model->frames[i].start > now) {
            waiting++;
            bytes += model->frames[i].len;
        }
    }
    unsigned __int128 start = model->free > now ? model->free : now;
    if (start > now && (waiting >= config->queue_frames || bytes + len > config->queue_bytes)) {
        return false;
    }
    uint64_t wire = (len < 60 ? 60 : len) + config->overhead_bytes;
    model->free = start + (unsigned __int128)wire * 8 * SECOND_NS;
    model->frames[model->n_frames].start = start;
    model->frames[model->n_frames++].len = len;
    *arrives_ns = (uint64_t)((model->free + model->rate - 1) / model->rate) + config->delay_ns;
    return true;
}

static void agrees_with_a_naive_model(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 3, "test", "model");
    for (int round = 0; round < 20; round++) {
        struct link_config config = {.overhead_bytes = 24};
        config.rate_bps = 1 + prng_below(&prng, UINT64_C(1) << (20 + round));
        config.delay_ns = 1 + prng_below(&prng, 100000);
        config.queue_frames = 1 + (uint32_t)prng_below(&prng, 10);
        config.queue_bytes = 1 + prng_below(&prng, 8000);
        struct world *world = world_new(1, &config);
        struct model *model = calloc(1, sizeof *model);
        model->rate = config.rate_bps;
        uint64_t *expected = calloc(4000, sizeof *expected);
        size_t n = 0;
        uint64_t frame_time = 1000 * 8 * SECOND_NS / config.rate_bps + 1;
        for (int i = 0; i < 4000; i++) {
            uint32_t len = 14 + (uint32_t)prng_below(&prng, 1501);
            bool accepted = model_send(model, &config, world->env->now_ns, len, &expected[n]);
            uint64_t before = world_counts(world)->sent_frames;
            world_send(world, len);
            assert_int_equal(world_counts(world)->sent_frames - before, accepted);
            n += accepted;
            uint64_t next = world->env->now_ns + prng_below(&prng, frame_time * 2);
            sim_advance(world->env, next);
        }
        sim_run(world->env, FOREVER, NULL);
        assert_int_equal(world->n_arrivals, n);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(world->arrivals[i].at_ns, expected[i]);
        }
        free(expected);
        free(model);
        world_free(world);
    }
}

static void nothing_is_lost_without_being_counted(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){0});
    struct prng prng;
    prng_init(&prng, 4, "test", "conservation");
    uint64_t offered = 0;
    for (int i = 0; i < 20000; i++) {
        switch (prng_below(&prng, 100)) {
        case 0:
            link_set_up(world->link, !link_is_up(world->link));
            break;
        case 1: {
            struct link_config config = {0};
            config.rate_bps = prng_below(&prng, 3) * 50000000;
            config.delay_ns = prng_below(&prng, 1000000);
            config.loss_ppm = (uint32_t)prng_below(&prng, 2) * 200000;
            config.queue_frames = (uint32_t)prng_below(&prng, 5);
            link_set_config(world->link, &config);
            break;
        }
        default:
            world_send(world, 60 + prng_below(&prng, 1400));
            offered++;
        }
        sim_advance(world->env, world->env->now_ns + prng_below(&prng, 200000));
        assert_conserved(world);
        assert_int_equal(offered, world_counts(world)->sent_frames +
                                      world_counts(world)->dropped_frames -
                                      world_counts(world)->lost_frames);
    }
    assert_true(world_counts(world)->delivered_frames > 5000 &&
                world_counts(world)->lost_frames > 500);
    for (size_t i = 1; i < world->n_arrivals; i++) { /* and none overtook another */
        assert_true(world->arrivals[i - 1].id < world->arrivals[i].id);
        assert_true(world->arrivals[i - 1].at_ns <= world->arrivals[i].at_ns);
    }
    world_free(world);
}

static void freeing_a_link_drops_what_is_in_flight(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){.delay_ns = 1000});
    world_send(world, 100);
    world_send(world, 100);
    assert_int_equal(packet_pool_in_use(world->env->packets), 2);
    world_free(world); /* checks that they came back */
}

static void simultaneous_arrivals_go_by_node_and_port(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){.delay_ns = 100});
    struct link *others[3];
    struct scope c = world->b;
    c.node = 3;
    c.name = "c";
    const uint32_t ports[3] = {5, 1, 0}; /* of b, b and c */
    struct link_end *ends[3];
    for (int i = 0; i < 3; i++) {
        others[i] = link_new("x", &(struct link_config){.delay_ns = 100});
        ends[i] =
            link_attach(others[i], 0, &world->a, 1 + (uint32_t)i, "eth1", deliver_to_a, world);
        link_attach(others[i], 1, i == 2 ? &c : &world->b, ports[i], "eth1", deliver_to_b, world);
    }
    link_send(ends[2], frame_new(world, 63));
    link_send(ends[0], frame_new(world, 62));
    link_send(ends[1], frame_new(world, 61));
    world_send(world, 60);
    sim_run(world->env, FOREVER, NULL);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(world->arrivals[i].len, 60 + i);
        assert_int_equal(world->arrivals[i].at_ns, 100);
    }
    for (int i = 0; i < 3; i++) {
        link_free(others[i]);
    }
    world_free(world);
}

static void a_full_pipe_drops_the_tail_even_without_a_queue_limit(void **state)
{
    (void)state;
    struct world *world = world_new(1, &(struct link_config){.delay_ns = SECOND_NS});
    struct packet *frame = frame_new(world, 60);
    for (int i = 0; i <= LINK_MAX_IN_FLIGHT; i++) {
        link_send(world->from, packet_clone(frame));
    }
    packet_put(frame);
    assert_int_equal(world_counts(world)->dropped_frames, 1);
    assert_int_equal(link_get_in_flight(world->link, 0), LINK_MAX_IN_FLIGHT);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrives_after_serialisation_and_delay),
        cmocka_unit_test(a_short_frame_costs_as_much_as_the_minimum),
        cmocka_unit_test(the_fastest_link_takes_one_nanosecond),
        cmocka_unit_test(a_busy_link_carries_exactly_its_rate),
        cmocka_unit_test(an_idle_transmitter_keeps_no_fraction),
        cmocka_unit_test(the_queue_drops_its_tail_by_frames),
        cmocka_unit_test(the_queue_drops_its_tail_by_bytes),
        cmocka_unit_test(loss_is_as_frequent_as_configured),
        cmocka_unit_test(total_loss_loses_everything_and_still_takes_the_wire),
        cmocka_unit_test(the_two_directions_lose_independently),
        cmocka_unit_test(going_down_loses_what_is_under_way),
        cmocka_unit_test(after_going_down_the_transmitter_and_the_queue_are_free),
        cmocka_unit_test(a_shorter_delay_overtakes_nobody),
        cmocka_unit_test(a_new_rate_holds_for_frames_sent_from_now_on),
        cmocka_unit_test(a_new_rate_does_not_inherit_a_fraction_of_the_old_one),
        cmocka_unit_test(a_receiver_may_send_on_the_same_link_at_once),
        cmocka_unit_test(a_receiver_may_take_the_link_down),
        cmocka_unit_test(the_hash_is_the_same_for_the_same_run_and_no_other),
        cmocka_unit_test(the_hash_counts_accepted_frames_and_bytes),
        cmocka_unit_test(the_hash_says_when_each_frame_arrives_if_it_does),
        cmocka_unit_test(a_frame_cut_off_under_way_makes_another_run),
        cmocka_unit_test(taps_see_frames_when_accepted_and_when_there),
        cmocka_unit_test(changes_are_traced_once),
        cmocka_unit_test(agrees_with_a_naive_model),
        cmocka_unit_test(nothing_is_lost_without_being_counted),
        cmocka_unit_test(freeing_a_link_drops_what_is_in_flight),
        cmocka_unit_test(simultaneous_arrivals_go_by_node_and_port),
        cmocka_unit_test(a_full_pipe_drops_the_tail_even_without_a_queue_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
