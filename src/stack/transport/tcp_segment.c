/* Making one segment: its header, its data from the send buffer, the window it offers, its trace.
 */
#include "stack/transport/tcp_internal.h"

static void trace_print_shift(struct text *text, const void *value)
{
    text_print(text, "%d", *(const int16_t *)value);
}

static const struct trace_type TRACE_SHIFT = {"shift", true, trace_print_shift};

static const struct trace_field SEGMENT_FIELDS[] = {
    TRACE_FIELD(struct tcp_segment_event, local, TRACE_ENDPOINT),
    TRACE_FIELD(struct tcp_segment_event, remote, TRACE_ENDPOINT),
    TRACE_FIELD(struct tcp_segment_event, flags, TRACE_TEXT),
    TRACE_FIELD(struct tcp_segment_event, seq, TRACE_U32),
    TRACE_FIELD(struct tcp_segment_event, ack, TRACE_U32),
    TRACE_FIELD(struct tcp_segment_event, len, TRACE_U32),
    TRACE_FIELD(struct tcp_segment_event, window, TRACE_U32),
    TRACE_FIELD(struct tcp_segment_event, mss, TRACE_U16),
    TRACE_FIELD(struct tcp_segment_event, window_scale, TRACE_SHIFT),
};
TRACE_KIND(TCP_SEGMENT_SENT, "tcp.sent",
           "TCP {local} -> {remote} [{flags}] seq {seq} ack {ack} len {len} window {window}",
           SEGMENT_FIELDS);
TRACE_KIND(TCP_SEGMENT_RECEIVED, "tcp.received",
           "TCP {remote} -> {local} [{flags}] seq {seq} ack {ack} len {len} window {window}",
           SEGMENT_FIELDS);

void tcp_trace_segment(const struct tcp *tcp, const struct trace_kind *kind,
                       const struct packet *packet, const struct tcp_segment_event *facts,
                       const struct tcp_header *header)
{
    char flags[40];
    struct tcp_segment_event event = *facts;
    event.flags = tcp_flags_print(header->flags, flags);
    event.seq = header->seq;
    event.ack = header->ack;
    event.mss = header->options.has_mss ? header->options.mss : 0;
    event.window_scale =
        (int16_t)(header->options.has_window_scale ? header->options.window_scale : -1);
    trace_emit(tcp->scope, kind, packet, &event);
}

/* --- what every segment goes through --- */

struct tcp_shipment {
    struct endpoint local, remote;
    struct packet *packet; /* data: the text */
    uint32_t window;       /* in bytes as the peer reads it, for the trace */
    bool may_be_fragmented;
};

static void tcp_ship(struct tcp *tcp, const struct tcp_shipment *ship,
                     const struct tcp_header *header)
{
    struct packet *packet = ship->packet;
    struct bytes text = {packet->data, packet->len};
    struct writer w = packet_push(packet, tcp_header_len(&header->options));
    tcp_emit(&w, ship->local.addr, ship->remote.addr, header, text);
    if (trace_is_on(tcp->scope->trace)) {
        struct tcp_segment_event facts = {
            .local = ship->local,
            .remote = ship->remote,
            .len = (uint32_t)text.len,
            .window = ship->window,
        };
        tcp_trace_segment(tcp, &TCP_SEGMENT_SENT, packet, &facts, header);
    }
    struct ipv4_send how = {
        .src = ship->local.addr.v4,
        .dst = ship->remote.addr.v4,
        .protocol = IP_PROTOCOL_TCP,
        .dont_fragment = !ship->may_be_fragmented, /* RFC 1191 3 */
    };
    /* What cannot be sent is as good as lost: the retransmission timer sees to it. */
    enum status status = ipv4_send(tcp->ip, packet, &how);
    (void)status;
}

void tcp_send_bare(struct tcp *tcp, struct endpoint local, struct endpoint remote, uint32_t seq,
                   uint32_t ack, uint8_t flags)
{
    struct tcp_header header = {
        .src_port = (uint16_t)local.port,
        .dst_port = (uint16_t)remote.port,
        .seq = seq,
        .ack = ack,
        .flags = flags,
    };
    struct tcp_shipment ship = {local, remote, packet_new(tcp->scope->env->packets, 0), 0, false};
    tcp_ship(tcp, &ship, &header);
}

