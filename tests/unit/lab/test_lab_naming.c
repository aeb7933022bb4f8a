/* Names: zones and their records, servers that are added, who asks whom, and every message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "lab_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All records of a zone as one node serves it, one a line, without the SOA's numbers. */
static void assert_zone(const struct lab *lab, const char *node, const char *origin,
                        const char *lines)
{
    struct text text = {0};
    bool is_there = false;
    for (size_t i = 0; i < lab->n_zones; i++) {
        const struct lab_zone *zone = &lab->zones[i];
        char name[DNS_NAME_TEXT_SIZE];
        if (zone->node != node_of(lab, node) ||
            strcmp(dns_name_print(&zone->origin, name), origin) != 0) {
            continue;
        }
        is_there = true;
        for (size_t k = 0; k < zone->n_records; k++) {
            const struct dns_record *record = &zone->records[k];
            assert_int_equal(record->type == DNS_SOA, k == 0);
            if (k == 0) {
                text_print(&text, "SOA %s\n", dns_name_print(&record->rdata.soa.mname, name));
            } else {
                dns_record_print(&text, record);
                text_print(&text, "\n");
            }
        }
    }
    assert_true(is_there);
    assert_string_equal(text_chars(&text), lines);
    text_fini(&text);
}

static void assert_resolver(const struct lab *lab, const char *node, const char *resolver,
                            const char *address)
{
    const struct lab_node *n = &lab->nodes[node_of(lab, node)];
    char text[IP_TEXT_SIZE];
    assert_string_equal(ip_print(n->resolver, text), address);
    assert_int_equal(n->has_resolver, ip_is_set(n->resolver));
    assert_int_equal(n->resolver_node, resolver ? node_of(lab, resolver) : LAB_NONE);
}

/* --- servers that are added --- */

static void a_lab_with_names_gets_name_servers(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  pc: {}\n"
                             "  sw: {kind: switch}\n"
                             "  isp: {kind: router}\n"
                             "  dns_tld: {kind: router}\n"
                             "  shop: {kind: web-server, name: [shop.example, WWW.Shop.Example]}\n"
                             "  blog: {kind: web-server, name: my.blog.test}\n"
                             "links: [pc-sw, sw-isp, isp-shop, isp-dns_tld, blog-dns_tld]\n");
    assert_int_equal(lab->n_nodes, 10);
    assert_string_equal(lab->nodes[6].name, "dns_root");
    assert_string_equal(lab->nodes[7].name, "dns_tld2");
    assert_string_equal(lab->nodes[8].name, "dns_authority");
    assert_string_equal(lab->nodes[9].name, "dns_resolver");
    assert_true(lab->nodes[9].is_resolver && lab->nodes[9].is_implied);
    assert_string_equal(lab->links[5].name, "dns_root-isp");
    assert_string_equal(address_of(lab, "dns_root", 0), "198.18.4.10/24");
    assert_zone(lab, "dns_root", ".",
                "SOA dns_root\n"
                ". 86400 IN NS dns_root.\n"
                "dns_root. 86400 IN A 198.18.4.10\n"
                "example. 86400 IN NS dns_tld2.example.\n"
                "dns_tld2.example. 86400 IN A 198.18.5.10\n"
                "test. 86400 IN NS dns_tld2.test.\n"
                "dns_tld2.test. 86400 IN A 198.18.5.10\n");
    assert_zone(lab, "dns_tld2", "example",
                "SOA dns_tld2.example\n"
                "example. 86400 IN NS dns_tld2.example.\n"
                "dns_tld2.example. 86400 IN A 198.18.5.10\n"
                "shop.example. 86400 IN NS dns_authority.shop.example.\n"
                "dns_authority.shop.example. 86400 IN A 198.18.6.10\n");
    assert_zone(lab, "dns_authority", "shop.example",
                "SOA dns_authority.shop.example\n"
                "shop.example. 86400 IN NS dns_authority.shop.example.\n"
                "dns_authority.shop.example. 86400 IN A 198.18.6.10\n"
                "shop.example. 300 IN A 198.18.1.10\n"
                "WWW.Shop.Example. 300 IN A 198.18.1.10\n");
    assert_zone(lab, "dns_authority", "blog.test",
                "SOA dns_authority.blog.test\n"
                "blog.test. 86400 IN NS dns_authority.blog.test.\n"
                "dns_authority.blog.test. 86400 IN A 198.18.6.10\n"
                "my.blog.test. 300 IN A 198.18.3.10\n");
    assert_int_equal(lab->n_zones, 5);
    assert_int_equal(lab->n_root_servers, 1);
    assert_int_equal(lab->root_servers[0].v4, 0xc612040a);
    assert_resolver(lab, "pc", "dns_resolver", "198.18.7.10");
    assert_resolver(lab, "isp", "dns_resolver", "198.18.7.10");
    assert_resolver(lab, "shop", "dns_resolver", "198.18.7.10");
    assert_resolver(lab, "dns_root", NULL, "none");
    lab_free(lab);
}

