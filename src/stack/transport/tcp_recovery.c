/* Losses found while data still flows: fast retransmit and fast recovery, NewReno (RFC 6582 over
 * RFC 5681 3.2), with limited transmit (RFC 3042).
 *
 * Each duplicate ACK says that a segment has left the network. Three say that the first one in
 * flight is lost: it is sent again at once, and the congestion window shrinks. Until all that was
 * in flight then (`recover`) is acknowledged, each further duplicate lets one more segment go, and
 * a partial acknowledgement shows the next hole.
 *
 * `recover` is the sequence number after the highest one sent, where the RFC takes the highest
 * itself; so its comparisons with the ACK field shift by one.
 */
#include "stack/transport/tcp_internal.h"

static const struct trace_field CONGESTION_FIELDS[] = {
    TRACE_FIELD(struct tcp_congestion_changed, local, TRACE_ENDPOINT),
    TRACE_FIELD(struct tcp_congestion_changed, remote, TRACE_ENDPOINT),
    TRACE_FIELD(struct tcp_congestion_changed, why, TRACE_TEXT),
    TRACE_FIELD(struct tcp_congestion_changed, cwnd, TRACE_U32),
    TRACE_FIELD(struct tcp_congestion_changed, ssthresh, TRACE_U32),
    TRACE_FIELD(struct tcp_congestion_changed, flight, TRACE_U32),
};
TRACE_KIND(TCP_CONGESTION_CHANGED, "tcp.congestion",
           "TCP {local} -> {remote}: {why}: cwnd {cwnd}, ssthresh {ssthresh}, in flight {flight}",
           CONGESTION_FIELDS);

static void tcp_trace_congestion(const struct tcp_conn *conn, const char *why)
{
    if (trace_is_on(conn->tcp->scope->trace)) {
        trace_emit(conn->tcp->scope, &TCP_CONGESTION_CHANGED, NULL,
                   &(struct tcp_congestion_changed){
                       conn->local, conn->remote, why, conn->congestion.cwnd,
                       conn->congestion.ssthresh, conn->snd_nxt - conn->snd_una});
    }
}

void tcp_recovery_init(struct tcp_conn *conn)
{
    conn->recovery = (struct tcp_recovery){.recover = conn->iss}; /* RFC 6582 3.2, step 1 */
}

uint32_t tcp_recovery_window(const struct tcp_conn *conn)
{
    const struct tcp_recovery *r = &conn->recovery;
    uint32_t cwnd = conn->congestion.cwnd;
    if (r->is_active || r->dup_acks >= TCP_DUP_ACK_THRESHOLD) {
        return cwnd;
    }
    return cwnd + r->dup_acks * conn->congestion.smss; /* RFC 3042 2: cwnd itself stays */
}

/* --- duplicate ACKs --- */

static void tcp_enter_recovery(struct tcp_conn *conn)
{
    struct tcp_recovery *r = &conn->recovery;
    struct tcp_congestion *c = &conn->congestion;
    /* RFC 5681 3.2, step 2: without what limited transmit has added to FlightSize */
    c->ops->on_loss(c, r->limited_from - conn->snd_una);
    c->cwnd += TCP_DUP_ACK_THRESHOLD * c->smss; /* step 3: the segments that have left */
    r->recover = conn->snd_nxt;
    r->is_active = true;
    r->has_partial = false;
    tcp_trace_congestion(conn, "loss");
    tcp_retransmit(conn, 0, "fast retransmit");
}

void tcp_recovery_on_duplicate(struct tcp_conn *conn)
{
    struct tcp_recovery *r = &conn->recovery;
    if (r->is_active) {
        conn->congestion.cwnd += conn->congestion.smss; /* RFC 5681 3.2, step 4 */
        return;
    }
    if (r->dup_acks == 0) {
        r->limited_from = conn->snd_nxt;
    }
    r->dup_acks++;
    /* RFC 6582 3.2, step 2: once per window; later duplicates may be due to our own repeats */
    if (r->dup_acks == TCP_DUP_ACK_THRESHOLD && seq_lt(r->recover, conn->snd_una)) {
        tcp_enter_recovery(conn);
    }
}

/* --- new ACKs --- */

static void tcp_leave_recovery(struct tcp_conn *conn)
{
    struct tcp_congestion *c = &conn->congestion;
    uint32_t flight = conn->snd_nxt - conn->snd_una;
    uint32_t window = (flight > c->smss ? flight : c->smss) + c->smss;
    c->cwnd = least_u32(c->ssthresh, window); /* RFC 6582 3.2, step 3, option (1): no burst */
    conn->recovery.is_active = false;
    tcp_trace_congestion(conn, "recovered");
}

static void tcp_on_partial_ack(struct tcp_conn *conn, uint32_t acked)
{
    struct tcp_congestion *c = &conn->congestion;
    /* RFC 6582 3.2, step 3: deflate by what was acknowledged, add back one segment for what left */
    c->cwnd -= least_u32(c->cwnd, acked);
    if (acked >= c->smss || c->cwnd < c->smss) {
        c->cwnd += c->smss;
    }
    conn->recovery.has_partial = true;
    tcp_retransmit(conn, 0, "partial acknowledgement");
}

void tcp_recovery_on_ack(struct tcp_conn *conn, uint32_t ack, const struct tcp_ack_sample *sample)
{
    struct tcp_recovery *r = &conn->recovery;
    r->dup_acks = 0;
    if (!r->is_active) {
        conn->congestion.ops->on_ack(&conn->congestion, sample);
    } else if (seq_le(r->recover, ack)) {
        tcp_leave_recovery(conn);
    } else {
        tcp_on_partial_ack(conn, sample->acked);
    }
}

void tcp_recovery_on_timeout(struct tcp_conn *conn)
{
    struct tcp_recovery *r = &conn->recovery;
    struct tcp_congestion *c = &conn->congestion;
    c->ops->on_timeout(c, conn->snd_nxt - conn->snd_una, conn->retransmissions > 1);
    r->is_active = false; /* RFC 6582 3.2, step 4 */
    r->dup_acks = 0;
    r->recover = conn->snd_nxt;
    conn->lost_cause = "timeout";
    tcp_flight_mark_all_lost(&conn->flight);
    tcp_trace_congestion(conn, "timeout");
}
