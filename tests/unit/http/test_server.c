/* The server, against a client that sends bytes: answers, order, refusals, limits, timeouts. */
#include "base/list.h"
#include "http/http_trace.h"
#include "http/raw_client.h"
#include "http/server.h"
#include "support/fake_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)
#define HOST "Host: a\r\n"
#define DATE "Date: Wed, 01 Jan 2025 00:00:00 GMT\r\n"
#define ADDRESS "192.0.2.1"

/* What a handler keeps of an exchange that it does not answer at once. */
struct job {
    struct world *world;
    struct http_exchange *exchange;
    struct timer timer;
    struct byte_queue body;
    size_t left; /* of a long answer */
    bool is_open;
};

enum { MAX_JOBS = 8 };

struct world {
    struct fake_net *net;
    struct sockets *server_host, *client_host;
    struct http_server *server;
    struct job jobs[MAX_JOBS];
    size_t n_jobs;
    unsigned gone, body_errors;
    struct trace_sink sink;
    struct text trace;
};

static void respond_text(struct http_exchange *exchange, uint16_t status, const char *text)
{
    http_exchange_respond(exchange, status, bytes_of_text(text));
}

static void job_end(struct job *job)
{
    job->is_open = false;
    timer_stop(&job->timer);
}

static void on_gone(void *owner)
{
    struct job *job = owner;
    job->world->gone++;
    job_end(job);
}

static void on_later(void *owner)
{
    struct job *job = owner;
    respond_text(job->exchange, 200, "later");
    job_end(job);
}

/* Reads the content to its end, then answers with it. */
static void echo_on_event(void *owner)
{
    struct job *job = owner;
    uint8_t buffer[7];
    int64_t got;
    while ((got = http_exchange_read_body(job->exchange, buffer, sizeof buffer)) > 0) {
        byte_queue_add(&job->body, buffer, (size_t)got);
    }
    if (got == -(int64_t)STATUS_AGAIN) {
        return;
    }
    if (got == 0) {
        http_exchange_respond(job->exchange, 200, byte_queue_front(&job->body));
    } else {
        job->world->body_errors++;
    }
    job_end(job);
}

static void stream_on_event(void *owner)
{
    struct job *job = owner;
    static const char LINE[] = "0123456789abcdef";
    while (job->left > 0) {
        size_t n = job->left < 16 ? job->left : 16;
        int64_t taken =
            http_exchange_write(job->exchange, (struct bytes){(const uint8_t *)LINE + 16 - n, n});
        if (taken < 0) {
            assert_int_equal(taken, -(int64_t)STATUS_AGAIN);
            return;
        }
        job->left -= (size_t)taken;
    }
    http_exchange_finish(job->exchange);
    job_end(job);
}

static struct job *job_new(struct world *world, struct http_exchange *exchange,
                           http_exchange_event on_event)
{
    assert_true(world->n_jobs < MAX_JOBS);
    struct job *job = &world->jobs[world->n_jobs++];
    job->world = world;
    job->exchange = exchange;
    job->is_open = true;
    scope_timer_init(world->server_host->scope, &job->timer, on_later, job);
    http_exchange_set_owner(exchange, on_event, on_gone, job);
    return job;
}

static void start_stream(struct world *world, struct http_exchange *exchange, uint64_t length,
                         size_t len)
{
    struct job *job = job_new(world, exchange, stream_on_event);
    job->left = len;
    http_exchange_start(exchange, 200, length);
    stream_on_event(job);
}

static void handle(void *owner, struct http_exchange *exchange)
{
    struct world *world = owner;
    const struct http_message *request = http_exchange_request(exchange);
    const char *target = http_message_target(request);
    if (strcmp(target, "/later") == 0) {
        struct job *job = job_new(world, exchange, NULL);
        timer_set(&job->timer, scope_now(world->server_host->scope) + SECOND);
    } else if (strcmp(target, "/echo") == 0) {
        echo_on_event(job_new(world, exchange, echo_on_event));
    } else if (strcmp(target, "/chunked") == 0) {
        start_stream(world, exchange, HTTP_LENGTH_UNKNOWN, 20);
    } else if (strcmp(target, "/long") == 0) {
        start_stream(world, exchange, 1000000, 1000000);
    } else if (strcmp(target, "/abort") == 0) {
        http_exchange_abort(exchange);
    } else if (strcmp(target, "/split") == 0) {
        http_message_add(http_exchange_response(exchange), "Location", "/\r\nSet-Cookie: a=b");
        respond_text(exchange, 302, "moved");
    } else if (strcmp(target, "/none") == 0) {
        respond_text(exchange, 204, "not sent");
    } else if (strcmp(target, "/close") == 0) {
        http_exchange_close_after(exchange);
        respond_text(exchange, 200, "bye");
    } else {
        respond_text(exchange, 200, target);
    }
}

