#include "http/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void keeps_fields_in_order_and_finds_them_in_any_case(void **state)
{
    (void)state;
    struct http_message message = {0};
    http_message_set_request(&message, "GET", "/a?b", "shop.example");
    http_message_add(&message, "Accept", "text/html");
    http_message_add(&message, "X-Two", "1");
    http_message_print(&message, "x-two", "%d", 2);
    assert_false(message.failed);
    assert_string_equal(http_message_method(&message), "GET");
    assert_string_equal(http_message_target(&message), "/a?b");
    assert_string_equal(http_message_authority(&message), "shop.example");
    assert_string_equal(http_message_get(&message, "ACCEPT"), "text/html");
    assert_string_equal(http_message_get(&message, "X-TWO"), "1");
    assert_int_equal(http_message_count(&message, "x-two"), 2);
    assert_null(http_message_get(&message, "X-Tw"));
    struct text text = {0};
    http_message_print_fields(&message, &text);
    assert_string_equal(text_chars(&text), "Accept: text/html\nX-Two: 1\nx-two: 2\n");
    text_fini(&text);
    http_message_fini(&message);
}

static void clearing_keeps_the_memory_and_nothing_else(void **state)
{
    (void)state;
    struct http_message message = {0};
    http_message_set_request(&message, "GET", "/", "a");
    http_message_add(&message, "A", "b");
    const void *store = message.store.chars;
    const void *fields = message.fields;
    http_message_clear(&message);
    assert_string_equal(http_message_method(&message), "");
    assert_null(http_message_get(&message, "A"));
    http_message_set_status(&message, 404, NULL);
    http_message_add(&message, "C", "d");
    assert_string_equal(http_message_reason(&message), "Not Found");
    assert_ptr_equal(message.store.chars, store);
    assert_ptr_equal(message.fields, fields);
    http_message_fini(&message);
}

static bool fails_with(const char *name, const char *value)
{
    struct http_message message = {0};
    http_message_add(&message, name, value);
    bool failed = message.failed;
    http_message_fini(&message);
    return failed;
}

static void a_field_that_would_split_the_message_makes_it_fail(void **state)
{
    (void)state;
    assert_true(fails_with("Location", "/x\r\nSet-Cookie: a=b"));
    assert_true(fails_with("Location", "/x\n"));
    assert_true(fails_with("Location", "/x\x01"));
    assert_true(fails_with("Loc ation", "/x"));
    assert_true(fails_with("Location:", "/x"));
    assert_true(fails_with("", "/x"));
    assert_false(fails_with("Location", "/x\ty caf\xc3\xa9"));
    struct http_message message = {0};
    http_message_set_request(&message, "GET", "/a b", "a");
    assert_true(message.failed);
    http_message_fini(&message);
}

static void finds_members_of_lists_on_any_line(void **state)
{
    (void)state;
    struct http_message message = {0};
    http_message_add(&message, "Connection", "foo , ,Keep-Alive");
    http_message_add(&message, "Connection", "upgrade");
    http_message_add(&message, "X", "\"a, close\", b");
    assert_true(http_message_has_token(&message, "connection", "keep-alive"));
    assert_true(http_message_has_token(&message, "Connection", "UPGRADE"));
    assert_false(http_message_has_token(&message, "Connection", "keep"));
    assert_false(http_message_has_token(&message, "X", "close"));
    assert_true(http_message_has_token(&message, "X", "b"));
    http_message_fini(&message);
}

static void trailers_are_kept_apart(void **state)
{
    (void)state;
    struct http_message message = {0};
    http_message_add(&message, "A", "head");
    http_message_add_chars(&message, "B", 1, "trailer", 7, true);
    assert_null(http_message_get(&message, "B"));
    assert_string_equal(http_message_get_trailer(&message, "b"), "trailer");
    assert_null(http_message_get_trailer(&message, "A"));
    assert_int_equal(http_message_count(&message, "B"), 0);
    http_message_fini(&message);
}

static bool is_persistent(uint8_t version, const char *connection)
{
    struct http_message message = {0};
    http_message_set_version(&message, version);
    if (connection) {
        http_message_add(&message, "Connection", connection);
    }
    bool persistent = http_message_is_persistent(&message);
    http_message_fini(&message);
    return persistent;
}

static void persistence_follows_rfc_9112_9_3(void **state)
{
    (void)state;
    assert_true(is_persistent(11, NULL));
    assert_false(is_persistent(11, "close"));
    assert_false(is_persistent(11, "keep-alive, Close"));
    assert_false(is_persistent(10, NULL));
    assert_true(is_persistent(10, "Keep-Alive"));
    assert_false(is_persistent(10, "keep-alive, close"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_fields_in_order_and_finds_them_in_any_case),
        cmocka_unit_test(clearing_keeps_the_memory_and_nothing_else),
        cmocka_unit_test(a_field_that_would_split_the_message_makes_it_fail),
        cmocka_unit_test(finds_members_of_lists_on_any_line),
        cmocka_unit_test(trailers_are_kept_apart),
        cmocka_unit_test(persistence_follows_rfc_9112_9_3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
