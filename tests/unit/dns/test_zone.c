#include "support/dns_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char SOA[] = "shop.example 3600 SOA ns.shop.example admin.shop.example 300\n";
#define SOA_DENIES                                                                                 \
    "au shop.example. 300 IN SOA ns.shop.example. admin.shop.example. 1 7200 900 1209600 300\n"

static const char ZONE[] = "shop.example 3600 SOA ns.shop.example admin.shop.example 300\n"
                           "shop.example 3600 NS ns.shop.example\n"
                           "shop.example 60 MX 10 mail.shop.example\n"
                           "ns.shop.example 3600 A 203.0.113.53\n"
                           "mail.shop.example 60 A 203.0.113.25\n"
                           "WWW.shop.example 300 CNAME web.shop.example\n"
                           "web.shop.example 300 A 203.0.113.10\n"
                           "web.shop.example 300 A 203.0.113.11\n"
                           "cdn.shop.example 300 CNAME edge.cdn.example\n"
                           "gone.shop.example 300 CNAME nothing.shop.example\n"
                           "empty.shop.example 300 CNAME ns.shop.example\n"
                           "loop1.shop.example 300 CNAME loop2.shop.example\n"
                           "loop2.shop.example 300 CNAME loop1.shop.example\n"
                           "a.b.c.shop.example 300 TXT deep\n"
                           "eu.shop.example 7200 NS ns.eu.shop.example\n"
                           "eu.shop.example 7200 NS ns.other.example\n"
                           "ns.eu.shop.example 7200 A 198.51.100.1\n"
                           "deleg.shop.example 300 CNAME x.eu.shop.example\n"
                           "*.wild.shop.example 300 A 203.0.113.99\n"
                           "there.wild.shop.example 300 TXT here";

struct fixture {
    struct dns_zone *zone;
    struct dns_message response;
    struct dns_record records[DNS_MAX_RECORDS];
    struct text text;
};

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    f->zone = test_zone("shop.example", ZONE);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    dns_zone_free(f->zone);
    text_fini(&f->text);
    test_free(f);
    return 0;
}

static const char *answer(struct fixture *f, const char *name, uint16_t type)
{
    static const char *const prefix[] = {"an", "au", "ad"};
    struct dns_question question = {test_name(name), type, DNS_CLASS_IN};
    f->response = (struct dns_message){.records = f->records};
    dns_zone_answer(f->zone, &question, &f->response);
    text_clear(&f->text);
    text_print(&f->text, "%s%s\n", dns_rcode_text(f->response.rcode),
               f->response.authoritative ? " aa" : "");
    for (enum dns_section section = 0; section < DNS_SECTIONS; section++) {
        size_t count;
        const struct dns_record *records = dns_section_records(&f->response, section, &count);
        for (size_t i = 0; i < count; i++) {
            text_print(&f->text, "%s ", prefix[section]);
            dns_record_print(&f->text, &records[i]);
            text_print(&f->text, "\n");
        }
    }
    return text_chars(&f->text);
}

static void a_name_answers_with_its_records(void **state)
{
    assert_string_equal(answer(*state, "web.shop.EXAMPLE", DNS_A),
                        "NOERROR aa\n"
                        "an web.shop.EXAMPLE. 300 IN A 203.0.113.10\n"
                        "an web.shop.EXAMPLE. 300 IN A 203.0.113.11\n");
}

static void a_cname_is_followed_within_the_zone(void **state)
{
    assert_string_equal(answer(*state, "www.shop.example", DNS_A),
                        "NOERROR aa\n"
                        "an www.shop.example. 300 IN CNAME web.shop.example.\n"
                        "an web.shop.example. 300 IN A 203.0.113.10\n"
                        "an web.shop.example. 300 IN A 203.0.113.11\n");
    assert_string_equal(answer(*state, "www.shop.example", DNS_CNAME),
                        "NOERROR aa\n"
                        "an www.shop.example. 300 IN CNAME web.shop.example.\n");
    assert_string_equal(answer(*state, "cdn.shop.example", DNS_A),
                        "NOERROR aa\n"
                        "an cdn.shop.example. 300 IN CNAME edge.cdn.example.\n");
}

static void a_cname_loop_ends(void **state)
{
    struct fixture *f = *state;
    answer(f, "loop1.shop.example", DNS_A);
    assert_int_equal(f->response.rcode, DNS_NOERROR);
    assert_int_equal(f->response.count[DNS_ANSWER], 9);
}