static void on_trace(struct trace_sink *sink, const struct trace_event *event)
{
    struct world *world = container_of(sink, struct world, sink);
    trace_print_summary(&world->trace, event);
    text_print(&world->trace, "\n");
}

static void world_start(struct world *world, const struct http_server_config *config)
{
    static const struct http_server_config PLAIN = {0};
    *world = (struct world){.net = fake_net_new(1, MS), .sink = {.on_event = on_trace}};
    world->server_host = fake_host_new(world->net, "server", ADDRESS);
    world->client_host = fake_host_new(world->net, "client", "192.0.2.2");
    trace_add_sink(fake_net_trace(world->net), &world->sink);
    assert_int_equal(http_server_new(world->server_host, config ? config : &PLAIN, handle, world,
                                     &world->server),
                     STATUS_OK);
}

static void world_end(struct world *world)
{
    http_server_free(world->server);
    fake_net_run_for(world->net, SECOND);
    for (size_t i = 0; i < world->n_jobs; i++) {
        timer_fini(&world->jobs[i].timer);
        byte_queue_fini(&world->jobs[i].body);
    }
    trace_remove_sink(fake_net_trace(world->net), &world->sink);
    text_fini(&world->trace);
    fake_net_free(world->net);
}

static void send_text(struct raw_client *client, const char *text)
{
    raw_client_send(client, text, strlen(text));
}

/* Everything that comes back for `wire`, on one connection that then is left open. */
static void talk(struct world *world, struct raw_client *client, const char *wire)
{
    raw_client_open(client, world->client_host, ADDRESS);
    send_text(client, wire);
    fake_net_run_for(world->net, 10 * SECOND);
}

static void assert_answer(const char *wire, const char *expected, bool ends)
{
    static const struct fake_stream_limits LIMITS[] = {
        {.window = 65536}, {.write_max = 1, .read_max = 1, .window = 65536}, {.window = 3}};
    for (size_t i = 0; i < sizeof LIMITS / sizeof LIMITS[0]; i++) {
        struct world world;
        struct raw_client client;
        world_start(&world, NULL);
        fake_net_set_stream_limits(world.net, LIMITS[i]);
        talk(&world, &client, wire);
        assert_string_equal(text_chars(&client.got), expected);
        assert_int_equal(client.has_ended, ends);
        assert_false(client.was_reset);
        raw_client_close(&client);
        world_end(&world);
    }
}

/* --- answering --- */

static void answers_and_keeps_the_connection(void **state)
{
    (void)state;
    assert_answer("GET /x HTTP/1.1\r\n" HOST "\r\n",
                  "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 2\r\n\r\n/x", false);
}

static void answers_pipelined_requests_in_order(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_start(&world, NULL);
    talk(&world, &client,
         "GET /later HTTP/1.1\r\n" HOST "\r\nPOST /2 HTTP/1.1\r\n" HOST
         "Content-Length: 4\r\n\r\nleftGET /3 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"
         "GET /never HTTP/1.1\r\n" HOST "\r\n");
    const char *got = text_chars(&client.got);
    const char *later = strstr(got, "\r\n\r\nlater");
    assert_non_null(later);
    assert_non_null(strstr(later, "\r\n\r\n/2"));
    assert_non_null(strstr(strstr(later, "\r\n\r\n/2"), "\r\n\r\n/3"));
    assert_null(strstr(got, "/never"));
    assert_true(client.has_ended);
    raw_client_close(&client);
    world_end(&world);
}

