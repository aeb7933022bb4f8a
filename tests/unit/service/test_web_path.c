#include "service/web_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

static void assert_path(const char *target, const char *expected, bool expects_folder)
{
    struct text path = {0};
    bool is_folder;
    assert_int_equal(web_path_resolve(target, &path, &is_folder), 0);
    assert_string_equal(text_chars(&path), expected);
    assert_int_equal(is_folder, expects_folder);
    text_fini(&path);
}

static void assert_refused(const char *target, int status)
{
    struct text path = {0};
    bool is_folder;
    assert_int_equal(web_path_resolve(target, &path, &is_folder), status);
    text_fini(&path);
}

static void names_a_file_below_the_root(void **state)
{
    (void)state;
    assert_path("/", "index.html", true);
    assert_path("/?q=1", "index.html", true);
    assert_path("/a/b.txt", "a/b.txt", false);
    assert_path("/a/b/?x=/../y", "a/b/index.html", true);
    assert_path("/a%20b%C3%A9?c", "a b\xc3\xa9", false);
    assert_path("/.well-known/x", ".well-known/x", false);
    assert_path("/a..b/c.", "a..b/c.", false);
    assert_path("/a\\b", "a\\b", false);
}

static void decodes_once(void **state)
{
    (void)state;
    assert_path("/%252e%252e/x", "%2e%2e/x", false);
    assert_path("/%2541", "%41", false);
}

static void refuses_to_leave_the_root(void **state)
{
    (void)state;
    assert_refused("/..", 400);
    assert_refused("/../etc/passwd", 400);
    assert_refused("/a/../../b", 400);
    assert_refused("/%2e%2e/x", 400);
    assert_refused("/.%2E/x", 400);
    assert_refused("/a%2f..%2fb", 400);
    assert_refused("/a%2Fb", 400);
    assert_refused("/a%00.html", 400);
    assert_refused("/a%", 400);
    assert_refused("/a%4", 400);
    assert_refused("/a%4/b", 400);
    assert_refused("/a%zz", 400);
    assert_refused("a", 400);
    assert_refused("*", 400);
    assert_refused("", 400);
}

static void hides_what_begins_with_a_dot_and_empty_segments(void **state)
{
    (void)state;
    assert_refused("/.git/config", 404);
    assert_refused("/a/.htpasswd", 404);
    assert_refused("/%2egit/config", 404);
    assert_refused("/./a", 404);
    assert_refused("//evil.example/", 404);
    assert_refused("/a//b", 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_a_file_below_the_root),
        cmocka_unit_test(decodes_once),
        cmocka_unit_test(refuses_to_leave_the_root),
        cmocka_unit_test(hides_what_begins_with_a_dot_and_empty_segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
