/* Loading: positions, refusals in full, hostile text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct config_file *load(const char *text)
{
    return config_load("lab.yaml", text, strlen(text));
}

/* The problems of `text`, which must be these lines and no more. */
static void expect_problems(const char *text, const char *lines)
{
    struct config_file *file = load(text);
    assert_string_equal(text_chars(&file->problems), lines);
    size_t n_lines = 0;
    for (const char *p = lines; *p; p++) {
        n_lines += *p == '\n';
    }
    assert_int_equal(file->n_problems, n_lines);
    config_free(file);
}

static struct config_file *load_well(const char *text)
{
    struct config_file *file = load(text);
    assert_string_equal(text_chars(&file->problems), "");
    assert_int_equal(file->n_problems, 0);
    assert_non_null(file->root);
    return file;
}

static void expect_scalar(const struct config_value *value, const char *text, uint32_t line,
                          uint32_t column)
{
    assert_non_null(value);
    assert_int_equal(value->kind, CONFIG_SCALAR);
    assert_string_equal(value->text, text);
    assert_int_equal(value->line, line);
    assert_int_equal(value->column, column);
}

static void maps_lists_and_scalars_keep_their_positions(void **state)
{
    (void)state;
    struct config_file *file = load_well("# a lab\n"
                                         "seed: 7\n"
                                         "nodes:\n"
                                         "  pc:  {kind: host, note: \"a b\"}\n"
                                         "links:\n"
                                         "  - pc-home\n"
                                         "  - {a: 1}\n");
    expect_scalar(config_get(file->root, "seed"), "7", 2, 7);
    const struct config_value *nodes = config_get(file->root, "nodes");
    assert_int_equal(nodes->kind, CONFIG_MAP);
    assert_int_equal(nodes->key_line, 3);
    assert_int_equal(nodes->key_column, 1);
    const struct config_value *pc = config_get(nodes, "pc");
    assert_int_equal(pc->key_column, 3);
    assert_int_equal(pc->column, 8);
    expect_scalar(config_get(pc, "kind"), "host", 4, 15);
    expect_scalar(config_get(pc, "note"), "a b", 4, 27);
    assert_true(config_get(pc, "note")->is_quoted);
    assert_false(config_get(pc, "kind")->is_quoted);
    const struct config_value *links = config_get(file->root, "links");
    assert_int_equal(links->kind, CONFIG_LIST);
    assert_int_equal(links->n_items, 2);
    expect_scalar(&links->items[0], "pc-home", 6, 5);
    assert_null(links->items[0].key);
    assert_int_equal(links->items[1].kind, CONFIG_MAP);
    config_free(file);
}

static void columns_count_characters_not_bytes(void **state)
{
    (void)state;
    struct config_file *file = load_well("{\xc3\xa4\xe2\x82\xac: x, b: y}\n");
    expect_scalar(config_get(file->root, "b"), "y", 1, 12);
    config_free(file);
}

static void an_empty_text_is_an_empty_map(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n\n", "# nothing\n", "---\n", "---\n...\n", "{}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct config_file *file = load_well(texts[i]);
        assert_int_equal(file->root->kind, CONFIG_MAP);
        assert_int_equal(file->root->n_items, 0);
        assert_null(file->root->text);
        config_free(file);
    }
}

static void a_byte_order_mark_and_crlf_do_not_move_positions(void **state)
{
    (void)state;
    struct config_file *file = load_well("\xef\xbb\xbf"
                                         "a: 1\r\nb:\r\n  c: 2\r\n");
    expect_scalar(config_get(file->root, "a"), "1", 1, 4);
    expect_scalar(config_get(config_get(file->root, "b"), "c"), "2", 3, 6);
    config_free(file);
}

static void block_and_quoted_texts_may_have_several_lines(void **state)
{
    (void)state;
    struct config_file *file = load_well("a: |\n  x\n  y\nb: >\n  x\n  y\nc: \"x\n  y\"\n");
    assert_string_equal(config_get_text(file->root, "a", ""), "x\ny\n");
    assert_string_equal(config_get_text(file->root, "b", ""), "x y\n");
    assert_string_equal(config_get_text(file->root, "c", ""), "x y");
    config_free(file);
}

