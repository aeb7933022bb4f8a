/* A connection from its making to its end, and the calls of whoever holds it (RFC 9293 3.10.1 to
 * 3.10.6). */
#include "stack/transport/tcp_internal.h"

#include "base/check.h"
#include "base/memory.h"

#include <stdlib.h>

static void tcp_conn_fire(void *owner)
{
    struct tcp_conn *conn = owner;
    if (conn->on_event) {
        conn->on_event(conn->owner);
    }
}

void tcp_conn_notify(struct tcp_conn *conn)
{
    if (conn->is_owned) {
        env_defer(conn->tcp->scope->env, &conn->event);
    }
}

/* --- making --- */

/* RFC 7323 2.3: the smallest shift with which the header's 16 bits can offer the whole buffer. */
static uint8_t tcp_window_shift(uint32_t buffer)
{
    uint8_t shift = 0;
    while (shift < TCP_MAX_WINDOW_SHIFT && (uint64_t)TCP_UNSCALED_WINDOW << shift < buffer) {
        shift++;
    }
    return shift;
}

static void tcp_conn_init_buffers(struct tcp_conn *conn)
{
    const struct tcp_config *config = &conn->tcp->config;
    conn->rcv_wind_shift = tcp_window_shift(config->receive_buffer);
    conn->rcv_wnd = least_u32(config->receive_buffer, TCP_UNSCALED_WINDOW);
    tcp_send_buffer_init(&conn->send, config->send_buffer);
    tcp_receive_buffer_init(&conn->receive, config->receive_buffer);
}

static uint16_t tcp_mss_of_mtu(uint32_t mtu)
{
    /* RFC 9293 3.7.1: the largest packet less the fixed headers */
    enum { HEADERS = IPV4_HEADER_LEN + TCP_HEADER_LEN };
    uint32_t mss = mtu > HEADERS + TCP_LEAST_SND_MSS ? mtu - HEADERS : TCP_LEAST_SND_MSS;
    return (uint16_t)least_u32(mss, UINT16_MAX);
}

struct tcp_conn *tcp_conn_new(struct tcp *tcp, struct endpoint local, struct endpoint remote,
                              uint32_t mtu)
{
    struct tcp_conn *conn = memory_new(sizeof *conn);
    conn->tcp = tcp;
    conn->local = local;
    conn->remote = remote;
    conn->rcv_mss = tcp_mss_of_mtu(mtu);
    conn->snd_mss = least_u32(conn->rcv_mss, TCP_DEFAULT_MSS);
    conn->may_be_fragmented = mtu < TCP_LEAST_PATH_MTU;
    conn->has_window_scale = true;
    conn->congestion.ops = tcp->congestion;
    list_init(&conn->backlog_link);
    list_add_last(&conn->link, &tcp->all);
    tcp->n_conns++;
    tcp_conn_init_buffers(conn);
    tcp_rto_init(&conn->rto, tcp->config.rto_min_ns);
    tcp_timer_init(conn);
    scope_event_init(tcp->scope, &conn->event, tcp_conn_fire, conn);
    conn->iss = tcp_isn(&tcp->isn_secret, local, remote, scope_now(tcp->scope));
    conn->snd_una = conn->iss;
    conn->snd_nxt = conn->iss;
    struct tcp_key key = {local, remote};
    CHECK(!map_put(&tcp->conns, &key, conn));
    port_table_take(tcp->ports, IP_PROTOCOL_TCP, (uint16_t)local.port);
    return conn;
}

/* --- ending --- */

void tcp_conn_leave(struct tcp_conn *conn)
{
    struct tcp *tcp = conn->tcp;
    struct tcp_key key = {conn->local, conn->remote};
    CHECK(map_remove(&tcp->conns, &key) == conn);
    port_table_release(tcp->ports, IP_PROTOCOL_TCP, (uint16_t)conn->local.port);
    tcp_listener_forget(conn);
    tcp_timer_stop(conn);
    timer_stop(&conn->delayed_ack);
    conn->ack_need = TCP_ACK_NOT_NEEDED;
    tcp_send_buffer_fini(&conn->send);
    tcp_flight_fini(&conn->flight);
}

