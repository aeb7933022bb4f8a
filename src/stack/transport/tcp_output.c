/* What to send now.
 *
 * First what is marked lost, then new data, as far as the congestion window and the peer's window
 * allow and as the rules against silly windows permit (RFC 9293 3.8.6.2.1, with Nagle's algorithm,
 * 3.7.4); then FIN; and if nothing carried the acknowledgement that is due, one of its own.
 */
#include "stack/transport/tcp_internal.h"

#include "base/check.h"

static const struct trace_field RETRANSMITTED_FIELDS[] = {
    TRACE_FIELD(struct tcp_retransmitted, local, TRACE_ENDPOINT),
    TRACE_FIELD(struct tcp_retransmitted, remote, TRACE_ENDPOINT),
    TRACE_FIELD(struct tcp_retransmitted, cause, TRACE_TEXT),
    TRACE_FIELD(struct tcp_retransmitted, seq, TRACE_U32),
    TRACE_FIELD(struct tcp_retransmitted, len, TRACE_U32),
    TRACE_FIELD(struct tcp_retransmitted, rto_ns, TRACE_DURATION),
    TRACE_FIELD(struct tcp_retransmitted, cwnd, TRACE_U32),
};
TRACE_KIND(TCP_RETRANSMITTED, "tcp.retransmitted",
           "TCP {local} -> {remote}: seq {seq} len {len} again ({cause}; cwnd {cwnd})",
           RETRANSMITTED_FIELDS);

/* --- how much may be sent --- */

/* What is on its way: what was sent, less what is acknowledged or believed lost. */
static uint32_t tcp_pipe(const struct tcp_conn *conn)
{
    return conn->snd_nxt - conn->snd_una - conn->flight.lost_bytes;
}

static uint32_t tcp_congestion_room(const struct tcp_conn *conn)
{
    uint32_t window = tcp_recovery_window(conn);
    uint32_t pipe = tcp_pipe(conn);
    return pipe < window ? window - pipe : 0;
}

/* What the peer's window leaves for new data; it may have shrunk below what is in flight. */
static uint32_t tcp_peer_room(const struct tcp_conn *conn)
{
    uint32_t edge = conn->snd_una + conn->snd_wnd;
    return seq_lt(conn->snd_nxt, edge) ? edge - conn->snd_nxt : 0;
}

static bool tcp_may_send(const struct tcp_conn *conn)
{
    switch (conn->state) {
    case TCP_ESTABLISHED:
    case TCP_CLOSE_WAIT:
    case TCP_FIN_WAIT_1:
    case TCP_CLOSING:
    case TCP_LAST_ACK:
        return true;
    case TCP_CLOSED:
    case TCP_LISTEN:
    case TCP_SYN_SENT:
    case TCP_SYN_RECEIVED:
    case TCP_FIN_WAIT_2:
    case TCP_TIME_WAIT:
        return false;
    }
    return false;
}

/* --- sending again --- */

static uint8_t tcp_flags_of_sent(const struct tcp_conn *conn, const struct tcp_sent *sent)
{
    if (sent->is_syn) {
        return conn->state == TCP_SYN_SENT ? TCP_SYN : TCP_SYN | TCP_ACK;
    }
    uint32_t end = sent->seq + sent->len - (sent->is_fin ? 1 : 0);
    bool is_last = end == conn->send.seq + conn->send.len;
    return (uint8_t)(TCP_ACK | (sent->is_fin ? TCP_FIN : 0) |
                     (is_last && end != sent->seq ? TCP_PSH : 0));
}

void tcp_retransmit(struct tcp_conn *conn, uint32_t position, const char *cause)
{
    struct tcp_sent *sent = tcp_flight_at(&conn->flight, position);
    uint32_t data = sent->len - (sent->is_fin ? 1 : 0) - (sent->is_syn ? 1 : 0);
    if (data > conn->snd_mss) { /* the path's MTU has shrunk since */
        tcp_flight_split(&conn->flight, position, conn->snd_mss);
        sent = tcp_flight_at(&conn->flight, position);
        data = sent->len;
    }
    tcp_flight_mark_sent(&conn->flight, position, tcp_now(conn));
    if (trace_is_on(conn->tcp->scope->trace)) {
        trace_emit(conn->tcp->scope, &TCP_RETRANSMITTED, NULL,
                   &(struct tcp_retransmitted){conn->local, conn->remote, cause, sent->seq,
                                               sent->len, tcp_rto_current(&conn->rto),
                                               conn->congestion.cwnd});
    }
    tcp_send_segment(conn, sent->seq, data, tcp_flags_of_sent(conn, sent));
    conn->last_sent_ns = tcp_now(conn);
}

static bool tcp_send_lost(struct tcp_conn *conn)
{
    uint32_t position = tcp_flight_next_lost(&conn->flight);
    if (position == conn->flight.count) {
        return false;
    }
    uint32_t len = least_u32(tcp_flight_at(&conn->flight, position)->len, conn->snd_mss);
    if (len > tcp_congestion_room(conn)) {
        return false;
    }
    tcp_retransmit(conn, position, conn->lost_cause);
    return true;
}

/* --- sending for the first time --- */

