#include "base/list.h"
#include "support/dns_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)
#define DELAY (5 * MS)
#define RESOLVER "192.0.2.1"

enum { ROOT1, ROOT2, EXAMPLE_TLD, TEST_TLD, SHOP1, SHOP2, CDN, EVIL, N_SERVERS };

struct fixture {
    struct fake_net *net;
    struct sockets *host[N_SERVERS], *resolver_host;
    struct dns_authority *authority[N_SERVERS];
    struct dns_resolver *resolver;
    struct test_client *client, *other;
    unsigned asked[N_SERVERS]; /* queries that reached each */
    struct trace_sink sink;
    struct text trace; /* one line per DNS event of the resolver */
};

static const char *const ADDRESSES[] = {"198.51.100.1",  "198.51.100.2", "198.51.100.53",
                                        "198.51.100.54", "203.0.113.53", "203.0.113.54",
                                        "203.0.113.80",  "203.0.113.66"};

static void add_zone(struct fixture *f, int server, const char *origin, const char *lines)
{
    struct dns_zone *zone = test_zone(origin, lines);
    assert_int_equal(dns_authority_add_zone(f->authority[server], zone), STATUS_OK);
}

static void add_zones(struct fixture *f)
{
    static const char root[] = ". 3600 SOA a.root b.root 300\n"
                               "example 3600 NS ns.nic.example\n"
                               "ns.nic.example 3600 A 198.51.100.53\n"
                               "test 3600 NS ns.nic.test\n"
                               "ns.nic.test 3600 A 198.51.100.54";
    static const char shop[] = "shop.example 3600 SOA ns1.shop.example admin.shop.example 60\n"
                               "shop.example 3600 NS ns1.shop.example\n"
                               "shop.example 3600 NS ns2.shop.example\n"
                               "ns1.shop.example 3600 A 203.0.113.53\n"
                               "ns2.shop.example 3600 A 203.0.113.54\n"
                               "www.shop.example 300 A 203.0.113.10\n"
                               "now.shop.example 0 A 203.0.113.11\n"
                               "alias.shop.example 120 CNAME edge.cdn.test\n"
                               "fleeting.shop.example 0 CNAME edge.cdn.test\n"
                               "broken.shop.example 300 CNAME no.cdn.test\n"
                               "loop.shop.example 300 CNAME loop.cdn.test\n"
                               "steal.shop.example 300 CNAME www.cdn.test";
    add_zone(f, ROOT1, ".", root);
    add_zone(f, ROOT2, ".", root);
    add_zone(f, EXAMPLE_TLD, "example",
             "example 3600 SOA ns.nic.example admin.example 300\n"
             "shop.example 3600 NS ns1.shop.example\n"
             "shop.example 3600 NS ns2.shop.example\n"
             "ns1.shop.example 600 A 203.0.113.53\n"
             "ns2.shop.example 600 A 203.0.113.54\n"
             "outside.example 3600 NS ns.cdn.test\n"  /* no glue possible */
             "lame.example 3600 NS ns.evil.example\n" /* who knows nothing of it */
             "evil.example 3600 NS ns.evil.example\n"
             "ns.evil.example 3600 A 203.0.113.66\n"
             "circle.example 3600 NS ns.circle.test\n" /* whose zone is served by ours */
             "noglue.example 3600 NS ns.noglue.example\n");
    add_zone(f, TEST_TLD, "test",
             "test 3600 SOA ns.nic.test admin.test 300\n"
             "cdn.test 3600 NS ns.cdn.test\n"
             "ns.cdn.test 3600 A 203.0.113.80\n"
             "circle.test 3600 NS ns.circle.example");
    add_zone(f, SHOP1, "shop.example", shop);
    add_zone(f, SHOP2, "shop.example", shop);
    add_zone(f, CDN, "cdn.test",
             "cdn.test 3600 SOA ns.cdn.test admin.cdn.test 60\n"
             "ns.cdn.test 3600 A 203.0.113.80\n"
             "edge.cdn.test 60 A 203.0.113.99\n"
             "www.cdn.test 60 A 203.0.113.98\n"
             "loop.cdn.test 300 CNAME loop.shop.example\n");
    add_zone(f, CDN, "outside.example",
             "outside.example 3600 SOA ns.cdn.test admin.cdn.test 60\n"
             "www.outside.example 60 A 203.0.113.97\n");
}

