/* Taps: places on the wire where every frame can be seen, by captures, the run hash and reports. */
#ifndef OBSERVE_TAP_H
#define OBSERVE_TAP_H

#include "base/packet.h"

enum tap_direction {
    TAP_RECEIVED,
    TAP_SENT,
};

/* One link end under observation. The owner (medium/) fills in who it is; observers chain on. */
struct tap_point {
    uint32_t node;         /* the node at this end */
    const char *node_name; /* borrowed */
    const char *interface; /* e.g. "eth0"; borrowed */
    const char *link_name; /* e.g. "a-b"; borrowed */
    struct tap *taps;
};

/* An observer of one point. Borrowed until removed. It must not keep or change the packet, and not
 * send. */
struct tap {
    void (*on_frame)(struct tap *tap, const struct tap_point *point, enum tap_direction direction,
                     uint64_t at_ns, const struct packet *frame);
    struct tap *next;
};

static inline void tap_add(struct tap_point *point, struct tap *tap)
{
    tap->next = point->taps;
    point->taps = tap;
}

/* `tap` is one of the point's. */
static inline void tap_remove(struct tap_point *point, struct tap *tap)
{
    struct tap **link = &point->taps;
    while (*link != tap) {
        link = &(*link)->next;
    }
    *link = tap->next;
    tap->next = NULL;
}

static inline void tap_frame(const struct tap_point *point, enum tap_direction direction,
                             uint64_t at_ns, const struct packet *frame)
{
    for (struct tap *tap = point->taps; tap; tap = tap->next) {
        tap->on_frame(tap, point, direction, at_ns, frame);
    }
}

#endif
