#include "http/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void goes_by_the_extension_in_any_case(void **state)
{
    (void)state;
    assert_string_equal(http_mime_of_path("/a/index.HTML"), "text/html; charset=utf-8");
    assert_string_equal(http_mime_of_path("logo.tar.png"), "image/png");
    assert_string_equal(http_mime_of_path("/a.png/readme"), "application/octet-stream");
    assert_string_equal(http_mime_of_path("/x."), "application/octet-stream");
    assert_string_equal(http_mime_of_path(""), "application/octet-stream");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(goes_by_the_extension_in_any_case)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