/* Counts the queries each server gets. */
static void count_queries(void *owner, struct fake_datagram *datagram)
{
    struct fixture *f = owner;
    for (int i = 0; i < N_SERVERS; i++) {
        if (datagram->to.port == DNS_PORT &&
            ip_equal(datagram->to.addr, fake_host_address(f->host[i]))) {
            f->asked[i]++;
        }
    }
}

static void on_trace(struct trace_sink *sink, const struct trace_event *event)
{
    struct fixture *f = container_of(sink, struct fixture, sink);
    if (strcmp(event->node_name, "resolver") == 0) {
        trace_print_summary(&f->trace, event);
        text_print(&f->trace, "\n");
    }
}

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    f->net = fake_net_new(1, DELAY);
    struct ip_addr roots[2];
    for (int i = 0; i < N_SERVERS; i++) {
        f->host[i] = fake_host_new(f->net, ADDRESSES[i], ADDRESSES[i]);
        assert_int_equal(dns_authority_new(f->host[i], &f->authority[i]), STATUS_OK);
    }
    add_zones(f);
    roots[0] = fake_host_address(f->host[ROOT1]);
    roots[1] = fake_host_address(f->host[ROOT2]);
    f->resolver_host = fake_host_new(f->net, "resolver", RESOLVER);
    assert_int_equal(dns_resolver_new(f->resolver_host, roots, 2, &f->resolver), STATUS_OK);
    f->client = test_client_new(f->net, fake_host_new(f->net, "pc1", "192.0.2.11"));
    f->other = test_client_new(f->net, fake_host_new(f->net, "pc2", "192.0.2.12"));
    fake_net_set_hook(f->net, count_queries, f);
    f->sink.on_event = on_trace;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    test_client_free(f->client);
    test_client_free(f->other);
    if (f->resolver) {
        dns_resolver_free(f->resolver);
    }
    for (int i = 0; i < N_SERVERS; i++) {
        dns_authority_free(f->authority[i]);
    }
    text_fini(&f->trace);
    fake_net_free(f->net);
    test_free(f);
    return 0;
}

static const char *ask_for(struct fixture *f, const char *name, const char *type)
{
    return test_client_try(f->client, RESOLVER, name, type, 30000);
}

static const char *ask(struct fixture *f, const char *name)
{
    return ask_for(f, name, "A");
}

/* "1.0.1.0.1.0.0.0": how many queries each server has had since the last call. */
static const char *asked(struct fixture *f)
{
    static char text[64];
    text[0] = '\0';
    for (int i = 0; i < N_SERVERS; i++) {
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%u", i > 0 ? "." : "",
                       f->asked[i]);
        f->asked[i] = 0;
    }
    return text;
}

static void it_walks_from_the_root_to_the_answer(void **state)
{
    struct fixture *f = *state;
    trace_add_sink(fake_net_trace(f->net), &f->sink);
    assert_string_equal(ask(f, "www.Shop.example"),
                        "NOERROR rd ra\nan www.Shop.example. 300 IN A 203.0.113.10\n");
    assert_int_equal(f->client->answered_ns, 8 * DELAY);
    assert_string_equal(asked(f), "1.0.1.0.1.0.0.0");
    trace_remove_sink(fake_net_trace(f->net), &f->sink);
    char expected[2000];
    (void)snprintf(
        expected, sizeof expected,
        "resolver is asked by 192.0.2.11:%u: www.Shop.example A?\n"
        "resolver asks 198.51.100.1:53: www.Shop.example A?\n"
        "resolver hears from 198.51.100.1:53: www.Shop.example A: "
        "referral to example: ask ns.nic.example at 198.51.100.53\n"
        "resolver asks 198.51.100.53:53: www.Shop.example A?\n"
        "resolver hears from 198.51.100.53:53: www.Shop.example A: "
        "referral to Shop.example: ask ns1.Shop.example at 203.0.113.53 "
        "or ns2.Shop.example at 203.0.113.54\n"
        "resolver asks 203.0.113.53:53: www.Shop.example A?\n"
        "resolver hears from 203.0.113.53:53: www.Shop.example A: 203.0.113.10 (ttl 300 s)\n"
        "resolver answers 192.0.2.11:%u: www.Shop.example A: 203.0.113.10 (ttl 300 s)\n",
        datagram_local(f->client->socket).port, datagram_local(f->client->socket).port);
    assert_string_equal(text_chars(&f->trace), expected);
}