void tcp_conn_free(struct tcp_conn *conn)
{
    struct tcp *tcp = conn->tcp;
    tcp_timer_fini(conn);
    env_cancel(tcp->scope->env, &conn->event);
    tcp_send_buffer_fini(&conn->send);
    tcp_receive_buffer_fini(&conn->receive);
    tcp_flight_fini(&conn->flight);
    list_remove(&conn->link);
    tcp->n_conns--;
    free(conn);
}

void tcp_conn_reap(struct tcp_conn *conn)
{
    if (conn->state == TCP_CLOSED && !conn->is_owned) {
        tcp_conn_free(conn);
    }
}

void tcp_conn_fail(struct tcp_conn *conn, enum status error, const char *why)
{
    conn->error = error;
    tcp_state_change(conn, TCP_CLOSED, why);
}

void tcp_conn_abort(struct tcp_conn *conn, const char *why)
{
    switch (conn->state) {
    case TCP_CLOSED:
        return;
    case TCP_SYN_RECEIVED:
    case TCP_ESTABLISHED:
    case TCP_FIN_WAIT_1:
    case TCP_FIN_WAIT_2:
    case TCP_CLOSE_WAIT: /* RFC 9293 3.10.5: <SEQ=SND.NXT><CTL=RST> */
        tcp_send_segment(conn, conn->snd_nxt, 0, TCP_RST | TCP_ACK);
        break;
    case TCP_CLOSING:
    case TCP_LAST_ACK: /* the RFC sends none here, but data left unread must be told (RFC 2525) */
        if (conn->receive.readable > 0) {
            tcp_send_segment(conn, conn->snd_nxt, 0, TCP_RST | TCP_ACK);
        }
        break;
    case TCP_LISTEN:
    case TCP_SYN_SENT:
    case TCP_TIME_WAIT:
        break;
    }
    conn->error = STATUS_CLOSED;
    tcp_state_change(conn, TCP_CLOSED, why);
}

/* The owner lets go: no callback follows, and no byte will be read. */
static void tcp_conn_disown(struct tcp_conn *conn)
{
    conn->is_owned = false;
    conn->on_event = NULL;
    env_cancel(conn->tcp->scope->env, &conn->event);
}

void tcp_abort(struct tcp_conn *conn)
{
    tcp_conn_disown(conn);
    tcp_conn_abort(conn, "aborted");
    tcp_conn_reap(conn);
}

/* RFC 9293 3.10.4: no more data from us. */
static void tcp_close_sending(struct tcp_conn *conn)
{
    if (conn->is_send_closed) {
        return;
    }
    conn->is_send_closed = true;
    if (conn->state == TCP_ESTABLISHED) {
        tcp_state_change(conn, TCP_FIN_WAIT_1, "closed");
    } else if (conn->state == TCP_CLOSE_WAIT) {
        tcp_state_change(conn, TCP_LAST_ACK, "closed");
    }
    /* In SYN-SENT and SYN-RECEIVED the FIN waits until the connection is established. */
    tcp_output(conn);
}

void tcp_shutdown(struct tcp_conn *conn)
{
    if (conn->state != TCP_CLOSED) {
        tcp_close_sending(conn);
    }
}

void tcp_close(struct tcp_conn *conn)
{
    bool has_unread = conn->receive.readable > 0;
    tcp_conn_disown(conn);
    if (conn->state == TCP_SYN_SENT) {
        tcp_state_change(conn, TCP_CLOSED, "closed"); /* RFC 9293 3.10.4 */
    } else if (has_unread && conn->state != TCP_TIME_WAIT) {
        tcp_conn_abort(conn, "closed with data unread"); /* RFC 2525 2.17 */
    } else if (conn->state != TCP_CLOSED) {
        tcp_receive_buffer_fini(&conn->receive);
        if (conn->state == TCP_FIN_WAIT_2) {
            tcp_timer_start(conn, TCP_TIMER_FIN_WAIT_2, TCP_FIN_WAIT_2_NS);
        }
        tcp_close_sending(conn);
    }
    tcp_conn_reap(conn);
}

