#include "dns/cache_internal.h"

#include "support/dns_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#define SECOND UINT64_C(1000000000)

struct fixture {
    struct fake_net *net;
    struct dns_cache *cache;
};

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    f->net = fake_net_new(1, 1);
    f->cache = dns_cache_new(fake_host_new(f->net, "ns", "192.0.2.53")->scope, 100);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    dns_cache_free(f->cache);
    fake_net_free(f->net);
    test_free(f);
    return 0;
}

static void put(struct fixture *f, const char *line, enum dns_rank rank)
{
    struct dns_record record = test_record(line);
    struct dns_rrset *set = dns_rrset_add(NULL, &record);
    dns_cache_put(f->cache, &record.name, set, rank);
    dns_rrset_put(set);
}

static struct dns_cached get(struct fixture *f, const char *text, uint16_t type, enum dns_rank rank)
{
    struct dns_name name = test_name(text);
    return dns_cache_get(f->cache, &name, type, rank);
}

/* The last byte of the cached address, or -1. */
static int address(struct fixture *f, const char *name, enum dns_rank rank)
{
    struct dns_cached cached = get(f, name, DNS_A, rank);
    struct dns_record record;
    if (cached.kind != DNS_CACHED_SET) {
        return -1;
    }
    struct reader r = dns_rrset_reader(cached.set);
    assert_true(dns_rrset_next(&r, cached.set, &record));
    return record.rdata.addr.v4 & 0xff;
}

static void deny(struct fixture *f, const char *name, enum dns_cached_kind kind, const char *soa)
{
    struct dns_record record = test_record(soa);
    struct dns_name denied = test_name(name);
    dns_cache_put_negative(f->cache, &denied, DNS_A, kind, &record, DNS_RANK_AUTHORITATIVE);
}

static void ttls_count_down_and_end(void **state)
{
    struct fixture *f = *state;
    put(f, "www.example 300 A 192.0.2.1", DNS_RANK_ANSWER);
    assert_int_equal(get(f, "WWW.Example", DNS_A, DNS_RANK_ANSWER).ttl_s, 300);
    fake_net_run_for(f->net, 100 * SECOND + SECOND / 2);
    assert_int_equal(get(f, "www.example", DNS_A, DNS_RANK_ANSWER).ttl_s, 199);
    fake_net_run_for(f->net, 199 * SECOND + SECOND / 2);
    assert_int_equal(get(f, "www.example", DNS_A, DNS_RANK_ANSWER).ttl_s, 0);
    assert_int_equal(address(f, "www.example", DNS_RANK_ANSWER), 1);
    fake_net_run_for(f->net, 1);
    assert_int_equal(address(f, "www.example", DNS_RANK_ANSWER), -1);
    assert_int_equal(dns_cache_count(f->cache), 0);
}

static void a_ttl_of_zero_is_good_for_now_only(void **state)
{
    struct fixture *f = *state;
    put(f, "www.example 0 A 192.0.2.1", DNS_RANK_ANSWER);
    assert_int_equal(address(f, "www.example", DNS_RANK_ANSWER), 1);
    fake_net_run_for(f->net, 1);
    assert_int_equal(address(f, "www.example", DNS_RANK_ANSWER), -1);
}

static void ttls_are_capped(void **state)
{
    struct fixture *f = *state;
    put(f, "www.example 2000000000 A 192.0.2.1", DNS_RANK_ANSWER);
    assert_int_equal(get(f, "www.example", DNS_A, DNS_RANK_ANSWER).ttl_s, 604800);
    deny(f, "no.example", DNS_CACHED_NO_NAME, "example 99999 SOA a.example b.example 99999");
    assert_int_equal(get(f, "no.example", DNS_A, DNS_RANK_ANSWER).ttl_s, 10800);
}

static void glue_never_overwrites_an_answer_and_is_none(void **state)
{
    struct fixture *f = *state;
    put(f, "ns.example 300 A 192.0.2.1", DNS_RANK_EXTRA);
    assert_int_equal(address(f, "ns.example", DNS_RANK_ANSWER), -1);
    assert_int_equal(address(f, "ns.example", DNS_RANK_EXTRA), 1);
    put(f, "ns.example 300 A 192.0.2.2", DNS_RANK_EXTRA); /* newer, same rank */
    assert_int_equal(address(f, "ns.example", DNS_RANK_EXTRA), 2);
    put(f, "ns.example 300 A 192.0.2.3", DNS_RANK_AUTHORITATIVE);
    put(f, "ns.example 300 A 192.0.2.4", DNS_RANK_EXTRA);
    put(f, "ns.example 300 A 192.0.2.5", DNS_RANK_ANSWER);
    assert_int_equal(address(f, "ns.example", DNS_RANK_EXTRA), 3);
    fake_net_run_for(f->net, 301 * SECOND); /* what is over has no rank */
    put(f, "ns.example 300 A 192.0.2.4", DNS_RANK_EXTRA);
    assert_int_equal(address(f, "ns.example", DNS_RANK_EXTRA), 4);
    assert_int_equal(dns_cache_count(f->cache), 1);
}

