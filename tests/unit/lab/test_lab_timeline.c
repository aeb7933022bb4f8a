/* Faults and expectations as the file has them, and every message about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab_text.h"

static const char NODES[] = "nodes: {a: {}, b: {}, r: {kind: router}, lonely: {}, "
                            "sw: {kind: switch}, t: {kind: tap}, pc: {count: 2}, one: {count: 1}}\n"
                            "links: [a-r, b-r, sw-r, t-sw, pc-sw, one-sw]\n";

enum { RATE = 1, DELAY = 2, LOSS = 4 }; /* bits of `changes` */

/* The lab of NODES with more lines; they begin in line 3. */
static struct lab *lab_with(const char *lines)
{
    struct text yaml = {0};
    text_print(&yaml, "%s%s", NODES, lines);
    struct lab *lab = lab_try(yaml.chars);
    text_fini(&yaml);
    return lab;
}

static void assert_wrong(const char *lines, const char *problems)
{
    struct lab *lab = lab_with(lines);
    assert_string_equal(text_chars(&lab->file->problems), problems);
    lab_free(lab);
}

static void faults_are_read(void **state)
{
    (void)state;
    struct lab *lab = lab_with("faults:\n"
                               "  - {at: 30s, link: b-r, down: 2s}\n"
                               "  - {at: 0, link: a-r, down: 0}\n"
                               "  - {at: 1ms, link: a-r, loss: 5%, for: 10s}\n"
                               "  - {at: 36500d, link: sw-r, rate: unlimited, delay: 0}\n"
                               "  - {at: 1s, link: sw-r, rate: 1mbit, delay: 20ms, loss: 0%}\n");
    assert_string_equal(text_chars(&lab->file->problems), "");
    assert_int_equal(lab->n_faults, 5);
    const struct lab_fault *f = lab->faults;
    assert_int_equal(f[0].kind, LAB_FAULT_DOWN);
    assert_int_equal(f[0].at_ns, 30000000000);
    assert_int_equal(f[0].duration_ns, 2000000000);
    assert_int_equal(f[0].link, 1);
    assert_int_equal(f[1].kind, LAB_FAULT_DOWN);
    assert_int_equal(f[1].duration_ns, 0);
    assert_int_equal(f[2].kind, LAB_FAULT_CHANGE);
    assert_int_equal(f[2].changes, LOSS);
    assert_int_equal(f[2].change.loss_ppm, 50000);
    assert_int_equal(f[2].duration_ns, 10000000000);
    assert_int_equal(f[3].changes, RATE | DELAY);
    assert_int_equal(f[3].at_ns, LAB_MAX_TIME_NS);
    assert_int_equal(f[4].changes, RATE | DELAY | LOSS);
    assert_int_equal(f[4].change.rate_bps, 1000000);
    assert_int_equal(f[4].change.delay_ns, 20000000);
    lab_free(lab);
}

static void wrong_faults_are_refused(void **state)
{
    (void)state;
    assert_wrong("faults:\n"
                 "  - {at: 1s, link: a-r}\n"
                 "  - {at: 1s, link: a-r, down: 1s, loss: 1%}\n"
                 "  - {at: 1s, link: a-r, down: 1s, for: 1s}\n"
                 "  - {at: 1s, link: r-a, down: 1s}\n"
                 "  - {at: 1s, link: b_r, down: 1s}\n"
                 "  - {at: 1s, link: nothing_like_it, down: 1s}\n",
                 "lab:4:5: a fault is either 'down' or a change of the link: 'loss', 'delay', "
                 "'rate', 'jitter' ...\n"
                 "lab:5:5: a fault is either 'down' or a change of the link: 'loss', 'delay', "
                 "'rate', 'jitter' ...\n"
                 "lab:6:35: 'down' says how long already; leave out 'for'\n"
                 "lab:7:20: there is no link 'r-a'; did you mean 'a-r'?\n"
                 "lab:8:20: there is no link 'b_r'; did you mean 'b-r'?\n"
                 "lab:9:20: there is no link 'nothing_like_it'\n");
    assert_wrong("faults:\n"
                 "  - {link: a-r, down: 1s}\n"
                 "  - {at: 1s, down: 1s}\n"
                 "  - {at: 36501d, link: a-r, down: 36501d}\n"
                 "  - {at: 1s, link: a-r, rate: 1001tbit, delay: 2d, loss: 2, for: 36501d}\n"
                 "  - a-r\n",
                 "lab:4:5: 'at' is required in a fault\n"
                 "lab:5:5: 'link' is required in a fault\n"
                 "lab:6:10: 'at' must be at most 36500d, not '36501d'\n"
                 "lab:6:35: 'down' must be at most 36500d, not '36501d'\n"
                 "lab:7:31: 'rate' must be at most 1000tbit, not '1001tbit'\n"
                 "lab:7:48: 'delay' must be at most 1d, not '2d'\n"
                 "lab:7:58: 'loss' must be a share such as 0.5%, not '2'\n"
                 "lab:7:66: 'for' must be at most 36500d, not '36501d'\n"
                 "lab:8:5: each of 'faults' must be a map of keys (a fault), not 'a-r'\n");
}

