/* Units: exact, in integers.
 *
 * "1.5gbit" is the digits 15, one of them a fraction, times 10^9, over 10^1: one product of 128
 * bits and one division that must come out even. Printing is the inverse: among the units in which
 * the value is at least 1 and has a finite decimal fraction, the one with the shortest text.
 */
#include "config/config.h"

#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t scale;
};

/* Each table from the greatest down, which decides between texts of equal length. */
static const struct unit duration_units[] = {
    {"d", UINT64_C(86400000000000)},
    {"h", UINT64_C(3600000000000)},
    {"m", UINT64_C(60000000000)},
    {"s", UINT64_C(1000000000)},
    {"ms", UINT64_C(1000000)},
    {"us", UINT64_C(1000)},
    {"ns", UINT64_C(1)},
};
static const struct unit rate_units[] = {
    {"tbit", UINT64_C(1000000000000)}, {"gbit", UINT64_C(1000000000)}, {"mbit", UINT64_C(1000000)},
    {"kbit", UINT64_C(1000)},          {"bit", UINT64_C(1)},
};
static const struct unit size_units[] = {
    {"TiB", UINT64_C(1) << 40},   {"TB", UINT64_C(1000000000000)}, {"GiB", UINT64_C(1) << 30},
    {"GB", UINT64_C(1000000000)}, {"MiB", UINT64_C(1) << 20},      {"MB", UINT64_C(1000000)},
    {"KiB", UINT64_C(1) << 10},   {"kB", UINT64_C(1000)},          {"", UINT64_C(1)},
    {"B", UINT64_C(1)},           {"KB", UINT64_C(1000)},
};
static const struct unit share_units[] = {
    {"%", UINT64_C(10000)},
    {"", UINT64_C(1000000)},
};