static void a_name_of_one_label_needs_no_authority_below(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes: {sw: {kind: switch}, w: {kind: web-server, name: printer}}\n"
                             "links: [w-sw]\n");
    assert_int_equal(lab->n_nodes, 5);
    assert_int_equal(lab_find_node(lab, "dns_authority"), LAB_NONE);
    assert_zone(lab, "dns_tld", "printer",
                "SOA dns_tld.printer\n"
                "printer. 86400 IN NS dns_tld.printer.\n"
                "dns_tld.printer. 86400 IN A 198.18.0.12\n"
                "printer. 300 IN A 198.18.0.10\n");
    lab_free(lab);
}

static void labs_without_names_or_with_name_servers_get_none(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes: {r: {kind: router}, w: {kind: web-server}}\nlinks: [w-r]\n");
    assert_int_equal(lab->n_nodes, 2);
    assert_resolver(lab, "w", NULL, "none");
    lab_free(lab);
    lab = lab_of("nodes:\n  r: {kind: router}\n  w: {kind: web-server, name: a.test}\n"
                 "  d: {kind: dns, zone: test}\nlinks: [w-r, d-r]\n");
    assert_int_equal(lab->n_nodes, 3);
    assert_int_equal(lab->n_root_servers, 0);
    lab_free(lab);
}

static void names_need_a_place_for_their_servers(void **state)
{
    (void)state;
    assert_problems("nodes:\n  w: {kind: web-server, name: a.test}\n  pc: {}\nlinks: [w-pc]\n",
                    "lab:2:25: names need name servers, and there is no router or switch to attach "
                    "them to; add one, or leave out 'name'\n");
}

/* --- zones of the file --- */

static void each_zone_is_delegated_by_the_nearest_above(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  r: {kind: router}\n"
                             "  root: {kind: dns, zone: .}\n"
                             "  deep: {kind: dns, zone: [a.b.c.test, Test]}\n"
                             "links:\n"
                             "  - root-r: {subnet: 10.0.0.0/24}\n"
                             "  - deep-r: {subnet: 10.0.1.0/24}\n");
    assert_zone(lab, "root", ".",
                "SOA root\n"
                ". 86400 IN NS root.\n"
                "root. 86400 IN A 10.0.0.10\n"
                "Test. 86400 IN NS deep.Test.\n"
                "deep.Test. 86400 IN A 10.0.1.10\n");
    assert_zone(lab, "deep", "Test",
                "SOA deep.Test\n"
                "a.b.c.test. 86400 IN NS deep.a.b.c.test.\n"
                "deep.a.b.c.test. 86400 IN A 10.0.1.10\n"
                "Test. 86400 IN NS deep.Test.\n"
                "deep.Test. 86400 IN A 10.0.1.10\n");
    lab_free(lab);
}

