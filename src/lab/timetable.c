#include "lab/timetable_internal.h"

#include "base/check.h"
#include "base/memory.h"

#include <stdlib.h>

/* --- hosts that wait for their addresses --- */

static void settling_end(struct settling *settling)
{
    struct timetable *timetable = settling->timetable;
    if (settling->is_over) {
        return;
    }
    settling->is_over = true;
    timetable_one_less(timetable);
    if (--timetable->n_unsettled == 0) {
        env_cancel(world_env(timetable->world), &timetable->settle_limit);
    }
}

static void on_settled(void *owner)
{
    settling_end(owner);
}

static void on_settle_limit(void *owner)
{
    struct timetable *timetable = owner;
    for (size_t i = 0; i < timetable->n_settling; i++) {
        settling_end(&timetable->settling[i]);
    }
}

static void schedule_settling(struct timetable *timetable)
{
    const struct lab *lab = world_lab(timetable->world);
    struct scope *scope = world_scope(timetable->world);
    timetable->settling = memory_new_array(lab->n_nodes, sizeof *timetable->settling);
    for (uint32_t i = 0; i < lab->n_nodes; i++) {
        const struct lab_node *node = &lab->nodes[i];
        if (node->n_ports && lab->ports[node->ports[0]].uses_dhcp) {
            struct settling *settling = &timetable->settling[timetable->n_settling++];
            *settling = (struct settling){.timetable = timetable, .node = i};
            world_when_ready(timetable->world, i, &settling->waiter, on_settled, settling);
        }
    }
    timetable->n_running += timetable->n_settling;
    timetable->n_unsettled = timetable->n_settling;
    scope_event_init(scope, &timetable->settle_limit, on_settle_limit, timetable);
    if (timetable->n_settling > 0) {
        env_arm(scope->env, &timetable->settle_limit, scope->env->now_ns + TIMETABLE_SETTLE_NS);
    }
}

/* --- */

struct timetable *timetable_new(struct world *world, bool with_expectations)
{
    const struct lab *lab = world_lab(world);
    struct timetable *timetable = memory_new(sizeof *timetable);
    timetable->world = world;
    timetable->with_expectations = with_expectations;
    size_t n_trials = with_expectations ? lab->n_expects : 0;
    timetable->faults = memory_new_array(lab->n_faults, sizeof *timetable->faults);
    timetable->trials = memory_new_array(n_trials, sizeof *timetable->trials);
    timetable->results = memory_new_array(n_trials, sizeof *timetable->results);
    timetable->n_running = lab->n_faults + n_trials;
    for (size_t i = 0; i < lab->n_faults; i++) {
        timetable->faults[i].timetable = timetable;
        timetable->faults[i].fault = &lab->faults[i];
        fault_schedule(&timetable->faults[i]);
    }
    for (size_t i = 0; i < n_trials; i++) {
        timetable->trials[i].timetable = timetable;
        timetable->trials[i].result.expect = &lab->expects[i];
        trial_schedule(&timetable->trials[i]);
    }
    schedule_settling(timetable);
    timetable->is_done = timetable->n_running == 0;
    return timetable;
}

void timetable_free(struct timetable *timetable)
{
    const struct lab *lab = world_lab(timetable->world);
    for (size_t i = 0; i < lab->n_faults; i++) {
        fault_cancel(&timetable->faults[i]);
    }
    for (size_t i = 0; timetable->with_expectations && i < lab->n_expects; i++) {
        trial_cancel(&timetable->trials[i]);
        free(timetable->trials[i].result.happened);
    }
    for (size_t i = 0; i < timetable->n_settling; i++) {
        struct settling *settling = &timetable->settling[i];
        world_forget_waiter(timetable->world, settling->node, &settling->waiter);
    }
    env_cancel(world_env(timetable->world), &timetable->settle_limit);
    free(timetable->faults);
    free(timetable->trials);
    free(timetable->results);
    free(timetable->settling);
    free(timetable);
}

const bool *timetable_is_done(const struct timetable *timetable)
{
    return &timetable->is_done;
}

void timetable_one_less(struct timetable *timetable)
{
    CHECK(timetable->n_running > 0);
    timetable->n_running--;
    timetable->is_done = timetable->n_running == 0;
}

const struct expect_result *timetable_results(const struct timetable *timetable, size_t *count)
{
    *count = timetable->with_expectations ? world_lab(timetable->world)->n_expects : 0;
    for (size_t i = 0; i < *count; i++) {
        timetable->results[i] = timetable->trials[i].result;
    }
    return timetable->results;
}
