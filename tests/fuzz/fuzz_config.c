/* Configuration files from strangers: loading, checking and units. Whatever the text is, it becomes
 * a sound tree or problems that can be shown in a terminal. */
#include "fuzz.h"

#include "base/check.h"
#include "config/config.h"

#include <string.h>

static const char *const kinds[] = {"host", "router", NULL};
static const struct config_schema node_schema;
static const struct config_key text_item = {.type = CONFIG_TEXT};
static const struct config_key node_item = {.type = CONFIG_MAP_OF, .schema = &node_schema};
static const struct config_key node_list = {.type = CONFIG_LIST_OF, .item = &node_item};
static const struct config_key node_keys[] = {
    {.name = "kind", .type = CONFIG_CHOICE, .choices = kinds, .is_required = true},
    {.name = "flag", .type = CONFIG_BOOL},
    {.name = "count", .type = CONFIG_INTEGER, .min = 1, .max = 100},
    {.name = "delay", .type = CONFIG_DURATION, .max = 1000000000},
    {.name = "rate", .type = CONFIG_RATE, .min = 1000},
    {.name = "size", .type = CONFIG_SIZE, .min = 1},
    {.name = "loss", .type = CONFIG_SHARE},
    {.name = "note", .type = CONFIG_TEXT},
    {.name = "any", .type = CONFIG_ANY},
    {.name = "dns", .type = CONFIG_ONE_OR_LIST, .item = &text_item},
    {.name = "inner", .type = CONFIG_MAP_OF, .schema = &node_schema},
    {.name = "nodes", .type = CONFIG_NAMED, .item = &node_item},
    {.name = "lists", .type = CONFIG_LIST_OF, .item = &node_list},
};
static const struct config_schema node_schema = {"a node", node_keys,
                                                 sizeof node_keys / sizeof *node_keys};

/* What a text reads as is printed and read again as the same. */
static void check_units(const char *text)
{
    struct text printed = {0};
    uint64_t value, again;
    uint32_t ppm, ppm_again;
    if (config_parse_duration(text, &value)) {
        config_print_duration(&printed, value);
        CHECK(config_parse_duration(text_chars(&printed), &again) && again == value);
    }
    text_clear(&printed);
    if (config_parse_rate(text, &value)) {
        config_print_rate(&printed, value);
        CHECK(config_parse_rate(text_chars(&printed), &again) && again == value);
    }
    text_clear(&printed);
    if (config_parse_size(text, &value)) {
        config_print_size(&printed, value);
        CHECK(config_parse_size(text_chars(&printed), &again) && again == value);
    }
    text_clear(&printed);
    if (config_parse_share(text, &ppm)) {
        config_print_share(&printed, ppm);
        CHECK(config_parse_share(text_chars(&printed), &ppm_again) && ppm_again == ppm);
    }
    text_fini(&printed);
}

static void check_value(const struct config_value *value, const struct config_value *parent,
                        bool is_right)
{
    CHECK(value->line > 0 && value->column > 0);
    CHECK((value->kind == CONFIG_SCALAR) == (value->text != NULL));
    if (parent && parent->kind == CONFIG_MAP) {
        CHECK(value->key[0] != '\0' && value->key_line > 0 && value->key_column > 0);
        CHECK(!is_right || config_get(parent, value->key) == value);
    }
    for (size_t i = 0; i < value->n_items; i++) {
        check_value(&value->items[i], value, is_right);
    }
    if (value->kind == CONFIG_SCALAR) {
        check_units(value->text);
    }
}

static void check_problems(const struct config_file *file)
{
    size_t n_lines = 0;
    for (const char *p = text_chars(&file->problems); *p; p++) {
        CHECK((unsigned char)*p >= 0x20 || *p == '\n');
        n_lines += *p == '\n';
    }
    size_t shown = file->n_problems < CONFIG_MAX_PROBLEMS ? file->n_problems : CONFIG_MAX_PROBLEMS;
    CHECK(n_lines == shown + (file->n_problems > CONFIG_MAX_PROBLEMS));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_file *file = config_load("lab.yaml", (const char *)data, size);
    CHECK(file->root || file->n_problems > 0);
    bool is_loaded = file->n_problems == 0;
    if (file->root) {
        check_value(file->root, NULL, is_loaded);
    }
    size_t before = file->n_problems;
    bool is_right = config_check(file, file->root, &node_schema);
    CHECK(is_right == (file->root && file->n_problems == before));
    check_problems(file);
    config_free(file);
    return 0;
}
