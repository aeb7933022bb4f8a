/* What handlers call. Nothing here calls back: the connection is woken instead. */
#include "base/check.h"
#include "http/date.h"
#include "http/h1_writer.h"
#include "http/server_internal.h"

#include <inttypes.h>

static struct http_conn *conn_of(const struct http_exchange *exchange)
{
    return container_of(exchange, struct http_conn, exchange);
}

static void add_common_fields(struct http_exchange *exchange)
{
    const struct http_server *server = conn_of(exchange)->server;
    const struct env *env = server->sockets->scope->env;
    char date[HTTP_DATE_SIZE];
    http_date_print(env->epoch_unix_s + env->now_ns / 1000000000, date);
    http_message_add(&exchange->response, "Date", date); /* RFC 9110 6.6.1 */
    if (server->config.server_name) {
        http_message_add(&exchange->response, "Server", server->config.server_name);
    }
}

void http_exchange_reset(struct http_exchange *exchange)
{
    struct http_conn *conn = conn_of(exchange);
    struct http_message response = exchange->response;
    *exchange = (struct http_exchange){.response = response};
    http_message_clear(&exchange->response);
    add_common_fields(exchange);
    conn->head_is_out = false;
    conn->head_left = 0;
    conn->discarded = 0;
}

/* --- the request --- */

const struct http_message *http_exchange_request(const struct http_exchange *exchange)
{
    return &conn_of(exchange)->parser.message;
}

struct endpoint http_exchange_local(const struct http_exchange *exchange)
{
    return stream_local(conn_of(exchange)->stream);
}

struct endpoint http_exchange_remote(const struct http_exchange *exchange)
{
    return stream_remote(conn_of(exchange)->stream);
}

void http_exchange_set_owner(struct http_exchange *exchange, http_exchange_event on_event,
                             http_exchange_event on_gone, void *owner)
{
    exchange->on_event = on_event;
    exchange->on_gone = on_gone;
    exchange->owner = owner;
}

/* RFC 9110 10.1.1: the client waits for a word before it sends the content. */
static void send_continue(struct http_exchange *exchange)
{
    struct http_conn *conn = conn_of(exchange);
    if (exchange->expects_continue && !exchange->has_started) {
        byte_queue_print(&conn->out, "HTTP/1.1 100 Continue\r\n\r\n");
        http_conn_wake(conn);
    }
    exchange->expects_continue = false;
}

static int64_t wait_for_body(struct http_exchange *exchange)
{
    struct http_conn *conn = conn_of(exchange);
    send_continue(exchange);
    if (!exchange->wants_body) {
        exchange->wants_body = true;
        http_conn_note_progress(conn);
        http_conn_wake(conn); /* sets the timer */
    }
    return -(int64_t)STATUS_AGAIN;
}

/* The server answers what is malformed, unless an answer is on its way already. */
static int64_t body_failed(struct http_exchange *exchange)
{
    struct http_conn *conn = conn_of(exchange);
    exchange->is_open = false;
    if (exchange->has_started) {
        conn->is_cut = true;
        http_conn_set_phase(conn, CONN_DEAD);
    }
    http_conn_wake(conn);
    return -(int64_t)STATUS_INVALID;
}

int64_t http_exchange_read_body(struct http_exchange *exchange, void *buffer, size_t size)
{
    struct http_conn *conn = conn_of(exchange);
    struct bytes body;
    CHECK(exchange->is_open && size > 0);
    if (exchange->body_is_read) {
        return 0;
    }
    http_conn_fill(conn);
    switch (http_conn_parse(conn, size, &body)) {
    case H1_BODY:
        exchange->expects_continue = false;
        memcpy(buffer, body.p, body.len);
        return (int64_t)body.len;
    case H1_DONE:
        exchange->expects_continue = false;
        exchange->body_is_read = true;
        return 0;
    case H1_FAILED:
        return body_failed(exchange);
    case H1_MORE:
    case H1_HEAD:
        break;
    }
    return wait_for_body(exchange);
}

/* --- the response --- */

struct http_message *http_exchange_response(struct http_exchange *exchange)
{
    return &exchange->response;
}

void http_exchange_close_after(struct http_exchange *exchange)
{
    conn_of(exchange)->keeps_alive = false;
}

/* RFC 9110 6.4.1, 15.4.5: which answers have no content, whatever the handler gives. */
static bool has_no_content(const struct http_exchange *exchange, uint16_t status)
{
    return http_message_has_method(http_exchange_request(exchange), "HEAD") || status == 304 ||
           status == 204 || status / 100 == 1;
}

/* RFC 9112 6: how the client finds the end of the content. */
static void add_framing(struct http_exchange *exchange, uint16_t status, uint64_t length)
{
    struct http_conn *conn = conn_of(exchange);
    struct http_message *response = &exchange->response;
    if (status == 204 || status == 304 || status / 100 == 1) {
        return; /* RFC 9110 8.6: no Content-Length */
    }
    if (length != HTTP_LENGTH_UNKNOWN) {
        http_message_print(response, "Content-Length", "%" PRIu64, length);
    } else if (conn->parser.message.version >= 11) {
        http_message_add(response, "Transfer-Encoding", "chunked");
        exchange->is_chunked = true;
    } else {
        conn->keeps_alive = false; /* RFC 9112 6.1: no chunks for 1.0; the close is the end */
    }
}

