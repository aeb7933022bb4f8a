#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "observe/scope.h"
#include "sim/sim.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct sample {
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    bool yes;
    const char *text;
    uint64_t took_ns;
};

static const struct trace_field SAMPLE_FIELDS[] = {
    TRACE_FIELD(struct sample, u8, TRACE_U8),
    TRACE_FIELD(struct sample, u16, TRACE_U16),
    TRACE_FIELD(struct sample, u32, TRACE_U32),
    TRACE_FIELD(struct sample, u64, TRACE_U64),
    TRACE_FIELD(struct sample, yes, TRACE_BOOL),
    TRACE_FIELD(struct sample, text, TRACE_TEXT),
    TRACE_FIELD(struct sample, took_ns, TRACE_DURATION),
};
static TRACE_KIND(SAMPLE, "test.sample", "{text}: {u8} of {u64} in {took_ns}, {yes}",
                  SAMPLE_FIELDS);

static const struct sample FULL = {255, 65535, UINT32_MAX, UINT64_MAX, true, "hello", 12500000};

struct log_sink { /* keeps the last event as JSON and summary, and how many there were */
    struct trace_sink sink;
    struct text json, summary;
    size_t events;
    uint64_t packet_id;
    size_t *clock; /* shared by sinks: who was called when */
    size_t called_at;
};

static void log_on_event(struct trace_sink *sink, const struct trace_event *event)
{
    struct log_sink *log = (struct log_sink *)sink;
    text_clear(&log->json);
    text_clear(&log->summary);
    trace_print_json(&log->json, event);
    trace_print_summary(&log->summary, event);
    log->events++;
    log->packet_id = event->packet_id;
    if (log->clock) {
        log->called_at = ++*log->clock;
    }
}

struct world {
    struct env *env;
    struct trace trace;
    struct scope scope;
    struct log_sink log;
};

static int world_setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world->env = sim_env_new(1, ENV_DEFAULT_EPOCH_UNIX_S, NULL);
    trace_init(&world->trace);
    world->scope =
        (struct scope){.env = world->env, .trace = &world->trace, .node = 3, .name = "pc1"};
    world->log.sink.on_event = log_on_event;
    *state = world;
    return 0;
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    text_fini(&world->log.json);
    text_fini(&world->log.summary);
    trace_fini(&world->trace);
    sim_env_free(world->env);
    free(world);
    return 0;
}

static void is_on_only_while_somebody_listens(void **state)
{
    struct world *world = *state;
    assert_false(trace_is_on(&world->trace));
    trace_add_sink(&world->trace, &world->log.sink);
    assert_true(trace_is_on(&world->trace));
    trace_remove_sink(&world->trace, &world->log.sink);
    assert_false(trace_is_on(&world->trace));
}

static void json_shows_every_field_with_its_type(void **state)
{
    struct world *world = *state;
    trace_add_sink(&world->trace, &world->log.sink);
    world->env->now_ns = 77;
    struct packet *packet = packet_new(world->env->packets, 1);
    trace_emit(&world->scope, &SAMPLE, packet, &FULL);
    assert_int_equal(world->log.packet_id, packet->id);
    packet_put(packet);
    assert_string_equal(text_chars(&world->log.json),
                        "{\"at_ns\":77,\"node\":\"pc1\",\"kind\":\"test.sample\",\"packet\":1,"
                        "\"u8\":255,\"u16\":65535,\"u32\":4294967295,"
                        "\"u64\":18446744073709551615,\"yes\":true,\"text\":\"hello\","
                        "\"took_ns\":12500000}");
}

static void json_of_an_event_without_packet_has_no_packet(void **state)
{
    struct world *world = *state;
    trace_add_sink(&world->trace, &world->log.sink);
    trace_emit(&world->scope, &SAMPLE, NULL, &FULL);
    assert_null(strstr(text_chars(&world->log.json), "packet"));
}

static void summary_fills_in_fields(void **state)
{
    struct world *world = *state;
    trace_add_sink(&world->trace, &world->log.sink);
    trace_emit(&world->scope, &SAMPLE, NULL, &FULL);
    assert_string_equal(text_chars(&world->log.summary),
                        "hello: 255 of 18446744073709551615 in 12.5 ms, true");
}

static void summary_disarms_control_characters(void **state)
{
    struct world *world = *state;
    trace_add_sink(&world->trace, &world->log.sink);
    struct sample hostile = {.text = "a\x1b[2J\n\xff\xc2\x9b\xc3\xa9"}; /* ends in e-acute */
    trace_emit(&world->scope, &SAMPLE, NULL, &hostile);
    const char *shown = "a\\x1b[2J\\x0a\\xff\\xc2\\x9b\xc3\xa9: ";
    assert_memory_equal(text_chars(&world->log.summary), shown, strlen(shown));
}

