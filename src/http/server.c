/* The listener and the table of connections. */
#include "base/check.h"
#include "base/memory.h"
#include "http/server_internal.h"

#include <stdlib.h>

static const uint64_t SECOND_NS = 1000000000;

static struct http_server_config config_or_default(const struct http_server_config *config)
{
    struct http_server_config full = *config;
    full.local.port = full.local.port ? full.local.port : 80;
    full.backlog = full.backlog ? full.backlog : 128;
    full.max_connections = full.max_connections ? full.max_connections : 256;
    full.max_requests = full.max_requests ? full.max_requests : 10000;
    full.idle_timeout_ns = full.idle_timeout_ns ? full.idle_timeout_ns : 60 * SECOND_NS;
    full.request_timeout_ns = full.request_timeout_ns ? full.request_timeout_ns : 15 * SECOND_NS;
    full.write_timeout_ns = full.write_timeout_ns ? full.write_timeout_ns : 30 * SECOND_NS;
    full.limits = http_limits_or_default(&config->limits);
    return full;
}

static struct http_conn *find_idle(const struct http_server *server)
{
    LIST_FOR_EACH (link, &server->conns) {
        struct http_conn *conn = container_of(link, struct http_conn, link);
        if (http_conn_is_idle(conn)) {
            return conn;
        }
    }
    return NULL;
}

/* At the limit, the connection that waits longest without a request makes room; when none does,
 * callers wait in the listener's backlog. */
static void server_accept(void *owner)
{
    struct http_server *server = owner;
    for (;;) {
        bool is_full = server->n_conns >= server->config.max_connections;
        struct http_conn *idle = is_full ? find_idle(server) : NULL;
        struct stream *stream = is_full && !idle ? NULL : listener_accept(server->listener);
        if (!stream) {
            return;
        }
        if (idle) {
            http_conn_free(idle);
        }
        http_conn_open(server, stream);
    }
}

void http_server_on_room(struct http_server *server)
{
    env_defer(server->sockets->scope->env, &server->accept);
}

enum status http_server_new(struct sockets *sockets, const struct http_server_config *config,
                            http_handler handler, void *owner, struct http_server **out)
{
    struct http_server *server = memory_new(sizeof *server);
    server->sockets = sockets;
    server->config = config_or_default(config);
    server->handler = handler;
    server->owner = owner;
    list_init(&server->conns);
    scope_event_init(sockets->scope, &server->accept, server_accept, server);
    enum status status = sockets_listen(sockets, server->config.local, server->config.backlog,
                                        server_accept, server, &server->listener);
    if (status != STATUS_OK) {
        free(server);
        return status;
    }
    *out = server;
    return STATUS_OK;
}

void http_server_free(struct http_server *server)
{
    if (!server) {
        return;
    }
    LIST_FOR_EACH_SAFE (link, &server->conns) {
        http_conn_free(container_of(link, struct http_conn, link));
    }
    CHECK(server->n_conns == 0);
    listener_close(server->listener);
    env_cancel(server->sockets->scope->env, &server->accept);
    free(server);
}

size_t http_server_connections(const struct http_server *server)
{
    return server->n_conns;
}
