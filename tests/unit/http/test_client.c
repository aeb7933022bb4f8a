/* The client, against our own server and against one that misbehaves as it is told. */
#include "base/list.h"
#include "http/client.h"
#include "http/scripted_server.h"
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
#define ADDRESS "192.0.2.1"

enum { MAX_ANSWERS = 32 };

/* What became of a call: text of the answer and the numbers of the result. */
struct answer {
    struct world *world;
    struct http_call *call;
    struct text text; /* "200 OK: body", or "refused: why" */
    struct http_result result;
    unsigned count;       /* how often it was called back */
    const char *then_get; /* ask for this from within the callback */
};

struct world {
    struct fake_net *net;
    struct sockets *server_host, *client_host;
    struct http_server *server;
    struct scripted_server scripted;
    struct http_client *client;
    struct answer answers[MAX_ANSWERS];
    unsigned n_answers;
    struct http_exchange *posting;
    struct text posted;
    struct trace_sink sink;
    struct text trace;
};

static struct answer *get(struct world *world, const char *target);

static void on_done(void *owner, const struct http_result *result)
{
    struct answer *answer = owner;
    answer->count++;
    answer->result = *result;
    answer->call = NULL;
    if (result->status == STATUS_OK) {
        text_print(&answer->text, "%u %s: %.*s", result->response->status,
                   http_message_reason(result->response), (int)result->body.len,
                   (const char *)result->body.p);
    } else {
        text_print(&answer->text, "%s: %s", status_text(result->status), result->error);
    }
    if (answer->then_get) {
        get(answer->world, answer->then_get);
    }
}

static struct answer *ask(struct world *world, const char *method, const char *target,
                          const char *authority, const char *body)
{
    struct endpoint remote = {.port = 80};
    assert_true(world->n_answers < MAX_ANSWERS);
    assert_true(ip_parse(ADDRESS, &remote.addr));
    struct answer *answer = &world->answers[world->n_answers++];
    answer->world = world;
    answer->call = http_call_new(world->client, remote);
    http_message_set_request(http_call_request(answer->call), method, target, authority);
    http_call_set_body(answer->call, bytes_of_text(body));
    http_call_start(answer->call, on_done, answer);
    assert_int_equal(answer->count, 0);
    return answer;
}

static struct answer *get(struct world *world, const char *target)
{
    return ask(world, "GET", target, "a", "");
}

static void assert_answered(const struct answer *answer, const char *text)
{
    assert_string_equal(text_chars(&answer->text), text);
    assert_int_equal(answer->count, 1);
}

static void run(struct world *world)
{
    fake_net_run_for(world->net, 5 * SECOND);
}

/* Echoes what is posted; one at a time. */
static void on_posted(void *owner)
{
    struct world *world = owner;
    char buffer[100];
    int64_t got;
    while ((got = http_exchange_read_body(world->posting, buffer, sizeof buffer)) > 0) {
        text_add(&world->posted, buffer, (size_t)got);
    }
    if (got == 0) {
        http_exchange_respond(world->posting, 200, bytes_of_text(text_chars(&world->posted)));
        text_clear(&world->posted);
    }
}

static void handle(void *owner, struct http_exchange *exchange)
{
    struct world *world = owner;
    const struct http_message *request = http_exchange_request(exchange);
    if (http_message_has_method(request, "POST")) {
        world->posting = exchange;
        http_exchange_set_owner(exchange, on_posted, NULL, world);
        on_posted(world);
        return;
    }
    if (strcmp(http_message_target(request), "/chunked") == 0) {
        http_exchange_start(exchange, 200, HTTP_LENGTH_UNKNOWN);
        assert_int_equal(http_exchange_write(exchange, bytes_of_text("in ")), 3);
        assert_int_equal(http_exchange_write(exchange, bytes_of_text("pieces")), 6);
        http_exchange_finish(exchange);
        return;
    }
    http_exchange_respond(exchange, 200, bytes_of_text(http_message_target(request)));
}

static void on_trace(struct trace_sink *sink, const struct trace_event *event)
{
    struct world *world = container_of(sink, struct world, sink);
    if (strstr(event->kind->name, "http.request-sent") ||
        strstr(event->kind->name, "http.response-received")) {
        trace_print_summary(&world->trace, event);
        text_print(&world->trace, "\n");
    }
}

static void world_start(struct world *world, scripted_answer script,
                        const struct http_client_config *config)
{
    *world = (struct world){.net = fake_net_new(1, MS), .sink = {.on_event = on_trace}};
    world->server_host = fake_host_new(world->net, "server", ADDRESS);
    world->client_host = fake_host_new(world->net, "client", "192.0.2.2");
    trace_add_sink(fake_net_trace(world->net), &world->sink);
    world->client = http_client_new(world->client_host, config);
    if (script) {
        scripted_server_start(&world->scripted, world->server_host, script);
        return;
    }
    struct http_server_config server = {.idle_timeout_ns = 20 * SECOND};
    assert_int_equal(http_server_new(world->server_host, &server, handle, world, &world->server),
                     STATUS_OK);
}