static void a_zone_without_a_parent_is_delegated_by_the_root(void **state)
{
    (void)state;
    struct lab *lab =
        lab_of("nodes:\n  r: {kind: router}\n  root: {kind: dns, zone: .}\n"
               "  shop: {kind: dns, zone: shop.test}\n"
               "links: [root-r: {subnet: 10.0.0.0/24}, shop-r: {subnet: 10.0.1.0/24}]\n");
    assert_zone(lab, "root", ".",
                "SOA root\n"
                ". 86400 IN NS root.\n"
                "root. 86400 IN A 10.0.0.10\n"
                "shop.test. 86400 IN NS shop.shop.test.\n"
                "shop.shop.test. 86400 IN A 10.0.1.10\n");
    lab_free(lab);
}

static void servers_of_one_zone_have_the_same_records(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  r: {kind: router}\n"
                             "  root: {kind: dns, zone: ., count: 2}\n"
                             "  ns: {kind: dns, zone: [test, TEST], count: 2}\n"
                             "  ns3: {kind: dns, zone: Test, records: [www A 192.0.2.1]}\n"
                             "  w: {kind: web-server, name: a.test, count: 2}\n"
                             "links:\n"
                             "  - root1-r: {subnet: 10.0.1.0/24}\n"
                             "  - root2-r: {subnet: 10.0.2.0/24}\n"
                             "  - ns1-r: {subnet: 10.0.3.0/24}\n"
                             "  - ns2-r: {subnet: 10.0.4.0/24}\n"
                             "  - ns3-r: {subnet: 10.0.5.0/24}\n"
                             "  - w1-r: {subnet: 10.0.6.0/24}\n"
                             "  - w2-r: {subnet: 10.0.7.0/24}\n");
    static const char ZONE[] = "SOA ns1.test\n"
                               "test. 86400 IN NS ns1.test.\n"
                               "ns1.test. 86400 IN A 10.0.3.10\n"
                               "test. 86400 IN NS ns2.test.\n"
                               "ns2.test. 86400 IN A 10.0.4.10\n"
                               "Test. 86400 IN NS ns3.Test.\n"
                               "ns3.Test. 86400 IN A 10.0.5.10\n"
                               "www.Test. 300 IN A 192.0.2.1\n"
                               "a.test. 300 IN A 10.0.6.10\n"
                               "a.test. 300 IN A 10.0.7.10\n";
    assert_int_equal(lab->n_zones, 5);
    assert_zone(lab, "ns1", "test", ZONE);
    assert_zone(lab, "ns2", "test", ZONE);
    assert_zone(lab, "ns3", "Test", ZONE);
    assert_zone(lab, "root2", ".",
                "SOA root1\n"
                ". 86400 IN NS root1.\n"
                "root1. 86400 IN A 10.0.1.10\n"
                ". 86400 IN NS root2.\n"
                "root2. 86400 IN A 10.0.2.10\n"
                "test. 86400 IN NS ns1.test.\n"
                "ns1.test. 86400 IN A 10.0.3.10\n"
                "test. 86400 IN NS ns2.test.\n"
                "ns2.test. 86400 IN A 10.0.4.10\n"
                "Test. 86400 IN NS ns3.Test.\n"
                "ns3.Test. 86400 IN A 10.0.5.10\n");
    assert_int_equal(lab->n_root_servers, 2);
    assert_int_equal(lab->root_servers[1].v4, 0x0a00020a);
    lab_free(lab);
}

