#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/list.h"
#include "observe/pcapng.h"
#include "observe/scope.h"
#include "sim/sim.h"

#include <stdlib.h>
#include <string.h>

struct memory_sink {
    struct byte_sink sink;
    struct text bytes;
    enum status status; /* what writing gives */
};

static enum status memory_write(struct byte_sink *sink, const void *bytes, size_t len)
{
    struct memory_sink *memory = container_of(sink, struct memory_sink, sink);
    if (memory->status == STATUS_OK) {
        text_add(&memory->bytes, bytes, len);
    }
    return memory->status;
}

struct said {
    const char *what;
};
static const struct trace_field SAID_FIELDS[] = {TRACE_FIELD(struct said, what, TRACE_TEXT)};
static TRACE_KIND(SAID, "test.said", "{what}", SAID_FIELDS);

struct world {
    struct env *env;
    struct trace trace;
    struct scope scope;
    struct tap_point point;
    struct memory_sink memory;
    struct pcapng *capture;
};

static int world_setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world->env = sim_env_new(1, ENV_DEFAULT_EPOCH_UNIX_S, NULL);
    trace_init(&world->trace);
    world->scope =
        (struct scope){.env = world->env, .trace = &world->trace, .node = 3, .name = "pc1"};
    world->point = (struct tap_point){
        .node = 3, .node_name = "pc1", .interface = "eth0", .link_name = "pc1-home"};
    world->memory.sink.write = memory_write;
    world->capture =
        pcapng_new(&world->memory.sink, &world->point, &world->trace, ENV_DEFAULT_EPOCH_UNIX_S);
    *state = world;
    return 0;
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    pcapng_free(world->capture);
    assert_null(world->point.taps);
    assert_false(trace_is_on(&world->trace));
    text_fini(&world->memory.bytes);
    trace_fini(&world->trace);
    sim_env_free(world->env);
    free(world);
    return 0;
}

static struct packet *frame_of(struct world *world, const char *chars)
{
    return packet_new_copy(world->env->packets, chars, strlen(chars));
}

/* A frame with these bytes passes the tap now. The caller owns the packet. */
static struct packet *pass(struct world *world, enum tap_direction direction, const char *chars)
{
    struct packet *frame = frame_of(world, chars);
    tap_frame(&world->point, direction, world->env->now_ns, frame);
    return frame;
}

static void say(struct world *world, const struct packet *packet, const char *what)
{
    trace_emit(&world->scope, &SAID, packet, &(struct said){what});
}

/* The reader: what a file says, one line per block. */

static uint32_t le(struct reader *r, size_t len)
{
    uint32_t value = 0;
    for (size_t i = 0; i < len; i++) {
        value |= (uint32_t)read_u8(r) << (8 * i);
    }
    return value;
}

static void read_padded(struct reader *r, struct text *out, size_t len)
{
    const uint8_t *p = reader_take(r, len);
    assert_non_null(p);
    text_add(out, (const char *)p, len);
    for (size_t i = len; i % 4; i++) {
        assert_int_equal(read_u8(r), 0);
    }
}

static void describe_options(struct reader *r, struct text *out)
{
    while (!reader_is_done(r)) {
        uint32_t code = le(r, 2);
        uint32_t len = le(r, 2);
        assert_false(r->failed);
        if (code == 0) {
            assert_int_equal(len, 0);
            assert_true(reader_is_done(r));
            return;
        }
        struct text value = {0};
        read_padded(r, &value, len);
        if (len > 0 && value.chars[0] > 0 && value.chars[0] < 0x20) { /* not a text */
            text_print(out, " %u=#%u", code, (unsigned)(uint8_t)value.chars[0]);
        } else {
            text_print(out, " %u=%s", code, text_chars(&value));
        }
        text_fini(&value);
    }
}

static void describe_block(struct reader *body, uint32_t type, struct text *out)
{
    if (type == 0x0a0d0d0a) {
        assert_int_equal(le(body, 4), 0x1a2b3c4d);
        assert_int_equal(le(body, 2), 1);
        assert_int_equal(le(body, 2), 0);
        reader_skip(body, 8);
        text_print(out, "section");
    } else if (type == 1) {
        text_print(out, "interface link type %u", le(body, 2));
        reader_skip(body, 6);
    } else {
        assert_int_equal(type, 6);
        assert_int_equal(le(body, 4), 0);
        uint64_t high = le(body, 4);
        uint64_t time = high << 32 | le(body, 4);
        uint32_t len = le(body, 4);
        assert_int_equal(le(body, 4), len);
        text_print(out, "packet at %llu.%09llu ", (unsigned long long)time / 1000000000,
                   (unsigned long long)time % 1000000000);
        read_padded(body, out, len);
    }
    describe_options(body, out);
    text_print(out, "\n");
}