static void world_end(struct world *world)
{
    http_client_free(world->client);
    if (world->server) {
        http_server_free(world->server);
    } else {
        scripted_server_stop(&world->scripted);
    }
    fake_net_run_for(world->net, SECOND);
    for (unsigned i = 0; i < world->n_answers; i++) {
        text_fini(&world->answers[i].text);
    }
    trace_remove_sink(fake_net_trace(world->net), &world->sink);
    text_fini(&world->trace);
    text_fini(&world->posted);
    fake_net_free(world->net);
}

/* --- with our own server --- */

static void gets_an_answer_and_measures_it(void **state)
{
    (void)state;
    struct world world;
    world_start(&world, NULL, NULL);
    struct answer *answer = get(&world, "/x");
    run(&world);
    assert_answered(answer, "200 OK: /x");
    assert_false(answer->result.reused);
    assert_int_equal(answer->result.attempts, 1);
    const struct http_times *times = &answer->result.times;
    assert_int_equal(times->queued_ns, 0);
    assert_int_equal(times->connect_started_ns, 0);
    assert_int_equal(times->connected_ns, 2 * MS);
    assert_int_equal(times->sent_ns, 2 * MS);
    assert_int_equal(times->first_byte_ns, 4 * MS);
    assert_int_equal(times->done_ns, 4 * MS);
    assert_int_equal(answer->result.local.addr.v4, 0xc0000202);
    assert_int_equal(answer->result.remote.port, 80);
    world_end(&world);
}

static void reuses_the_connection(void **state)
{
    (void)state;
    struct world world;
    world_start(&world, NULL, NULL);
    struct answer *first = get(&world, "/1");
    run(&world);
    struct answer *second = get(&world, "/chunked");
    run(&world);
    assert_answered(second, "200 OK: in pieces");
    assert_true(second->result.reused);
    assert_int_equal(second->result.times.connected_ns, 0);
    assert_true(endpoint_equal(first->result.local, second->result.local));
    assert_int_equal(http_client_connections(world.client), 1);
    world_end(&world);
}

static void sends_content_and_understands_head(void **state)
{
    (void)state;
    struct world world;
    world_start(&world, NULL, NULL);
    struct answer *post = ask(&world, "POST", "/", "a", "some content");
    run(&world);
    struct answer *empty = ask(&world, "POST", "/", "a", "");
    struct answer *head = ask(&world, "HEAD", "/long-name", "a", "");
    run(&world);
    assert_answered(post, "200 OK: some content");
    assert_answered(empty, "200 OK: ");
    assert_answered(head, "200 OK: ");
    world_end(&world);
}

static void opens_no_more_connections_than_allowed(void **state)
{
    (void)state;
    struct world world;
    world_start(&world, NULL, &(struct http_client_config){.max_connections = 2});
    struct answer *answers[7];
    static const char *const TARGETS[] = {"/0", "/1", "/2", "/3", "/4", "/5", "/6"};
    for (int i = 0; i < 7; i++) {
        answers[i] = get(&world, TARGETS[i]);
    }
    struct answer *other = ask(&world, "GET", "/other", "b", "");
    run(&world);
    unsigned reused = 0;
    for (int i = 0; i < 7; i++) {
        assert_string_equal(text_chars(&answers[i]->text) + 8, TARGETS[i]);
        reused += answers[i]->result.reused;
    }
    assert_int_equal(reused, 5);
    assert_false(other->result.reused); /* another name is another origin */
    assert_int_equal(http_client_connections(world.client), 3);
    world_end(&world);
}

static void works_with_any_split_of_the_bytes(void **state)
{
    (void)state;
    struct world world;
    world_start(&world, NULL, NULL);
    fake_net_set_stream_limits(world.net, (struct fake_stream_limits){1, 1, 5});
    struct answer *post = ask(&world, "POST", "/", "a", "byte by byte");
    struct answer *chunked = get(&world, "/chunked");
    run(&world);
    assert_answered(post, "200 OK: byte by byte");
    assert_answered(chunked, "200 OK: in pieces");
    world_end(&world);
}

static void a_callback_may_ask_again(void **state)
{
    (void)state;
    struct world world;
    world_start(&world, NULL, NULL);
    get(&world, "/1")->then_get = "/2";
    run(&world);
    assert_int_equal(world.n_answers, 2);
    assert_answered(&world.answers[1], "200 OK: /2");
    assert_true(world.answers[1].result.reused);
    world_end(&world);
}

