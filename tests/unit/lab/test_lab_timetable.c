/* Expectations and faults as they happen: what holds, what fails and with which words, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab_rig.h"

#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES                                                                                      \
    "nodes:\n"                                                                                     \
    "  a: {}\n  b: {}\n  r: {kind: router}\n"                                                      \
    "  web: {kind: web-server, name: [site.test, '*.wild.test']}\n"                                \
    "  h: {kind: home-nat}\n  pc: {count: 2}\n"

#define LINKS                                                                                      \
    "links:\n"                                                                                     \
    "  - a-r: {delay: 10ms, subnet: 10.0.1.0/24}\n"                                                \
    "  - b-r: {delay: 10ms, subnet: 10.0.2.0/24}\n"                                                \
    "  - web-r: {delay: 10ms, subnet: 10.0.3.0/24}\n"                                              \
    "  - h-r: {delay: 10ms, subnet: 10.0.4.0/30}\n"                                                \
    "  - pc-h: {delay: 1ms}\n"

#define LAB NODES LINKS

static void pages_are_judged_by_status_and_text(void **state)
{
    (void)state;
    assert_run(LAB "expect:\n"
                   "  - {from: a, get: 'http://site.test/'}\n"
                   "  - {from: pc1, get: 'site.test', status: 200, within: 2s}\n"
                   "  - {from: a, get: 'http://x.wild.test/'}\n"
                   "  - {from: a, get: 'http://10.0.3.10/'}\n"
                   "  - {from: a, get: 'http://site.test/nothing', status: 404}\n"
                   "  - {from: a, get: 'http://site.test/nothing'}\n"
                   "  - {from: a, get: 'http://site.test/', status: 404}\n"
                   "  - {from: a, get: 'http://site.test/', body: This web server works.}\n"
                   "  - {from: a, get: 'http://site.test/', body: nobody wrote this}\n"
                   "  - {from: a, get: 'http://site.test/', fails: true}\n"
                   "  - {from: a, get: 'http://site.test/nothing', fails: true}\n"
                   "  - {from: web, get: 'http://site.test/'}\n",
               "held: a gets http://site.test/ (status 200)\n"
               "held: pc1 gets site.test with status 200 within 2s (status 200)\n"
               "held: a gets http://x.wild.test/ (status 200)\n"
               "held: a gets http://10.0.3.10/ (status 200)\n"
               "held: a gets http://site.test/nothing with status 404 (status 404)\n"
               "failed: a gets http://site.test/nothing (status 404)\n"
               "failed: a gets http://site.test/ with status 404 (status 200)\n"
               "held: a gets http://site.test/ showing 'This web server works.' (status 200)\n"
               "failed: a gets http://site.test/ showing 'nobody wrote this' (status 200, without "
               "that text)\n"
               "failed: a gets http://site.test/ (must fail) (status 200)\n"
               "held: a gets http://site.test/nothing (must fail) (status 404)\n"
               "held: web gets http://site.test/ (status 200)\n");
}

static void pages_that_do_not_come_are_told_in_words(void **state)
{
    (void)state;
    assert_run(
        LAB "expect:\n"
            "  - {from: a, get: 'http://nobody.test/'}\n"
            "  - {from: a, get: 'http://10.0.2.10/'}\n"
            "  - {from: a, get: 'http://10.9.9.9/'}\n"
            "  - {from: a, get: 'http://10.0.2.99/'}\n"
            "  - {from: a, get: 'http://site.test:8080/'}\n"
            "  - {from: a, get: 'https://site.test/'}\n"
            "  - {from: a, get: 'http://site.test/', within: 1ms}\n"
            "  - {from: r, get: 'http://site.test/'}\n"
            "  - {from: dns_root, get: 'http://site.test/'}\n",
        "failed: a gets http://nobody.test/ (no such name: nobody.test)\n"
        "failed: a gets http://10.0.2.10/ (the server refused the connection: 10.0.2.10)\n"
        "failed: a gets http://10.9.9.9/ (no way to the server: 10.9.9.9)\n"
        "failed: a gets http://10.0.2.99/ (no way to the server: 10.0.2.99)\n"
        "failed: a gets http://site.test:8080/ (the server refused the connection: "
        "site.test:8080)\n"
        "failed: a gets https://site.test/ (https cannot be fetched yet: https://site.test/)\n"
        "failed: a gets http://site.test/ within 1ms (nothing had come)\n"
        "held: r gets http://site.test/ (status 200)\n"
        "failed: dns_root gets http://site.test/ (the name could not be looked up (unreachable): "
        "site.test)\n");
}

static void pings_are_judged_by_their_answer(void **state)
{
    (void)state;
    assert_run(LAB "expect:\n"
                   "  - {from: a, ping: b}\n"
                   "  - {from: a, ping: a}\n"
                   "  - {from: a, ping: 10.0.3.10, within: 81ms}\n"
                   "  - {from: a, ping: h}\n"
                   "  - {from: pc1, ping: pc2}\n"
                   "  - {from: pc1, ping: h}\n"
                   "  - {from: pc1, ping: 192.168.1.1}\n"
                   "  - {from: r, ping: dns_root}\n"
                   "  - {from: a, ping: b, within: 79ms}\n"
                   "  - {from: a, ping: b, within: 79ms, fails: true}\n"
                   "  - {from: a, ping: 10.0.2.99}\n"
                   "  - {from: a, ping: 10.0.1.99}\n"
                   "  - {from: a, ping: 10.9.9.9}\n"
                   "  - {from: r, ping: 10.9.9.9}\n"
                   "  - {from: a, ping: pc1}\n"
                   "  - {from: a, ping: 127.0.0.1}\n"
                   "  - {from: a, ping: 255.255.255.255}\n"
                   "  - {from: a, ping: 0.0.0.0}\n",
               "held: a pings b (reply from 10.0.2.10 with ttl 63)\n"
               "held: a pings a (reply from 10.0.1.10 with ttl 64)\n"
               "held: a pings 10.0.3.10 within 81ms (reply from 10.0.3.10 with ttl 63)\n"
               "held: a pings h (reply from 10.0.4.1 with ttl 63)\n"
               "held: pc1 pings pc2 (reply from 192.168.1.101 with ttl 64)\n"
               "held: pc1 pings h (reply from 10.0.4.1 with ttl 64)\n"
               "held: pc1 pings 192.168.1.1 (reply from 192.168.1.1 with ttl 64)\n"
               "held: r pings dns_root (reply from 198.18.0.10 with ttl 64)\n"
               "failed: a pings b within 79ms (nothing had come)\n"
               "held: a pings b within 79ms (must fail) (nothing had come)\n"
               "failed: a pings 10.0.2.99 (10.0.1.1 says: host unreachable)\n"
               "failed: a pings 10.0.1.99 (10.0.1.10 says: host unreachable)\n"
               "failed: a pings 10.9.9.9 (10.0.1.1 says: network unreachable)\n"
               "failed: r pings 10.9.9.9 (no route)\n"
               "failed: a pings pc1 (10.0.1.1 says: network unreachable)\n"
               "held: a pings 127.0.0.1 (reply from 127.0.0.1 with ttl 64)\n"
               "failed: a pings 255.255.255.255 (no answer)\n"
               "failed: a pings 0.0.0.0 (no route)\n");
}

static void names_are_judged_by_their_addresses(void **state)
{
    (void)state;
    assert_run(LAB "expect:\n"
                   "  - {from: a, resolve: site.test}\n"
                   "  - {from: pc1, resolve: SITE.test., address: 10.0.3.10}\n"
                   "  - {from: r, resolve: any.wild.test, address: 10.0.3.10, within: 1s}\n"
                   "  - {from: a, resolve: site.test, address: 10.0.3.11}\n"
                   "  - {from: a, resolve: nobody.test}\n"
                   "  - {from: a, resolve: nobody.test, fails: true}\n"
                   "  - {from: a, resolve: wild.test}\n"
                   "  - {from: a, resolve: nobody.other}\n"
                   "  - {from: a, resolve: site.test, within: 1ns}\n"
                   "  - {from: dns_resolver, resolve: site.test}\n",
               "held: a resolves site.test (10.0.3.10)\n"
               "held: pc1 resolves SITE.test. to 10.0.3.10 (10.0.3.10)\n"
               "held: r resolves any.wild.test to 10.0.3.10 within 1s (10.0.3.10)\n"
               "failed: a resolves site.test to 10.0.3.11 (10.0.3.10)\n"
               "failed: a resolves nobody.test (not found)\n"
               "held: a resolves nobody.test (must fail) (not found)\n"
               "failed: a resolves wild.test (not found)\n"
               "failed: a resolves nobody.other (not found)\n"
               "failed: a resolves site.test within 1ns (nothing had come)\n"
               "failed: dns_resolver resolves site.test (unreachable)\n");
}

static void many_at_once_do_not_disturb_each_other(void **state)
{
    (void)state;
    struct text yaml = {0};
    text_print(&yaml, "%s", LAB "expect:\n  - {from: a, ping: b}\n"); /* to know who is b */
    for (int i = 0; i < 300; i++) {
        text_print(&yaml,
                   "  - {from: a, ping: b, at: 1s}\n  - {from: b, get: 'http://site.test/'}\n"
                   "  - {from: pc1, resolve: site.test}\n");
    }
    struct rig *rig = rig_start(yaml.chars);
    rig_finish(rig, 600 * SECOND);
    size_t count;
    const struct expect_result *results = timetable_results(rig->timetable, &count);
    assert_int_equal(count, 901);
    for (size_t i = 0; i < count; i++) {
        if (results[i].verdict != VERDICT_HELD) {
            fail_msg("%zu: %s", i, results[i].happened);
        }
    }
    rig_free(rig);
    text_fini(&yaml);
}