/* Content that nobody read and that is too much to discard, or may never come because the client
 * still waits for a word, ends the connection (RFC 9112 9.3, RFC 9110 10.1.1). */
static bool leaves_body(const struct http_exchange *exchange)
{
    const struct h1_parser *parser = &conn_of(exchange)->parser;
    bool is_much =
        parser->framing == H1_LENGTH && parser->length - parser->body_len > CONN_DISCARD_MAX;
    return exchange->expects_continue || is_much;
}

static void add_connection(struct http_exchange *exchange)
{
    const struct http_conn *conn = conn_of(exchange);
    if (!conn->keeps_alive) {
        http_message_add(&exchange->response, "Connection", "close");
    } else if (conn->parser.message.version < 11) {
        http_message_add(&exchange->response, "Connection", "keep-alive");
    }
}

static void queue_head(struct http_exchange *exchange)
{
    struct http_conn *conn = conn_of(exchange);
    h1_write_head(&conn->out, &exchange->response);
    conn->head_left = byte_queue_len(&conn->out);
    exchange->has_started = true;
    http_conn_note_progress(conn);
    http_conn_wake(conn);
}

/* A field that no message may bear must not reach the wire: the handler took it from somewhere. */
static void replace_by_500(struct http_exchange *exchange)
{
    http_message_clear(&exchange->response);
    add_common_fields(exchange);
    http_message_set_status(&exchange->response, 500, NULL);
    http_message_add(&exchange->response, "Content-Length", "0");
    exchange->is_muted = true;
    exchange->is_chunked = false;
    conn_of(exchange)->keeps_alive = false;
    add_connection(exchange);
}

static void start(struct http_exchange *exchange, uint16_t status, uint64_t length)
{
    CHECK(!exchange->has_started);
    http_message_set_status(&exchange->response, status, NULL);
    exchange->response_length = length;
    exchange->is_muted = has_no_content(exchange, status);
    add_framing(exchange, status, length);
    conn_of(exchange)->keeps_alive = conn_of(exchange)->keeps_alive && !leaves_body(exchange);
    add_connection(exchange);
    if (exchange->response.failed) {
        replace_by_500(exchange);
    }
    queue_head(exchange);
}

static void put(struct http_exchange *exchange, struct bytes data)
{
    struct http_conn *conn = conn_of(exchange);
    exchange->written += data.len;
    if (exchange->is_muted) {
        return;
    }
    if (exchange->is_chunked) {
        h1_write_chunk(&conn->out, data);
    } else {
        byte_queue_add(&conn->out, data.p, data.len);
    }
}

static void finish(struct http_exchange *exchange)
{
    struct http_conn *conn = conn_of(exchange);
    exchange->is_open = false;
    if (exchange->is_chunked && !exchange->is_muted) {
        h1_write_last_chunk(&conn->out, &exchange->response);
    }
    http_conn_set_phase(conn, CONN_FLUSHING);
    http_conn_wake(conn);
}

void http_exchange_send_whole(struct http_exchange *exchange, uint16_t status, struct bytes body)
{
    start(exchange, status, body.len);
    put(exchange, body);
    finish(exchange);
}

void http_exchange_respond(struct http_exchange *exchange, uint16_t status, struct bytes body)
{
    CHECK(exchange->is_open);
    http_exchange_send_whole(exchange, status, body);
}

void http_exchange_start(struct http_exchange *exchange, uint16_t status, uint64_t length)
{
    CHECK(exchange->is_open);
    start(exchange, status, length);
}

int64_t http_exchange_write(struct http_exchange *exchange, struct bytes data)
{
    struct http_conn *conn = conn_of(exchange);
    CHECK(exchange->is_open && exchange->has_started);
    size_t queued = byte_queue_len(&conn->out);
    size_t room = queued < CONN_OUTPUT_MAX ? CONN_OUTPUT_MAX - queued : 0;
    if (room == 0 && data.len > 0) {
        exchange->wants_room = true;
        return -(int64_t)STATUS_AGAIN;
    }
    if (queued == 0) {
        http_conn_note_progress(conn);
    }
    data.len = data.len < room ? data.len : room;
    CHECK(exchange->response_length == HTTP_LENGTH_UNKNOWN ||
          data.len <= exchange->response_length - exchange->written);
    put(exchange, data);
    http_conn_wake(conn);
    return (int64_t)data.len;
}

void http_exchange_finish(struct http_exchange *exchange)
{
    CHECK(exchange->is_open && exchange->has_started);
    CHECK(exchange->response_length == HTTP_LENGTH_UNKNOWN ||
          exchange->response_length == exchange->written);
    finish(exchange);
}

void http_exchange_abort(struct http_exchange *exchange)
{
    struct http_conn *conn = conn_of(exchange);
    CHECK(exchange->is_open);
    exchange->is_open = false;
    conn->is_cut = true;
    http_conn_set_phase(conn, CONN_DEAD);
    http_conn_wake(conn);
}
