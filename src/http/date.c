#include "http/date.h"

#include <stdio.h>

enum {
    DAY_S = 86400,
    DAYS_400_YEARS = 146097,
    DAYS_100_YEARS = 36524,
    DAYS_4_YEARS = 1461,
    DAYS_1_YEAR = 365,
    DAYS_0_TO_1970 = 719468, /* from 1 March of year 0 */
};

struct civil_date {
    unsigned year, month, day; /* month 0 ... 11 */
};

/* Years are counted from 1 March, so that the leap day is the last of its year. */
static struct civil_date civil_of_days(uint64_t days_since_1970)
{
    uint64_t days = days_since_1970 + DAYS_0_TO_1970;
    uint64_t year = days / DAYS_400_YEARS * 400;
    days %= DAYS_400_YEARS;
    uint64_t centuries = days / DAYS_100_YEARS;
    centuries = centuries > 3 ? 3 : centuries; /* the 400th year's leap day */
    days -= centuries * DAYS_100_YEARS;
    uint64_t fours = days / DAYS_4_YEARS;
    days -= fours * DAYS_4_YEARS;
    uint64_t ones = days / DAYS_1_YEAR;
    ones = ones > 3 ? 3 : ones;
    days -= ones * DAYS_1_YEAR;
    year += centuries * 100 + fours * 4 + ones;
    /* Months from March on have 31 30 31 30 31 31 30 31 30 31 31 days: 153 in each five. */
    uint64_t month = (days * 5 + 2) / 153;
    uint64_t day = days - (month * 153 + 2) / 5 + 1;
    month += 2;
    if (month >= 12) {
        month -= 12;
        year++;
    }
    return (struct civil_date){(unsigned)year, (unsigned)month, (unsigned)day};
}

char *http_date_print(uint64_t unix_s, char *buffer)
{
    static const char WEEKDAYS[7][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char MONTHS[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    uint64_t days = unix_s / DAY_S;
    unsigned second = (unsigned)(unix_s % DAY_S);
    struct civil_date date = civil_of_days(days);
    snprintf(buffer, HTTP_DATE_SIZE, "%s, %02u %s %04u %02u:%02u:%02u GMT", WEEKDAYS[days % 7],
             date.day, MONTHS[date.month], date.year % 10000, second / 3600, second / 60 % 60,
             second % 60);
    return buffer;
}
