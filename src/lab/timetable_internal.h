#ifndef LAB_TIMETABLE_INTERNAL_H
#define LAB_TIMETABLE_INTERNAL_H

#include "lab/timetable.h"

/* One expectation being tried. */
struct trial {
    struct timetable *timetable;
    struct expect_result result;
    struct event start; /* at `at:` */
    struct world_waiter ready;
    struct timer deadline;
    struct icmp_ping *ping;
    struct dns_lookup *lookup;
};

/* One fault: it begins and ends. */
struct fault_run {
    struct timetable *timetable;
    const struct lab_fault *fault;
    struct event begin, end;
    struct fault_run *next_active;
};

/* One host that waits for its address. */
struct settling {
    struct timetable *timetable;
    uint32_t node;
    struct world_waiter waiter;
    bool is_over;
};

struct timetable {
    struct world *world;
    bool with_expectations;
    struct settling *settling;
    size_t n_settling;
    size_t n_unsettled; /* those that still wait */
    struct event settle_limit;
    struct fault_run *faults;
    struct fault_run *active_faults; /* begun and not ended, in this order */
    struct trial *trials;
    struct expect_result *results; /* made when asked for */
    size_t n_running;              /* faults not over and trials not judged */
    bool is_done;
};

void fault_schedule(struct fault_run *run);
void fault_cancel(struct fault_run *run);
void trial_schedule(struct trial *trial);
void trial_cancel(struct trial *trial);

/* One fault or trial has ended. */
void timetable_one_less(struct timetable *timetable);

#endif
