/* Documents rendered as text, compared line by line. */
#include "service/page_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void describe_image(void *owner, const char *src, struct text *text)
{
    (void)owner;
    text_print(text, strcmp(src, "cat.png") == 0 ? "image/png, 68 bytes" : "missing");
}

static void render(const char *html, const char *style, struct text *out)
{
    struct css css = {0};
    struct url base;
    const char *why;
    css_add(&css, style, strlen(style));
    assert_true(url_parse("http://shop.example/a/b", &base, &why));
    struct html_document *document = html_parse(bytes_of_text(html), NULL);
    struct page_text_config config = {.css = &css, .base = &base, .describe_image = describe_image};
    page_text_render(document, &config, out);
    html_free(document);
    url_fini(&base);
    css_fini(&css);
}

static void assert_text(const char *html, const char *style, const char *expected)
{
    struct text text = {0};
    render(html, style, &text);
    assert_string_equal(text_chars(&text), expected);
    text_fini(&text);
}

static void underlines_headings_and_separates_paragraphs(void **state)
{
    (void)state;
    assert_text("<html><head><title>no</title><script>var no;</script></head><body>"
                "<h1>A  shop\nof   things</h1><p>One.</p><p>Two<br>lines.</p><h2>More</h2>"
                "<div>a</div><div>b</div></body></html>",
                "",
                "A shop of things\n================\n\nOne.\n\nTwo\nlines.\n\nMore\n----\n\n"
                "a\nb\n");
}

static void wraps_at_80_columns(void **state)
{
    (void)state;
    struct text html = {0};
    text_print(&html, "<p>");
    for (int i = 0; i < 30; i++) {
        text_print(&html, "w\xc3\xb6rd%d ", i);
    }
    struct text text = {0};
    render(text_chars(&html), "", &text);
    assert_string_equal(
        text_chars(&text),
        "w\xc3\xb6rd0 w\xc3\xb6rd1 w\xc3\xb6rd2 w\xc3\xb6rd3 w\xc3\xb6rd4 w\xc3\xb6rd5 "
        "w\xc3\xb6rd6 w\xc3\xb6rd7 w\xc3\xb6rd8 w\xc3\xb6rd9 w\xc3\xb6rd10 w\xc3\xb6rd11 "
        "w\xc3\xb6rd12\n"
        "w\xc3\xb6rd13 w\xc3\xb6rd14 w\xc3\xb6rd15 w\xc3\xb6rd16 w\xc3\xb6rd17 w\xc3\xb6rd18 "
        "w\xc3\xb6rd19 w\xc3\xb6rd20 w\xc3\xb6rd21 w\xc3\xb6rd22 w\xc3\xb6rd23\n"
        "w\xc3\xb6rd24 w\xc3\xb6rd25 w\xc3\xb6rd26 w\xc3\xb6rd27 w\xc3\xb6rd28 w\xc3\xb6rd29\n");
    text_fini(&text);
    text_fini(&html);
}

static void marks_list_items(void **state)
{
    (void)state;
    assert_text("<ul><li>one<li>two<ul><li>inner</ul><li>three</ul>"
                "<ol start=9><li>nine</li><li>ten</li></ol>",
                "", "* one\n* two\n  * inner\n* three\n\n 9. nine\n10. ten\n");
    assert_text("<dl><dt>term</dt><dd>what it is</dd></dl>", "", "term\n    what it is\n");
}

static void numbers_links_and_lists_their_targets(void **state)
{
    (void)state;
    assert_text("<p>See <a href='../c?d'>this</a>, <a href=\"http://other.example\">that</a>, "
                "<a href='/c?d'>this again</a>, <a href='#top'>top</a> or "
                "<a href='mailto:me@a.example'>me</a>.</p>",
                "",
                "See this[1], that[2], this again[1], top or me[3].\n\nLinks:\n"
                "[1] http://shop.example/c?d\n[2] http://other.example/\n"
                "[3] mailto:me@a.example\n");
}

static void describes_images(void **state)
{
    (void)state;
    assert_text("<p><img src=cat.png alt='A cat'> <img src=dog.png alt=Dog><img src=cat.png></p>",
                "",
                "[image: A cat (image/png, 68 bytes)] [image: Dog (missing)][image (image/png, 68\n"
                "bytes)]\n");
}

static void keeps_preformatted_text(void **state)
{
    (void)state;
    assert_text("<p>a</p><pre>\nif (x) {\n\ty  =  1;\n\n}\n</pre><p>b</p>", "",
                "a\n\nif (x) {\n        y  =  1;\n\n}\n\nb\n");
}

static void aligns_tables(void **state)
{
    (void)state;
    assert_text("<table><caption>Prices</caption><thead><tr><th>Thing</th><th>Price</th></tr>"
                "</thead><tbody><tr><td>Tea</td><td>3</td></tr>"
                "<tr><td>Gr\xc3\xbc"
                "ner Tee</td><td>4</td></tr>"
                "<tr><td colspan=2>All taxes included</td></tr></tbody></table>",
                "",
                "Prices\nThing       Price\n----------  ------\nTea         3\n"
                "Gr\xc3\xbcner Tee  4\nAll taxes included\n");
}