static void duplicate_keys_are_refused_with_the_place_of_the_first(void **state)
{
    (void)state;
    expect_problems("a: 1\nb: {x: 1, x: 2}\na: 3\n",
                    "lab.yaml:2:11: 'x' is here twice; the first is at line 2, column 5\n"
                    "lab.yaml:3:1: 'a' is here twice; the first is at line 1, column 1\n");
}

static void duplicates_are_found_in_big_maps_too(void **state)
{
    (void)state;
    struct text text = {0};
    for (int i = 0; i < 1000; i++) {
        text_print(&text, "n%d: %d\n", i, i);
    }
    text_print(&text, "n17: again\n");
    struct config_file *file = config_load("lab.yaml", text.chars, text.len);
    assert_string_equal(
        text_chars(&file->problems),
        "lab.yaml:1001:1: 'n17' is here twice; the first is at line 18, column 1\n");
    for (int i = 0; i < 1000; i++) {
        char key[16];
        snprintf(key, sizeof key, "n%d", i);
        assert_int_equal(config_get_integer(file->root, key, 9999), i);
    }
    assert_null(config_get(file->root, "n1000"));
    config_free(file);
    text_fini(&text);
}

static void features_outside_the_subset_are_refused_by_name(void **state)
{
    (void)state;
    expect_problems("a: &x 1\nb: *x\nc: !t 1\n",
                    "lab.yaml:1:4: anchors ('&x') are not supported; put text that begins with '&' "
                    "in quotes\n"
                    "lab.yaml:2:4: aliases ('*x') are not supported; put text that begins with '*' "
                    "in quotes\n"
                    "lab.yaml:3:4: tags ('!t') are not supported; put text that begins with '!' in "
                    "quotes\n");
    expect_problems("a: &x {b: 1}\nc: !!seq [1]\n",
                    "lab.yaml:1:4: anchors ('&x') are not supported; put text that begins with '&' "
                    "in quotes\n"
                    "lab.yaml:2:4: tags ('tag:yaml.org,2002:seq') are not supported; put text that "
                    "begins with '!' in quotes\n");
    expect_problems("a: 1\n---\nb: 2\n",
                    "lab.yaml:2:1: a second document begins here; a file holds one\n");
    expect_problems("%YAML 1.1\n---\nb: 2\n", "lab.yaml:1:1: directives ('%') are not supported\n");
    expect_problems("? [a]\n: 1\n{b: c}: 2\n", "lab.yaml:1:3: a key must be a word, not a list\n"
                                               "lab.yaml:3:1: a key must be a word, not a map\n");
    expect_problems("{: 1}\n", "lab.yaml:1:2: a key is missing before ':'\n");
    expect_problems(": 1\n", "lab.yaml:1:1: a key is missing before ':'\n");
    expect_problems("\"\": 1\n", "lab.yaml:1:1: a key cannot be empty\n");
    expect_problems("a: {<<: x}\n", "lab.yaml:1:5: merge keys ('<<') are not supported\n");
}

static void the_rest_of_the_tree_is_kept_behind_a_refusal(void **state)
{
    (void)state;
    struct config_file *file = load("a: *x\n? [b]\n: {c: 1}\nd: 2\n");
    assert_int_equal(file->n_problems, 2);
    assert_int_equal(config_get_integer(file->root, "d", 0), 2);
    config_free(file);
}

static void tabs_as_indentation_are_named(void **state)
{
    (void)state;
    expect_problems("a:\n\tb: 2\n", "lab.yaml:2:1: a tab is used for indentation; use spaces\n");
    expect_problems("a: 1\n\tb: 2\n", "lab.yaml:2:1: a tab is used for indentation; use spaces\n");
    expect_problems("a: |\n\tx\n", "lab.yaml:2:1: a tab is used for indentation; use spaces\n");
}

