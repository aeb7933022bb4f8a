/* Nodes and links: what a file's words stand for, and every message about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "pc1 pc2 home" */
static void assert_nodes(const struct lab *lab, const char *names)
{
    struct text text = {0};
    for (size_t i = 0; i < lab->n_nodes; i++) {
        text_print(&text, "%s%s", i ? " " : "", lab->nodes[i].name);
        assert_int_equal(lab->nodes[i].id, i + 1);
    }
    assert_string_equal(text_chars(&text), names);
    text_fini(&text);
}

/* "pc1-home: pc1 eth0 > home eth0\n", one line each. */
static void assert_links(const struct lab *lab, const char *lines)
{
    struct text text = {0};
    for (size_t i = 0; i < lab->n_links; i++) {
        const struct lab_port *a = &lab->ports[lab->links[i].port[0]];
        const struct lab_port *b = &lab->ports[lab->links[i].port[1]];
        text_print(&text, "%s: %s eth%u > %s eth%u\n", lab->links[i].name, lab->nodes[a->node].name,
                   a->number, lab->nodes[b->node].name, b->number);
        assert_int_equal(lab_find_link(lab, lab->links[i].name), i);
        assert_true(a->link == i && a->end == 0 && b->link == i && b->end == 1);
    }
    assert_string_equal(text_chars(&text), lines);
    text_fini(&text);
}

static void an_empty_file_is_an_empty_lab(void **state)
{
    (void)state;
    struct lab *lab = lab_of("");
    assert_int_equal(lab->n_nodes, 0);
    assert_int_equal(lab->seed, 1);
    assert_int_equal(lab->epoch_unix_s, 1735689600);
    assert_int_equal(lab_find_node(lab, "pc"), LAB_NONE);
    assert_int_equal(lab_find_link(lab, "pc-home"), LAB_NONE);
    lab_free(lab);
}

static void settings_are_read(void **state)
{
    (void)state;
    struct lab *lab = lab_of("seed: 18446744073709551615\n"
                             "epoch: 2024-02-29T23:59:59Z\n"
                             "rto_min: 200ms\n"
                             "pool: 10.1.2.3/8\n");
    assert_true(lab->seed == UINT64_MAX);
    assert_int_equal(lab->epoch_unix_s, 1709251199);
    assert_int_equal(lab->rto_min_ns, 200000000);
    assert_int_equal(lab->pool.addr.v4, 10u << 24);
    lab_free(lab);
    lab = lab_of("epoch: 1970-01-01T00:00:00Z");
    assert_int_equal(lab->epoch_unix_s, 0);
    lab_free(lab);
    lab = lab_of("epoch: 9999-12-31T23:59:59Z");
    assert_int_equal(lab->epoch_unix_s, 253402300799);
    lab_free(lab);
}

static void the_folder_is_that_of_the_file(void **state)
{
    (void)state;
    static const char YAML[] = "nodes: {web: {kind: web-server, root: site}, "
                               "abs: {kind: web-server, root: /srv}}";
    struct lab *lab = lab_load(config_load("labs/one/lab.yaml", YAML, strlen(YAML)));
    assert_string_equal(lab->folder, "labs/one/");
    assert_string_equal(lab->nodes[0].root, "labs/one/site");
    assert_string_equal(lab->nodes[1].root, "/srv");
    lab_free(lab);
}

static void wrong_settings_are_refused(void **state)
{
    (void)state;
    assert_problems("epoch: 2025-02-29T00:00:00Z",
                    "lab:1:8: '2025-02-29T00:00:00Z' is no time that there was or will be from "
                    "1970 on\n");
    assert_problems("epoch: 1969-12-31T00:00:00Z",
                    "lab:1:8: '1969-12-31T00:00:00Z' is no time that there was or will be from "
                    "1970 on\n");
    assert_problems("epoch: 2025-01-01T24:00:00Z",
                    "lab:1:8: '2025-01-01T24:00:00Z' is no time that there was or will be from "
                    "1970 on\n");
    assert_problems("epoch: 2025-00-10T00:00:00Z",
                    "lab:1:8: '2025-00-10T00:00:00Z' is no time that there was or will be from "
                    "1970 on\n");
    assert_problems("epoch: today", "lab:1:8: 'epoch' must be a time like 2025-01-01T00:00:00Z, "
                                    "not 'today'\n");
    assert_problems("rto_min: 2m", "lab:1:10: 'rto_min' must be from 1ms to 1m, not '2m'\n");
    assert_problems("pool: 224.0.0.0/8", "lab:1:7: 'pool' must be a network like 198.18.0.0/15, "
                                         "from /8 to /30, not '224.0.0.0/8'\n");
    assert_problems("pool: 0.0.0.0/0", "lab:1:7: 'pool' must be a network like 198.18.0.0/15, "
                                       "from /8 to /30, not '0.0.0.0/0'\n");
    assert_problems("node: {}",
                    "lab:1:1: unknown key 'node' in a lab; did you mean 'nodes'? "
                    "(known: seed, epoch, rto_min, tcp_buffer, pool, nodes, links, faults, "
                    "expect)\n");
}

