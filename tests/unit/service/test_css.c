#include "service/css.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The display of <p id=i class="a b" style=...> under `sheet`. */
static enum css_keyword display(const char *sheet, const char *style)
{
    struct css css = {0};
    struct css_element element = {.name = "p", .id = "i", .classes = "a b", .style = style};
    css_add(&css, sheet, strlen(sheet));
    enum css_keyword keyword = css_style_of(&css, &element).keyword[CSS_DISPLAY];
    css_fini(&css);
    return keyword;
}

static void assert_hidden(const char *sheet)
{
    assert_int_equal(display(sheet, NULL), CSS_NONE);
}

static void assert_untouched(const char *sheet)
{
    assert_int_equal(display(sheet, NULL), CSS_UNSET);
}

static void matches_types_classes_ids_and_lists(void **state)
{
    (void)state;
    assert_hidden("p{display:none}");
    assert_hidden("P { DISPLAY : None ; }");
    assert_hidden(".a { display: none }");
    assert_hidden(".b.a { display: none }");
    assert_hidden("#i { display: none }");
    assert_hidden("p#i.a.b { display: none }");
    assert_hidden("* { display: none }");
    assert_hidden("*.b { display: none }");
    assert_hidden("h1 , .b,div { display: none }");
    assert_untouched("q { display: none }");
    assert_untouched(".c { display: none }");
    assert_untouched(".a.c { display: none }");
    assert_untouched("#j { display: none }");
    assert_untouched(".A { display: none }");
}

static void skips_what_it_does_not_understand(void **state)
{
    (void)state;
    assert_untouched("div p { display: none }");
    assert_untouched("body > p { display: none }");
    assert_untouched("p:hover { display: none }");
    assert_untouched("p[x] { display: none }");
    assert_untouched(".a* { display: none }");
    assert_untouched("{ display: none }");
    assert_untouched("p { color: none; displays: none; display: flash }");
    assert_hidden("p:hover { color: red } p { display: none }");
    assert_hidden("p { color: ; nonsense; display: none }");
    assert_hidden("@import 'x;y'; p { display: none }");
    assert_hidden("@font-face { src: url(a;b) } @charset \"x\"; p { display: none }");
    assert_hidden("p { background: url({;}); display: none }");
    assert_hidden("q { content: '}' } p { display: none }");
    assert_hidden("q { a: { b: c } } p { display: none }");
    assert_hidden("/* p{} */ p /* x */ { /* display: block; */ display: none }");
    assert_hidden("p { display: none");
    assert_hidden("p { display: none; display: \\");
}

static void honours_media(void **state)
{
    (void)state;
    assert_hidden("@media screen { p { display: none } }");
    assert_hidden("@media all { @media screen { p { display: none } } }");
    assert_untouched("@media print { p { display: none } }");
    assert_hidden("@media print { q { a: b } } p { display: none }");
    assert_untouched("@media screen and (max-width: 10px) { p { display: none } }");
}

static void cascades(void **state)
{
    (void)state;
    assert_int_equal(display("p { display: none } p { display: block }", NULL), CSS_BLOCK);
    assert_int_equal(display("#i { display: none } p { display: block }", NULL), CSS_NONE);
    assert_int_equal(display(".a { display: none } p { display: block }", NULL), CSS_NONE);
    assert_int_equal(display("#i { display: none } .a.b { display: block }", NULL), CSS_NONE);
    assert_int_equal(display("p { display: none !important } #i { display: block }", NULL),
                     CSS_NONE);
    assert_int_equal(display("#i { display: none }", "display: block"), CSS_BLOCK);
    assert_int_equal(display("#i { display: none ! important }", "display: block"), CSS_NONE);
}

static void keeps_its_limit(void **state)
{
    (void)state;
    struct css css = {0};
    for (int i = 0; i < CSS_MAX_RULES + 50; i++) {
        char rule[40];
        snprintf(rule, sizeof rule, ".c%d { display: none }", i);
        css_add(&css, rule, strlen(rule));
    }
    assert_int_equal(css.count, CSS_MAX_RULES);
    css_fini(&css);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_types_classes_ids_and_lists),
        cmocka_unit_test(skips_what_it_does_not_understand),
        cmocka_unit_test(honours_media),
        cmocka_unit_test(cascades),
        cmocka_unit_test(keeps_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