/* --- sending and receiving --- */

static bool tcp_is_opening(const struct tcp_conn *conn)
{
    return conn->state == TCP_SYN_SENT || conn->state == TCP_SYN_RECEIVED;
}

int64_t tcp_send(struct tcp_conn *conn, const void *bytes, size_t len)
{
    if (conn->error != STATUS_OK) {
        return -(int64_t)conn->error;
    }
    if (conn->is_send_closed || conn->state == TCP_CLOSED) {
        return -(int64_t)STATUS_CLOSED;
    }
    if (tcp_is_opening(conn)) {
        return -(int64_t)STATUS_AGAIN;
    }
    size_t room = tcp_writable(conn);
    uint32_t taken = tcp_send_buffer_write(&conn->send, bytes, len < room ? len : room);
    conn->wants_send = taken < len;
    if (taken == 0 && len > 0) {
        return -(int64_t)STATUS_AGAIN;
    }
    tcp_output(conn);
    return taken;
}

int64_t tcp_receive(struct tcp_conn *conn, void *buffer, size_t size)
{
    if (conn->receive.readable > 0) {
        uint32_t len = tcp_receive_buffer_read(&conn->receive, buffer, size);
        tcp_update_window(conn);
        return len;
    }
    if (conn->is_fin_received) {
        return 0;
    }
    if (conn->error != STATUS_OK) {
        return -(int64_t)conn->error;
    }
    return -(int64_t)STATUS_AGAIN;
}

size_t tcp_readable(const struct tcp_conn *conn)
{
    return conn->receive.readable;
}

size_t tcp_writable(const struct tcp_conn *conn)
{
    if (conn->is_send_closed || conn->state == TCP_CLOSED || tcp_is_opening(conn)) {
        return 0;
    }
    uint32_t limit = tcp_send_limit(conn);
    return limit > conn->send.len ? limit - conn->send.len : 0;
}

/* --- looking --- */

bool tcp_is_finished(const struct tcp_conn *conn)
{
    return conn->is_fin_received;
}

bool tcp_is_connected(const struct tcp_conn *conn)
{
    return conn->error == STATUS_OK && conn->state != TCP_CLOSED && !tcp_is_opening(conn);
}

enum tcp_state tcp_state(const struct tcp_conn *conn)
{
    return conn->state;
}

enum status tcp_error(const struct tcp_conn *conn)
{
    return conn->error;
}

struct endpoint tcp_local(const struct tcp_conn *conn)
{
    return conn->local;
}

struct endpoint tcp_remote(const struct tcp_conn *conn)
{
    return conn->remote;
}

void tcp_set_on_event(struct tcp_conn *conn, void (*on_event)(void *owner), void *owner)
{
    conn->on_event = on_event;
    conn->owner = owner;
}

void tcp_set_no_delay(struct tcp_conn *conn, bool no_delay)
{
    conn->has_no_delay = no_delay;
}

void tcp_conn_set_mtu(struct tcp_conn *conn, uint32_t mtu)
{
    uint32_t mss = tcp_mss_of_mtu(mtu);
    if (mss >= conn->snd_mss) {
        return;
    }
    conn->snd_mss = mss;
    conn->congestion.smss = mss;
    conn->lost_cause = "smaller path MTU";
    /* What was sent in larger segments cannot have arrived; tcp_output cuts it smaller. */
    for (uint32_t i = 0; i < conn->flight.count; i++) {
        if (tcp_flight_at(&conn->flight, i)->len > mss + 1) {
            tcp_flight_mark_lost(&conn->flight, i);
        }
    }
}
