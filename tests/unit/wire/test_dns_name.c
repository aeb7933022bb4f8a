#include "wire/dns_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct dns_name name_of(const char *text)
{
    struct dns_name name;
    assert_true(dns_name_parse_text(text, &name));
    return name;
}

static void assert_text(const struct dns_name *name, const char *text)
{
    char buffer[DNS_NAME_TEXT_SIZE];
    assert_string_equal(dns_name_print(name, buffer), text);
}

/* A message whose first name, at offset 12, is www.shop.example. */
static const uint8_t MESSAGE[] = "############"         /* 0: the header */
                                 "\3www\4shop\7example" /* 12, 16, 21 */
                                 "\0"                   /* 29 */
                                 "\3ftp\xc0\x10"        /* 30: ftp.shop.example */
                                 "\xc0\x1e"             /* 36: the same, by a pointer */
                                 "\1a\1b\1c\xc0\x1f";   /* 38: into the middle of a label */

/* Parses at `offset` and says how many bytes the name took there; 0: it failed. */
static size_t parse_at(struct bytes message, size_t offset, struct dns_name *name)
{
    struct reader r = reader_of(message.p + offset, message.len - offset);
    if (!dns_name_parse(&r, message, name)) {
        assert_true(r.failed);
        return 0;
    }
    return (size_t)(r.p - message.p) - offset;
}

static void text_goes_to_labels_and_back(void **state)
{
    (void)state;
    struct dns_name name = name_of("www.Shop.example");
    assert_int_equal(name.len, 18);
    assert_memory_equal(name.bytes, "\3www\4Shop\7example\0", 18);
    assert_text(&name, "www.Shop.example");
    name = name_of("example.");
    assert_text(&name, "example");
    name = name_of(".");
    assert_int_equal(name.len, 1);
    assert_true(dns_name_is_root(&name));
    assert_text(&name, ".");
}

static void special_characters_are_escaped(void **state)
{
    (void)state;
    struct dns_name name = name_of("a\\.b.\\200\\\\.\\032c");
    assert_memory_equal(name.bytes, "\3a.b\2\xc8\\\2 c\0", 11);
    assert_text(&name, "a\\.b.\\200\\\\.\\032c");
    uint8_t every[] = {4, 0, '"', ';', 0xff, 0};
    struct reader r = reader_of(every, sizeof every);
    assert_true(dns_name_parse(&r, (struct bytes){0}, &name));
    assert_text(&name, "\\000\\\"\\;\\255");
    struct dns_name again = name_of("\\000\\\"\\;\\255");
    assert_true(dns_name_equal(&name, &again));
}

static void bad_text_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "..",
        ".a",
        "a..b",
        "a..",
        "\\",
        "a\\",
        "\\1",
        "\\12",
        "\\12x",
        "\\256",
        "\\999",
        "1234567890123456789012345678901234567890123456789012345678901234",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct dns_name name = {.len = 77};
        assert_false(dns_name_parse_text(bad[i], &name));
        assert_int_equal(name.len, 77);
    }
}

/* Labels of 61 "x" and a last one of `last`: 4 * 62 + (1 + last) + 1 bytes. */
static void long_text(char *text, size_t last)
{
    for (int label = 0; label < 4; label++) {
        memset(text, 'x', 61);
        text[61] = '.';
        text += 62;
    }
    memset(text, 'y', last);
    text[last] = '\0';
}

static void a_name_has_at_most_255_bytes(void **state)
{
    (void)state;
    char text[300];
    struct dns_name name;
    long_text(text, 5);
    assert_true(dns_name_parse_text(text, &name));
    assert_int_equal(name.len, 255);
    assert_text(&name, text);
    long_text(text, 6);
    assert_false(dns_name_parse_text(text, &name));
    long_text(text, 0); /* and the final dot after 248 bytes */
    assert_true(dns_name_parse_text(text, &name));

    uint8_t wire[300];
    for (size_t len = 5; len <= 6; len++) { /* 4 * 62 + 1 + len + 1 */
        for (int label = 0; label < 4; label++) {
            memset(wire + label * 62, 61, 62);
        }
        memset(wire + 248, (int)len, len + 1);
        wire[248 + len + 1] = 0;
        struct reader r = reader_of(wire, 248 + len + 2);
        assert_int_equal(dns_name_parse(&r, (struct bytes){0}, &name), len == 5);
    }
}

static void the_longest_text_fits_its_buffer(void **state)
{
    (void)state;
    struct dns_name name = {.len = DNS_NAME_MAX}; /* 63 + 63 + 63 + 61 bytes, all escaped */
    memset(name.bytes, 0xff, sizeof name.bytes);
    name.bytes[0] = name.bytes[64] = name.bytes[128] = 63;
    name.bytes[192] = 61;
    name.bytes[254] = 0;
    char *buffer = test_malloc(DNS_NAME_TEXT_SIZE);
    assert_int_equal(strlen(dns_name_print(&name, buffer)), 250 * 4 + 3);
    test_free(buffer);
}

static void pointers_are_followed_backwards(void **state)
{
    (void)state;
    struct bytes message = {MESSAGE, sizeof MESSAGE - 1};
    struct dns_name name;
    assert_int_equal(parse_at(message, 12, &name), 18);
    assert_text(&name, "www.shop.example");
    assert_int_equal(parse_at(message, 30, &name), 6);
    assert_text(&name, "ftp.shop.example");
    assert_int_equal(parse_at(message, 36, &name), 2);
    assert_text(&name, "ftp.shop.example");
    /* 0x1f is the "f" of ftp, a length of 102: reserved */
    assert_int_equal(parse_at(message, 38, &name), 0);
    assert_true(dns_name_is_root(&name));
}

