/* One connection of the server.
 *
 * Everything happens in conn_pump(): it runs when the stream has news, when the handler did
 * something (deferred), and when the timer expires. It reads what there is, takes one step of the
 * phase it is in, and goes on until no step moves anything; what was written then goes out in as
 * few pieces as the stream takes.
 *
 *     WAITING --head--> SERVING --respond or finish--> FLUSHING --out and discarded--> WAITING
 *        |                                                |
 *        +--malformed, too slow: answered--------------->-+--not persistent--> LINGERING --> DEAD
 *
 * Why lingering (RFC 9112 9.6): closing while the client still sends would reset the connection and
 * could destroy the response before the client has read it.
 */
#include "base/check.h"
#include "base/memory.h"
#include "http/h1_writer.h"
#include "http/http_trace.h"
#include "http/server_internal.h"

#include <stdlib.h>

static const uint64_t LINGER_NS = 2000000000;

static struct scope *conn_scope(const struct http_conn *conn)
{
    return conn->server->sockets->scope;
}

void http_conn_wake(struct http_conn *conn)
{
    env_defer(conn_scope(conn)->env, &conn->pump);
}

void http_conn_set_phase(struct http_conn *conn, enum conn_phase phase)
{
    conn->phase = phase;
    conn->since_ns = scope_now(conn_scope(conn));
    if (phase == CONN_WAITING) {
        list_remove(&conn->link); /* to the end: it has waited shortest */
        list_add_last(&conn->link, &conn->server->conns);
    }
}

bool http_conn_is_idle(const struct http_conn *conn)
{
    return conn->phase == CONN_WAITING && !h1_parser_has_begun(&conn->parser) &&
           byte_queue_len(&conn->in) == 0;
}

void http_conn_note_progress(struct http_conn *conn)
{
    conn->since_ns = scope_now(conn_scope(conn));
}

/* --- input --- */

void http_conn_fill(struct http_conn *conn)
{
    bool was_idle = http_conn_is_idle(conn);
    conn->was_full = !conn->input_ended;
    while (!conn->input_ended && conn->phase != CONN_DEAD &&
           byte_queue_len(&conn->in) < CONN_INPUT_MAX) {
        size_t room = CONN_INPUT_MAX - byte_queue_len(&conn->in);
        int64_t got = stream_read(conn->stream, byte_queue_reserve(&conn->in, room), room);
        if (got == -(int64_t)STATUS_AGAIN) {
            conn->was_full = false;
            return;
        }
        if (got < 0) {
            http_conn_set_phase(conn, CONN_DEAD);
            return;
        }
        conn->input_ended = got == 0;
        conn->was_full = got != 0;
        byte_queue_commit(&conn->in, (size_t)got);
        if (was_idle || conn->phase == CONN_SERVING) {
            http_conn_note_progress(
                conn); /* a head has one deadline from its first byte; content has more */
            was_idle = false;
        }
    }
}

enum h1_event http_conn_parse(struct http_conn *conn, size_t max, struct bytes *body)
{
    struct bytes input = byte_queue_front(&conn->in);
    input.len = input.len < max ? input.len : max;
    size_t before = input.len;
    enum h1_event event = h1_parser_next(&conn->parser, &input, body);
    byte_queue_drop(&conn->in, before - input.len);
    bool is_all = event == H1_MORE && byte_queue_len(&conn->in) == 0;
    return is_all && conn->input_ended ? h1_parser_end(&conn->parser) : event;
}

/* --- telling the trace --- */

static void conn_trace(const struct http_conn *conn, const struct trace_kind *kind,
                       const struct http_message *message, const char *reason, uint64_t body_len)
{
    const struct http_message *request = &conn->parser.message;
    struct text headers = {0};
    http_message_print_fields(message, &headers);
    trace_emit(conn_scope(conn), kind, NULL,
               &(struct http_message_event){
                   .local = stream_local(conn->stream),
                   .remote = stream_remote(conn->stream),
                   .exchange = conn->exchanges,
                   .method = http_message_method(request),
                   .target = http_message_target(request),
                   .authority = http_message_authority(request),
                   .status = message->status,
                   .reason = reason,
                   .headers = text_chars(&headers),
                   .body_len = body_len,
               });
    text_fini(&headers);
}

