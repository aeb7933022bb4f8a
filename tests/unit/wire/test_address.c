/* Addresses as text and as sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire_support.h"

#include <arpa/inet.h>

static void mac_text_round_trips(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "address", "mac");
    for (int i = 0; i < 1000; i++) {
        struct mac_addr mac = prng_mac(&prng), again;
        char text[MAC_TEXT_SIZE];
        assert_true(mac_parse(mac_print(mac, text), &again));
        assert_true(mac_equal(mac, again));
    }
}

static void text_that_is_no_mac_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "02",
        "02:00:5e:10:00",
        "02:00:5e:10:00:",
        "02:00:5e:10:00:01:02",
        "02:00:5e:10:00:1",
        "02:00:5e:10:00:001",
        "02-00-5e-10-00-01",
        "02:00:5e:10:00:0g",
        " 02:00:5e:10:00:01",
        "02:00:5e:10:00:01 ",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mac_addr mac = {{9, 9, 9, 9, 9, 9}}, before = mac;
        assert_false(mac_parse(bad[i], &mac));
        assert_true(mac_equal(mac, before));
    }
}

static void v4_text_round_trips(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "address", "v4");
    for (int i = 0; i < 1000; i++) {
        struct ip_addr ip = ip_v4(prng_u32(&prng)), again;
        char text[IP_TEXT_SIZE];
        assert_true(ip_parse(ip_print(ip, text), &again));
        assert_true(ip_equal(ip, again));
    }
    char text[IP_TEXT_SIZE];
    assert_string_equal(ip_print(ip_v4(0xc0a80102), text), "192.168.1.2");
    assert_string_equal(ip_print(ip_v4(IPV4_BROADCAST), text), "255.255.255.255");
    assert_string_equal(ip_print((struct ip_addr){0}, text), "none");
}

static void text_that_is_no_ip_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "1.2.3.04",
        "1.2.3.",
        ".1.2.3.4",
        "1.2.3.4 ",
        "0x1.2.3.4",
        ":",
        ":::",
        "1::2::3",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:",
        ":1",
        "12345::",
        "::g",
        "1:2:3:4:5:6:7:8::",
        "::1 ",
        "::1.2.3",
        "::1.2.3.4.",
        "::1.2.3.4:5",
        "1:2:3:4:5:6:7:1.2.3.4",
        "none",
        "fe80::1%e0",
        "1.2.3.4::",
        "4294967296.1.1.1",
        "::1:2:3:4:5:6:7:8",
        "[::1]",
        "1.2.3.4/8",
        "1..2.3",
        "99999999999.1.1.1",
        "1::2:",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ip_addr ip = ip_v4(7);
        assert_false(ip_parse(bad[i], &ip));
        assert_true(ip_equal(ip, ip_v4(7)));
    }
}

/* RFC 5952: each text on the right is the one recommended form of the left. */
static void v6_is_printed_as_rfc_5952_recommends(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"}, /* section 1 */
        {"2001:db8::0001", "2001:db8::1"},                                /* 4.1 */
        {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},                        /* 4.2.1 */
        {"2001:db8::0:1", "2001:db8::1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"}, /* 4.2.2: not one word only */
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},          /* 4.2.3: the longest run */
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},    /* 4.2.3: the first of two */
        {"2001:DB8:AAAA::", "2001:db8:aaaa::"},           /* 4.3: lower case */
        {"::FFFF:192.0.2.1", "::ffff:192.0.2.1"},         /* section 5 */
        {"::ffff:c000:201", "::ffff:192.0.2.1"},
        {"0:0:0:0:0:0:0:0", "::"},
        {"0:0:0:0:0:0:0:1", "::1"},
        {"1:0:0:0:0:0:0:0", "1::"},
        {"0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7"},
        {"0:0:1:2:3:4:5:6", "::1:2:3:4:5:6"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct ip_addr ip;
        char text[IP_TEXT_SIZE];
        assert_true(ip_parse(pairs[i][0], &ip));
        assert_string_equal(ip_print(ip, text), pairs[i][1]);
    }
}

