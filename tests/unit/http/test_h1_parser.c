/* The parser of HTTP/1.1: what it understands, what it refuses and with which status, and that no
 * split of the bytes changes the outcome. */
#include "base/prng.h"
#include "http/h1_parser.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Feeds `wire` in pieces of a size that `next_len` draws, and writes down all that comes out,
 * bodies joined: what must not depend on the pieces. */
struct feeding {
    struct h1_parser parser;
    const char *method; /* of the request when responses are parsed; NULL: requests */
    struct prng prng;
    size_t piece; /* 0: of random length */
    struct text log;
    bool in_body;
};

static void start_message(struct feeding *feeding)
{
    if (feeding->method) {
        h1_parser_start_response(&feeding->parser, feeding->method);
    } else {
        h1_parser_start_request(&feeding->parser);
    }
}

static void log_head(struct feeding *feeding)
{
    const struct http_message *message = &feeding->parser.message;
    text_print(&feeding->log, "[%s %s %s %u %u %s %d %llu\n", http_message_method(message),
               http_message_target(message), http_message_authority(message), message->version,
               message->status, http_message_reason(message), (int)feeding->parser.framing,
               (unsigned long long)feeding->parser.length);
    http_message_print_fields(message, &feeding->log);
}

static void log_done(struct feeding *feeding)
{
    const struct http_message *message = &feeding->parser.message;
    for (size_t i = 0; i < message->n_fields; i++) {
        if (message->fields[i].is_trailer) {
            text_print(&feeding->log, "+%s: %s", http_message_field_name(message, i),
                       http_message_field_value(message, i));
        }
    }
    text_print(&feeding->log, "]");
}

/* False: it failed. */
static bool log_event(struct feeding *feeding, enum h1_event event, struct bytes body)
{
    switch (event) {
    case H1_MORE:
        return true;
    case H1_HEAD:
        log_head(feeding);
        return true;
    case H1_BODY:
        text_add(&feeding->log, (const char *)body.p, body.len);
        return true;
    case H1_DONE:
        log_done(feeding);
        start_message(feeding);
        return true;
    case H1_FAILED:
        text_print(&feeding->log, "!%u %s", feeding->parser.error.status,
                   feeding->parser.error.text);
        return false;
    }
    return false;
}

static bool feed_piece(struct feeding *feeding, struct bytes input)
{
    for (;;) {
        struct bytes body;
        enum h1_event event = h1_parser_next(&feeding->parser, &input, &body);
        if (!log_event(feeding, event, body)) {
            return false;
        }
        if (event == H1_MORE) {
            assert_int_equal(input.len, 0);
            return true;
        }
    }
}

/* Returns the log; valid until feeding_fini(). */
static const char *feed(struct feeding *feeding, const char *method, size_t piece, const char *wire,
                        size_t len)
{
    struct http_limits limits = {.start_line_max = 100,
                                 .fields_bytes_max = 200,
                                 .fields_max = 8,
                                 .chunk_extension_max = 20,
                                 .body_max = 1000};
    *feeding = (struct feeding){.method = method, .piece = piece};
    prng_init(&feeding->prng, 7, "test", "pieces");
    h1_parser_init(&feeding->parser, &limits);
    start_message(feeding);
    size_t at = 0;
    bool ok = true;
    while (ok && at < len) {
        size_t n = piece ? piece : (size_t)prng_below(&feeding->prng, 8);
        n = n < len - at ? n : len - at;
        ok = feed_piece(feeding, (struct bytes){(const uint8_t *)wire + at, n});
        at += n;
    }
    if (ok && h1_parser_has_begun(&feeding->parser)) {
        enum h1_event event = h1_parser_end(&feeding->parser);
        (void)log_event(feeding, event, (struct bytes){0});
    }
    return text_chars(&feeding->log);
}

static void feeding_fini(struct feeding *feeding)
{
    h1_parser_fini(&feeding->parser);
    text_fini(&feeding->log);
}