static void json_stays_json_whatever_a_text_holds(void **state)
{
    (void)state;
    char hostile[300];
    size_t n = 0;
    for (int c = 1; c < 256; c++) {
        hostile[n++] = (char)c;
    }
    memcpy(hostile + n, "\xe2\x82\xac\xf0\x9f\x8c\x8d\xc0\x80\xed\xa0\x80", 13);
    struct text text = {0};
    trace_print_json_text(&text, hostile);
    json_t *value = json_loads(text_chars(&text), JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    assert_memory_equal(json_string_value(value), hostile, 0x7f); /* ASCII survives */
    assert_non_null(strstr(json_string_value(value), "\xe2\x82\xac\xf0\x9f\x8c\x8d\xef\xbf\xbd"));
    json_decref(value);
    text_fini(&text);
}

static void null_text_is_nothing_and_leaves_no_blank(void **state)
{
    struct world *world = *state;
    trace_add_sink(&world->trace, &world->log.sink);
    static const struct drop_reason reason = {"test.why", "it had to go"};
    trace_drop(&world->scope, &reason, NULL, NULL);
    assert_string_equal(text_chars(&world->log.summary), "it had to go (test.why)");
    trace_drop(&world->scope, &reason, NULL, "eth0");
    assert_string_equal(text_chars(&world->log.summary), "it had to go (test.why) eth0");
}

static void drops_count_whether_or_not_anybody_listens(void **state)
{
    struct world *world = *state;
    static const struct drop_reason second = {"z.second", "second"};
    static const struct drop_reason first = {"a.first", "first"};
    trace_drop(&world->scope, &second, NULL, NULL);
    trace_add_sink(&world->trace, &world->log.sink);
    trace_drop(&world->scope, &second, NULL, NULL);
    trace_drop(&world->scope, &first, NULL, NULL);
    assert_int_equal(world->log.events, 2);
    size_t count;
    struct drop_count *counts = trace_drop_counts(&world->trace, &count);
    assert_int_equal(count, 2);
    assert_ptr_equal(counts[0].reason, &first); /* sorted by name, not by first drop */
    assert_int_equal(counts[0].packets, 1);
    assert_int_equal(counts[1].packets, 2);
    free(counts);
}

static void scope_drop_gives_the_packet_back(void **state)
{
    struct world *world = *state;
    static const struct drop_reason reason = {"test.why", "it had to go"};
    scope_drop(&world->scope, packet_new(world->env->packets, 10), &reason, NULL);
    assert_int_equal(packet_pool_in_use(world->env->packets), 0);
}

static void sinks_hear_in_the_order_of_joining(void **state)
{
    struct world *world = *state;
    size_t clock = 0;
    struct log_sink other = {.sink = {.on_event = log_on_event}, .clock = &clock};
    world->log.clock = &clock;
    trace_add_sink(&world->trace, &world->log.sink);
    trace_add_sink(&world->trace, &other.sink);
    trace_emit(&world->scope, &SAMPLE, NULL, &FULL);
    assert_int_equal(world->log.called_at, 1);
    assert_int_equal(other.called_at, 2);
    trace_remove_sink(&world->trace, &world->log.sink);
    trace_emit(&world->scope, &SAMPLE, NULL, &FULL);
    assert_int_equal(world->log.events, 1);
    assert_int_equal(other.events, 2);
    text_fini(&other.json);
    text_fini(&other.summary);
}

static void assert_duration(uint64_t ns, const char *expected)
{
    struct text text = {0};
    TRACE_DURATION.print(&text, &ns);
    assert_string_equal(text_chars(&text), expected);
    text_fini(&text);
}

static void durations_are_rounded_to_a_readable_unit(void **state)
{
    (void)state;
    assert_duration(0, "0 ns");
    assert_duration(999, "999 ns");
    assert_duration(1000, "1 us");
    assert_duration(1001, "1.001 us");
    assert_duration(1010, "1.01 us");
    assert_duration(999999, "999.999 us");
    assert_duration(12500000, "12.5 ms");
    assert_duration(999999499, "999.999 ms");
    assert_duration(999999500, "1 s");
    assert_duration(1000499, "1 ms");
    assert_duration(1000500, "1.001 ms");
    assert_duration(UINT64_C(3600) * 1000000000, "3600 s");
    assert_duration(UINT64_MAX, "18446744073.71 s");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(is_on_only_while_somebody_listens),
        TEST(json_shows_every_field_with_its_type),
        TEST(json_of_an_event_without_packet_has_no_packet),
        TEST(summary_fills_in_fields),
        TEST(summary_disarms_control_characters),
        TEST(json_stays_json_whatever_a_text_holds),
        TEST(null_text_is_nothing_and_leaves_no_blank),
        TEST(drops_count_whether_or_not_anybody_listens),
        TEST(scope_drop_gives_the_packet_back),
        TEST(sinks_hear_in_the_order_of_joining),
        TEST(durations_are_rounded_to_a_readable_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