static void records_of_every_type_are_read(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  r: {kind: router}\n"
                             "  d:\n"
                             "    kind: dns\n"
                             "    zone: [site.test, sub.site.test]\n"
                             "    records:\n"
                             "      - www CNAME site.test.\n"
                             "      - '@ A 192.0.2.1'\n"
                             "      - '@   MX  10   mail'\n"
                             "      - \"mail\\tA\\t192.0.2.2\"\n"
                             "      - x.y PTR @\n"
                             "      - note TXT \"several words\"\n"
                             "      - note2 TXT several words\n"
                             "      - deep.sub a 192.0.2.3\n"
                             "      - other.site.test. NS ns.elsewhere.\n"
                             "      - '* A 192.0.2.4'\n"
                             "links: [d-r: {subnet: 10.0.0.0/24}]\n");
    assert_zone(lab, "d", "site.test",
                "SOA d.site.test\n"
                "site.test. 86400 IN NS d.site.test.\n"
                "d.site.test. 86400 IN A 10.0.0.10\n"
                "sub.site.test. 86400 IN NS d.sub.site.test.\n"
                "d.sub.site.test. 86400 IN A 10.0.0.10\n"
                "www.site.test. 300 IN CNAME site.test.\n"
                "site.test. 300 IN A 192.0.2.1\n"
                "site.test. 300 IN MX 10 mail.site.test.\n"
                "mail.site.test. 300 IN A 192.0.2.2\n"
                "x.y.site.test. 300 IN PTR site.test.\n"
                "note.site.test. 300 IN TXT \"several words\"\n"
                "note2.site.test. 300 IN TXT \"several words\"\n"
                "other.site.test. 300 IN NS ns.elsewhere.\n"
                "*.site.test. 300 IN A 192.0.2.4\n");
    assert_zone(lab, "d", "sub.site.test",
                "SOA d.sub.site.test\n"
                "sub.site.test. 86400 IN NS d.sub.site.test.\n"
                "d.sub.site.test. 86400 IN A 10.0.0.10\n"
                "deep.sub.site.test. 300 IN A 192.0.2.3\n");
    lab_free(lab);
}

static void names_in_the_root_zone_are_absolute(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes: {r: {kind: router}, d: {kind: dns, zone: ., records: "
                             "[www A 192.0.2.1, x MX 1 www]}}\n"
                             "links: [d-r: {subnet: 10.0.0.0/24}]\n");
    assert_zone(lab, "d", ".",
                "SOA d\n"
                ". 86400 IN NS d.\n"
                "d. 86400 IN A 10.0.0.10\n"
                "www. 300 IN A 192.0.2.1\n"
                "x. 300 IN MX 1 www.\n");
    lab_free(lab);
}

static void what_is_no_record_is_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "www",
        "www A",
        "www A 1.2.3",
        "www A ::1",
        "www A 192.0.2.1 192.0.2.2",
        "www AAAA ::1",
        "www CNAME",
        "www CNAME a b",
        "www CNAME a b.",
        "www CNAME a..b",
        "www MX mail",
        "www MX 10",
        "www MX -1 mail",
        "www MX 65536 mail",
        "www MX 99999999 mail",
        "www SOA a b 1 2 3 4 5",
        "www IN A 192.0.2.1",
        "a..b A 192.0.2.1",
        "",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct text yaml = {0}, expected = {0};
        text_print(&yaml,
                   "nodes:\n  d: {kind: dns, zone: ., records: ['%s']}\n  sw: {kind: switch}\n"
                   "links: [d-sw]\n",
                   BAD[i]);
        text_print(&expected,
                   "lab:2:37: '%s' is not a record; write 'NAME TYPE DATA' with A, NS, CNAME, PTR, "
                   "MX or TXT, such as 'www CNAME site.test.'\n",
                   BAD[i]);
        assert_problems(yaml.chars, expected.chars);
        text_fini(&yaml);
        text_fini(&expected);
    }
}

static void long_texts_and_names_are_refused(void **state)
{
    (void)state;
    char word[300];
    memset(word, 'a', sizeof word);
    word[255] = '\0';
    struct text yaml = {0};
    static const char *const FORMAT = "nodes: {d: {kind: dns, zone: test, records: [x TXT %s]}, "
                                      "sw: {kind: switch}}\nlinks: [d-sw]\n";
    text_print(&yaml, FORMAT, word);
    struct lab *lab = lab_of(yaml.chars);
    assert_int_equal(lab->zones[0].records[3].rdata.raw.len, 256);
    lab_free(lab);
    word[255] = 'a';
    word[256] = '\0';
    text_clear(&yaml);
    text_print(&yaml, FORMAT, word);
    lab = lab_try(yaml.chars);
    assert_int_equal(lab->file->n_problems, 1);
    lab_free(lab);
    text_fini(&yaml);
}

