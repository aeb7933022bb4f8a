/* Origins, and the calls that wait for a connection.
 *
 * Whatever happens - a call started, a connection free, a response complete - only notes it and
 * arms `run`, which runs as an event of its own: it hands calls to connections, reports finished
 * calls and forgets origins that nobody needs. So no callback runs inside a call of the client, and
 * it may start and cancel calls as it likes.
 */
#include "http/client_internal.h"

#include "base/check.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdlib.h>

static const uint64_t MINUTE_NS = 60000000000;

static void client_run(void *owner);

static void client_wake(struct http_client *client)
{
    env_defer(client->sockets->scope->env, &client->run);
}

struct http_client *http_client_new(struct sockets *sockets,
                                    const struct http_client_config *config)
{
    struct http_client *client = memory_new(sizeof *client);
    struct http_client_config *full = &client->config;
    *full = config ? *config : (struct http_client_config){0};
    full->max_connections = full->max_connections ? full->max_connections : 6;
    full->max_all_connections = full->max_all_connections ? full->max_all_connections : 256;
    full->max_calls = full->max_calls ? full->max_calls : 1024;
    full->connect_timeout_ns = full->connect_timeout_ns ? full->connect_timeout_ns : MINUTE_NS;
    full->response_timeout_ns = full->response_timeout_ns ? full->response_timeout_ns : MINUTE_NS;
    full->idle_timeout_ns = full->idle_timeout_ns ? full->idle_timeout_ns : MINUTE_NS;
    full->limits = http_limits_or_default(&full->limits);
    client->sockets = sockets;
    scope_event_init(sockets->scope, &client->run, client_run, client);
    list_init(&client->origins);
    list_init(&client->finished);
    list_init(&client->others);
    return client;
}

size_t http_client_connections(const struct http_client *client)
{
    return client->n_conns;
}

/* --- origins --- */

static struct http_origin *origin_get(struct http_client *client, struct endpoint remote,
                                      const char *authority)
{
    LIST_FOR_EACH (link, &client->origins) {
        struct http_origin *origin = container_of(link, struct http_origin, link);
        if (endpoint_equal(origin->remote, remote) &&
            http_text_equal(origin->authority, authority)) {
            return origin;
        }
    }
    struct http_origin *origin = memory_new(sizeof *origin);
    origin->client = client;
    origin->remote = remote;
    origin->authority = memory_copy_text(authority);
    list_init(&origin->conns);
    list_init(&origin->waiting);
    list_add_last(&origin->link, &client->origins);
    return origin;
}

static void origin_free(struct http_origin *origin)
{
    list_remove(&origin->link);
    free(origin->authority);
    free(origin);
}

static struct client_conn *find_idle(const struct http_origin *origin)
{
    LIST_FOR_EACH (link, &origin->conns) {
        struct client_conn *conn = container_of(link, struct client_conn, link);
        if (conn->state == CLIENT_IDLE) {
            return conn;
        }
    }
    return NULL;
}

static void close_idle(struct http_origin *origin)
{
    struct client_conn *conn;
    while ((conn = find_idle(origin))) {
        client_conn_close(conn);
    }
}

void http_client_close_idle(struct http_client *client)
{
    LIST_FOR_EACH (link, &client->origins) {
        close_idle(container_of(link, struct http_origin, link));
    }
    client_wake(client);
}

static struct http_call *first_waiting(const struct http_origin *origin)
{
    return list_is_empty(&origin->waiting)
               ? NULL
               : container_of(origin->waiting.next, struct http_call, link);
}

static void stop_waiting(struct http_call *call)
{
    list_remove(&call->link);
    call->origin->n_waiting--;
}

static void fail_all_waiting(struct http_origin *origin, enum status status, const char *error)
{
    struct http_call *call;
    while ((call = first_waiting(origin))) {
        stop_waiting(call);
        http_call_finish(call, status, error);
    }
}

static const char *connect_error(enum status status)
{
    switch ((unsigned)status) {
    case STATUS_REFUSED:
        return "the server refused the connection";
    case STATUS_UNREACHABLE:
        return "no way to the server";
    case STATUS_TIMED_OUT:
        return "the server did not answer the connection";
    default:
        return "the connection failed";
    }
}

/* The call that waited longest pays for it; all, when there is no other connection to wait for. */
void http_origin_on_connect_failed(struct http_origin *origin, enum status status)
{
    struct http_call *call = first_waiting(origin);
    if (call && origin->n_conns > 0) {
        stop_waiting(call);
        http_call_finish(call, status, connect_error(status));
    } else {
        fail_all_waiting(origin, status, connect_error(status));
    }
    client_wake(origin->client);
}

void http_origin_on_free_conn(struct http_origin *origin)
{
    client_wake(origin->client);
}

static struct client_conn *find_idle_anywhere(const struct http_client *client)
{
    struct client_conn *idle = NULL;
    LIST_FOR_EACH (link, &client->origins) {
        idle = idle ? idle : find_idle(container_of(link, struct http_origin, link));
    }
    return idle;
}

/* Room for one more connection, if need be in the place of an idle one. */
static bool origin_make_room(struct http_origin *origin)
{
    const struct http_client *client = origin->client;
    struct client_conn *idle = NULL;
    bool is_full = origin->n_conns >= client->config.max_connections;
    if (!is_full && client->n_conns < client->config.max_all_connections) {
        return true;
    }
    idle = is_full ? find_idle(origin) : find_idle_anywhere(client);
    if (idle) {
        client_conn_close(idle);
    }
    return idle != NULL;
}

