/* TCP (RFC 9293). The face that socket/ uses; the inside is in tcp_internal.h.
 *
 * Calls never call back: `on_event` runs deferred, once for any number of changes, and its owner
 * then looks (tcp_receive, tcp_send, tcp_state, tcp_error).
 */
#ifndef STACK_TRANSPORT_TCP_H
#define STACK_TRANSPORT_TCP_H

#include "stack/network/ipv4.h"
#include "stack/transport/port_table.h"
#include "wire/tcp.h"

struct tcp;
struct tcp_conn;
struct tcp_listener;

enum tcp_state { /* RFC 9293 3.3.2 */
                 TCP_CLOSED,
                 TCP_LISTEN,
                 TCP_SYN_SENT,
                 TCP_SYN_RECEIVED,
                 TCP_ESTABLISHED,
                 TCP_FIN_WAIT_1,
                 TCP_FIN_WAIT_2,
                 TCP_CLOSE_WAIT,
                 TCP_CLOSING,
                 TCP_LAST_ACK,
                 TCP_TIME_WAIT,
};

enum {
    TCP_MAX_CONNECTIONS = 1 << 20,
    TCP_MAX_LISTENERS = 65536,
    TCP_MAX_BUFFER = 1 << 30, /* RFC 7323 2.3: no window is larger */
    TCP_DEFAULT_BACKLOG = 128,
};
#define TCP_DEFAULT_RTO_MIN_NS UINT64_C(1000000000) /* RFC 6298 2.4 */
#define TCP_MSL_NS UINT64_C(30000000000)            /* TIME-WAIT lasts two of these, as in Linux */

/* Per node; zero: the default in brackets. */
struct tcp_config {
    uint64_t rto_min_ns;     /* [1 s] */
    uint32_t send_buffer;    /* bytes, at most [262144] */
    uint32_t receive_buffer; /* bytes [262144] */
    const char *congestion;  /* "reno" [reno] */
};

extern const struct drop_reason TCP_DROP_MALFORMED;     /* tcp.malformed */
extern const struct drop_reason TCP_DROP_BAD_CHECKSUM;  /* tcp.bad-checksum */
extern const struct drop_reason TCP_DROP_NO_CONNECTION; /* tcp.no-connection: answered with RST */
extern const struct drop_reason TCP_DROP_OUT_OF_WINDOW; /* tcp.out-of-window */
extern const struct drop_reason TCP_DROP_BACKLOG_FULL;  /* tcp.backlog-full */
extern const struct drop_reason TCP_DROP_UNACCEPTABLE;  /* tcp.unacceptable: e.g. wrong flags */

/* `config` may be NULL; its congestion must be one that tcp_has_congestion() knows, its buffers at
 * most TCP_MAX_BUFFER. */
struct tcp *tcp_new(struct ipv4 *ip, struct port_table *ports, const struct tcp_config *config);
/* Nothing is sent. Every listener is closed, and every connection closed or aborted by its owner;
 * those that go on behind (TIME-WAIT ...) end here. */
void tcp_free(struct tcp *tcp);
bool tcp_has_congestion(const char *name);

/* Listening. local.addr not set: any; port 0: an ephemeral one. STATUS_IN_USE, STATUS_LIMIT,
 * STATUS_NOT_FOUND: not an address of this node. `on_event`: a connection can be accepted. */
enum status tcp_listen(struct tcp *tcp, struct endpoint local, uint32_t backlog,
                       void (*on_event)(void *owner), void *owner,
                       struct tcp_listener **listener) MUST_CHECK;
void tcp_listener_close(struct tcp_listener *listener); /* and RST to whoever waits in its queue */
struct endpoint tcp_listener_local(const struct tcp_listener *listener);
/* The next established connection, or NULL; its owner sets its on_event. */
struct tcp_conn *tcp_accept(struct tcp_listener *listener);