/* --- when --- */

static const struct expect_result *result_of(const struct rig *rig, size_t index)
{
    size_t count;
    const struct expect_result *results = timetable_results(rig->timetable, &count);
    assert_true(index < count);
    return &results[index];
}

static void without_a_time_the_clock_starts_with_the_address(void **state)
{
    (void)state;
    struct rig *rig = rig_start(LAB "expect:\n"
                                    "  - {from: pc1, ping: r, within: 50ms}\n"
                                    "  - {from: a, ping: b}\n"
                                    "  - {from: a, ping: b, at: 5s}\n");
    rig_finish(rig, 600 * SECOND);
    assert_int_equal(result_of(rig, 0)->verdict, VERDICT_HELD);
    assert_true(result_of(rig, 0)->started_ns > 2 * MS);
    assert_int_equal(result_of(rig, 1)->started_ns, 0);
    assert_int_equal(result_of(rig, 2)->started_ns, 5 * SECOND);
    assert_true(result_of(rig, 1)->ended_ns - result_of(rig, 1)->started_ns >
                result_of(rig, 2)->ended_ns - result_of(rig, 2)->started_ns); /* ARP knows */
    assert_int_equal(rig->env->now_ns, result_of(rig, 2)->ended_ns);
    rig_free(rig);
}

