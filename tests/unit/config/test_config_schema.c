/* Schemas: each type's message in full, all problems at once, suggestions, getters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/config.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool is_letter(const char *text)
{
    return text[0] >= 'a' && text[0] <= 'z' && text[1] == '\0';
}

static const char *const kinds[] = {"host", "router", "switch", NULL};
static const struct config_key letter = {
    .type = CONFIG_CUSTOM, .is_valid = is_letter, .expected = "a letter like a"};
static const struct config_key link_keys[] = {
    {.name = "delay", .type = CONFIG_DURATION},
    {.name = "loss", .type = CONFIG_SHARE},
    {.name = "rate", .type = CONFIG_RATE},
};
static const struct config_schema link_schema = {"a link", link_keys, COUNT(link_keys)};
static const struct config_key node_keys[] = {
    {.name = "kind", .type = CONFIG_CHOICE, .choices = kinds, .is_required = true},
    {.name = "note", .type = CONFIG_TEXT},
};
static const struct config_schema node_schema = {"a node", node_keys, COUNT(node_keys)};
static const struct config_key node_item = {.type = CONFIG_MAP_OF, .schema = &node_schema};
static const struct config_key link_item = {.type = CONFIG_MAP_OF, .schema = &link_schema};
static const struct config_key lab_keys[] = {
    {.name = "flag", .type = CONFIG_BOOL},
    {.name = "count", .type = CONFIG_INTEGER, .min = 1, .max = 100},
    {.name = "wait", .type = CONFIG_DURATION, .min = 1000000, .max = UINT64_C(90000000000)},
    {.name = "buffer", .type = CONFIG_SIZE, .min = 65536},
    {.name = "share", .type = CONFIG_SHARE, .max = 500000},
    {.name = "rate", .type = CONFIG_RATE, .min = 1000},
    {.name = "letter", .type = CONFIG_CUSTOM, .is_valid = is_letter, .expected = "a letter like a"},
    {.name = "link", .type = CONFIG_MAP_OF, .schema = &link_schema},
    {.name = "nodes", .type = CONFIG_NAMED, .item = &node_item},
    {.name = "links", .type = CONFIG_LIST_OF, .item = &link_item},
    {.name = "letters", .type = CONFIG_ONE_OR_LIST, .item = &letter},
    {.name = "any", .type = CONFIG_ANY},
};
static const struct config_schema lab_schema = {"a lab", lab_keys, COUNT(lab_keys)};

static struct config_file *load_and_check(const char *text, bool *is_right)
{
    struct config_file *file = config_load("lab.yaml", text, strlen(text));
    assert_string_equal(text_chars(&file->problems), "");
    *is_right = config_check(file, file->root, &lab_schema);
    return file;
}

static void expect_problems(const char *text, const char *lines)
{
    bool is_right;
    struct config_file *file = load_and_check(text, &is_right);
    assert_string_equal(text_chars(&file->problems), lines);
    assert_int_equal(is_right, lines[0] == '\0');
    config_free(file);
}

static void a_right_file_passes(void **state)
{
    (void)state;
    expect_problems("flag: on\n"
                    "count: 100\n"
                    "wait: 1ms\n"
                    "buffer: 64KiB\n"
                    "share: 50%\n"
                    "rate: unlimited\n"
                    "letter: x\n"
                    "link: {delay: 0}\n"
                    "nodes: {pc: {kind: host, note: \"\"}, 5: {kind: router}}\n"
                    "links: [{loss: 0.5%}, {}]\n"
                    "letters: [a, b]\n"
                    "any: [{x: y}]\n",
                    "");
    expect_problems("letters: a\nlink:\nnodes:\nlinks:\n", "");
}

static void each_type_says_what_it_expects(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"flag: maybe", "1:7: 'flag' must be true or false, not 'maybe'"},
        {"count: ten", "1:8: 'count' must be a whole number, not 'ten'"},
        {"wait: fast", "1:7: 'wait' must be a duration such as 10ms, not 'fast'"},
        {"wait: 10", "1:7: 'wait' must be a duration such as 10ms, not '10'"},
        {"rate: 10", "1:7: 'rate' must be a rate such as 50mbit, not '10'"},
        {"buffer: 1Mb", "1:9: 'buffer' must be a size such as 64KiB, not '1Mb'"},
        {"share: 1", "1:8: 'share' must be a share such as 0.5%, not '1'"},
        {"letter: 5", "1:9: 'letter' must be a letter like a, not '5'"},
        {"link: 5", "1:7: 'link' must be a map of keys (a link), not '5'"},
        {"link: [5]", "1:7: 'link' must be a map of keys (a link), not a list"},
        {"nodes: [pc]", "1:8: 'nodes' must be a map from names, not a list"},
        {"links: {a: b}", "1:8: 'links' must be a list, not a map"},
        {"links: [5]", "1:9: each of 'links' must be a map of keys (a link), not '5'"},
        {"letters: 5", "1:10: 'letters' must be a letter like a, not '5'"},
        {"letters: [a, 5]", "1:14: each of 'letters' must be a letter like a, not '5'"},
        {"count: {a: b}", "1:8: 'count' must be a whole number, not a map"},
        {"nodes: {a: {kind: host, note: }}", "1:31: 'note' must be text, but nothing is here"},
        {"wait:", "1:6: 'wait' must be a duration such as 10ms, but nothing is here"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct text line = {0};
        text_print(&line, "lab.yaml:%s\n", cases[i][1]);
        expect_problems(cases[i][0], text_chars(&line));
        text_fini(&line);
    }
}

static void an_item_is_named_after_its_own_list(void **state)
{
    (void)state;
    static const struct config_key inner_keys[] = {
        {.name = "inner", .type = CONFIG_LIST_OF, .item = &letter}};
    static const struct config_schema inner = {"an item", inner_keys, COUNT(inner_keys)};
    static const struct config_key item = {.type = CONFIG_MAP_OF, .schema = &inner};
    static const struct config_key keys[] = {
        {.name = "outer", .type = CONFIG_LIST_OF, .item = &item}};
    static const struct config_schema schema = {"a file", keys, COUNT(keys)};
    const char *text = "outer: [{inner: [5]}, 6]\n";
    struct config_file *file = config_load("lab.yaml", text, strlen(text));
    assert_false(config_check(file, file->root, &schema));
    assert_string_equal(
        text_chars(&file->problems),
        "lab.yaml:1:18: each of 'inner' must be a letter like a, not '5'\n"
        "lab.yaml:1:23: each of 'outer' must be a map of keys (an item), not '6'\n");
    config_free(file);
}

static void ranges_are_said_in_the_unit_of_the_value(void **state)
{
    (void)state;
    expect_problems("count: 0\nwait: 2m\nbuffer: 4KiB\nshare: 51%\nrate: 999bit\n",
                    "lab.yaml:1:8: 'count' must be from 1 to 100, not '0'\n"
                    "lab.yaml:2:7: 'wait' must be from 1ms to 90s, not '2m'\n"
                    "lab.yaml:3:9: 'buffer' must be at least 64KiB, not '4KiB'\n"
                    "lab.yaml:4:8: 'share' must be at most 50%, not '51%'\n"
                    "lab.yaml:5:7: 'rate' must be at least 1kbit, not '999bit'\n");
}

static void a_choice_names_the_choices_and_the_likely_one(void **state)
{
    (void)state;
    expect_problems("nodes:\n  a: {kind: hub}\n  b: {kind: ruoter}\n",
                    "lab.yaml:2:13: 'kind' must be one of host, router, switch, not 'hub'\n"
                    "lab.yaml:3:13: 'kind' must be one of host, router, switch, not 'ruoter'; did "
                    "you mean 'router'?\n");
}

static void an_unknown_key_names_the_known_ones(void **state)
{
    (void)state;
    expect_problems("link:\n  delai: 5ms\n",
                    "lab.yaml:2:3: unknown key 'delai' in a link; did you mean 'delay'? (known: "
                    "delay, loss, rate)\n");
    expect_problems("link: {colour: red}\n",
                    "lab.yaml:1:8: unknown key 'colour' in a link (known: delay, loss, rate)\n");
    expect_problems("link: {delay:5ms}\n",
                    "lab.yaml:1:8: unknown key 'delay:5ms' in a link; a space is missing after ':' "
                    "(known: delay, loss, rate)\n");
    expect_problems("link: delay:5ms\n",
                    "lab.yaml:1:7: 'link' must be a map of keys (a link), not 'delay:5ms'; a space "
                    "is missing after ':'\n");
}

static void a_missing_key_is_reported_at_its_map(void **state)
{
    (void)state;
    expect_problems("nodes:\n  pc: {}\n  tv:\n", "lab.yaml:2:3: 'kind' is required in a node\n"
                                                 "lab.yaml:3:3: 'kind' is required in a node\n");
}

static void a_root_of_another_kind_is_refused(void **state)
{
    (void)state;
    expect_problems("[a]\n", "lab.yaml:1:1: the file must be a map of keys (a lab), not a list\n");
    expect_problems("hello\n",
                    "lab.yaml:1:1: the file must be a map of keys (a lab), not 'hello'\n");
}

static void all_problems_are_reported_in_the_order_of_the_file(void **state)
{
    (void)state;
    expect_problems("flag: x\nlinks:\n  - {rate: x}\n  - {los: 1%}\ncount: x\n",
                    "lab.yaml:1:7: 'flag' must be true or false, not 'x'\n"
                    "lab.yaml:3:12: 'rate' must be a rate such as 50mbit, not 'x'\n"
                    "lab.yaml:4:6: unknown key 'los' in a link; did you mean 'loss'? (known: "
                    "delay, loss, rate)\n"
                    "lab.yaml:5:8: 'count' must be a whole number, not 'x'\n");
}

static void a_hundred_thousand_problems_are_counted_quickly(void **state)
{
    (void)state;
    struct text text = {0};
    text_print(&text, "link:\n");
    for (int i = 0; i < 100000; i++) {
        text_print(&text, "  dela%d: 1\n", i);
    }
    bool is_right;
    struct config_file *file = load_and_check(text.chars, &is_right);
    assert_int_equal(file->n_problems, 100000);
    assert_non_null(strstr(text_chars(&file->problems), "\nlab.yaml: and 99950 more\n"));
    config_free(file);
    text_fini(&text);
}

static void a_file_that_was_not_loaded_is_not_right(void **state)
{
    (void)state;
    struct config_file *file = config_load("lab.yaml", "a: [", 4);
    assert_null(file->root);
    assert_false(config_check(file, file->root, &lab_schema));
    assert_int_equal(file->n_problems, 1);
    config_free(file);
}

static void suggestions_believe_small_slips_only(void **state)
{
    (void)state;
    static const char *const names[] = {"delay", "loss", "rate", "count", "duplicate", "to"};
    static const char *const cases[][2] = {
        {"delay", "delay"},
        {"DELAY", "delay"},
        {"dealy", "delay"},
        {"dela", "delay"},
        {"delayy", "delay"},
        {"los", "loss"},
        {"rat", "rate"},
        {"art", NULL},
        {"duplciate", "duplicate"},
        {"duplikat", "duplicate"},
        {"colour", NULL},
        {"x", NULL},
        {"ot", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *meant = config_suggest(cases[i][0], names, COUNT(names));
        if (cases[i][1]) {
            assert_non_null(meant);
            assert_string_equal(meant, cases[i][1]);
        } else {
            assert_null(meant);
        }
    }
    char huge[5000] = {0};
    memset(huge, 'd', sizeof huge - 1);
    assert_null(config_suggest(huge, names, COUNT(names)));
}

static void getters_read_values_and_defaults(void **state)
{
    (void)state;
    const char *text = "t: hello\nb: off\ni: 42\nd: 1.5s\nr: 50mbit\ns: 64KiB\np: 0.5%\nbad: {}\n";
    struct config_file *file = config_load("lab.yaml", text, strlen(text));
    const struct config_value *root = file->root;
    assert_string_equal(config_get_text(root, "t", "no"), "hello");
    assert_false(config_get_bool(root, "b", true));
    assert_int_equal(config_get_integer(root, "i", 0), 42);
    assert_int_equal(config_get_duration(root, "d", 0), 1500000000);
    assert_int_equal(config_get_rate(root, "r", 0), 50000000);
    assert_int_equal(config_get_size(root, "s", 0), 65536);
    assert_int_equal(config_get_share(root, "p", 0), 5000);
    assert_string_equal(config_get_text(root, "none", "no"), "no");
    assert_true(config_get_bool(root, "none", true));
    assert_int_equal(config_get_integer(root, "none", 7), 7);
    assert_int_equal(config_get_duration(NULL, "d", 8), 8);
    assert_int_equal(config_get_rate(root, "t", 9), 9);
    assert_int_equal(config_get_size(root, "bad", 10), 10);
    config_free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_file_passes),
        cmocka_unit_test(each_type_says_what_it_expects),
        cmocka_unit_test(an_item_is_named_after_its_own_list),
        cmocka_unit_test(ranges_are_said_in_the_unit_of_the_value),
        cmocka_unit_test(a_choice_names_the_choices_and_the_likely_one),
        cmocka_unit_test(an_unknown_key_names_the_known_ones),
        cmocka_unit_test(a_missing_key_is_reported_at_its_map),
        cmocka_unit_test(a_root_of_another_kind_is_refused),
        cmocka_unit_test(all_problems_are_reported_in_the_order_of_the_file),
        cmocka_unit_test(a_hundred_thousand_problems_are_counted_quickly),
        cmocka_unit_test(a_file_that_was_not_loaded_is_not_right),
        cmocka_unit_test(suggestions_believe_small_slips_only),
        cmocka_unit_test(getters_read_values_and_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