static void records_that_cannot_stand_together_are_refused(void **state)
{
    (void)state;
    assert_problems("nodes:\n"
                    "  r: {kind: router}\n"
                    "  d:\n"
                    "    kind: dns\n"
                    "    zone: test\n"
                    "    records:\n"
                    "      - a CNAME b\n"
                    "      - '@ CNAME b'\n"
                    "      - d CNAME b\n"
                    "  w: {kind: web-server, name: [ok.test, a.test]}\n"
                    "links: [d-r, w-r]\n",
                    "lab:8:9: 'test' has other records in zone 'test', and a CNAME stands alone\n"
                    "lab:9:9: 'd.test' has other records in zone 'test', and a CNAME stands "
                    "alone\n"
                    "lab:10:41: 'a.test' has other records in zone 'test', and a CNAME stands "
                    "alone\n");
}

static void too_many_records_of_one_name_are_refused(void **state)
{
    (void)state;
    struct lab *lab = lab_try("pool: 10.0.0.0/8\n"
                              "nodes: {r: {kind: router}, w: {kind: web-server, count: 1025, name: "
                              "a.test}, d: {kind: dns, zone: test}}\n"
                              "links: [d-r, w-r]\n");
    assert_string_equal(text_chars(&lab->file->problems),
                        "lab:2:69: 'a.test' has too many records in zone 'test'\n");
    lab_free(lab);
}

static void names_outside_every_zone_are_refused(void **state)
{
    (void)state;
    assert_problems("nodes:\n"
                    "  r: {kind: router}\n"
                    "  d: {kind: dns, zone: test, records: [www.example. A 192.0.2.1]}\n"
                    "  w: {kind: web-server, name: [w.test, w.example]}\n"
                    "links: [d-r, w-r]\n",
                    "lab:3:40: its name is in no zone of the lab\n"
                    "lab:4:40: no dns node serves a zone that 'w.example' belongs to\n");
}

static void wrong_dns_nodes_are_refused(void **state)
{
    (void)state;
    assert_problems("nodes:\n"
                    "  a: {kind: dns, role: authority}\n"
                    "  b: {kind: dns, role: resolver, zone: test}\n"
                    "  c: {kind: dns, records: [www A 192.0.2.1]}\n"
                    "  d: {kind: dns, zone: []}\n",
                    "lab:2:3: an authority needs a 'zone'\n"
                    "lab:3:34: a resolver has no zones of its own; make another dns node for "
                    "them\n"
                    "lab:4:18: 'records' are in a zone: say which in 'zone'\n"
                    "lab:5:3: an authority needs a 'zone'\n");
    assert_problems("nodes:\n  a: {kind: dns, zone: test}\n",
                    "lab:2:3: dns node 'a' has no link\n");
    assert_problems("nodes:\n  a: {kind: dns}\n  sw: {kind: switch}\nlinks: [a-sw]\n",
                    "lab:2:3: resolver 'a' has nowhere to start: no dns node serves '.'\n");
    assert_problems("nodes:\n  sw: {kind: switch}\n  w: {kind: web-server, name: a.test}\n",
                    "lab:3:3: 'w' has names but no link\n");
    assert_problems("nodes:\n  sw: {kind: switch}\n  w: {kind: web-server, name: [., a..b]}\n",
                    "lab:3:32: each of 'name' must be a domain name like site.test, not '.'\n"
                    "lab:3:35: each of 'name' must be a domain name like site.test, not "
                    "'a..b'\n");
}