static void a_missing_space_after_the_colon_is_named(void **state)
{
    (void)state;
    expect_problems("a: 1\nb:2\nc: 3\n", "lab.yaml:2:1: a space is missing after ':' in 'b:2'\n");
    expect_problems("a: 1\nword\nb: 2\n",
                    "lab.yaml:2:1: a ':' is missing after 'word', or the indentation is wrong\n");
    expect_problems(
        "a:\n  b:2\n  c: 3\n",
        "lab.yaml:2:3: unquoted text goes on in the next line; a space is missing after "
        "':'\n"
        "lab.yaml:3:4: a ':' cannot stand here; put the text in quotes, or correct the "
        "indentation\n");
}

static void unquoted_text_over_lines_is_refused(void **state)
{
    (void)state;
    expect_problems("- a\n - b\n",
                    "lab.yaml:1:3: unquoted text goes on in the next line; put it in "
                    "quotes, or correct the indentation\n");
}

static void syntax_errors_are_said_plainly(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"a: b: c\n", "1:5: a ':' cannot stand here; put the text in quotes, or correct the "
                      "indentation"},
        {"a:\n   b: 1\n  c: 2\n", "3:3: the indentation of this line fits no line above it"},
        {"- a\nb: 1\n", "2:1: a list item ('- ') is expected here; correct the indentation"},
        {"a: - b\n", "1:4: a list item ('- ') cannot begin here; put it on a line of its own"},
        {"a: [1, 2\n", "1:4: the list that begins here lacks a ',' or its ']'"},
        {"a: {b: 1\n", "1:4: the map that begins here lacks a ',' or its '}'"},
        {"a: \"x\nb: 2\n", "1:4: the quote that begins here is never closed"},
        {"a: 'x'y\n", "1:7: unexpected text behind the value; put all of it in quotes"},
        {"a: \"\\q\"\n", "1:5: unknown escape in double quotes; in single quotes '\\' is an "
                         "ordinary character"},
        {"a: @x\n", "1:4: put text that begins with '@' in quotes"},
        {"a: `x\n", "1:4: put text that begins with '`' in quotes"},
        {"a: %x\n", "1:4: put text that begins with '%' in quotes"},
        {"a: *.example\n", "1:4: put text that begins with '*' in quotes"},
        {"a: , b\n", "1:4: a value is expected here; put text that begins with this character in "
                     "quotes"},
        {"{a: 1}}\n", "1:7: text behind the end of the map; is there a bracket too many?"},
        {"a: 1\n%x\n", "2:1: directives ('%') are not supported"},
        {"a: |x\n", "1:4: only an indented text can follow '|' or '>', from the next line on"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text line = {0};
        text_print(&line, "lab.yaml:%s\n", cases[i][1]);
        expect_problems(cases[i][0], text_chars(&line));
        text_fini(&line);
    }
}

static void bytes_that_are_not_text_are_refused_with_their_place(void **state)
{
    (void)state;
    expect_problems("a: 1\nb: \x01\n", "lab.yaml:2:4: the control character 0x01 is not allowed\n");
    expect_problems("a: 1\r\nb: \xff\n",
                    "lab.yaml:2:4: this is not text in UTF-8 (invalid leading UTF-8 octet)\n");
    expect_problems("a: \xc3",
                    "lab.yaml:1:4: this is not text in UTF-8 (incomplete UTF-8 octet sequence)\n");
    expect_problems("\xff\xfe", "lab.yaml:1:1: the text is UTF-16; save it as UTF-8\n");
    struct config_file *file = config_load("lab.yaml", "a: 1\0b", 6);
    assert_string_equal(text_chars(&file->problems),
                        "lab.yaml:1:5: the control character 0x00 is not allowed\n");
    config_free(file);
    expect_problems("a: \"x\\0y\"\n",
                    "lab.yaml:1:4: text cannot contain the character NUL (\\0)\n");
}

static void what_is_quoted_from_the_file_cannot_steer_a_terminal(void **state)
{
    (void)state;
    expect_problems("\"\\e[31m\\n\\x9b\": 1\n\"\\e[31m\\n\\x9b\": 1\n",
                    "lab.yaml:2:1: '\\x1b[31m\\n\\x9b' is here twice; the first is at line 1, "
                    "column 1\n");
}