static void a_group_stands_for_its_members(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  pc: {count: 3}\n"
                             "  home: {kind: home-nat, count: 3}\n"
                             "  isp: {kind: router}\n"
                             "links: [pc-home, home-isp]\n");
    assert_nodes(lab, "pc1 pc2 pc3 home1 home2 home3 isp");
    assert_links(lab, "pc1-home1: pc1 eth0 > home1 eth0\n"
                      "pc2-home2: pc2 eth0 > home2 eth0\n"
                      "pc3-home3: pc3 eth0 > home3 eth0\n"
                      "home1-isp: home1 eth1 > isp eth0\n"
                      "home2-isp: home2 eth1 > isp eth1\n"
                      "home3-isp: home3 eth1 > isp eth2\n");
    assert_int_equal(lab->nodes[0].kind, LAB_HOST);
    assert_string_equal(lab_kind_text(lab->nodes[3].kind), "home-nat");
    lab_free(lab);
}

static void one_of_a_group_can_be_linked(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes: {pc: {count: 2}, only: {count: 1}, r: {kind: router}}\n"
                             "links: [pc2-r, only-r]\n");
    assert_links(lab, "pc2-r: pc2 eth0 > r eth0\n"
                      "only1-r: only1 eth0 > r eth1\n");
    lab_free(lab);
}

static void groups_and_links_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    assert_problems("nodes: {a: {count: 2}, b: {kind: router, count: 3}}\n"
                    "links: [a-b]\n",
                    "lab:2:9: groups of 2 and 3 nodes cannot be linked one to one\n");
    assert_problems("nodes: {a: {kind: router, count: 3}}\n"
                    "links:\n  - a-a\n  - a-a2\n  - a2-a\n  - a3-a3\n  - a1-a\n",
                    "lab:3:5: a link joins two different nodes\n"
                    "lab:4:5: a link joins two different nodes\n"
                    "lab:5:5: a link joins two different nodes\n"
                    "lab:6:5: a link joins two different nodes\n"
                    "lab:7:5: a link joins two different nodes\n");
    assert_problems("nodes: {pc: {count: 0}}",
                    "lab:1:21: 'count' must be from 1 to 100000, not '0'\n");
    assert_problems("nodes: {pc: {count: 100001}}",
                    "lab:1:21: 'count' must be from 1 to 100000, not '100001'\n");
}

static void names_of_nodes_are_plain_and_unique(void **state)
{
    (void)state;
    assert_problems("nodes:\n  my-pc: {}\n  pc.1: {}\n",
                    "lab:2:3: 'my-pc' cannot name a node: use up to 63 letters, digits and '_'\n"
                    "lab:3:3: 'pc.1' cannot name a node: use up to 63 letters, digits and '_'\n");
    assert_problems("nodes:\n  a-b: {count: 2}\n",
                    "lab:2:3: 'a-b' cannot name a group of nodes: use up to 48 letters, digits "
                    "and '_'\n");
    assert_problems("nodes:\n  pc3: {}\n  pc: {count: 100000}\nlinks: [pc-pc3]\n",
                    "lab:3:3: there are two nodes named 'pc3'\n");
    assert_problems("nodes:\n  pc: {count: 3}\n  pc1: {}\nlinks: [pc-pc1]\n",
                    "lab:3:3: there are two nodes named 'pc1'\n");
}

