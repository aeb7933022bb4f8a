/* `orrery bench`: how fast the simulation is, on networks that are always the same. */
#include "cli/bench_scenario.h"
#include "cli/cli.h"
#include "sim/sim.h"

#include "config/config.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static const char *const DESCRIPTIONS[BENCH_KINDS] = {
    [BENCH_DUMBBELL] = "10 bulk TCP flows share 100 Mbit/s, RTT 20 ms, 167 frames of queue",
    [BENCH_CHAIN] = "UDP, 1000 bytes at 50,000 packets/s, through 10 routers",
    [BENCH_STAR] = "1 MB by TCP to each of 100 hosts through 11 switches",
    [BENCH_IDLE] = "10,000 hosts in 100 subnets, nothing happens",
};

struct bench_result {
    enum bench_kind kind;
    size_t n_nodes;
    size_t n_links;
    double simulated_s;
    double build_s; /* from the lab's text to a started world */
    double run_s;   /* by the clock on the wall */
    double run_cpu_s;
    uint64_t events;
    uint64_t received; /* bytes, by the sinks */
    uint64_t hash;
    struct world_counts counts;
    long start_rss_kib; /* before anything was built */
    long rss_kib;       /* the most that was ever in use */
};

static double clock_s(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static long peak_rss_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void measure(enum bench_kind kind, struct bench_result *result)
{
    const struct bench_size *size = &BENCH_SIZES[kind];
    *result = (struct bench_result){.kind = kind, .start_rss_kib = peak_rss_kib()};
    struct env *env = sim_env_new(1, ENV_DEFAULT_EPOCH_UNIX_S, NULL);
    struct trace trace;
    trace_init(&trace);
    double before_build_s = clock_s(CLOCK_MONOTONIC);
    struct bench_load load;
    bench_load_init(&load, kind, size, env, &trace);
    double before_run_s = clock_s(CLOCK_MONOTONIC);
    double cpu_before_run_s = clock_s(CLOCK_PROCESS_CPUTIME_ID);
    sim_run(env, size->duration_ns, NULL);
    result->run_cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_before_run_s;
    result->run_s = clock_s(CLOCK_MONOTONIC) - before_run_s;
    result->build_s = before_run_s - before_build_s;
    result->simulated_s = (double)size->duration_ns * 1e-9;
    result->n_nodes = load.lab->n_nodes;
    result->n_links = load.lab->n_links;
    result->events = env->events_fired;
    result->received = bench_load_received(&load);
    result->hash = world_hash(load.world);
    result->counts = world_count(load.world);
    result->rss_kib = peak_rss_kib();
    bench_load_fini(&load);
    trace_fini(&trace);
    sim_env_free(env);
}

/* What is measured: of a network that does nothing, its start. */
static double wall_s(const struct bench_result *result)
{
    return result->kind == BENCH_IDLE ? result->build_s + result->run_s : result->run_s;
}

static double per_second(uint64_t count, const struct bench_result *result)
{
    return (double)count / wall_s(result);
}

/* Bytes for each node: what the world added to the process. */
static long node_bytes(const struct bench_result *result)
{
    return (result->rss_kib - result->start_rss_kib) * 1024 / (long)result->n_nodes;
}

static void print_line(struct text *text, const struct bench_result *result)
{
    text_print(text, "%.1f %.3f %" PRIu64 " %.0f %" PRIu64 " %.0f %ld %" PRIu64 "\n",
               result->simulated_s, wall_s(result), result->counts.frames,
               per_second(result->counts.frames, result), result->events,
               per_second(result->events, result), result->rss_kib, result->received);
}

static void print_json(struct text *text, const struct bench_result *result)
{
    text_print(text,
               "{\"scenario\":\"%s\",\"nodes\":%zu,\"links\":%zu,\"simulated_s\":%.1f,"
               "\"build_s\":%.6f,\"run_s\":%.6f,\"run_cpu_s\":%.6f,\"packet_hops\":%" PRIu64
               ",\"packet_hops_per_s\":%.0f,\"dropped\":%" PRIu64 ",\"events\":%" PRIu64
               ",\"events_per_s\":%.0f,\"received_bytes\":%" PRIu64
               ",\"rss_kib\":%ld,\"node_bytes\":%ld,\"hash\":\"%016" PRIx64 "\"}\n",
               BENCH_NAMES[result->kind], result->n_nodes, result->n_links, result->simulated_s,
               result->build_s, result->run_s, result->run_cpu_s, result->counts.frames,
               per_second(result->counts.frames, result), result->counts.dropped, result->events,
               per_second(result->events, result), result->received, result->rss_kib,
               node_bytes(result), result->hash);
}

static void print_table(struct text *text, const struct bench_result *result)
{
    text_print(text, "%s: %s\n", BENCH_NAMES[result->kind], DESCRIPTIONS[result->kind]);
    text_print(text, "  network      %10zu nodes, %zu links, built in %.3f s\n", result->n_nodes,
               result->n_links, result->build_s);
    text_print(text, "  simulated    %10.1f s in %.3f s (%.3f s of processor time)\n",
               result->simulated_s, result->run_s, result->run_cpu_s);
    text_print(text, "  packet-hops  %10" PRIu64 "   %.2f million/s; %" PRIu64 " dropped\n",
               result->counts.frames, per_second(result->counts.frames, result) / 1e6,
               result->counts.dropped);
    text_print(text, "  events       %10" PRIu64 "   %.2f million/s\n", result->events,
               per_second(result->events, result) / 1e6);
    text_print(text, "  received     %10" PRIu64 " bytes\n", result->received);
    text_print(text, "  memory       %10ld KiB at most; %ld bytes for each node\n", result->rss_kib,
               node_bytes(result));
    text_print(text, "  run hash     %016" PRIx64 "\n", result->hash);
}

static bool find_kind(const char *name, enum bench_kind *kind)
{
    for (int i = 0; i < BENCH_KINDS; i++) {
        if (strcmp(name, BENCH_NAMES[i]) == 0) {
            *kind = (enum bench_kind)i;
            return true;
        }
    }
    const char *meant = config_suggest(name, BENCH_NAMES, BENCH_KINDS);
    cli_complain("there is no scenario '%s'%s%s%s; see orrery bench --help", name,
                 meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
    return false;
}

static int run(int argc, char **argv)
{
    struct options options;
    if (!options_parse(&COMMAND_BENCH, argc, argv, &options)) {
        return EXIT_BAD_CALL;
    }
    if (!options.argument) {
        cli_complain("bench needs a scenario: dumbbell, chain, star or idle");
        return EXIT_BAD_CALL;
    }
    enum bench_kind kind;
    if (!find_kind(options.argument, &kind)) {
        return EXIT_BAD_CALL;
    }
    struct bench_result result;
    measure(kind, &result);
    struct text text = {0};
    (options.line ? print_line : options.json ? print_json : print_table)(&text, &result);
    cli_print(&text);
    return EXIT_HELD;
}

const struct command COMMAND_BENCH = {
    .name = "bench",
    .arguments = "SCENARIO [options]",
    .summary = "measures how fast the simulation is",
    .options = "ij",
    .help = "Scenarios:\n"
            "  dumbbell  10 bulk TCP flows share 100 Mbit/s, RTT 20 ms, for 30 s\n"
            "  chain     UDP, 1000 bytes at 50,000 packets/s, through 10 routers for 5 s\n"
            "  star      1 MB by TCP from one server to each of 100 hosts through 11 switches\n"
            "  idle      10,000 hosts in 100 subnets, which do nothing: time to start, memory\n"
            "A packet-hop is one frame carried over one link. Checksums and the run hash are\n"
            "always computed. Only the run is measured; of `idle` the start too.\n",
    .run = run,
};