static void forgets_a_connection_that_the_server_closed(void **state)
{
    (void)state;
    struct world world;
    world_start(&world, NULL, NULL);
    get(&world, "/1");
    fake_net_run_for(world.net, 25 * SECOND); /* the server's patience is 20 s */
    assert_int_equal(http_client_connections(world.client), 0);
    struct answer *answer = get(&world, "/2");
    run(&world);
    assert_answered(answer, "200 OK: /2");
    assert_int_equal(answer->result.attempts, 1);
    world_end(&world);
}

static void closes_what_is_idle_for_long_or_when_told(void **state)
{
    (void)state;
    struct world world;
    world_start(&world, NULL, &(struct http_client_config){.idle_timeout_ns = 7 * SECOND});
    get(&world, "/1");
    run(&world);
    assert_int_equal(http_client_connections(world.client), 1);
    run(&world);
    assert_int_equal(http_client_connections(world.client), 0);
    get(&world, "/2");
    run(&world);
    assert_int_equal(http_client_connections(world.client), 1);
    http_client_close_idle(world.client);
    assert_int_equal(http_client_connections(world.client), 0);
    world_end(&world);
}

static void a_cancelled_call_is_not_called_back(void **state)
{
    (void)state;
    struct world world;
    world_start(&world, NULL, &(struct http_client_config){.max_connections = 1});
    struct answer *under_way = get(&world, "/1");
    struct answer *waiting = get(&world, "/2");
    struct answer *last = get(&world, "/3");
    http_call_cancel(waiting->call);
    fake_net_run_for(world.net, 3 * MS);
    http_call_cancel(under_way->call);
    run(&world);
    assert_int_equal(under_way->count, 0);
    assert_int_equal(waiting->count, 0);
    assert_answered(last, "200 OK: /3");
    world_end(&world);
}

static void an_idle_connection_elsewhere_makes_room(void **state)
{
    (void)state;
    struct world world;
    world_start(&world, NULL, &(struct http_client_config){.max_all_connections = 2});
    static const char *const NAMES[] = {"a", "b", "c", "d"};
    for (int i = 0; i < 4; i++) {
        struct answer *answer = ask(&world, "GET", "/x", NAMES[i], "");
        run(&world);
        assert_answered(answer, "200 OK: /x");
        assert_true(http_client_connections(world.client) <= 2);
    }
    world_end(&world);
}

static void a_request_that_cannot_be_written_fails(void **state)
{
    (void)state;
    struct world world;
    world_start(&world, NULL, NULL);
    struct answer *answer = ask(&world, "GET", "/a b", "a", "");
    run(&world);
    assert_answered(answer, "invalid: the request cannot be put into words");
    world_end(&world);
}

static void tells_the_trace(void **state)
{
    (void)state;
    struct world world;
    world_start(&world, NULL, NULL);
    get(&world, "/x");
    run(&world);
    assert_string_equal(text_chars(&world.trace), "GET /x for a to 192.0.2.1:80\n"
                                                  "200 OK for GET /x, 2 bytes from 192.0.2.1:80\n");
    world_end(&world);
}

/* --- with servers that fail --- */

static void nobody_listens(void **state)
{
    (void)state;
    struct world world;
    world_start(&world, NULL, NULL);
    http_server_free(world.server);
    struct answer *first = get(&world, "/1");
    struct answer *second = get(&world, "/2");
    run(&world);
    assert_answered(first, "refused: the server refused the connection");
    assert_answered(second, "refused: the server refused the connection");
    fake_host_set_down(world.server_host, true);
    struct answer *third = get(&world, "/3");
    fake_net_run_for(world.net, 100 * SECOND);
    assert_answered(third, "timed out: the server did not answer the connection");
    scripted_server_start(&world.scripted, world.server_host, NULL);
    world.server = NULL;
    world_end(&world);
}

#define OK_2 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

/* Answers the first request of a connection; at the second, closes without a word. */
static void script_stale(struct scripted_server *server, struct scripted_conn *conn,
                         unsigned number)
{
    (void)server;
    if (number == 1) {
        scripted_say(conn, OK_2);
    } else {
        scripted_reset(conn);
    }
}

static void sends_again_what_met_a_stale_connection(void **state)
{
    (void)state;
    struct world world;
    world_start(&world, script_stale, NULL);
    get(&world, "/1");
    run(&world);
    struct answer *answer = get(&world, "/2");
    run(&world);
    assert_answered(answer, "200 OK: hi");
    assert_int_equal(answer->result.attempts, 2);
    assert_false(answer->result.reused);
    assert_int_equal(world.scripted.n_conns, 2);
    world_end(&world);
}

