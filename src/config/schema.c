/* Schema checks: every value against what its key promises.
 *
 * The walk reports all that is wrong and never stops early. A message names the key, says what
 * would be right and shows what is there:
 *     lab.yaml:7:12: 'delay' must be a duration such as 10ms, not 'fast'
 * An item of a list has no key of its own: it is called "each of 'dns'".
 */
#include "config/config_internal.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct checker {
    struct config_file *file;
    const char *list_key; /* of the list whose items are being checked */
};

static void check_value(struct checker *checker, const struct config_value *value,
                        const struct config_key *key);

/* --- messages --- */

static bool is_absent(const struct config_value *value)
{
    return value->kind == CONFIG_SCALAR && value->text[0] == '\0' && !value->is_quoted;
}

/* Adds "'delay'", or "each of 'dns'". */
static void add_subject(struct text *message, const struct checker *checker,
                        const struct config_value *value)
{
    char quote[CONFIG_QUOTE_SIZE];
    if (value->key) {
        text_print(message, "'%s'", config_quote(value->key, quote));
    } else if (checker->list_key) {
        text_print(message, "each of '%s'", config_quote(checker->list_key, quote));
    } else {
        text_print(message, "the file");
    }
}

static void add_what_is_there(struct text *message, const struct config_value *value)
{
    char quote[CONFIG_QUOTE_SIZE];
    if (value->kind == CONFIG_MAP) {
        text_print(message, ", not a map");
    } else if (value->kind == CONFIG_LIST) {
        text_print(message, ", not a list");
    } else if (is_absent(value)) {
        text_print(message, ", but nothing is here");
    } else {
        text_print(message, ", not '%s'", config_quote(value->text, quote));
    }
}

static size_t count_names(const char *const *names)
{
    size_t n = 0;
    while (names[n]) {
        n++;
    }
    return n;
}

static void add_names(struct text *message, const char *const *names, size_t n_names)
{
    for (size_t i = 0; i < n_names; i++) {
        text_print(message, "%s%s", i > 0 ? ", " : "", names[i]);
    }
}

/* Adds what a value of this type is: "a duration such as 10ms". */
static void add_expected(struct text *message, const struct config_key *key)
{
    static const char *const plain[] = {
        [CONFIG_TEXT] = "text",
        [CONFIG_BOOL] = "true or false",
        [CONFIG_INTEGER] = "a whole number",
        [CONFIG_DURATION] = "a duration such as 10ms",
        [CONFIG_RATE] = "a rate such as 50mbit",
        [CONFIG_SIZE] = "a size such as 64KiB",
        [CONFIG_SHARE] = "a share such as 0.5%",
        [CONFIG_NAMED] = "a map from names",
        [CONFIG_LIST_OF] = "a list",
    };
    if (key->type == CONFIG_CHOICE) {
        text_print(message, "one of ");
        add_names(message, key->choices, count_names(key->choices));
    } else if (key->type == CONFIG_CUSTOM) {
        text_print(message, "%s", key->expected);
    } else if (key->type == CONFIG_MAP_OF) {
        text_print(message, "a map of keys (%s)", key->schema->what);
    } else if (key->type == CONFIG_ONE_OR_LIST) {
        add_expected(message, key->item);
        text_print(message, " or a list of them");
    } else {
        text_print(message, "%s", plain[key->type]);
    }
}

static void report_wrong(struct checker *checker, const struct config_value *value,
                         const struct config_key *key)
{
    struct text message = {0};
    add_subject(&message, checker, value);
    text_print(&message, " must be ");
    add_expected(&message, key);
    add_what_is_there(&message, value);
    if (value->kind == CONFIG_SCALAR && key->type == CONFIG_CHOICE) {
        const char *meant = config_suggest(value->text, key->choices, count_names(key->choices));
        if (meant) {
            text_print(&message, "; did you mean '%s'?", meant);
        }
    } else if (value->kind == CONFIG_SCALAR && config_lacks_space(value->text) &&
               (key->type == CONFIG_MAP_OF || key->type == CONFIG_NAMED)) {
        text_print(&message, "; a space is missing after ':'");
    }
    config_problem(checker->file, value, "%s", text_chars(&message));
    text_fini(&message);
}

