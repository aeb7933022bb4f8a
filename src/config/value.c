/* Values: memory, and the getters that a checked file is read with. */
#include "config/config_internal.h"

#include <stdlib.h>
#include <string.h>

void config_value_fini(struct config_value *value)
{
    for (size_t i = 0; i < value->n_items; i++) {
        config_value_fini(&value->items[i]);
    }
    if (value->index) {
        map_fini(value->index);
        free(value->index);
    }
    free(value->items);
    free(value->key);
    free(value->text);
}

void config_free(struct config_file *file)
{
    if (!file) {
        return;
    }
    if (file->root) {
        config_value_fini(file->root);
        free(file->root);
    }
    text_fini(&file->problems);
    free(file->name);
    free(file);
}

const struct config_value *config_get(const struct config_value *map, const char *key)
{
    if (!map || map->kind != CONFIG_MAP) {
        return NULL;
    }
    if (map->index) {
        return config_index_find(map->index, key);
    }
    for (size_t i = 0; i < map->n_items; i++) {
        if (strcmp(map->items[i].key, key) == 0) {
            return &map->items[i];
        }
    }
    return NULL;
}

/* The text of a scalar, or NULL. */
static const char *scalar_text(const struct config_value *map, const char *key)
{
    const struct config_value *value = config_get(map, key);
    return value && value->kind == CONFIG_SCALAR ? value->text : NULL;
}

const char *config_get_text(const struct config_value *map, const char *key, const char *otherwise)
{
    const char *text = scalar_text(map, key);
    return text ? text : otherwise;
}

bool config_get_bool(const struct config_value *map, const char *key, bool otherwise)
{
    const char *text = scalar_text(map, key);
    bool value;
    return text && config_parse_bool(text, &value) ? value : otherwise;
}

uint64_t config_get_integer(const struct config_value *map, const char *key, uint64_t otherwise)
{
    const char *text = scalar_text(map, key);
    uint64_t value;
    return text && config_parse_integer(text, &value) ? value : otherwise;
}

uint64_t config_get_duration(const struct config_value *map, const char *key, uint64_t otherwise)
{
    const char *text = scalar_text(map, key);
    uint64_t ns;
    return text && config_parse_duration(text, &ns) ? ns : otherwise;
}

uint64_t config_get_rate(const struct config_value *map, const char *key, uint64_t otherwise)
{
    const char *text = scalar_text(map, key);
    uint64_t bps;
    return text && config_parse_rate(text, &bps) ? bps : otherwise;
}

uint64_t config_get_size(const struct config_value *map, const char *key, uint64_t otherwise)
{
    const char *text = scalar_text(map, key);
    uint64_t bytes;
    return text && config_parse_size(text, &bytes) ? bytes : otherwise;
}

uint32_t config_get_share(const struct config_value *map, const char *key, uint32_t otherwise)
{
    const char *text = scalar_text(map, key);
    uint32_t ppm;
    return text && config_parse_share(text, &ppm) ? ppm : otherwise;
}
