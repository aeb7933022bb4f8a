#include "support/dns_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)
#define DELAY (5 * MS)
#define HOME "192.168.1.1"

/* Two resolvers of the ISP; they know only what their zones say, which is enough here. */
struct fixture {
    struct fake_net *net;
    struct sockets *isp[2];
    struct dns_authority *authority[2];
    struct dns_forwarder *forwarder;
    struct test_client *client, *other;
    unsigned asked;
};

static void count_queries(void *owner, struct fake_datagram *datagram)
{
    struct fixture *f = owner;
    f->asked += datagram->to.port == DNS_PORT && datagram->from.addr.v4 == 0xc0a80101;
}

static void use_upstreams(struct fixture *f, size_t count)
{
    struct ip_addr servers[] = {fake_host_address(f->isp[0]), fake_host_address(f->isp[1])};
    dns_forwarder_set_upstreams(f->forwarder, servers, count);
}

static int set_up(void **state)
{
    static const char zone[] = "shop.example 3600 SOA ns.shop.example admin.shop.example 60\n"
                               "www.shop.example 300 CNAME web.shop.example\n"
                               "web.shop.example 120 A 203.0.113.10\n"
                               "shop.example 60 MX 10 mail.shop.example\n"
                               "mail.shop.example 60 A 203.0.113.25\n";
    struct fixture *f = test_calloc(1, sizeof *f);
    f->net = fake_net_new(1, DELAY);
    for (int i = 0; i < 2; i++) {
        f->isp[i] = fake_host_new(f->net, "isp", i == 0 ? "192.0.2.53" : "192.0.2.54");
        assert_int_equal(dns_authority_new(f->isp[i], &f->authority[i]), STATUS_OK);
        assert_int_equal(dns_authority_add_zone(f->authority[i], test_zone("shop.example", zone)),
                         STATUS_OK);
    }
    assert_int_equal(dns_forwarder_new(fake_host_new(f->net, "home", HOME), &f->forwarder),
                     STATUS_OK);
    f->client = test_client_new(f->net, fake_host_new(f->net, "pc1", "192.168.1.11"));
    f->other = test_client_new(f->net, fake_host_new(f->net, "pc2", "192.168.1.12"));
    fake_net_set_hook(f->net, count_queries, f);
    use_upstreams(f, 2);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    test_client_free(f->client);
    test_client_free(f->other);
    if (f->forwarder) {
        dns_forwarder_free(f->forwarder);
    }
    dns_authority_free(f->authority[0]);
    dns_authority_free(f->authority[1]);
    fake_net_free(f->net);
    test_free(f);
    return 0;
}

static const char *ask(struct fixture *f, const char *name, const char *type, uint64_t ms)
{
    f->asked = 0;
    return test_client_try(f->client, HOME, name, type, ms);
}

static void an_answer_is_handed_on_as_it_is(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask(f, "shop.example", "MX", 1000),
                        "NOERROR aa rd\n" /* of the upstream: no RA there either */
                        "an shop.example. 60 IN MX 10 mail.shop.example.\n"
                        "ad mail.shop.example. 60 IN A 203.0.113.25\n");
    assert_int_equal(f->client->answered_ns, 4 * DELAY);
    assert_int_equal(f->asked, 1);
}

static void it_answers_from_its_cache_until_the_ttl_is_over(void **state)
{
    struct fixture *f = *state;
    ask(f, "www.shop.example", "A", 10000);
    assert_string_equal(ask(f, "WWW.shop.example", "A", 10000),
                        "NOERROR rd ra\n"
                        "an WWW.shop.example. 290 IN CNAME web.shop.example.\n"
                        "an web.shop.example. 110 IN A 203.0.113.10\n");
    assert_int_equal(f->asked, 0);
    assert_string_equal(ask(f, "web.shop.example", "A", 101000),
                        "NOERROR rd ra\nan web.shop.example. 100 IN A 203.0.113.10\n");
    assert_int_equal(f->asked, 0);
    ask(f, "www.shop.example", "A", 1000); /* the address is over */
    assert_int_equal(f->asked, 1);
}

static void denials_are_kept_as_well(void **state)
{
    struct fixture *f = *state;
    ask(f, "no.shop.example", "A", 1000);
    assert_int_equal(f->asked, 1);
    assert_string_equal(ask(f, "no.shop.example", "AAAA", 1000),
                        "NXDOMAIN rd ra\nau shop.example. 59 IN SOA ns.shop.example. "
                        "admin.shop.example. 1 7200 900 1209600 60\n");
    assert_int_equal(f->asked, 0);
}