/* --- numbers --- */

static void print_number(struct text *text, enum config_type type, uint64_t number)
{
    if (type == CONFIG_DURATION) {
        config_print_duration(text, number);
    } else if (type == CONFIG_RATE) {
        config_print_rate(text, number);
    } else if (type == CONFIG_SIZE) {
        config_print_size(text, number);
    } else if (type == CONFIG_SHARE) {
        config_print_share(text, (uint32_t)number);
    } else {
        text_print(text, "%llu", (unsigned long long)number);
    }
}

static bool parse_number(const char *text, enum config_type type, uint64_t *number)
{
    uint32_t ppm;
    if (type == CONFIG_DURATION) {
        return config_parse_duration(text, number);
    } else if (type == CONFIG_RATE) {
        return config_parse_rate(text, number);
    } else if (type == CONFIG_SIZE) {
        return config_parse_size(text, number);
    } else if (type == CONFIG_INTEGER) {
        return config_parse_integer(text, number);
    }
    bool is_share = config_parse_share(text, &ppm);
    *number = is_share ? ppm : 0;
    return is_share;
}

static void report_range(struct checker *checker, const struct config_value *value,
                         const struct config_key *key)
{
    struct text message = {0};
    add_subject(&message, checker, value);
    text_print(&message, " must be ");
    if (key->max == 0) {
        text_print(&message, "at least ");
        print_number(&message, key->type, key->min);
    } else if (key->min == 0) {
        text_print(&message, "at most ");
        print_number(&message, key->type, key->max);
    } else {
        text_print(&message, "from ");
        print_number(&message, key->type, key->min);
        text_print(&message, " to ");
        print_number(&message, key->type, key->max);
    }
    add_what_is_there(&message, value);
    config_problem(checker->file, value, "%s", text_chars(&message));
    text_fini(&message);
}

static void check_number(struct checker *checker, const struct config_value *value,
                         const struct config_key *key)
{
    uint64_t number;
    if (value->kind != CONFIG_SCALAR || !parse_number(value->text, key->type, &number)) {
        report_wrong(checker, value, key);
        return;
    }
    bool is_unlimited = key->type == CONFIG_RATE && number == 0;
    if (!is_unlimited && (number < key->min || (key->max > 0 && number > key->max))) {
        report_range(checker, value, key);
    }
}

/* --- other scalars --- */

static bool is_choice(const char *text, const char *const *choices)
{
    for (; *choices; choices++) {
        if (strcmp(text, *choices) == 0) {
            return true;
        }
    }
    return false;
}

static void check_scalar(struct checker *checker, const struct config_value *value,
                         const struct config_key *key)
{
    bool is_right = value->kind == CONFIG_SCALAR && !is_absent(value);
    bool flag;
    if (is_right && key->type == CONFIG_BOOL) {
        is_right = config_parse_bool(value->text, &flag);
    } else if (is_right && key->type == CONFIG_CHOICE) {
        is_right = is_choice(value->text, key->choices);
    } else if (is_right && key->type == CONFIG_CUSTOM) {
        is_right = key->is_valid(value->text);
    }
    if (!is_right) {
        report_wrong(checker, value, key);
    }
}

/* --- maps with known keys --- */

static const struct config_key *find_key(const struct config_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->n_keys; i++) {
        if (strcmp(schema->keys[i].name, name) == 0) {
            return &schema->keys[i];
        }
    }
    return NULL;
}