static void a_zone_has_room_for_the_name_of_its_server(void **state)
{
    (void)state;
    struct text yaml = {0};
    char label[64];
    memset(label, 'z', 63);
    label[63] = '\0';
    text_print(&yaml,
               "nodes:\n  sw: {kind: switch}\n  d: {kind: dns, zone: %s.%s.%s.%.61s}\n"
               "links: [d-sw]\n",
               label, label, label, label);
    struct lab *lab = lab_try(yaml.chars);
    assert_int_equal(lab->file->n_problems, 1);
    assert_non_null(strstr(lab->file->problems.chars,
                           "' has no room for the name of its server 'd' in front\n"));
    lab_free(lab);
    text_fini(&yaml);
}

/* --- who asks whom --- */

static void a_resolver_is_written_as_node_or_address(void **state)
{
    (void)state;
    struct lab *lab = lab_of("nodes:\n"
                             "  root: {kind: dns, zone: .}\n"
                             "  r1: {kind: dns}\n  r2: {kind: dns}\n"
                             "  a: {}\n"
                             "  b: {resolver: r2}\n"
                             "  c: {resolver: 192.0.2.53}\n"
                             "  lonely: {}\n"
                             "  sw: {kind: switch}\n"
                             "links: [root-sw, r1-sw, r2-sw, a-sw, b-sw, c-sw]\n");
    assert_resolver(lab, "a", "r1", "198.18.0.11");
    assert_resolver(lab, "b", "r2", "198.18.0.12");
    assert_resolver(lab, "c", NULL, "192.0.2.53");
    assert_resolver(lab, "lonely", NULL, "none");
    assert_resolver(lab, "r1", NULL, "none");
    lab_free(lab);
}

static void what_cannot_resolve_is_refused(void **state)
{
    (void)state;
    assert_problems("nodes:\n"
                    "  root: {kind: dns, zone: .}\n"
                    "  unlinked: {kind: dns, role: resolver}\n"
                    "  sw: {kind: switch}\n"
                    "  a: {resolver: root}\n"
                    "  b: {resolver: unlinked}\n"
                    "  c: {resolver: '::1'}\n"
                    "  d: {resolver: 224.0.0.1}\n"
                    "  e: {resolver: rot}\n"
                    "  f: {resolver: sw}\n"
                    "links: [root-sw, a-sw]\n",
                    "lab:5:17: 'root' is no resolver with an address\n"
                    "lab:6:17: 'unlinked' is no resolver with an address\n"
                    "lab:7:17: '::1' is no address that a name server can have\n"
                    "lab:8:17: '224.0.0.1' is no address that a name server can have\n"
                    "lab:9:17: there is no node 'rot'; did you mean 'root'?\n"
                    "lab:10:17: 'sw' is no resolver with an address\n");
}

static const char HOME[] = "nodes:\n"
                           "  root: {kind: dns, zone: .}\n"
                           "  isp: {kind: router}\n"
                           "  h: {kind: home-nat}\n"
                           "  pc: {}\n"
                           "  nas: {kind: web-server%s}\n"
                           "  hole: {kind: dns}\n"
                           "  out: {%s}\n"
                           "%s"
                           "links: [root-isp, h-isp, pc-h, nas-h, hole-h, out-isp%s]\n";

static struct lab *home_of(const char *nas, const char *out, const char *node, const char *link)
{
    struct text yaml = {0};
    text_print(&yaml, HOME, nas, out, node, link);
    struct lab *lab = lab_try(yaml.chars);
    text_fini(&yaml);
    return lab;
}

static void a_resolver_at_home_is_for_the_home(void **state)
{
    (void)state;
    struct lab *lab = home_of("", "", "", "");
    assert_int_equal(lab->file->n_problems, 0);
    assert_resolver(lab, "nas", "hole", "192.168.1.11");
    assert_resolver(lab, "h", "hole", "192.168.1.11");
    assert_resolver(lab, "pc", NULL, "none"); /* DHCP tells it */
    assert_resolver(lab, "out", NULL, "none");
    assert_resolver(lab, "isp", NULL, "none");
    lab_free(lab);
    lab = home_of("", "", "  all: {kind: dns}\n", ", all-isp");
    assert_int_equal(lab->file->n_problems, 0);
    assert_resolver(lab, "nas", "all", "198.18.3.10");
    assert_resolver(lab, "h", "all", "198.18.3.10");
    assert_resolver(lab, "out", "all", "198.18.3.10");
    lab_free(lab);
}