static void names_may_have_63_characters(void **state)
{
    (void)state;
    char yaml[400], name[65], longer[65];
    memset(name, 'n', 64);
    name[63] = '\0';
    memset(longer, 'n', 64);
    longer[64] = '\0';
    snprintf(yaml, sizeof yaml, "nodes: {%s: {}, r: {kind: router}}\nlinks: [%s-r]", name, name);
    struct lab *lab = lab_of(yaml);
    assert_int_equal(lab_find_node(lab, name), 0);
    assert_int_equal(lab_find_node(lab, longer), LAB_NONE);
    lab_free(lab);
    snprintf(yaml, sizeof yaml, "nodes: {%s: {}}", longer);
    lab = lab_try(yaml);
    assert_int_equal(lab->file->n_problems, 1);
    lab_free(lab);
    name[48] = '\0';
    snprintf(yaml, sizeof yaml, "nodes: {%s: {count: 100000}}", name);
    lab = lab_of(yaml);
    assert_int_equal(lab->n_nodes, 100000);
    lab_free(lab);
}

static void unknown_nodes_are_reported_with_what_was_meant(void **state)
{
    (void)state;
    assert_problems(
        "nodes: {shop: {}, router1: {kind: router}, pcs: {count: 2}}\n"
        "links:\n  - shop-roter1\n  - xyz-shop\n  - shop-shopp: {delay: 1ms}\n  - pc-shop\n",
        "lab:3:5: there is no node 'roter1'; did you mean 'router1'?\n"
        "lab:4:5: there is no node 'xyz'; add it under 'nodes'\n"
        "lab:5:5: there is no node 'shopp'; did you mean 'shop'?\n"
        "lab:6:5: there is no node 'pc'; did you mean 'pcs'?\n");
}

static void wrong_links_are_refused(void **state)
{
    (void)state;
    assert_problems("nodes: {a: {}, b: {}}\n"
                    "links:\n"
                    "  - ab\n"
                    "  - -b\n"
                    "  - a-\n"
                    "  - a-b-a\n"
                    "  - [a, b]\n"
                    "  - {a-b: {}, b-a: {}}\n"
                    "  - a-b: {delai: 1ms}\n",
                    "lab:3:5: 'ab' is not a link: write two node names with one '-' between "
                    "them\n"
                    "lab:4:5: '-b' is not a link: write two node names with one '-' between "
                    "them\n"
                    "lab:5:5: 'a-' is not a link: write two node names with one '-' between "
                    "them\n"
                    "lab:6:5: 'a-b-a' is not a link: write two node names with one '-' between "
                    "them\n"
                    "lab:7:5: a link is written 'a-b' or 'a-b: {rate: 10mbit}'\n"
                    "lab:8:5: a link is written 'a-b' or 'a-b: {rate: 10mbit}'\n"
                    "lab:9:11: unknown key 'delai' in a link; did you mean 'delay'? (known: rate, "
                    "delay, loss, loss_burst, jitter, reorder, reorder_by, duplicate, corrupt, "
                    "corrupt_silent, corrupt_bits, queue, queue_size, overhead, mtu, subnet, "
                    "addresses, name)\n");
}

