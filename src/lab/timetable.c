#include "lab/timetable_internal.h"

#include "base/check.h"
#include "base/memory.h"

#include <stdlib.h>

struct timetable *timetable_new(struct world *world)
{
    const struct lab *lab = world_lab(world);
    struct timetable *timetable = memory_new(sizeof *timetable);
    timetable->world = world;
    timetable->faults = memory_new_array(lab->n_faults, sizeof *timetable->faults);
    timetable->trials = memory_new_array(lab->n_expects, sizeof *timetable->trials);
    timetable->results = memory_new_array(lab->n_expects, sizeof *timetable->results);
    timetable->n_running = lab->n_faults + lab->n_expects;
    timetable->is_done = timetable->n_running == 0;
    for (size_t i = 0; i < lab->n_faults; i++) {
        timetable->faults[i].timetable = timetable;
        timetable->faults[i].fault = &lab->faults[i];
        fault_schedule(&timetable->faults[i]);
    }
    for (size_t i = 0; i < lab->n_expects; i++) {
        timetable->trials[i].timetable = timetable;
        timetable->trials[i].result.expect = &lab->expects[i];
        trial_schedule(&timetable->trials[i]);
    }
    return timetable;
}

void timetable_free(struct timetable *timetable)
{
    const struct lab *lab = world_lab(timetable->world);
    for (size_t i = 0; i < lab->n_faults; i++) {
        fault_cancel(&timetable->faults[i]);
    }
    for (size_t i = 0; i < lab->n_expects; i++) {
        trial_cancel(&timetable->trials[i]);
        free(timetable->trials[i].result.happened);
    }
    free(timetable->faults);
    free(timetable->trials);
    free(timetable->results);
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
    *count = world_lab(timetable->world)->n_expects;
    for (size_t i = 0; i < *count; i++) {
        timetable->results[i] = timetable->trials[i].result;
    }
    return timetable->results;
}