static void denials_live_for_the_lesser_of_ttl_and_minimum(void **state)
{
    struct fixture *f = *state;
    deny(f, "a.shop.example", DNS_CACHED_NO_DATA, "shop.example 60 SOA a.example b.example 300");
    deny(f, "b.shop.example", DNS_CACHED_NO_NAME, "shop.example 300 SOA a.example b.example 60");
    struct dns_cached no_data = get(f, "a.shop.example", DNS_A, DNS_RANK_ANSWER);
    assert_int_equal(no_data.kind, DNS_CACHED_NO_DATA);
    assert_int_equal(no_data.ttl_s, 60);
    struct dns_name owner = test_name("shop.example");
    assert_true(dns_name_equal(&no_data.soa_owner, &owner));
    assert_int_equal(get(f, "a.shop.example", DNS_AAAA, 0).kind, DNS_CACHED_NOTHING);
    struct dns_cached no_name = get(f, "b.shop.example", DNS_A, DNS_RANK_ANSWER);
    assert_int_equal(no_name.kind, DNS_CACHED_NO_NAME);
    assert_int_equal(no_name.ttl_s, 60);
    assert_int_equal(get(f, "b.shop.example", DNS_TXT, 0).kind, DNS_CACHED_NO_NAME);
    fake_net_run_for(f->net, 61 * SECOND);
    assert_int_equal(get(f, "a.shop.example", DNS_A, 0).kind, DNS_CACHED_NOTHING);
    assert_int_equal(get(f, "b.shop.example", DNS_A, 0).kind, DNS_CACHED_NOTHING);
}

static void an_answer_ends_the_denial_of_its_name(void **state)
{
    struct fixture *f = *state;
    deny(f, "new.example", DNS_CACHED_NO_NAME, "example 300 SOA a.example b.example 300");
    put(f, "new.example 300 A 192.0.2.1", DNS_RANK_ANSWER);
    assert_int_equal(address(f, "new.example", DNS_RANK_ANSWER), 1);
    assert_int_equal(get(f, "new.example", DNS_AAAA, 0).kind, DNS_CACHED_NOTHING);
    deny(f, "glue.example", DNS_CACHED_NO_NAME, "example 300 SOA a.example b.example 300");
    put(f, "glue.example 300 A 192.0.2.1", DNS_RANK_EXTRA); /* which proves nothing */
    assert_int_equal(get(f, "glue.example", DNS_A, DNS_RANK_ANSWER).kind, DNS_CACHED_NO_NAME);
}

static void put_numbered(struct fixture *f, int number)
{
    char line[64];
    (void)snprintf(line, sizeof line, "host%d.example 300 A 192.0.2.%d", number, number % 256);
    put(f, line, DNS_RANK_ANSWER);
}

static void the_least_recently_used_goes_first(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 100; i++) {
        put_numbered(f, i);
    }
    assert_int_equal(address(f, "host0.example", DNS_RANK_ANSWER), 0); /* used just now */
    put_numbered(f, 100);
    assert_int_equal(dns_cache_count(f->cache), 100);
    assert_int_equal(address(f, "host0.example", DNS_RANK_ANSWER), 0);
    assert_int_equal(address(f, "host1.example", DNS_RANK_ANSWER), -1);
    for (int i = 101; i < 5000; i++) { /* the table grows no further */
        put_numbered(f, i);
        assert_int_equal(dns_cache_count(f->cache), 100);
    }
    for (int i = 4900; i < 5000; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "host%d.example", i);
        assert_int_equal(address(f, name, DNS_RANK_ANSWER), i % 256);
    }
}

static void large_sets_count_for_more(void **state)
{
    struct fixture *f = *state;
    char line[64];
    for (int i = 0; i < 20; i++) {
        (void)snprintf(line, sizeof line, "host%d.example 300 A 192.0.2.0", i);
        struct dns_record record = test_record(line);
        struct dns_rrset *set = NULL;
        for (uint32_t n = 0; n < 1000; n++) {
            record.rdata.addr.v4 = n;
            set = dns_rrset_add(set, &record);
        }
        dns_cache_put(f->cache, &record.name, set, DNS_RANK_ANSWER);
        dns_rrset_put(set);
    }
    assert_int_equal(dns_cache_count(f->cache), 8); /* of 6 kB each in 100 * 512 bytes */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ttls_count_down_and_end),
        TEST(a_ttl_of_zero_is_good_for_now_only),
        TEST(ttls_are_capped),
        TEST(glue_never_overwrites_an_answer_and_is_none),
        TEST(denials_live_for_the_lesser_of_ttl_and_minimum),
        TEST(an_answer_ends_the_denial_of_its_name),
        TEST(the_least_recently_used_goes_first),
        TEST(large_sets_count_for_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
