/* How a link knows the future.
 *
 * Each direction is a transmitter with a first-in-first-out queue in front of it and a pipe behind
 * it. When a frame is accepted, everything before it is known, so its own times are too:
 *
 *     start   = max(now, when the transmitter is free)
 *     depart  = start + bits / rate               then the transmitter is free again
 *     arrive  = depart + delay                    but never before the frame in front of it
 *
 * So nothing happens between acceptance and arrival. `flight` holds the frames under way with their
 * arrival times; the event queue has one event, for its head. `waiting` holds the starting times
 * of frames that have not started; it is looked at only when the next frame comes, and forgets
 * what has started by then, which gives the queue's exact occupancy without any event.
 *
 * bits / rate is seldom whole nanoseconds. The time when the transmitter is free is kept exactly,
 * as whole nanoseconds and a remainder in units of 1/rate ns, so that a busy link carries exactly
 * its rate however long it is busy. Times that others see are rounded up: a bit is there when
 * all of it is there.
 */
#include "medium/link.h"

#include "base/check.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MINIMUM_FRAME = 60 }; /* IEEE 802.3: 64 bytes with the FCS, which is in the overhead */

static const uint64_t HORIZON_NS = UINT64_C(1) << 62; /* nothing departs later than this */

const struct drop_reason LINK_DROP_QUEUE_FULL = {"link.queue-full", "the link's queue was full"};
const struct drop_reason LINK_DROP_LOSS = {"link.loss", "the link lost it"};
const struct drop_reason LINK_DROP_DOWN = {"link.down", "the link was down"};

static const struct trace_field LINK_CHANGED_FIELDS[] = {
    TRACE_FIELD(struct link_changed, link, TRACE_TEXT),
    TRACE_FIELD(struct link_changed, is_up, TRACE_BOOL),
};
TRACE_KIND(LINK_CHANGED, "link.changed", "{link} is up: {is_up}", LINK_CHANGED_FIELDS);

struct ring_entry {
    uint64_t at_ns;
    union {
        struct packet *frame; /* in `flight` */
        uint64_t len;         /* in `waiting` */
    };
};

struct ring {
    struct ring_entry *entries;
    uint32_t capacity; /* a power of two, or 0 */
    uint32_t first;    /* counts on for ever; the place is its remainder by the capacity */
    uint32_t count;
};

struct link_direction {
    struct link *link;
    struct link_end *from, *to;
    uint64_t free_ns;  /* when the transmitter is free, rounded down ... */
    uint64_t free_rem; /* ... and what is missing, in 1/rate ns: 0 <= free_rem < rate */
    uint64_t last_arrival_ns;
    struct ring flight;
    struct ring waiting;
    uint64_t waiting_bytes;
    struct event arrival; /* of flight's head */
    struct prng loss;
    struct run_hash hash;
    struct link_counts counts;
};

struct link {
    char *name;
    struct link_config config;
    bool is_up;
    struct link_end ends[2];
    struct link_direction directions[2]; /* [i] leads away from ends[i] */
};

static void ring_grow(struct ring *ring)
{
    uint32_t capacity = ring->capacity ? ring->capacity * 2 : 8;
    struct ring_entry *entries = memory_new_array(capacity, sizeof *entries);
    for (uint32_t i = 0; i < ring->count; i++) {
        entries[i] = ring->entries[(ring->first + i) & (ring->capacity - 1)];
    }
    free(ring->entries);
    ring->entries = entries;
    ring->capacity = capacity;
    ring->first = 0;
}

static inline struct ring_entry *ring_add_last(struct ring *ring, uint64_t at_ns)
{
    if (ring->count == ring->capacity) {
        ring_grow(ring);
    }
    struct ring_entry *entry = &ring->entries[(ring->first + ring->count) & (ring->capacity - 1)];
    ring->count++;
    entry->at_ns = at_ns;
    return entry;
}

static inline struct ring_entry *ring_first(const struct ring *ring)
{
    return &ring->entries[ring->first & (ring->capacity - 1)];
}

static inline struct ring_entry *ring_take_first(struct ring *ring)
{
    struct ring_entry *entry = ring_first(ring);
    ring->first++;
    ring->count--;
    return entry;
}

struct link *link_new(const char *name, const struct link_config *config)
{
    struct link *link = memory_new(sizeof *link);
    link->name = memory_copy_text(name);
    link->is_up = true;
    for (int i = 0; i < 2; i++) {
        struct link_end *end = &link->ends[i];
        struct link_direction *direction = &link->directions[i];
        *end = (struct link_end){.link = link, .peer = &link->ends[1 - i], .out = direction};
        direction->link = link;
        direction->from = end;
        direction->to = end->peer;
    }
    link_set_config(link, config);
    return link;
}

/* Empties the direction of what is on its way: `reason` NULL drops it without a trace. */
static void direction_cut(struct link_direction *direction, const struct drop_reason *reason)
{
    struct scope *scope = direction->from->scope;
    env_cancel(scope->env, &direction->arrival);
    direction->waiting.count = 0;
    direction->waiting_bytes = 0;
    direction->free_ns = scope_now(scope);
    direction->free_rem = 0;
    direction->last_arrival_ns = 0;
    while (direction->flight.count > 0) {
        struct packet *frame = ring_take_first(&direction->flight)->frame;
        if (reason) {
            direction->counts.dropped_frames++;
            direction->counts.lost_frames++;
            scope_drop(scope, frame, reason, direction->link->name);
        } else {
            packet_put(frame);
        }
    }
}