static void link_options_have_defaults_and_limits(void **state)
{
    (void)state;
    struct lab *lab =
        lab_of("nodes: {a: {}, b: {}, c: {}, d: {}, e: {}, f: {}}\n"
               "links:\n"
               "  - a-b:\n"
               "  - c-d: {rate: 10mbit, delay: 5ms, loss: 0.5%, overhead: 0, mtu: 68}\n"
               "  - e-f: {rate: 1000tbit, queue_size: 64KiB, delay: 1d, loss: 100%, mtu: 65535}\n");
    assert_int_equal(lab->links[0].config.rate_bps, 0);
    assert_int_equal(lab->links[0].config.delay_ns, 1);
    assert_int_equal(lab->links[0].config.queue_frames, 0);
    assert_int_equal(lab->links[0].config.overhead_bytes, LINK_DEFAULT_OVERHEAD);
    assert_int_equal(lab->links[0].mtu, 1500);
    assert_int_equal(lab->links[1].config.queue_frames, 1000);
    assert_int_equal(lab->links[1].config.loss_ppm, 5000);
    assert_int_equal(lab->links[1].config.overhead_bytes, 0);
    assert_int_equal(lab->links[2].config.queue_frames, 0);
    assert_int_equal(lab->links[2].config.queue_bytes, 65536);
    assert_true(lab->links[2].config.rate_bps <= LINK_MAX_RATE_BPS);
    for (size_t i = 0; i < lab->n_links; i++) {
        link_free(link_new(lab->links[i].name, &lab->links[i].config)); /* which checks them */
    }
    lab_free(lab);
    assert_problems("nodes: {a: {}, b: {}}\n"
                    "links:\n"
                    "  - a-b: {rate: 1001tbit, delay: 25h, overhead: 1001, mtu: 67}\n"
                    "  - a-b: {mtu: 65536, queue: 4294967296, loss: 101%, name: 'a b'}\n"
                    "  - a-b: {rate: 0bit, name: -x, subnet: 10.0.0.0/31}\n",
                    "lab:3:17: 'rate' must be at most 1000tbit, not '1001tbit'\n"
                    "lab:3:34: 'delay' must be at most 1d, not '25h'\n"
                    "lab:3:49: 'overhead' must be at most 1kB, not '1001'\n"
                    "lab:3:60: 'mtu' must be from 68 to 65535, not '67'\n"
                    "lab:4:16: 'mtu' must be from 68 to 65535, not '65536'\n"
                    "lab:4:30: 'queue' must be at most 4294967295, not '4294967296'\n"
                    "lab:4:48: 'loss' must be a share such as 0.5%, not '101%'\n"
                    "lab:4:60: 'name' must be a name of letters, digits, '_', '-' and '.', not "
                    "'a b'\n"
                    "lab:5:17: 'rate' must be a rate such as 50mbit, not '0bit'\n"
                    "lab:5:29: 'name' must be a name of letters, digits, '_', '-' and '.', not "
                    "'-x'\n"
                    "lab:5:41: 'subnet' must be a network like 192.0.2.0/24, from /8 to /30, not "
                    "'10.0.0.0/31'\n");
}

static void links_of_the_same_nodes_are_numbered(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes: {a: {kind: router}, b: {kind: router}}\n"
                             "links:\n"
                             "  - a-b\n"
                             "  - a-b: {name: backup}\n"
                             "  - b-a\n"
                             "  - a-b: {name: a-b_2}\n"
                             "  - a-b\n"
                             "  - a-b\n");
    assert_links(lab, "a-b: a eth0 > b eth0\n"
                      "backup: a eth1 > b eth1\n"
                      "b-a: b eth2 > a eth2\n"
                      "a-b_2: a eth3 > b eth3\n"
                      "a-b_3: a eth4 > b eth4\n"
                      "a-b_4: a eth5 > b eth5\n");
    lab_free(lab);
}

static void a_name_written_on_links_of_a_group_is_numbered(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes: {pc: {count: 3}, r: {kind: router}}\n"
                             "links: [pc-r: {name: line}]\n");
    assert_links(lab, "line: pc1 eth0 > r eth0\n"
                      "line_2: pc2 eth0 > r eth1\n"
                      "line_3: pc3 eth0 > r eth2\n");
    lab_free(lab);
}

static void two_lines_cannot_claim_one_link_name(void **state)
{
    (void)state;
    assert_problems("nodes: {a: {kind: router}, b: {kind: router}}\n"
                    "links:\n"
                    "  - a-b: {name: x}\n"
                    "  - a-b: {name: x}\n",
                    "lab:4:17: there is a link named 'x' already\n");
    char yaml[600], name[200];
    memset(name, 'l', sizeof name);
    name[127] = '\0';
    snprintf(yaml, sizeof yaml,
             "nodes: {a: {kind: router}, b: {kind: router}}\n"
             "links: [a-b: {name: %s}]",
             name);
    struct lab *lab = lab_of(yaml);
    assert_int_equal(lab_find_link(lab, name), 0);
    lab_free(lab);
    name[127] = 'l';
    name[128] = '\0';
    snprintf(yaml, sizeof yaml,
             "nodes: {a: {kind: router}, b: {kind: router}}\n"
             "links: [a-b: {name: %s}, a-b: {name: %s}]",
             name, name);
    lab = lab_try(yaml);
    assert_int_equal(lab->file->n_problems, 2);
    lab_free(lab);
}

