/* Faults: links that go down, or get slower, longer or worse for a while. */
#include "lab/lab_internal.h"
#include "lab/timetable_internal.h"

static struct link *fault_link(const struct fault_run *run)
{
    return world_link(run->timetable->world, run->fault->link);
}

static struct env *fault_env(const struct fault_run *run)
{
    return world_env(run->timetable->world);
}

/* Brings the link into the state that the file gives it, changed by all faults that it has now: of
 * two that change the same, the later one counts. */
static void fault_update_link(const struct fault_run *run)
{
    uint32_t link = run->fault->link;
    struct link_config config = world_lab(run->timetable->world)->links[link].config;
    bool is_up = true;
    for (const struct fault_run *at = run->timetable->active_faults; at; at = at->next_active) {
        if (at->fault->link == link) {
            is_up = is_up && at->fault->kind != LAB_FAULT_DOWN;
            lab_change_conditions(&config, &at->fault->change, at->fault->changes);
        }
    }
    link_set_config(fault_link(run), &config);
    link_set_up(fault_link(run), is_up);
}

static void on_fault_begins(void *owner)
{
    struct fault_run *run = owner;
    struct fault_run **last = &run->timetable->active_faults;
    while (*last) {
        last = &(*last)->next_active;
    }
    *last = run;
    fault_update_link(run);
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
    struct fault_run **at = &run->timetable->active_faults;
    while (*at != run) {
        at = &(*at)->next_active;
    }
    *at = run->next_active;
    fault_update_link(run);
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
