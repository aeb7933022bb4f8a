/* Listeners: a connection that a SYN opened is half open until its handshake is done, then waits
 * to be accepted. Each of the two queues holds at most `backlog`; a SYN beyond that is dropped, and
 * the peer's retransmission tries again. */
#include "stack/transport/tcp_internal.h"

#include "base/memory.h"

#include <stdlib.h>

static void tcp_listener_fire(void *owner)
{
    struct tcp_listener *listener = owner;
    if (listener->on_event) {
        listener->on_event(listener->owner);
    }
}

/* Another listener on the port whose addresses overlap with these. */
static bool tcp_has_listener(const struct tcp *tcp, struct endpoint local)
{
    size_t cursor = 0;
    struct tcp_listener *other;
    while ((other = map_next(&tcp->listeners, &cursor))) {
        if (other->local.port == local.port &&
            (!ip_is_set(local.addr) || !ip_is_set(other->local.addr) ||
             ip_equal(local.addr, other->local.addr))) {
            return true;
        }
    }
    return false;
}

enum status tcp_listen(struct tcp *tcp, struct endpoint local, uint32_t backlog,
                       void (*on_event)(void *owner), void *owner, struct tcp_listener **out)
{
    if (local.port > UINT16_MAX) {
        return STATUS_INVALID;
    }
    if (ip_is_set(local.addr) && local.addr.v4 == IPV4_ANY) {
        local.addr = (struct ip_addr){0};
    }
    if (ip_is_set(local.addr) && !ipv4_is_own(tcp->ip, local.addr.v4)) {
        return STATUS_NOT_FOUND;
    }
    if (local.port == 0) {
        local.port = port_table_choose(tcp->ports, IP_PROTOCOL_TCP);
    }
    if (local.port == 0 || tcp_has_listener(tcp, local)) {
        return STATUS_IN_USE;
    }
    if (tcp->listeners.count >= TCP_MAX_LISTENERS) {
        return STATUS_LIMIT;
    }
    struct tcp_listener *listener = memory_new(sizeof *listener);
    *listener = (struct tcp_listener){
        .tcp = tcp,
        .local = local,
        .backlog = backlog ? backlog : TCP_DEFAULT_BACKLOG,
        .on_event = on_event,
        .owner = owner,
    };
    list_init(&listener->half_open);
    list_init(&listener->waiting);
    scope_event_init(tcp->scope, &listener->event, tcp_listener_fire, listener);
    map_put(&tcp->listeners, &local, listener);
    port_table_take(tcp->ports, IP_PROTOCOL_TCP, (uint16_t)local.port);
    *out = listener;
    return STATUS_OK;
}

static void tcp_listener_abort_all(struct list *conns)
{
    LIST_FOR_EACH_SAFE (link, conns) {
        struct tcp_conn *conn = container_of(link, struct tcp_conn, backlog_link);
        tcp_conn_abort(conn, "the listener was closed");
        tcp_conn_reap(conn);
    }
}

void tcp_listener_close(struct tcp_listener *listener)
{
    struct tcp *tcp = listener->tcp;
    tcp_listener_abort_all(&listener->half_open);
    tcp_listener_abort_all(&listener->waiting);
    env_cancel(tcp->scope->env, &listener->event);
    map_remove(&tcp->listeners, &listener->local);
    port_table_release(tcp->ports, IP_PROTOCOL_TCP, (uint16_t)listener->local.port);
    free(listener);
}

struct endpoint tcp_listener_local(const struct tcp_listener *listener)
{
    return listener->local;
}

struct tcp_conn *tcp_accept(struct tcp_listener *listener)
{
    if (list_is_empty(&listener->waiting)) {
        return NULL;
    }
    struct tcp_conn *conn = container_of(listener->waiting.next, struct tcp_conn, backlog_link);
    tcp_listener_forget(conn);
    conn->is_owned = true;
    return conn;
}

bool tcp_listener_is_full(const struct tcp_listener *listener)
{
    return listener->n_half_open >= listener->backlog || listener->n_waiting >= listener->backlog;
}

void tcp_listener_add_half_open(struct tcp_listener *listener, struct tcp_conn *conn)
{
    conn->listener = listener;
    conn->is_half_open = true;
    list_add_last(&conn->backlog_link, &listener->half_open);
    listener->n_half_open++;
}

void tcp_listener_on_established(struct tcp_conn *conn)
{
    struct tcp_listener *listener = conn->listener;
    list_remove(&conn->backlog_link);
    listener->n_half_open--;
    conn->is_half_open = false;
    list_add_last(&conn->backlog_link, &listener->waiting);
    listener->n_waiting++;
    env_defer(listener->tcp->scope->env, &listener->event);
}

void tcp_listener_forget(struct tcp_conn *conn)
{
    struct tcp_listener *listener = conn->listener;
    if (!listener) {
        return;
    }
    list_remove(&conn->backlog_link);
    if (conn->is_half_open) {
        listener->n_half_open--;
    } else {
        listener->n_waiting--;
    }
    conn->listener = NULL;
}