/* Many zero words, so that every shape of "::" occurs. */
static struct ip_addr sparse_v6(struct prng *prng)
{
    struct ip_addr ip = prng_ip_v6(prng);
    for (size_t i = 0; i < 8; i++) {
        if (prng_below(prng, 3) > 0) {
            ip.v6[2 * i] = ip.v6[2 * i + 1] = 0;
        }
    }
    return ip;
}

static void v6_text_agrees_with_the_c_library(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "address", "v6");
    for (int i = 0; i < 20000; i++) {
        struct ip_addr ip = sparse_v6(&prng), again;
        char text[IP_TEXT_SIZE], theirs[IP_TEXT_SIZE];
        ip_print(ip, text);
        assert_non_null(inet_ntop(AF_INET6, ip.v6, theirs, sizeof theirs));
        assert_true(ip_parse(text, &again) && ip_equal(ip, again));
        assert_true(ip_parse(theirs, &again) && ip_equal(ip, again));
        if (!strchr(theirs, '.')) { /* glibc prints ::1.2.3.4, deprecated by RFC 4291 2.5.5.1 */
            assert_string_equal(text, theirs);
        }
    }
}

/* Texts near addresses, to agree with the C library on which are addresses. */
static void v6_syntax_agrees_with_the_c_library(void **state)
{
    (void)state;
    static const char alphabet[] = "::::::0123af..";
    struct prng prng;
    prng_init(&prng, 1, "address", "syntax");
    int good = 0;
    for (int i = 0; i < 200000; i++) {
        char text[24];
        size_t len = prng_below(&prng, sizeof text);
        for (size_t j = 0; j < len; j++) {
            text[j] = alphabet[prng_below(&prng, sizeof alphabet - 1)];
        }
        text[len] = '\0';
        uint8_t theirs[16];
        struct ip_addr ours = {0};
        bool is_v6 = ip_parse(text, &ours) && ours.version == IP_V6;
        assert_int_equal(is_v6, inet_pton(AF_INET6, text, theirs) == 1);
        if (is_v6) {
            assert_memory_equal(ours.v6, theirs, sizeof theirs);
            good++;
        }
    }
    assert_in_range(good, 100, 200000); /* the sample is worth something */
}

static void prefixes_contain_what_shares_their_bits(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "address", "prefix");
    for (int i = 0; i < 5000; i++) {
        bool is_v4 = prng_bool(&prng);
        uint32_t bits = is_v4 ? 32 : 128;
        struct ip_prefix prefix = {is_v4 ? ip_v4(prng_u32(&prng)) : prng_ip_v6(&prng), 0};
        prefix.len = (uint32_t)prng_below(&prng, bits + 1);
        uint32_t flipped = (uint32_t)prng_below(&prng, bits);
        struct ip_addr addr = prefix.addr;
        if (is_v4) {
            addr.v4 ^= UINT32_C(1) << (31 - flipped);
        } else {
            addr.v6[flipped / 8] ^= (uint8_t)(0x80 >> (flipped % 8));
        }
        assert_true(ip_prefix_contains(prefix, prefix.addr));
        assert_int_equal(ip_prefix_contains(prefix, addr), flipped >= prefix.len);
    }
    struct ip_prefix all_v4 = {ip_v4(0), 0};
    assert_false(ip_prefix_contains(all_v4, (struct ip_addr){.version = IP_V6}));
    assert_false(ip_prefix_contains((struct ip_prefix){0}, (struct ip_addr){0}));
}

static void prefixes_and_endpoints_round_trip(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "address", "pairs");
    for (int i = 0; i < 5000; i++) {
        bool is_v4 = prng_bool(&prng);
        struct ip_addr ip = is_v4 ? ip_v4(prng_u32(&prng)) : sparse_v6(&prng);
        struct ip_prefix prefix = {ip, (uint32_t)prng_below(&prng, is_v4 ? 33 : 129)}, prefix2;
        struct endpoint endpoint = {ip, prng_u16(&prng)}, endpoint2;
        char text[ENDPOINT_TEXT_SIZE];
        assert_true(ip_prefix_parse(ip_prefix_print(prefix, text), &prefix2));
        assert_true(ip_equal(prefix.addr, prefix2.addr) && prefix.len == prefix2.len);
        assert_true(endpoint_parse(endpoint_print(endpoint, text), &endpoint2));
        assert_true(endpoint_equal(endpoint, endpoint2));
    }
}

