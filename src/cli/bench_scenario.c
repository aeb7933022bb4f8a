#include "cli/bench_scenario.h"

#include "base/check.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { PORT = 5000 };

#define MS UINT64_C(1000000)

/* Links as in ns-3: point-to-point ones cost a frame's bytes alone, switched ones the FCS too. */
#define POINT_TO_POINT "queue: 1000, mtu: 1488, overhead: 0"
#define SWITCHED "{rate: 1gbit, delay: 5us, queue: 1000, mtu: 1488, overhead: 4}"

const char *const BENCH_NAMES[BENCH_KINDS + 1] = {
    [BENCH_DUMBBELL] = "dumbbell", [BENCH_CHAIN] = "chain", [BENCH_STAR] = "star",
    [BENCH_IDLE] = "idle",         [BENCH_KINDS] = NULL,
};

const struct bench_size BENCH_SIZES[BENCH_KINDS] = {
    [BENCH_DUMBBELL] = {.hosts = 10, .duration_ns = 30000 * MS},
    [BENCH_CHAIN] = {.groups = 10, .datagrams = 250000, .duration_ns = 5100 * MS},
    [BENCH_STAR] = {.groups = 10, .hosts = 10, .bytes = 1000000, .duration_ns = 30000 * MS},
    [BENCH_IDLE] = {.groups = 100, .hosts = 100, .duration_ns = 1000 * MS},
};

/* --- the labs --- */

static void describe_dumbbell(struct text *text, const struct bench_size *size)
{
    text_print(text,
               "nodes:\n"
               "  left: {kind: router}\n"
               "  right: {kind: router}\n"
               "  sender: {count: %" PRIu32 "}\n"
               "  receiver: {count: %" PRIu32 "}\n"
               "links:\n"
               "  - left-right: {rate: 100mbit, delay: 8ms, queue: 167, mtu: 1488, overhead: 0}\n"
               "  - sender-left: {rate: 1gbit, delay: 1ms, " POINT_TO_POINT "}\n"
               "  - right-receiver: {rate: 1gbit, delay: 1ms, " POINT_TO_POINT "}\n",
               size->hosts, size->hosts);
}

static void describe_chain(struct text *text, const struct bench_size *size)
{
    text_print(text,
               "nodes:\n"
               "  sender: {}\n"
               "  receiver: {}\n"
               "  r: {kind: router, count: %" PRIu32 "}\n"
               "links:\n"
               "  - sender-r1: {rate: 1gbit, delay: 1ms, " POINT_TO_POINT "}\n",
               size->groups);
    for (uint32_t i = 1; i < size->groups; i++) {
        text_print(text,
                   "  - r%" PRIu32 "-r%" PRIu32 ": {rate: 1gbit, delay: 1ms, " POINT_TO_POINT "}\n",
                   i, i + 1);
    }
    text_print(text, "  - r%" PRIu32 "-receiver: {rate: 1gbit, delay: 1ms, " POINT_TO_POINT "}\n",
               size->groups);
}

static void describe_star(struct text *text, const struct bench_size *size)
{
    text_print(text,
               "nodes:\n  server: {}\n  core: {kind: switch}\n"
               "  edge: {kind: switch, count: %" PRIu32 "}\n",
               size->groups);
    for (uint32_t i = 1; i <= size->groups; i++) {
        text_print(text, "  h%" PRIu32 "_: {count: %" PRIu32 "}\n", i, size->hosts);
    }
    text_print(text, "links:\n  - server-core: " SWITCHED "\n  - edge-core: " SWITCHED "\n");
    for (uint32_t i = 1; i <= size->groups; i++) {
        text_print(text, "  - h%" PRIu32 "_-edge%" PRIu32 ": " SWITCHED "\n", i, i);
    }
}

static void describe_idle(struct text *text, const struct bench_size *size)
{
    text_print(text,
               "nodes:\n"
               "  core: {kind: router}\n"
               "  r: {kind: router, count: %" PRIu32 "}\n"
               "  sw: {kind: switch, count: %" PRIu32 "}\n",
               size->groups, size->groups);
    for (uint32_t i = 1; i <= size->groups; i++) {
        text_print(text, "  h%" PRIu32 "_: {count: %" PRIu32 "}\n", i, size->hosts);
    }
    text_print(text, "links:\n  - r-core: {rate: 1gbit, delay: 1ms}\n"
                     "  - sw-r: {rate: 1gbit, delay: 5us}\n");
    for (uint32_t i = 1; i <= size->groups; i++) {
        text_print(text, "  - h%" PRIu32 "_-sw%" PRIu32 ": {rate: 1gbit, delay: 5us}\n", i, i);
    }
}

static void (*const DESCRIBE[BENCH_KINDS])(struct text *, const struct bench_size *) = {
    [BENCH_DUMBBELL] = describe_dumbbell,
    [BENCH_CHAIN] = describe_chain,
    [BENCH_STAR] = describe_star,
    [BENCH_IDLE] = describe_idle,
};

/* --- the traffic --- */

