#include "observe/trace.h"

#include <inttypes.h>
#include <string.h>

static void print_u8(struct text *text, const void *value)
{
    text_print(text, "%u", *(const uint8_t *)value);
}
const struct trace_type TRACE_U8 = {"u8", true, print_u8, NULL};

static void print_u16(struct text *text, const void *value)
{
    text_print(text, "%u", *(const uint16_t *)value);
}
const struct trace_type TRACE_U16 = {"u16", true, print_u16, NULL};

static void print_u32(struct text *text, const void *value)
{
    text_print(text, "%" PRIu32, *(const uint32_t *)value);
}
const struct trace_type TRACE_U32 = {"u32", true, print_u32, NULL};

static void print_u64(struct text *text, const void *value)
{
    text_print(text, "%" PRIu64, *(const uint64_t *)value);
}
const struct trace_type TRACE_U64 = {"u64", true, print_u64, NULL};

static void print_bool(struct text *text, const void *value)
{
    text_print(text, "%s", *(const bool *)value ? "true" : "false");
}
const struct trace_type TRACE_BOOL = {"bool", true, print_bool, NULL};

static void print_text(struct text *text, const void *value)
{
    const char *chars = *(const char *const *)value;
    if (chars) {
        text_add(text, chars, strlen(chars));
    }
}
const struct trace_type TRACE_TEXT = {"text", false, print_text, NULL};

static const struct duration_unit {
    uint64_t ns;
    const char *name;
} DURATION_UNITS[] = {{1, "ns"}, {1000, "us"}, {1000000, "ms"}, {1000000000, "s"}};

enum { DURATION_UNITS_COUNT = sizeof DURATION_UNITS / sizeof DURATION_UNITS[0] };

/* Three decimals at most, rounded to nearest, in the first unit that shows less than 1000. */
static void print_duration(struct text *text, const void *value)
{
    uint64_t ns = *(const uint64_t *)value;
    if (ns < 1000) {
        text_print(text, "%" PRIu64 " ns", ns);
        return;
    }
    const struct duration_unit *unit;
    uint64_t thousandths;
    for (size_t i = 1;; i++) {
        unit = &DURATION_UNITS[i];
        uint64_t step = unit->ns / 1000;
        thousandths = ns / step + (ns % step >= (step + 1) / 2);
        if (thousandths < 1000000 || i == DURATION_UNITS_COUNT - 1) {
            break;
        }
    }
    text_print(text, "%" PRIu64, thousandths / 1000);
    unsigned fraction = (unsigned)(thousandths % 1000);
    int digits = 3;
    while (fraction > 0 && fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    if (fraction > 0) {
        text_print(text, ".%0*u", digits, fraction);
    }
    text_print(text, " %s", unit->name);
}
const struct trace_type TRACE_DURATION = {"duration", true, print_duration, print_u64};