static void a_home_router_resolves_inside_its_home(void **state)
{
    (void)state;
    struct lab *lab = home_of(", resolver: h", "", "", "");
    assert_int_equal(lab->file->n_problems, 0);
    assert_resolver(lab, "nas", "h", "192.168.1.1");
    lab_free(lab);
    lab = home_of("", "resolver: h", "", "");
    assert_string_equal(
        text_chars(&lab->file->problems),
        "lab:8:19: 'h' answers inside the home of 'h' only, and 'out' is outside\n");
    lab_free(lab);
    lab = home_of("", "",
                  "  k: {kind: home-nat, lan: 10.0.0.0/8, wan: h, resolver: hole}\n"
                  "  in: {kind: web-server, resolver: h}\n",
                  ", k-h, in-k");
    assert_string_equal(text_chars(&lab->file->problems), "");
    assert_resolver(lab, "in", "h", "192.168.1.1");
    assert_resolver(lab, "k", "hole", "192.168.1.11");
    lab_free(lab);
    lab = home_of("", "resolver: hole", "", "");
    assert_string_equal(text_chars(&lab->file->problems),
                        "lab:8:19: 'hole' answers inside the home of 'h' only, and 'out' is "
                        "outside\n");
    lab_free(lab);
}

static void a_thousand_zones_take_no_time(void **state)
{
    (void)state;
    struct text yaml = {0};
    text_print(&yaml, "pool: 10.0.0.0/8\nnodes:\n  r: {kind: switch}\n  d: {kind: dns, zone: [");
    for (int i = 0; i < 20000; i++) {
        text_print(&yaml, "%sz%d.test", i ? ", " : "", i);
    }
    text_print(&yaml, "]}\n  t: {kind: dns, zone: test}\nlinks: [d-r, t-r]\n");
    struct lab *lab = lab_of(yaml.chars);
    assert_int_equal(lab->n_zones, 20001);
    assert_int_equal(lab->zones[20000].n_records, 3 + 2 * 20000);
    lab_free(lab);
    text_fini(&yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lab_with_names_gets_name_servers),
        cmocka_unit_test(a_name_of_one_label_needs_no_authority_below),
        cmocka_unit_test(labs_without_names_or_with_name_servers_get_none),
        cmocka_unit_test(names_need_a_place_for_their_servers),
        cmocka_unit_test(each_zone_is_delegated_by_the_nearest_above),
        cmocka_unit_test(a_zone_without_a_parent_is_delegated_by_the_root),
        cmocka_unit_test(servers_of_one_zone_have_the_same_records),
        cmocka_unit_test(records_of_every_type_are_read),
        cmocka_unit_test(names_in_the_root_zone_are_absolute),
        cmocka_unit_test(what_is_no_record_is_refused),
        cmocka_unit_test(long_texts_and_names_are_refused),
        cmocka_unit_test(records_that_cannot_stand_together_are_refused),
        cmocka_unit_test(too_many_records_of_one_name_are_refused),
        cmocka_unit_test(names_outside_every_zone_are_refused),
        cmocka_unit_test(wrong_dns_nodes_are_refused),
        cmocka_unit_test(a_zone_has_room_for_the_name_of_its_server),
        cmocka_unit_test(a_resolver_is_written_as_node_or_address),
        cmocka_unit_test(what_cannot_resolve_is_refused),
        cmocka_unit_test(a_resolver_at_home_is_for_the_home),
        cmocka_unit_test(a_home_router_resolves_inside_its_home),
        cmocka_unit_test(a_thousand_zones_take_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
