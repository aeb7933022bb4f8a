/* What is written is read as the same: parse(emit(x)) == x. */
#include "base/prng.h"
#include "http/h1_parser.h"
#include "http/h1_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

static const char *written(struct byte_queue *out)
{
    byte_queue_add(out, "", 1);
    return (const char *)byte_queue_front(out).p;
}

static void writes_a_request(void **state)
{
    (void)state;
    struct http_message message = {0};
    struct byte_queue out = {0};
    http_message_set_request(&message, "GET", "/a?b", "shop.example:81");
    http_message_add(&message, "Accept", "*/*");
    h1_write_head(&out, &message);
    assert_string_equal(written(&out),
                        "GET /a?b HTTP/1.1\r\nHost: shop.example:81\r\nAccept: */*\r\n\r\n");
    byte_queue_fini(&out);
    http_message_fini(&message);
}

static void writes_chunks_and_trailers(void **state)
{
    (void)state;
    struct http_message message = {0};
    struct byte_queue out = {0};
    http_message_set_status(&message, 200, NULL);
    http_message_add(&message, "Transfer-Encoding", "chunked");
    http_message_add_chars(&message, "Sum", 3, "1", 1, true);
    h1_write_head(&out, &message);
    h1_write_chunk(&out, bytes_of_text("hello, world, again"));
    h1_write_chunk(&out, bytes_of_text("")); /* would be the last one */
    h1_write_last_chunk(&out, &message);
    assert_string_equal(written(&out), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                       "13\r\nhello, world, again\r\n0\r\nSum: 1\r\n\r\n");
    byte_queue_fini(&out);
    http_message_fini(&message);
}

static void random_chars(struct prng *prng, const char *from, char *to, size_t max)
{
    size_t len = (size_t)prng_below(prng, max) + 1;
    for (size_t i = 0; i < len; i++) {
        to[i] = from[prng_below(prng, strlen(from))];
    }
    to[len] = '\0';
}

static void random_message(struct prng *prng, struct http_message *message, bool is_request)
{
    char name[20];
    char value[40];
    http_message_clear(message);
    if (is_request) {
        random_chars(prng, "ABCXYZ-!", name, 10);
        random_chars(prng, "ab/?%41|~", value + 1, 30);
        value[0] = '/';
        http_message_set_request(message, name, value, "host.example");
        http_message_add(message, "Host", "host.example");
    } else {
        random_chars(prng, "az \t\xe9", value, 30);
        http_message_set_status(message, (uint16_t)(200 + prng_below(prng, 400)), value);
    }
    for (uint64_t n = prng_below(prng, 10); n > 0; n--) {
        random_chars(prng, "abcXYZ019-_!#$%&'*+.^`|~", name, 15);
        random_chars(prng, "azAZ09,;=\"()\xc3\xa9", value, 35);
        http_message_add(message, name, value);
    }
    assert_false(message->failed);
}

static void assert_same(const struct http_message *a, const struct http_message *b)
{
    assert_int_equal(a->status, b->status);
    assert_string_equal(http_message_method(a), http_message_method(b));
    assert_string_equal(http_message_target(a), http_message_target(b));
    assert_string_equal(http_message_authority(a), http_message_authority(b));
    assert_string_equal(http_message_reason(a), http_message_reason(b));
    assert_int_equal(a->n_fields, b->n_fields);
    for (size_t i = 0; i < a->n_fields; i++) {
        assert_string_equal(http_message_field_name(a, i), http_message_field_name(b, i));
        assert_string_equal(http_message_field_value(a, i), http_message_field_value(b, i));
    }
}

static void what_is_written_is_read_as_the_same(void **state)
{
    (void)state;
    struct prng prng;
    struct http_message message = {0};
    struct h1_parser parser;
    struct byte_queue out = {0};
    prng_init(&prng, 1, "test", "messages");
    h1_parser_init(&parser, NULL);
    for (int round = 0; round < 2000; round++) {
        bool is_request = round % 2;
        random_message(&prng, &message, is_request);
        byte_queue_clear(&out);
        h1_write_head(&out, &message);
        struct bytes input = byte_queue_front(&out);
        struct bytes body;
        if (is_request) {
            h1_parser_start_request(&parser);
        } else {
            h1_parser_start_response(&parser, "GET");
        }
        assert_int_equal(h1_parser_next(&parser, &input, &body), H1_HEAD);
        assert_int_equal(input.len, 0);
        assert_same(&message, &parser.message);
    }
    byte_queue_fini(&out);
    h1_parser_fini(&parser);
    http_message_fini(&message);
}

static void a_queue_gives_back_what_it_took(void **state)
{
    (void)state;
    struct prng prng;
    struct byte_queue queue = {0};
    uint32_t in = 0;
    uint32_t out = 0;
    prng_init(&prng, 1, "test", "queue");
    for (int round = 0; round < 5000; round++) {
        uint8_t bytes[300];
        size_t len = (size_t)prng_below(&prng, sizeof bytes);
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (uint8_t)(in++ % 251);
        }
        byte_queue_add(&queue, bytes, len);
        size_t take = (size_t)prng_below(&prng, byte_queue_len(&queue) + 1);
        struct bytes front = byte_queue_front(&queue);
        for (size_t i = 0; i < take; i++) {
            assert_int_equal(front.p[i], out++ % 251);
        }
        byte_queue_drop(&queue, take);
    }
    byte_queue_fini(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_a_request),
        cmocka_unit_test(writes_chunks_and_trailers),
        cmocka_unit_test(what_is_written_is_read_as_the_same),
        cmocka_unit_test(a_queue_gives_back_what_it_took),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
