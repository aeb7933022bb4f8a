/* Fate: what chance does to one frame on a link.
 *
 * Each purpose draws from a stream of its own in each direction, and draws for every frame that is
 * accepted, whatever the others say: a frame that is lost has had its jitter drawn too. So
 * switching loss on, or duplication, leaves the jitter of every other frame as it was.
 */
#ifndef MEDIUM_FATE_INTERNAL_H
#define MEDIUM_FATE_INTERNAL_H

#include "medium/link.h"

/* The random streams of one direction. */
struct fate_streams {
    struct prng loss;
    struct prng loss_burst;
    struct prng jitter, copy_jitter;
    struct prng reorder, copy_reorder;
    struct prng duplicate;
    struct prng corrupt;
    struct prng corrupt_silent;
    bool is_in_burst; /* the previous frame was lost, and the burst may go on */
};

/* How one frame, or its copy, goes through the pipe. */
struct passage {
    uint64_t delay_ns;
    bool is_out_of_line; /* keeps no order */
};

struct fate {
    bool is_lost;
    bool is_duplicated;
    bool is_corrupted, is_silently_corrupted;
    uint64_t corrupt_draw, corrupt_silent_draw; /* decide the bits */
    struct passage frame, copy;
};

void fate_streams_init(struct fate_streams *streams, uint64_t seed, const char *link,
                       int direction);

/* Whether chance does anything to a frame beside losing it independently of the others. */
bool fate_is_needed(const struct link_config *config);

struct fate fate_draw(struct fate_streams *streams, const struct link_config *config);

/* Whether a thing that happens to `share_ppm` of the frames happens to this one. */
static inline bool fate_draw_share(struct prng *prng, uint32_t share_ppm)
{
    return share_ppm > 0 && prng_below(prng, LINK_SHARE_SCALE) < share_ppm;
}

#endif
