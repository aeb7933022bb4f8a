/* The ACK field: what it acknowledges, measures, and opens (RFC 9293 3.10.7.4, fifth). */
#include "stack/transport/tcp_internal.h"

void tcp_set_send_window(struct tcp_conn *conn, const struct tcp_segment *seg)
{
    conn->snd_wnd = seg->wnd;
    conn->snd_wl1 = seg->seq;
    conn->snd_wl2 = seg->ack;
    conn->snd_max_wnd = seg->wnd > conn->snd_max_wnd ? seg->wnd : conn->snd_max_wnd;
}

/* --- new data acknowledged --- */

/* RFC 6298 5.2 and 5.3. In fast recovery only the first partial acknowledgement restarts the timer
 * (RFC 6582 3.2, step 3): many holes are then left to it. */
static void tcp_restart_retransmission_timer(struct tcp_conn *conn, bool had_partial)
{
    if (conn->flight.count == 0) {
        tcp_timer_stop(conn);
    } else if (!(had_partial && conn->recovery.is_active)) {
        tcp_timer_start(conn, TCP_TIMER_RETRANSMIT, tcp_rto_current(&conn->rto));
    }
}

static void tcp_notify_if_writable(struct tcp_conn *conn)
{
    /* Not for every byte of room: the owner would be woken for each ACK. */
    uint32_t limit = tcp_send_limit(conn);
    if (conn->wants_send && conn->send.len <= limit - limit / 4) {
        conn->wants_send = false;
        tcp_conn_notify(conn);
    }
}

static void tcp_drop_acknowledged(struct tcp_conn *conn, uint32_t ack)
{
    uint32_t end = conn->send.seq + conn->send.len; /* a FIN is behind it, a SYN before it */
    if (seq_lt(conn->send.seq, ack)) {
        tcp_send_buffer_drop(&conn->send, seq_lt(end, ack) ? end : ack);
    }
}

void tcp_take_ack(struct tcp_conn *conn, uint32_t ack)
{
    bool is_opening = conn->state == TCP_SYN_SENT || conn->state == TCP_SYN_RECEIVED;
    bool had_partial = conn->recovery.is_active && conn->recovery.has_partial;
    struct tcp_ack_sample sample = {
        .now_ns = tcp_now(conn),
        .acked = ack - conn->snd_una,
        .flight = conn->snd_nxt - conn->snd_una,
    };
    struct tcp_flight_acked gone = tcp_flight_acknowledge(&conn->flight, ack);
    conn->snd_una = ack;
    conn->is_probing = false;
    conn->soft_error = STATUS_OK;
    tcp_drop_acknowledged(conn, ack);
    if (gone.is_measurable) {
        sample.rtt_ns = sample.now_ns - gone.sent_ns;
        tcp_rto_add_sample(&conn->rto, sample.rtt_ns);
    }
    if (!is_opening) {
        conn->retransmissions = 0;
        tcp_recovery_on_ack(conn, ack, &sample);
        tcp_send_buffer_follow(&conn->send, conn->congestion.cwnd);
    }
    tcp_restart_retransmission_timer(conn, had_partial);
    tcp_notify_if_writable(conn);
}

/* --- the fifth step --- */

/* RFC 5681 2: what counts as a duplicate */
static bool tcp_is_duplicate_ack(const struct tcp_conn *conn, const struct tcp_segment *seg)
{
    bool has_text = seg->packet->len > seg->header->header_len;
    return conn->flight.count > 0 && !conn->is_probing && !has_text &&
           (seg->flags & (TCP_SYN | TCP_FIN)) == 0 && seg->ack == conn->snd_una &&
           seg->wnd == conn->snd_wnd;
}

static bool tcp_check_ack_of_syn(struct tcp_conn *conn, struct tcp_segment *seg)
{
    if (seq_le(seg->ack, conn->snd_una) || seq_lt(conn->snd_nxt, seg->ack)) {
        tcp_send_reset_for(conn->tcp, seg);
        seg->dropped = &TCP_DROP_UNACCEPTABLE;
        return false;
    }
    if (conn->listener && conn->listener->n_waiting >= conn->listener->backlog) {
        seg->dropped = &TCP_DROP_BACKLOG_FULL; /* our <SYN,ACK> will be sent again */
        return false;
    }
    tcp_take_ack(conn, seg->ack);
    tcp_set_send_window(conn, seg);
    tcp_state_change(conn, TCP_ESTABLISHED, "received ACK of SYN");
    if (conn->is_send_closed) {
        tcp_state_change(conn, TCP_FIN_WAIT_1, "closed before it was established");
    }
    return true;
}

static void tcp_update_send_window(struct tcp_conn *conn, const struct tcp_segment *seg)
{
    bool is_newer = seq_lt(conn->snd_wl1, seg->seq) ||
                    (conn->snd_wl1 == seg->seq && seq_le(conn->snd_wl2, seg->ack));
    if (seq_lt(seg->ack, conn->snd_una) || !is_newer) {
        return;
    }
    tcp_set_send_window(conn, seg);
    if (conn->is_probing && conn->is_owned) {
        conn->retransmissions = 0; /* RFC 9293 3.8.6.1: the peer lives, so it may stay closed */
    }
    if (conn->is_probing && seq_lt(conn->snd_una, conn->snd_una + conn->snd_wnd)) {
        conn->is_probing = false;
        tcp_retransmit(conn, 0, "window opened");
    }
}

/* What the acknowledgement of our FIN brings. False: the segment is done with. */
static bool tcp_check_ack_of_fin(struct tcp_conn *conn)
{
    if (!conn->is_fin_sent || conn->snd_una != conn->snd_nxt) {
        return conn->state != TCP_CLOSING && conn->state != TCP_LAST_ACK;
    }
    if (conn->state == TCP_FIN_WAIT_1) {
        tcp_state_change(conn, TCP_FIN_WAIT_2, "received ACK of FIN");
    } else if (conn->state == TCP_CLOSING) {
        tcp_state_change(conn, TCP_TIME_WAIT, "received ACK of FIN");
    } else if (conn->state == TCP_LAST_ACK) {
        tcp_state_change(conn, TCP_CLOSED, "received ACK of FIN");
        return false;
    }
    return true;
}

bool tcp_check_ack(struct tcp_conn *conn, struct tcp_segment *seg)
{
    if (!(seg->flags & TCP_ACK)) {
        seg->dropped = &TCP_DROP_UNACCEPTABLE;
        return false;
    }
    if (conn->state == TCP_SYN_RECEIVED && !tcp_check_ack_of_syn(conn, seg)) {
        return false;
    }
    /* RFC 5961 5.2: (SND.UNA - MAX.SND.WND) =< SEG.ACK =< SND.NXT, or it is forged */
    if (seq_lt(seg->ack, conn->snd_una - conn->snd_max_wnd) || seq_lt(conn->snd_nxt, seg->ack)) {
        tcp_send_challenge_ack(conn);
        seg->dropped = &TCP_DROP_UNACCEPTABLE;
        return false;
    }
    if (seq_lt(conn->snd_una, seg->ack)) {
        tcp_take_ack(conn, seg->ack);
    } else if (tcp_is_duplicate_ack(conn, seg)) {
        tcp_recovery_on_duplicate(conn);
    }
    tcp_update_send_window(conn, seg);
    return tcp_check_ack_of_fin(conn);
}