static void what_was_learned_is_not_asked_again_until_it_expires(void **state)
{
    struct fixture *f = *state;
    ask(f, "www.shop.example"); /* and half a minute passes */
    asked(f);
    assert_string_equal(ask(f, "www.shop.example"),
                        "NOERROR rd ra\nan www.shop.example. 270 IN A 203.0.113.10\n");
    assert_string_equal(asked(f), "0.0.0.0.0.0.0.0");
    ask(f, "now.shop.example");                       /* the delegation is known */
    assert_string_equal(asked(f), "0.0.0.0.0.1.0.0"); /* to the server not known yet */
    fake_net_run_for(f->net, 300 * SECOND);
    assert_string_equal(ask(f, "www.shop.example"),
                        "NOERROR rd ra\nan www.shop.example. 300 IN A 203.0.113.10\n");
    assert_string_equal(asked(f), "0.0.0.0.1.0.0.0");
    fake_net_run_for(f->net, 600 * SECOND); /* the glue is over, its NS records are not */
    assert_string_equal(ask(f, "www.shop.example"),
                        "NOERROR rd ra\nan www.shop.example. 300 IN A 203.0.113.10\n");
    assert_string_equal(asked(f), "0.0.1.0.1.0.0.0");
}

static void records_with_a_ttl_of_zero_are_answered_but_not_kept(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask(f, "now.shop.example"),
                        "NOERROR rd ra\nan now.shop.example. 0 IN A 203.0.113.11\n");
    asked(f);
    assert_string_equal(ask(f, "now.shop.example"),
                        "NOERROR rd ra\nan now.shop.example. 0 IN A 203.0.113.11\n");
    assert_string_equal(asked(f), "0.0.0.0.0.1.0.0");
    assert_string_equal(ask(f, "fleeting.shop.example"),
                        "NOERROR rd ra\n"
                        "an fleeting.shop.example. 0 IN CNAME edge.cdn.test.\n"
                        "an edge.cdn.test. 60 IN A 203.0.113.99\n");
}

#define SOA_SHOP " IN SOA ns1.shop.example. admin.shop.example. 1 7200 900 1209600 60\n"

static void denials_are_kept_for_the_soas_minimum(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask(f, "no.shop.example"), "NXDOMAIN rd ra\nau shop.example. 60" SOA_SHOP);
    assert_string_equal(ask_for(f, "www.shop.example", "AAAA"),
                        "NOERROR rd ra\nau shop.example. 60" SOA_SHOP);
    asked(f);
    assert_string_equal(test_client_try(f->client, RESOLVER, "no.shop.example", "AAAA", 1000),
                        "NXDOMAIN rd ra\nau shop.example. 0" SOA_SHOP); /* all types; 60 s on */
    assert_string_equal(test_client_try(f->client, RESOLVER, "www.shop.example", "AAAA", 1000),
                        "NOERROR rd ra\nau shop.example. 29" SOA_SHOP);
    assert_string_equal(asked(f), "0.0.0.0.0.0.0.0");
    fake_net_run_for(f->net, 60 * SECOND);
    ask(f, "no.shop.example");
    assert_string_equal(asked(f), "0.0.0.0.1.0.0.0");
}

static void aliases_lead_to_other_zones(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask(f, "alias.shop.example"),
                        "NOERROR rd ra\n"
                        "an alias.shop.example. 119 IN CNAME edge.cdn.test.\n"
                        "an edge.cdn.test. 60 IN A 203.0.113.99\n");
    assert_string_equal(asked(f), "1.1.1.1.1.0.1.0");
    assert_string_equal(ask_for(f, "alias.shop.example", "CNAME"),
                        "NOERROR rd ra\nan alias.shop.example. 90 IN CNAME edge.cdn.test.\n");
    assert_string_equal(ask(f, "broken.shop.example"),
                        "NXDOMAIN rd ra\n"
                        "an broken.shop.example. 299 IN CNAME no.cdn.test.\n"
                        "au cdn.test. 60 IN SOA ns.cdn.test. admin.cdn.test. 1 7200 900 1209600 60"
                        "\n");
}

static void a_loop_of_aliases_fails(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask(f, "loop.shop.example"), "SERVFAIL rd ra\n");
    assert_string_equal(asked(f), "1.1.1.1.1.0.1.0"); /* each alias was asked for once */
}

