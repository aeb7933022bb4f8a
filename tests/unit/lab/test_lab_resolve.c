/* What lab_print_resolved() prints loads to the same lab, and prints the same again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Resolved once more nothing is implied, so that the second and the third are alike. */
static void assert_resolves(const char *yaml)
{
    struct lab *lab = lab_of(yaml);
    char *first = resolved_text(lab);
    struct lab *again = lab_of(first);
    assert_same_lab(lab, again);
    char *second = resolved_text(again);
    struct lab *third = lab_of(second);
    char *last = resolved_text(third);
    assert_string_equal(second, last);
    lab_free(lab);
    lab_free(again);
    lab_free(third);
    free(first);
    free(second);
    free(last);
}

static void an_empty_lab_is_printed_whole(void **state)
{
    (void)state;
    struct lab *lab = lab_of("");
    char *text = resolved_text(lab);
    assert_string_equal(text, "seed: 1\n"
                              "epoch: 2025-01-01T00:00:00Z\n"
                              "rto_min: 1s\n"
                              "pool: 198.18.0.0/15\n"
                              "nodes: {}\n"
                              "links: []\n");
    free(text);
    lab_free(lab);
    assert_resolves("");
    assert_resolves("seed: 18446744073709551615\nepoch: 1999-12-31T23:59:59Z\nrto_min: 5ms\n"
                    "pool: 10.0.0.0/8\n");
}

static void a_small_lab_is_printed_line_by_line(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes: {h: {kind: home-nat}, pc: {}, r: {kind: router}}\n"
                             "links: [h-pc, r-h: {rate: 1.5mbit, delay: 12ms, loss: 0.25%}]\n"
                             "faults: [{at: 1s, link: h-pc, down: 0}]\n"
                             "expect: [{from: pc, ping: r, within: 1s}]\n");
    char *text = resolved_text(lab);
    assert_string_equal(
        text, "seed: 1\n"
              "epoch: 2025-01-01T00:00:00Z\n"
              "rto_min: 1s\n"
              "pool: 198.18.0.0/15\n"
              "nodes:\n"
              "  h: {kind: home-nat, lan: 192.168.1.1/24, wan: r}\n"
              "  pc: {kind: host}\n"
              "  r: {kind: router}\n"
              "links:\n"
              "  - h-pc: {name: \"h-pc\", rate: unlimited, delay: 1ns, loss: 0%, queue: 0, "
              "overhead: 24, mtu: 1500, subnet: 192.168.1.0/24, addresses: {h: 192.168.1.1}}"
              "  # h eth0 02:00:00:01:00:00, pc eth0 02:00:00:02:00:00 by DHCP\n"
              "  - r-h: {name: \"r-h\", rate: 1.5mbit, delay: 12ms, loss: 0.25%, queue: 1000, "
              "overhead: 24, mtu: 1500, subnet: 198.18.0.0/30, addresses: {r: 198.18.0.1, h: "
              "198.18.0.2}}  # r eth0 02:00:00:03:00:00, h eth1 02:00:00:01:00:01\n"
              "faults:\n"
              "  - {at: 1s, link: \"h-pc\", down: 0s}\n"
              "expect:\n"
              "  - {from: pc, ping: \"r\", within: 1s}\n");
    free(text);
    lab_free(lab);
}

static void every_kind_of_node_survives(void **state)
{
    (void)state;
    assert_resolves("nodes:\n"
                    "  pc: {count: 3}\n"
                    "  h: {kind: home-nat, count: 3}\n"
                    "  sw: {kind: switch}\n"
                    "  r: {kind: router, count: 2}\n"
                    "  t: {kind: tap, address: 10.9.0.77/24, device: 'tap \"x\"'}\n"
                    "  lonely: {}\n"
                    "  root: {kind: dns, zone: .}\n"
                    "  res: {kind: dns}\n"
                    "  auth: {kind: dns, zone: [test, 'a\\.b.test'], records: ['n TXT \"q\\uo\"', "
                    "'w CNAME x', \"tab\\tA 1.2.3.4\"]}\n"
                    "  web: {kind: web-server, name: [www.test, '*.test'], root: 'a \"b\"', "
                    "resolver: 192.0.2.53}\n"
                    "links:\n"
                    "  - pc-h\n  - h1-sw\n  - h2-sw\n  - sw-r1\n  - h3-r1\n  - r1-r2\n"
                    "  - t-r2\n  - root-r2\n  - res-r2\n  - auth-r2\n  - web-r2\n  - r1-r2\n");
}

