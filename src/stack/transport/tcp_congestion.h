/* Congestion control: how much a connection may have in flight (RFC 5681).
 *
 * An algorithm is a set of functions over a small state: it decides `cwnd` and `ssthresh` and
 * nothing else. Finding losses and repairing them is the work of tcp_recovery.c, whatever the
 * algorithm. Units are bytes of sequence space.
 */
#ifndef STACK_TRANSPORT_TCP_CONGESTION_H
#define STACK_TRANSPORT_TCP_CONGESTION_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_congestion_ops;

struct tcp_congestion {
    const struct tcp_congestion_ops *ops;
    uint32_t smss;
    uint32_t initial_window;
    uint32_t cwnd; /* never below smss */
    uint32_t ssthresh;
    uint64_t state[8]; /* the algorithm's own */
};

/* What an acknowledgement of new data tells. */
struct tcp_ack_sample {
    uint64_t now_ns;
    uint64_t rtt_ns; /* 0: none was measured (Karn) */
    uint32_t acked;  /* bytes newly acknowledged */
    uint32_t flight; /* bytes in flight before it came */
};

struct tcp_congestion_ops {
    const char *name;
    void (*on_established)(struct tcp_congestion *c); /* smss and initial_window are set */
    void (*on_ack)(struct tcp_congestion *c, const struct tcp_ack_sample *ack);
    /* A loss was found while data still flows (duplicate ACKs): once per window. */
    void (*on_loss)(struct tcp_congestion *c, uint32_t flight);
    /* The retransmission timer ran out; `is_repeated`: for the same data again. */
    void (*on_timeout)(struct tcp_congestion *c, uint32_t flight, bool is_repeated);
    void (*on_idle)(struct tcp_congestion *c); /* nothing was sent for a whole RTO */
};

/* NULL when there is none of that name. */
const struct tcp_congestion_ops *tcp_congestion_find(const char *name);

/* RFC 6928 section 2: the upper bound of the initial window. */
uint32_t tcp_congestion_initial_window(uint32_t smss);

extern const struct tcp_congestion_ops TCP_RENO;

#endif
