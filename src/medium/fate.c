/* Bursts of loss are a Markov chain of two states (Gilbert, "Capacity of a Burst-Noise Channel",
 * 1960; Elliott, 1963): in the good one every frame gets through, in the bad one none does. Before
 * each frame
 *
 *     bad -> good   with probability 1 / burst              so a burst is `burst` long on average
 *     good -> bad   with probability loss / ((1 - loss) * burst)
 *
 * and the share of frames lost is `loss`. Both are drawn exactly, as one integer below another.
 * Where so much is lost that the second would be above 1 it is 1, and bursts are longer:
 * bad -> good with probability (1 - loss) / loss.
 */
#include "medium/fate_internal.h"

#include <stdio.h>

void fate_streams_init(struct fate_streams *streams, uint64_t seed, const char *link, int direction)
{
    const struct {
        struct prng *prng;
        const char *purpose;
    } all[] = {
        {&streams->loss, "loss"},
        {&streams->loss_burst, "loss-burst"},
        {&streams->jitter, "jitter"},
        {&streams->copy_jitter, "copy-jitter"},
        {&streams->reorder, "reorder"},
        {&streams->copy_reorder, "copy-reorder"},
        {&streams->duplicate, "duplicate"},
        {&streams->corrupt, "corrupt"},
        {&streams->corrupt_silent, "corrupt-silent"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char purpose[32];
        snprintf(purpose, sizeof purpose, "%s-%d", all[i].purpose, direction);
        prng_init(all[i].prng, seed, link, purpose);
    }
    streams->is_in_burst = false;
}

bool fate_is_needed(const struct link_config *config)
{
    return config->loss_burst_frames || config->jitter_ns || config->reorder_ppm ||
           config->duplicate_ppm || config->corrupt_ppm || config->corrupt_silent_ppm;
}

static bool burst_ends(struct prng *prng, uint64_t loss, uint64_t burst)
{
    uint64_t through = LINK_SHARE_SCALE - loss;
    if (loss > through * burst) {
        return prng_below(prng, loss) < through;
    }
    return prng_below(prng, burst) == 0;
}

static bool burst_begins(struct prng *prng, uint64_t loss, uint64_t burst)
{
    uint64_t through = (LINK_SHARE_SCALE - loss) * burst;
    return loss >= through || prng_below(prng, through) < loss;
}

static bool draw_loss(struct fate_streams *streams, const struct link_config *config)
{
    uint32_t burst = config->loss_burst_frames;
    if (burst == 0 || config->loss_ppm == 0) {
        streams->is_in_burst = false;
        return fate_draw_share(&streams->loss, config->loss_ppm);
    }
    if (streams->is_in_burst) {
        streams->is_in_burst = !burst_ends(&streams->loss_burst, config->loss_ppm, burst);
    } else {
        streams->is_in_burst = burst_begins(&streams->loss_burst, config->loss_ppm, burst);
    }
    return streams->is_in_burst;
}

static struct passage draw_passage(struct prng *jitter, struct prng *reorder,
                                   const struct link_config *config)
{
    struct passage passage = {.delay_ns = config->delay_ns};
    if (config->jitter_ns) {
        uint64_t shifted = config->delay_ns + prng_below(jitter, 2 * config->jitter_ns + 1);
        passage.delay_ns = shifted > config->jitter_ns ? shifted - config->jitter_ns : 1;
    }
    passage.is_out_of_line = fate_draw_share(reorder, config->reorder_ppm);
    if (passage.is_out_of_line) {
        passage.delay_ns += config->reorder_by_ns;
    }
    return passage;
}

struct fate fate_draw(struct fate_streams *streams, const struct link_config *config)
{
    struct fate fate = {.is_lost = draw_loss(streams, config)};
    fate.frame = draw_passage(&streams->jitter, &streams->reorder, config);
    fate.is_duplicated = fate_draw_share(&streams->duplicate, config->duplicate_ppm);
    if (fate.is_duplicated) {
        fate.copy = draw_passage(&streams->copy_jitter, &streams->copy_reorder, config);
    }
    fate.is_corrupted = fate_draw_share(&streams->corrupt, config->corrupt_ppm);
    if (fate.is_corrupted) {
        fate.corrupt_draw = prng_u64(&streams->corrupt);
    }
    fate.is_silently_corrupted =
        fate_draw_share(&streams->corrupt_silent, config->corrupt_silent_ppm);
    if (fate.is_silently_corrupted) {
        fate.corrupt_silent_draw = prng_u64(&streams->corrupt_silent);
    }
    return fate;
}