static void with_a_time_the_clock_starts_then_ready_or_not(void **state)
{
    (void)state;
    struct rig *rig = rig_start(LAB "faults:\n"
                                    "  - {at: 0, link: pc1-h, down: 20s}\n"
                                    "expect:\n"
                                    "  - {from: pc1, ping: r, at: 1ms, within: 15s}\n"
                                    "  - {from: pc1, ping: r, at: 1ms}\n"
                                    "  - {from: a, ping: pc1, at: 10ms}\n"
                                    "  - {from: pc2, ping: pc1, within: 5s}\n");
    sim_advance(rig->env, 16 * SECOND);
    assert_int_equal(result_of(rig, 0)->verdict, VERDICT_FAILED);
    assert_int_equal(result_of(rig, 0)->ended_ns, 15 * SECOND + 1 * MS);
    assert_int_equal(result_of(rig, 1)->verdict, VERDICT_PENDING);
    rig_finish(rig, 600 * SECOND);
    assert_string_equal(rig_results(rig),
                        "failed: pc1 pings r within 15s (pc1 had no address yet)\n"
                        "held: pc1 pings r (reply from 10.0.1.1 with ttl 63)\n"
                        "failed: a pings pc1 (it has no address)\n"
                        "held: pc2 pings pc1 within 5s (reply from "
                        "192.168.1.101 with ttl 64)\n");
    assert_int_equal(result_of(rig, 1)->started_ns, 1 * MS);
    rig_free(rig);
}