static void what_stands_behind_a_cname_decides_the_rcode(void **state)
{
    assert_string_equal(answer(*state, "gone.shop.example", DNS_A),
                        "NXDOMAIN aa\n"
                        "an gone.shop.example. 300 IN CNAME nothing.shop.example.\n" SOA_DENIES);
    assert_string_equal(answer(*state, "empty.shop.example", DNS_AAAA),
                        "NOERROR aa\n"
                        "an empty.shop.example. 300 IN CNAME ns.shop.example.\n" SOA_DENIES);
}

static void no_data_and_no_name_come_with_the_soa_at_its_minimum(void **state)
{
    assert_string_equal(answer(*state, "web.shop.example", DNS_AAAA), "NOERROR aa\n" SOA_DENIES);
    assert_string_equal(answer(*state, "no.shop.example", DNS_A), "NXDOMAIN aa\n" SOA_DENIES);
    assert_string_equal(answer(*state, "no.web.shop.example", DNS_A), "NXDOMAIN aa\n" SOA_DENIES);
}

static void names_between_names_exist(void **state)
{
    assert_string_equal(answer(*state, "c.shop.example", DNS_TXT), "NOERROR aa\n" SOA_DENIES);
    assert_string_equal(answer(*state, "b.c.shop.example", DNS_A), "NOERROR aa\n" SOA_DENIES);
    assert_string_equal(answer(*state, "x.b.c.shop.example", DNS_A), "NXDOMAIN aa\n" SOA_DENIES);
}

#define REFERRAL                                                                                   \
    "au eu.shop.example. 7200 IN NS ns.eu.shop.example.\n"                                         \
    "au eu.shop.example. 7200 IN NS ns.other.example.\n"                                           \
    "ad ns.eu.shop.example. 7200 IN A 198.51.100.1\n"

static void a_child_zone_is_referred_to_with_glue(void **state)
{
    assert_string_equal(answer(*state, "www.eu.shop.example", DNS_A), "NOERROR\n" REFERRAL);
    assert_string_equal(answer(*state, "eu.shop.example", DNS_NS), "NOERROR\n" REFERRAL);
    assert_string_equal(answer(*state, "ns.eu.shop.example", DNS_A), "NOERROR\n" REFERRAL);
    assert_string_equal(answer(*state, "deleg.shop.example", DNS_A),
                        "NOERROR aa\n"
                        "an deleg.shop.example. 300 IN CNAME x.eu.shop.example.\n" REFERRAL);
}

static void hosts_in_answers_bring_their_addresses(void **state)
{
    assert_string_equal(answer(*state, "shop.example", DNS_MX),
                        "NOERROR aa\n"
                        "an shop.example. 60 IN MX 10 mail.shop.example.\n"
                        "ad mail.shop.example. 60 IN A 203.0.113.25\n");
    assert_string_equal(answer(*state, "shop.example", DNS_NS),
                        "NOERROR aa\n"
                        "an shop.example. 3600 IN NS ns.shop.example.\n"
                        "ad ns.shop.example. 3600 IN A 203.0.113.53\n");
}

static void any_gives_every_set(void **state)
{
    assert_string_equal(
        answer(*state, "shop.example", DNS_ANY),
        "NOERROR aa\n"
        "an shop.example. 3600 IN SOA ns.shop.example. admin.shop.example. 1 7200 900 1209600 300\n"
        "an shop.example. 3600 IN NS ns.shop.example.\n"
        "an shop.example. 60 IN MX 10 mail.shop.example.\n");
}

static void a_wildcard_answers_for_names_that_do_not_exist(void **state)
{
    assert_string_equal(answer(*state, "x.y.wild.shop.example", DNS_A),
                        "NOERROR aa\n"
                        "an x.y.wild.shop.example. 300 IN A 203.0.113.99\n");
    assert_string_equal(answer(*state, "x.wild.shop.example", DNS_TXT), "NOERROR aa\n" SOA_DENIES);
    /* it hides behind names that do exist (RFC 4592 2.2.1) */
    assert_string_equal(answer(*state, "there.wild.shop.example", DNS_A),
                        "NOERROR aa\n" SOA_DENIES);
    assert_string_equal(answer(*state, "x.there.wild.shop.example", DNS_A),
                        "NXDOMAIN aa\n" SOA_DENIES);
    assert_string_equal(answer(*state, "wild.shop.example", DNS_A), "NOERROR aa\n" SOA_DENIES);
}

