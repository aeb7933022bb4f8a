/* How a link knows the future.
 *
 * Each direction is a transmitter with a first-in-first-out queue in front of it and a pipe behind
 * it. When a frame is accepted, everything before it is known, so its own times are too:
 *
 *     start   = max(now, when the transmitter is free)
 *     depart  = start + bits / rate               then the transmitter is free again
 *     arrive  = depart + delay                    but never before the frame in front of it
 *
 * So nothing happens between acceptance and arrival. `line` holds the frames under way with their
 * arrival times; `strays` those that do not travel in line (out of order, damaged, copies). The
 * event queue has one event, for whichever is next by (arrival, transmit number). What chance does
 * to a frame is drawn when it is accepted (fate.c), so that also a direction with every fault
 * there is knows its future, and one without goes the short way. `waiting` holds the starting times
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
#include "medium/fate_internal.h"
#include "medium/stray_internal.h"

#include <stdlib.h>
#include <string.h>

enum { MINIMUM_FRAME = 60 }; /* IEEE 802.3: 64 bytes with the FCS, which is in the overhead */

static const uint64_t HORIZON_NS = UINT64_C(1) << 62; /* nothing departs later than this */

const struct drop_reason LINK_DROP_QUEUE_FULL = {"link.queue-full", "the link's queue was full"};
const struct drop_reason LINK_DROP_LOSS = {"link.loss", "the link lost it"};
const struct drop_reason LINK_DROP_DOWN = {"link.down", "the link was down"};
const struct drop_reason LINK_DROP_BAD_FCS = {
    "link.bad-fcs", "it was damaged under way: its frame check sequence was wrong"};

static const struct trace_field LINK_CHANGED_FIELDS[] = {
    TRACE_FIELD(struct link_changed, link, TRACE_TEXT),
    TRACE_FIELD(struct link_changed, is_up, TRACE_BOOL),
};
TRACE_KIND(LINK_CHANGED, "link.changed", "{link} is up: {is_up}", LINK_CHANGED_FIELDS);

static const struct trace_field LINK_CORRUPTED_FIELDS[] = {
    TRACE_FIELD(struct link_corrupted, link, TRACE_TEXT),
    TRACE_FIELD(struct link_corrupted, bits, TRACE_U32),
    TRACE_FIELD(struct link_corrupted, is_detected, TRACE_BOOL),
};
TRACE_KIND(LINK_CORRUPTED, "link.corrupted",
           "damaged on {link}: bits flipped: {bits}, found by the FCS: {is_detected}",
           LINK_CORRUPTED_FIELDS);

static const struct trace_field LINK_DUPLICATED_FIELDS[] = {
    TRACE_FIELD(struct link_duplicated, link, TRACE_TEXT),
};
TRACE_KIND(LINK_DUPLICATED, "link.duplicated", "a copy that {link} made", LINK_DUPLICATED_FIELDS);

struct ring_entry {
    uint64_t at_ns;
    union {
        struct packet *frame; /* in `line` */
        uint64_t len;         /* in `waiting` */
    };
};

struct ring {
    struct ring_entry *entries;
    uint32_t capacity; /* a power of two, or 0 */
    uint32_t count;
    uint64_t first; /* counts on for ever; the place is its remainder by the capacity */
};

struct link_direction {
    struct link *link;
    struct link_end *from, *to;
    uint64_t free_ns;  /* when the transmitter is free, rounded down ... */
    uint64_t free_rem; /* ... and what is missing, in 1/rate ns: 0 <= free_rem < rate */
    uint64_t last_arrival_ns;
    struct ring line;
    struct ring waiting;
    uint64_t waiting_bytes;
    struct event arrival; /* of the frame that arrives next */
    struct run_hash hash;
    struct link_counts counts;
    struct stray_queue strays;
    struct fate_streams fate;
};

struct link {
    char *name;
    struct link_config config;
    bool is_up;
    bool needs_fate; /* loss is not all that chance does */
    struct link_end ends[2];
    struct link_direction directions[2]; /* [i] leads away from ends[i] */
};