static void wraps_cells_that_are_too_wide(void **state)
{
    (void)state;
    assert_text(
        "<table><tr><td>1</td><td>a sentence that is rather long and does not fit in the line of "
        "eighty columns</td><td>another one that is long too and has to be wrapped</td></tr>"
        "<tr><td>2</td><td>b</td><td>c</td></tr></table>",
        "",
        "1  a sentence that is rather long and     another one that is long too and has\n"
        "   does not fit in the line of eighty     to be wrapped\n   columns\n"
        "2  b                                      c\n");
}

static void lays_out_tables_within_tables_without_end(void **state)
{
    (void)state;
    struct text html = {0};
    struct text out = {0};
    for (int i = 0; i < 40; i++) {
        text_print(&html, "<table><tr><td>so many words that all do not fit in one line when "
                          "another column stands beside them<td>");
    }
    text_print(&html, "deep");
    render(text_chars(&html), "", &out); /* laid out twice per level, it would take for ever */
    assert_non_null(strstr(text_chars(&out), "deep\n"));
    assert_null(strstr(text_chars(&out), "too long to be shown"));
    text_fini(&html);
    text_fini(&out);
}

static void decodes_entities_and_keeps_utf8(void **state)
{
    (void)state;
    assert_text("<p>&lt;b&gt; &amp; &eacute;&#8364;&#x41; \xe2\x82\xac&nbsp;5</p>", "",
                "<b> & \xc3\xa9\xe2\x82\xac"
                "A \xe2\x82\xac 5\n");
}

static void reads_other_charsets(void **state)
{
    (void)state;
    struct html_document *document = html_parse(bytes_of_text("<p>caf\xe9</p>"), "ISO-8859-1");
    struct text text = {0};
    html_print_text(html_root(document), &text);
    assert_string_equal(text_chars(&text), "caf\xc3\xa9");
    text_fini(&text);
    html_free(document);
}

static void shows_nothing_that_a_terminal_would_obey(void **state)
{
    (void)state;
    assert_text("<p>a\x1b[31mb&#27;[0m\xc2\x9b"
                "c\xe2\x80\xae"
                "d</p><pre>e\x1b]0;f\x07</pre>",
                "", "a[31mb[0mcd\n\ne]0;f\n");
}

static void stylesheets_hide_and_change_text(void **state)
{
    (void)state;
    assert_text(
        "<h1>Welcome</h1><p class='ad big'>Buy!</p><p id=x>Keep <b class=ad>not</b>this.</p>"
        "<ul class=plain><li>a<li>b</ul><span class=line>c</span><span class=line>d</span>"
        "<p class=mid>middle</p><p style='text-transform: uppercase'>loud &eacute;</p>"
        "<p hidden>gone</p>",
        "h1 { text-transform: uppercase } .ad { display: none }\n"
        "/* .ad { display: block } */ ul.plain { list-style: none }\n"
        ".line { display: block } .mid { text-align: center }",
        "WELCOME\n=======\n\nKeep this.\n\n  a\n  b\n\nc\nd\n\n"
        "                                     middle\n\nLOUD \xc3\x89\n");
}

static void shows_form_elements(void **state)
{
    (void)state;
    assert_text("<form>Name: <input name=n> <input type=hidden value=x><input type=checkbox "
                "checked> yes <select><option>a<option selected>b</select> "
                "<button>Send</button></form>",
                "", "Name: [____] [x] yes [b] [Send]\n");
}

static void survives_depth_size_and_nonsense(void **state)
{
    (void)state;
    struct text html = {0};
    struct text out = {0};
    for (int i = 0; i < 3000; i++) {
        text_print(&html, "<div><table><tr><td><ul><li>");
    }
    text_print(&html, "deep");
    render(text_chars(&html), "", &out);
    text_clear(&html);
    text_clear(&out);
    for (int i = 0; i < 120000; i++) {
        text_print(&html, "<b>x</b> ");
    }
    render(text_chars(&html), "", &out);
    assert_non_null(strstr(text_chars(&out), "[the page is too long to be shown whole]"));
    text_fini(&html);
    text_fini(&out);
    assert_text("", "", "");
    assert_text("plain text", "", "plain text\n");
    assert_text("<p>unclosed <b>tags <i>here", "", "unclosed tags here\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(underlines_headings_and_separates_paragraphs),
        cmocka_unit_test(wraps_at_80_columns),
        cmocka_unit_test(marks_list_items),
        cmocka_unit_test(numbers_links_and_lists_their_targets),
        cmocka_unit_test(describes_images),
        cmocka_unit_test(keeps_preformatted_text),
        cmocka_unit_test(aligns_tables),
        cmocka_unit_test(wraps_cells_that_are_too_wide),
        cmocka_unit_test(lays_out_tables_within_tables_without_end),
        cmocka_unit_test(decodes_entities_and_keeps_utf8),
        cmocka_unit_test(reads_other_charsets),
        cmocka_unit_test(shows_nothing_that_a_terminal_would_obey),
        cmocka_unit_test(stylesheets_hide_and_change_text),
        cmocka_unit_test(shows_form_elements),
        cmocka_unit_test(survives_depth_size_and_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