static void addresses_on_a_link_are_of_its_ends(void **state)
{
    (void)state;
    assert_problems("nodes: {a: {}, sw: {kind: switch}, c: {}, pc: {count: 2}}\n"
                    "links:\n"
                    "  - a-sw: {addresses: {c: 10.0.0.1, sw: 10.0.0.2, x: 10.0.0.3}}\n"
                    "  - pc-sw: {addresses: {pc: 10.0.0.4}}\n"
                    "  - c-sw: {addresses: {c: 127.0.0.1}}\n",
                    "lab:3:24: no end of this link is a node named 'c'\n"
                    "lab:3:37: 'sw' is a switch and has no address\n"
                    "lab:3:51: no end of this link is a node named 'x'\n"
                    "lab:4:25: no end of this link is a node named 'pc'\n"
                    "lab:5:27: 'c' must be an address like 192.0.2.1 or 192.0.2.1/24, not "
                    "'127.0.0.1'\n");
}

static void hosts_have_one_link_and_taps_need_theirs(void **state)
{
    (void)state;
    assert_problems("nodes:\n"
                    "  pc: {count: 2}\n"
                    "  t: {kind: tap}\n"
                    "  web: {kind: web-server}\n"
                    "  a: {kind: router}\n"
                    "  b: {kind: router}\n"
                    "links: [pc-a, pc-b, web-a, web-b, a-web]\n",
                    "lab:2:3: host 'pc1' has 2 links and can have one; put a switch or router "
                    "between\n"
                    "lab:3:3: tap 't' has no link: it would lead nowhere\n"
                    "lab:4:3: web-server 'web' has 3 links and can have one; put a switch or "
                    "router between\n");
}

static void keys_of_other_kinds_are_refused(void **state)
{
    (void)state;
    assert_problems("nodes:\n"
                    "  sw: {kind: switch, address: 10.0.0.1, root: x}\n"
                    "  pc: {lan: 10.0.0.0/8}\n"
                    "  x: {kind: hub}\n",
                    "lab:4:13: 'kind' must be one of host, switch, router, home-nat, dns, "
                    "web-server, tap, not 'hub'\n");
    assert_problems("nodes:\n"
                    "  sw: {kind: switch, address: 10.0.0.1, root: x}\n"
                    "  pc: {lan: 10.0.0.0/8, wan: x, zone: y, name: z, device: d, role: "
                    "resolver, records: []}\n",
                    "lab:2:22: 'address' is for host, router, home-nat, dns, web-server, tap, and "
                    "this is a switch\n"
                    "lab:2:41: 'root' is for web-server, and this is a switch\n"
                    "lab:3:8: 'lan' is for home-nat, and this is a host\n"
                    "lab:3:25: 'wan' is for home-nat, and this is a host\n"
                    "lab:3:62: 'role' is for dns, and this is a host\n"
                    "lab:3:33: 'zone' is for dns, and this is a host\n"
                    "lab:3:78: 'records' is for dns, and this is a host\n"
                    "lab:3:42: 'name' is for web-server, and this is a host\n"
                    "lab:3:51: 'device' is for tap, and this is a host\n");
}

/* --- home routers --- */

static const char *wan_of(const struct lab *lab, const char *home)
{
    const struct lab_port *port = &lab->ports[lab->nodes[node_of(lab, home)].wan_port];
    return lab->links[port->link].name;
}

static void the_wan_side_is_written_or_leads_to_a_router(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  pc: {count: 2}\n"
                             "  r: {kind: router, count: 2}\n"
                             "  shop: {kind: web-server}\n"
                             "  h1: {kind: home-nat}\n"
                             "  h2: {kind: home-nat, wan: shop}\n"
                             "links: [pc1-h1, h1-r1, pc2-h2, h2-shop]\n");
    assert_string_equal(wan_of(lab, "h1"), "h1-r1");
    assert_string_equal(wan_of(lab, "h2"), "h2-shop");
    lab_free(lab);
    lab = lab_of("nodes: {a: {}, b: {}, h: {kind: home-nat}}\nlinks: [h-a, h-b]\n");
    assert_string_equal(wan_of(lab, "h"), "h-a");
    lab_free(lab);
    assert_problems("nodes:\n  h: {kind: home-nat, wan: b}\n  a: {}\n  b: {}\n  c: {}\n"
                    "links: [h-a, h-c]\n",
                    "lab:2:28: 'h' has no link to 'b'\n");
    assert_problems("nodes:\n  h: {kind: home-nat, wan: d}\n  a: {}\n  dd: {count: 2}\n"
                    "links: [h-a, h-dd1]\n",
                    "lab:2:28: there is no node 'd'; add it under 'nodes'\n");
    assert_problems("nodes:\n  h: {kind: home-nat, wan: dd}\n  a: {}\n  dd: {count: 2}\n"
                    "links: [h-a, h-dd1]\n",
                    "lab:2:28: 'dd' is a group; name one of dd1 ... dd2\n");
}