void link_free(struct link *link)
{
    for (int i = 0; i < 2; i++) {
        struct link_direction *direction = &link->directions[i];
        if (direction->from->scope) {
            direction_cut(direction, NULL);
        }
        free(direction->flight.entries);
        free(direction->waiting.entries);
    }
    free(link->name);
    free(link);
}

static void direction_arm(struct link_direction *direction)
{
    env_arm(direction->to->scope->env, &direction->arrival, ring_first(&direction->flight)->at_ns);
}

/* The last bit of the head is there. */
static void direction_on_arrival(void *owner)
{
    struct link_direction *direction = owner;
    struct link_end *to = direction->to;
    struct packet *frame = ring_take_first(&direction->flight)->frame;
    direction->counts.delivered_frames++;
    direction->counts.delivered_bytes += frame->len;
    tap_frame(&to->point, TAP_RECEIVED, scope_now(to->scope), frame);
    to->deliver(to->owner, frame);
    if (direction->flight.count > 0) {
        direction_arm(direction);
    }
}

struct link_end *link_attach(struct link *link, int end, struct scope *scope, uint32_t port,
                             const char *interface,
                             void (*deliver)(void *owner, struct packet *frame), void *owner)
{
    CHECK(end == 0 || end == 1);
    struct link_end *here = &link->ends[end];
    CHECK(!here->scope && deliver);
    CHECK(!here->peer->scope || here->peer->scope->env == scope->env);
    here->scope = scope;
    here->deliver = deliver;
    here->owner = owner;
    here->point = (struct tap_point){.node = scope->node,
                                     .node_name = scope->name,
                                     .interface = interface,
                                     .link_name = link->name};
    prng_init(&here->out->loss, scope->env->seed, link->name, end == 0 ? "loss-0" : "loss-1");
    struct link_direction *in = here->peer->out;
    event_init(&in->arrival, event_rank(scope->node, EVENT_ARRIVAL, port), direction_on_arrival,
               in);
    return here;
}

/* Forgets the frames that have started by now; what is left is waiting. */
static inline void direction_update_waiting(struct link_direction *direction, uint64_t now_ns)
{
    struct ring *waiting = &direction->waiting;
    while (waiting->count > 0 && ring_first(waiting)->at_ns <= now_ns) {
        direction->waiting_bytes -= ring_take_first(waiting)->len;
    }
}

/* When the transmitter is free for the next frame, rounded up. */
static inline uint64_t direction_start(const struct link_direction *direction, uint64_t now_ns)
{
    if (direction->free_ns < now_ns) {
        return now_ns;
    }
    return direction->free_ns + (direction->free_rem > 0);
}

/* Whether a frame of `len` bytes that starts at `start_ns` may wait until then. */
static inline bool direction_has_room(const struct link_direction *direction, uint64_t now_ns,
                                      uint64_t start_ns, uint32_t len)
{
    const struct link_config *config = &direction->link->config;
    if (direction->flight.count >= LINK_MAX_IN_FLIGHT || direction->free_ns >= HORIZON_NS) {
        return false;
    }
    if (start_ns <= now_ns) {
        return true;
    }
    return direction->waiting.count < LINK_MAX_IN_FLIGHT &&
           (config->queue_frames == 0 || direction->waiting.count < config->queue_frames) &&
           (config->queue_bytes == 0 || direction->waiting_bytes + len <= config->queue_bytes);
}

/* Gives the transmitter a frame of `len` bytes; returns when its last bit has left, rounded up. */
static inline uint64_t direction_transmit(struct link_direction *direction, uint64_t now_ns,
                                          uint32_t len)
{
    const struct link_config *config = &direction->link->config;
    if (direction->free_ns < now_ns) {
        direction->free_ns = now_ns;
        direction->free_rem = 0;
    }
    if (config->rate_bps > 0) {
        /* At most (2^16 + 256 + 2^16) * 8 * 10^9 + LINK_MAX_RATE_BPS: within 64 bits. */
        uint64_t bytes = (len > MINIMUM_FRAME ? len : MINIMUM_FRAME) + config->overhead_bytes;
        uint64_t dividend = bytes * 8 * UINT64_C(1000000000) + direction->free_rem;
        direction->free_ns += dividend / config->rate_bps;
        direction->free_rem = dividend % config->rate_bps;
    }
    return direction->free_ns + (direction->free_rem > 0);
}

static inline bool direction_draws_loss(struct link_direction *direction)
{
    uint32_t loss_ppm = direction->link->config.loss_ppm;
    return loss_ppm > 0 && prng_below(&direction->loss, LINK_LOSS_SCALE) < loss_ppm;
}

static void direction_refuse(struct link_direction *direction, struct packet *frame,
                             const struct drop_reason *reason)
{
    direction->counts.dropped_frames++;
    scope_drop(direction->from->scope, frame, reason, direction->link->name);
}