static void a_dead_server_costs_a_second_once(void **state)
{
    struct fixture *f = *state;
    fake_host_set_down(f->host[ROOT1], true);
    fake_host_set_down(f->host[SHOP1], true);
    ask(f, "www.shop.example");
    assert_string_equal(asked(f), "1.1.1.0.1.1.0.0");
    assert_int_equal(f->client->answered_ns, 2 * SECOND + 8 * DELAY);
    uint64_t now = fake_net_env(f->net)->now_ns;
    ask(f, "now.shop.example");
    assert_string_equal(asked(f), "0.0.0.0.0.1.0.0"); /* it remembers who answered */
    assert_int_equal(f->client->answered_ns, now + 4 * DELAY);
}

static void a_refused_port_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    dns_authority_free(f->authority[SHOP1]);
    ask(f, "www.shop.example");
    assert_int_equal(f->client->answered_ns, 10 * DELAY);
    assert_int_equal(dns_authority_new(f->host[SHOP1], &f->authority[SHOP1]), STATUS_OK);
    fake_net_run_for(f->net, 300 * SECOND);
    ask(f, "now.shop.example"); /* it is there again, but knows nothing: REFUSED */
    assert_string_equal(asked(f), "1.0.1.0.1.2.0.0");
}

static void all_servers_dead_is_a_failure_in_bounded_time(void **state)
{
    struct fixture *f = *state;
    fake_host_set_down(f->host[SHOP1], true);
    fake_host_set_down(f->host[SHOP2], true);
    assert_string_equal(ask(f, "www.shop.example"), "SERVFAIL rd ra\n");
    assert_string_equal(asked(f), "1.0.1.0.2.2.0.0"); /* each twice */
    /* a second each, then each twice of what a server that failed is worth */
    assert_int_equal(f->client->answered_ns, 10 * SECOND + 6 * DELAY);
    fake_host_set_down(f->host[SHOP1], false);
    fake_host_set_down(f->host[SHOP2], false);
    assert_memory_equal(ask(f, "www.shop.example"), "NOERROR", 7); /* it does not hold a grudge */
}

static void a_lame_server_is_passed_over(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask(f, "www.lame.example"), "SERVFAIL rd ra\n");
    assert_string_equal(asked(f), "1.0.1.0.0.0.0.1"); /* REFUSED: not asked twice */
}

static void servers_named_outside_their_zone_are_looked_up(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask(f, "www.outside.example"),
                        "NOERROR rd ra\nan www.outside.example. 60 IN A 203.0.113.97\n");
    assert_string_equal(asked(f), "1.1.1.1.0.0.2.0");
    assert_string_equal(ask(f, "ns.cdn.test"), /* and were answers of their own */
                        "NOERROR rd ra\nan ns.cdn.test. 3570 IN A 203.0.113.80\n");
    assert_string_equal(asked(f), "0.0.0.0.0.0.0.0");
}

static void zones_that_serve_each_other_fail_without_a_storm(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask(f, "www.circle.example"), "SERVFAIL rd ra\n");
    assert_string_equal(ask(f, "www.noglue.example"), "SERVFAIL rd ra\n");
    unsigned total = 0;
    for (int i = 0; i < N_SERVERS; i++) {
        total += f->asked[i];
    }
    assert_true(total <= 10);
}

static void the_same_question_of_many_is_asked_once(void **state)
{
    struct fixture *f = *state;
    uint16_t id = test_client_ask(f->client, RESOLVER, "www.shop.example", "A", TEST_RD);
    fake_net_run_for(f->net, 3 * MS);
    test_client_ask(f->other, RESOLVER, "WWW.shop.EXAMPLE", "A", TEST_RD);
    f->client->next_id--; /* the first asks again, with the same id */
    assert_int_equal(test_client_ask(f->client, RESOLVER, "www.shop.example", "A", TEST_RD), id);
    fake_net_run_for(f->net, SECOND);
    assert_string_equal(asked(f), "1.0.1.0.1.0.0.0");
    assert_int_equal(f->client->responses, 1);
    assert_int_equal(f->other->responses, 1);
    assert_string_equal(test_client_show(f->other),
                        "NOERROR rd ra\nan WWW.shop.EXAMPLE. 300 IN A 203.0.113.10\n");
}