static void loops_and_forward_pointers_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t bytes[12]; /* from offset 12 on */
        size_t len, at;
    } cases[] = {
        {"to itself", {0xc0, 12}, 2, 12},
        {"forwards", {0xc0, 14, 0}, 3, 12},
        {"to its own first label", {1, 'a', 0xc0, 12}, 4, 12},
        {"to its own second label", {1, 'a', 1, 'b', 0xc0, 14}, 6, 12},
        {"two that point at each other", {0xc0, 14, 0xc0, 12}, 4, 14},
        {"back and then forward into what was read", {1, 'a', 0xc0, 16, 1, 'b', 0xc0, 12}, 8, 16},
        {"into the header", {0xc0, 2}, 2, 12},
        {"beyond the end", {0xff, 0xff}, 2, 12},
        {"half a pointer", {0xc0}, 1, 12},
        {"a reserved kind of label", {0x40, 'a', 0}, 3, 12},
        {"another reserved kind", {0x80, 'a', 0}, 3, 12},
        {"no end", {1, 'a'}, 2, 12},
        {"a cut label", {5, 'a', 'b'}, 3, 12},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t message[24] = {0};
        memcpy(message + 12, cases[i].bytes, cases[i].len);
        struct dns_name name;
        size_t len = parse_at((struct bytes){message, 12 + cases[i].len}, cases[i].at, &name);
        if (len != 0) {
            fail_msg("taken: a pointer %s", cases[i].what);
        }
    }
}

static void every_truncation_fails(void **state)
{
    (void)state;
    struct bytes whole = {MESSAGE, sizeof MESSAGE - 1};
    struct dns_name name;
    static const size_t starts[] = {12, 30, 36};
    for (size_t i = 0; i < 3; i++) {
        size_t end = starts[i] + parse_at(whole, starts[i], &name);
        for (size_t len = starts[i]; len < end; len++) {
            assert_int_equal(parse_at((struct bytes){MESSAGE, len}, starts[i], &name), 0);
        }
    }
}

static void a_name_without_a_message_has_no_pointers(void **state)
{
    (void)state;
    uint8_t wire[] = {1, 'a', 0xc0, 0};
    struct reader r = reader_of(wire, sizeof wire);
    struct dns_name name;
    assert_false(dns_name_parse(&r, (struct bytes){0}, &name));
}

static void comparison_ignores_case(void **state)
{
    (void)state;
    struct dns_name a = name_of("WWW.Shop.EXAMPLE"), b = name_of("www.shop.example");
    struct dns_name c = name_of("www.shop.examplf"), d = name_of("ww.wshop.example");
    assert_true(dns_name_equal(&a, &b));
    assert_false(dns_name_equal(&b, &c));
    assert_false(dns_name_equal(&b, &d));
    struct dns_name lower = dns_name_lower(&a);
    assert_memory_equal(&lower, &b, sizeof b); /* fit to be a key */
    struct dns_name brackets = name_of("[.example"), braces = name_of("{.example");
    assert_false(dns_name_equal(&brackets, &braces)); /* only letters have case (RFC 4343) */
}

static void a_name_is_within_its_parents(void **state)
{
    (void)state;
    struct dns_name root = name_of("."), zone = name_of("shop.Example");
    struct dns_name below = name_of("www.SHOP.example"), beside = name_of("myshop.example");
    struct dns_name trick = name_of("4shop.example"), above = name_of("example");
    assert_true(dns_name_is_within(&below, &zone));
    assert_true(dns_name_is_within(&zone, &zone));
    assert_true(dns_name_is_within(&zone, &root));
    assert_true(dns_name_is_within(&root, &root));
    assert_false(dns_name_is_within(&beside, &zone));
    assert_false(dns_name_is_within(&trick, &zone));
    assert_false(dns_name_is_within(&above, &zone));
    assert_false(dns_name_is_within(&root, &zone));
    /* a label whose bytes look like the zone's wire form */
    struct dns_name inside = name_of("x\\004shop\\007example.\\000");
    assert_false(dns_name_is_within(&inside, &zone));
}

static void parents_end_at_the_root(void **state)
{
    (void)state;
    struct dns_name name = name_of("www.shop.example");
    assert_int_equal(dns_name_label_count(&name), 3);
    assert_true(dns_name_parent(&name, &name));
    assert_text(&name, "shop.example");
    struct dns_name fresh = name_of("shop.example");
    assert_memory_equal(&name, &fresh, sizeof name); /* nothing of the old name stays */
    assert_true(dns_name_parent(&name, &name));
    assert_true(dns_name_parent(&name, &name));
    assert_true(dns_name_is_root(&name));
    assert_int_equal(dns_name_label_count(&name), 0);
    assert_false(dns_name_parent(&name, &name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_goes_to_labels_and_back),
        cmocka_unit_test(special_characters_are_escaped),
        cmocka_unit_test(bad_text_is_refused),
        cmocka_unit_test(a_name_has_at_most_255_bytes),
        cmocka_unit_test(the_longest_text_fits_its_buffer),
        cmocka_unit_test(pointers_are_followed_backwards),
        cmocka_unit_test(loops_and_forward_pointers_are_refused),
        cmocka_unit_test(every_truncation_fails),
        cmocka_unit_test(a_name_without_a_message_has_no_pointers),
        cmocka_unit_test(comparison_ignores_case),
        cmocka_unit_test(a_name_is_within_its_parents),
        cmocka_unit_test(parents_end_at_the_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