/* --- the window --- */

uint32_t tcp_offered_window(const struct tcp_conn *conn)
{
    uint32_t buffer = conn->tcp->config.receive_buffer;
    uint32_t used = conn->receive.readable;
    uint32_t room = used < buffer ? buffer - used : 0;
    room = least_u32(room, (uint32_t)TCP_UNSCALED_WINDOW << conn->rcv_wind_shift);
    /* RFC 9293 3.8.6.2.2: the right edge moves by a full segment or half the buffer, or not. */
    uint32_t step = least_u32(buffer / 2, conn->rcv_mss);
    return room >= conn->rcv_wnd + step ? room : conn->rcv_wnd;
}

/* rcv_wnd is exact, the header rounds it down: by less than the scale's unit, the peer may see the
 * right edge move back. What it sent before it saw that is still taken (RFC 7323 2.4). */
static void tcp_set_window(struct tcp_conn *conn, struct tcp_header *header)
{
    if (header->flags & TCP_SYN) { /* RFC 7323 2.2: a SYN's window is not scaled */
        header->window = (uint16_t)least_u32(conn->rcv_wnd, TCP_UNSCALED_WINDOW);
        return;
    }
    conn->rcv_wnd = tcp_offered_window(conn);
    header->window = (uint16_t)(conn->rcv_wnd >> conn->rcv_wind_shift);
}

/* --- segments of a connection --- */

static void tcp_set_syn_options(const struct tcp_conn *conn, struct tcp_options *options)
{
    options->has_mss = true;
    options->mss = conn->rcv_mss;
    options->has_window_scale = conn->has_window_scale; /* RFC 7323 2.2: in <SYN,ACK> if in <SYN> */
    options->window_scale = conn->rcv_wind_shift;
}

static void tcp_note_ack_sent(struct tcp_conn *conn)
{
    conn->ack_need = TCP_ACK_NOT_NEEDED;
    conn->rcv_acked = conn->rcv_nxt;
    timer_stop(&conn->delayed_ack);
}

void tcp_send_segment(struct tcp_conn *conn, uint32_t seq, uint32_t len, uint8_t flags)
{
    struct tcp_header header = {
        .src_port = (uint16_t)conn->local.port,
        .dst_port = (uint16_t)conn->remote.port,
        .seq = seq,
        .ack = (flags & TCP_ACK) ? conn->rcv_nxt : 0,
        .flags = flags,
    };
    struct packet *packet = packet_new(conn->tcp->scope->env->packets, len);
    if (len > 0) {
        tcp_send_buffer_copy(&conn->send, seq, packet->data, len);
        packet_mark_payload(packet, 0);
    }
    if (flags & TCP_SYN) {
        tcp_set_syn_options(conn, &header.options);
    }
    tcp_set_window(conn, &header);
    if (flags & TCP_ACK) {
        tcp_note_ack_sent(conn);
    }
    bool is_syn = flags & TCP_SYN;
    uint32_t window = (uint32_t)header.window << (is_syn ? 0 : conn->rcv_wind_shift);
    struct tcp_shipment ship = {conn->local, conn->remote, packet, window, conn->may_be_fragmented};
    tcp_ship(conn->tcp, &ship, &header);
}

void tcp_send_ack(struct tcp_conn *conn)
{
    tcp_send_segment(conn, conn->snd_nxt, 0, TCP_ACK);
}

void tcp_send_challenge_ack(struct tcp_conn *conn)
{
    uint64_t now_ns = tcp_now(conn);
    if (now_ns - conn->challenges_from_ns >= TCP_CHALLENGE_PERIOD_NS) {
        conn->challenges_from_ns = now_ns;
        conn->challenges = 0;
    }
    if (conn->challenges < TCP_CHALLENGE_LIMIT) {
        conn->challenges++;
        tcp_send_ack(conn);
    }
}
