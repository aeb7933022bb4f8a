#include "http/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_whole(const struct url *url, const char *expected)
{
    struct text text = {0};
    url_print(&text, url);
    assert_string_equal(text_chars(&text), expected);
    text_fini(&text);
}

static void assert_parses(const char *from, const char *to)
{
    struct url url;
    const char *why = NULL;
    if (!url_parse(from, &url, &why)) {
        fail_msg("%s: %s", from, why);
    }
    assert_whole(&url, to);
    url_fini(&url);
}

static void assert_refused(const char *from, const char *reason)
{
    struct url url;
    const char *why = NULL;
    if (url_parse(from, &url, &why)) {
        fail_msg("%s was taken for a URL", from);
    }
    assert_string_equal(why, reason);
}

static void takes_a_url_apart(void **state)
{
    (void)state;
    struct url url;
    const char *why;
    assert_true(url_parse("HTTP://Shop.Example:8080/a/b.html?x=1&y=%20#top", &url, &why));
    assert_string_equal(url.scheme, "http");
    assert_string_equal(url.host, "shop.example");
    assert_int_equal(url.port, 8080);
    assert_true(url.has_port);
    assert_string_equal(url.path, "/a/b.html");
    assert_string_equal(url.query, "x=1&y=%20");
    assert_string_equal(url.fragment, "top");
    url_fini(&url);
}

static void fills_in_what_is_not_written(void **state)
{
    (void)state;
    struct url url;
    const char *why;
    assert_true(url_parse("https://shop.example", &url, &why));
    assert_int_equal(url.port, 443);
    assert_false(url.has_port);
    assert_string_equal(url.path, "/");
    assert_string_equal(url.query, "");
    assert_string_equal(url.fragment, "");
    url_fini(&url);
    assert_parses("shop.example", "http://shop.example/");
    assert_parses("shop.example:8080/x", "http://shop.example:8080/x");
    assert_parses("//shop.example/x", "http://shop.example/x");
    assert_parses("  http://shop.example/\n", "http://shop.example/");
    assert_parses("http://shop.example:80?q", "http://shop.example/?q");
    assert_parses("http://shop.example:/", "http://shop.example/");
}

static void keeps_an_ipv6_literal_in_brackets(void **state)
{
    (void)state;
    struct url url;
    const char *why;
    assert_true(url_parse("http://[2001:DB8::1]:81/", &url, &why));
    assert_string_equal(url.host, "2001:db8::1");
    assert_whole(&url, "http://[2001:db8::1]:81/");
    url_fini(&url);
}

static void encodes_what_may_not_stand_raw(void **state)
{
    (void)state;
    assert_parses("http://a/b c\"<>{}^`\\?x y<>#f g",
                  "http://a/b%20c%22%3C%3E%7B%7D%5E%60%5C?x%20y%3C%3E#f%20g");
    assert_parses("http://a/caf\xc3\xa9", "http://a/caf%C3%A9");
    assert_parses("http://a/%41%zz", "http://a/%41%zz");
}

static void refuses_what_is_no_http_url(void **state)
{
    (void)state;
    assert_refused("ftp://a/", "only http and https can be fetched");
    assert_refused("mailto:me@a.example", "only http and https can be fetched");
    assert_refused("javascript:alert(1)", "only http and https can be fetched");
    assert_refused("http:/a", "the two slashes after the scheme are missing");
    assert_refused("http://", "the host is missing");
    assert_refused("http://:80/", "the host is missing");
    assert_refused("", "the host is missing");
    assert_refused("http://me:secret@a/", "a user name before the host is not supported");
    assert_refused("http://a:99999/", "the port is above 65535");
    assert_refused("http://a:8x/", "the port is not a number");
    assert_refused("http://a:0/", "port 0 cannot be connected to");
    assert_refused("http://[::1/", "the ] of the IPv6 address is missing");
    assert_refused("http://[::1]x/", "only a port may follow the host");
    assert_refused("http://[fe80::1%25eth0]/", "what stands in [ ] is not an IPv6 address");
    assert_refused("http://a b/", "the host has a character that no name may have");
    assert_refused("http://b\xc3\xbc"
                   "cher.example/",
                   "an international host name must be written in its xn-- form");
}

static void resolves_as_in_rfc_3986_5_4(void **state)
{
    (void)state;
    static const char *const CASES[][2] = {
        /* 5.4.1 normal examples */
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q#s"},
        {"g#s", "http://a/b/c/g#s"},
        {"g?y#s", "http://a/b/c/g?y#s"},
        {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y#s"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
        /* 5.4.2 abnormal examples */
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g#s/./x", "http://a/b/c/g#s/./x"},
        {"g#s/../x", "http://a/b/c/g#s/../x"},
        /* and what documents do */
        {" g\n", "http://a/b/c/g"},
        {"https://g/h", "https://g/h"},
        {"a//b", "http://a/b/c/a//b"},
    };
    struct url base;
    const char *why = NULL;
    assert_true(url_parse("http://a/b/c/d;p?q", &base, &why));
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct url url;
        if (!url_resolve(&base, CASES[i][0], &url, &why)) {
            fail_msg("%s: %s", CASES[i][0], why);
        }
        assert_whole(&url, CASES[i][1]);
        url_fini(&url);
    }
    struct url url;
    assert_false(url_resolve(&base, "data:image/png;base64,AAAA", &url, &why));
    assert_false(url_resolve(&base, "//", &url, &why));
    url_fini(&base);
}

static void printing_and_parsing_again_changes_nothing(void **state)
{
    (void)state;
    static const char *const URLS[] = {"http://a/", "https://a.example:8443/x/y?z=1#f",
                                       "http://[::1]:8080/?q", "http://a/%2e%2e/b"};
    for (size_t i = 0; i < sizeof URLS / sizeof URLS[0]; i++) {
        assert_parses(URLS[i], URLS[i]);
    }
}

static void origins_differ_by_scheme_host_or_port(void **state)
{
    (void)state;
    struct url a, b, c;
    const char *why;
    assert_true(url_parse("http://a/x", &a, &why));
    assert_true(url_parse("http://A:80/y?z", &b, &why));
    assert_true(url_parse("http://a:81/x", &c, &why));
    assert_true(url_same_origin(&a, &b));
    assert_false(url_same_origin(&a, &c));
    url_fini(&a);
    url_fini(&b);
    url_fini(&c);
}

static void refuses_a_url_that_is_too_long(void **state)
{
    (void)state;
    static char long_url[URL_MAX + 10];
    for (size_t i = 0; i < sizeof long_url - 1; i++) {
        long_url[i] = 'a';
    }
    assert_refused(long_url, "it is longer than 8192 characters");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_url_apart),
        cmocka_unit_test(fills_in_what_is_not_written),
        cmocka_unit_test(keeps_an_ipv6_literal_in_brackets),
        cmocka_unit_test(encodes_what_may_not_stand_raw),
        cmocka_unit_test(refuses_what_is_no_http_url),
        cmocka_unit_test(resolves_as_in_rfc_3986_5_4),
        cmocka_unit_test(printing_and_parsing_again_changes_nothing),
        cmocka_unit_test(origins_differ_by_scheme_host_or_port),
        cmocka_unit_test(refuses_a_url_that_is_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