static uint32_t find_node(const struct bench_load *load, const char *group, uint32_t number)
{
    struct text name = {0};
    text_print(&name, "%s", group);
    if (number > 0) {
        text_print(&name, "%" PRIu32, number);
    }
    uint32_t node = lab_find_node(load->lab, name.chars);
    text_fini(&name);
    CHECK(node != LAB_NONE);
    return node;
}

static struct endpoint service_of(const struct bench_load *load, uint32_t node)
{
    return (struct endpoint){lab_node_address(load->lab, node), PORT};
}

static void add_sink(struct bench_load *load, uint32_t node,
                     enum status (*new_sink)(struct sockets *, struct endpoint,
                                             struct traffic_sink **))
{
    struct endpoint any = {.port = PORT};
    enum status status =
        new_sink(world_sockets(load->world, node), any, &load->sinks[load->n_sinks]);
    CHECK(status == STATUS_OK); /* a port of a fresh host */
    load->n_sinks++;
}

static void add_stream(struct bench_load *load, uint32_t from, uint32_t to, uint64_t start_ns,
                       uint64_t bytes)
{
    add_sink(load, to, traffic_sink_new_stream);
    struct traffic_stream_plan plan = {
        .to = service_of(load, to), .start_ns = start_ns, .bytes = bytes};
    load->sources[load->n_sources++] =
        traffic_source_new_stream(world_sockets(load->world, from), &plan);
}

static void load_dumbbell(struct bench_load *load, const struct bench_size *size)
{
    for (uint32_t i = 0; i < size->hosts; i++) {
        add_stream(load, find_node(load, "sender", i + 1), find_node(load, "receiver", i + 1),
                   i * 10 * MS, TRAFFIC_ENDLESS);
    }
}

/* The first datagram goes ahead, and every router asks for the next one's MAC address on its
 * account: ns-3's point-to-point links have no ARP, and at this rate its queue would overflow. */
static void load_chain(struct bench_load *load, const struct bench_size *size)
{
    uint32_t to = find_node(load, "receiver", 0);
    struct sockets *from = world_sockets(load->world, find_node(load, "sender", 0));
    add_sink(load, to, traffic_sink_new_datagrams);
    struct traffic_datagram_plan plan = {
        .to = service_of(load, to), .interval_ns = 20000, .count = 1, .len = 1000};
    load->sources[load->n_sources++] = traffic_source_new_datagrams(from, &plan);
    plan.start_ns = 50 * MS;
    plan.count = size->datagrams - 1;
    load->sources[load->n_sources++] = traffic_source_new_datagrams(from, &plan);
}

static void load_star(struct bench_load *load, const struct bench_size *size)
{
    uint32_t server = find_node(load, "server", 0);
    for (uint32_t i = 0; i < size->groups * size->hosts; i++) {
        char group[LAB_NAME_SIZE];
        snprintf(group, sizeof group, "h%" PRIu32 "_", i / size->hosts + 1);
        uint32_t host = find_node(load, group, i % size->hosts + 1);
        add_stream(load, server, host, (100 + i) * MS, size->bytes);
    }
}

static void (*const ADD_TRAFFIC[BENCH_KINDS])(struct bench_load *, const struct bench_size *) = {
    [BENCH_DUMBBELL] = load_dumbbell,
    [BENCH_CHAIN] = load_chain,
    [BENCH_STAR] = load_star,
    [BENCH_IDLE] = NULL,
};

void bench_load_init(struct bench_load *load, enum bench_kind kind, const struct bench_size *size,
                     struct env *env, struct trace *trace)
{
    struct text text = {0};
    text_print(&text, "tcp_buffer: 4MiB\npool: 10.0.0.0/8\n");
    DESCRIBE[kind](&text, size);
    *load =
        (struct bench_load){.lab = lab_load(config_load(BENCH_NAMES[kind], text.chars, text.len))};
    text_fini(&text);
    CHECK(load->lab->file->n_problems == 0);
    struct text problem = {0};
    load->world = world_new(load->lab, env, trace, &problem);
    CHECK(load->world && world_start(load->world, &problem));
    size_t most = (size_t)(size->groups ? size->groups : 1) * size->hosts + 2;
    load->sources = memory_new_array(most, sizeof(struct traffic_source *));
    load->sinks = memory_new_array(most, sizeof(struct traffic_sink *));
    if (ADD_TRAFFIC[kind]) {
        ADD_TRAFFIC[kind](load, size);
    }
}

void bench_load_fini(struct bench_load *load)
{
    for (size_t i = 0; i < load->n_sources; i++) {
        traffic_source_free(load->sources[i]);
    }
    for (size_t i = 0; i < load->n_sinks; i++) {
        traffic_sink_free(load->sinks[i]);
    }
    free(load->sources);
    free(load->sinks);
    world_free(load->world);
    lab_free(load->lab);
}

uint64_t bench_load_received(const struct bench_load *load)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < load->n_sinks; i++) {
        bytes += traffic_sink_count(load->sinks[i]).bytes;
    }
    return bytes;
}
