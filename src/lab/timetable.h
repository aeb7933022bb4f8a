/* The timetable of a run: faults happen when the file says, expectations are tried and judged.
 *
 * All are actions of the lab itself (node 0): at one instant they come before everything else.
 */
#ifndef LAB_TIMETABLE_H
#define LAB_TIMETABLE_H

#include "lab/world.h"

enum verdict {
    VERDICT_PENDING, /* not tried, or still under way, when the run ended */
    VERDICT_HELD,
    VERDICT_FAILED,
};

struct expect_result {
    const struct lab_expect *expect;
    enum verdict verdict;
    uint64_t started_ns, ended_ns;
    char *happened; /* one line for people: "200 OK, 1234 bytes in 130 ms"; owned */
};

struct timetable;
#define TIMETABLE_SETTLE_NS UINT64_C(60000000000)

/* Schedules everything; the world has started. Without expectations: only the faults. The timetable
 * also waits until every host that asks DHCP has its address, at most TIMETABLE_SETTLE_NS. */
struct timetable *timetable_new(struct world *world, bool with_expectations);
void timetable_free(struct timetable *timetable); /* before the world */

/* Becomes true when every fault is over, every expectation judged and every address had (or waited
 * for long enough). Nobody else writes it. */
const bool *timetable_is_done(const struct timetable *timetable);

const struct expect_result *timetable_results(const struct timetable *timetable, size_t *count);

/* Lab events in the trace. */
struct expect_event {
    uint32_t line;       /* in the lab file */
    const char *what;    /* "alice gets http://site.test/" */
    const char *verdict; /* "held", "failed" */
    const char *happened;
};
extern const struct trace_kind EXPECT_JUDGED; /* "expect.judged" */

/* "alice gets http://site.test/ within 1s" */
void expect_print(struct text *text, const struct lab *lab, const struct lab_expect *expect);

#endif