static void addresses_that_never_come_are_waited_for_two_minutes(void **state)
{
    (void)state;
    assert_run(LAB "faults:\n"
                   "  - {at: 0, link: pc1-h, down: 0}\n"
                   "expect:\n"
                   "  - {from: pc1, get: 'http://site.test/', within: 1s}\n"
                   "  - {from: pc2, ping: pc1}\n",
               "failed: pc1 gets http://site.test/ within 1s (pc1 had no address yet)\n"
               "failed: pc2 pings pc1 (pc1 had no address yet)\n");
}

static void what_is_under_way_when_the_run_is_cut_is_pending(void **state)
{
    (void)state;
    struct rig *rig = rig_start(LAB "expect:\n"
                                    "  - {from: a, ping: b}\n"
                                    "  - {from: a, get: 'http://site.test/', at: 1s}\n"
                                    "  - {from: a, get: 'http://site.test/', at: 2s}\n");
    sim_advance(rig->env, 1010 * MS);
    assert_string_equal(rig_results(rig), "held: a pings b (reply from 10.0.2.10 with ttl 63)\n"
                                          "pending: a gets http://site.test/ ()\n"
                                          "pending: a gets http://site.test/ ()\n");
    assert_false(*timetable_is_done(rig->timetable));
    rig_free(rig);
}

static void a_timetable_without_expectations_has_the_faults_only(void **state)
{
    (void)state;
    struct rig *rig = rig_start(LAB "faults:\n"
                                    "  - {at: 1s, link: a-r, down: 2s}\n"
                                    "expect:\n"
                                    "  - {from: a, ping: b, at: 1h}\n");
    timetable_free(rig->timetable);
    rig->timetable = timetable_new(rig->world, false);
    rig_finish(rig, 60 * SECOND);
    assert_int_equal(rig->env->now_ns, 3 * SECOND);
    size_t count;
    (void)timetable_results(rig->timetable, &count);
    assert_int_equal(count, 0);
    rig_free(rig);
}

/* --- faults --- */

static void links_go_down_and_up_again(void **state)
{
    (void)state;
    struct rig *rig = rig_start(LAB "faults:\n"
                                    "  - {at: 1s, link: b-r, down: 2s}\n"
                                    "  - {at: 5s, link: a-r, down: 0}\n"
                                    "expect:\n"
                                    "  - {from: a, ping: b, at: 500ms}\n"
                                    "  - {from: a, ping: b, at: 1s, within: 1s}\n"
                                    "  - {from: a, ping: b, at: 3s, within: 1s}\n"
                                    "  - {from: a, ping: b, at: 5s, within: 1s, fails: true}\n");
    struct link *ab = world_link(rig->world, lab_find_link(rig->lab, "a-r"));
    struct link *br = world_link(rig->world, lab_find_link(rig->lab, "b-r"));
    sim_advance(rig->env, 999 * MS);
    assert_true(link_is_up(br));
    sim_advance(rig->env, 1000 * MS);
    assert_false(link_is_up(br));
    sim_advance(rig->env, 2999 * MS);
    assert_false(link_is_up(br));
    sim_advance(rig->env, 3000 * MS);
    assert_true(link_is_up(br));
    rig_finish(rig, 600 * SECOND);
    assert_false(link_is_up(ab));
    assert_string_equal(rig_results(rig),
                        "held: a pings b (reply from 10.0.2.10 with ttl 63)\n"
                        "failed: a pings b within 1s (nothing had come)\n"
                        "held: a pings b within 1s (reply from 10.0.2.10 with ttl 63)\n"
                        "held: a pings b within 1s (must fail) (nothing had come)\n");
    rig_free(rig);
}