static void questions_that_it_does_not_answer(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask_for(f, "www.shop.example", "ANY"), "NOTIMP rd ra\n");
    test_client_ask(f->client, RESOLVER, "www.shop.example", "A", 0);
    fake_net_run_for(f->net, SECOND);
    assert_string_equal(test_client_show(f->client), "REFUSED ra\n");
    assert_string_equal(asked(f), "0.0.0.0.0.0.0.0");
    ask(f, "www.shop.example");
    test_client_ask(f->client, RESOLVER, "www.shop.example", "A", 0); /* known by now */
    fake_net_run_for(f->net, SECOND);
    assert_memory_equal(test_client_show(f->client), "NOERROR ra\n", 11);
}

static void it_may_be_freed_while_it_resolves(void **state)
{
    struct fixture *f = *state;
    test_client_ask(f->client, RESOLVER, "www.outside.example", "A", TEST_RD);
    fake_net_run_for(f->net, 5 * DELAY + MS); /* it looks up ns.cdn.test */
    dns_resolver_free(f->resolver);
    f->resolver = NULL;
    fake_net_run_for(f->net, SECOND);
    assert_int_equal(f->client->responses, 0);
}

/* --- lies --- */

struct liar {
    struct fixture *f;
    const char *lines; /* "an www... 1 A ..." : what the shop's server answers instead */
    bool authoritative;
    uint8_t rcode;
};

/* Replaces each response of the shop's first server. */
static void lie(void *owner, struct fake_datagram *datagram)
{
    struct liar *liar = owner;
    count_queries(liar->f, datagram);
    if (!ip_equal(datagram->from.addr, fake_host_address(liar->f->host[SHOP1]))) {
        return;
    }
    struct dns_record *records = test_calloc(DNS_MAX_RECORDS, sizeof *records);
    struct dns_message response = {.records = records};
    struct reader r = reader_of(datagram->bytes, datagram->len);
    assert_true(dns_parse(&r, &response));
    memset(response.count, 0, sizeof response.count);
    response.authoritative = liar->authoritative;
    response.rcode = liar->rcode;
    for (const char *line = liar->lines; *line != '\0';) {
        enum dns_section section = line[1] == 'n'   ? DNS_ANSWER
                                   : line[1] == 'u' ? DNS_AUTHORITY
                                                    : DNS_ADDITIONAL;
        char copy[200] = "";
        size_t len = strcspn(line, "\n");
        memcpy(copy, line + 3, len - 3);
        struct dns_record record = test_record(copy);
        assert_true(dns_add_record(&response, section, &record));
        line += len + (line[len] == '\n');
    }
    struct writer w = writer_of(datagram->bytes, DNS_UDP_MAX);
    (void)dns_emit(&w, &response);
    datagram->len = (size_t)(w.p - datagram->bytes);
    test_free(records);
}

static void glue_from_outside_the_zone_is_ignored(void **state)
{
    struct fixture *f = *state;
    struct liar liar = {.f = f,
                        .lines = "au sub.shop.example 3600 NS ns.cdn.test\n"
                                 "ad ns.cdn.test 3600 A 203.0.113.66"};
    fake_net_set_hook(f->net, lie, &liar);
    ask(f, "www.sub.shop.example");
    assert_string_equal(asked(f),
                        "1.1.1.1.1.0.2.0"); /* the CDN's true server, never the evil one */
}

static void answers_about_other_zones_are_ignored(void **state)
{
    struct fixture *f = *state;
    struct liar liar = {.f = f,
                        .authoritative = true,
                        .lines = "an steal.shop.example 300 CNAME www.cdn.test\n"
                                 "an www.cdn.test 86400 A 203.0.113.66\n"
                                 "ad www.cdn.test 86400 A 203.0.113.66"};
    fake_net_set_hook(f->net, lie, &liar);
    assert_string_equal(ask(f, "steal.shop.example"),
                        "NOERROR rd ra\n"
                        "an steal.shop.example. 299 IN CNAME www.cdn.test.\n"
                        "an www.cdn.test. 60 IN A 203.0.113.98\n");
}