static void added_nodes_survive(void **state)
{
    (void)state;
    assert_resolves("nodes:\n"
                    "  h: {kind: home-nat}\n"
                    "  in: {kind: home-nat, wan: h, lan: 10.0.0.0/8}\n"
                    "  pc: {count: 3}\n"
                    "  isp: {kind: router}\n"
                    "  web: {kind: web-server, name: shop.example}\n"
                    "  one: {kind: web-server, name: single}\n"
                    "links: [pc1-h, h-isp, pc2-h, in-h, pc3-in, web-isp, one-in]\n");
    assert_resolves("nodes: {sw: {kind: switch}, w: {kind: web-server, name: single}}\n"
                    "links: [w-sw]\n");
}

static void link_options_survive(void **state)
{
    (void)state;
    assert_resolves("nodes: {r: {kind: router, count: 2}, s: {kind: router, count: 2}}\n"
                    "links:\n"
                    "  - r-s: {rate: 1234567bit, delay: 1234567ns, loss: 0.0001%, name: x}\n"
                    "  - r-s: {rate: 1gbit, queue: 0, queue_size: 12345, overhead: 0, mtu: 68}\n"
                    "  - r-s: {queue: 4294967295, queue_size: 18446744073709551615, loss: 100%}\n"
                    "  - r1-r2: {delay: 0, mtu: 65535, subnet: 10.1.2.3/24}\n"
                    "  - r1-r2: {addresses: {r1: 10.7.0.9/16}}\n"
                    "  - r1-r2\n");
}

static void faults_and_expectations_survive(void **state)
{
    (void)state;
    assert_resolves("nodes: {a: {}, one: {count: 1}, r: {kind: router}}\n"
                    "links: [a-r: {name: up.link}, one-r]\n"
                    "faults:\n"
                    "  - {at: 0, link: up.link, down: 3s}\n"
                    "  - {at: 1ns, link: one1-r, loss: 1%, delay: 0, rate: unlimited}\n"
                    "  - {at: 90m, link: one1-r, rate: 1kbit, for: 1h}\n"
                    "expect:\n"
                    "  - {from: a, get: 'http://b/?x=\"y\"', status: 404, body: \"two\\nlines \\\\ "
                    "\\u00e9 \\u2028\", at: 0, within: 1ns}\n"
                    "  - {from: one, ping: one, fails: true}\n"
                    "  - {from: a, ping: 10.0.0.1, fails: false}\n"
                    "  - {from: r, resolve: 'a\\.b.test', address: 192.0.2.1}\n");
}

static void the_scenarios_survive(void **state)
{
    (void)state;
    const char *root = getenv("ORRERY_SOURCE_ROOT");
    char path[4096];
    snprintf(path, sizeof path, "%s/scenarios/first-light.yaml", root ? root : ".");
    FILE *file = fopen(path, "r");
    if (!file) {
        skip();
    }
    static char yaml[65536];
    size_t len = fread(yaml, 1, sizeof yaml - 1, file);
    yaml[len] = '\0';
    fclose(file);
    assert_resolves(yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_lab_is_printed_whole),
        cmocka_unit_test(a_small_lab_is_printed_line_by_line),
        cmocka_unit_test(every_kind_of_node_survives),
        cmocka_unit_test(added_nodes_survive),
        cmocka_unit_test(link_options_survive),
        cmocka_unit_test(faults_and_expectations_survive),
        cmocka_unit_test(the_scenarios_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
