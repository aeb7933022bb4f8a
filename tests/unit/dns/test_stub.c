#include "dns/stub.h"

#include "support/dns_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)
#define DELAY (5 * MS)

struct fixture {
    struct fake_net *net;
    struct sockets *pc, *ns[2];
    struct dns_authority *authority[2];
    struct dns_stub *stub;
    unsigned calls;
    uint64_t called_ns;
    struct dns_answer answer;
    bool frees_stub;
};

static int set_up(void **state)
{
    static const char zone[] = "shop.example 3600 SOA ns.shop.example admin.shop.example 60\n"
                               "www.shop.example 300 CNAME web.shop.example\n"
                               "web.shop.example 200 A 203.0.113.10\n"
                               "web.shop.example 200 A 203.0.113.11\n"
                               "out.shop.example 300 CNAME elsewhere.test\n"
                               "loop.shop.example 300 CNAME loop.shop.example";
    struct fixture *f = test_calloc(1, sizeof *f);
    f->net = fake_net_new(1, DELAY);
    f->pc = fake_host_new(f->net, "pc", "192.0.2.1");
    for (int i = 0; i < 2; i++) {
        f->ns[i] = fake_host_new(f->net, "ns", i == 0 ? "192.0.2.53" : "192.0.2.54");
        assert_int_equal(dns_authority_new(f->ns[i], &f->authority[i]), STATUS_OK);
    }
    assert_int_equal(dns_authority_add_zone(f->authority[1], test_zone("shop.example", zone)),
                     STATUS_OK);
    f->stub = dns_stub_new(f->pc);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    if (f->stub) {
        dns_stub_free(f->stub);
    }
    dns_authority_free(f->authority[0]);
    dns_authority_free(f->authority[1]);
    fake_net_free(f->net);
    test_free(f);
    return 0;
}

static void use_servers(struct fixture *f, const char *first, const char *second)
{
    struct ip_addr servers[2];
    assert_true(ip_parse(first, &servers[0]));
    assert_true(!second || ip_parse(second, &servers[1]));
    dns_stub_set_servers(f->stub, servers, second ? 2 : 1);
}

static void on_answer(void *owner, const struct dns_answer *answer)
{
    struct fixture *f = owner;
    f->calls++;
    f->called_ns = fake_net_env(f->net)->now_ns;
    f->answer = *answer;
    if (f->frees_stub) {
        dns_stub_free(f->stub);
        f->stub = NULL;
    }
}

/* Looks it up, lets a minute pass, and says how it ended; *took is the time in ns. */
static enum status look_up(struct fixture *f, const char *name, uint64_t *took)
{
    uint64_t start = fake_net_env(f->net)->now_ns;
    f->calls = 0;
    dns_stub_lookup(f->stub, name, on_answer, f);
    assert_int_equal(f->calls, 0); /* never before it returns */
    fake_net_run_for(f->net, 60 * SECOND);
    assert_int_equal(f->calls, 1);
    if (took) {
        *took = f->called_ns - start;
    }
    return f->answer.status;
}

static void assert_address(const struct fixture *f, size_t index, const char *text)
{
    char buffer[IP_TEXT_SIZE];
    assert_true(index < f->answer.n_addresses);
    assert_string_equal(ip_print(f->answer.addresses[index], buffer), text);
}

static void addresses_are_found_behind_aliases(void **state)
{
    struct fixture *f = *state;
    uint64_t took;
    use_servers(f, "192.0.2.54", NULL);
    assert_int_equal(look_up(f, "WWW.shop.example", &took), STATUS_OK);
    assert_int_equal(took, 2 * DELAY);
    assert_int_equal(f->answer.n_addresses, 2);
    assert_address(f, 0, "203.0.113.10");
    assert_address(f, 1, "203.0.113.11");
    assert_int_equal(f->answer.ttl_s, 200);
    assert_true(ip_equal(f->answer.server, fake_host_address(f->ns[1])));
}

static void no_name_and_no_data_are_not_found(void **state)
{
    struct fixture *f = *state;
    use_servers(f, "192.0.2.54", NULL);
    assert_int_equal(look_up(f, "no.shop.example", NULL), STATUS_NOT_FOUND);
    assert_int_equal(f->answer.rcode, DNS_NXDOMAIN);
    assert_int_equal(look_up(f, "shop.example", NULL), STATUS_NOT_FOUND);
    assert_int_equal(f->answer.rcode, DNS_NOERROR);
    assert_int_equal(look_up(f, "out.shop.example", NULL), STATUS_NOT_FOUND);
    assert_int_equal(look_up(f, "loop.shop.example", NULL), STATUS_NOT_FOUND);
}