static void ring_grow(struct ring *ring)
{
    uint32_t capacity = ring->capacity ? ring->capacity * 2 : 8;
    struct ring_entry *entries = memory_new_array(capacity, sizeof *entries);
    for (uint32_t i = 0; i < ring->count; i++) {
        uint64_t number = ring->first + i;
        entries[number & (capacity - 1)] = ring->entries[number & (ring->capacity - 1)];
    }
    free(ring->entries);
    ring->entries = entries;
    ring->capacity = capacity;
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

static inline size_t direction_in_flight(const struct link_direction *direction)
{
    return direction->line.count + direction->strays.count;
}

/* Whether a stray is the next to arrive. Of one instant, what was sent first arrives first. */
static inline bool direction_has_stray_next(const struct link_direction *direction)
{
    if (direction->strays.count == 0 || direction->line.count == 0) {
        return direction->strays.count > 0;
    }
    const struct stray *stray = stray_queue_first(&direction->strays);
    uint64_t line_at_ns = ring_first(&direction->line)->at_ns;
    return stray->arrives_ns < line_at_ns ||
           (stray->arrives_ns == line_at_ns && stray->behind <= direction->line.first);
}

static struct packet *direction_take_next(struct link_direction *direction)
{
    if (direction_has_stray_next(direction)) {
        return stray_queue_take_first(&direction->strays).frame;
    }
    return ring_take_first(&direction->line)->frame;
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
    while (direction_in_flight(direction) > 0) {
        struct packet *frame = direction_take_next(direction);
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
        free(direction->line.entries);
        free(direction->waiting.entries);
        stray_queue_fini(&direction->strays);
    }
    free(link->name);
    free(link);
}

static inline void direction_arm(struct link_direction *direction)
{
    uint64_t at_ns = direction_has_stray_next(direction)
                         ? stray_queue_first(&direction->strays)->arrives_ns
                         : ring_first(&direction->line)->at_ns;
    env_arm(direction->to->scope->env, &direction->arrival, at_ns);
}

static void direction_deliver(struct link_direction *direction, struct packet *frame)
{
    struct link_end *to = direction->to;
    direction->counts.delivered_frames++;
    direction->counts.delivered_bytes += frame->len;
    to->deliver(to->owner, frame);
}

/* Says what the link did to the frame, to captures among others. */
static void direction_trace_stray(const struct link_direction *direction, const struct stray *stray)
{
    const struct scope *scope = direction->to->scope;
    const char *link = direction->link->name;
    if (stray->is_copy) {
        trace_emit(scope, &LINK_DUPLICATED, stray->frame, &(struct link_duplicated){link});
    }
    if (stray->damage.n_bits > 0) {
        trace_emit(scope, &LINK_CORRUPTED, stray->frame,
                   &(struct link_corrupted){link, stray->damage.n_bits, stray->damage.is_detected});
    }
}

static void direction_on_stray(struct link_direction *direction)
{
    struct link_end *to = direction->to;
    struct stray stray = stray_queue_take_first(&direction->strays);
    tap_frame(&to->point, TAP_RECEIVED, scope_now(to->scope), stray.frame);
    if (trace_is_on(to->scope->trace)) {
        direction_trace_stray(direction, &stray);
    }
    if (stray.damage.is_detected) {
        direction->counts.dropped_frames++;
        direction->counts.lost_frames++;
        scope_drop(to->scope, stray.frame, &LINK_DROP_BAD_FCS, direction->link->name);
    } else {
        direction_deliver(direction, stray.frame);
    }
}

/* The last bit of the next frame is there. */
static void direction_on_arrival(void *owner)
{
    struct link_direction *direction = owner;
    if (direction_has_stray_next(direction)) {
        direction_on_stray(direction);
    } else {
        struct link_end *to = direction->to;
        struct packet *frame = ring_take_first(&direction->line)->frame;
        tap_frame(&to->point, TAP_RECEIVED, scope_now(to->scope), frame);
        direction_deliver(direction, frame);
    }
    if (direction_in_flight(direction) > 0) {
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
    fate_streams_init(&here->out->fate, scope->env->seed, link->name, end);
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
    if (direction_in_flight(direction) >= LINK_MAX_IN_FLIGHT || direction->free_ns >= HORIZON_NS) {
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

/* When a frame arrives that keeps its place in the line. */
static inline uint64_t direction_queue_up(struct link_direction *direction, uint64_t arrives_ns)
{
    if (arrives_ns < direction->last_arrival_ns) {
        arrives_ns = direction->last_arrival_ns; /* the delay was shortened, or by jitter */
    }
    direction->last_arrival_ns = arrives_ns;
    return arrives_ns;
}

static inline void direction_add_to_line(struct link_direction *direction, struct packet *frame,
                                         uint64_t arrives_ns)
{
    ring_add_last(&direction->line, arrives_ns)->frame = frame;
    if (!event_is_armed(&direction->arrival) || direction->strays.count > 0) {
        direction_arm(direction);
    }
}

static void direction_launch(struct link_direction *direction, struct packet *frame,
                             uint64_t now_ns, uint64_t depart_ns)
{
    uint64_t arrives_ns =
        direction_queue_up(direction, depart_ns + direction->link->config.delay_ns);
    run_hash_add_frame(&direction->hash, now_ns, arrives_ns, frame);
    tap_frame(&direction->from->point, TAP_SENT, now_ns, frame);
    direction_add_to_line(direction, frame, arrives_ns);
}

static uint64_t direction_pass(struct link_direction *direction, const struct passage *passage,
                               uint64_t depart_ns)
{
    uint64_t arrives_ns = depart_ns + passage->delay_ns;
    return passage->is_out_of_line ? arrives_ns : direction_queue_up(direction, arrives_ns);
}

static void direction_add_stray(struct link_direction *direction, struct stray stray)
{
    stray.behind = direction->line.first + direction->line.count;
    stray_queue_add(&direction->strays, stray);
    direction_arm(direction);
}

/* Damages the frame as its fate says. What the FCS gives away gets no further damage. */
static struct damage direction_damage(struct link_direction *direction, struct packet *frame,
                                      const struct fate *fate)
{
    uint32_t max_bits = direction->link->config.corrupt_bits;
    struct damage damage = {0};
    if (fate->is_corrupted) {
        damage_on_wire(&damage, frame, max_bits, fate->corrupt_draw);
    }
    if (fate->is_silently_corrupted && !damage.is_detected) {
        damage_behind_fcs(&damage, frame, max_bits, fate->corrupt_silent_draw);
    }
    if (damage.n_bits > 0) {
        direction->counts.corrupted_frames++;
        run_hash_add_damage(&direction->hash, damage.n_bits, frame);
    }
    return damage;
}

/* The copy of a frame that has just been launched. Takes ownership. */
static void direction_launch_copy(struct link_direction *direction, struct packet *copy,
                                  const struct passage *passage, uint64_t depart_ns)
{
    if (direction_in_flight(direction) >= LINK_MAX_IN_FLIGHT) {
        packet_put(copy);
        return;
    }
    uint64_t arrives_ns = direction_pass(direction, passage, depart_ns);
    direction->counts.duplicated_frames++;
    run_hash_add_copy(&direction->hash, arrives_ns);
    direction_add_stray(direction,
                        (struct stray){.arrives_ns = arrives_ns, .frame = copy, .is_copy = true});
}

/* The way of a frame on a link where chance does more than to lose it. */
static void direction_launch_by_fate(struct link_direction *direction, struct packet *frame,
                                     uint64_t now_ns, uint64_t depart_ns)
{
    struct fate fate = fate_draw(&direction->fate, &direction->link->config);
    if (fate.is_lost) {
        direction_lose(direction, frame, now_ns);
        return;
    }
    uint64_t arrives_ns = direction_pass(direction, &fate.frame, depart_ns);
    run_hash_add_frame(&direction->hash, now_ns, arrives_ns, frame);
    tap_frame(&direction->from->point, TAP_SENT, now_ns, frame);
    struct packet *copy = fate.is_duplicated ? packet_clone(frame) : NULL; /* undamaged */
    struct damage damage = direction_damage(direction, frame, &fate);
    if (fate.frame.is_out_of_line || damage.n_bits > 0) {
        direction_add_stray(
            direction, (struct stray){.arrives_ns = arrives_ns, .frame = frame, .damage = damage});
    } else {
        direction_add_to_line(direction, frame, arrives_ns);
    }
    if (copy) {
        direction_launch_copy(direction, copy, &fate.copy, depart_ns);
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
    const struct link *link = direction->link;
    if (link->needs_fate) {
        direction_launch_by_fate(direction, frame, now_ns, depart_ns);
    } else if (fate_draw_share(&direction->fate.loss, link->config.loss_ppm)) {
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
                             direction_in_flight(direction));
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
    CHECK(config->jitter_ns <= LINK_MAX_JITTER_NS);
    CHECK(config->reorder_by_ns <= LINK_MAX_REORDER_BY_NS);
    CHECK(config->loss_burst_frames <= LINK_MAX_LOSS_BURST);
    CHECK(config->corrupt_bits <= LINK_MAX_CORRUPT_BITS);
    CHECK(config->loss_ppm <= LINK_SHARE_SCALE); /* of the others, more than all means all */
    bool is_new_rate = config->rate_bps != link->config.rate_bps;
    link->config = *config;
    if (link->config.delay_ns == 0) {
        link->config.delay_ns = 1; /* nodes affect each other only in the future */
    }
    if (link->config.corrupt_bits == 0) {
        link->config.corrupt_bits = 1;
    }
    link->needs_fate = fate_is_needed(&link->config);
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
    return direction_in_flight(link_direction(link, direction));
}
