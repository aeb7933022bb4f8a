/* The inside of TCP: the connection, and what its parts offer each other.
 *
 *   tcp.c           tables, demultiplexing, opening          tcp_listener.c  listening, accepting
 *   tcp_conn.c      a connection's making, use and end       tcp_state.c     its state
 *   tcp_input.c     segments that arrive (RFC 9293 3.10.7)   tcp_ack.c       what an ACK means
 *   tcp_output.c    what to send now                         tcp_segment.c   making one segment
 *   tcp_timer.c     retransmission, probes, TIME-WAIT        tcp_rto.c       RFC 6298
 *   tcp_recovery.c  losses found by duplicate ACKs           tcp_reno.c      congestion control
 *   tcp_flight.c    segments in flight                       tcp_buffer.c    bytes in and out
 *   tcp_error.c     RST and ICMP errors                      tcp_isn.c       RFC 6528
 *
 * Variables bear the names of RFC 9293 3.3.1. snd_nxt never goes back: what must be sent again is
 * marked lost in `flight`.
 *
 * Life of a connection: whoever holds it (`is_owned`) may use it until tcp_close or tcp_abort. In
 * state CLOSED it is in no table any more; when nobody holds it either, tcp_conn_reap frees it.
 * Every way into the connection (segment, timer, call) ends with tcp_conn_reap.
 */
#ifndef STACK_TRANSPORT_TCP_INTERNAL_H
#define STACK_TRANSPORT_TCP_INTERNAL_H

#include "base/list.h"
#include "base/map.h"
#include "stack/transport/tcp.h"
#include "stack/transport/tcp_buffer.h"
#include "stack/transport/tcp_congestion.h"
#include "stack/transport/tcp_flight.h"
#include "stack/transport/tcp_isn.h"
#include "stack/transport/tcp_rto.h"

enum {
    TCP_DEFAULT_BUFFER = 262144,
    TCP_SEND_AHEAD = 65536, /* what a writer may be ahead of a small congestion window */
    TCP_DEFAULT_MSS = 536,  /* RFC 9293 3.7.1: when the peer names none */
    TCP_LEAST_SND_MSS = 48, /* as Linux: a peer cannot ask for a flood of tiny segments */
    /* As Linux: whoever says that the path carries less more likely wants a flood of tiny segments.
     * If it is true, routers do the cutting. */
    TCP_LEAST_PATH_MTU = 552,
    TCP_MAX_WINDOW_SHIFT = 14, /* RFC 7323 2.3 */
    TCP_UNSCALED_WINDOW = 65535,
    TCP_SYN_RETRIES = 6, /* DEVIATES: 127 s, not RFC 9293 3.8.3's 180 s, as in Linux */
    TCP_SYN_ACK_RETRIES = 5,
    TCP_DATA_RETRIES = 15,     /* RFC 9293 3.8.3: R2 is at least 100 s */
    TCP_ORPHAN_PROBES = 8,     /* zero-window probes when nobody holds the connection */
    TCP_DUP_ACK_THRESHOLD = 3, /* RFC 5681 3.2 */
    TCP_CHALLENGE_LIMIT = 10,  /* RFC 5961 7: so many in ... */
};
#define TCP_CHALLENGE_PERIOD_NS UINT64_C(5000000000) /* ... this time */
#define TCP_DELAYED_ACK_NS UINT64_C(40000000)        /* RFC 9293 3.8.6.3: below 0.5 s; as Linux */
#define TCP_FIN_WAIT_2_NS UINT64_C(60000000000) /* DEVIATES: the RFC waits for ever; as Linux */

struct tcp_key {
    struct endpoint local, remote;
};

struct tcp {
    struct ipv4 *ip;
    struct port_table *ports;
    struct scope *scope;
    struct tcp_config config; /* without zeros */
    const struct tcp_congestion_ops *congestion;
    struct map conns;     /* by struct tcp_key: those not CLOSED */
    struct map listeners; /* by struct endpoint; addr not set: any */
    struct list all;      /* every connection that exists */
    size_t n_conns;
    struct tcp_isn_secret isn_secret;
};

struct tcp_listener {
    struct tcp *tcp;
    struct endpoint local;
    uint32_t backlog;
    struct list half_open; /* connections in SYN-RECEIVED */
    struct list waiting;   /* established, to be accepted */
    uint32_t n_half_open, n_waiting;
    struct event event;
    void (*on_event)(void *owner);
    void *owner;
};

/* What the one timer of a connection waits for: these exclude each other. */
enum tcp_timer_kind {
    TCP_TIMER_NONE,
    TCP_TIMER_RETRANSMIT, /* RFC 6298 */
    TCP_TIMER_PERSIST,    /* RFC 9293 3.8.6.1: the window is closed */
    TCP_TIMER_FIN_WAIT_2, /* nobody holds the connection and the peer does not close */
    TCP_TIMER_TIME_WAIT,  /* 2 MSL */
};

enum tcp_ack_need {
    TCP_ACK_NOT_NEEDED,
    TCP_ACK_DELAYED,
    TCP_ACK_NOW,
};

