/* A connection's state (RFC 9293 3.3.2): which changes are legal, and what each brings with it. */
#include "stack/transport/tcp_internal.h"

#include "base/check.h"

enum { N_STATES = TCP_TIME_WAIT + 1 };

static const char *const STATE_NAMES[N_STATES] = {
    [TCP_CLOSED] = "CLOSED",           [TCP_LISTEN] = "LISTEN",
    [TCP_SYN_SENT] = "SYN-SENT",       [TCP_SYN_RECEIVED] = "SYN-RECEIVED",
    [TCP_ESTABLISHED] = "ESTABLISHED", [TCP_FIN_WAIT_1] = "FIN-WAIT-1",
    [TCP_FIN_WAIT_2] = "FIN-WAIT-2",   [TCP_CLOSE_WAIT] = "CLOSE-WAIT",
    [TCP_CLOSING] = "CLOSING",         [TCP_LAST_ACK] = "LAST-ACK",
    [TCP_TIME_WAIT] = "TIME-WAIT",
};

/* RFC 9293 figure 5; every state may also end in CLOSED (RST, abort, timeout). */
#define TO(state) (1u << (state))
static const uint32_t LEGAL[N_STATES] = {
    [TCP_CLOSED] = TO(TCP_LISTEN) | TO(TCP_SYN_SENT),
    [TCP_LISTEN] = TO(TCP_SYN_RECEIVED),
    [TCP_SYN_SENT] = TO(TCP_SYN_RECEIVED) | TO(TCP_ESTABLISHED),
    [TCP_SYN_RECEIVED] = TO(TCP_ESTABLISHED),
    [TCP_ESTABLISHED] = TO(TCP_FIN_WAIT_1) | TO(TCP_CLOSE_WAIT),
    [TCP_FIN_WAIT_1] = TO(TCP_FIN_WAIT_2) | TO(TCP_CLOSING) | TO(TCP_TIME_WAIT),
    [TCP_FIN_WAIT_2] = TO(TCP_TIME_WAIT),
    [TCP_CLOSE_WAIT] = TO(TCP_LAST_ACK),
    [TCP_CLOSING] = TO(TCP_TIME_WAIT),
    [TCP_LAST_ACK] = 0,
    [TCP_TIME_WAIT] = 0,
};

static const struct trace_field STATE_FIELDS[] = {
    TRACE_FIELD(struct tcp_state_changed, local, TRACE_ENDPOINT),
    TRACE_FIELD(struct tcp_state_changed, remote, TRACE_ENDPOINT),
    TRACE_FIELD(struct tcp_state_changed, from, TRACE_TEXT),
    TRACE_FIELD(struct tcp_state_changed, to, TRACE_TEXT),
    TRACE_FIELD(struct tcp_state_changed, why, TRACE_TEXT),
};
TRACE_KIND(TCP_STATE_CHANGED, "tcp.state", "TCP {local} - {remote}: {from} -> {to} ({why})",
           STATE_FIELDS);

const char *tcp_state_text(enum tcp_state state)
{
    return STATE_NAMES[state];
}

static void tcp_on_established(struct tcp_conn *conn)
{
    struct tcp_congestion *c = &conn->congestion;
    c->smss = conn->snd_mss;
    /* RFC 5681 3.1 asks for one segment after the loss of a SYN; RFC 6928 2: more than one loss. */
    c->initial_window =
        conn->retransmissions > 1 ? conn->snd_mss : tcp_congestion_initial_window(conn->snd_mss);
    c->ops->on_established(c);
    if (conn->retransmissions > 0) {
        tcp_rto_after_syn_loss(&conn->rto);
    }
    conn->retransmissions = 0;
    if (conn->listener) {
        tcp_listener_on_established(conn);
    } else {
        tcp_conn_notify(conn);
    }
}

/* Nothing is left to send. What was received may still be read, by whoever holds it. */
static void tcp_on_time_wait(struct tcp_conn *conn)
{
    tcp_send_buffer_fini(&conn->send);
    tcp_flight_fini(&conn->flight);
    tcp_timer_start(conn, TCP_TIMER_TIME_WAIT, 2 * TCP_MSL_NS);
    tcp_conn_notify(conn);
}

void tcp_state_change(struct tcp_conn *conn, enum tcp_state to, const char *why)
{
    enum tcp_state from = conn->state;
    CHECK(to == TCP_CLOSED ? from != TCP_CLOSED : (LEGAL[from] & TO(to)) != 0);
    if (trace_is_on(conn->tcp->scope->trace)) {
        trace_emit(conn->tcp->scope, &TCP_STATE_CHANGED, NULL,
                   &(struct tcp_state_changed){conn->local, conn->remote, STATE_NAMES[from],
                                               STATE_NAMES[to], why});
    }
    conn->state = to;
    if (to == TCP_ESTABLISHED) {
        tcp_on_established(conn);
    } else if (to == TCP_TIME_WAIT) {
        tcp_on_time_wait(conn);
    } else if (to == TCP_FIN_WAIT_2 && !conn->is_owned) {
        tcp_timer_start(conn, TCP_TIMER_FIN_WAIT_2, TCP_FIN_WAIT_2_NS);
    } else if (to == TCP_CLOSED) {
        tcp_conn_leave(conn);
        tcp_conn_notify(conn);
    }
}
