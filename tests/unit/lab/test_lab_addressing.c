/* Segments, subnets and addresses: who gets which, and every message about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "lab_text.h"

#include <stdio.h>
#include <string.h>

/* "198.18.0.0/24: pc1 pc2 r\n" for each segment, with "lan of NAME" and its taps. */
static void assert_segments(const struct lab *lab, const char *lines)
{
    struct text text = {0};
    for (size_t i = 0; i < lab->n_segments; i++) {
        const struct lab_segment *segment = &lab->segments[i];
        char prefix[IP_PREFIX_TEXT_SIZE];
        text_print(&text, "%s:", ip_prefix_print(segment->prefix, prefix));
        for (size_t k = 0; k < segment->n_ports; k++) {
            const struct lab_port *port = &lab->ports[segment->ports[k]];
            assert_int_equal(port->segment, i);
            text_print(&text, " %s", lab->nodes[port->node].name);
        }
        for (size_t k = 0; k < segment->n_taps; k++) {
            const struct lab_port *port = &lab->ports[segment->taps[k]];
            assert_int_equal(port->segment, LAB_NONE);
            text_print(&text, " (%s)", lab->nodes[port->node].name);
        }
        assert_int_equal(segment->is_private, segment->nat_node != LAB_NONE);
        if (segment->is_private) {
            text_print(&text, " LAN of %s", lab->nodes[segment->nat_node].name);
        }
        text_print(&text, "\n");
    }
    assert_string_equal(text_chars(&text), lines);
    text_fini(&text);
}

static void assert_leases(const struct lab *lab, const char *home, const char *first,
                          const char *last)
{
    const struct lab_node *node = &lab->nodes[node_of(lab, home)];
    char text[IP_TEXT_SIZE];
    assert_string_equal(ip_print(node->lease_first, text), first);
    assert_string_equal(ip_print(node->lease_last, text), last);
}

static void a_broadcast_goes_through_switches_and_taps(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  pc: {count: 3}\n"
                             "  sw: {kind: switch, count: 3}\n"
                             "  t: {kind: tap}\n"
                             "  r: {kind: router}\n"
                             "  far: {}\n"
                             "  lonely: {}\n"
                             "links: [pc1-sw1, sw1-sw2, sw2-sw3, pc2-sw3, t-sw2, sw3-r, r-far]\n");
    assert_segments(lab, "198.18.0.0/24: pc1 pc2 r (t)\n"
                         "198.18.1.0/24: r far\n");
    assert_string_equal(address_of(lab, "pc1", 0), "198.18.0.10/24");
    assert_string_equal(address_of(lab, "pc2", 0), "198.18.0.11/24");
    assert_string_equal(address_of(lab, "r", 0), "198.18.0.1/24");
    assert_string_equal(address_of(lab, "r", 1), "198.18.1.1/24");
    assert_string_equal(address_of(lab, "far", 0), "198.18.1.10/24");
    assert_int_equal(lab_node_address(lab, node_of(lab, "far")).v4, 0xc612010a);
    assert_false(ip_is_set(lab_node_address(lab, node_of(lab, "lonely"))));
    assert_false(ip_is_set(lab_node_address(lab, node_of(lab, "sw1"))));
    lab_free(lab);
}

static void each_port_has_a_mac_of_its_own(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes: {r: {kind: router, count: 300}, sw: {kind: switch}}\n"
                             "links: [r-sw, r1-r2]\n");
    const struct mac_addr r1 = {{2, 0, 0, 1, 0, 0}}, r1_1 = {{2, 0, 0, 1, 0, 1}};
    const struct mac_addr r300 = {{2, 0, 1, 0x2c, 0, 0}};
    assert_true(mac_equal(lab->ports[lab->nodes[0].ports[0]].mac, r1));
    assert_true(mac_equal(lab->ports[lab->nodes[0].ports[1]].mac, r1_1));
    assert_true(mac_equal(lab->ports[lab->nodes[299].ports[0]].mac, r300));
    lab_free(lab);
}

