/* `orrery run`: plays a lab file: its faults and its expectations. */
#include "cli/cli.h"
#include "cli/stage.h"
#include "host/host.h"
#include "lab/report.h"

#include <inttypes.h>
#include <string.h>

/* A real-time run that lags further behind the wall clock cannot judge times. */
#define TOLERATED_LAG_NS UINT64_C(100000000)

static bool judges_times(const struct lab *lab)
{
    for (size_t i = 0; i < lab->n_expects; i++) {
        if (lab->expects[i].within_ns) {
            return true;
        }
    }
    return false;
}

static int verdict(const struct stage *stage, const struct timetable *timetable)
{
    size_t count;
    const struct expect_result *results = timetable_results(timetable, &count);
    if (stage->is_realtime && judges_times(stage->lab) &&
        host_env_lag_ns(stage->env) > TOLERATED_LAG_NS) {
        struct text lag = {0};
        report_print_ms(&lag, host_env_lag_ns(stage->env));
        cli_complain("the run fell %s behind the wall clock; its times judge nothing", lag.chars);
        text_fini(&lag);
        return EXIT_TOO_LATE;
    }
    for (size_t i = 0; i < count; i++) {
        if (results[i].verdict != VERDICT_HELD) {
            return EXIT_EXPECTATION_FAILED;
        }
    }
    return EXIT_HELD;
}

static void print_report(struct stage *stage, const struct timetable *timetable,
                         const struct options *options)
{
    struct text text = {0};
    struct report_title title = {.lab = options->argument};
    if (options->json && !options->trace) {
        report_print_json(&text, stage->world, NULL, timetable, &title);
    } else if (!options->json) {
        text_print(&text, "%s: %zu nodes, %zu links, seed %" PRIu64 "\n", options->argument,
                   stage->lab->n_nodes, stage->lab->n_links, stage->lab->seed);
        report_print_expectations(&text, stage->world, timetable);
        report_print_summary(&text, stage->world);
    }
    cli_print(&text);
}

/* In real time a lab without expectations is there for real programs: it runs until it is told to
 * end. */
static int play(struct stage *stage, const struct options *options)
{
    if (!stage_start(stage)) {
        return EXIT_BAD_CALL;
    }
    struct timetable *timetable = timetable_new(stage->world, true);
    bool is_open_ended = stage->is_realtime && stage->lab->n_expects == 0;
    bool has_end = options->has_until || is_open_ended;
    stage_run(stage, options->has_until ? options->until_ns : UINT64_MAX,
              has_end ? NULL : timetable_is_done(timetable));
    print_report(stage, timetable, options);
    int status = verdict(stage, timetable);
    timetable_free(timetable);
    return status;
}

static int run(int argc, char **argv)
{
    struct options options;
    if (!options_parse(&COMMAND_RUN, argc, argv, &options)) {
        return EXIT_BAD_CALL;
    }
    if (!options.argument) {
        cli_complain("run needs a lab file (see orrery run --help)");
        return EXIT_BAD_CALL;
    }
    struct stage stage;
    int status = EXIT_BAD_CALL;
    if (stage_set(&stage, options.argument, &options)) {
        status = play(&stage, &options);
    }
    if (!stage_clear(&stage) && status == EXIT_HELD) {
        status = EXIT_BAD_CALL;
    }
    return status;
}

const struct command COMMAND_RUN = {
    .name = "run",
    .arguments = "FILE [options]",
    .summary = "plays a lab file: its faults, and its expectations as a test",
    .options = "surpjt",
    .help = "The run ends at --until; else when all faults are over, all expectations judged and\n"
            "every host has its address. With --realtime and no expectations it goes on until it\n"
            "is interrupted, so that programs on a `kind: tap` can use the lab.\n",
    .run = run,
};
