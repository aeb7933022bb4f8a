#include "support/dns_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)

struct fixture {
    struct fake_net *net;
    struct dns_authority *authority;
    struct test_client *client;
};

static void add_zone(struct fixture *f, const char *origin, const char *lines)
{
    struct dns_zone *zone = test_zone(origin, lines);
    assert_int_equal(dns_authority_add_zone(f->authority, zone), STATUS_OK);
}

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    f->net = fake_net_new(1, 5 * MS);
    struct sockets *server = fake_host_new(f->net, "ns", "192.0.2.53");
    assert_int_equal(dns_authority_new(server, &f->authority), STATUS_OK);
    f->client = test_client_new(f->net, fake_host_new(f->net, "pc", "192.0.2.1"));
    add_zone(f, "example",
             "example 3600 SOA ns.example admin.example 60\n"
             "www.example 300 A 203.0.113.1\n"
             "shop.example 300 A 203.0.113.66\n");
    add_zone(f, "shop.example",
             "shop.example 3600 SOA ns.shop.example admin.shop.example 60\n"
             "shop.example 300 A 203.0.113.2");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    test_client_free(f->client);
    dns_authority_free(f->authority);
    fake_net_free(f->net);
    test_free(f);
    return 0;
}

static const char *ask(struct fixture *f, const char *name, const char *type)
{
    return test_client_try(f->client, "192.0.2.53", name, type, 100);
}

static const char *send_bytes(struct fixture *f, const char *bytes, size_t len)
{
    test_client_send(f->client, "192.0.2.53", (struct bytes){(const uint8_t *)bytes, len});
    fake_net_run_for(f->net, 100 * MS);
    return test_client_show(f->client);
}

static void the_zone_with_the_longest_origin_answers(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask(f, "www.example", "A"),
                        "NOERROR aa rd\nan www.example. 300 IN A 203.0.113.1\n");
    assert_string_equal(ask(f, "Shop.example", "A"),
                        "NOERROR aa rd\nan Shop.example. 300 IN A 203.0.113.2\n");
}

static void a_response_bears_the_id_and_the_question_as_asked(void **state)
{
    struct fixture *f = *state;
    uint16_t id = test_client_ask(f->client, "192.0.2.53", "wWw.eXample", "A", 0);
    fake_net_run_for(f->net, 100 * MS);
    assert_int_equal(f->client->wire[0] << 8 | f->client->wire[1], id);
    assert_memory_equal(f->client->wire + 12, "\3wWw\7eXample", 13);
    assert_string_equal(test_client_show(f->client),
                        "NOERROR aa\nan wWw.eXample. 300 IN A 203.0.113.1\n");
}

static void other_zones_are_refused(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask(f, "www.test", "A"), "REFUSED rd\n");
    assert_string_equal(ask(f, ".", "NS"), "REFUSED rd\n");
}

static void a_zone_of_the_same_origin_is_not_added(void **state)
{
    struct fixture *f = *state;
    struct dns_zone *again = test_zone("SHOP.example", "");
    assert_int_equal(dns_authority_add_zone(f->authority, again), STATUS_IN_USE);
    dns_zone_free(again);
}

static void edns_is_answered_with_edns_and_more_room(void **state)
{
    struct fixture *f = *state;
    struct dns_zone *zone = test_zone("big.test", "");
    for (uint32_t i = 0; i < 40; i++) {
        struct dns_record record = test_record("www.big.test 300 A 203.0.113.0");
        record.rdata.addr.v4 += i;
        assert_int_equal(dns_zone_add(zone, &record), STATUS_OK);
    }
    assert_int_equal(dns_authority_add_zone(f->authority, zone), STATUS_OK);
    test_client_ask(f->client, "192.0.2.53", "www.big.test", "A", TEST_EDNS);
    fake_net_run_for(f->net, 100 * MS);
    assert_true(f->client->len > 600 && f->client->len <= 1232);
    assert_memory_equal(test_client_show(f->client), "NOERROR aa edns\n", 16);
    test_client_ask(f->client, "192.0.2.53", "www.big.test", "A", 0);
    fake_net_run_for(f->net, 100 * MS);
    assert_true(f->client->len > 480 && f->client->len <= 512);
    assert_memory_equal(test_client_show(f->client), "NOERROR aa tc\n", 14);
}

