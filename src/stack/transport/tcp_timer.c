/* A connection's timers. Retransmission, probing a closed window, FIN-WAIT-2 and TIME-WAIT exclude
 * each other, so that one timer serves them; the delayed ACK has its own. */
#include "stack/transport/tcp_internal.h"

static void tcp_timer_expire(void *owner);
static void tcp_delayed_ack_expire(void *owner);

void tcp_timer_init(struct tcp_conn *conn)
{
    scope_timer_init(conn->tcp->scope, &conn->timer, tcp_timer_expire, conn);
    scope_timer_init(conn->tcp->scope, &conn->delayed_ack, tcp_delayed_ack_expire, conn);
}

void tcp_timer_fini(struct tcp_conn *conn)
{
    timer_fini(&conn->timer);
    timer_fini(&conn->delayed_ack);
}

void tcp_timer_start(struct tcp_conn *conn, enum tcp_timer_kind kind, uint64_t after_ns)
{
    conn->timer_kind = kind;
    timer_set(&conn->timer, tcp_now(conn) + after_ns);
}

void tcp_timer_stop(struct tcp_conn *conn)
{
    conn->timer_kind = TCP_TIMER_NONE;
    timer_stop(&conn->timer);
}

static uint64_t tcp_probe_interval(const struct tcp_conn *conn)
{
    /* RFC 9293 3.8.6.1: first after the RTO, then exponentially longer */
    uint32_t shift = least_u32(conn->probes, 7);
    uint64_t after_ns = tcp_rto_current(&conn->rto) << shift;
    return after_ns < TCP_RTO_MAX_NS ? after_ns : TCP_RTO_MAX_NS;
}

void tcp_timer_review(struct tcp_conn *conn)
{
    bool has_more = tcp_unsent(conn) > 0 || (conn->is_send_closed && !conn->is_fin_sent);
    if (conn->flight.count > 0 && !conn->is_probing) {
        if (conn->timer_kind != TCP_TIMER_RETRANSMIT) { /* RFC 6298 5.1 */
            tcp_timer_start(conn, TCP_TIMER_RETRANSMIT, tcp_rto_current(&conn->rto));
        }
    } else if (conn->is_probing || has_more) {
        if (conn->timer_kind != TCP_TIMER_PERSIST) {
            conn->probes = 0;
            tcp_timer_start(conn, TCP_TIMER_PERSIST, tcp_probe_interval(conn));
        }
    } else if (conn->timer_kind == TCP_TIMER_RETRANSMIT || conn->timer_kind == TCP_TIMER_PERSIST) {
        tcp_timer_stop(conn);
    }
}

/* --- what happens when it is time --- */

static uint32_t tcp_retry_limit(const struct tcp_conn *conn)
{
    if (conn->state == TCP_SYN_SENT) {
        return TCP_SYN_RETRIES;
    }
    return conn->state == TCP_SYN_RECEIVED ? TCP_SYN_ACK_RETRIES : TCP_DATA_RETRIES;
}

static void tcp_give_up(struct tcp_conn *conn)
{
    enum status error = conn->soft_error != STATUS_OK ? conn->soft_error : STATUS_TIMED_OUT;
    tcp_conn_fail(conn, error, "timed out");
}

/* The MTU of our own interface or route may have shrunk. */
static void tcp_review_mtu(struct tcp_conn *conn)
{
    uint32_t src = 0;
    uint32_t mtu = 0;
    if (ipv4_select_source(conn->tcp->ip, conn->remote.addr.v4, &src, &mtu) == STATUS_OK) {
        tcp_conn_set_mtu(conn, mtu);
    }
}

/* RFC 6298 5.4 to 5.6 */
static void tcp_on_retransmission_timeout(struct tcp_conn *conn)
{
    if (conn->retransmissions >= tcp_retry_limit(conn)) {
        tcp_give_up(conn);
        return;
    }
    conn->retransmissions++;
    tcp_rto_back_off(&conn->rto);
    tcp_timer_start(conn, TCP_TIMER_RETRANSMIT, tcp_rto_current(&conn->rto));
    if (conn->state == TCP_SYN_SENT || conn->state == TCP_SYN_RECEIVED) {
        tcp_retransmit(conn, 0, "timeout");
        return;
    }
    tcp_review_mtu(conn);
    tcp_recovery_on_timeout(conn);
    tcp_output(conn);
}

static void tcp_on_persist_timeout(struct tcp_conn *conn)
{
    if (!conn->is_owned && conn->retransmissions >= TCP_ORPHAN_PROBES) {
        tcp_conn_abort(conn, "nobody waits for the window to open");
        return;
    }
    if (conn->retransmissions >= TCP_DATA_RETRIES) {
        tcp_give_up(conn);
        return;
    }
    conn->retransmissions++;
    conn->probes++;
    tcp_send_probe(conn);
    if (conn->is_probing) {
        tcp_timer_start(conn, TCP_TIMER_PERSIST, tcp_probe_interval(conn));
    } else { /* something fitted: it is in flight like any other segment */
        conn->retransmissions = 0;
        tcp_timer_review(conn);
    }
}

static void tcp_timer_expire(void *owner)
{
    struct tcp_conn *conn = owner;
    enum tcp_timer_kind kind = conn->timer_kind;
    conn->timer_kind = TCP_TIMER_NONE;
    switch (kind) {
    case TCP_TIMER_RETRANSMIT:
        tcp_on_retransmission_timeout(conn);
        break;
    case TCP_TIMER_PERSIST:
        tcp_on_persist_timeout(conn);
        break;
    case TCP_TIMER_FIN_WAIT_2:
        tcp_state_change(conn, TCP_CLOSED, "the peer did not close in time");
        break;
    case TCP_TIMER_TIME_WAIT:
        tcp_state_change(conn, TCP_CLOSED, "2 MSL passed");
        break;
    case TCP_TIMER_NONE:
        break;
    }
    tcp_conn_reap(conn);
}

static void tcp_delayed_ack_expire(void *owner)
{
    struct tcp_conn *conn = owner;
    if (conn->ack_need != TCP_ACK_NOT_NEEDED) {
        tcp_send_ack(conn);
    }
}
