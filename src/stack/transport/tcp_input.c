/* Segment arrival, in the order and under the names of RFC 9293 3.10.7. CLOSED is in tcp.c. */
#include "stack/transport/tcp_internal.h"

/* What a SYN tells: the peer's sequence numbers and options. */
static void tcp_take_syn(struct tcp_conn *conn, const struct tcp_segment *seg)
{
    const struct tcp_options *options = &seg->header->options;
    conn->irs = seg->seq;
    conn->rcv_nxt = seg->seq + 1;
    conn->rcv_acked = conn->rcv_nxt;
    uint32_t mss = options->has_mss ? options->mss : TCP_DEFAULT_MSS; /* RFC 9293 3.7.1, SHLD-5 */
    mss = least_u32(mss, conn->rcv_mss);
    conn->snd_mss = mss > TCP_LEAST_SND_MSS ? mss : TCP_LEAST_SND_MSS;
    conn->has_window_scale = options->has_window_scale;
    if (options->has_window_scale) {
        conn->snd_wind_shift = (uint8_t)least_u32(options->window_scale, TCP_MAX_WINDOW_SHIFT);
    } else {
        conn->rcv_wind_shift = 0; /* RFC 7323 1.3: both sides offer it, or nobody scales */
    }
}

/* --- 3.10.7.2: LISTEN --- */

static void tcp_open_passively(struct tcp_listener *listener, const struct tcp_segment *seg,
                               uint32_t least_iss)
{
    struct tcp *tcp = listener->tcp;
    uint32_t src = 0;
    uint32_t mtu = 0;
    if (ipv4_select_source(tcp->ip, seg->remote.addr.v4, &src, &mtu) != STATUS_OK) {
        mtu = 0; /* no way back just now: the smallest segments will do */
    }
    struct tcp_conn *conn = tcp_conn_new(tcp, seg->local, seg->remote, mtu);
    conn->state = TCP_LISTEN; /* the listener's state, which it starts from */
    conn->is_passive = true;
    if (least_iss != 0 && seq_lt(conn->iss, least_iss)) {
        conn->iss = least_iss;
        conn->snd_una = least_iss;
    }
    tcp_take_syn(conn, seg);
    tcp_set_send_window(conn, seg);
    tcp_listener_add_half_open(listener, conn);
    tcp_send_syn(conn);
    tcp_state_change(conn, TCP_SYN_RECEIVED, "received SYN");
}

void tcp_arrive_listen(struct tcp_listener *listener, struct tcp_segment *seg, uint32_t least_iss)
{
    if (seg->flags & TCP_RST) { /* first, check for a RST */
        seg->dropped = &TCP_DROP_NO_CONNECTION;
        return;
    }
    if (seg->flags & TCP_ACK) { /* second, check for an ACK */
        tcp_send_reset_for(listener->tcp, seg);
        seg->dropped = &TCP_DROP_NO_CONNECTION;
        return;
    }
    if (!(seg->flags & TCP_SYN) || (seg->flags & TCP_FIN)) { /* third, check for a SYN */
        seg->dropped = &TCP_DROP_UNACCEPTABLE;
        return;
    }
    if (tcp_listener_is_full(listener) || listener->tcp->n_conns >= TCP_MAX_CONNECTIONS) {
        seg->dropped = &TCP_DROP_BACKLOG_FULL;
        return;
    }
    seg->wnd = seg->header->window; /* RFC 7323 2.2: not scaled in a SYN */
    /* Text in a SYN is not kept; the peer sends it again. */
    tcp_open_passively(listener, seg, least_iss);
}

/* --- seventh and eighth of 3.10.7.4, which SYN-SENT uses too --- */

/* RFC 5681 4.2: at once for what comes early or fills a hole, and for every second full segment;
 * otherwise it may wait (RFC 9293 3.8.6.3). */
static void tcp_need_ack(struct tcp_conn *conn, bool is_in_order)
{
    if (!is_in_order || conn->rcv_nxt - conn->rcv_acked > conn->rcv_full) {
        conn->ack_need = TCP_ACK_NOW;
    } else if (conn->ack_need == TCP_ACK_NOT_NEEDED) {
        conn->ack_need = TCP_ACK_DELAYED;
    }
}

/* Seventh, process the segment text. False: the connection ended. */
static bool tcp_process_text(struct tcp_conn *conn, struct tcp_segment *seg)
{
    bool is_open = conn->state == TCP_ESTABLISHED || conn->state == TCP_FIN_WAIT_1 ||
                   conn->state == TCP_FIN_WAIT_2;
    if (seg->len == 0 || !is_open) { /* after the peer's FIN: "ignore the segment text" */
        return true;
    }
    if (!conn->is_owned && !conn->listener) { /* RFC 9293 3.6.1: nobody will read it: say so */
        tcp_conn_abort(conn, "received data after close");
        seg->dropped = &TCP_DROP_UNACCEPTABLE;
        return false;
    }
    bool had_hole = conn->receive.n_ranges > 0;
    uint32_t len =
        tcp_receive_buffer_insert(&conn->receive, seg->seq - conn->rcv_nxt, seg->text, seg->len);
    conn->rcv_nxt += len;
    conn->rcv_wnd -= len; /* the right edge stays */
    if (seg->len > conn->rcv_full) {
        conn->rcv_full = (uint16_t)least_u32(seg->len, UINT16_MAX);
    }
    tcp_need_ack(conn, len > 0 && !had_hole);
    if (len > 0) {
        tcp_conn_notify(conn);
    }
    return true;
}