static void trace_request(const struct http_conn *conn)
{
    if (trace_is_on(conn_scope(conn)->trace)) {
        conn_trace(conn, &HTTP_REQUEST_RECEIVED, &conn->parser.message, "", conn->parser.length);
    }
}

static void trace_response(const struct http_conn *conn)
{
    const struct http_message *response = &conn->exchange.response;
    uint64_t length = conn->exchange.response_length;
    if (trace_is_on(conn_scope(conn)->trace)) {
        conn_trace(conn, &HTTP_RESPONSE_SENT, response, http_message_reason(response),
                   length == HTTP_LENGTH_UNKNOWN ? 0 : length);
    }
}

/* `why` in place of the reason phrase; the headers are those of the answer. */
static void trace_refusal(const struct http_conn *conn, const char *why)
{
    if (trace_is_on(conn_scope(conn)->trace)) {
        conn_trace(conn, &HTTP_REFUSED, &conn->exchange.response, why, 0);
    }
}

/* --- output --- */

static void note_head_bytes(struct http_conn *conn, size_t written)
{
    if (!conn->exchange.has_started || conn->head_is_out) {
        return;
    }
    conn->head_left -= written < conn->head_left ? written : conn->head_left;
    if (conn->head_left == 0) {
        conn->head_is_out = true;
        trace_response(conn);
    }
}

static void conn_flush(struct http_conn *conn)
{
    while (byte_queue_len(&conn->out) > 0 && conn->phase != CONN_DEAD) {
        struct bytes front = byte_queue_front(&conn->out);
        int64_t taken = stream_write(conn->stream, front.p, front.len);
        if (taken == -(int64_t)STATUS_AGAIN || taken == 0) {
            return;
        }
        if (taken < 0) {
            http_conn_set_phase(conn, CONN_DEAD);
            return;
        }
        byte_queue_drop(&conn->out, (size_t)taken);
        note_head_bytes(conn, (size_t)taken);
        http_conn_note_progress(conn);
    }
}

/* --- one step per phase: true when something moved --- */

static void lose_exchange(struct http_exchange *exchange);

void http_conn_refuse(struct http_conn *conn, uint16_t status, const char *text)
{
    struct text body = {0};
    text_print(&body, "%u %s: %s\n", status, http_status_phrase(status), text);
    lose_exchange(&conn->exchange);
    http_exchange_reset(&conn->exchange);
    conn->keeps_alive = false;
    http_message_add(&conn->exchange.response, "Content-Type", "text/plain; charset=utf-8");
    http_exchange_send_whole(&conn->exchange, status,
                             (struct bytes){(const uint8_t *)body.chars, body.len});
    trace_refusal(conn, text);
    text_fini(&body);
}

static void serve(struct http_conn *conn)
{
    conn->exchanges++;
    http_exchange_reset(&conn->exchange);
    conn->exchange.is_open = true;
    http_conn_set_phase(conn, CONN_SERVING);
    trace_request(conn);
    const char *expect = http_message_get(&conn->parser.message, "Expect");
    bool knows = !expect || http_text_equal(expect, "100-continue");
    conn->exchange.expects_continue =
        expect && knows && conn->parser.message.version >= 11 && conn->parser.framing != H1_NO_BODY;
    conn->keeps_alive = http_message_is_persistent(&conn->parser.message) &&
                        conn->exchanges < conn->server->config.max_requests;
    if (!knows) {
        http_conn_refuse(conn, 417, "an expectation other than 100-continue"); /* 9110 10.1.1 */
        return;
    }
    conn->server->handler(conn->server->owner, &conn->exchange);
}