static void a_fault_changes_what_it_names_and_no_more(void **state)
{
    (void)state;
    struct rig *rig = rig_start(LAB "faults:\n"
                                    "  - {at: 1s, link: a-r, delay: 50ms, for: 1s}\n"
                                    "  - {at: 1500ms, link: a-r, rate: 1mbit, loss: 1%, for: 1s}\n"
                                    "  - {at: 4s, link: a-r, loss: 100%}\n");
    const struct link *link = world_link(rig->world, 0);
    const struct link_config before = *link_get_config(link);
    sim_advance(rig->env, 1200 * MS);
    assert_int_equal(link_get_config(link)->delay_ns, 50 * MS);
    assert_int_equal(link_get_config(link)->rate_bps, 0);
    sim_advance(rig->env, 1700 * MS);
    assert_int_equal(link_get_config(link)->delay_ns, 50 * MS);
    assert_int_equal(link_get_config(link)->rate_bps, 1000000);
    assert_int_equal(link_get_config(link)->loss_ppm, 10000);
    sim_advance(rig->env, 2200 * MS);
    assert_int_equal(link_get_config(link)->delay_ns, 10 * MS);
    assert_int_equal(link_get_config(link)->rate_bps, 1000000);
    sim_advance(rig->env, 3000 * MS);
    assert_memory_equal(link_get_config(link), &before, sizeof before);
    rig_finish(rig, 600 * SECOND);
    assert_int_equal(link_get_config(link)->loss_ppm, 1000000);
    assert_int_equal(rig->env->now_ns, 4 * SECOND);
    rig_free(rig);
}

static void jitter_beyond_a_delay_that_a_fault_shortens_is_survived(void **state)
{
    (void)state;
    assert_run(LAB "faults:\n"
                   "  - {at: 1s, link: a-r, jitter: 9ms, for: 10s}\n"
                   "  - {at: 2s, link: a-r, delay: 1us, for: 10s}\n"
                   "expect:\n"
                   "  - {from: a, ping: b, at: 3s}\n"
                   "  - {from: a, get: 'http://site.test/', at: 3s}\n",
               "held: a pings b (reply from 10.0.2.10 with ttl 63)\n"
               "held: a gets http://site.test/ (status 200)\n");
}

/* --- the trace --- */

struct judged {
    struct trace_sink sink;
    struct text text;
};

static void note_verdict(struct trace_sink *sink, const struct trace_event *event)
{
    struct judged *judged = (struct judged *)sink;
    if (event->kind == &EXPECT_JUDGED) {
        trace_print_json(&judged->text, event);
        text_print(&judged->text, "\n");
    }
}

static void verdicts_are_in_the_trace(void **state)
{
    (void)state;
    struct rig *rig = rig_start("nodes: {a: {}, b: {}}\nlinks:\n  - a-b: {delay: 10ms}\n"
                                "expect:\n"
                                "  - {from: a, ping: b}\n"
                                "  - {from: a, ping: b, at: 1s, within: 1ms}\n");
    struct judged judged = {.sink = {.on_event = note_verdict}};
    trace_add_sink(&rig->trace, &judged.sink);
    rig_finish(rig, 60 * SECOND);
    assert_string_equal(
        text_chars(&judged.text),
        "{\"at_ns\":40000000,\"node\":\"lab\",\"kind\":\"expect.judged\",\"line\":5,\"what\":\"a "
        "pings b\",\"verdict\":\"held\",\"happened\":\"reply from 198.18.0.11 with ttl 64 after "
        "40.000 ms\"}\n"
        "{\"at_ns\":1001000000,\"node\":\"lab\",\"kind\":\"expect.judged\",\"line\":6,\"what\":\"a "
        "pings b within 1ms\",\"verdict\":\"failed\",\"happened\":\"nothing had come after 1.000 "
        "ms\"}\n");
    trace_remove_sink(&rig->trace, &judged.sink);
    text_fini(&judged.text);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_judged_by_status_and_text),
        cmocka_unit_test(pages_that_do_not_come_are_told_in_words),
        cmocka_unit_test(pings_are_judged_by_their_answer),
        cmocka_unit_test(names_are_judged_by_their_addresses),
        cmocka_unit_test(many_at_once_do_not_disturb_each_other),
        cmocka_unit_test(without_a_time_the_clock_starts_with_the_address),
        cmocka_unit_test(with_a_time_the_clock_starts_then_ready_or_not),
        cmocka_unit_test(addresses_that_never_come_are_waited_for_two_minutes),
        cmocka_unit_test(what_is_under_way_when_the_run_is_cut_is_pending),
        cmocka_unit_test(a_timetable_without_expectations_has_the_faults_only),
        cmocka_unit_test(links_go_down_and_up_again),
        cmocka_unit_test(a_fault_changes_what_it_names_and_no_more),
        cmocka_unit_test(jitter_beyond_a_delay_that_a_fault_shortens_is_survived),
        cmocka_unit_test(verdicts_are_in_the_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