static void answers_head_with_the_length_only(void **state)
{
    (void)state;
    assert_answer("HEAD /abc HTTP/1.1\r\n" HOST "\r\nHEAD /chunked HTTP/1.1\r\n" HOST "\r\n",
                  "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 4\r\n\r\n"
                  "HTTP/1.1 200 OK\r\n" DATE "Transfer-Encoding: chunked\r\n\r\n",
                  false);
}

static void sends_no_content_with_204(void **state)
{
    (void)state;
    assert_answer("GET /none HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 204 No Content\r\n" DATE "\r\n",
                  false);
}

static void sends_chunks_when_the_length_is_unknown(void **state)
{
    (void)state;
    assert_answer("GET /chunked HTTP/1.1\r\n" HOST "\r\n",
                  "HTTP/1.1 200 OK\r\n" DATE "Transfer-Encoding: chunked\r\n\r\n"
                  "10\r\n0123456789abcdef\r\n4\r\ncdef\r\n0\r\n\r\n",
                  false);
}

static void ends_content_by_closing_for_http_1_0(void **state)
{
    (void)state;
    assert_answer("GET /chunked HTTP/1.0\r\n\r\n",
                  "HTTP/1.1 200 OK\r\n" DATE "Connection: close\r\n\r\n0123456789abcdefcdef", true);
    assert_answer("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                  "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 2\r\nConnection: keep-alive\r\n\r\n"
                  "/x",
                  false);
}

static void reads_content_of_any_framing(void **state)
{
    (void)state;
    assert_answer("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 11\r\n\r\nhello world"
                  "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                  "9;x=y\r\nhow are y\r\n3\r\nou?\r\n0\r\nT: u\r\n\r\n"
                  "POST /echo HTTP/1.1\r\n" HOST "\r\n",
                  "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 11\r\n\r\nhello world"
                  "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 12\r\n\r\nhow are you?"
                  "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 0\r\n\r\n",
                  false);
}

static void sends_a_long_answer_as_fast_as_the_client_reads(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_start(&world, NULL);
    raw_client_open(&client, world.client_host, ADDRESS);
    client.is_stalled = true;
    send_text(&client, "GET /long HTTP/1.1\r\n" HOST "\r\n");
    fake_net_run_for(world.net, 10 * SECOND);
    assert_true(world.jobs[0].is_open);
    assert_true(world.jobs[0].left > 1000000 - 65536 - 2 * 65536); /* no more than is allowed */
    client.is_stalled = false;
    raw_client_go(&client);
    fake_net_run_for(world.net, 10 * SECOND);
    assert_false(world.jobs[0].is_open);
    const char *body = strstr(text_chars(&client.got), "\r\n\r\n");
    assert_non_null(body);
    assert_int_equal(strlen(body + 4), 1000000);
    raw_client_close(&client);
    world_end(&world);
}

static void says_continue_to_who_waits_for_it(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_start(&world, NULL);
    talk(&world, &client,
         "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\nExpect: 100-Continue\r\n\r\n");
    assert_string_equal(text_chars(&client.got), "HTTP/1.1 100 Continue\r\n\r\n");
    send_text(&client, "hi");
    fake_net_run_for(world.net, SECOND);
    assert_non_null(strstr(text_chars(&client.got), "Content-Length: 2\r\n\r\nhi"));
    raw_client_close(&client);
    world_end(&world);
}

static void does_not_ask_for_content_that_it_does_not_want(void **state)
{
    (void)state;
    assert_answer("POST /x HTTP/1.1\r\n" HOST "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n",
                  "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 2\r\nConnection: close\r\n\r\n/x",
                  true);
    assert_answer("GET /x HTTP/1.1\r\n" HOST "Expect: miracles\r\n\r\n",
                  "HTTP/1.1 417 Expectation Failed\r\n" DATE
                  "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 63\r\n"
                  "Connection: close\r\n\r\n"
                  "417 Expectation Failed: an expectation other than 100-continue\n",
                  true);
}

static void closes_when_asked_to(void **state)
{
    (void)state;
    assert_answer("GET /close HTTP/1.1\r\n" HOST "\r\n",
                  "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 3\r\nConnection: close\r\n\r\nbye",
                  true);
}

static void a_field_that_would_split_the_response_becomes_500(void **state)
{
    (void)state;
    assert_answer("GET /split HTTP/1.1\r\n" HOST "\r\n",
                  "HTTP/1.1 500 Internal Server Error\r\n" DATE
                  "Content-Length: 0\r\nConnection: close\r\n\r\n",
                  true);
}

