#ifndef LAB_JOURNEY_INTERNAL_H
#define LAB_JOURNEY_INTERNAL_H

#include "lab/journey.h"
#include "observe/tap.h"

struct journey {
    struct world *world;
    const struct lab *lab;
    uint32_t client;
    const char *name; /* of the client */
    struct mac_addr mac;
    struct trace_sink sink;
    struct tap tap;
    struct link_end *end; /* the client's, that the tap sits on */

    struct journey_step steps[JOURNEY_STAGES];
    struct journey_flow flows[JOURNEY_MAX_FLOWS];
    size_t n_flows;
    struct journey_frame *frames;
    size_t n_frames, frames_capacity;
    char *host;         /* of the URL; NULL until it was taken apart */
    bool name_is_known; /* the lookup is over */
    uint32_t n_exchanges;
    struct page *page;
};

/* Appends an entry made from an event; `to` and `why` may be NULL. Printf-like `what`. NULL when
 * the step is full. */
struct journey_entry *journey_add(struct journey *journey, enum journey_stage stage,
                                  const struct trace_event *event, const char *to, const char *why,
                                  const char *what, ...) __attribute__((format(printf, 6, 7)));

/* "gate" for the node that bears the address, as seen by the node that speaks of it; else the
 * address itself. `buffer` has IP_TEXT_SIZE. */
const char *journey_name_of(const struct journey *journey, uint32_t speaker, struct ip_addr addr,
                            char *buffer);

/* The handlers of journey_events.c: what each kind of event means to the journey. */
void journey_on_event(struct journey *journey, const struct trace_event *event);

#endif
