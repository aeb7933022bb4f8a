/* Links: what frames travel through.
 *
 * A link joins two ends. Each direction has a rate (serialisation takes bits / rate), a queue in
 * front of it (drop-tail), a propagation delay, and may lose frames, delay them unevenly, let them
 * overtake each other, copy them and damage them. Because the queue is first in first out and
 * chance is drawn at once, a frame's departure and arrival are known the moment it is accepted:
 * each direction keeps its frames in flight in order, and only the next to arrive is in the event
 * queue.
 *
 * What a frame costs on the wire is its length, at least 60 bytes, plus `overhead` (preamble 8, FCS
 * 4, inter-packet gap 12). Taps see a frame when it is accepted (sent) and when its last bit is
 * there (received); lost and tail-dropped frames are traced as drops of the sending node.
 *
 * What chance does:
 * - loss: of each frame independently, or in bursts of `loss_burst_frames` on average.
 * - jitter: the delay is anything from delay - jitter to delay + jitter, each nanosecond equally
 *   likely, but at least 1. Frames keep their order: one that would overtake waits.
 * - reordering: a share of the frames keeps no order. They arrive later by `reorder_by_ns`, and the
 *   others do not wait; or, with jitter, when their delay says. All of them: jitter without order.
 * - duplication: a share of the frames arrives twice. The copy leaves together with the frame,
 *   undamaged, and has a jitter and reordering of its own.
 * - corruption: 1 to `corrupt_bits` bits of a share of the frames flip under way, FCS included. The
 *   receiving end sees it by the FCS and drops the frame (link.bad-fcs).
 * - silent corruption: bits flip behind the check of the FCS, as a bad memory in a network card
 *   does it; only the checksums of IP, UDP and TCP can tell, and what has none is believed.
 *
 * Taps at the receiving end see damaged frames too, also those that the FCS gives away: a network
 * card would keep these from a capture. A trace event (LINK_CORRUPTED) of the receiving node says
 * what happened. The run hash covers frames as sent, their arrivals, copies and damage.
 */
#ifndef MEDIUM_LINK_H
#define MEDIUM_LINK_H

#include "base/prng.h"
#include "observe/run_hash.h"
#include "observe/scope.h"
#include "observe/tap.h"

enum {
    LINK_DEFAULT_OVERHEAD = 24,
    LINK_SHARE_SCALE = 1000000, /* shares of frames are in parts per million */
    LINK_MAX_LOSS_BURST = 1000000,
    LINK_MAX_CORRUPT_BITS = 64,
    LINK_MAX_OVERHEAD = 65535,
    LINK_MAX_IN_FLIGHT =
        1 << 20, /* frames per direction, waiting or under way; then tail drop, no copies */
};

#define LINK_MAX_DELAY_NS (UINT64_C(1) << 62)
#define LINK_MAX_JITTER_NS (UINT64_C(1) << 61)
#define LINK_MAX_REORDER_BY_NS (UINT64_C(1) << 61)
#define LINK_MAX_RATE_BPS UINT64_C(1000000000000000)

/* Zero values mean the default in brackets. What waits is what has been accepted and has not begun
 * to be sent; its bytes are frames without overhead. A frame that begins at once never waits. */
struct link_config {
    uint64_t rate_bps;          /* [0: infinitely fast]; at most LINK_MAX_RATE_BPS */
    uint64_t delay_ns;          /* propagation, [and at least] 1; at most LINK_MAX_DELAY_NS */
    uint32_t loss_ppm;          /* of the frames accepted [0] */
    uint32_t loss_burst_frames; /* mean length of a burst of loss [0: losses are independent] */
    uint32_t queue_frames;      /* waiting, not counting the one being sent [0: no limit] */
    uint64_t queue_bytes;       /* waiting [0: no limit] */
    uint32_t overhead_bytes;    /* per frame; taken as it is, 0 too; at most LINK_MAX_OVERHEAD */
    uint32_t duplicate_ppm;
    uint64_t jitter_ns; /* at most LINK_MAX_JITTER_NS */
    uint32_t reorder_ppm;
    uint32_t corrupt_ppm;
    uint64_t reorder_by_ns; /* at most LINK_MAX_REORDER_BY_NS */
    uint32_t corrupt_silent_ppm;
    uint32_t corrupt_bits; /* at most so many, of both kinds [1]; at most LINK_MAX_CORRUPT_BITS */
};