static void two_routers_get_a_30_and_everybody_else_a_24(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  a: {kind: router}\n  b: {kind: router}\n  h: {kind: home-nat}\n"
                             "  pc: {}\n  web: {kind: web-server}\n"
                             "  t: {kind: tap}\n"
                             "links: [a-b, h-a, pc-h, b-web, a-b, b-t]\n");
    assert_segments(lab, "198.18.0.0/30: a b\n"
                         "198.18.0.4/30: h a\n"
                         "192.168.1.0/24: pc h LAN of h\n"
                         "198.18.1.0/24: b web\n"
                         "198.18.2.0/30: a b\n"
                         "198.18.3.0/24: b (t)\n");
    assert_string_equal(address_of(lab, "h", 0), "198.18.0.5/30");
    assert_string_equal(address_of(lab, "h", 1), "192.168.1.1/24");
    assert_string_equal(address_of(lab, "pc", 0), "by dhcp");
    assert_true(ip_equal(lab_node_address(lab, node_of(lab, "h")), ip_v4(0xc6120005)));
    lab_free(lab);
}

static void large_segments_get_large_subnets(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes: {pc: {count: 236}, sw: {kind: switch}}\nlinks: [pc-sw]");
    assert_int_equal(lab->segments[0].prefix.len, 24);
    assert_string_equal(address_of(lab, "pc236", 0), "198.18.0.245/24");
    lab_free(lab);
    lab = lab_of("nodes: {pc: {count: 237}, sw: {kind: switch}}\nlinks: [pc-sw]");
    assert_int_equal(lab->segments[0].prefix.len, 23);
    lab_free(lab);
    lab = lab_of("nodes: {pc: {count: 4000}, sw: {kind: switch}}\nlinks: [pc-sw]");
    assert_string_equal(address_of(lab, "pc4000", 0), "198.18.15.169/20");
    lab_free(lab);
}

static void written_subnets_and_addresses_are_kept(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  a: {kind: router, address: 203.0.113.2}\n"
                             "  b: {kind: router}\n"
                             "  pc: {address: 10.0.0.9/8}\n"
                             "  web: {kind: web-server}\n"
                             "  sw: {kind: switch}\n"
                             "links:\n"
                             "  - a-b: {subnet: 203.0.113.0/30}\n"
                             "  - b-sw: {addresses: {b: 10.255.255.254}}\n"
                             "  - pc-sw\n"
                             "  - web-sw: {addresses: {web: 10.0.0.10/8}, subnet: 10.7.7.7/8}\n"
                             "  - a-b: {addresses: {a: 198.51.100.1/24, b: 198.51.100.77}}\n");
    assert_segments(lab, "203.0.113.0/30: a b\n"
                         "10.0.0.0/8: b pc web\n"
                         "198.51.100.0/24: a b\n");
    assert_string_equal(address_of(lab, "a", 0), "203.0.113.2/30");
    assert_string_equal(address_of(lab, "b", 0), "203.0.113.1/30");
    assert_string_equal(address_of(lab, "b", 1), "10.255.255.254/8");
    assert_string_equal(address_of(lab, "pc", 0), "10.0.0.9/8");
    assert_string_equal(address_of(lab, "web", 0), "10.0.0.10/8");
    assert_string_equal(address_of(lab, "a", 1), "198.51.100.1/24");
    assert_string_equal(address_of(lab, "b", 2), "198.51.100.77/24");
    lab_free(lab);
}

static void counting_goes_around_written_addresses(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  pc: {count: 3}\n"
                             "  fixed: {address: 10.0.0.11}\n"
                             "  r: {kind: router, count: 2}\n"
                             "  sw: {kind: switch}\n"
                             "links:\n"
                             "  - pc-sw: {subnet: 10.0.0.0/24}\n"
                             "  - r-sw\n"
                             "  - fixed-sw\n");
    assert_string_equal(address_of(lab, "pc1", 0), "10.0.0.10/24");
    assert_string_equal(address_of(lab, "pc2", 0), "10.0.0.12/24");
    assert_string_equal(address_of(lab, "pc3", 0), "10.0.0.13/24");
    assert_string_equal(address_of(lab, "r1", 0), "10.0.0.1/24");
    assert_string_equal(address_of(lab, "r2", 0), "10.0.0.2/24");
    lab_free(lab);
}

