/* A lab that runs in virtual time, for tests. */
#ifndef UNIT_LAB_LAB_RIG_H
#define UNIT_LAB_LAB_RIG_H

#include "lab/timetable.h"
#include "lab_text.h"

struct rig {
    struct lab *lab;
    struct env *env;
    struct trace trace;
    struct world *world;
    struct timetable *timetable;
};

#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

/* A lab that must load, built and, with rig_start, started with its timetable. */
struct rig *rig_build(const char *yaml);
struct rig *rig_start(const char *yaml);

/* Until the timetable is done, which it must be before the limit. */
void rig_finish(struct rig *rig, uint64_t limit_ns);
void rig_free(struct rig *rig); /* CHECKs that every packet came back */

/* "held: a pings b (reply from 198.18.0.11 with ttl 64)\n", one line for each expectation, without
 * the time it took. Borrowed until the next call. */
const char *rig_results(struct rig *rig);

/* Starts, finishes within 10 minutes of virtual time and compares the results. */
void assert_run(const char *yaml, const char *results);

#endif
