/* The scenarios of `orrery bench`: networks under a load that is always the same, so that speed can
 * be compared between versions and with other simulators. Each is a lab, with traffic sources and
 * sinks on its nodes.
 *
 *   dumbbell  bulk TCP flows share a bottleneck: losses, congestion control, queues
 *   chain     UDP at a constant rate through a row of routers: forwarding
 *   star      files by TCP from one server through two stages of switches: switching
 *   idle      many hosts in many subnets that do nothing: time to start, memory
 *
 * A TCP segment bears 1448 bytes of data (an MTU of 1488 and no options), and the links between
 * routers count no preamble and gap, so that frames cost what they cost in ns-3.
 */
#ifndef CLI_BENCH_SCENARIO_H
#define CLI_BENCH_SCENARIO_H

#include "lab/world.h"
#include "service/traffic_sink.h"
#include "service/traffic_source.h"

enum bench_kind { BENCH_DUMBBELL, BENCH_CHAIN, BENCH_STAR, BENCH_IDLE, BENCH_KINDS };

/* How large; what a kind does not have is 0. */
struct bench_size {
    uint32_t groups;      /* star: edge switches; idle: subnets; chain: routers */
    uint32_t hosts;       /* dumbbell: flows; star, idle: per group */
    uint64_t bytes;       /* star: to each host */
    uint64_t datagrams;   /* chain */
    uint64_t duration_ns; /* simulated */
};

extern const char *const BENCH_NAMES[BENCH_KINDS + 1]; /* ended by NULL */
extern const struct bench_size BENCH_SIZES[BENCH_KINDS];

/* A scenario that is set up: its services are started, and the clock stands at 0. */
struct bench_load {
    struct lab *lab;
    struct world *world;
    struct traffic_source **sources;
    size_t n_sources;
    struct traffic_sink **sinks;
    size_t n_sinks;
};

/* `env` and `trace` are borrowed until bench_load_fini(). */
void bench_load_init(struct bench_load *load, enum bench_kind kind, const struct bench_size *size,
                     struct env *env, struct trace *trace);
void bench_load_fini(struct bench_load *load);

uint64_t bench_load_received(const struct bench_load *load); /* bytes, by all sinks */

#endif