static void a_small_subnet_is_used_to_its_last_address(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes: {pc: {count: 14}, sw: {kind: switch}}\n"
                             "links: [pc-sw: {subnet: 10.0.0.16/28}]");
    assert_string_equal(address_of(lab, "pc1", 0), "10.0.0.26/28");
    assert_string_equal(address_of(lab, "pc5", 0), "10.0.0.30/28");
    assert_string_equal(address_of(lab, "pc6", 0), "10.0.0.17/28");
    assert_string_equal(address_of(lab, "pc14", 0), "10.0.0.25/28");
    lab_free(lab);
    assert_problems("nodes: {pc: {count: 15}, sw: {kind: switch}}\n"
                    "links: [pc-sw: {subnet: 10.0.0.16/28}]",
                    "lab:2:9: the subnet 10.0.0.16/28 has no address left for 'pc15'\n");
    lab = lab_of("nodes: {a: {}, b: {}}\nlinks: [a-b: {subnet: 10.0.0.4/30}]");
    assert_string_equal(address_of(lab, "a", 0), "10.0.0.5/30");
    assert_string_equal(address_of(lab, "b", 0), "10.0.0.6/30");
    lab_free(lab);
    assert_problems("nodes: {r: {kind: router, count: 3}, sw: {kind: switch}}\n"
                    "links: [r-sw: {subnet: 10.0.0.4/30}]",
                    "lab:2:9: the subnet 10.0.0.4/30 has no address left for 'r3'\n");
}

static void addresses_that_no_host_can_have_are_refused(void **state)
{
    (void)state;
    assert_problems("nodes:\n"
                    "  a: {address: 10.0.0.0}\n"
                    "  b: {address: 10.0.0.255}\n"
                    "links:\n"
                    "  - a-b: {subnet: 10.0.0.0/24}\n",
                    "lab:2:16: 10.0.0.0 cannot be a host's address in the subnet 10.0.0.0/24\n"
                    "lab:3:16: 10.0.0.255 cannot be a host's address in the subnet 10.0.0.0/24\n");
    assert_problems("nodes:\n  a: {address: 10.0.1.1}\n  b: {}\n"
                    "links:\n  - a-b: {subnet: 10.0.0.0/24}\n",
                    "lab:2:16: 10.0.1.1 cannot be a host's address in the subnet 10.0.0.0/24\n");
    assert_problems("nodes:\n  a: {address: 10.0.1.1}\n  b: {}\nlinks: [a-b]\n",
                    "lab:2:16: 10.0.1.1 cannot be a host's address in the subnet 198.18.0.0/24\n");
    assert_problems("nodes:\n"
                    "  a: {address: 224.0.0.1}\n"
                    "  b: {address: 0.1.2.3/24}\n"
                    "  c: {address: 10.0.0.1/31}\n"
                    "  d: {address: 10.0.0.1/0}\n"
                    "  e: {address: '::1'}\n"
                    "  f: {address: 255.255.255.255}\n",
                    "lab:2:16: 'address' must be an address like 192.0.2.1 or 192.0.2.1/24, not "
                    "'224.0.0.1'\n"
                    "lab:3:16: 'address' must be an address like 192.0.2.1 or 192.0.2.1/24, not "
                    "'0.1.2.3/24'\n"
                    "lab:4:16: 'address' must be an address like 192.0.2.1 or 192.0.2.1/24, not "
                    "'10.0.0.1/31'\n"
                    "lab:5:16: 'address' must be an address like 192.0.2.1 or 192.0.2.1/24, not "
                    "'10.0.0.1/0'\n"
                    "lab:6:16: 'address' must be an address like 192.0.2.1 or 192.0.2.1/24, not "
                    "'::1'\n"
                    "lab:7:16: 'address' must be an address like 192.0.2.1 or 192.0.2.1/24, not "
                    "'255.255.255.255'\n");
}

static void one_address_has_one_owner(void **state)
{
    (void)state;
    assert_problems("nodes:\n"
                    "  a: {address: 10.0.0.5/24}\n"
                    "  b: {address: 10.0.0.5}\n"
                    "  t: {kind: tap, address: 10.0.0.5}\n"
                    "  sw: {kind: switch}\n"
                    "links: [a-sw, b-sw, t-sw]\n",
                    "lab:3:16: 10.0.0.5 is the address of 'a' already\n"
                    "lab:4:27: 10.0.0.5 is the address of 'a' already\n");
    assert_problems("nodes:\n"
                    "  pc: {count: 2, address: 10.0.0.5/24}\n"
                    "  sw: {kind: switch}\n"
                    "links: [pc-sw]\n",
                    "lab:2:27: 10.0.0.5 is the address of 'pc1' already\n");
}

