/* One connection of the client: connecting, then idle or busy with one call.
 *
 * All events of the stream end in on_stream(), which does what the state asks for. A connection
 * that is no good any more closes and frees itself; its call is finished or goes back to wait.
 */
#include "http/client_internal.h"

#include "base/memory.h"
#include "http/h1_writer.h"
#include "http/http_trace.h"

#include <stdlib.h>

enum { READ_SIZE = 16 << 10 };

static struct scope *conn_scope(const struct client_conn *conn)
{
    return conn->origin->client->sockets->scope;
}

static void set_deadline(struct client_conn *conn, uint64_t timeout_ns)
{
    timer_set(&conn->timer, scope_now(conn_scope(conn)) + timeout_ns);
}

static void conn_trace(const struct client_conn *conn, const struct trace_kind *kind,
                       const struct http_message *message, uint64_t body_len)
{
    const struct http_message *request = &conn->call->request;
    struct text headers = {0};
    if (!trace_is_on(conn_scope(conn)->trace)) {
        return;
    }
    if (!message->status) {
        text_print(&headers, "Host: %s\n", http_message_authority(request));
    }
    http_message_print_fields(message, &headers);
    trace_emit(conn_scope(conn), kind, NULL,
               &(struct http_message_event){
                   .local = stream_local(conn->stream),
                   .remote = stream_remote(conn->stream),
                   .exchange = conn->served,
                   .method = http_message_method(request),
                   .target = http_message_target(request),
                   .authority = http_message_authority(request),
                   .status = message->status,
                   .reason = http_message_reason(message),
                   .headers = text_chars(&headers),
                   .body_len = body_len,
               });
    text_fini(&headers);
}

/* --- the end --- */

static void conn_free(struct client_conn *conn)
{
    struct http_origin *origin = conn->origin;
    origin->n_connecting -= conn->state == CLIENT_CONNECTING;
    origin->n_conns--;
    origin->client->n_conns--;
    list_remove(&conn->link);
    timer_fini(&conn->timer);
    h1_parser_fini(&conn->parser);
    byte_queue_fini(&conn->out);
    free(conn);
    http_origin_on_free_conn(origin);
}

void client_conn_close(struct client_conn *conn)
{
    struct http_call *call = conn->call;
    if (conn->state == CLIENT_IDLE) {
        stream_close(conn->stream);
    } else {
        stream_abort(conn->stream);
    }
    if (call) {
        call->conn = NULL;
    }
    conn_free(conn);
}

/* RFC 9112 9.3.1: a request that no answer has begun to may be sent again when it is idempotent, or
 * when the server cannot have seen any of it. Only a reused connection can have been stale. */
static bool may_retry(const struct client_conn *conn)
{
    return conn->served > 1 && !conn->call->needs_fresh && !h1_parser_has_begun(&conn->parser) &&
           (!conn->has_sent_any ||
            http_method_is_idempotent(http_message_method(&conn->call->request)));
}

static void conn_fail(struct client_conn *conn, enum status status, const char *error)
{
    struct http_call *call = conn->call;
    struct http_origin *origin = conn->origin;
    bool was_connecting = conn->state == CLIENT_CONNECTING;
    bool retries = call && may_retry(conn) && status != STATUS_TIMED_OUT;
    conn->call = NULL;
    client_conn_close(conn);
    if (retries) {
        http_call_retry(call);
    } else if (call) {
        http_call_finish(call, status, error);
    } else if (was_connecting) {
        http_origin_on_connect_failed(origin, status);
    }
}

/* --- asking --- */

static void note_sent(struct client_conn *conn)
{
    conn->is_sent = true;
    conn->call->result.times.sent_ns = scope_now(conn_scope(conn));
    conn_trace(conn, &HTTP_REQUEST_SENT, &conn->call->request,
               byte_queue_len(&conn->call->request_body));
}

/* False: the connection is lost. What the server said before that may still be read. */
static bool conn_send(struct client_conn *conn)
{
    while (byte_queue_len(&conn->out) > 0) {
        struct bytes front = byte_queue_front(&conn->out);
        int64_t taken = stream_write(conn->stream, front.p, front.len);
        if (taken == -(int64_t)STATUS_AGAIN || taken == 0) {
            return true;
        }
        if (taken < 0) {
            return false;
        }
        conn->has_sent_any = true;
        byte_queue_drop(&conn->out, (size_t)taken);
        set_deadline(conn, conn->origin->client->config.response_timeout_ns);
    }
    if (!conn->is_sent) {
        note_sent(conn);
    }
    return true;
}