/* Starts connecting. local: address and port may be unset. STATUS_UNREACHABLE, STATUS_LIMIT,
 * STATUS_IN_USE, STATUS_NOT_FOUND: `local` is not an address of this node. */
enum status tcp_connect(struct tcp *tcp, struct endpoint local, struct endpoint remote,
                        void (*on_event)(void *owner), void *owner,
                        struct tcp_conn **conn) MUST_CHECK;
void tcp_set_on_event(struct tcp_conn *conn, void (*on_event)(void *owner), void *owner);

/* Bytes taken into the send buffer (may be fewer than given); -STATUS_AGAIN when it is full or not
 * yet connected; -STATUS_CLOSED after tcp_shutdown; the connection's error otherwise. */
int64_t tcp_send(struct tcp_conn *conn, const void *bytes, size_t len);

/* Bytes copied; 0 at the peer's FIN; -STATUS_AGAIN; the connection's error. */
int64_t tcp_receive(struct tcp_conn *conn, void *buffer, size_t size);

size_t tcp_readable(const struct tcp_conn *conn);   /* bytes in order, not yet received */
size_t tcp_writable(const struct tcp_conn *conn);   /* room in the send buffer */
bool tcp_is_finished(const struct tcp_conn *conn);  /* the peer's FIN has been reached */
bool tcp_is_connected(const struct tcp_conn *conn); /* the handshake is done, no error since */

/* RFC 9293 3.7.4, MUST-17: sends small segments without waiting for acknowledgements. */
void tcp_set_no_delay(struct tcp_conn *conn, bool no_delay);

void tcp_shutdown(struct tcp_conn *conn); /* no more data from us: FIN after what is queued */

/* The owner is done with it: closes in the background as RFC 9293 3.6 says, TIME-WAIT included, or
 * aborts with RST when received data was left unread (RFC 2525 2.17). No callback follows. */
void tcp_close(struct tcp_conn *conn);
void tcp_abort(struct tcp_conn *conn); /* RST now */

enum tcp_state tcp_state(const struct tcp_conn *conn);
enum status tcp_error(const struct tcp_conn *conn); /* STATUS_OK while there is none */
struct endpoint tcp_local(const struct tcp_conn *conn);
struct endpoint tcp_remote(const struct tcp_conn *conn);
const char *tcp_state_text(enum tcp_state state); /* "SYN-SENT": RFC names */

/* --- trace; `packet` is the segment that was sent or received --- */

struct tcp_segment_event {
    struct endpoint local, remote;
    const char *flags;    /* "SYN,ACK" */
    uint32_t seq, ack;    /* as on the wire */
    uint32_t len;         /* bytes of data */
    uint32_t window;      /* bytes, as the scale makes them of the wire's */
    uint16_t mss;         /* of a SYN; 0: none */
    int16_t window_scale; /* of a SYN; -1: none */
};
extern const struct trace_kind TCP_SEGMENT_SENT;     /* "tcp.sent" */
extern const struct trace_kind TCP_SEGMENT_RECEIVED; /* "tcp.received" */

struct tcp_retransmitted {
    struct endpoint local, remote;
    const char *cause; /* "timeout", "fast retransmit", "smaller path MTU", ... */
    uint32_t seq, len;
    uint64_t rto_ns;
    uint32_t cwnd;
};
extern const struct trace_kind TCP_RETRANSMITTED; /* "tcp.retransmitted" */

struct tcp_congestion_changed {
    struct endpoint local, remote;
    const char *why; /* "loss", "timeout", "recovered" */
    uint32_t cwnd, ssthresh, flight;
};
extern const struct trace_kind TCP_CONGESTION_CHANGED; /* "tcp.congestion" */

struct tcp_state_changed {
    struct endpoint local, remote;
    const char *from, *to;
    const char *why; /* "sent SYN", "received FIN", "2 MSL passed" */
};
extern const struct trace_kind TCP_STATE_CHANGED; /* "tcp.state" */

#endif
