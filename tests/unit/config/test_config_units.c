/* Units: exact values, refusals, and print then parse as a property. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "config/config.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct reading {
    const char *text;
    uint64_t value;
};

static void expect_readings(bool (*parse)(const char *text, uint64_t *value),
                            const struct reading *readings, size_t n_readings)
{
    for (size_t i = 0; i < n_readings; i++) {
        uint64_t value = 0;
        if (!parse(readings[i].text, &value) || value != readings[i].value) {
            fail_msg("'%s' reads as %llu", readings[i].text, (unsigned long long)value);
        }
    }
}

static void expect_refusals(bool (*parse)(const char *text, uint64_t *value),
                            const char *const *texts, size_t n_texts)
{
    for (size_t i = 0; i < n_texts; i++) {
        uint64_t value = 0;
        if (parse(texts[i], &value)) {
            fail_msg("'%s' reads as %llu", texts[i], (unsigned long long)value);
        }
    }
}

static bool parse_share(const char *text, uint64_t *value)
{
    uint32_t ppm = 0;
    bool is_share = config_parse_share(text, &ppm);
    *value = ppm;
    return is_share;
}

static void durations_are_read_exactly(void **state)
{
    (void)state;
    static const struct reading readings[] = {
        {"0", 0},
        {"0s", 0},
        {"10ns", 10},
        {"20us", 20000},
        {"12.25ms", 12250000},
        {"1.5s", 1500000000},
        {"2m", UINT64_C(120000000000)},
        {"1h", UINT64_C(3600000000000)},
        {"1d", UINT64_C(86400000000000)},
        {"0.000000001s", 1},
        {"0.5000000000000000000000000s", 500000000},
        {"18446744073709551615ns", UINT64_MAX},
        {"18446744073.709551615s", UINT64_MAX},
    };
    expect_readings(config_parse_duration, readings, COUNT(readings));
    static const char *const refusals[] = {
        "",
        "s",
        "10",
        "-1s",
        "+1s",
        "1e3s",
        "1 s",
        " 1s",
        "1s ",
        "01s",
        ".5s",
        "5.s",
        "1.s",
        "1,5s",
        "1S",
        "1sec",
        "0.5ns",
        "1.0000000001s",
        "18446744073709551616ns",
        "18446744073.709551616s",
        "213504d",
        "99999999999999999999999s",
        "0x10s",
        "1m30s",
        "infinite",
        "0.0000000000000000000000000000000000000000000000000000000000000000000000001s",
    };
    expect_refusals(config_parse_duration, refusals, COUNT(refusals));
}

static void rates_are_read_exactly(void **state)
{
    (void)state;
    static const struct reading readings[] = {
        {"unlimited", 0},     {"9600bit", 9600},       {"10kbit", 10000},
        {"50mbit", 50000000}, {"1.5gbit", 1500000000}, {"1tbit", UINT64_C(1000000000000)},
    };
    expect_readings(config_parse_rate, readings, COUNT(readings));
    static const char *const refusals[] = {"0",      "0bit", "9600",      "10mbps",      "0.5bit",
                                           "50MBit", "1.5g", "Unlimited", "20000000tbit"};
    expect_refusals(config_parse_rate, refusals, COUNT(refusals));
}

static void sizes_are_read_exactly(void **state)
{
    (void)state;
    static const struct reading readings[] = {
        {"0", 0},
        {"1500", 1500},
        {"1500B", 1500},
        {"64KiB", 65536},
        {"1MB", 1000000},
        {"1kB", 1000},
        {"1KB", 1000},
        {"1.5MiB", 1572864},
        {"2GiB", UINT64_C(1) << 31},
        {"1TB", UINT64_C(1000000000000)},
        {"0.5KiB", 512},
        {"0.0009765625KiB", 1},
    };
    expect_readings(config_parse_size, readings, COUNT(readings));
    static const char *const refusals[] = {"0.5", "1.5B",   "64K",         "1Mb", "1mb",
                                           "KiB", "0.1KiB", "99999999TiB", "-1",  "1e3"};
    expect_refusals(config_parse_size, refusals, COUNT(refusals));
}

static void shares_are_read_exactly(void **state)
{
    (void)state;
    static const struct reading readings[] = {
        {"0", 0},        {"0%", 0},      {"1%", 10000},   {"0.5%", 5000},       {"100%", 1000000},
        {"0.001", 1000}, {"0.0001%", 1}, {"0.000001", 1}, {"0.999999", 999999},
    };
    expect_readings(parse_share, readings, COUNT(readings));
    static const char *const refusals[] = {"1", "1.0", "1.5",      "101%",      "100.0001%",
                                           "%", "-1%", "0.00001%", "0.0000001", "1 %"};
    expect_refusals(parse_share, refusals, COUNT(refusals));
}

static void integers_and_flags_are_read_strictly(void **state)
{
    (void)state;
    static const struct reading readings[] = {
        {"0", 0}, {"42", 42}, {"18446744073709551615", UINT64_MAX}};
    expect_readings(config_parse_integer, readings, COUNT(readings));
    static const char *const refusals[] = {
        "", "-1", "007", "1.0", "1.5", "0x1", "1_0", "1 ", "18446744073709551616"};
    expect_refusals(config_parse_integer, refusals, COUNT(refusals));
    static const char *const words[] = {"true", "yes", "on", "false", "no", "off"};
    for (size_t i = 0; i < COUNT(words); i++) {
        bool value = i >= 3;
        assert_true(config_parse_bool(words[i], &value));
        assert_int_equal(value, i < 3);
    }
    bool value;
    assert_false(config_parse_bool("True", &value));
    assert_false(config_parse_bool("1", &value));
    assert_false(config_parse_bool("", &value));
}

static void print_share(struct text *text, uint64_t value)
{
    config_print_share(text, (uint32_t)value);
}

static void expect_printed(void (*print)(struct text *text, uint64_t value), uint64_t value,
                           const char *expected)
{
    struct text text = {0};
    print(&text, value);
    assert_string_equal(text_chars(&text), expected);
    text_fini(&text);
}

static void the_shortest_readable_form_is_printed(void **state)
{
    (void)state;
    expect_printed(config_print_duration, 0, "0s");
    expect_printed(config_print_duration, 12000000, "12ms");
    expect_printed(config_print_duration, 12250000, "12.25ms");
    expect_printed(config_print_duration, 500000000, "500ms");
    expect_printed(config_print_duration, 1500000000, "1.5s");
    expect_printed(config_print_duration, UINT64_C(90000000000), "90s");
    expect_printed(config_print_duration, UINT64_C(3600000000000), "1h");
    expect_printed(config_print_duration, UINT64_C(86400000000000), "1d");
    expect_printed(config_print_duration, 1000001, "1000001ns");
    expect_printed(config_print_rate, 0, "unlimited");
    expect_printed(config_print_rate, 50000000, "50mbit");
    expect_printed(config_print_rate, 1500000000, "1.5gbit");
    expect_printed(config_print_rate, 9600, "9.6kbit");
    expect_printed(config_print_size, 0, "0");
    expect_printed(config_print_size, 1500, "1500");
    expect_printed(config_print_size, 65536, "64KiB");
    expect_printed(config_print_size, 1000000, "1MB");
    expect_printed(config_print_size, UINT64_MAX, "18446744073709551615");
    expect_printed(print_share, 0, "0%");
    expect_printed(print_share, 5000, "0.5%");
    expect_printed(print_share, 1, "0.0001%");
    expect_printed(print_share, 1000000, "100%");
}

static void expect_round_trip(void (*print)(struct text *text, uint64_t value),
                              bool (*parse)(const char *text, uint64_t *value), uint64_t value)
{
    struct text text = {0};
    uint64_t again = value + 1;
    print(&text, value);
    if (!parse(text_chars(&text), &again) || again != value) {
        fail_msg("%llu is printed as '%s' and read as %llu", (unsigned long long)value,
                 text_chars(&text), (unsigned long long)again);
    }
    text_fini(&text);
}

/* Numbers of all magnitudes, half of them round. */
static uint64_t draw(struct prng *prng)
{
    unsigned shift = (unsigned)prng_below(prng, 64);
    uint64_t bits = prng_u64(prng) >> shift;
    uint64_t round = 1;
    for (uint64_t zeros = prng_below(prng, 16); zeros > 0 && bits % 2 == 0; zeros--) {
        round *= 10;
    }
    return bits < UINT64_MAX / round ? bits * round : bits;
}

static void whatever_is_printed_reads_back_the_same(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "test", "units");
    for (int i = 0; i < 20000; i++) {
        uint64_t value = draw(&prng);
        expect_round_trip(config_print_duration, config_parse_duration, value);
        expect_round_trip(config_print_rate, config_parse_rate, value);
        expect_round_trip(config_print_size, config_parse_size, value);
        expect_round_trip(print_share, parse_share, value % 1000001);
    }
    expect_round_trip(config_print_duration, config_parse_duration, UINT64_MAX);
    expect_round_trip(config_print_size, config_parse_size, UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read_exactly),
        cmocka_unit_test(rates_are_read_exactly),
        cmocka_unit_test(sizes_are_read_exactly),
        cmocka_unit_test(shares_are_read_exactly),
        cmocka_unit_test(integers_and_flags_are_read_strictly),
        cmocka_unit_test(the_shortest_readable_form_is_printed),
        cmocka_unit_test(whatever_is_printed_reads_back_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
