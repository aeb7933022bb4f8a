/* Dates, against the system's own calendar. */
#include "http/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <time.h>

#include <cmocka.h>

static void writes_the_example_of_the_rfc(void **state)
{
    (void)state;
    char buffer[HTTP_DATE_SIZE];
    assert_string_equal(http_date_print(784111777, buffer), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_string_equal(http_date_print(0, buffer), "Thu, 01 Jan 1970 00:00:00 GMT");
}

static void agrees_with_gmtime_on_every_day_of_four_centuries(void **state)
{
    (void)state;
    for (int64_t day = 0; day < 146097 + 366; day++) {
        time_t at = (time_t)(day * 86400 + day % 86400);
        char ours[HTTP_DATE_SIZE];
        char theirs[HTTP_DATE_SIZE];
        struct tm tm;
        gmtime_r(&at, &tm);
        strftime(theirs, sizeof theirs, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        assert_string_equal(http_date_print((uint64_t)at, ours), theirs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_example_of_the_rfc),
        cmocka_unit_test(agrees_with_gmtime_on_every_day_of_four_centuries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