static void note_connection(const struct client_conn *conn, struct http_call *call)
{
    struct http_times *times = &call->result.times;
    bool is_first = conn->served == 1;
    call->result.local = stream_local(conn->stream);
    call->result.remote = stream_remote(conn->stream);
    call->result.reused = !is_first;
    call->result.attempts++;
    times->connect_started_ns = is_first ? conn->connect_started_ns : 0;
    times->connected_ns = is_first ? conn->connected_ns : 0;
    times->sent_ns = times->first_byte_ns = 0;
}

void client_conn_serve(struct client_conn *conn, struct http_call *call)
{
    struct http_client *client = conn->origin->client;
    conn->state = CLIENT_BUSY;
    conn->call = call;
    conn->served++;
    conn->has_sent_any = conn->is_sent = false;
    call->conn = conn;
    list_add_last(&call->link, &client->others);
    list_remove(&conn->link); /* to the front: the next call finds the warmest */
    list_add_first(&conn->link, &conn->origin->conns);
    note_connection(conn, call);
    h1_parser_start_response(&conn->parser, http_message_method(&call->request));
    struct bytes body = byte_queue_front(&call->request_body);
    byte_queue_clear(&conn->out);
    h1_write_head(&conn->out, &call->request);
    byte_queue_add(&conn->out, body.p, body.len);
    set_deadline(conn, client->config.response_timeout_ns);
    if (!conn_send(conn)) {
        conn_fail(conn, stream_error(conn->stream), "the connection broke");
    }
}

/* --- the answer --- */

static bool can_be_reused(const struct client_conn *conn, struct bytes rest, bool has_ended)
{
    return conn->is_sent && rest.len == 0 && !has_ended && conn->parser.framing != H1_UNTIL_CLOSE &&
           http_message_is_persistent(&conn->parser.message) &&
           !http_message_has_token(&conn->call->request, "Connection", "close");
}

/* The response moves into the call, the call's empty message into the parser. */
static void conn_complete(struct client_conn *conn, struct bytes rest, bool has_ended)
{
    struct http_call *call = conn->call;
    bool is_reusable = can_be_reused(conn, rest, has_ended);
    conn_trace(conn, &HTTP_RESPONSE_RECEIVED, &conn->parser.message, conn->parser.body_len);
    struct http_message empty = call->response;
    call->response = conn->parser.message;
    conn->parser.message = empty;
    conn->call = NULL;
    http_call_finish(call, STATUS_OK, NULL);
    conn->state = CLIENT_IDLE;
    if (is_reusable) {
        set_deadline(conn, conn->origin->client->config.idle_timeout_ns);
        http_origin_on_free_conn(conn->origin);
    } else {
        client_conn_close(conn);
    }
}

static void conn_fail_parsing(struct client_conn *conn)
{
    const struct h1_error *error = &conn->parser.error;
    bool is_limit = error->status == 413 || error->status == 414 || error->status == 431;
    conn_fail(conn, is_limit ? STATUS_LIMIT : STATUS_INVALID, error->text);
}

/* RFC 9110 15.2: interim responses come before the final one. True: go on with the next. */
static bool conn_take_response(struct client_conn *conn, struct bytes rest)
{
    uint16_t status = conn->parser.message.status;
    if (status / 100 != 1) {
        conn_complete(conn, rest, false);
        return false;
    }
    if (status == 101) {
        conn_fail(conn, STATUS_INVALID, "the server switched protocols unasked");
        return false;
    }
    h1_parser_start_response(&conn->parser, http_message_method(&conn->call->request));
    return true;
}