static void assert_log_of(const char *method, const char *wire, size_t len, const char *expected)
{
    static const size_t PIECES[] = {4096, 1, 2, 3, 7, 0};
    for (size_t i = 0; i < sizeof PIECES / sizeof PIECES[0]; i++) {
        struct feeding feeding;
        assert_string_equal(feed(&feeding, method, PIECES[i], wire, len), expected);
        feeding_fini(&feeding);
    }
}

static void assert_request(const char *wire, const char *expected)
{
    assert_log_of(NULL, wire, strlen(wire), expected);
}

static void assert_response(const char *method, const char *wire, const char *expected)
{
    assert_log_of(method, wire, strlen(wire), expected);
}

#define HOST "Host: a\r\n"
#define POST "POST / HTTP/1.1\r\n" HOST

/* --- what is understood --- */

static void reads_a_request(void **state)
{
    (void)state;
    assert_request("GET /a?b=c HTTP/1.1\r\nHost: shop.example:80\r\nAccept:\t text/html \t\r\n"
                   "Empty:\r\n\r\n",
                   "[GET /a?b=c shop.example:80 11 0  0 0\nHost: shop.example:80\n"
                   "Accept: text/html\nEmpty: \n]");
    assert_request("GET / HTTP/1.0\r\n\r\n", "[GET /  10 0  0 0\n]");
    /* RFC 9110 2.5 */
    assert_request("GET / HTTP/1.7\r\n" HOST "\r\n", "[GET / a 11 0  0 0\nHost: a\n]");
    /* RFC 9112 2.2: empty lines before a request */
    assert_request("\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "[GET / a 11 0  0 0\nHost: a\n]");
}

static void reads_pipelined_requests_with_bodies(void **state)
{
    (void)state;
    assert_request(POST "Content-Length: 5\r\n\r\nhelloGET /2 HTTP/1.1\r\n" HOST "\r\n",
                   "[POST / a 11 0  1 5\nHost: a\nContent-Length: 5\nhello]"
                   "[GET /2 a 11 0  0 0\nHost: a\n]");
    assert_request(POST "Content-Length: 0\r\n\r\n",
                   "[POST / a 11 0  1 0\nHost: a\nContent-Length: 0\n]");
}

static void reads_chunks_extensions_and_trailers(void **state)
{
    (void)state;
    assert_request(POST "Transfer-Encoding: Chunked\r\n\r\n"
                        "5\r\nhello\r\n00A;x;y=\"q\\\";\" ; z = 1\r\n, world...\r\n0\r\nSum: 1\r\n"
                        "\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
                   "[POST / a 11 0  2 0\nHost: a\nTransfer-Encoding: Chunked\n"
                   "hello, world...+Sum: 1][GET / a 11 0  0 0\nHost: a\n]");
}

static void understands_every_form_of_target(void **state)
{
    (void)state;
    assert_request("OPTIONS * HTTP/1.1\r\n" HOST "\r\n", "[OPTIONS * a 11 0  0 0\nHost: a\n]");
    assert_request("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
                   "[CONNECT a:443 a:443 11 0  0 0\nHost: a:443\n]");
    /* RFC 9112 3.2.2: the target's host wins */
    assert_request("GET http://b:81/x?y HTTP/1.1\r\n" HOST "\r\n",
                   "[GET /x?y b:81 11 0  0 0\nHost: a\n]");
    assert_request("GET HTTPS://b?y HTTP/1.1\r\n" HOST "\r\n", "[GET /?y b 11 0  0 0\nHost: a\n]");
    assert_request("GET http://[::1]:81 HTTP/1.1\r\n" HOST "\r\n",
                   "[GET / [::1]:81 11 0  0 0\nHost: a\n]");
    assert_request("OPTIONS http://b HTTP/1.1\r\n" HOST "\r\n",
                   "[OPTIONS * b 11 0  0 0\nHost: a\n]");
    assert_request("GET / HTTP/1.1\r\nHost:\r\n\r\n", "[GET /  11 0  0 0\nHost: \n]");
}

static void reads_responses_by_every_framing(void **state)
{
    (void)state;
    assert_response("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
                    "[   11 200 OK 1 2\nContent-Length: 2\nhi]");
    assert_response("GET", "HTTP/1.1 404 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
                    "[   11 404  2 0\nTransfer-Encoding: chunked\nx]");
    assert_response("GET", "HTTP/1.0 200 Fine by me\r\n\r\nuntil the end",
                    "[   10 200 Fine by me 3 0\nuntil the end]");
    assert_response("GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
                    "[   11 200  1 0\nContent-Length: 0\n]");
}

static void responses_without_content_end_with_their_head(void **state)
{
    (void)state;
    assert_response("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
                    "[   11 200 OK 0 0\nContent-Length: 9\n]");
    assert_response("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
                    "[   11 304 Not Modified 0 0\nContent-Length: 9\n]");
    assert_response("GET",
                    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                    "HTTP/1.1 204 No Content\r\n\r\n",
                    "[   11 100 Continue 0 0\n][   11 103 Early Hints 0 0\nLink: x\n]"
                    "[   11 204 No Content 0 0\n]");
    assert_response("CONNECT", "HTTP/1.1 200 OK\r\n\r\n", "[   11 200 OK 0 0\n]");
}

static void unfolds_lines_of_responses_only(void **state)
{
    (void)state;
    assert_response("GET", "HTTP/1.1 204 No Content\r\nA: b\r\n \t c\r\n\td\r\nE: f\r\n\r\n",
                    "[   11 204 No Content 0 0\nA: b c d\nE: f\n]");
    assert_response("GET", "HTTP/1.1 204 No Content\r\nA:\r\n b\r\n \r\nC: d\r\n\r\n",
                    "[   11 204 No Content 0 0\nA: b\nC: d\n]");
    assert_response("GET", "HTTP/1.1 204 No Content\r\n A: b\r\n\r\n", "!400 a folded header line");
    assert_request(POST "A: b\r\n c\r\n\r\n", "!400 a folded header line");
    assert_request("GET / HTTP/1.1\r\n " HOST "\r\n", "!400 a folded header line");
}

/* --- what is refused --- */

static void refuses_lines_that_do_not_end_with_cr_lf(void **state)
{
    (void)state;
    const char *why = "!400 a line that does not end with CR LF";
    assert_request("GET / HTTP/1.1\n" HOST "\r\n", why);
    assert_request("GET / HTTP/1.1\r\nHost: a\n\r\n", why);
    assert_request("GET / HTTP/1.1\r\n" HOST "\n", why);
    assert_request("\nGET / HTTP/1.1\r\n" HOST "\r\n", why);
    assert_request(POST "Transfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
                   "[POST / a 11 0  2 0\nHost: a\nTransfer-Encoding: chunked\n"
                   "!400 a line that does not end with CR LF");
    assert_request(POST "Transfer-Encoding: chunked\r\n\r\n1;x\nx\r\n0\r\n\r\n",
                   "[POST / a 11 0  2 0\nHost: a\nTransfer-Encoding: chunked\n"
                   "!400 a line that does not end with CR LF");
}

static void refuses_bare_cr_and_nul(void **state)
{
    (void)state;
    assert_request("GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n",
                   "!400 a control character in a field");
    assert_request("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", "!400 a control character in a field");
    assert_request("GET /\r HTTP/1.1\r\n" HOST "\r\n",
                   "!400 a character that no request target has");
    assert_request("GET / HTTP/1.1\r\r\n" HOST "\r\n", "!400 a start line without an HTTP version");
    assert_request("\r\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "!400 a request line without a method");
    static const char NUL_VALUE[] = "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n";
    assert_log_of(NULL, NUL_VALUE, sizeof NUL_VALUE - 1, "!400 a control character in a field");
    static const char NUL_NAME[] = "GET / HTTP/1.1\r\nHo\0st: a\r\n\r\n";
    assert_log_of(NULL, NUL_NAME, sizeof NUL_NAME - 1, "!400 a field name that is no token");
    static const char NUL_TARGET[] = "GET /\0 HTTP/1.1\r\n" HOST "\r\n";
    assert_log_of(NULL, NUL_TARGET, sizeof NUL_TARGET - 1,
                  "!400 a character that no request target has");
    static const char NUL_HOST[] = "GET http://a\0b/ HTTP/1.1\r\n" HOST "\r\n";
    assert_log_of(NULL, NUL_HOST, sizeof NUL_HOST - 1,
                  "!400 a character that no request target has");
}

static void refuses_invalid_request_lines(void **state)
{
    (void)state;
    assert_request("GET\r\n\r\n", "!400 a request line without a method");
    assert_request("GET /\r\n\r\n", "!400 a start line without an HTTP version");
    assert_request(" GET / HTTP/1.1\r\n\r\n", "!400 a request line without a method");
    assert_request("GET  / HTTP/1.1\r\n\r\n", "!400 a start line without an HTTP version");
    assert_request("GET / HTTP/1.1 \r\n\r\n", "!400 a start line without an HTTP version");
    assert_request("GET / x HTTP/1.1\r\n\r\n", "!400 a start line without an HTTP version");
    assert_request("GET\t/\tHTTP/1.1\r\n\r\n", "!400 a request line without a method");
    assert_request("G(T / HTTP/1.1\r\n\r\n", "!400 a request line without a method");
    assert_request("GET / http/1.1\r\n\r\n", "!400 a start line without an HTTP version");
    assert_request("GET / HTTP/1.10\r\n\r\n", "!400 a start line without an HTTP version");
    assert_request("GET / HTTP/2.0\r\n\r\n", "!505 a version other than HTTP/1");
    assert_request("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "!505 a version other than HTTP/1");
    assert_request("GET a HTTP/1.1\r\n\r\n", "!400 a request target in no form that HTTP has");
    assert_request("GET * HTTP/1.1\r\n\r\n", "!400 a request target in no form that HTTP has");
    assert_request("GET ftp://a/ HTTP/1.1\r\n\r\n",
                   "!400 a request target in no form that HTTP has");
    assert_request("GET http:///x HTTP/1.1\r\n\r\n", "!400 a request target with an invalid host");
    assert_request("GET http://me@a/ HTTP/1.1\r\n\r\n",
                   "!400 a request target with an invalid host");
    assert_request("GET /#f HTTP/1.1\r\n\r\n", "!400 a character that no request target has");
    assert_request("GET /\xc3\xa9 HTTP/1.1\r\n\r\n", "!400 a character that no request target has");
    assert_request("CONNECT a HTTP/1.1\r\n\r\n", "!400 CONNECT without host and port");
    assert_request("CONNECT /x HTTP/1.1\r\n\r\n", "!400 CONNECT without host and port");
    assert_request("\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n",
                   "!400 a request line without a method");
}

static void answers_what_is_too_long_with_its_own_status(void **state)
{
    (void)state;
    char wire[400];
    char filler[300];
    memset(filler, 'x', sizeof filler);
    snprintf(wire, sizeof wire, "GET /%.*s HTTP/1.1\r\n" HOST "\r\n", 200, filler);
    assert_request(wire, "!414 a start line that is too long");
    /* the longest that is taken, and one more: the limit is 100 */
    snprintf(wire, sizeof wire, "GET /%.*s HTTP/1.0\r\n\r\n", 86, filler);
    struct feeding feeding;
    assert_memory_equal(feed(&feeding, NULL, 1, wire, strlen(wire)), "[GET /xxx", 9);
    feeding_fini(&feeding);
    snprintf(wire, sizeof wire, "GET /%.*s HTTP/1.0\r\n\r\n", 87, filler);
    assert_request(wire, "!414 a start line that is too long");
    snprintf(wire, sizeof wire, "%.*s", 150, filler);
    assert_request(wire, "!501 a method that is too long to be one");
    snprintf(wire, sizeof wire, "%.*s / HTTP/1.1\r\n\r\n", 33, filler);
    assert_request(wire, "!501 a method that is too long to be one");
    snprintf(wire, sizeof wire, "GET / HTTP/1.1\r\nA: %.*s\r\n\r\n", 200, filler);
    assert_request(wire, "!431 header fields that are too long");
    snprintf(wire, sizeof wire, "GET / HTTP/1.1\r\n%.*s", 250, filler);
    assert_request(wire, "!431 header fields that are too long");
    assert_request("GET / HTTP/1.1\r\nA:1\r\nB:2\r\nC:3\r\nD:4\r\nE:5\r\nF:6\r\nG:7\r\nH:8\r\n"
                   "I:9\r\n\r\n",
                   "!431 too many header fields");
    assert_request(POST "Content-Length: 1001\r\n\r\n", "!413 content that is too long");
    assert_request(POST "Content-Length: 99999999999999999999\r\n\r\n",
                   "!413 content that is too long");
}

static void refuses_invalid_hosts(void **state)
{
    (void)state;
    assert_request("GET / HTTP/1.1\r\n\r\n", "!400 no Host field");
    assert_request("GET / HTTP/1.1\r\n" HOST HOST "\r\n", "!400 two Host fields");
    assert_request("GET / HTTP/1.0\r\n" HOST "Host: b\r\n\r\n", "!400 two Host fields");
    assert_request("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "!400 an invalid Host field");
    assert_request("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "!400 an invalid Host field");
    assert_request("GET / HTTP/1.1\r\nHost: me@a\r\n\r\n", "!400 an invalid Host field");
    assert_request("GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n", "!400 an invalid Host field");
    assert_request("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", "!400 an invalid Host field");
    assert_request("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", "!400 an invalid Host field");
    assert_request("GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", "!400 an invalid Host field");
}

static void refuses_invalid_field_lines(void **state)
{
    (void)state;
    assert_request(POST "Content-Length : 5\r\n\r\n", "!400 a blank before the colon");
    assert_request(POST "Content-Length\t: 5\r\n\r\n", "!400 a blank before the colon");
    assert_request(POST "Content Length: 5\r\n\r\n", "!400 a field name that is no token");
    assert_request(POST ": 5\r\n\r\n", "!400 a field name that is no token");
    assert_request(POST "no colon\r\n\r\n", "!400 a header line without a colon");
    assert_request(POST "A: b\x7f\r\n\r\n", "!400 a control character in a field");
    assert_request(POST "A: b\x0b\r\n\r\n", "!400 a control character in a field");
}

static void refuses_every_doubt_about_the_length(void **state)
{
    (void)state;
    const char *no_number = "!400 a Content-Length that is no number";
    assert_request(POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
                   "!400 two Content-Length fields");
    assert_request(POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
                   "!400 two Content-Length fields");
    assert_request(POST "Content-Length: 5, 5\r\n\r\n", no_number);
    assert_request(POST "Content-Length: +5\r\n\r\n", no_number);
    assert_request(POST "Content-Length: -5\r\n\r\n", no_number);
    assert_request(POST "Content-Length: 0x5\r\n\r\n", no_number);
    assert_request(POST "Content-Length: 5 5\r\n\r\n", no_number);
    assert_request(POST "Content-Length: 5;\r\n\r\n", no_number);
    assert_request(POST "Content-Length:\r\n\r\n", no_number);
    assert_request(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                   "!400 both Content-Length and Transfer-Encoding");
    assert_request(POST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
                   "!400 both Content-Length and Transfer-Encoding");
    assert_request("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
                   "!400 Transfer-Encoding in HTTP/1.0");
}

static void refuses_every_doubt_about_the_coding(void **state)
{
    (void)state;
    const char *not_last = "!400 a message whose last transfer coding is not chunked";
    assert_request(POST "Transfer-Encoding: identity\r\n\r\n", not_last);
    assert_request(POST "Transfer-Encoding: gzip\r\n\r\n", not_last);
    assert_request(POST "Transfer-Encoding: xchunked\r\n\r\n", not_last);
    assert_request(POST "Transfer-Encoding: \"chunked\"\r\n\r\n", not_last);
    assert_request(POST "Transfer-Encoding: chunked;q=1\r\n\r\n", not_last);
    assert_request(POST "Transfer-Encoding:\r\n\r\n", not_last);
    assert_request(POST "Transfer-Encoding: gzip, chunked\r\n\r\n",
                   "!501 a transfer coding other than chunked");
    assert_request(POST "Transfer-Encoding: chunked, gzip\r\n\r\n",
                   "!400 a transfer coding after chunked");
    assert_request(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                   "!400 a transfer coding after chunked");
    assert_request(POST "Transfer-Encoding: chunked, identity\r\n\r\n",
                   "!400 a transfer coding after chunked");
    assert_request(POST "Transfer-Encoding: \x0b"
                        "chunked\r\n\r\n",
                   "!400 a control character in a field");
    assert_response("GET", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                    "!400 two Content-Length fields");
    assert_response("GET",
                    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                    "!400 both Content-Length and Transfer-Encoding");
}

static void assert_chunks(const char *chunks, const char *expected)
{
    char wire[400];
    char log[400];
    snprintf(wire, sizeof wire, POST "Transfer-Encoding: chunked\r\n\r\n%s", chunks);
    snprintf(log, sizeof log, "[POST / a 11 0  2 0\nHost: a\nTransfer-Encoding: chunked\n%s",
             expected);
    assert_request(wire, log);
}

static void refuses_invalid_chunks(void **state)
{
    (void)state;
    const char *no_size = "!400 a chunk size that is none";
    assert_chunks("x\r\n", no_size);
    assert_chunks("\r\n", no_size);
    assert_chunks("-1\r\n", no_size);
    assert_chunks("+1\r\n", no_size);
    assert_chunks("0x1\r\n", no_size);
    assert_chunks("1 \r\n", no_size);
    assert_chunks(" 1\r\n", no_size);
    assert_chunks("1;\r\n", no_size);
    assert_chunks("1;a=\r\n", no_size);
    assert_chunks("1;a=\"b\r\n", no_size);
    assert_chunks("1;a=\"\x01\"\r\n", no_size);
    assert_chunks("1;a\rb\r\n", no_size);
    assert_chunks("1,a\r\n", no_size);
    assert_chunks("00000000000000001\r\n", no_size);
    assert_chunks("ffffffffffffffff\r\n", "!413 content that is too long");
    assert_chunks("3e9\r\n", "!413 content that is too long");
    assert_chunks("1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
                  "!400 chunk extensions that are too long");
    assert_chunks("1;aaaaaaaaaaaaa\r\nx\r\n1;aaaaaaaaa\r\n",
                  "x!400 chunk extensions that are too long");
    assert_chunks("1\r\nxy\r\n", "x!400 a chunk that is longer than its size says");
    assert_chunks("1\r\nx\n0\r\n\r\n", "x!400 a chunk that is longer than its size says");
    assert_chunks("1\r\nx\rX", "x!400 a chunk that is longer than its size says");
    assert_chunks("0\r\nA : b\r\n\r\n", "!400 a blank before the colon");
    assert_chunks("0\r\n\n", "!400 a line that does not end with CR LF");
    assert_chunks("2\r\nx", "x!400 the connection ended inside a message");
}

static void refuses_invalid_responses(void **state)
{
    (void)state;
    assert_response("GET", "HTTP/1.1\r\n\r\n", "!400 a status line without a status");
    assert_response("GET", "HTTP/1.1 20\r\n\r\n", "!400 a status that is not three digits");
    assert_response("GET", "HTTP/1.1 2000\r\n\r\n", "!400 a status that is not three digits");
    assert_response("GET", "HTTP/1.1 099 x\r\n\r\n", "!400 a status that is not three digits");
    assert_response("GET", "HTTP/1.1 200 a\rb\r\n\r\n",
                    "!400 a control character in the status line");
    assert_response("GET", "ICY 200 OK\r\n\r\n", "!400 a start line without an HTTP version");
    assert_response("GET", "HTTP/2 200 OK\r\n\r\n", "!400 a start line without an HTTP version");
    assert_response("GET", "\r\nHTTP/1.1 200 OK\r\n\r\n", "!400 a status line without a status");
    assert_response("GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi",
                    "[   11 200 OK 1 5\nContent-Length: 5\nhi"
                    "!400 the connection ended inside a message");
}

/* --- any bytes: no crash, and no difference between splits --- */

static size_t mutate(struct prng *prng, char *wire, size_t len)
{
    static const char INTERESTING[] = "\r\n\0 \t:;,=\"chunked0159afx\x7f\xff";
    uint64_t changes = prng_below(prng, 4);
    for (uint64_t i = 0; i < changes; i++) {
        size_t at = (size_t)prng_below(prng, len);
        wire[at] = INTERESTING[prng_below(prng, sizeof INTERESTING - 1)];
    }
    return (size_t)prng_below(prng, len) + 1;
}

static void no_split_of_the_bytes_changes_the_outcome(void **state)
{
    (void)state;
    static const char WIRE[] =
        "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n"
        "0\r\nT: u\r\n\r\nPUT /b HTTP/1.1\r\nHost: a:1\r\nContent-Length: 4\r\n\r\nbody"
        "GET http://c/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    struct prng prng;
    prng_init(&prng, 1, "test", "mutation");
    for (int round = 0; round < 3000; round++) {
        char wire[sizeof WIRE];
        memcpy(wire, WIRE, sizeof WIRE);
        size_t len = mutate(&prng, wire, sizeof WIRE - 1);
        struct feeding whole;
        struct feeding single;
        struct feeding random;
        const char *expected = feed(&whole, NULL, 4096, wire, len);
        assert_string_equal(feed(&single, NULL, 1, wire, len), expected);
        assert_string_equal(feed(&random, NULL, 0, wire, len), expected);
        feeding_fini(&whole);
        feeding_fini(&single);
        feeding_fini(&random);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_request),
        cmocka_unit_test(reads_pipelined_requests_with_bodies),
        cmocka_unit_test(reads_chunks_extensions_and_trailers),
        cmocka_unit_test(understands_every_form_of_target),
        cmocka_unit_test(reads_responses_by_every_framing),
        cmocka_unit_test(responses_without_content_end_with_their_head),
        cmocka_unit_test(unfolds_lines_of_responses_only),
        cmocka_unit_test(refuses_lines_that_do_not_end_with_cr_lf),
        cmocka_unit_test(refuses_bare_cr_and_nul),
        cmocka_unit_test(refuses_invalid_request_lines),
        cmocka_unit_test(answers_what_is_too_long_with_its_own_status),
        cmocka_unit_test(refuses_invalid_hosts),
        cmocka_unit_test(refuses_invalid_field_lines),
        cmocka_unit_test(refuses_every_doubt_about_the_length),
        cmocka_unit_test(refuses_every_doubt_about_the_coding),
        cmocka_unit_test(refuses_invalid_chunks),
        cmocka_unit_test(refuses_invalid_responses),
        cmocka_unit_test(no_split_of_the_bytes_changes_the_outcome),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