static char *describe(struct world *world)
{
    assert_int_equal(pcapng_flush(world->capture), STATUS_OK);
    struct text out = {0};
    struct reader r = reader_of(text_chars(&world->memory.bytes), world->memory.bytes.len);
    while (!reader_is_done(&r)) {
        uint32_t type = le(&r, 4);
        uint32_t len = le(&r, 4);
        assert_true(len >= 12 && len % 4 == 0);
        struct reader body = reader_sub(&r, len - 12);
        assert_int_equal(le(&r, 4), len); /* again at its end */
        assert_false(r.failed);
        describe_block(&body, type, &out);
    }
    return out.chars;
}

static const char HEADER[] = "section 4=Orrery " ORRERY_VERSION
                             "\ninterface link type 1 2=eth0 3=pc1 on link pc1-home 9=#9\n";

static void assert_file(struct world *world, const char *packets)
{
    char *description = describe(world);
    assert_memory_equal(description, HEADER, strlen(HEADER));
    assert_string_equal(description + strlen(HEADER), packets);
    free(description);
}

static void an_empty_capture_names_its_interface(void **state)
{
    assert_file(*state, "");
}

static void packets_carry_time_and_direction(void **state)
{
    struct world *world = *state;
    world->env->now_ns = 123456789;
    packet_put(pass(world, TAP_SENT, "question"));
    world->env->now_ns = UINT64_C(5000000001);
    packet_put(pass(world, TAP_RECEIVED, "answer"));
    assert_file(world, "packet at 1735689600.123456789 question 2=#2\n"
                       "packet at 1735689605.000000001 answer 2=#1\n");
}

static void frames_of_every_length_are_padded(void **state)
{
    struct world *world = *state;
    packet_put(pass(world, TAP_SENT, ""));
    packet_put(pass(world, TAP_SENT, "1"));
    packet_put(pass(world, TAP_SENT, "12"));
    packet_put(pass(world, TAP_SENT, "123"));
    assert_file(world, "packet at 1735689600.000000000  2=#2\n"
                       "packet at 1735689600.000000000 1 2=#2\n"
                       "packet at 1735689600.000000000 12 2=#2\n"
                       "packet at 1735689600.000000000 123 2=#2\n");
}

static void a_received_packet_has_the_comments_that_follow_it(void **state)
{
    struct world *world = *state;
    struct packet *frame = pass(world, TAP_RECEIVED, "frame");
    say(world, frame, "first");
    world->env->now_ns = 5; /* its node may take its time, as long as nothing else comes */
    say(world, frame, "second");
    packet_put(frame);
    assert_file(world, "packet at 1735689600.000000000 frame"
                       " 1=test.said: first 1=test.said: second 2=#1\n");
}

static void a_sent_packet_has_the_comments_that_precede_it(void **state)
{
    struct world *world = *state;
    struct packet *frame = frame_of(world, "frame");
    say(world, frame, "first");
    say(world, NULL, "not about a packet");
    say(world, frame, "second");
    tap_frame(&world->point, TAP_SENT, 0, frame);
    say(world, frame, "too late");
    packet_put(frame);
    assert_file(world, "packet at 1735689600.000000000 frame"
                       " 1=test.said: first 1=test.said: second 2=#2\n");
}

static void a_comment_stands_beside_one_packet_only(void **state)
{
    struct world *world = *state;
    struct packet *frame = frame_of(world, "frame");
    say(world, frame, "once");
    tap_frame(&world->point, TAP_SENT, 0, frame);
    tap_frame(&world->point, TAP_SENT, 0, frame); /* again, as a retransmission */
    packet_put(frame);
    assert_file(world, "packet at 1735689600.000000000 frame 1=test.said: once 2=#2\n"
                       "packet at 1735689600.000000000 frame 2=#2\n");
}

static void what_is_sent_in_answer_waits_behind_what_is_held(void **state)
{
    struct world *world = *state;
    struct packet *frame = pass(world, TAP_RECEIVED, "syn");
    say(world, frame, "before the answer");
    packet_put(pass(world, TAP_SENT, "answer"));
    say(world, frame, "after the answer");
    world->env->now_ns = 7;
    packet_put(pass(world, TAP_SENT, "later"));
    say(world, frame, "too late");
    packet_put(frame);
    assert_file(world, "packet at 1735689600.000000000 syn"
                       " 1=test.said: before the answer 1=test.said: after the answer 2=#1\n"
                       "packet at 1735689600.000000000 answer 2=#2\n"
                       "packet at 1735689600.000000007 later 2=#2\n");
}

static void the_next_received_packet_releases_the_one_before(void **state)
{
    struct world *world = *state;
    struct packet *first = pass(world, TAP_RECEIVED, "first");
    struct packet *second = pass(world, TAP_RECEIVED, "second");
    say(world, first, "too late");
    say(world, second, "in time");
    packet_put(first);
    packet_put(second);
    assert_file(world, "packet at 1735689600.000000000 first 2=#1\n"
                       "packet at 1735689600.000000000 second 1=test.said: in time 2=#1\n");
}