static void referrals_sideways_and_upwards_are_lame(void **state)
{
    struct fixture *f = *state;
    static const char *const lies[] = {
        "au . 3600 NS ns.evil.example\nad ns.evil.example 3600 A 203.0.113.66",
        "au example 3600 NS ns.evil.example\nad ns.evil.example 3600 A 203.0.113.66",
        "au shop.example 3600 NS ns.evil.example",
        "au other.shop.example 3600 NS ns.evil.example",
        "an other.shop.example 3600 A 203.0.113.66",
        "",
    };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct liar liar = {.f = f, .lines = lies[i]};
        fake_net_set_hook(f->net, lie, &liar);
        assert_memory_equal(ask(f, "www.shop.example"), "NOERROR rd ra\nan www.shop.example. 300",
                            36);
        assert_int_equal(f->asked[EVIL], 0);
        assert_int_equal(f->asked[SHOP2], i + 1);
        fake_net_run_for(f->net, 4000 * SECOND); /* all is forgotten */
    }
}

static void many_server_names_do_not_make_a_storm(void **state)
{
    struct fixture *f = *state;
    struct liar liar = {.f = f,
                        .lines = "au sub.shop.example 3600 NS a.no.test\n"
                                 "au sub.shop.example 3600 NS b.no.test\n"
                                 "au sub.shop.example 3600 NS c.no.test\n"
                                 "au sub.shop.example 3600 NS d.no.test\n"
                                 "au sub.shop.example 3600 NS e.no.test\n"
                                 "au sub.shop.example 3600 NS f.no.test\n"
                                 "au sub.shop.example 3600 NS g.no.test"};
    fake_net_set_hook(f->net, lie, &liar);
    assert_string_equal(ask(f, "www.sub.shop.example"), "SERVFAIL rd ra\n");
    assert_int_equal(f->asked[TEST_TLD], 4);
}

static void a_denial_by_the_wrong_soa_is_told_but_not_kept(void **state)
{
    struct fixture *f = *state;
    static const char *const lies[] = {
        "au example 3600 SOA ns.evil.example admin.evil.example 3600",
        "au other.shop.example 3600 SOA ns.evil.example admin.evil.example 3600",
    };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct liar liar = {.f = f, .authoritative = true, .rcode = DNS_NXDOMAIN, .lines = lies[i]};
        fake_net_set_hook(f->net, lie, &liar);
        assert_string_equal(ask(f, "www.shop.example"), "NXDOMAIN rd ra\n");
        fake_net_set_hook(f->net, count_queries, f);
        assert_memory_equal(ask(f, "www.shop.example"), "NOERROR", 7);
        fake_net_run_for(f->net, 4000 * SECOND);
    }
}

static void a_truncated_answer_is_handed_on_and_not_kept(void **state)
{
    struct fixture *f = *state;
    struct dns_zone *zone = test_zone("big.test", "");
    for (uint32_t i = 0; i < 40; i++) {
        struct dns_record record = test_record("www.big.test 300 A 203.0.113.0");
        record.rdata.addr.v4 += i;
        assert_int_equal(dns_zone_add(zone, &record), STATUS_OK);
    }
    assert_int_equal(dns_authority_add_zone(f->authority[TEST_TLD], zone), STATUS_OK);
    for (unsigned i = 1; i <= 2; i++) {
        assert_memory_equal(ask(f, "www.big.test"), "NOERROR tc rd ra\nan www.big.test. 0", 34);
        assert_int_equal(f->asked[TEST_TLD], i);
    }
}

static void two_aliases_of_one_name_are_none(void **state)
{
    struct fixture *f = *state;
    struct liar liar = {.f = f,
                        .authoritative = true,
                        .lines = "an www.shop.example 300 CNAME www.cdn.test\n"
                                 "an www.shop.example 300 CNAME edge.cdn.test"};
    fake_net_set_hook(f->net, lie, &liar);
    assert_string_equal(ask(f, "www.shop.example"), "SERVFAIL rd ra\n"); /* RFC 2181 10.1 */
}

/* Eight servers of `zone`, at addresses from 203.0.113.`first` on where nobody answers. */
static void add_dead_servers(struct dns_zone *zone, const char *name, int first)
{
    for (int i = 0; i < 8; i++) {
        char line[100];
        (void)snprintf(line, sizeof line, "%s 3600 NS ns%d.%s", name, i, name);
        struct dns_record ns = test_record(line);
        (void)snprintf(line, sizeof line, "ns%d.%s 3600 A 203.0.113.%d", i, name, first + i);
        struct dns_record glue = test_record(line);
        assert_int_equal(dns_zone_add(zone, &ns), STATUS_OK);
        assert_int_equal(dns_zone_add(zone, &glue), STATUS_OK);
    }
}

