/* Reports for people and programs: what a run shows at its end. */
#ifndef LAB_REPORT_H
#define LAB_REPORT_H

#include "lab/journey.h"
#include "lab/timetable.h"

/* What heads a report. */
struct report_title {
    const char *lab;  /* the file */
    const char *url;  /* typed into the browser; NULL: none */
    const char *from; /* the node; NULL: none */
};

/* The journey, step by step, with the page and the summary. */
void report_print_journey(struct text *text, const struct world *world,
                          const struct journey *journey, const struct report_title *title);

/* What happened on the wire: frames, bytes, drops by reason, the run hash. */
void report_print_summary(struct text *text, const struct world *world);

/* "held  alice gets http://... (status 200 after 130ms)", one line each. */
void report_print_expectations(struct text *text, const struct world *world,
                               const struct timetable *timetable);

/* The same facts as one JSON object. `journey` and `timetable` may be NULL. */
void report_print_json(struct text *text, const struct world *world, const struct journey *journey,
                       const struct timetable *timetable, const struct report_title *title);

/* The libraries whose version can change a run's bytes: "libxml2 2.9.14, ..." */
void report_print_libraries(struct text *text);

/* "12.345 ms" */
void report_print_ms(struct text *text, uint64_t ns);

#endif