/* The drop is traced before the tap sees the frame, so that a capture can say what became of it. */
static void direction_lose(struct link_direction *direction, struct packet *frame, uint64_t now_ns)
{
    struct link_end *from = direction->from;
    run_hash_add_frame(&direction->hash, now_ns, UINT64_MAX, frame);
    direction->counts.dropped_frames++;
    direction->counts.lost_frames++;
    trace_drop(from->scope, &LINK_DROP_LOSS, frame, direction->link->name);
    tap_frame(&from->point, TAP_SENT, now_ns, frame);
    packet_put(frame);
}

static void direction_launch(struct link_direction *direction, struct packet *frame,
                             uint64_t now_ns, uint64_t depart_ns)
{
    uint64_t arrive_ns = depart_ns + direction->link->config.delay_ns;
    if (arrive_ns < direction->last_arrival_ns) {
        arrive_ns = direction->last_arrival_ns; /* the delay was shortened */
    }
    direction->last_arrival_ns = arrive_ns;
    run_hash_add_frame(&direction->hash, now_ns, arrive_ns, frame);
    tap_frame(&direction->from->point, TAP_SENT, now_ns, frame);
    ring_add_last(&direction->flight, arrive_ns)->frame = frame;
    if (!event_is_armed(&direction->arrival)) {
        direction_arm(direction);
    }
}

void link_send(struct link_end *end, struct packet *frame)
{
    struct link_direction *direction = end->out;
    CHECK(end->scope && end->peer->scope);
    if (!direction->link->is_up) {
        direction_refuse(direction, frame, &LINK_DROP_DOWN);
        return;
    }
    uint64_t now_ns = scope_now(end->scope);
    direction_update_waiting(direction, now_ns);
    uint64_t start_ns = direction_start(direction, now_ns);
    if (!direction_has_room(direction, now_ns, start_ns, frame->len)) {
        direction_refuse(direction, frame, &LINK_DROP_QUEUE_FULL);
        return;
    }
    if (start_ns > now_ns) {
        ring_add_last(&direction->waiting, start_ns)->len = frame->len;
        direction->waiting_bytes += frame->len;
    }
    uint64_t depart_ns = direction_transmit(direction, now_ns, frame->len);
    direction->counts.sent_frames++;
    direction->counts.sent_bytes += frame->len;
    if (direction_draws_loss(direction)) {
        direction_lose(direction, frame, now_ns);
    } else {
        direction_launch(direction, frame, now_ns, depart_ns);
    }
}

static void link_trace_change(const struct link *link)
{
    const struct scope *here = link->ends[0].scope ? link->ends[0].scope : link->ends[1].scope;
    if (here && trace_is_on(here->trace)) {
        struct scope lab = {.env = here->env, .trace = here->trace, .node = 0, .name = "lab"};
        trace_emit(&lab, &LINK_CHANGED, NULL, &(struct link_changed){link->name, link->is_up});
    }
}

void link_set_up(struct link *link, bool up)
{
    if (link->is_up == up) {
        return;
    }
    link->is_up = up;
    link_trace_change(link);
    for (int i = 0; i < 2 && !up; i++) {
        struct link_direction *direction = &link->directions[i];
        if (direction->from->scope) {
            run_hash_add_cut(&direction->hash, scope_now(direction->from->scope),
                             direction->flight.count);
            direction_cut(direction, &LINK_DROP_DOWN);
        }
    }
}

bool link_is_up(const struct link *link)
{
    return link->is_up;
}

void link_set_config(struct link *link, const struct link_config *config)
{
    CHECK(config->rate_bps <= LINK_MAX_RATE_BPS && config->delay_ns <= LINK_MAX_DELAY_NS);
    CHECK(config->overhead_bytes <= LINK_MAX_OVERHEAD);
    bool is_new_rate = config->rate_bps != link->config.rate_bps;
    link->config = *config;
    if (link->config.delay_ns == 0) {
        link->config.delay_ns = 1; /* nodes affect each other only in the future */
    }
    for (int i = 0; i < 2 && is_new_rate; i++) {
        struct link_direction *direction = &link->directions[i];
        direction->free_ns += direction->free_rem > 0; /* the remainder was of the old rate */
        direction->free_rem = 0;
    }
}

const struct link_config *link_get_config(const struct link *link)
{
    return &link->config;
}

const char *link_get_name(const struct link *link)
{
    return link->name;
}

struct link_end *link_get_end(struct link *link, int end)
{
    CHECK(end == 0 || end == 1);
    return &link->ends[end];
}

static const struct link_direction *link_direction(const struct link *link, int direction)
{
    CHECK(direction == 0 || direction == 1);
    return &link->directions[direction];
}

const struct run_hash *link_get_hash(const struct link *link, int direction)
{
    return &link_direction(link, direction)->hash;
}

const struct link_counts *link_get_counts(const struct link *link, int direction)
{
    return &link_direction(link, direction)->counts;
}

size_t link_get_in_flight(const struct link *link, int direction)
{
    return link_direction(link, direction)->flight.count;
}