static void the_wan_side_is_found_behind_a_switch_or_at_another_home(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  pc: {count: 3}\n"
                             "  h: {kind: home-nat, count: 2}\n"
                             "  in: {kind: home-nat, lan: 10.0.0.0/8}\n"
                             "  sw: {kind: switch, count: 2}\n"
                             "  isp: {kind: router}\n"
                             "links: [pc1-h1, h1-sw1, pc2-sw2, h2-sw2, h2-sw1, sw1-isp, pc3-in, "
                             "in-h2]\n");
    assert_string_equal(wan_of(lab, "h1"), "h1-sw1");
    assert_string_equal(wan_of(lab, "h2"), "h2-sw1");
    assert_string_equal(wan_of(lab, "in"), "in-h2");
    lab_free(lab);
}

static void a_home_router_needs_two_sides(void **state)
{
    (void)state;
    assert_problems("nodes:\n  h: {kind: home-nat, count: 9}\n  k: {kind: home-nat}\n"
                    "  r: {kind: router}\nlinks: [h-r]\n",
                    "lab:2:3: home-nat 'h1' needs a link to its provider and one into the home\n"
                    "lab:3:3: home-nat 'k' needs a link to its provider and one into the home\n");
}

static void several_links_into_a_home_make_a_switch(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  home: {kind: home-nat}\n"
                             "  pc: {count: 2}\n"
                             "  home_lan: {}\n"
                             "  isp: {kind: router}\n"
                             "links: [pc1-home, home-isp, pc2-home, home-home_lan]\n");
    assert_nodes(lab, "home pc1 pc2 home_lan isp home_lan2");
    assert_links(lab, "pc1-home: pc1 eth0 > home_lan2 eth0\n"
                      "home-isp: home eth0 > isp eth0\n"
                      "pc2-home: pc2 eth0 > home_lan2 eth1\n"
                      "home-home_lan: home_lan2 eth2 > home_lan eth0\n"
                      "home_lan2-home: home_lan2 eth3 > home eth1\n");
    assert_true(lab->nodes[5].is_implied);
    assert_int_equal(lab->nodes[5].kind, LAB_SWITCH);
    assert_string_equal(wan_of(lab, "home"), "home-isp");
    lab_free(lab);
}

static void a_home_in_a_home_finds_its_wan_by_the_names_of_the_file(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  isp: {kind: router}\n"
                             "  outer: {kind: home-nat}\n"
                             "  inner: {kind: home-nat, wan: outer, lan: 10.0.0.0/24}\n"
                             "  pc: {count: 2}\n"
                             "links: [outer-isp, pc1-outer, inner-outer, pc2-inner]\n");
    assert_string_equal(wan_of(lab, "inner"), "inner-outer");
    assert_string_equal(address_of(lab, "inner", 0), "192.168.1.2/24");
    assert_string_equal(address_of(lab, "inner", 1), "10.0.0.1/24");
    assert_string_equal(address_of(lab, "pc2", 0), "by dhcp");
    lab_free(lab);
}

static void the_switch_of_a_home_with_a_long_name_has_a_short_one(void **state)
{
    (void)state;
    char yaml[400], name[64];
    memset(name, 'h', sizeof name);
    name[60] = '\0';
    snprintf(yaml, sizeof yaml,
             "nodes: {r: {kind: router}, %s: {kind: home-nat}, pc: {count: 2}}\n"
             "links: [%s-r, pc-%s]\n",
             name, name, name);
    struct lab *lab = lab_of(yaml);
    assert_string_equal(lab->nodes[4].name, "lan_2");
    lab_free(lab);
}

static void an_address_on_one_of_several_lan_links_is_refused(void **state)
{
    (void)state;
    assert_problems("nodes: {r: {kind: router}, h: {kind: home-nat}, pc: {count: 2}}\n"
                    "links:\n"
                    "  - h-r\n"
                    "  - pc-h: {addresses: {h: 192.168.1.7}}\n",
                    "lab:4:24: 'h' has several links into the home and one address there; write it "
                    "as its 'lan', like 192.168.1.1/24\n"
                    "lab:4:24: 'h' has several links into the home and one address there; write it "
                    "as its 'lan', like 192.168.1.1/24\n");
}