static void sends_again_on_a_fresh_connection_not_on_another_stale_one(void **state)
{
    (void)state;
    struct world world;
    world_start(&world, script_stale, NULL);
    get(&world, "/1");
    get(&world, "/2");
    run(&world);
    assert_int_equal(http_client_connections(world.client), 2);
    struct answer *answer = get(&world, "/3");
    run(&world);
    assert_answered(answer, "200 OK: hi");
    assert_int_equal(answer->result.attempts, 2);
    world_end(&world);
}

static void does_not_send_again_what_may_do_harm(void **state)
{
    (void)state;
    struct world world;
    world_start(&world, script_stale, NULL);
    get(&world, "/1");
    run(&world);
    struct answer *answer = ask(&world, "POST", "/pay", "a", "100");
    run(&world);
    assert_answered(answer, "reset by peer: the connection broke");
    assert_int_equal(world.scripted.n_conns, 1);
    world_end(&world);
}

static void script_never(struct scripted_server *server, struct scripted_conn *conn,
                         unsigned number)
{
    (void)server, (void)number;
    scripted_close(conn);
}

static void does_not_send_again_what_met_a_fresh_connection(void **state)
{
    (void)state;
    struct world world;
    world_start(&world, script_never, NULL);
    struct answer *answer = get(&world, "/1");
    run(&world);
    assert_answered(answer, "reset by peer: the server closed the connection without an answer");
    assert_int_equal(world.scripted.n_conns, 1);
    world_end(&world);
}

/* The number in the target selects the answer. */
static void script_odd(struct scripted_server *server, struct scripted_conn *conn, unsigned number)
{
    (void)server, (void)number;
    static const char *const ANSWERS[] = {
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" OK_2,
        "HTTP/1.0 200 OK\r\n\r\nuntil the end",
        OK_2 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", /* more than was asked for */
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        "SMTP nonsense\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    };
    unsigned which = (unsigned)atoi(strchr(text_chars(&conn->got), '/') + 1);
    scripted_say(conn, ANSWERS[which]);
    if (which == 1 || which == 5) {
        scripted_close(conn);
    }
}

static void copes_with_odd_answers(void **state)
{
    (void)state;
    static const struct {
        const char *target, *answer;
        unsigned connections; /* open afterwards */
    } CASES[] = {
        {"/0", "200 OK: hi", 1},
        {"/1", "200 OK: until the end", 0},
        {"/2", "200 OK: hi", 0},
        {"/3", "200 OK: hi", 0},
        {"/4", "invalid: two Content-Length fields", 0},
        {"/5", "reset by peer: the server closed the connection inside its answer", 0},
        {"/6", "limit reached: content that is too long", 0},
        {"/7", "invalid: a start line without an HTTP version", 0},
        {"/8", "invalid: the server switched protocols unasked", 0},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct world world;
        world_start(&world, script_odd, NULL);
        struct answer *answer = get(&world, CASES[i].target);
        run(&world);
        assert_answered(answer, CASES[i].answer);
        assert_int_equal(http_client_connections(world.client), CASES[i].connections);
        world_end(&world);
    }
}

static void script_silent(struct scripted_server *server, struct scripted_conn *conn,
                          unsigned number)
{
    (void)server, (void)conn, (void)number;
}

static void gives_up_on_a_silent_server(void **state)
{
    (void)state;
    struct world world;
    world_start(&world, script_silent,
                &(struct http_client_config){.response_timeout_ns = 3 * SECOND});
    struct answer *answer = get(&world, "/1");
    run(&world);
    assert_answered(answer, "timed out: the server did not answer in time");
    assert_int_equal(answer->result.times.done_ns, 3 * SECOND + 2 * MS);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gets_an_answer_and_measures_it),
        cmocka_unit_test(reuses_the_connection),
        cmocka_unit_test(sends_content_and_understands_head),
        cmocka_unit_test(opens_no_more_connections_than_allowed),
        cmocka_unit_test(works_with_any_split_of_the_bytes),
        cmocka_unit_test(a_callback_may_ask_again),
        cmocka_unit_test(forgets_a_connection_that_the_server_closed),
        cmocka_unit_test(closes_what_is_idle_for_long_or_when_told),
        cmocka_unit_test(a_cancelled_call_is_not_called_back),
        cmocka_unit_test(an_idle_connection_elsewhere_makes_room),
        cmocka_unit_test(a_request_that_cannot_be_written_fails),
        cmocka_unit_test(tells_the_trace),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(sends_again_what_met_a_stale_connection),
        cmocka_unit_test(sends_again_on_a_fresh_connection_not_on_another_stale_one),
        cmocka_unit_test(does_not_send_again_what_may_do_harm),
        cmocka_unit_test(does_not_send_again_what_met_a_fresh_connection),
        cmocka_unit_test(copes_with_odd_answers),
        cmocka_unit_test(gives_up_on_a_silent_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