static void lose_what_goes_to_nobody(void *owner, struct fake_datagram *datagram)
{
    (void)owner;
    uint32_t host = datagram->to.addr.v4 - 0xcb007100; /* 203.0.113.0 */
    datagram->is_dropped |= host >= 100 && host < 200;
}

static void the_time_for_a_question_covers_all_that_it_leads_to(void **state)
{
    struct fixture *f = *state;
    struct dns_zone *zone = test_zone("dead.test", "dead.test 60 SOA a.test b.test 60");
    add_dead_servers(zone, "first.dead.test", 100);
    add_dead_servers(zone, "second.dead.test", 110);
    struct dns_record last = test_record("first.dead.test 3600 NS ns.second.dead.test");
    assert_int_equal(dns_zone_add(zone, &last), STATUS_OK);
    assert_int_equal(dns_authority_add_zone(f->authority[TEST_TLD], zone), STATUS_OK);
    fake_net_set_hook(f->net, lose_what_goes_to_nobody, NULL);
    assert_string_equal(ask(f, "www.first.dead.test"), "SERVFAIL rd ra\n");
    /* eight seconds for its own servers, and seven for those who serve the name of the ninth */
    assert_true(f->client->answered_ns > 15 * SECOND);
    assert_true(f->client->answered_ns < 16 * SECOND);
}

/* A server that refers every question to four servers with new names in its own zone. */
struct hydra {
    struct fixture *f;
    unsigned queries;
    unsigned names;
    struct dns_record records[DNS_MAX_RECORDS];
};

static void grow_heads(void *owner, struct fake_datagram *datagram)
{
    struct hydra *hydra = owner;
    struct fixture *f = hydra->f;
    hydra->queries += strcmp(datagram->sender, "resolver") == 0 && datagram->to.port == DNS_PORT;
    if (!ip_equal(datagram->from.addr, fake_host_address(f->host[SHOP1])) &&
        !ip_equal(datagram->from.addr, fake_host_address(f->host[SHOP2]))) {
        return;
    }
    struct dns_message response = {.records = hydra->records};
    struct reader r = reader_of(datagram->bytes, datagram->len);
    assert_true(dns_parse(&r, &response));
    memset(response.count, 0, sizeof response.count);
    response.authoritative = false;
    response.rcode = DNS_NOERROR;
    for (int i = 0; i < 4; i++) {
        char name[40];
        struct dns_record ns = {.name = response.question.name, .type = DNS_NS, .ttl_s = 60};
        (void)snprintf(name, sizeof name, "head%u.shop.example", hydra->names++);
        ns.class = DNS_CLASS_IN;
        ns.rdata.name = test_name(name);
        assert_true(dns_add_record(&response, DNS_AUTHORITY, &ns));
    }
    struct writer w = writer_of(datagram->bytes, DNS_UDP_MAX);
    (void)dns_emit(&w, &response);
    datagram->len = (size_t)(w.p - datagram->bytes);
}

static void referrals_without_end_cost_at_most_64_queries(void **state)
{
    struct fixture *f = *state;
    struct hydra *hydra = test_calloc(1, sizeof *hydra);
    hydra->f = f;
    fake_net_set_hook(f->net, grow_heads, hydra);
    assert_string_equal(ask(f, "www.shop.example"), "SERVFAIL rd ra\n");
    assert_int_equal(hydra->queries, 64);
    test_free(hydra);
}

/* Makes up records from few names, so that they meet, and adds them to random sections. */
static void make_up(struct prng *prng, struct dns_message *response)
{
    static const char *const names[] = {
        ".",    "example",     "shop.example",  "www.shop.example", "a.www.shop.example",
        "test", "ns.cdn.test", "ns.nic.example"};
    static const uint16_t types[] = {DNS_A, DNS_NS, DNS_NS, DNS_CNAME, DNS_SOA};
    memset(response->count, 0, sizeof response->count);
    response->authoritative = prng_below(prng, 2);
    response->rcode = prng_below(prng, 4) == 0 ? (uint8_t)prng_below(prng, 6) : DNS_NOERROR;
    response->truncated = prng_below(prng, 8) == 0;
    for (enum dns_section section = 0; section < DNS_SECTIONS; section++) {
        for (uint64_t n = prng_below(prng, 4); n > 0; n--) {
            struct dns_record record = {.class = DNS_CLASS_IN};
            record.name = test_name(names[prng_below(prng, 8)]);
            record.type = types[prng_below(prng, 5)];
            record.ttl_s = (uint32_t)prng_below(prng, 3) * 5;
            if (record.type == DNS_A) {
                record.rdata.addr = ip_v4(0xcb007100u + (uint32_t)prng_below(prng, 100));
            } else {
                record.rdata.name = test_name(names[prng_below(prng, 8)]);
            }
            if (record.type == DNS_SOA) {
                record.rdata.soa = (struct dns_soa){test_name("a"), test_name("b"), 1, 1, 1, 1, 9};
            }
            assert_true(dns_add_record(response, section, &record));
        }
    }
}