static void tcp_take_fin(struct tcp_conn *conn)
{
    conn->is_fin_received = true;
    conn->rcv_nxt++;
    conn->rcv_wnd -= conn->rcv_wnd > 0 ? 1 : 0;
    conn->ack_need = TCP_ACK_NOW;
    tcp_conn_notify(conn);
    if (conn->state == TCP_ESTABLISHED) {
        tcp_state_change(conn, TCP_CLOSE_WAIT, "received FIN");
    } else if (conn->state == TCP_FIN_WAIT_1) { /* had it been acknowledged, it were FIN-WAIT-2 */
        tcp_state_change(conn, TCP_CLOSING, "received FIN");
    } else if (conn->state == TCP_FIN_WAIT_2) {
        tcp_state_change(conn, TCP_TIME_WAIT, "received FIN");
    }
}

/* Eighth, check the FIN bit. One that comes early is remembered until the text before it is here.
 */
static bool tcp_check_fin(struct tcp_conn *conn, struct tcp_segment *seg)
{
    uint32_t fin = seg->seq + seg->len;
    if ((seg->flags & TCP_FIN) && !conn->has_rcv_fin && !conn->is_fin_received) {
        const struct tcp_receive_buffer *buffer = &conn->receive;
        uint32_t early = buffer->n_ranges ? buffer->ranges[buffer->n_ranges - 1].right : 0;
        conn->has_rcv_fin = early <= fin - conn->rcv_nxt; /* no FIN before text already received */
        conn->rcv_fin = fin;
        conn->ack_need = TCP_ACK_NOW;
    }
    if (conn->has_rcv_fin && !conn->is_fin_received && conn->rcv_nxt == conn->rcv_fin) {
        tcp_take_fin(conn);
    }
    return true;
}

/* --- 3.10.7.3: SYN-SENT --- */

static void tcp_establish_actively(struct tcp_conn *conn, struct tcp_segment *seg)
{
    tcp_take_ack(conn, seg->ack);
    tcp_state_change(conn, TCP_ESTABLISHED, "received SYN,ACK");
    conn->ack_need = TCP_ACK_NOW;
    if (conn->is_send_closed) {
        tcp_state_change(conn, TCP_FIN_WAIT_1, "closed before it was established");
    }
    seg->seq++;
    if (tcp_process_text(conn, seg) && tcp_check_fin(conn, seg)) {
        tcp_output(conn);
    }
}

void tcp_arrive_syn_sent(struct tcp_conn *conn, struct tcp_segment *seg)
{
    bool has_ack = (seg->flags & TCP_ACK) != 0;
    seg->dropped = &TCP_DROP_UNACCEPTABLE; /* unless it gets to the end */
    /* first, check the ACK bit */
    if (has_ack && (seq_le(seg->ack, conn->iss) || seq_lt(conn->snd_nxt, seg->ack))) {
        tcp_send_reset_for(conn->tcp, seg);
        return;
    }
    if (seg->flags & TCP_RST) { /* second, check the RST bit */
        if (has_ack) {
            seg->dropped = NULL;
            tcp_conn_fail(conn, STATUS_REFUSED, "received RST");
        }
        return;
    }
    if (!(seg->flags & TCP_SYN)) { /* fourth, check the SYN bit; fifth: drop what has none */
        return;
    }
    seg->dropped = NULL;
    tcp_take_syn(conn, seg);
    tcp_set_send_window(conn, seg);
    if (has_ack) {
        tcp_establish_actively(conn, seg);
    } else { /* simultaneous open (RFC 9293 3.5, figure 7) */
        tcp_state_change(conn, TCP_SYN_RECEIVED, "received SYN");
        tcp_retransmit(conn, 0, "simultaneous open");
    }
}

/* --- 3.10.7.4: other states --- */

/* RFC 9293 3.4, table 6 */
static bool tcp_is_acceptable(const struct tcp_conn *conn, const struct tcp_segment *seg)
{
    uint32_t seg_len = tcp_segment_len(seg);
    uint32_t first = seg->seq - conn->rcv_nxt; /* below rcv_wnd: within the window */
    uint32_t last = first + seg_len - 1;
    if (seg_len == 0) {
        return conn->rcv_wnd == 0 ? first == 0 : first < conn->rcv_wnd;
    }
    return first < conn->rcv_wnd || last < conn->rcv_wnd;
}

/* "tailored to fit the window": cuts off what was received before and what is beyond the window or
 * the peer's FIN. */