struct tcp_recovery { /* RFC 6582 */
    uint32_t dup_acks;
    uint32_t recover;      /* fast recovery ends when everything before it is acknowledged */
    uint32_t limited_from; /* snd_nxt at the first duplicate ACK */
    bool is_active;        /* in fast recovery */
    bool has_partial;      /* ... and a partial acknowledgement has come */
};

struct tcp_conn {
    struct tcp *tcp;
    struct list link;              /* in tcp->all */
    struct list backlog_link;      /* in its listener's half_open or waiting */
    struct tcp_listener *listener; /* until accepted; NULL for active opens */
    struct endpoint local, remote;
    enum tcp_state state;
    enum status error;
    enum status soft_error; /* an ICMP error that may pass: named if the connection times out */

    /* RFC 9293 3.3.1: the send sequence variables */
    uint32_t snd_una, snd_nxt, snd_wnd, snd_wl1, snd_wl2, iss;
    uint32_t snd_max_wnd; /* the largest window the peer has offered */
    uint32_t snd_mss;     /* bytes of data in a full segment (Eff.snd.MSS) */
    /* ... and the receive sequence variables */
    uint32_t rcv_nxt, rcv_wnd, irs;
    uint32_t rcv_fin;   /* the sequence number of the peer's FIN, once seen */
    uint32_t rcv_acked; /* the last ACK we sent */
    uint16_t rcv_mss;   /* what we announce */
    uint16_t rcv_full;  /* the longest text received: what the peer takes for a full segment */
    uint8_t snd_wind_shift, rcv_wind_shift; /* RFC 7323 2 */

    bool is_owned;
    bool is_passive;
    bool is_half_open;     /* in its listener's list of that name */
    bool has_window_scale; /* the peer offered it (or nobody asked yet) */
    bool is_send_closed;   /* FIN follows the last byte of the send buffer */
    bool is_fin_sent;
    bool has_rcv_fin;     /* rcv_fin is known */
    bool is_fin_received; /* ... and reached */
    bool is_probing;      /* what is in flight is one octet sent into a closed window */
    bool has_no_delay;
    const char *lost_cause; /* why what is marked lost in `flight` is, for the trace */
    bool may_be_fragmented; /* segments go without DF: some link on the path is too narrow */
    bool wants_send;        /* the owner met a full send buffer */
    enum tcp_ack_need ack_need;

    struct tcp_send_buffer send;
    struct tcp_receive_buffer receive;
    struct tcp_flight flight;
    struct tcp_rto rto;
    struct tcp_congestion congestion;
    struct tcp_recovery recovery;
    uint32_t retransmissions; /* timeouts in a row for the same data; or probes unanswered */
    uint32_t probes;          /* into the window closed now */
    uint64_t last_sent_ns;    /* when data went out last */
    uint64_t challenges_from_ns;
    uint32_t challenges;

    enum tcp_timer_kind timer_kind;
    struct timer timer;
    struct timer delayed_ack;
    struct event event;
    void (*on_event)(void *owner);
    void *owner;
};

/* A segment that arrived. `seq`, `text`, `len` and `flags` shrink as parts outside the window are
 * cut off. */
struct tcp_segment {
    struct packet *packet; /* borrowed: input puts it back */
    const struct tcp_header *header;
    struct endpoint local, remote;
    const uint8_t *text;
    uint32_t len; /* of the text */
    uint32_t seq, ack;
    uint32_t wnd; /* scaled, once the connection is known */
    uint8_t flags;
    const struct drop_reason *dropped; /* why, when it was */
};

/* --- sequence numbers (RFC 9293 3.4): modulo 2^32 --- */

static inline bool seq_lt(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static inline bool seq_le(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) <= 0;
}

static inline uint32_t least_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* SEG.LEN: the text, and SYN and FIN count one each. */
static inline uint32_t tcp_segment_len(const struct tcp_segment *seg)
{
    return seg->len + ((seg->flags & TCP_SYN) ? 1 : 0) + ((seg->flags & TCP_FIN) ? 1 : 0);
}

static inline uint32_t tcp_unsent(const struct tcp_conn *conn) /* bytes never sent yet */
{
    return conn->is_fin_sent ? 0 : conn->send.seq + conn->send.len - conn->snd_nxt;
}

static inline uint64_t tcp_now(const struct tcp_conn *conn)
{
    return scope_now(conn->tcp->scope);
}

/* How much the send buffer takes now: no more than the path will soon carry, so that what is sent
 * was written lately, and is still in the processor's cache. */
static inline uint32_t tcp_send_limit(const struct tcp_conn *conn)
{
    uint32_t ahead = 2 * least_u32(conn->congestion.cwnd, TCP_MAX_BUFFER / 2);
    return least_u32(conn->send.limit, ahead > TCP_SEND_AHEAD ? ahead : TCP_SEND_AHEAD);
}

/* --- tcp.c --- */

struct tcp_listener *tcp_find_listener(struct tcp *tcp, struct endpoint local);

/* --- tcp_conn.c --- */

/* A connection in state CLOSED, or LISTEN when passive, in the table; its port is taken. */
struct tcp_conn *tcp_conn_new(struct tcp *tcp, struct endpoint local, struct endpoint remote,
                              uint32_t mtu);