static void long_pieces_of_the_file_are_cut_in_messages(void **state)
{
    (void)state;
    char key[201] = {0};
    memset(key, 'k', 200);
    struct text text = {0}, line = {0};
    text_print(&text, "%s: 1\n%s: 2\n", key, key);
    text_print(&line, "lab.yaml:2:1: '%.60s...' is here twice; the first is at line 1, column 1\n",
               key);
    expect_problems(text.chars, line.chars);
    text_fini(&text);
    text_fini(&line);
}

static void nesting_is_limited(void **state)
{
    (void)state;
    char deep[100000];
    memset(deep, '[', sizeof deep);
    struct config_file *file = config_load("lab.yaml", deep, sizeof deep);
    assert_string_equal(text_chars(&file->problems),
                        "lab.yaml:1:33: maps and lists are nested deeper than 32\n");
    assert_null(file->root);
    config_free(file);

    char just_right[65] = {0};
    memset(just_right, '[', 31);
    memset(just_right + 31, ']', 31);
    config_free(load_well(just_right));
}

static void size_and_number_of_values_are_limited(void **state)
{
    (void)state;
    size_t len = CONFIG_MAX_BYTES + 1;
    char *big = memory_new(len);
    memset(big, '#', len);
    struct config_file *file = config_load("lab.yaml", big, len);
    assert_string_equal(text_chars(&file->problems),
                        "lab.yaml: the file has 16777217 bytes; at most 16777216 are read\n");
    config_free(file);

    big[0] = '[';
    for (size_t i = 1; i + 1 < len; i += 2) {
        big[i] = '1';
        big[i + 1] = i % 100 == 99 ? '\n' : ',';
    }
    for (size_t i = 100; i < len; i += 100) {
        big[i] = ',';
    }
    file = config_load("lab.yaml", big, 2 * CONFIG_MAX_VALUES + 1000);
    assert_non_null(strstr(text_chars(&file->problems), "more keys and values than 1048576\n"));
    assert_null(file->root);
    config_free(file);
    free(big);
}

static void problems_beyond_the_limit_are_counted(void **state)
{
    (void)state;
    struct text text = {0};
    for (int i = 0; i < CONFIG_MAX_PROBLEMS + 8; i++) {
        text_print(&text, "- *x\n");
    }
    struct config_file *file = config_load("lab.yaml", text.chars, text.len);
    assert_int_equal(file->n_problems, CONFIG_MAX_PROBLEMS + 8);
    const char *problems = text_chars(&file->problems);
    assert_non_null(strstr(problems, "lab.yaml:50:3: "));
    assert_null(strstr(problems, "lab.yaml:51:3: "));
    assert_null(strstr(problems, "and 7 more"));
    const char *end = "lab.yaml: and 8 more\n";
    assert_string_equal(problems + strlen(problems) - strlen(end), end);
    config_free(file);
    text_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_lists_and_scalars_keep_their_positions),
        cmocka_unit_test(columns_count_characters_not_bytes),
        cmocka_unit_test(an_empty_text_is_an_empty_map),
        cmocka_unit_test(a_byte_order_mark_and_crlf_do_not_move_positions),
        cmocka_unit_test(block_and_quoted_texts_may_have_several_lines),
        cmocka_unit_test(duplicate_keys_are_refused_with_the_place_of_the_first),
        cmocka_unit_test(duplicates_are_found_in_big_maps_too),
        cmocka_unit_test(features_outside_the_subset_are_refused_by_name),
        cmocka_unit_test(the_rest_of_the_tree_is_kept_behind_a_refusal),
        cmocka_unit_test(tabs_as_indentation_are_named),
        cmocka_unit_test(a_missing_space_after_the_colon_is_named),
        cmocka_unit_test(unquoted_text_over_lines_is_refused),
        cmocka_unit_test(syntax_errors_are_said_plainly),
        cmocka_unit_test(bytes_that_are_not_text_are_refused_with_their_place),
        cmocka_unit_test(what_is_quoted_from_the_file_cannot_steer_a_terminal),
        cmocka_unit_test(long_pieces_of_the_file_are_cut_in_messages),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(size_and_number_of_values_are_limited),
        cmocka_unit_test(problems_beyond_the_limit_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