static void records_that_do_not_belong_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {
        "www.other.example 1 A 192.0.2.1",       /* not within */
        "example 1 A 192.0.2.1",                 /* above */
        "www.shop.example 1 A 192.0.2.1",        /* beside a CNAME */
        "web.shop.example 1 CNAME shop.example", /* a CNAME beside others */
        "www.shop.example 1 CNAME ns.shop.example",
        "shop.example 1 SOA a.example b.example 1", /* a second SOA */
        "ns.shop.example 1 SOA a.example b.example 1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct dns_record record = test_record(bad[i]);
        assert_int_equal(dns_zone_add(f->zone, &record), STATUS_INVALID);
    }
    struct dns_record any = test_record("new.shop.example 1 TYPE255 x");
    assert_int_equal(dns_zone_add(f->zone, &any), STATUS_INVALID);
    struct dns_record chaos = test_record("new.shop.example 1 A 192.0.2.1");
    chaos.class = 3;
    assert_int_equal(dns_zone_add(f->zone, &chaos), STATUS_INVALID);
    assert_string_equal(answer(f, "new.shop.example", DNS_A), "NXDOMAIN aa\n" SOA_DENIES);
}

static void the_same_record_twice_is_one(void **state)
{
    struct fixture *f = *state;
    struct dns_record again = test_record("web.shop.example 30 A 203.0.113.10");
    assert_int_equal(dns_zone_add(f->zone, &again), STATUS_OK);
    assert_string_equal(answer(f, "web.shop.example", DNS_A),
                        "NOERROR aa\n" /* a set has one TTL, the least (RFC 2181 5.2) */
                        "an web.shop.example. 30 IN A 203.0.113.10\n"
                        "an web.shop.example. 30 IN A 203.0.113.11\n");
}

static void the_root_zone_refers_too(void **state)
{
    struct fixture *f = *state;
    struct dns_zone *shop = f->zone;
    f->zone = test_zone(".", ". 86400 SOA a.root-servers.net nstld.root-servers.net 900\n"
                             "example 3600 NS ns.nic.example\n"
                             "ns.nic.example 3600 A 198.51.100.53");
    assert_string_equal(answer(f, "www.shop.example", DNS_A),
                        "NOERROR\n"
                        "au example. 3600 IN NS ns.nic.example.\n"
                        "ad ns.nic.example. 3600 IN A 198.51.100.53\n");
    assert_string_equal(
        answer(f, "www.test", DNS_A),
        "NXDOMAIN aa\n"
        "au . 900 IN SOA a.root-servers.net. nstld.root-servers.net. 1 7200 900 1209600 900\n");
    dns_zone_free(f->zone);
    f->zone = shop;
}

static void a_set_larger_than_a_message_is_truncated(void **state)
{
    struct fixture *f = *state;
    dns_zone_free(f->zone);
    f->zone = test_zone("shop.example", SOA);
    for (uint32_t i = 0; i < DNS_MAX_RECORDS + 1; i++) {
        struct dns_record record = test_record("many.shop.example 300 A 192.0.2.0");
        record.rdata.addr.v4 += i;
        assert_int_equal(dns_zone_add(f->zone, &record), STATUS_OK);
        answer(f, "many.shop.example", DNS_A);
        assert_int_equal(f->response.truncated, i == DNS_MAX_RECORDS);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_answers_with_its_records),
        TEST(a_cname_is_followed_within_the_zone),
        TEST(a_cname_loop_ends),
        TEST(what_stands_behind_a_cname_decides_the_rcode),
        TEST(no_data_and_no_name_come_with_the_soa_at_its_minimum),
        TEST(names_between_names_exist),
        TEST(a_child_zone_is_referred_to_with_glue),
        TEST(hosts_in_answers_bring_their_addresses),
        TEST(any_gives_every_set),
        TEST(a_wildcard_answers_for_names_that_do_not_exist),
        TEST(records_that_do_not_belong_are_refused),
        TEST(the_same_record_twice_is_one),
        TEST(the_root_zone_refers_too),
        TEST(a_set_larger_than_a_message_is_truncated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