enum {
    PRINTED_SIZE_UNITS = 9,  /* "B" and "KB" are only read */
    PRINTED_SHARE_UNITS = 1, /* always in percent */
    MAX_FRACTION = 19,       /* 10^19 is the last power of ten in 64 bits */
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A decimal number: digits / 10^fraction. */
struct decimal {
    uint64_t digits;
    unsigned fraction;
};

static uint64_t power_of_ten(unsigned exponent)
{
    uint64_t power = 1;
    while (exponent-- > 0) {
        power *= 10;
    }
    return power;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool add_digit(struct decimal *decimal, char digit)
{
    return !__builtin_mul_overflow(decimal->digits, UINT64_C(10), &decimal->digits) &&
           !__builtin_add_overflow(decimal->digits, (uint64_t)(digit - '0'), &decimal->digits);
}

/* Reads the digits behind the point. Zeros at the end add nothing. */
static const char *parse_fraction(const char *p, struct decimal *decimal)
{
    size_t len = strspn(p, "0123456789");
    if (len == 0) {
        return NULL;
    }
    size_t needed = len;
    while (needed > 0 && p[needed - 1] == '0') {
        needed--;
    }
    if (needed > MAX_FRACTION) {
        return NULL;
    }
    for (size_t i = 0; i < needed; i++) {
        if (!add_digit(decimal, p[i])) {
            return NULL;
        }
    }
    decimal->fraction = (unsigned)needed;
    return p + len;
}

/* Returns what follows the number, or NULL. */
static const char *parse_decimal(const char *p, struct decimal *decimal)
{
    *decimal = (struct decimal){0};
    if (!is_digit(*p) || (p[0] == '0' && is_digit(p[1]))) {
        return NULL; /* 010 is ten to some and eight to others */
    }
    for (; is_digit(*p); p++) {
        if (!add_digit(decimal, *p)) {
            return NULL;
        }
    }
    return *p == '.' ? parse_fraction(p + 1, decimal) : p;
}

static bool decimal_scale(struct decimal decimal, uint64_t scale, uint64_t *value)
{
    unsigned __int128 product = (unsigned __int128)decimal.digits * scale;
    uint64_t divisor = power_of_ten(decimal.fraction);
    if (product % divisor != 0 || product / divisor > UINT64_MAX) {
        return false;
    }
    *value = (uint64_t)(product / divisor);
    return true;
}

static bool parse_scaled(const char *text, const struct unit *units, size_t n_units,
                         uint64_t *value)
{
    struct decimal decimal;
    const char *name = parse_decimal(text, &decimal);
    for (size_t i = 0; name && i < n_units; i++) {
        if (strcmp(name, units[i].name) == 0) {
            return decimal_scale(decimal, units[i].scale, value);
        }
    }
    return false;
}

bool config_parse_bool(const char *text, bool *value)
{
    static const char *const words[] = {"true", "yes", "on", "false", "no", "off"};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (strcmp(text, words[i]) == 0) {
            *value = i < COUNT(words) / 2;
            return true;
        }
    }
    return false;
}

bool config_parse_integer(const char *text, uint64_t *value)
{
    struct decimal decimal;
    const char *rest = parse_decimal(text, &decimal);
    if (!rest || *rest != '\0' || strchr(text, '.')) {
        return false;
    }
    *value = decimal.digits;
    return true;
}

bool config_parse_duration(const char *text, uint64_t *ns)
{
    if (strcmp(text, "0") == 0) {
        *ns = 0;
        return true;
    }
    return parse_scaled(text, duration_units, COUNT(duration_units), ns);
}

bool config_parse_rate(const char *text, uint64_t *bps)
{
    if (strcmp(text, "unlimited") == 0) {
        *bps = 0;
        return true;
    }
    /* 0 means unlimited inside, so that "0bit" must not be read as it. */
    return parse_scaled(text, rate_units, COUNT(rate_units), bps) && *bps > 0;
}

bool config_parse_size(const char *text, uint64_t *bytes)
{
    return parse_scaled(text, size_units, COUNT(size_units), bytes);
}

bool config_parse_share(const char *text, uint32_t *ppm)
{
    enum { WHOLE_PPM = 1000000 };
    uint64_t value;
    if (!parse_scaled(text, share_units, COUNT(share_units), &value) || value > WHOLE_PPM) {
        return false;
    }
    if (value == WHOLE_PPM && !strchr(text, '%')) {
        return false; /* "1": 1% or 100%? */
    }
    *ppm = (uint32_t)value;
    return true;
}

enum { SCALED_SIZE = 48 };

/* Prints value / scale as a decimal fraction, if it is finite. Returns its length, or 0. */
static int print_decimal(char *to, uint64_t value, const struct unit *unit)
{
    uint64_t whole = value / unit->scale;
    uint64_t rest = value % unit->scale;
    char fraction[MAX_FRACTION + 1];
    int len = 0;
    while (rest > 0 && len < MAX_FRACTION) {
        unsigned __int128 shifted = (unsigned __int128)rest * 10;
        fraction[len++] = (char)('0' + (int)(shifted / unit->scale));
        rest = (uint64_t)(shifted % unit->scale);
    }
    fraction[len] = '\0';
    return rest > 0 ? 0
                    : snprintf(to, SCALED_SIZE, "%llu%s%s%s", (unsigned long long)whole,
                               len > 0 ? "." : "", fraction, unit->name);
}

/* The digits of a candidate must also be readable: at most 64 bits without the point. */
static void print_scaled(struct text *text, uint64_t value, const struct unit *units,
                         size_t n_units)
{
    char best[SCALED_SIZE] = "";
    int best_len = SCALED_SIZE;
    for (size_t i = 0; i < n_units; i++) {
        char candidate[SCALED_SIZE];
        bool is_last = i + 1 == n_units;
        if (value < units[i].scale && !is_last) {
            continue;
        }
        int len = print_decimal(candidate, value, &units[i]);
        uint64_t again;
        if (len > 0 && len < best_len && parse_scaled(candidate, units, n_units, &again)) {
            memcpy(best, candidate, (size_t)len + 1);
            best_len = len;
        }
    }
    text_print(text, "%s", best);
}

void config_print_duration(struct text *text, uint64_t ns)
{
    if (ns == 0) {
        text_print(text, "0s");
        return;
    }
    print_scaled(text, ns, duration_units, COUNT(duration_units));
}

void config_print_rate(struct text *text, uint64_t bps)
{
    if (bps == 0) {
        text_print(text, "unlimited");
        return;
    }
    print_scaled(text, bps, rate_units, COUNT(rate_units));
}

void config_print_size(struct text *text, uint64_t bytes)
{
    print_scaled(text, bytes, size_units, PRINTED_SIZE_UNITS);
}

void config_print_share(struct text *text, uint32_t ppm)
{
    print_scaled(text, ppm, share_units, PRINTED_SHARE_UNITS);
}