static void the_bytes_are_those_at_the_tap(void **state)
{
    struct world *world = *state;
    struct packet *frame = pass(world, TAP_RECEIVED, "as it came");
    memset(frame->data, 'x', frame->len); /* a router changes it in place */
    packet_put(frame);
    assert_file(world, "packet at 1735689600.000000000 as it came 2=#1\n");
}

static void what_other_nodes_say_is_no_comment(void **state)
{
    struct world *world = *state;
    struct scope other = world->scope;
    other.node = 4;
    struct packet *frame = pass(world, TAP_RECEIVED, "frame");
    trace_emit(&other, &SAID, frame, &(struct said){"elsewhere"});
    packet_put(frame);
    assert_file(world, "packet at 1735689600.000000000 frame 2=#1\n");
}

static void a_drop_is_a_comment(void **state)
{
    struct world *world = *state;
    static const struct drop_reason reason = {"test.why", "it had to go"};
    struct packet *frame = pass(world, TAP_RECEIVED, "frame");
    scope_drop(&world->scope, frame, &reason, "eth0");
    assert_file(world, "packet at 1735689600.000000000 frame"
                       " 1=packet.dropped: it had to go (test.why) eth0 2=#1\n");
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *p = text; (p = strstr(p, part)); p++) {
        count++;
    }
    return count;
}

static void comments_are_bounded_in_number_and_length(void **state)
{
    struct world *world = *state;
    char endless[70000]; /* ends in the middle of two-byte characters, wherever it is cut */
    for (size_t i = 0; i + 2 < sizeof endless; i += 2) {
        memcpy(endless + i, "\xc3\xa9", 2);
    }
    endless[sizeof endless - 2] = '\0';
    struct packet *received = pass(world, TAP_RECEIVED, "received");
    for (int i = 0; i < 1000; i++) {
        say(world, received, endless);
    }
    struct packet *sent = frame_of(world, "sent");
    for (int i = 0; i < 1000; i++) {
        say(world, sent, endless + 1);
    }
    tap_frame(&world->point, TAP_SENT, 0, sent);
    packet_put(received);
    packet_put(sent);
    assert_int_equal(pcapng_flush(world->capture), STATUS_OK);
    assert_in_range(world->memory.bytes.len, 60000, 68000);
    char *description = describe(world);
    assert_int_equal(count_of(description, "1=test.said: "), 64);
    assert_null(strstr(description, "\xc3 1=")); /* no half characters */
    free(description);
}

static void the_latest_early_comments_are_kept(void **state)
{
    struct world *world = *state;
    struct packet *frame = frame_of(world, "frame");
    struct packet *other = frame_of(world, "other");
    say(world, frame, "forgotten");
    for (int i = 0; i < 63; i++) {
        say(world, other, "noise");
    }
    say(world, frame, "kept");
    tap_frame(&world->point, TAP_SENT, 0, frame);
    packet_put(frame);
    packet_put(other);
    assert_file(world, "packet at 1735689600.000000000 frame 1=test.said: kept 2=#2\n");
}

static void many_answers_do_not_pile_up_behind_a_held_packet(void **state)
{
    struct world *world = *state;
    packet_put(pass(world, TAP_RECEIVED, "request"));
    struct packet *answer = packet_new(world->env->packets, 1500);
    memset(answer->data, 0, answer->len);
    for (int i = 0; i < 1000; i++) {
        tap_frame(&world->point, TAP_SENT, 0, answer);
    }
    packet_put(answer);
    assert_true(world->memory.bytes.len > 1000 * 1500 - (1 << 18) - 2000);
}

static void the_first_error_of_the_sink_stays(void **state)
{
    struct world *world = *state;
    world->memory.status = STATUS_LIMIT;
    packet_put(pass(world, TAP_SENT, "lost"));
    world->memory.status = STATUS_IO;
    packet_put(pass(world, TAP_SENT, "lost"));
    assert_int_equal(pcapng_flush(world->capture), STATUS_LIMIT);
    world->memory.status = STATUS_OK;
    size_t len = world->memory.bytes.len;
    packet_put(pass(world, TAP_SENT, "not written behind a hole"));
    assert_int_equal(pcapng_flush(world->capture), STATUS_LIMIT);
    assert_int_equal(world->memory.bytes.len, len);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_empty_capture_names_its_interface),
        TEST(packets_carry_time_and_direction),
        TEST(frames_of_every_length_are_padded),
        TEST(a_received_packet_has_the_comments_that_follow_it),
        TEST(a_sent_packet_has_the_comments_that_precede_it),
        TEST(a_comment_stands_beside_one_packet_only),
        TEST(what_is_sent_in_answer_waits_behind_what_is_held),
        TEST(the_next_received_packet_releases_the_one_before),
        TEST(the_bytes_are_those_at_the_tap),
        TEST(what_other_nodes_say_is_no_comment),
        TEST(a_drop_is_a_comment),
        TEST(comments_are_bounded_in_number_and_length),
        TEST(the_latest_early_comments_are_kept),
        TEST(many_answers_do_not_pile_up_behind_a_held_packet),
        TEST(the_first_error_of_the_sink_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