/* --- limits --- */

static void a_node_has_at_most_4096_links(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes: {pc: {count: 4096}, sw: {kind: switch}}\nlinks: [pc-sw]");
    assert_int_equal(lab->nodes[4096].n_ports, 4096);
    lab_free(lab);
    assert_problems("nodes: {pc: {count: 4097}, sw: {kind: switch}}\nlinks: [pc-sw]",
                    "lab:2:9: 'sw' has 4096 links, and a node has no more\n");
}

static void servers_that_we_add_find_no_room_at_a_full_router(void **state)
{
    (void)state;
    assert_problems("nodes:\n  pc: {count: 4095}\n  r: {kind: router}\n"
                    "  w: {kind: web-server, name: a.example}\nlinks: [pc-r, w-r]",
                    "lab: 'r' has 4096 links, and a node has no more\n");
}

static void too_many_nodes_are_one_clear_line(void **state)
{
    (void)state;
    assert_problems("nodes:\n"
                    "  a: {count: 100000}\n  b: {count: 100000}\n  c: {count: 100000}\n"
                    "  d: {count: 100000}\n  e: {count: 100000}\n  f: {count: 100000}\n"
                    "  g: {count: 100000}\n  h: {count: 100000}\n  i: {count: 100000}\n"
                    "  j: {count: 100000}\n  k: {count: 100000}\n  l: {count: 100000}\n"
                    "  m: {}\n"
                    "links: [a-m]\n",
                    "lab:12:3: a lab has at most 1048576 nodes\n");
}

static void too_many_links_are_one_clear_line(void **state)
{
    (void)state;
    assert_problems("nodes:\n"
                    "  a: {kind: router, count: 100000}\n"
                    "  b: {kind: router, count: 100000}\n"
                    "links: [a-b, a-b, a-b, a-b, a-b, a-b, a-b, a-b, a-b, a-b, a-b, a-b]\n",
                    "lab:4:59: a lab has at most 1048576 links\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_is_an_empty_lab),
        cmocka_unit_test(settings_are_read),
        cmocka_unit_test(the_folder_is_that_of_the_file),
        cmocka_unit_test(wrong_settings_are_refused),
        cmocka_unit_test(a_group_stands_for_its_members),
        cmocka_unit_test(one_of_a_group_can_be_linked),
        cmocka_unit_test(groups_and_links_that_do_not_fit_are_refused),
        cmocka_unit_test(names_of_nodes_are_plain_and_unique),
        cmocka_unit_test(names_may_have_63_characters),
        cmocka_unit_test(unknown_nodes_are_reported_with_what_was_meant),
        cmocka_unit_test(wrong_links_are_refused),
        cmocka_unit_test(link_options_have_defaults_and_limits),
        cmocka_unit_test(links_of_the_same_nodes_are_numbered),
        cmocka_unit_test(a_name_written_on_links_of_a_group_is_numbered),
        cmocka_unit_test(two_lines_cannot_claim_one_link_name),
        cmocka_unit_test(addresses_on_a_link_are_of_its_ends),
        cmocka_unit_test(hosts_have_one_link_and_taps_need_theirs),
        cmocka_unit_test(keys_of_other_kinds_are_refused),
        cmocka_unit_test(the_wan_side_is_written_or_leads_to_a_router),
        cmocka_unit_test(the_wan_side_is_found_behind_a_switch_or_at_another_home),
        cmocka_unit_test(a_home_router_needs_two_sides),
        cmocka_unit_test(several_links_into_a_home_make_a_switch),
        cmocka_unit_test(a_home_in_a_home_finds_its_wan_by_the_names_of_the_file),
        cmocka_unit_test(the_switch_of_a_home_with_a_long_name_has_a_short_one),
        cmocka_unit_test(an_address_on_one_of_several_lan_links_is_refused),
        cmocka_unit_test(a_node_has_at_most_4096_links),
        cmocka_unit_test(servers_that_we_add_find_no_room_at_a_full_router),
        cmocka_unit_test(too_many_nodes_are_one_clear_line),
        cmocka_unit_test(too_many_links_are_one_clear_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
