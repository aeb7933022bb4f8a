#include "service/text_flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

struct page {
    struct text text;
    struct text_flow flow;
};

static void begin(struct page *page, unsigned width)
{
    page->text = (struct text){0};
    text_flow_init(&page->flow, &page->text, width);
}

static void add(struct page *page, const char *chars)
{
    text_flow_add(&page->flow, chars, strlen(chars));
}

static void assert_end(struct page *page, const char *expected)
{
    text_flow_fini(&page->flow);
    assert_string_equal(text_chars(&page->text), expected);
    text_fini(&page->text);
}

static void wraps_words_and_cuts_those_that_are_too_long(void **state)
{
    (void)state;
    struct page page;
    begin(&page, 10);
    add(&page, "one  two\nthree 0123456789 012345678901234 x");
    assert_end(&page, "one two\nthree\n0123456789\n0123456789\n01234 x\n");
}

static void a_word_may_come_in_pieces(void **state)
{
    (void)state;
    struct page page;
    begin(&page, 10);
    add(&page, "aa bb");
    add(&page, "cc");
    add(&page, "dd ");
    add(&page, " ee");
    assert_end(&page, "aa bbccdd\nee\n");
}

static void counts_columns_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(text_columns("\xc3\xa9\xe2\x82\xac", 5), 2);
    assert_int_equal(text_columns("e\xcc\x81", 3), 1);
    assert_int_equal(text_columns("\xe6\x97\xa5\xe6\x9c\xac", 6), 4);
    struct page page;
    begin(&page, 10);
    add(&page, "\xe6\x97\xa5\xe6\x9c\xac \xe6\x97\xa5\xe6\x9c\xac \xe6\x97\xa5");
    assert_end(&page, "\xe6\x97\xa5\xe6\x9c\xac \xe6\x97\xa5\xe6\x9c\xac\n\xe6\x97\xa5\n");
}

static void separates_blocks_by_one_blank_line(void **state)
{
    (void)state;
    struct page page;
    begin(&page, 20);
    text_flow_blank_line(&page.flow);
    add(&page, "first");
    text_flow_blank_line(&page.flow);
    text_flow_blank_line(&page.flow);
    add(&page, "second");
    text_flow_new_line(&page.flow);
    text_flow_new_line(&page.flow);
    add(&page, "third");
    text_flow_blank_line(&page.flow);
    assert_end(&page, "first\n\nsecond\n\nthird\n");
}

static void indents_behind_markers(void **state)
{
    (void)state;
    struct page page;
    begin(&page, 14);
    page.flow.indent = 4;
    text_flow_set_marker(&page.flow, "9. ");
    add(&page, "some words here");
    text_flow_set_marker(&page.flow, "10. ");
    add(&page, "more");
    assert_end(&page, " 9. some words\n    here\n10. more\n");
}

static void aligns_and_underlines(void **state)
{
    (void)state;
    struct page page;
    begin(&page, 11);
    text_flow_reset_widest(&page.flow);
    add(&page, "a title of two");
    text_flow_underline(&page.flow, '=');
    page.flow.align = TEXT_CENTER;
    add(&page, "mid");
    text_flow_break(&page.flow);
    page.flow.align = TEXT_RIGHT;
    add(&page, "end");
    assert_end(&page, "a title of\ntwo\n==========\n    mid\n        end\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wraps_words_and_cuts_those_that_are_too_long),
        cmocka_unit_test(a_word_may_come_in_pieces),
        cmocka_unit_test(counts_columns_not_bytes),
        cmocka_unit_test(separates_blocks_by_one_blank_line),
        cmocka_unit_test(indents_behind_markers),
        cmocka_unit_test(aligns_and_underlines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