static void tcp_trim(struct tcp_conn *conn, struct tcp_segment *seg)
{
    if (seg->flags & TCP_SYN) {
        return; /* it will go no further */
    }
    if (seq_lt(seg->seq, conn->rcv_nxt)) {
        uint32_t old = least_u32(conn->rcv_nxt - seg->seq, seg->len);
        seg->seq += old;
        seg->text += old;
        seg->len -= old;
    }
    uint32_t edge =
        conn->has_rcv_fin && !conn->is_fin_received ? conn->rcv_fin : conn->rcv_nxt + conn->rcv_wnd;
    if (seq_lt(edge, seg->seq + seg->len)) {
        seg->len = seq_lt(seg->seq, edge) ? edge - seg->seq : 0;
        seg->flags &= (uint8_t)~TCP_FIN;
        conn->ack_need = TCP_ACK_NOW;
    }
}

static void tcp_answer_unacceptable(struct tcp_conn *conn, struct tcp_segment *seg)
{
    seg->dropped = &TCP_DROP_OUT_OF_WINDOW;
    if (seg->flags & TCP_RST) {
        return;
    }
    if (conn->state == TCP_TIME_WAIT && (seg->flags & TCP_FIN)) {
        tcp_timer_start(conn, TCP_TIMER_TIME_WAIT, 2 * TCP_MSL_NS); /* our last ACK was lost */
    }
    if (tcp_segment_len(seg) > 0) {
        tcp_send_ack(conn);
    } else { /* an ACK that answers an ACK could go on for ever */
        tcp_send_challenge_ack(conn);
    }
}

/* The peer's SYN again, in SYN-RECEIVED. False: the segment is done with. */
static bool tcp_check_syn_again(struct tcp_conn *conn, struct tcp_segment *seg)
{
    if (conn->state != TCP_SYN_RECEIVED || !(seg->flags & TCP_SYN) || seg->seq != conn->irs) {
        return true;
    }
    if (seg->flags & TCP_ACK) { /* simultaneous open: RFC 9293 figure 7 takes the ACK */
        seg->seq++;
        seg->flags &= (uint8_t)~TCP_SYN;
        return true;
    }
    tcp_retransmit(conn, 0, "duplicate SYN"); /* our <SYN,ACK> was lost */
    seg->dropped = &TCP_DROP_OUT_OF_WINDOW;
    return false;
}

/* First, check sequence number. */
static bool tcp_check_sequence(struct tcp_conn *conn, struct tcp_segment *seg)
{
    if (!tcp_check_syn_again(conn, seg)) {
        return false;
    }
    if (tcp_is_acceptable(conn, seg)) {
        tcp_trim(conn, seg);
        return true;
    }
    if (conn->rcv_wnd == 0 && seg->seq == conn->rcv_nxt) {
        /* "special allowance should be made to accept valid ACKs, URGs, and RSTs" */
        seg->len = 0;
        seg->flags &= (uint8_t)~TCP_FIN;
        conn->ack_need = TCP_ACK_NOW;
        return true;
    }
    tcp_answer_unacceptable(conn, seg);
    return false;
}

/* Second, check the RST bit (with RFC 5961 3.2). */
static bool tcp_check_rst(struct tcp_conn *conn, struct tcp_segment *seg)
{
    if (!(seg->flags & TCP_RST)) {
        return true;
    }
    if (seg->header->seq != conn->rcv_nxt) { /* in the window but not exact: perhaps forged */
        tcp_send_challenge_ack(conn);
        seg->dropped = &TCP_DROP_UNACCEPTABLE;
    } else if (conn->state == TCP_SYN_RECEIVED) {
        tcp_conn_fail(conn, STATUS_REFUSED, "received RST"); /* a passive one just goes */
    } else if (conn->state == TCP_TIME_WAIT) {
        tcp_state_change(conn, TCP_CLOSED, "received RST");
    } else {
        tcp_conn_fail(conn, STATUS_RESET, "received RST");
    }
    return false;
}

/* Fourth, check the SYN bit (with RFC 5961 4.2). Third, security, is long gone. */
static bool tcp_check_syn(struct tcp_conn *conn, struct tcp_segment *seg)
{
    if (!(seg->flags & TCP_SYN)) {
        return true;
    }
    seg->dropped = &TCP_DROP_UNACCEPTABLE;
    if (conn->state == TCP_SYN_RECEIVED && conn->is_passive) {
        tcp_state_change(conn, TCP_CLOSED,
                         "received another SYN"); /* the listener is still there */
    } else {
        tcp_send_challenge_ack(conn);
    }
    return false;
}

void tcp_arrive_otherwise(struct tcp_conn *conn, struct tcp_segment *seg)
{
    static bool (*const STEPS[])(struct tcp_conn *, struct tcp_segment *) = {
        tcp_check_sequence,
        tcp_check_rst,
        tcp_check_syn,
        tcp_check_ack,
        /* sixth, the URG bit: urgent data is read in its place in the stream (RFC 6093 6) */
        tcp_process_text,
        tcp_check_fin,
    };
    for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++) {
        if (!STEPS[i](conn, seg)) {
            break;
        }
    }
    if (conn->state != TCP_CLOSED) {
        tcp_output(conn);
    }
}