static bool step_waiting(struct http_conn *conn)
{
    struct bytes body;
    if (conn->input_ended && byte_queue_len(&conn->in) == 0 &&
        !h1_parser_has_begun(&conn->parser)) {
        http_conn_set_phase(conn, CONN_DEAD);
        return false;
    }
    switch (http_conn_parse(conn, SIZE_MAX, &body)) {
    case H1_HEAD:
        serve(conn);
        return true;
    case H1_FAILED:
        conn->exchanges++;
        http_conn_refuse(conn, conn->parser.error.status, conn->parser.error.text);
        return true;
    case H1_MORE:
    case H1_BODY:
    case H1_DONE:
        break;
    }
    return false;
}

static bool announce(const struct http_exchange *exchange)
{
    if (exchange->on_event) {
        exchange->on_event(exchange->owner);
    }
    return true;
}

static bool step_serving(struct http_conn *conn)
{
    struct http_exchange *exchange = &conn->exchange;
    conn_flush(conn);
    if (!exchange->is_open) { /* its content was malformed (read_body said so) */
        http_conn_refuse(conn, conn->parser.error.status, conn->parser.error.text);
        return true;
    }
    if (exchange->wants_body && (byte_queue_len(&conn->in) > 0 || conn->input_ended)) {
        exchange->wants_body = false;
        return announce(exchange);
    }
    if (exchange->wants_room && byte_queue_len(&conn->out) <= CONN_OUTPUT_MAX / 2) {
        exchange->wants_room = false;
        return announce(exchange);
    }
    return conn->phase != CONN_SERVING;
}

/* RFC 9112 9.3: to reuse the connection, the whole request must have been read. */
static bool discard_body(struct http_conn *conn)
{
    struct http_exchange *exchange = &conn->exchange;
    struct bytes body;
    while (conn->keeps_alive && !exchange->body_is_read) {
        http_conn_fill(conn);
        enum h1_event event = http_conn_parse(conn, SIZE_MAX, &body);
        conn->discarded += body.len;
        exchange->body_is_read = event == H1_DONE;
        if (event == H1_FAILED || conn->discarded > CONN_DISCARD_MAX) {
            conn->keeps_alive = false;
        }
        if (event == H1_MORE) {
            return false;
        }
    }
    return true;
}

static bool step_flushing(struct http_conn *conn)
{
    conn_flush(conn);
    bool is_discarded = discard_body(conn);
    if (byte_queue_len(&conn->out) > 0 || conn->phase == CONN_DEAD || !is_discarded) {
        return false;
    }
    byte_queue_clear(&conn->out);
    if (conn->keeps_alive) {
        h1_parser_start_request(&conn->parser);
        http_conn_set_phase(conn, CONN_WAITING);
    } else {
        stream_shutdown(conn->stream);
        http_conn_set_phase(conn, CONN_LINGERING);
    }
    return true;
}

static bool step_lingering(struct http_conn *conn)
{
    byte_queue_clear(&conn->in);
    if (conn->input_ended) {
        http_conn_set_phase(conn, CONN_DEAD);
        return false;
    }
    http_conn_fill(conn);
    return byte_queue_len(&conn->in) > 0 || conn->input_ended;
}

static bool step(struct http_conn *conn)
{
    switch (conn->phase) {
    case CONN_WAITING:
        return step_waiting(conn);
    case CONN_SERVING:
        return step_serving(conn);
    case CONN_FLUSHING:
        return step_flushing(conn);
    case CONN_LINGERING:
        return step_lingering(conn);
    case CONN_DEAD:
        return false;
    }
    return false;
}

/* --- time --- */

