/* Faults: links that go down, or get slower, longer or lossier for a while. */
#include "lab/timetable_internal.h"

static struct link *fault_link(const struct fault_run *run)
{
    return world_link(run->timetable->world, run->fault->link);
}

static struct env *fault_env(const struct fault_run *run)
{
    return world_env(run->timetable->world);
}

static void fault_change_link(const struct fault_run *run)
{
    struct link_config config = run->before;
    const struct lab_fault *fault = run->fault;
    if (fault->has_loss) {
        config.loss_ppm = fault->change.loss_ppm;
    }
    if (fault->has_delay) {
        config.delay_ns = fault->change.delay_ns;
    }
    if (fault->has_rate) {
        config.rate_bps = fault->change.rate_bps;
    }
    link_set_config(fault_link(run), &config);
}

static void on_fault_begins(void *owner)
{
    struct fault_run *run = owner;
    run->before = *link_get_config(fault_link(run));
    if (run->fault->kind == LAB_FAULT_DOWN) {
        link_set_up(fault_link(run), false);
    } else {
        fault_change_link(run);
    }
    if (run->fault->duration_ns) {
        struct env *env = fault_env(run);
        env_arm(env, &run->end, env->now_ns + run->fault->duration_ns);
    } else {
        timetable_one_less(run->timetable);
    }
}

static void on_fault_ends(void *owner)
{
    struct fault_run *run = owner;
    if (run->fault->kind == LAB_FAULT_DOWN) {
        link_set_up(fault_link(run), true);
    } else {
        link_set_config(fault_link(run), &run->before);
    }
    timetable_one_less(run->timetable);
}

void fault_schedule(struct fault_run *run)
{
    struct scope *scope = world_scope(run->timetable->world);
    scope_event_init(scope, &run->begin, on_fault_begins, run);
    scope_event_init(scope, &run->end, on_fault_ends, run);
    env_arm(scope->env, &run->begin, run->fault->at_ns);
}

void fault_cancel(struct fault_run *run)
{
    env_cancel(fault_env(run), &run->begin);
    env_cancel(fault_env(run), &run->end);
}