/* Leaves the tables; the state is CLOSED. */
void tcp_conn_leave(struct tcp_conn *conn);
void tcp_conn_reap(struct tcp_conn *conn); /* frees it when it is CLOSED and nobody holds it */
void tcp_conn_free(struct tcp_conn *conn);
void tcp_conn_notify(struct tcp_conn *conn);
/* Ends the connection with an error for its owner. */
void tcp_conn_fail(struct tcp_conn *conn, enum status error, const char *why);
/* Sends RST where the peer may still believe in the connection, and ends it. */
void tcp_conn_abort(struct tcp_conn *conn, const char *why);
void tcp_conn_set_mtu(struct tcp_conn *conn, uint32_t mtu);

/* --- tcp_listener.c --- */

void tcp_listener_add_half_open(struct tcp_listener *listener, struct tcp_conn *conn);
bool tcp_listener_is_full(const struct tcp_listener *listener);
void tcp_listener_on_established(struct tcp_conn *conn);
void tcp_listener_forget(struct tcp_conn *conn); /* no effect once accepted */

/* --- tcp_state.c --- */

void tcp_state_change(struct tcp_conn *conn, enum tcp_state to, const char *why);

/* --- tcp_input.c: the steps of RFC 9293 3.10.7; all set seg->dropped when they drop --- */

void tcp_arrive_listen(struct tcp_listener *listener, struct tcp_segment *seg, uint32_t least_iss);
void tcp_arrive_syn_sent(struct tcp_conn *conn, struct tcp_segment *seg);
void tcp_arrive_otherwise(struct tcp_conn *conn, struct tcp_segment *seg);

/* --- tcp_ack.c --- */

/* The fifth step: check the ACK field. False: the segment is done with. */
bool tcp_check_ack(struct tcp_conn *conn, struct tcp_segment *seg);
/* Moves snd_una up to `ack`, with all that follows from it. */
void tcp_take_ack(struct tcp_conn *conn, uint32_t ack);
void tcp_set_send_window(struct tcp_conn *conn, const struct tcp_segment *seg);

/* --- tcp_output.c --- */

/* Sends all that may be sent now, and an ACK if one is due; sets the timers accordingly. */
void tcp_output(struct tcp_conn *conn);
void tcp_send_syn(struct tcp_conn *conn);
void tcp_send_probe(struct tcp_conn *conn);
/* Sends the segment at this position of the flight again. */
void tcp_retransmit(struct tcp_conn *conn, uint32_t position, const char *cause);
/* The application has read: tells the peer when that opens the window enough. */
void tcp_update_window(struct tcp_conn *conn);

/* --- tcp_segment.c --- */

/* Sends `len` bytes of the send buffer from `seq` on under these flags. */
void tcp_send_segment(struct tcp_conn *conn, uint32_t seq, uint32_t len, uint8_t flags);
void tcp_send_ack(struct tcp_conn *conn);
/* RFC 5961: asks the peer what it thinks of the connection; limited. */
void tcp_send_challenge_ack(struct tcp_conn *conn);
/* One that belongs to no connection; `ack` is sent when flags say so. */
void tcp_send_bare(struct tcp *tcp, struct endpoint local, struct endpoint remote, uint32_t seq,
                   uint32_t ack, uint8_t flags);
/* The window that can be offered now, as RFC 9293 3.8.6.2.2 permits: never less than before. */
uint32_t tcp_offered_window(const struct tcp_conn *conn);
void tcp_trace_segment(const struct tcp *tcp, const struct trace_kind *kind,
                       const struct packet *packet, const struct tcp_segment_event *facts,
                       const struct tcp_header *header);

/* --- tcp_timer.c --- */

void tcp_timer_init(struct tcp_conn *conn);
void tcp_timer_fini(struct tcp_conn *conn);
void tcp_timer_start(struct tcp_conn *conn, enum tcp_timer_kind kind, uint64_t after_ns);
void tcp_timer_stop(struct tcp_conn *conn);
/* Retransmission or persist timer, as what is in flight and in the buffer asks for. */
void tcp_timer_review(struct tcp_conn *conn);

/* --- tcp_recovery.c --- */

void tcp_recovery_init(struct tcp_conn *conn);
void tcp_recovery_on_ack(struct tcp_conn *conn, uint32_t ack, const struct tcp_ack_sample *sample);
void tcp_recovery_on_duplicate(struct tcp_conn *conn);
void tcp_recovery_on_timeout(struct tcp_conn *conn);
/* What may be in flight now: cwnd, and what limited transmit adds (RFC 3042). */
uint32_t tcp_recovery_window(const struct tcp_conn *conn);

/* --- tcp_error.c --- */

/* Answers a segment that has no business here (RFC 9293 3.10.7.1), unless it is an RST. */
void tcp_send_reset_for(struct tcp *tcp, const struct tcp_segment *seg);
void tcp_on_icmp_error(void *owner, const struct ipv4_header *header, struct bytes transport,
                       uint8_t icmp_type, uint8_t icmp_code, uint32_t icmp_rest);

#endif