static void an_unknown_edns_version_gets_badvers(void **state)
{
    struct fixture *f = *state;
    static const char query[] = "\0\7\0\0\0\1\0\0\0\0\0\1\3www\7example\0\0\1\0\1"
                                "\0\0\x29\x04\xd0\0\1\0\0\0\0";
    static const char opt[] = "\0\0\x29\x04\xd0\1\0\0\0\0\0";
    test_client_send(f->client, "192.0.2.53",
                     (struct bytes){(const uint8_t *)query, sizeof query - 1});
    fake_net_run_for(f->net, 100 * MS);
    assert_memory_equal(f->client->wire + f->client->len - 11, opt, 11);
    assert_string_equal(test_client_show(f->client), "NOERROR edns\n");
}

static void malformed_queries_get_formerr_and_are_counted(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(send_bytes(f, "\0\1\0\0\0\1\0\0\0\0\0\0\3ww", 15), "FORMERR\n");
    assert_string_equal(send_bytes(f, "\0\1\0\0\0\2\0\0\0\0\0\0\0\0\1\0\1\0\0\1\0\1", 22),
                        "FORMERR\n");
    assert_string_equal(send_bytes(f, "\0\1\0\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1", 18), "FORMERR\n");
    assert_int_equal(test_drops(f->net, &DNS_DROP_MALFORMED), 3);
    assert_string_equal(send_bytes(f, "\0\1\0\0\0\0\0\0\0\0\0\0", 12), "FORMERR\n");
    assert_int_equal(test_drops(f->net, &DNS_DROP_MALFORMED), 3); /* well-formed, but no question */
}

static void what_has_no_header_gets_nothing(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(send_bytes(f, "\0\1\0\0\0\1\0\0\0\0\0", 11), "");
    assert_string_equal(send_bytes(f, "", 0), "");
    assert_int_equal(test_drops(f->net, &DNS_DROP_MALFORMED), 2);
}

static void a_response_is_never_answered(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(send_bytes(f, "\0\1\x80\0\0\0\0\0\0\0\0\0", 12), "");
    assert_int_equal(test_drops(f->net, &DNS_DROP_UNEXPECTED), 1);
    assert_string_equal(send_bytes(f, "\0\1\x80\0\0\1\0\0\0\0\0\0", 12),
                        ""); /* malformed as well */
    assert_int_equal(test_drops(f->net, &DNS_DROP_MALFORMED), 1);
}

static void other_opcodes_classes_and_meta_types_are_not_served(void **state)
{
    struct fixture *f = *state;
    static const char notify[] = "\0\1\x20\0\0\1\0\0\0\0\0\0\0\0\6\0\1";
    static const char chaos[] = "\0\1\0\0\0\1\0\0\0\0\0\0\7example\0\0\1\0\3";
    assert_string_equal(send_bytes(f, notify, sizeof notify - 1), "NOTIMP\n");
    assert_int_equal(f->client->wire[2], 0x80 | 0x20); /* the opcode is copied */
    assert_string_equal(send_bytes(f, chaos, sizeof chaos - 1), "REFUSED\n");
    assert_string_equal(ask(f, "example", "TYPE252"), "NOTIMP rd\n"); /* AXFR */
}

static void the_port_is_taken_once(void **state)
{
    struct fixture *f = *state;
    struct dns_authority *second;
    struct sockets *other = fake_host_new(f->net, "ns2", "192.0.2.54");
    struct dns_authority *first;
    assert_int_equal(dns_authority_new(other, &first), STATUS_OK);
    assert_int_equal(dns_authority_new(other, &second), STATUS_IN_USE);
    dns_authority_free(first);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_zone_with_the_longest_origin_answers),
        TEST(a_response_bears_the_id_and_the_question_as_asked),
        TEST(other_zones_are_refused),
        TEST(a_zone_of_the_same_origin_is_not_added),
        TEST(edns_is_answered_with_edns_and_more_room),
        TEST(an_unknown_edns_version_gets_badvers),
        TEST(malformed_queries_get_formerr_and_are_counted),
        TEST(what_has_no_header_gets_nothing),
        TEST(a_response_is_never_answered),
        TEST(other_opcodes_classes_and_meta_types_are_not_served),
        TEST(the_port_is_taken_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