static void two_subnets_for_one_segment_do_not_fit(void **state)
{
    (void)state;
    assert_problems("nodes: {a: {address: 10.0.2.1/24}, b: {}, c: {}, sw: {kind: switch}}\n"
                    "links:\n"
                    "  - a-sw\n"
                    "  - b-sw: {subnet: 10.0.1.0/24}\n"
                    "  - c-sw: {subnet: 10.0.2.0/25}\n",
                    "lab:4:20: 10.0.1.0/24 does not fit: this segment's subnet is 10.0.2.0/24 "
                    "already\n"
                    "lab:5:20: 10.0.2.0/25 does not fit: this segment's subnet is 10.0.2.0/24 "
                    "already\n");
}

/* --- taps --- */

static void the_machine_behind_a_tap_has_an_address_too(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  t: {kind: tap, address: 10.0.0.10/24}\n"
                             "  u: {kind: tap}\n"
                             "  sw: {kind: switch}\n"
                             "  pc: {count: 2}\n"
                             "links:\n"
                             "  - t-sw\n"
                             "  - pc-sw\n"
                             "  - u-sw: {addresses: {u: 10.0.0.11}}\n");
    assert_segments(lab, "10.0.0.0/24: pc1 pc2 (t) (u)\n");
    assert_string_equal(address_of(lab, "pc1", 0), "10.0.0.12/24");
    assert_string_equal(address_of(lab, "t", 0), "10.0.0.10/24");
    assert_string_equal(address_of(lab, "u", 0), "10.0.0.11/24");
    lab_free(lab);
    assert_problems("nodes: {t: {kind: tap, address: 10.9.0.1}, pc: {}}\n"
                    "links: [t-pc: {subnet: 10.0.0.0/24}]",
                    "lab:1:33: 10.9.0.1 cannot be a host's address in the subnet 10.0.0.0/24\n");
}

static void the_address_of_a_tap_is_kept_on_its_own_segment_only(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  h: {kind: home-nat, count: 2}\n"
                             "  isp: {kind: router}\n"
                             "  nas: {kind: web-server, count: 2}\n"
                             "  sw: {kind: switch}\n"
                             "  t: {kind: tap, address: 192.168.1.10}\n"
                             "links: [h-isp, h1-sw, nas1-sw, t-sw, h2-nas2]\n");
    assert_string_equal(address_of(lab, "nas1", 0), "192.168.1.11/24");
    assert_string_equal(address_of(lab, "nas2", 0), "192.168.1.10/24");
    lab_free(lab);
}

/* --- loops --- */

static void loops_of_switches_are_refused(void **state)
{
    (void)state;
    assert_problems("nodes: {pc: {}, sw: {kind: switch, count: 3}}\n"
                    "links:\n  - pc-sw1\n  - sw1-sw2\n  - sw2-sw3\n  - sw3-sw1\n",
                    "lab:6:5: link 'sw3-sw1' closes a loop of switches; frames would circle for "
                    "ever\n");
    assert_problems("nodes: {pc: {}, sw: {kind: switch, count: 2}}\n"
                    "links:\n  - pc-sw1\n  - sw1-sw2\n  - sw1-sw2: {delay: 1ms}\n",
                    "lab:5:5: link 'sw1-sw2_2' closes a loop of switches; frames would circle for "
                    "ever\n");
    assert_problems("nodes: {a: {kind: router}, b: {kind: router}, sw: {kind: switch, count: 2}}\n"
                    "links: [a-sw1, b-sw2, sw1-sw2, a-b, sw2-sw1]\n",
                    "lab:2:37: link 'sw2-sw1' closes a loop of switches; frames would circle for "
                    "ever\n");
}

static void loops_that_no_host_is_on_are_refused_too(void **state)
{
    (void)state;
    assert_problems("nodes: {t: {kind: tap}, sw: {kind: switch, count: 2}}\n"
                    "links: [t-sw1, sw1-sw2, sw1-sw2]\n",
                    "lab:2:25: link 'sw1-sw2_2' closes a loop of switches; frames would circle for "
                    "ever\n");
    struct lab *lab = lab_of("nodes: {t: {kind: tap, count: 2}, sw: {kind: switch, count: 2}}\n"
                             "links: [t1-sw1, sw1-sw2, t2-sw2]\n");
    assert_int_equal(lab->n_segments, 0);
    lab_free(lab);
}