static void the_same_question_of_many_is_asked_once(void **state)
{
    struct fixture *f = *state;
    f->asked = 0;
    test_client_ask(f->client, HOME, "www.shop.example", "A", TEST_RD);
    fake_net_run_for(f->net, MS);
    test_client_ask(f->other, HOME, "WWW.Shop.example", "A", TEST_RD);
    fake_net_run_for(f->net, SECOND);
    assert_int_equal(f->asked, 1);
    assert_int_equal(f->client->responses, 1);
    assert_string_equal(test_client_show(f->other),
                        "NOERROR aa rd\n"
                        "an WWW.Shop.example. 300 IN CNAME web.Shop.example.\n"
                        "an web.Shop.example. 120 IN A 203.0.113.10\n");
}

static void the_next_upstream_is_asked_when_one_is_silent_or_gone(void **state)
{
    struct fixture *f = *state;
    fake_host_set_down(f->isp[0], true);
    assert_memory_equal(ask(f, "web.shop.example", "A", 10000), "NOERROR", 7);
    assert_int_equal(f->client->answered_ns, 5 * SECOND + 4 * DELAY);
    fake_host_set_down(f->isp[0], false);
    dns_authority_free(f->authority[0]); /* an ICMP error instead of silence */
    uint64_t now = fake_net_env(f->net)->now_ns;
    assert_memory_equal(ask(f, "mail.shop.example", "A", 10000), "NOERROR", 7);
    assert_int_equal(f->client->answered_ns, now + 6 * DELAY);
    assert_int_equal(dns_authority_new(f->isp[0], &f->authority[0]), STATUS_OK);
    assert_memory_equal(ask(f, "www.shop.example", "A", 10000), "NOERROR", 7); /* REFUSED by one */
    assert_int_equal(f->asked, 2);
}

static void failures_are_told(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask(f, "www.other.example", "A", 1000), "REFUSED rd\n");
    assert_int_equal(f->asked, 4); /* both, twice */
    fake_host_set_down(f->isp[0], true);
    fake_host_set_down(f->isp[1], true);
    assert_string_equal(ask(f, "web.shop.example", "A", 30000), "SERVFAIL rd ra\n");
    use_upstreams(f, 0);
    assert_string_equal(ask(f, "web.shop.example", "A", 1000), "SERVFAIL rd ra\n");
    assert_int_equal(f->asked, 0);
}

static void new_upstreams_count_at_once(void **state)
{
    struct fixture *f = *state;
    use_upstreams(f, 0);
    assert_string_equal(ask(f, "web.shop.example", "A", 1000), "SERVFAIL rd ra\n");
    use_upstreams(f, 1);
    assert_memory_equal(ask(f, "web.shop.example", "A", 1000), "NOERROR", 7);
    fake_host_set_down(f->isp[0], true);
    test_client_ask(f->client, HOME, "mail.shop.example", "A", TEST_RD);
    fake_net_run_for(f->net, SECOND);
    use_upstreams(f, 0); /* while a question is open */
    fake_net_run_for(f->net, 10 * SECOND);
    assert_string_equal(test_client_show(f->client), "SERVFAIL rd ra\n");
}

static void truncated_answers_are_handed_on_and_not_kept(void **state)
{
    struct fixture *f = *state;
    struct dns_zone *zone = test_zone("big.test", "");
    for (uint32_t i = 0; i < 40; i++) {
        struct dns_record record = test_record("www.big.test 300 A 203.0.113.0");
        record.rdata.addr.v4 += i;
        assert_int_equal(dns_zone_add(zone, &record), STATUS_OK);
    }
    assert_int_equal(dns_authority_add_zone(f->authority[0], zone), STATUS_OK);
    for (int i = 0; i < 2; i++) {
        assert_memory_equal(ask(f, "www.big.test", "A", 1000), "NOERROR aa tc rd\nan", 19);
        assert_int_equal(f->asked, 1);
    }
}

static void it_may_be_freed_while_it_waits(void **state)
{
    struct fixture *f = *state;
    test_client_ask(f->client, HOME, "web.shop.example", "A", TEST_RD);
    fake_net_run_for(f->net, DELAY + MS);
    dns_forwarder_free(f->forwarder);
    f->forwarder = NULL;
    fake_net_run_for(f->net, SECOND);
    assert_int_equal(f->client->responses, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_is_handed_on_as_it_is),
        TEST(it_answers_from_its_cache_until_the_ttl_is_over),
        TEST(denials_are_kept_as_well),
        TEST(the_same_question_of_many_is_asked_once),
        TEST(the_next_upstream_is_asked_when_one_is_silent_or_gone),
        TEST(failures_are_told),
        TEST(new_upstreams_count_at_once),
        TEST(truncated_answers_are_handed_on_and_not_kept),
        TEST(it_may_be_freed_while_it_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
