#include "medium/link_world.h"

#include <stdlib.h>
#include <string.h>

static uint32_t frame_number(const struct packet *frame)
{
    struct reader reader = packet_reader(frame);
    return frame->len < 4 ? 0 : read_u32(&reader);
}

void deliver_to_b(void *owner, struct packet *frame)
{
    struct world *world = owner;
    assert_true(world->n_arrivals < MAX_ARRIVALS);
    world->arrivals[world->n_arrivals++] =
        (struct arrival){world->env->now_ns, frame->id, frame->len, frame_number(frame)};
    if (world->on_arrival) {
        world->on_arrival(world, frame);
    }
    if (world->answer) {
        link_send(world->to, world->answer(world, frame));
    } else {
        packet_put(frame);
    }
}

void deliver_to_a(void *owner, struct packet *frame)
{
    struct world *world = owner;
    world->n_answers++;
    packet_put(frame);
}

struct world *world_new(uint64_t seed, const struct link_config *config)
{
    struct world *world = calloc(1, sizeof *world);
    world->env = sim_env_new(seed, ENV_DEFAULT_EPOCH_UNIX_S, NULL);
    trace_init(&world->trace);
    world->a = (struct scope){.env = world->env, .trace = &world->trace, .node = 1, .name = "a"};
    world->b = (struct scope){.env = world->env, .trace = &world->trace, .node = 2, .name = "b"};
    world->arrivals = calloc(MAX_ARRIVALS, sizeof *world->arrivals);
    world->link = link_new("a-b", config);
    world->from = link_attach(world->link, 0, &world->a, 0, "eth0", deliver_to_a, world);
    world->to = link_attach(world->link, 1, &world->b, 0, "eth0", deliver_to_b, world);
    return world;
}

void world_free(struct world *world)
{
    link_free(world->link);
    assert_int_equal(packet_pool_in_use(world->env->packets), 0);
    trace_fini(&world->trace);
    sim_env_free(world->env);
    free(world->arrivals);
    free(world);
}

struct packet *frame_new(struct world *world, size_t len)
{
    struct packet *frame = packet_new(world->env->packets, len);
    memset(frame->data, 0x5a, len);
    return frame;
}

void world_send(struct world *world, size_t len)
{
    link_send(world->from, frame_new(world, len));
}

const struct link_counts *world_counts(const struct world *world)
{
    return link_get_counts(world->link, 0);
}

uint64_t drops_of(const struct world *world, const struct drop_reason *reason)
{
    size_t n;
    struct drop_count *drops = trace_drop_counts(&world->trace, &n);
    uint64_t packets = 0;
    for (size_t i = 0; i < n; i++) {
        packets += drops[i].reason == reason ? drops[i].packets : 0;
    }
    free(drops);
    return packets;
}

void world_send_number(struct world *world, size_t len, uint32_t number)
{
    struct packet *frame = frame_new(world, len);
    struct writer writer = writer_of(frame->data, frame->len);
    write_u32(&writer, number);
    link_send(world->from, frame);
}

void assert_conserved(struct world *world)
{
    const struct link_counts *c = world_counts(world);
    size_t in_flight = link_get_in_flight(world->link, 0);
    assert_int_equal(c->sent_frames + c->duplicated_frames,
                     c->delivered_frames + c->lost_frames + in_flight);
    assert_int_equal(packet_pool_in_use(world->env->packets), in_flight);
}