static void an_aborted_exchange_breaks_the_connection(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_start(&world, NULL);
    talk(&world, &client, "GET /abort HTTP/1.1\r\n" HOST "\r\n");
    assert_true(client.was_reset);
    assert_string_equal(text_chars(&client.got), "");
    assert_int_equal(http_server_connections(world.server), 0);
    raw_client_close(&client);
    world_end(&world);
}

static void answers_a_client_that_has_shut_its_side(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_start(&world, NULL);
    raw_client_open(&client, world.client_host, ADDRESS);
    client.shuts_down = true;
    send_text(&client, "GET /later HTTP/1.1\r\n" HOST "\r\n");
    fake_net_run_for(world.net, 10 * SECOND);
    assert_non_null(strstr(text_chars(&client.got), "\r\n\r\nlater"));
    assert_true(client.has_ended);
    assert_int_equal(http_server_connections(world.server), 0);
    raw_client_close(&client);
    world_end(&world);
}

/* --- refusing --- */

static void assert_refused(const char *wire, const char *status)
{
    static const struct fake_stream_limits LIMITS[] = {
        {.window = 65536}, {.write_max = 1, .read_max = 1, .window = 65536}};
    for (size_t i = 0; i < sizeof LIMITS / sizeof LIMITS[0]; i++) {
        struct world world;
        struct raw_client client;
        world_start(&world, NULL);
        fake_net_set_stream_limits(world.net, LIMITS[i]);
        talk(&world, &client, wire);
        assert_memory_equal(text_chars(&client.got), "HTTP/1.1 ", 9);
        assert_memory_equal(text_chars(&client.got) + 9, status, 3);
        assert_non_null(strstr(text_chars(&client.got), "Connection: close\r\n"));
        assert_null(strstr(text_chars(&client.got), "smuggled"));
        assert_non_null(strstr(text_chars(&world.trace), "refused with "));
        assert_true(client.has_ended);
        assert_false(client.was_reset);
        assert_int_equal(http_server_connections(world.server), 0);
        raw_client_close(&client);
        world_end(&world);
    }
}

#define SMUGGLED "GET /smuggled HTTP/1.1\r\n" HOST "\r\n"

static void refuses_what_could_smuggle_a_request(void **state)
{
    (void)state;
    static const char *const WIRES[] = {
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 0\r\n\r\nabc" SMUGGLED,
        "POST / HTTP/1.1\r\n" HOST
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" SMUGGLED,
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
        "POST / HTTP/1.1\r\n" HOST "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
        "POST / HTTP/1.1\r\n" HOST "X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0x5\r\n" SMUGGLED,
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n" SMUGGLED,
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5;\nabcde\r\n" SMUGGLED,
        "GET / HTTP/1.1\r\n" HOST "Host: b\r\n\r\n" SMUGGLED,
        "GET / HTTP/1.1\n" HOST "\n" SMUGGLED,
        "GET /x\r\n\r\n" SMUGGLED,
    };
    for (size_t i = 0; i < sizeof WIRES / sizeof WIRES[0]; i++) {
        assert_refused(WIRES[i], "400");
    }
}

static void malformed_unread_content_ends_the_connection_after_the_answer(void **state)
{
    (void)state;
    assert_answer("POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n" SMUGGLED,
                  "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 2\r\n\r\n/x", true);
}

static void refuses_what_is_too_long_or_unknown(void **state)
{
    (void)state;
    struct text wire = {0};
    text_print(&wire, "GET /%9000d HTTP/1.1\r\n" HOST "\r\n", 0);
    for (char *c = wire.chars + 5; *c == ' '; c++) {
        *c = 'x';
    }
    assert_refused(wire.chars, "414");
    text_clear(&wire);
    text_print(&wire, "GET / HTTP/1.1\r\n" HOST "X: %40000d\r\n\r\n", 0);
    assert_refused(wire.chars, "431");
    text_fini(&wire);
    assert_refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999\r\n\r\n", "413");
    assert_refused("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", "501");
    assert_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505");
}