struct chaos {
    struct prng prng;
    unsigned queries; /* of the resolver */
    unsigned loss_percent;
    struct dns_record records[DNS_MAX_RECORDS];
};

/* Every address has a server, and what it says makes no sense. */
static void babble(void *owner, struct fake_datagram *datagram)
{
    struct chaos *chaos = owner;
    if (strcmp(datagram->sender, "resolver") == 0 && datagram->to.port == DNS_PORT) {
        chaos->queries++;
    } else if (datagram->from.port == DNS_PORT && strcmp(datagram->sender, "resolver") != 0) {
        struct dns_message response = {.records = chaos->records};
        struct reader r = reader_of(datagram->bytes, datagram->len);
        assert_true(dns_parse(&r, &response));
        make_up(&chaos->prng, &response);
        struct writer w = writer_of(datagram->bytes, DNS_UDP_MAX);
        (void)dns_emit(&w, &response);
        datagram->len = (size_t)(w.p - datagram->bytes);
        datagram->is_dropped = prng_below(&chaos->prng, 100) < chaos->loss_percent;
    }
}

static void whatever_servers_say_it_ends(void **state)
{
    struct fixture *f = *state;
    struct chaos *chaos = test_calloc(1, sizeof *chaos);
    prng_init(&chaos->prng, 1, "test", "chaos");
    fake_net_set_hook(f->net, babble, chaos);
    unsigned most = 0, useful = 0;
    for (unsigned round = 0; round < 3000; round++) {
        uint64_t now = fake_net_env(f->net)->now_ns;
        chaos->queries = 0;
        chaos->loss_percent = round % 100;
        const char *shown = ask(f, "a.www.shop.example"); /* 30 s: most is forgotten */
        assert_true(shown[0] != '\0');
        assert_true(f->client->answered_ns - now < 20 * SECOND);
        assert_true(chaos->queries <= 64);
        most = chaos->queries > most ? chaos->queries : most;
        useful += strncmp(shown, "SERVFAIL", 8) != 0;
    }
    assert_true(most > 10 && useful > 300); /* or else the test tests little */
    test_free(chaos);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_walks_from_the_root_to_the_answer),
        TEST(what_was_learned_is_not_asked_again_until_it_expires),
        TEST(records_with_a_ttl_of_zero_are_answered_but_not_kept),
        TEST(denials_are_kept_for_the_soas_minimum),
        TEST(aliases_lead_to_other_zones),
        TEST(a_loop_of_aliases_fails),
        TEST(a_dead_server_costs_a_second_once),
        TEST(a_refused_port_is_not_waited_for),
        TEST(all_servers_dead_is_a_failure_in_bounded_time),
        TEST(a_lame_server_is_passed_over),
        TEST(servers_named_outside_their_zone_are_looked_up),
        TEST(zones_that_serve_each_other_fail_without_a_storm),
        TEST(the_same_question_of_many_is_asked_once),
        TEST(questions_that_it_does_not_answer),
        TEST(it_may_be_freed_while_it_resolves),
        TEST(glue_from_outside_the_zone_is_ignored),
        TEST(answers_about_other_zones_are_ignored),
        TEST(referrals_sideways_and_upwards_are_lame),
        TEST(many_server_names_do_not_make_a_storm),
        TEST(a_denial_by_the_wrong_soa_is_told_but_not_kept),
        TEST(a_truncated_answer_is_handed_on_and_not_kept),
        TEST(two_aliases_of_one_name_are_none),
        TEST(the_time_for_a_question_covers_all_that_it_leads_to),
        TEST(referrals_without_end_cost_at_most_64_queries),
        TEST(whatever_servers_say_it_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