struct link;

/* Where one node holds the link. */
struct link_end {
    struct link *link;
    struct link_end *peer;
    struct scope *scope; /* of the node here */
    struct tap_point point;
    void (*deliver)(void *owner, struct packet *frame); /* takes ownership */
    void *owner;
    struct link_direction *out;
};

extern const struct drop_reason LINK_DROP_QUEUE_FULL; /* link.queue-full */
extern const struct drop_reason LINK_DROP_LOSS;       /* link.loss */
extern const struct drop_reason LINK_DROP_DOWN;       /* link.down */
extern const struct drop_reason LINK_DROP_BAD_FCS;    /* link.bad-fcs; of the receiving node */

/* `name` is copied; it also names the link's random streams. */
struct link *link_new(const char *name, const struct link_config *config);

/* Drops what is in flight, uncounted. Before the scopes of its ends go. */
void link_free(struct link *link);

/* end: 0 or 1. Both ends are attached before the first frame. `port` is the node's number for this
 * interface and fixes the rank of arrivals; `interface` is borrowed. */
struct link_end *link_attach(struct link *link, int end, struct scope *scope, uint32_t port,
                             const char *interface,
                             void (*deliver)(void *owner, struct packet *frame), void *owner);

/* Sends a whole frame towards the peer; takes ownership. May be called from `deliver`, which may
 * also take the link down, but not free it. */
void link_send(struct link_end *end, struct packet *frame);

/* A link that goes down loses what is queued and in flight; frames sent while down are dropped. */
void link_set_up(struct link *link, bool up);
bool link_is_up(const struct link *link);

/* For frames sent from now on. None overtakes another, save by reordering. */
void link_set_config(struct link *link, const struct link_config *config);
const struct link_config *link_get_config(const struct link *link);
const char *link_get_name(const struct link *link);

struct link_end *link_get_end(struct link *link, int end);

/* What was sent from end 0 (direction 0) or end 1 (direction 1) so far. */
const struct run_hash *link_get_hash(const struct link *link, int direction);

struct link_counts {
    uint64_t sent_frames, sent_bytes; /* accepted */
    uint64_t delivered_frames, delivered_bytes;
    uint64_t duplicated_frames; /* copies that the link made */
    uint64_t corrupted_frames;  /* damaged by the link, noticed or not */
    uint64_t dropped_frames;    /* tail drop, loss, down, bad FCS */
    uint64_t lost_frames;       /* those of them that had been accepted: all but tail drop */
}; /* sent_frames + duplicated_frames = delivered_frames + lost_frames + link_get_in_flight() */
const struct link_counts *link_get_counts(const struct link *link, int direction);

/* Accepted and neither delivered nor lost: waiting, being sent, or under way; copies too. */
size_t link_get_in_flight(const struct link *link, int direction);

/* The trace event of link_set_up; node 0 (the lab) emits it. */
struct link_changed {
    const char *link;
    bool is_up;
};
extern const struct trace_kind LINK_CHANGED; /* "link.changed" */

/* The receiving node's, about a frame that arrives damaged. */
struct link_corrupted {
    const char *link;
    uint32_t bits;    /* flipped */
    bool is_detected; /* by the FCS; then it is dropped */
};
extern const struct trace_kind LINK_CORRUPTED; /* "link.corrupted" */

/* The receiving node's, about the copy of a frame. */
struct link_duplicated {
    const char *link;
};
extern const struct trace_kind LINK_DUPLICATED; /* "link.duplicated" */

#endif