/* Sends the next `len` bytes (with FIN, if so) and adds them to the flight. */
static void tcp_send_next(struct tcp_conn *conn, uint32_t len, bool is_fin)
{
    struct tcp_sent sent = {
        .seq = conn->snd_nxt,
        .len = len + (is_fin ? 1 : 0),
        .sent_ns = tcp_now(conn),
        .is_fin = is_fin,
    };
    tcp_flight_add(&conn->flight, &sent);
    conn->snd_nxt += sent.len;
    conn->is_fin_sent = conn->is_fin_sent || is_fin;
    tcp_send_segment(conn, sent.seq, len, tcp_flags_of_sent(conn, &sent));
    conn->last_sent_ns = sent.sent_ns;
}

/* RFC 9293 3.8.6.2.1: when to send although the segment is not full. All data counts as pushed. */
static bool tcp_should_send(const struct tcp_conn *conn, uint32_t len, uint32_t unsent)
{
    bool is_idle = conn->snd_nxt == conn->snd_una;
    if (len >= conn->snd_mss) {
        return true; /* (1) a full segment */
    }
    if (len == unsent && (is_idle || conn->has_no_delay || conn->is_send_closed)) {
        return true; /* (2) all there is, and Nagle has no objection */
    }
    return is_idle && len > 0 && len >= conn->snd_max_wnd / 2; /* (3) half the largest window */
    /* (4), the override timeout, is the persist timer. */
}

static bool tcp_send_new(struct tcp_conn *conn)
{
    uint32_t unsent = tcp_unsent(conn);
    bool wants_fin = conn->is_send_closed && !conn->is_fin_sent;
    if ((unsent == 0 && !wants_fin) || conn->flight.count >= TCP_MAX_FLIGHT) {
        return false;
    }
    uint32_t peer_room = tcp_peer_room(conn);
    uint32_t room = least_u32(peer_room, tcp_congestion_room(conn));
    uint32_t len = least_u32(least_u32(unsent, room), conn->snd_mss);
    bool is_fin = wants_fin && len == unsent && peer_room > len;
    if ((len == 0 && !is_fin) || !tcp_should_send(conn, len, unsent)) {
        return false;
    }
    tcp_send_next(conn, len, is_fin);
    return true;
}

/* RFC 5681 4.1: after a pause of a whole RTO the ACK clock has stopped. */
static void tcp_restart_if_idle(struct tcp_conn *conn)
{
    if (conn->flight.count == 0 &&
        tcp_now(conn) - conn->last_sent_ns > tcp_rto_current(&conn->rto)) {
        conn->congestion.ops->on_idle(&conn->congestion);
    }
}

void tcp_output(struct tcp_conn *conn)
{
    if (tcp_may_send(conn)) {
        tcp_restart_if_idle(conn);
        while (tcp_send_lost(conn) || tcp_send_new(conn)) {
        }
        tcp_timer_review(conn);
    }
    if (conn->ack_need == TCP_ACK_NOW) {
        tcp_send_ack(conn);
    } else if (conn->ack_need == TCP_ACK_DELAYED && !timer_is_set(&conn->delayed_ack)) {
        timer_set(&conn->delayed_ack, tcp_now(conn) + TCP_DELAYED_ACK_NS);
    }
}

void tcp_send_syn(struct tcp_conn *conn)
{
    struct tcp_sent sent = {.seq = conn->iss, .len = 1, .sent_ns = tcp_now(conn), .is_syn = true};
    tcp_flight_add(&conn->flight, &sent);
    conn->snd_nxt = conn->iss + 1;
    conn->send.seq = conn->snd_nxt;
    tcp_recovery_init(conn);
    tcp_send_segment(conn, conn->iss, 0, conn->is_passive ? TCP_SYN | TCP_ACK : TCP_SYN);
    tcp_timer_review(conn);
}

/* RFC 9293 3.8.6.1: one octet of new data into a closed window, or what fits into a small one (the
 * override of 3.8.6.2.1). Unless the peer takes it, it stays in flight to be sent again. */
void tcp_send_probe(struct tcp_conn *conn)
{
    if (conn->is_probing) {
        tcp_retransmit(conn, 0, "window probe");
        return;
    }
    CHECK(conn->flight.count == 0);
    uint32_t unsent = tcp_unsent(conn);
    uint32_t room = tcp_peer_room(conn);
    uint32_t len = least_u32(least_u32(unsent, room > 0 ? room : 1), conn->snd_mss);
    bool is_fin = conn->is_send_closed && len == unsent && (room > len || unsent == 0);
    conn->is_probing = len + (is_fin ? 1 : 0) > room;
    tcp_send_next(conn, len, is_fin);
}

void tcp_update_window(struct tcp_conn *conn)
{
    bool is_open = conn->state == TCP_ESTABLISHED || conn->state == TCP_FIN_WAIT_1 ||
                   conn->state == TCP_FIN_WAIT_2;
    uint32_t window = tcp_offered_window(conn);
    /* An ACK for the window alone only when it matters to the peer: what it may still send is less
     * than half of what it could. */
    if (is_open && window > conn->rcv_wnd && conn->rcv_wnd <= window / 2) {
        tcp_send_ack(conn);
    }
}