static void what_needs_no_server_is_answered_at_once(void **state)
{
    struct fixture *f = *state;
    uint64_t took;
    assert_int_equal(look_up(f, "192.0.2.7", &took), STATUS_OK);
    assert_int_equal(took, 0);
    assert_address(f, 0, "192.0.2.7");
    dns_stub_add_host(f->stub, "printer", ip_v4(0xc0000209));
    assert_int_equal(look_up(f, "Printer.", NULL), STATUS_OK);
    assert_address(f, 0, "192.0.2.9");
    assert_int_equal(look_up(f, "localhost", NULL), STATUS_OK);
    assert_address(f, 0, "127.0.0.1");
    assert_int_equal(look_up(f, "not..a.name", NULL), STATUS_INVALID);
    assert_int_equal(look_up(f, "www.shop.example", NULL), STATUS_UNREACHABLE); /* no server set */
    assert_int_equal(fake_net_datagrams_sent(f->net), 0);
}

static void the_next_server_is_asked_when_one_refuses_or_is_not_there(void **state)
{
    struct fixture *f = *state;
    uint64_t took;
    use_servers(f, "192.0.2.53", "192.0.2.54"); /* the first has no zones */
    assert_int_equal(look_up(f, "web.shop.example", &took), STATUS_OK);
    assert_int_equal(took, 4 * DELAY);
    use_servers(f, "192.0.2.1", "192.0.2.54"); /* the first has no server: port unreachable */
    assert_int_equal(look_up(f, "web.shop.example", &took), STATUS_OK);
    assert_int_equal(took, 4 * DELAY);
    use_servers(f, "192.0.2.53", NULL);
    assert_int_equal(look_up(f, "web.shop.example", NULL), STATUS_REFUSED);
    assert_int_equal(f->answer.rcode, DNS_REFUSED);
}

static void a_silent_server_costs_five_seconds(void **state)
{
    struct fixture *f = *state;
    uint64_t took;
    fake_host_set_down(f->ns[0], true);
    use_servers(f, "192.0.2.53", "192.0.2.54");
    assert_int_equal(look_up(f, "web.shop.example", &took), STATUS_OK);
    assert_int_equal(took, 5 * SECOND + 2 * DELAY);
    fake_host_set_down(f->ns[1], true);
    assert_int_equal(look_up(f, "web.shop.example", &took), STATUS_TIMED_OUT);
    assert_int_equal(took, 20 * SECOND); /* two servers, twice */
}

static void a_lost_query_is_sent_again(void **state)
{
    struct fixture *f = *state;
    uint64_t took;
    use_servers(f, "192.0.2.54", NULL);
    fake_net_drop_next(f->net, 1);
    assert_int_equal(look_up(f, "web.shop.example", &took), STATUS_OK);
    assert_int_equal(took, 5 * SECOND + 2 * DELAY);
}

static void a_cancelled_lookup_does_not_call_back(void **state)
{
    struct fixture *f = *state;
    use_servers(f, "192.0.2.54", NULL);
    struct dns_lookup *first = dns_stub_lookup(f->stub, "web.shop.example", on_answer, f);
    struct dns_lookup *second = dns_stub_lookup(f->stub, "localhost", on_answer, f);
    dns_lookup_cancel(first);
    dns_lookup_cancel(second);
    fake_net_run_for(f->net, 60 * SECOND);
    assert_int_equal(f->calls, 0);
}

static void the_stub_may_go_while_lookups_are_pending_or_in_the_callback(void **state)
{
    struct fixture *f = *state;
    use_servers(f, "192.0.2.54", NULL);
    dns_stub_lookup(f->stub, "web.shop.example", on_answer, f);
    dns_stub_free(f->stub);
    f->stub = dns_stub_new(f->pc);
    fake_net_run_for(f->net, 60 * SECOND);
    assert_int_equal(f->calls, 0);
    use_servers(f, "192.0.2.54", NULL);
    f->frees_stub = true;
    assert_int_equal(look_up(f, "web.shop.example", NULL), STATUS_OK);
}

/* --- forgeries --- */

struct forger {
    struct fixture *f;
    struct endpoint client; /* seen on the query */
    uint8_t query[512];
    size_t len;
    uint32_t ports[64];
    uint16_t ids[64];
    size_t n_seen;
};