static void a_loop_of_routers_is_none(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes: {r: {kind: router, count: 3}, sw: {kind: switch}}\n"
                             "links: [r1-r2, r2-r3, r3-r1, r-sw]\n");
    assert_int_equal(lab->n_segments, 4);
    lab_free(lab);
}

/* --- the pool --- */

static void the_pool_goes_around_what_the_file_uses(void **state)
{
    (void)state;
    struct lab *lab = lab_of("pool: 10.0.0.0/16\n"
                             "nodes: {a: {kind: router}, pc: {count: 6}, h: {kind: home-nat}, "
                             "x: {}}\n"
                             "links:\n"
                             "  - pc1-a\n"
                             "  - pc2-a: {subnet: 10.0.1.0/25}\n"
                             "  - pc3-a\n"
                             "  - pc4-a: {subnet: 10.0.3.0/24}\n"
                             "  - pc5-a: {subnet: 10.0.4.128/30}\n"
                             "  - h-a: {subnet: 10.1.0.0/24}\n"
                             "  - x-h: {subnet: 10.0.5.0/24}\n"
                             "  - pc6-a\n");
    assert_segments(lab, "10.0.0.0/24: pc1 a\n"
                         "10.0.1.0/25: pc2 a\n"
                         "10.0.2.0/24: pc3 a\n"
                         "10.0.3.0/24: pc4 a\n"
                         "10.0.4.128/30: pc5 a\n"
                         "10.1.0.0/24: h a\n"
                         "10.0.5.0/24: x h LAN of h\n"
                         "10.0.6.0/24: pc6 a\n");
    lab_free(lab);
}

static void the_pool_can_be_exhausted(void **state)
{
    (void)state;
    struct lab *lab = lab_of("pool: 10.0.0.0/23\n"
                             "nodes: {a: {kind: router}, pc: {count: 2}}\nlinks: [pc-a]\n");
    assert_string_equal(address_of(lab, "pc2", 0), "10.0.1.10/24");
    lab_free(lab);
    assert_problems("pool: 10.0.0.0/23\n"
                    "nodes: {a: {kind: router}, pc: {count: 3}}\nlinks: [pc-a]\n",
                    "lab:1:7: the pool of addresses is too small for this lab; set a larger "
                    "'pool'\n");
    assert_problems("nodes: {a: {kind: router}, pc: {count: 513}}\nlinks: [pc-a]\n",
                    "lab: the pool of addresses is too small for this lab; set a larger 'pool'\n");
    assert_problems("pool: 223.255.255.252/30\n"
                    "nodes: {a: {kind: router, count: 3}}\nlinks: [a1-a2, a2-a3]\n",
                    "lab:1:7: the pool of addresses is too small for this lab; set a larger "
                    "'pool'\n");
}

static void subnets_outside_homes_do_not_overlap(void **state)
{
    (void)state;
    assert_problems("nodes: {r: {kind: router}, pc: {count: 3}}\n"
                    "links:\n"
                    "  - pc1-r: {subnet: 10.0.1.0/24}\n"
                    "  - pc2-r: {subnet: 10.0.0.0/16}\n"
                    "  - pc3-r: {addresses: {pc3: 10.0.1.77/30}}\n",
                    "lab:4:21: subnet 10.0.0.0/16 overlaps 10.0.1.0/24 of link 'pc1-r'; a route "
                    "could only lead to one\n"
                    "lab:5:30: subnet 10.0.1.76/30 overlaps 10.0.0.0/16 of link 'pc2-r'; a route "
                    "could only lead to one\n");
    assert_problems("nodes: {r: {kind: router}, pc: {count: 2, address: 10.0.0.5/24}}\n"
                    "links: [pc-r]\n",
                    "lab:1:52: subnet 10.0.0.0/24 overlaps 10.0.0.0/24 of link 'pc1-r'; a route "
                    "could only lead to one\n");
}

/* --- homes --- */