/* How long the current state may last without progress; 0: as long as it likes. */
static uint64_t conn_timeout_ns(const struct http_conn *conn)
{
    const struct http_server_config *config = &conn->server->config;
    switch (conn->phase) {
    case CONN_WAITING:
        return http_conn_is_idle(conn) ? config->idle_timeout_ns : config->request_timeout_ns;
    case CONN_SERVING:
        return byte_queue_len(&conn->out) > 0 ? config->write_timeout_ns
               : conn->exchange.wants_body    ? config->request_timeout_ns
                                              : 0;
    case CONN_FLUSHING:
        return config->write_timeout_ns;
    case CONN_LINGERING:
        return LINGER_NS;
    case CONN_DEAD:
        break;
    }
    return 0;
}

static void conn_set_timer(struct http_conn *conn)
{
    uint64_t timeout_ns = conn_timeout_ns(conn);
    if (timeout_ns > 0) {
        timer_set(&conn->timer, conn->since_ns + timeout_ns);
    } else {
        timer_stop(&conn->timer);
    }
}

/* Filling stopped for want of room, and now there is some: the stream will not announce again what
 * it has announced. While a handler has the exchange, filling is for it to ask. */
static bool may_fill_more(const struct http_conn *conn)
{
    return conn->was_full && byte_queue_len(&conn->in) < CONN_INPUT_MAX &&
           conn->phase != CONN_SERVING && conn->phase != CONN_DEAD;
}

static void conn_pump(void *owner)
{
    struct http_conn *conn = owner;
    do {
        http_conn_fill(conn);
    } while (step(conn) || may_fill_more(conn));
    conn_flush(conn);
    if (conn->phase == CONN_DEAD) {
        http_conn_free(conn);
    } else {
        conn_set_timer(conn);
    }
}

/* RFC 9110 15.5.9: 408 for a request that began and did not end; an idle connection just closes. */
static void conn_on_timer(void *owner)
{
    struct http_conn *conn = owner;
    if (conn->phase == CONN_WAITING && !http_conn_is_idle(conn)) {
        conn->exchanges++;
        http_conn_refuse(conn, 408, "the request did not come in time");
    } else if (conn->phase == CONN_SERVING && !conn->exchange.has_started) {
        http_conn_refuse(conn, 408, "the request's content did not come in time");
    } else {
        http_conn_set_phase(conn, CONN_DEAD);
    }
    conn_pump(conn);
}

/* --- birth and death --- */

void http_conn_open(struct http_server *server, struct stream *stream)
{
    struct http_conn *conn = memory_new(sizeof *conn);
    conn->server = server;
    conn->stream = stream;
    list_init(&conn->link);
    scope_event_init(server->sockets->scope, &conn->pump, conn_pump, conn);
    scope_timer_init(server->sockets->scope, &conn->timer, conn_on_timer, conn);
    h1_parser_init(&conn->parser, &server->config.limits);
    stream_set_owner(stream, conn_pump, conn);
    stream_set_no_delay(stream, true); /* else the end of a response waits for a round trip */
    http_conn_set_phase(conn, CONN_WAITING);
    server->n_conns++;
    http_conn_wake(conn);
}

static void lose_exchange(struct http_exchange *exchange)
{
    bool was_open = exchange->is_open;
    exchange->is_open = false;
    if (was_open && exchange->on_gone) {
        exchange->on_gone(exchange->owner);
    }
}

void http_conn_free(struct http_conn *conn)
{
    struct http_server *server = conn->server;
    bool is_clean = !conn->exchange.is_open && !conn->is_cut &&
                    byte_queue_len(&conn->in) + byte_queue_len(&conn->out) == 0;
    lose_exchange(&conn->exchange);
    if (is_clean) {
        stream_close(conn->stream);
    } else {
        stream_abort(conn->stream);
    }
    env_cancel(conn_scope(conn)->env, &conn->pump);
    timer_fini(&conn->timer);
    h1_parser_fini(&conn->parser);
    http_message_fini(&conn->exchange.response);
    byte_queue_fini(&conn->in);
    byte_queue_fini(&conn->out);
    list_remove(&conn->link);
    server->n_conns--;
    free(conn);
    http_server_on_room(server);
}