static void malformed_content_ends_the_exchange_once(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_start(&world, NULL);
    talk(&world, &client,
         "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    send_text(&client, "nonsense\r\n");
    fake_net_run_for(world.net, SECOND);
    assert_memory_equal(text_chars(&client.got), "HTTP/1.1 400", 12);
    assert_int_equal(world.body_errors, 1);
    assert_int_equal(world.gone, 0);
    raw_client_close(&client);
    world_end(&world);
}

/* --- limits and time --- */

static void an_unread_long_body_is_not_waited_for(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_start(&world, NULL);
    talk(&world, &client, "POST /x HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\nsome");
    assert_non_null(strstr(text_chars(&client.got), "Connection: close\r\n\r\n/x"));
    assert_true(client.has_ended);
    raw_client_close(&client);
    world_end(&world);
}

static void an_unread_body_without_length_is_not_read_for_ever(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    struct text wire = {0};
    world_start(&world, NULL);
    text_print(&wire, "POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 200; i++) {
        text_print(&wire, "400\r\n%01024d\r\n", 0);
    }
    text_print(&wire, "0\r\n\r\nGET /next HTTP/1.1\r\n" HOST "\r\n");
    talk(&world, &client, text_chars(&wire));
    assert_non_null(strstr(text_chars(&client.got), "\r\n\r\n/x"));
    assert_null(strstr(text_chars(&client.got), "/next"));
    assert_true(client.has_ended);
    text_fini(&wire);
    raw_client_close(&client);
    world_end(&world);
}

static void closes_an_idle_connection(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_start(&world, NULL);
    talk(&world, &client, "GET /x HTTP/1.1\r\n" HOST "\r\n");
    fake_net_run_for(world.net, 45 * SECOND);
    assert_false(client.has_ended);
    fake_net_run_for(world.net, 10 * SECOND);
    assert_true(client.has_ended);
    assert_null(strstr(text_chars(&client.got), "408"));
    raw_client_close(&client);
    world_end(&world);
}

static void a_request_that_drips_in_is_answered_with_408(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_start(&world, NULL);
    raw_client_open(&client, world.client_host, ADDRESS);
    for (int i = 0; i < 20; i++) {
        send_text(&client, i == 0 ? "GET / HTTP/1.1\r\n" : "X: y\r\n");
        fake_net_run_for(world.net, SECOND);
    }
    assert_memory_equal(text_chars(&client.got), "HTTP/1.1 408", 12);
    assert_true(client.has_ended);
    raw_client_close(&client);
    world_end(&world);
}

static void content_that_stops_coming_is_answered_with_408(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_start(&world, NULL);
    talk(&world, &client, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\nabc");
    fake_net_run_for(world.net, 10 * SECOND);
    assert_memory_equal(text_chars(&client.got), "HTTP/1.1 408", 12);
    assert_int_equal(world.gone, 1);
    assert_true(client.has_ended);
    raw_client_close(&client);
    world_end(&world);
}

static void a_client_that_does_not_read_is_cut_off(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_start(&world, NULL);
    raw_client_open(&client, world.client_host, ADDRESS);
    client.is_stalled = true;
    send_text(&client, "GET /long HTTP/1.1\r\n" HOST "\r\n");
    fake_net_run_for(world.net, 40 * SECOND);
    assert_int_equal(world.gone, 1);
    assert_int_equal(http_server_connections(world.server), 0);
    raw_client_close(&client);
    world_end(&world);
}

static void the_handler_learns_that_the_client_is_gone(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_start(&world, NULL);
    raw_client_open(&client, world.client_host, ADDRESS);
    send_text(&client, "GET /later HTTP/1.1\r\n" HOST "\r\n");
    fake_net_run_for(world.net, 100 * MS);
    stream_abort(client.stream);
    client.stream = NULL;
    fake_net_run_for(world.net, 100 * MS);
    assert_int_equal(world.gone, 1);
    fake_net_run_for(world.net, 5 * SECOND);
    raw_client_close(&client);
    world_end(&world);
}

static void an_idle_connection_makes_room_and_a_busy_one_does_not(void **state)
{
    (void)state;
    struct world world;
    struct raw_client clients[3];
    world_start(&world, &(struct http_server_config){.max_connections = 2,
                                                     .request_timeout_ns = 100 * SECOND});
    talk(&world, &clients[0], "GET /1 HTTP/1.1\r\n" HOST "\r\n");
    raw_client_open(&clients[1], world.client_host, ADDRESS);
    send_text(&clients[1], "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n");
    fake_net_run_for(world.net, SECOND);
    talk(&world, &clients[2], "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n");
    assert_int_equal(http_server_connections(world.server), 2);
    assert_true(clients[0].has_ended); /* it was idle */
    raw_client_close(&clients[0]);
    talk(&world, &clients[0], "GET /4 HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(http_server_connections(world.server), 2);
    raw_client_close(&clients[1]);
    fake_net_run_for(world.net, 10 * SECOND);
    assert_non_null(strstr(text_chars(&clients[0].got), "/4")); /* it waited for its turn */
    raw_client_close(&clients[0]);
    raw_client_close(&clients[2]);
    world_end(&world);
}

static void a_connection_ends_after_its_share_of_requests(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_start(&world, &(struct http_server_config){.max_requests = 2});
    talk(&world, &client,
         "GET /1 HTTP/1.1\r\n" HOST "\r\nGET /2 HTTP/1.1\r\n" HOST "\r\nGET /3 HTTP/1.1\r\n" HOST
         "\r\n");
    assert_non_null(strstr(text_chars(&client.got), "Connection: close\r\n\r\n/2"));
    assert_null(strstr(text_chars(&client.got), "/3"));
    assert_true(client.has_ended);
    raw_client_close(&client);
    world_end(&world);
}

static void tells_the_trace(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_start(&world, NULL);
    talk(&world, &client, "GET /x HTTP/1.1\r\n" HOST "\r\nGARBAGE\r\n\r\n");
    struct text expected = {0};
    struct endpoint local = stream_local(client.stream);
    char from[ENDPOINT_TEXT_SIZE];
    endpoint_print(local, from);
    text_print(&expected,
               "GET /x for a from %s\n200 OK for GET /x to %s\n"
               "refused with 400: a request line without a method, from %s\n"
               "400 Bad Request for   to %s\n",
               from, from, from, from);
    assert_string_equal(text_chars(&world.trace), text_chars(&expected));
    text_fini(&expected);
    raw_client_close(&client);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_and_keeps_the_connection),
        cmocka_unit_test(answers_pipelined_requests_in_order),
        cmocka_unit_test(answers_head_with_the_length_only),
        cmocka_unit_test(sends_no_content_with_204),
        cmocka_unit_test(sends_chunks_when_the_length_is_unknown),
        cmocka_unit_test(ends_content_by_closing_for_http_1_0),
        cmocka_unit_test(reads_content_of_any_framing),
        cmocka_unit_test(sends_a_long_answer_as_fast_as_the_client_reads),
        cmocka_unit_test(says_continue_to_who_waits_for_it),
        cmocka_unit_test(does_not_ask_for_content_that_it_does_not_want),
        cmocka_unit_test(closes_when_asked_to),
        cmocka_unit_test(a_field_that_would_split_the_response_becomes_500),
        cmocka_unit_test(an_aborted_exchange_breaks_the_connection),
        cmocka_unit_test(answers_a_client_that_has_shut_its_side),
        cmocka_unit_test(refuses_what_could_smuggle_a_request),
        cmocka_unit_test(malformed_unread_content_ends_the_connection_after_the_answer),
        cmocka_unit_test(refuses_what_is_too_long_or_unknown),
        cmocka_unit_test(malformed_content_ends_the_exchange_once),
        cmocka_unit_test(an_unread_long_body_is_not_waited_for),
        cmocka_unit_test(an_unread_body_without_length_is_not_read_for_ever),
        cmocka_unit_test(closes_an_idle_connection),
        cmocka_unit_test(a_request_that_drips_in_is_answered_with_408),
        cmocka_unit_test(content_that_stops_coming_is_answered_with_408),
        cmocka_unit_test(a_client_that_does_not_read_is_cut_off),
        cmocka_unit_test(the_handler_learns_that_the_client_is_gone),
        cmocka_unit_test(an_idle_connection_makes_room_and_a_busy_one_does_not),
        cmocka_unit_test(a_connection_ends_after_its_share_of_requests),
        cmocka_unit_test(tells_the_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
