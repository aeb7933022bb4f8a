/* The condition of a link: what a link's options and a fault's changes have in common. */
#include "lab/lab_internal.h"

#include <string.h>

/* In the order in which they are printed. */
static const struct {
    const char *key;
    enum config_type type;
    bool is_wide; /* uint64_t, else uint32_t */
    size_t offset;
} CONDITIONS[] = {
    {"rate", CONFIG_RATE, true, offsetof(struct link_config, rate_bps)},
    {"delay", CONFIG_DURATION, true, offsetof(struct link_config, delay_ns)},
    {"loss", CONFIG_SHARE, false, offsetof(struct link_config, loss_ppm)},
    {"loss_burst", CONFIG_INTEGER, false, offsetof(struct link_config, loss_burst_frames)},
    {"jitter", CONFIG_DURATION, true, offsetof(struct link_config, jitter_ns)},
    {"reorder", CONFIG_SHARE, false, offsetof(struct link_config, reorder_ppm)},
    {"reorder_by", CONFIG_DURATION, true, offsetof(struct link_config, reorder_by_ns)},
    {"duplicate", CONFIG_SHARE, false, offsetof(struct link_config, duplicate_ppm)},
    {"corrupt", CONFIG_SHARE, false, offsetof(struct link_config, corrupt_ppm)},
    {"corrupt_silent", CONFIG_SHARE, false, offsetof(struct link_config, corrupt_silent_ppm)},
    {"corrupt_bits", CONFIG_INTEGER, false, offsetof(struct link_config, corrupt_bits)},
};
enum {
    N_CONDITIONS = sizeof CONDITIONS / sizeof CONDITIONS[0],
    ALWAYS_SHOWN = 3, /* the first: rate, delay, loss */
};

static uint64_t condition_get(const struct link_config *config, size_t i)
{
    const char *at = (const char *)config + CONDITIONS[i].offset;
    uint64_t wide;
    uint32_t narrow;
    memcpy(CONDITIONS[i].is_wide ? (void *)&wide : &narrow, at, CONDITIONS[i].is_wide ? 8 : 4);
    return CONDITIONS[i].is_wide ? wide : narrow;
}

static void condition_set(struct link_config *config, size_t i, uint64_t value)
{
    char *at = (char *)config + CONDITIONS[i].offset;
    uint32_t narrow = (uint32_t)value; /* the schema has checked the limits */
    memcpy(at, CONDITIONS[i].is_wide ? (void *)&value : &narrow, CONDITIONS[i].is_wide ? 8 : 4);
}

static uint64_t condition_read(const struct config_value *map, size_t i)
{
    const char *key = CONDITIONS[i].key;
    if (CONDITIONS[i].type == CONFIG_RATE) {
        return config_get_rate(map, key, 0);
    } else if (CONDITIONS[i].type == CONFIG_DURATION) {
        return config_get_duration(map, key, 0);
    } else if (CONDITIONS[i].type == CONFIG_SHARE) {
        return config_get_share(map, key, 0);
    }
    return config_get_integer(map, key, 0);
}

uint32_t lab_read_conditions(struct link_config *config, const struct config_value *map)
{
    uint32_t changes = 0;
    for (size_t i = 0; i < N_CONDITIONS; i++) {
        if (config_get(map, CONDITIONS[i].key)) {
            condition_set(config, i, condition_read(map, i));
            changes |= UINT32_C(1) << i;
        }
    }
    return changes;
}

void lab_change_conditions(struct link_config *config, const struct link_config *from,
                           uint32_t changes)
{
    for (size_t i = 0; i < N_CONDITIONS; i++) {
        if (changes & UINT32_C(1) << i) {
            condition_set(config, i, condition_get(from, i));
        }
    }
    lab_complete_conditions(config);
}

void lab_complete_conditions(struct link_config *config)
{
    if (config->reorder_ppm && !config->jitter_ns && !config->reorder_by_ns) {
        config->reorder_by_ns = config->delay_ns;
    }
}

void lab_check_conditions(struct lab *lab, const struct config_value *value,
                          const struct link_config *config)
{
    if (config->jitter_ns > config->delay_ns) {
        struct text delay = {0};
        config_print_duration(&delay, config->delay_ns);
        config_problem(lab->file, value,
                       "the jitter is more than the delay of %s: frames would arrive before they "
                       "are sent",
                       text_chars(&delay));
        text_fini(&delay);
    }
    if (config->reorder_ppm && !config->jitter_ns && config->reorder_by_ns <= 1) {
        config_problem(lab->file, value,
                       "to reorder frames the link needs a 'delay', a 'jitter' or 'reorder_by'");
    }
}

static void print_condition(struct text *text, const struct link_config *config, size_t i)
{
    uint64_t value = condition_get(config, i);
    text_print(text, ", %s: ", CONDITIONS[i].key);
    if (CONDITIONS[i].type == CONFIG_RATE && value == 0) {
        text_print(text, "unlimited");
    } else if (CONDITIONS[i].type == CONFIG_RATE) {
        config_print_rate(text, value);
    } else if (CONDITIONS[i].type == CONFIG_DURATION) {
        config_print_duration(text, value);
    } else if (CONDITIONS[i].type == CONFIG_SHARE) {
        config_print_share(text, (uint32_t)value);
    } else {
        text_print(text, "%llu", (unsigned long long)value);
    }
}

void lab_print_changes(struct text *text, const struct link_config *config, uint32_t changes)
{
    for (size_t i = 0; i < N_CONDITIONS; i++) {
        if (changes & UINT32_C(1) << i) {
            print_condition(text, config, i);
        }
    }
}

void lab_print_conditions(struct text *text, const struct link_config *config)
{
    for (size_t i = 0; i < N_CONDITIONS; i++) {
        if (i < ALWAYS_SHOWN || condition_get(config, i)) {
            print_condition(text, config, i);
        }
    }
}