/* Remembers what the stub asked and keeps it from the server. */
static void forger_on_datagram(void *owner, struct fake_datagram *datagram)
{
    struct forger *forger = owner;
    if (datagram->to.port == DNS_PORT) {
        forger->client = datagram->from;
        memcpy(forger->query, datagram->bytes, datagram->len);
        forger->len = datagram->len;
        forger->ports[forger->n_seen % 64] = datagram->from.port;
        forger->ids[forger->n_seen % 64] = (uint16_t)(datagram->bytes[0] << 8 | datagram->bytes[1]);
        forger->n_seen++;
        datagram->is_dropped = true;
    }
}

/* Answers with 203.0.113.66; each argument is a lie or the truth. */
static void forge(struct forger *forger, const char *from, uint32_t port, int id_off,
                  const char *name)
{
    struct dns_record record;
    struct dns_message response = {.is_response = true, .records = &record};
    struct dns_message query = {0};
    struct reader r = reader_of(forger->query, forger->len);
    assert_true(dns_parse(&r, &query));
    response.id = (uint16_t)(query.id + id_off);
    response.has_question = true;
    response.question = query.question;
    if (name) {
        response.question.name = test_name(name);
    }
    record = test_record("web.shop.example 300 A 203.0.113.66");
    response.count[DNS_ANSWER] = 1;
    uint8_t wire[512];
    struct writer w = writer_of(wire, sizeof wire);
    (void)dns_emit(&w, &response);
    struct endpoint source = {.port = DNS_PORT}, to = forger->client;
    assert_true(ip_parse(from, &source.addr));
    to.port = port != 0 ? port : to.port;
    fake_net_inject(forger->f->net, source, to, (struct bytes){wire, (size_t)(w.p - wire)});
}

static void forged_answers_are_dropped_and_the_true_one_still_taken(void **state)
{
    struct fixture *f = *state;
    struct forger forger = {.f = f};
    use_servers(f, "192.0.2.54", NULL);
    fake_net_set_hook(f->net, forger_on_datagram, &forger);
    dns_stub_lookup(f->stub, "web.shop.example", on_answer, f);
    forge(&forger, "192.0.2.54", 0, 1, NULL);                      /* the id */
    forge(&forger, "192.0.2.54", 0, 0, "bank.example");            /* the question */
    forge(&forger, "192.0.2.66", 0, 0, NULL);                      /* the sender */
    forge(&forger, "192.0.2.54", forger.client.port ^ 1, 0, NULL); /* the port */
    fake_net_inject(f->net, (struct endpoint){fake_host_address(f->ns[1]), DNS_PORT}, forger.client,
                    (struct bytes){forger.query, forger.len}); /* a query */
    fake_net_inject(f->net, (struct endpoint){fake_host_address(f->ns[1]), DNS_PORT}, forger.client,
                    (struct bytes){forger.query, 20}); /* half a message */
    fake_net_run_for(f->net, SECOND);
    assert_int_equal(f->calls, 0);
    assert_int_equal(test_drops(f->net, &DNS_DROP_UNEXPECTED), 3);
    assert_int_equal(test_drops(f->net, &DNS_DROP_MALFORMED), 1);
    forge(&forger, "192.0.2.54", 0, 0, NULL);
    fake_net_run_for(f->net, SECOND);
    assert_int_equal(f->calls, 1);
    assert_address(f, 0, "203.0.113.66");
}

static void ids_and_ports_differ_from_query_to_query(void **state)
{
    struct fixture *f = *state;
    struct forger forger = {.f = f};
    use_servers(f, "192.0.2.54", NULL);
    fake_net_set_hook(f->net, forger_on_datagram, &forger);
    for (int i = 0; i < 16; i++) {
        dns_lookup_cancel(dns_stub_lookup(f->stub, "web.shop.example", on_answer, f));
    }
    for (int i = 0; i < 16; i++) {
        for (int j = 0; j < i; j++) {
            assert_int_not_equal(forger.ports[i], forger.ports[j]);
            assert_int_not_equal(forger.ids[i], forger.ids[j]);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(addresses_are_found_behind_aliases),
        TEST(no_name_and_no_data_are_not_found),
        TEST(what_needs_no_server_is_answered_at_once),
        TEST(the_next_server_is_asked_when_one_refuses_or_is_not_there),
        TEST(a_silent_server_costs_five_seconds),
        TEST(a_lost_query_is_sent_again),
        TEST(a_cancelled_lookup_does_not_call_back),
        TEST(the_stub_may_go_while_lookups_are_pending_or_in_the_callback),
        TEST(forged_answers_are_dropped_and_the_true_one_still_taken),
        TEST(ids_and_ports_differ_from_query_to_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