/* False: the call is over, and perhaps the connection too. */
static bool conn_take(struct client_conn *conn, struct bytes input)
{
    for (;;) {
        struct bytes body;
        switch (h1_parser_next(&conn->parser, &input, &body)) {
        case H1_HEAD:
            break;
        case H1_BODY:
            byte_queue_add(&conn->call->body, body.p, body.len);
            break;
        case H1_MORE:
            return true;
        case H1_FAILED:
            conn_fail_parsing(conn);
            return false;
        case H1_DONE:
            if (!conn_take_response(conn, input)) {
                return false;
            }
            break;
        }
    }
}

static void conn_take_end(struct client_conn *conn)
{
    if (!h1_parser_has_begun(&conn->parser)) {
        conn_fail(conn, STATUS_RESET, "the server closed the connection without an answer");
    } else if (h1_parser_end(&conn->parser) == H1_DONE) {
        conn_complete(conn, (struct bytes){0}, true);
    } else {
        conn_fail(conn, STATUS_RESET, "the server closed the connection inside its answer");
    }
}

static void note_arrival(struct client_conn *conn)
{
    struct http_times *times = &conn->call->result.times;
    if (times->first_byte_ns == 0) {
        times->first_byte_ns = scope_now(conn_scope(conn));
    }
    set_deadline(conn, conn->origin->client->config.response_timeout_ns);
}

static void conn_receive(struct client_conn *conn)
{
    uint8_t buffer[READ_SIZE];
    for (;;) {
        int64_t got = stream_read(conn->stream, buffer, sizeof buffer);
        if (got == -(int64_t)STATUS_AGAIN) {
            return;
        }
        if (got < 0) {
            conn_fail(conn, (enum status) - got, "the connection broke");
            return;
        }
        if (got == 0) {
            conn_take_end(conn);
            return;
        }
        note_arrival(conn);
        if (!conn_take(conn, (struct bytes){buffer, (size_t)got})) {
            return;
        }
    }
}

/* --- events --- */

static void on_connecting(struct client_conn *conn)
{
    enum status error = stream_error(conn->stream);
    if (error != STATUS_OK) {
        conn_fail(conn, error, NULL);
        return;
    }
    if (!stream_is_connected(conn->stream)) {
        return;
    }
    conn->state = CLIENT_IDLE;
    conn->origin->n_connecting--;
    conn->connected_ns = scope_now(conn_scope(conn));
    set_deadline(conn, conn->origin->client->config.idle_timeout_ns);
    http_origin_on_free_conn(conn->origin);
}

/* Nothing should come: an end, an error, or bytes that nobody asked for all mean farewell. */
static void on_idle(struct client_conn *conn)
{
    uint8_t byte;
    if (stream_read(conn->stream, &byte, 1) != -(int64_t)STATUS_AGAIN) {
        client_conn_close(conn);
    }
}

static void on_stream(void *owner)
{
    struct client_conn *conn = owner;
    switch (conn->state) {
    case CLIENT_CONNECTING:
        on_connecting(conn);
        break;
    case CLIENT_IDLE:
        on_idle(conn);
        break;
    case CLIENT_BUSY:
        (void)conn_send(conn); /* a failure shows when reading */
        conn_receive(conn);
        break;
    }
}

static void on_timer(void *owner)
{
    struct client_conn *conn = owner;
    if (conn->state == CLIENT_IDLE) {
        client_conn_close(conn);
    } else {
        conn_fail(conn, STATUS_TIMED_OUT, "the server did not answer in time");
    }
}

bool client_conn_open(struct http_origin *origin, enum status *status)
{
    struct http_client *client = origin->client;
    struct client_conn *conn = memory_new(sizeof *conn);
    *status = sockets_connect(client->sockets, (struct endpoint){0}, origin->remote, on_stream,
                              conn, &conn->stream);
    if (*status != STATUS_OK) {
        free(conn);
        return false;
    }
    stream_set_no_delay(conn->stream, true); /* a request is written at once */
    conn->origin = origin;
    conn->state = CLIENT_CONNECTING;
    conn->connect_started_ns = scope_now(client->sockets->scope);
    h1_parser_init(&conn->parser, &client->config.limits);
    scope_timer_init(client->sockets->scope, &conn->timer, on_timer, conn);
    list_init(&conn->link);
    list_add_last(&conn->link, &origin->conns);
    origin->n_conns++;
    origin->n_connecting++;
    client->n_conns++;
    set_deadline(conn, client->config.connect_timeout_ns);
    return true;
}
