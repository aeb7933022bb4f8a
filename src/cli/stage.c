#include "cli/stage.h"

#include "cli/captures.h"
#include "cli/lab_file.h"
#include "cli/trace_printer.h"
#include "host/host.h"
#include "sim/sim.h"

static bool make_env(struct stage *stage, const struct options *options)
{
    stage->is_realtime = options->realtime;
    if (!options->realtime) {
        stage->env = sim_env_new(stage->lab->seed, stage->lab->epoch_unix_s, host_files());
        return true;
    }
    enum status status = host_env_new(stage->lab->seed, &stage->env);
    if (status != STATUS_OK) {
        cli_complain("the real-time environment could not be made: %s", status_text(status));
        return false;
    }
    return true;
}

bool stage_set(struct stage *stage, const char *path, const struct options *options)
{
    *stage = (struct stage){.lab = lab_file_load(path)};
    trace_init(&stage->trace);
    if (!stage->lab) {
        return false;
    }
    if (options->has_seed) {
        stage->lab->seed = options->seed;
    }
    if (!make_env(stage, options)) {
        return false;
    }
    struct text problem = {0};
    stage->world = world_new(stage->lab, stage->env, &stage->trace, &problem);
    if (!stage->world) {
        cli_complain("%s", text_chars(&problem));
        text_fini(&problem);
        return false;
    }
    if (options->trace) {
        stage->printer = trace_printer_new(&stage->trace, options->json);
    }
    if (options->pcap) {
        stage->captures = captures_new(stage->world, options->pcap);
        return stage->captures != NULL;
    }
    return true;
}

bool stage_start(struct stage *stage)
{
    struct text problem = {0};
    bool started = world_start(stage->world, &problem);
    if (!started) {
        cli_complain("%s", text_chars(&problem));
    }
    text_fini(&problem);
    return started;
}

void stage_run(struct stage *stage, uint64_t until_ns, const bool *stop)
{
    if (stage->is_realtime) {
        host_run(stage->env, until_ns, stop);
    } else {
        sim_run(stage->env, until_ns, stop);
    }
}

bool stage_was_interrupted(const struct stage *stage)
{
    return stage->is_realtime && host_was_interrupted(stage->env);
}

bool stage_clear(struct stage *stage)
{
    bool is_whole = !stage->captures || captures_close(stage->captures);
    if (stage->world) {
        world_free(stage->world);
    }
    if (stage->printer) {
        trace_printer_free(stage->printer);
    }
    trace_fini(&stage->trace);
    if (stage->env && stage->is_realtime) {
        host_env_free(stage->env);
    } else if (stage->env) {
        sim_env_free(stage->env);
    }
    if (stage->lab) {
        lab_free(stage->lab);
    }
    return is_whole;
}