/* True when it did something for the first call that waits. */
static bool origin_serve_first(struct http_origin *origin)
{
    struct http_call *call = first_waiting(origin);
    struct client_conn *idle = find_idle(origin);
    enum status status;
    if (!call) {
        return false;
    }
    if (idle && !(call->needs_fresh && idle->served > 0)) {
        stop_waiting(call);
        client_conn_serve(idle, call);
        return true;
    }
    if (origin->n_connecting >= origin->n_waiting) {
        return false; /* one is on its way for each that waits */
    }
    if (!origin_make_room(origin)) {
        return false;
    }
    if (!client_conn_open(origin, &status)) {
        http_origin_on_connect_failed(origin, status);
    }
    return true;
}

/* --- calls --- */

struct http_call *http_call_new(struct http_client *client, struct endpoint remote)
{
    struct http_call *call = memory_new(sizeof *call);
    call->client = client;
    call->result.remote = remote;
    list_init(&call->link);
    list_add_last(&call->link, &client->others);
    client->n_calls++;
    return call;
}

struct http_message *http_call_request(struct http_call *call)
{
    return &call->request;
}

void http_call_set_body(struct http_call *call, struct bytes body)
{
    byte_queue_clear(&call->request_body);
    byte_queue_add(&call->request_body, body.p, body.len);
}

static void call_free(struct http_call *call)
{
    list_remove(&call->link);
    call->client->n_calls--;
    http_message_fini(&call->request);
    http_message_fini(&call->response);
    byte_queue_fini(&call->request_body);
    byte_queue_fini(&call->body);
    free(call);
}

/* RFC 9110 8.6: a length when there is content, or when the method would make one expect some. */
static void add_framing(struct http_call *call)
{
    size_t len = byte_queue_len(&call->request_body);
    if (len > 0 || http_message_has_method(&call->request, "POST") ||
        http_message_has_method(&call->request, "PUT")) {
        http_message_print(&call->request, "Content-Length", "%zu", len);
    }
}

void http_call_finish(struct http_call *call, enum status status, const char *error)
{
    struct http_client *client = call->client;
    call->conn = NULL;
    call->origin = NULL;
    call->result.status = status;
    call->result.error = error;
    call->result.times.done_ns = scope_now(client->sockets->scope);
    list_remove(&call->link);
    list_add_last(&call->link, &client->finished);
    client_wake(client);
}

void http_call_start(struct http_call *call, http_call_done done, void *owner)
{
    struct http_client *client = call->client;
    call->done = done;
    call->owner = owner;
    call->result.times.queued_ns = scope_now(client->sockets->scope);
    add_framing(call);
    if (call->request.failed) {
        http_call_finish(call, STATUS_INVALID, "the request cannot be put into words");
        return;
    }
    if (client->n_calls > client->config.max_calls) {
        http_call_finish(call, STATUS_LIMIT, "too many requests at once");
        return;
    }
    call->origin = origin_get(client, call->result.remote, http_message_authority(&call->request));
    list_remove(&call->link);
    list_add_last(&call->link, &call->origin->waiting);
    call->origin->n_waiting++;
    client_wake(client);
}

/* RFC 9112 9.3.1: once, and on a connection that has not been used. */
void http_call_retry(struct http_call *call)
{
    struct http_origin *origin = call->origin;
    call->conn = NULL;
    call->needs_fresh = true;
    byte_queue_clear(&call->body);
    list_remove(&call->link);
    list_add_first(&call->link, &origin->waiting);
    origin->n_waiting++;
    client_wake(call->client);
}

void http_call_cancel(struct http_call *call)
{
    struct client_conn *conn = call->conn;
    if (conn) {
        conn->call = NULL;
        client_conn_close(conn);
    } else if (call->origin) {
        call->origin->n_waiting--;
    }
    client_wake(call->client);
    call_free(call);
}

static void call_report(struct http_call *call)
{
    call->result.response = call->result.status == STATUS_OK ? &call->response : NULL;
    call->result.body = byte_queue_front(&call->body);
    call->done(call->owner, &call->result);
    call_free(call);
}

static void client_run(void *owner)
{
    struct http_client *client = owner;
    while (!list_is_empty(&client->finished)) {
        struct http_call *call = container_of(client->finished.next, struct http_call, link);
        list_remove(&call->link); /* being reported, it can no longer be cancelled */
        call_report(call);
    }
    LIST_FOR_EACH_SAFE (link, &client->origins) {
        struct http_origin *origin = container_of(link, struct http_origin, link);
        while (origin_serve_first(origin)) {
        }
        if (origin->n_conns == 0 && origin->n_waiting == 0) {
            origin_free(origin);
        }
    }
}

static void free_calls(struct list *calls)
{
    LIST_FOR_EACH_SAFE (link, calls) {
        call_free(container_of(link, struct http_call, link));
    }
}

void http_client_free(struct http_client *client)
{
    if (!client) {
        return;
    }
    LIST_FOR_EACH_SAFE (link, &client->origins) {
        struct http_origin *origin = container_of(link, struct http_origin, link);
        LIST_FOR_EACH_SAFE (conn, &origin->conns) {
            client_conn_close(container_of(conn, struct client_conn, link));
        }
        free_calls(&origin->waiting);
        origin_free(origin);
    }
    free_calls(&client->others);
    free_calls(&client->finished);
    CHECK(client->n_calls == 0 && client->n_conns == 0);
    env_cancel(client->sockets->scope->env, &client->run);
    free(client);
}