static void homes_have_the_same_private_network_unless_written(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  h: {kind: home-nat, count: 2}\n"
                             "  k: {kind: home-nat, lan: 10.20.30.254/16}\n"
                             "  isp: {kind: router}\n"
                             "  pc: {count: 3}\n"
                             "links: [h-isp, k-isp, pc1-h1, pc2-h2, pc3-k]\n");
    assert_segments(lab, "198.18.0.0/30: h1 isp\n"
                         "198.18.0.4/30: h2 isp\n"
                         "198.18.0.8/30: k isp\n"
                         "192.168.1.0/24: pc1 h1 LAN of h1\n"
                         "192.168.1.0/24: pc2 h2 LAN of h2\n"
                         "10.20.0.0/16: pc3 k LAN of k\n");
    assert_string_equal(address_of(lab, "h2", 1), "192.168.1.1/24");
    assert_string_equal(address_of(lab, "k", 1), "10.20.30.254/16");
    assert_leases(lab, "h1", "192.168.1.100", "192.168.1.249");
    assert_leases(lab, "k", "10.20.30.255", "10.20.255.249");
    lab_free(lab);
}

static void an_address_on_the_link_is_that_of_the_home_in_its_lan(void **state)
{
    (void)state;
    static const char *const FORMAT =
        "nodes:\n  h: {kind: home-nat%s}\n  isp: {kind: router}\n"
        "  pc: {}\nlinks:\n  - h-isp\n  - pc-h: {addresses: {h: %s}}\n";
    static const struct {
        const char *lan, *address, *expected;
    } CASES[] = {
        {"", "192.168.1.254", "192.168.1.254/24"},
        {"", "10.1.2.3/16", "10.1.2.3/16"},
        {", lan: 10.0.0.0/24", "10.0.0.7", "10.0.0.7/24"},
        {", lan: 10.0.0.7/24", "10.0.0.7/24", "10.0.0.7/24"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct text yaml = {0};
        text_print(&yaml, FORMAT, CASES[i].lan, CASES[i].address);
        struct lab *lab = lab_of(yaml.chars);
        char text[IP_PREFIX_TEXT_SIZE];
        assert_string_equal(address_of(lab, "h", 1), CASES[i].expected);
        assert_string_equal(ip_prefix_print(lab->nodes[0].lan, text), CASES[i].expected);
        lab_free(lab);
        text_fini(&yaml);
    }
    struct text yaml = {0};
    text_print(&yaml, FORMAT, ", lan: 10.0.0.9/24", "10.0.0.7");
    assert_problems(yaml.chars, "lab:7:27: 'h' has the address 10.0.0.9 in its LAN already\n");
    text_fini(&yaml);
}

static void wrong_lans_are_refused(void **state)
{
    (void)state;
    static const char LINKS[] = "  isp: {kind: router}\n  pc: {}\nlinks: [h-isp, pc-h]\n";
    static const struct {
        const char *lan, *problem;
    } CASES[] = {
        {"203.0.113.0/24", "lab:2:28: 'lan' must be a private network like 192.168.1.0/24 or "
                           "10.0.0.0/8, at most /30, not '203.0.113.0/24'\n"},
        {"192.168.0.0/15", "lab:2:28: 'lan' must be a private network like 192.168.1.0/24 or "
                           "10.0.0.0/8, at most /30, not '192.168.0.0/15'\n"},
        {"10.0.0.0/31", "lab:2:28: 'lan' must be a private network like 192.168.1.0/24 or "
                        "10.0.0.0/8, at most /30, not '10.0.0.0/31'\n"},
        {"10.0.0.1", "lab:2:28: 'lan' must be a private network like 192.168.1.0/24 or "
                     "10.0.0.0/8, at most /30, not '10.0.0.1'\n"},
        {"10.0.0.255/24", "lab:2:28: 10.0.0.255 cannot be a host's address in the subnet "
                          "10.0.0.0/24\n"},
        {"100.64.0.0/10", ""},
        {"172.31.255.0/24", ""},
        {"172.32.0.0/24", "lab:2:28: 'lan' must be a private network like 192.168.1.0/24 or "
                          "10.0.0.0/8, at most /30, not '172.32.0.0/24'\n"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct text yaml = {0};
        text_print(&yaml, "nodes:\n  h: {kind: home-nat, lan: %s}\n%s", CASES[i].lan, LINKS);
        assert_problems(yaml.chars, CASES[i].problem);
        text_fini(&yaml);
    }
}

static void a_lan_may_be_written_on_a_link_of_the_home(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n  h: {kind: home-nat, count: 2}\n  isp: {kind: router}\n"
                             "  pc: {count: 3}\n  nas: {kind: web-server}\n"
                             "links:\n"
                             "  - h-isp\n"
                             "  - pc1-h1: {subnet: 10.3.0.0/24}\n"
                             "  - pc2-h2\n"
                             "  - pc3-h2\n"
                             "  - nas-h2: {addresses: {nas: 10.4.0.9/16}}\n");
    assert_string_equal(address_of(lab, "h1", 1), "10.3.0.1/24");
    assert_string_equal(address_of(lab, "h2", 1), "10.4.0.1/16");
    assert_string_equal(address_of(lab, "nas", 0), "10.4.0.9/16");
    assert_leases(lab, "h1", "10.3.0.100", "10.3.0.249");
    lab_free(lab);
    assert_problems("nodes: {h: {kind: home-nat}, isp: {kind: router}, pc: {}}\n"
                    "links:\n  - h-isp\n  - pc-h: {subnet: 203.0.113.0/24}\n",
                    "lab:4:20: 203.0.113.0/24 is the LAN of 'h' and must be private, like "
                    "192.168.1.0/24 or 10.0.0.0/8\n");
    assert_problems("nodes: {h: {kind: home-nat, lan: 10.0.0.0/8}, isp: {kind: router}, pc: {}}\n"
                    "links:\n  - h-isp\n  - pc-h: {subnet: 10.0.0.0/24}\n",
                    "lab:4:20: 10.0.0.0/24 does not fit: this segment's subnet is 10.0.0.0/8 "
                    "already\n");
}

static void a_home_tells_its_sides_apart(void **state)
{
    (void)state;
    assert_problems("nodes: {h: {kind: home-nat}, sw: {kind: switch}}\nlinks: [h-sw, h-sw]\n",
                    "lab:1:9: both sides of 'h' are one network\n");
    assert_problems("nodes:\n  h: {kind: home-nat, count: 2}\n  isp: {kind: router}\n"
                    "  sw: {kind: switch}\nlinks: [h-isp, h-sw]\n",
                    "lab:2:3: 'h2' and 'h1' share one LAN\n");
    assert_problems("nodes:\n"
                    "  isp: {kind: router}\n"
                    "  outer: {kind: home-nat}\n"
                    "  inner: {kind: home-nat}\n"
                    "  pc: {}\n"
                    "links: [outer-isp, inner-outer, pc-inner]\n",
                    "lab:4:3: the LAN of 'inner', 192.168.1.0/24, overlaps its other side; set "
                    "another 'lan'\n");
    assert_problems("nodes:\n"
                    "  isp: {kind: router}\n"
                    "  h: {kind: home-nat, lan: 10.1.0.0/16}\n"
                    "  pc: {}\n"
                    "links: [h-isp: {subnet: 10.0.0.0/8}, pc-h]\n",
                    "lab:3:23: the LAN of 'h', 10.1.0.0/16, overlaps its other side; set another "
                    "'lan'\n");
}

static void a_router_inside_a_home_is_refused(void **state)
{
    (void)state;
    assert_problems("nodes:\n"
                    "  isp: {kind: router}\n"
                    "  h: {kind: home-nat, wan: isp}\n"
                    "  inner: {kind: router}\n"
                    "  pc: {}\n"
                    "links: [h-isp, h-inner, inner-pc]\n",
                    "lab:4:3: router 'inner' is in the LAN of 'h', where a home has hosts, "
                    "servers, switches and further home-nats only\n");
}

static void the_dhcp_pool_is_what_nobody_has(void **state)
{
    (void)state;
    static const struct {
        const char *lan, *nas, *first, *last;
    } CASES[] = {
        {"192.168.1.0/24", "192.168.1.10", "192.168.1.100", "192.168.1.249"},
        {"192.168.1.0/24", "192.168.1.120", "192.168.1.121", "192.168.1.249"},
        {"192.168.1.0/24", "192.168.1.240", "192.168.1.100", "192.168.1.239"},
        {"192.168.1.100/24", "192.168.1.254", "192.168.1.101", "192.168.1.249"},
        {"192.168.1.249/24", "192.168.1.250", "192.168.1.100", "192.168.1.248"},
        {"10.0.0.0/8", "10.0.0.2", "10.0.0.100", "10.255.255.249"},
        {"192.168.1.16/28", "192.168.1.30", "192.168.1.18", "192.168.1.29"},
        {"192.168.1.16/28", "192.168.1.20", "192.168.1.21", "192.168.1.30"},
        {"192.168.1.17/28", "192.168.1.24", "192.168.1.18", "192.168.1.23"},
        {"192.168.1.0/29", "192.168.1.6", "192.168.1.2", "192.168.1.5"},
        {"192.168.1.0/30", "192.168.1.2", "none", "none"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct text yaml = {0};
        text_print(&yaml,
                   "nodes:\n  h: {kind: home-nat, lan: %s}\n  isp: {kind: router}\n"
                   "  nas: {kind: web-server, address: %s}\nlinks: [h-isp, h-nas]\n",
                   CASES[i].lan, CASES[i].nas);
        struct lab *lab = lab_of(yaml.chars);
        assert_leases(lab, "h", CASES[i].first, CASES[i].last);
        lab_free(lab);
        text_fini(&yaml);
    }
}

static void a_lan_has_an_address_for_each_host_that_asks(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n  h: {kind: home-nat}\n  isp: {kind: router}\n"
                             "  pc: {count: 150}\nlinks: [h-isp, h-pc]\n");
    lab_free(lab);
    assert_problems("nodes:\n  h: {kind: home-nat}\n  isp: {kind: router}\n"
                    "  pc: {count: 151}\nlinks: [h-isp, h-pc]\n",
                    "lab:2:3: 151 hosts ask 'h' for an address, and 192.168.1.0/24 has 150 to "
                    "give; set a larger 'lan'\n");
    assert_problems("nodes:\n  h: {kind: home-nat, lan: 10.0.0.0/30}\n  isp: {kind: router}\n"
                    "  pc: {count: 2}\nlinks: [h-isp, h-pc]\n",
                    "lab:2:3: 2 hosts ask 'h' for an address, and 10.0.0.0/30 has 1 to give; set a "
                    "larger 'lan'\n");
}

static void hosts_with_a_written_address_do_not_ask(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n  h: {kind: home-nat}\n  isp: {kind: router}\n"
                             "  pc: {address: 192.168.1.150}\n  dns: {kind: dns, zone: .}\n"
                             "  other: {}\n"
                             "links: [h-isp, h-pc, h-dns, h-other]\n");
    assert_string_equal(address_of(lab, "pc", 0), "192.168.1.150/24");
    assert_string_equal(address_of(lab, "dns", 0), "192.168.1.10/24");
    assert_string_equal(address_of(lab, "other", 0), "by dhcp");
    assert_leases(lab, "h", "192.168.1.151", "192.168.1.249");
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broadcast_goes_through_switches_and_taps),
        cmocka_unit_test(each_port_has_a_mac_of_its_own),
        cmocka_unit_test(two_routers_get_a_30_and_everybody_else_a_24),
        cmocka_unit_test(large_segments_get_large_subnets),
        cmocka_unit_test(written_subnets_and_addresses_are_kept),
        cmocka_unit_test(counting_goes_around_written_addresses),
        cmocka_unit_test(a_small_subnet_is_used_to_its_last_address),
        cmocka_unit_test(addresses_that_no_host_can_have_are_refused),
        cmocka_unit_test(one_address_has_one_owner),
        cmocka_unit_test(two_subnets_for_one_segment_do_not_fit),
        cmocka_unit_test(the_machine_behind_a_tap_has_an_address_too),
        cmocka_unit_test(the_address_of_a_tap_is_kept_on_its_own_segment_only),
        cmocka_unit_test(loops_of_switches_are_refused),
        cmocka_unit_test(loops_that_no_host_is_on_are_refused_too),
        cmocka_unit_test(a_loop_of_routers_is_none),
        cmocka_unit_test(the_pool_goes_around_what_the_file_uses),
        cmocka_unit_test(the_pool_can_be_exhausted),
        cmocka_unit_test(subnets_outside_homes_do_not_overlap),
        cmocka_unit_test(homes_have_the_same_private_network_unless_written),
        cmocka_unit_test(an_address_on_the_link_is_that_of_the_home_in_its_lan),
        cmocka_unit_test(wrong_lans_are_refused),
        cmocka_unit_test(a_lan_may_be_written_on_a_link_of_the_home),
        cmocka_unit_test(a_home_tells_its_sides_apart),
        cmocka_unit_test(a_router_inside_a_home_is_refused),
        cmocka_unit_test(the_dhcp_pool_is_what_nobody_has),
        cmocka_unit_test(a_lan_has_an_address_for_each_host_that_asks),
        cmocka_unit_test(hosts_with_a_written_address_do_not_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