static void text_that_is_no_prefix_or_endpoint_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "1.2.3.4",     "1.2.3.4/",   "1.2.3.4/33", "::/129",      "1.2.3.4/08", "1.2.3.4/8 ",
        "/8",          "1.2.3.4/-1", "1.2.3.4:",   "1.2.3.4:070", ":80",        "1.2.3.4:65536",
        "[1.2.3.4]:1", "[::1]",      "[::1]80",    "[::1:80",     "::1:80",     "[]:80",
        "1.2.3.4:80 ", "1.2.3.4:-1", "[::1]:",     "[::1]:99999", "[[::1]]:1",  "1.2.3.4/8/8",
    };
    struct ip_prefix prefix;
    struct endpoint endpoint;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(ip_prefix_parse(bad[i], &prefix));
        assert_false(endpoint_parse(bad[i], &endpoint));
    }
}

static void special_v4_ranges_end_where_their_rfc_says(void **state)
{
    (void)state;
    assert_true(ipv4_is_private(0x0a000000) && ipv4_is_private(0x0affffff));
    assert_true(ipv4_is_private(0xac100000) && ipv4_is_private(0xac1fffff));
    assert_true(ipv4_is_private(0xc0a80000) && ipv4_is_private(0xc0a8ffff));
    assert_false(ipv4_is_private(0x09ffffff) || ipv4_is_private(0x0b000000));
    assert_false(ipv4_is_private(0xac0fffff) || ipv4_is_private(0xac200000));
    assert_false(ipv4_is_private(0xc0a7ffff) || ipv4_is_private(0xc0a90000));
    assert_true(ipv4_is_multicast(0xe0000000) && ipv4_is_multicast(0xefffffff));
    assert_false(ipv4_is_multicast(0xdfffffff) || ipv4_is_multicast(0xf0000000));
    assert_true(ipv4_is_loopback(0x7f000000) && ipv4_is_loopback(0x7fffffff));
    assert_false(ipv4_is_loopback(0x7effffff) || ipv4_is_loopback(0x80000000));
}

static void trace_shows_addresses_as_text(void **state)
{
    (void)state;
    struct text text = {0};
    struct ip_prefix prefix = {ip_v4(0xc0000205), 24};
    struct endpoint endpoint = {{.v6 = {[15] = 1}, .version = IP_V6}, 80};
    TRACE_MAC.print(&text, &MAC_BROADCAST);
    text_print(&text, " ");
    TRACE_IP.print(&text, &prefix.addr);
    text_print(&text, " ");
    TRACE_PREFIX.print(&text, &prefix);
    text_print(&text, " ");
    TRACE_ENDPOINT.print(&text, &endpoint);
    assert_string_equal(text_chars(&text), "ff:ff:ff:ff:ff:ff 192.0.2.5 192.0.2.5/24 [::1]:80");
    text_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mac_text_round_trips),
        cmocka_unit_test(text_that_is_no_mac_is_refused),
        cmocka_unit_test(v4_text_round_trips),
        cmocka_unit_test(text_that_is_no_ip_is_refused),
        cmocka_unit_test(v6_is_printed_as_rfc_5952_recommends),
        cmocka_unit_test(v6_text_agrees_with_the_c_library),
        cmocka_unit_test(v6_syntax_agrees_with_the_c_library),
        cmocka_unit_test(prefixes_contain_what_shares_their_bits),
        cmocka_unit_test(prefixes_and_endpoints_round_trip),
        cmocka_unit_test(text_that_is_no_prefix_or_endpoint_is_refused),
        cmocka_unit_test(special_v4_ranges_end_where_their_rfc_says),
        cmocka_unit_test(trace_shows_addresses_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
