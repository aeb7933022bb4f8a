/* HTTP messages fed whole and in pieces must give the same: shared by the request and the response
 * target. */
#ifndef FUZZ_HTTP_H
#define FUZZ_HTTP_H

#include "base/check.h"
#include "base/text.h"
#include "http/byte_queue.h"
#include "http/h1_parser.h"
#include "http/h1_writer.h"

/* A head that was understood, written again, must be understood as the same. */
static void check_round_trip(const struct h1_parser *parser, const char *method)
{
    struct h1_parser again;
    struct byte_queue wire = {0};
    struct text before = {0};
    struct text after = {0};
    struct bytes body;
    h1_write_head(&wire, &parser->message);
    h1_parser_init(&again, NULL);
    if (method) {
        h1_parser_start_response(&again, method);
    }
    struct bytes input = byte_queue_front(&wire);
    CHECK(h1_parser_next(&again, &input, &body) == H1_HEAD && input.len == 0);
    CHECK(again.framing == parser->framing && again.length == parser->length);
    http_message_print_fields(&parser->message, &before);
    http_message_print_fields(&again.message, &after);
    CHECK(strcmp(text_chars(&before), text_chars(&after)) == 0);
    CHECK(strcmp(http_message_target(&again.message), http_message_target(&parser->message)) == 0);
    CHECK(again.message.status == parser->message.status);
    h1_parser_fini(&again);
    byte_queue_fini(&wire);
    text_fini(&before);
    text_fini(&after);
}

/* Absolute targets become origin form, whose Host may be another: these are not written back. */
static bool can_round_trip(const struct h1_parser *parser)
{
    const struct http_message *message = &parser->message;
    const char *host = http_message_get(message, "Host");
    return message->version == 11 &&
           (message->status || (host && strcmp(host, http_message_authority(message)) == 0));
}

/* Writes down what came of `data` in pieces of `piece` bytes; false: it failed. */
static bool feed(const uint8_t *data, size_t size, size_t piece, const char *method,
                 struct text *log)
{
    struct http_limits limits = {.start_line_max = 200,
                                 .fields_bytes_max = 1000,
                                 .fields_max = 20,
                                 .chunk_extension_max = 40,
                                 .body_max = 5000};
    struct h1_parser parser;
    bool ok = true;
    h1_parser_init(&parser, &limits);
    if (method) {
        h1_parser_start_response(&parser, method);
    }
    for (size_t at = 0; ok && at < size; at += piece) {
        struct bytes input = {data + at, piece < size - at ? piece : size - at};
        enum h1_event event;
        struct bytes body;
        while (ok && (event = h1_parser_next(&parser, &input, &body)) != H1_MORE) {
            ok = event != H1_FAILED;
            if (event == H1_BODY) {
                text_add(log, (const char *)body.p, body.len);
            } else {
                text_print(log, "<%d %zu %d>", (int)event, parser.message.n_fields,
                           ok ? 0 : parser.error.status);
            }
            if (event == H1_HEAD && piece == 1 && can_round_trip(&parser)) {
                check_round_trip(&parser, method);
            }
            if (event == H1_DONE && method) {
                h1_parser_start_response(&parser, method);
            } else if (event == H1_DONE) {
                h1_parser_start_request(&parser);
            }
        }
    }
    h1_parser_fini(&parser);
    return ok;
}

static void check_splits(const uint8_t *data, size_t size, const char *method)
{
    static const size_t PIECES[] = {1, 2, 7, 61};
    struct text whole = {0};
    bool ok = feed(data, size, size + 1, method, &whole);
    for (size_t i = 0; i < sizeof PIECES / sizeof PIECES[0]; i++) {
        struct text pieces = {0};
        CHECK(feed(data, size, PIECES[i], method, &pieces) == ok);
        CHECK(strcmp(text_chars(&whole), text_chars(&pieces)) == 0);
        text_fini(&pieces);
    }
    text_fini(&whole);
}

#endif