static void expectations_are_read(void **state)
{
    (void)state;
    struct lab *lab =
        lab_with("expect:\n"
                 "  - {from: a, get: 'http://b/', status: 404, body: gone, at: 1s, within: 2s}\n"
                 "  - {from: one, ping: pc2}\n"
                 "  - {from: pc1, ping: 192.0.2.1, fails: true}\n"
                 "  - {from: r, resolve: b.example, address: 192.0.2.7, at: 0}\n"
                 "  - {from: a, ping: one}\n");
    assert_string_equal(text_chars(&lab->file->problems), "");
    assert_int_equal(lab->n_expects, 5);
    const struct lab_expect *e = lab->expects;
    assert_int_equal(e[0].kind, LAB_EXPECT_GET);
    assert_int_equal(e[0].from, node_of(lab, "a"));
    assert_string_equal(e[0].target, "http://b/");
    assert_string_equal(e[0].body, "gone");
    assert_int_equal(e[0].status, 404);
    assert_true(e[0].has_at);
    assert_int_equal(e[0].at_ns, 1000000000);
    assert_int_equal(e[0].within_ns, 2000000000);
    assert_int_equal(e[0].line, 4);
    assert_int_equal(e[0].target_node, LAB_NONE);
    assert_int_equal(e[1].kind, LAB_EXPECT_PING);
    assert_int_equal(e[1].from, node_of(lab, "one1"));
    assert_int_equal(e[1].target_node, node_of(lab, "pc2"));
    assert_true(!e[1].has_at && !e[1].fails && !e[1].body && !e[1].status);
    assert_int_equal(e[2].target_node, LAB_NONE);
    assert_true(e[2].fails);
    assert_int_equal(e[3].kind, LAB_EXPECT_RESOLVE);
    assert_int_equal(e[3].address.v4, 0xc0000207);
    assert_true(e[3].has_at);
    assert_int_equal(e[4].target_node, node_of(lab, "one1"));
    lab_free(lab);
}

static void wrong_expectations_are_refused(void **state)
{
    (void)state;
    assert_wrong("expect:\n"
                 "  - {from: a}\n"
                 "  - {from: a, get: b, ping: b}\n"
                 "  - {from: a, ping: b, resolve: b, get: b}\n"
                 "  - {from: a, ping: b, status: 200, body: x, address: 1.2.3.4}\n"
                 "  - {from: a, get: b, address: 1.2.3.4}\n"
                 "  - {from: pc, get: b}\n"
                 "  - {from: x, get: b}\n"
                 "  - {from: sw, get: b}\n"
                 "  - {from: lonely, get: b}\n"
                 "  - {from: a, ping: sw}\n"
                 "  - {from: a, ping: t}\n"
                 "  - {from: a, ping: lonely}\n"
                 "  - {from: a, ping: pc}\n"
                 "  - {from: a, ping: ro}\n"
                 "  - {from: a, ping: '::1'}\n",
                 "lab:4:5: an expectation needs one of get, ping, resolve\n"
                 "lab:5:23: an expectation has one of get, ping, resolve\n"
                 "lab:6:15: an expectation has one of get, ping, resolve\n"
                 "lab:7:24: 'status' goes with 'get'\n"
                 "lab:7:37: 'body' goes with 'get'\n"
                 "lab:7:46: 'address' goes with 'resolve'\n"
                 "lab:8:23: 'address' goes with 'resolve'\n"
                 "lab:9:12: 'pc' is a group; name one of pc1 ... pc2\n"
                 "lab:10:12: there is no node 'x'; add it under 'nodes'\n"
                 "lab:11:12: 'sw' is a switch and cannot try anything\n"
                 "lab:12:12: 'lonely' has no link and cannot reach anything\n"
                 "lab:13:21: 'sw' is a switch without an address\n"
                 "lab:14:21: 't' is a tap without an address\n"
                 "lab:15:21: 'lonely' has no link and so no address\n"
                 "lab:16:21: 'pc' is a group; name one of pc1 ... pc2\n"
                 "lab:17:21: there is no node 'ro'; add it under 'nodes'\n"
                 "lab:18:21: '::1' is no IPv4 address\n");
    assert_wrong("expect:\n"
                 "  - {get: b}\n"
                 "  - {from: a, get: 'ftp://b/'}\n"
                 "  - {from: a, resolve: a..b}\n"
                 "  - {from: a, resolve: a, address: x}\n"
                 "  - {from: a, get: b, status: 99, within: 0, fails: maybe}\n",
                 "lab:4:5: 'from' is required in an expectation\n"
                 "lab:5:20: 'get' must be an http URL, not 'ftp://b/'\n"
                 "lab:6:24: 'resolve' must be a domain name, not 'a..b'\n"
                 "lab:7:36: 'address' must be an address like 192.0.2.1, not 'x'\n"
                 "lab:8:31: 'status' must be from 100 to 599, not '99'\n"
                 "lab:8:43: 'within' must be from 1ns to 36500d, not '0'\n"
                 "lab:8:53: 'fails' must be true or false, not 'maybe'\n");
}

static void a_tap_with_an_address_can_be_pinged(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes: {a: {}, t: {kind: tap, address: 10.0.0.1/24}}\nlinks: [a-t]\n"
                             "expect: [{from: a, ping: t}]\n");
    assert_int_equal(lab->expects[0].target_node, 1);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_are_read),
        cmocka_unit_test(wrong_faults_are_refused),
        cmocka_unit_test(expectations_are_read),
        cmocka_unit_test(wrong_expectations_are_refused),
        cmocka_unit_test(a_tap_with_an_address_can_be_pinged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