static void report_unknown(struct checker *checker, const struct config_value *item,
                           const struct config_schema *schema)
{
    if (checker->file->n_problems >= CONFIG_MAX_PROBLEMS) {
        config_problem_at_key(checker->file, item, "unknown key"); /* only counted */
        return;
    }
    const char **names = memory_new_array(schema->n_keys, sizeof *names);
    for (size_t i = 0; i < schema->n_keys; i++) {
        names[i] = schema->keys[i].name;
    }
    char quote[CONFIG_QUOTE_SIZE];
    struct text message = {0};
    text_print(&message, "unknown key '%s' in %s", config_quote(item->key, quote), schema->what);
    const char *meant = config_suggest(item->key, names, schema->n_keys);
    if (meant) {
        text_print(&message, "; did you mean '%s'?", meant);
    } else if (config_lacks_space(item->key)) {
        text_print(&message, "; a space is missing after ':'");
    }
    text_print(&message, " (known: ");
    add_names(&message, names, schema->n_keys);
    config_problem_at_key(checker->file, item, "%s)", text_chars(&message));
    text_fini(&message);
    free(names);
}

static void check_required(struct checker *checker, const struct config_value *map,
                           const struct config_schema *schema)
{
    for (size_t i = 0; i < schema->n_keys; i++) {
        const struct config_key *key = &schema->keys[i];
        if (key->is_required && !config_get(map, key->name)) {
            config_problem_at_key(checker->file, map, "'%s' is required in %s", key->name,
                                  schema->what);
        }
    }
}

static void check_map(struct checker *checker, const struct config_value *map,
                      const struct config_schema *schema)
{
    for (size_t i = 0; i < map->n_items; i++) {
        const struct config_value *item = &map->items[i];
        const struct config_key *key = find_key(schema, item->key);
        if (key) {
            check_value(checker, item, key);
        } else {
            report_unknown(checker, item, schema);
        }
    }
    check_required(checker, map, schema);
}

/* --- collections --- */

static void check_items(struct checker *checker, const struct config_value *parent,
                        const struct config_key *item)
{
    const char *outer = checker->list_key;
    if (parent->kind == CONFIG_LIST && parent->key) {
        checker->list_key = parent->key;
    }
    for (size_t i = 0; i < parent->n_items; i++) {
        check_value(checker, &parent->items[i], item);
    }
    checker->list_key = outer;
}

static void check_collection(struct checker *checker, const struct config_value *value,
                             const struct config_key *key)
{
    enum config_kind kind = key->type == CONFIG_LIST_OF ? CONFIG_LIST : CONFIG_MAP;
    if (value->kind != kind && !is_absent(value)) {
        report_wrong(checker, value, key);
    } else if (key->type == CONFIG_MAP_OF) {
        check_map(checker, value, key->schema);
    } else {
        check_items(checker, value, key->item);
    }
}

static void check_value(struct checker *checker, const struct config_value *value,
                        const struct config_key *key)
{
    switch (key->type) {
    case CONFIG_INTEGER:
    case CONFIG_DURATION:
    case CONFIG_RATE:
    case CONFIG_SIZE:
    case CONFIG_SHARE:
        check_number(checker, value, key);
        break;
    case CONFIG_TEXT:
    case CONFIG_BOOL:
    case CONFIG_CHOICE:
    case CONFIG_CUSTOM:
        check_scalar(checker, value, key);
        break;
    case CONFIG_MAP_OF:
    case CONFIG_NAMED:
    case CONFIG_LIST_OF:
        check_collection(checker, value, key);
        break;
    case CONFIG_ONE_OR_LIST:
        if (value->kind == CONFIG_LIST) {
            check_items(checker, value, key->item);
        } else {
            check_value(checker, value, key->item);
        }
        break;
    case CONFIG_ANY:
        break;
    }
}

bool config_check(struct config_file *file, const struct config_value *map,
                  const struct config_schema *schema)
{
    size_t before = file->n_problems;
    struct checker checker = {file, NULL};
    struct config_key root = {.type = CONFIG_MAP_OF, .schema = schema};
    if (map) {
        check_value(&checker, map, &root);
    }
    return map && file->n_problems == before;
}
