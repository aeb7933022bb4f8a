/* Reno: slow start and congestion avoidance (RFC 5681 section 3.1).
 *
 * Below ssthresh, cwnd grows by what each ACK acknowledges, at most one segment; above it by about
 * one segment per round trip, counted in bytes: one SMSS for each cwnd of acknowledged data, which
 * is the way RFC 5681 recommends (and RFC 3465 section 2.1). cwnd grows only while it is what
 * limits the sender: a window that was not used says nothing about the path (RFC 7661 section 1).
 */
#include "stack/transport/tcp_congestion.h"

#include <stddef.h>
#include <string.h>

enum { BYTES_ACKED = 0 }; /* state[]: acknowledged in congestion avoidance, not yet counted */

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t most(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

uint32_t tcp_congestion_initial_window(uint32_t smss)
{
    /* RFC 6928 2: min(10*MSS, max(2*MSS, 14600)) */
    return least(10 * smss, most(2 * smss, 14600));
}

static void reno_on_established(struct tcp_congestion *c)
{
    c->cwnd = c->initial_window;
    c->ssthresh = UINT32_MAX; /* RFC 5681 3.1: arbitrarily high */
    c->state[BYTES_ACKED] = 0;
}

static void reno_slow_start(struct tcp_congestion *c, const struct tcp_ack_sample *ack)
{
    if (ack->flight > c->cwnd / 2) {
        c->cwnd += least(ack->acked, c->smss); /* RFC 5681 equation 2 */
    }
}

static void reno_avoid_congestion(struct tcp_congestion *c, const struct tcp_ack_sample *ack)
{
    if (ack->flight + c->smss <= c->cwnd) {
        return;
    }
    c->state[BYTES_ACKED] += ack->acked;
    if (c->state[BYTES_ACKED] >= c->cwnd) {
        c->state[BYTES_ACKED] -= c->cwnd;
        c->cwnd += c->smss;
    }
}

static void reno_on_ack(struct tcp_congestion *c, const struct tcp_ack_sample *ack)
{
    enum { LARGEST_WINDOW = 1 << 30 }; /* RFC 7323 2.3: no window is larger */
    if (c->cwnd >= LARGEST_WINDOW) {
        return;
    }
    if (c->cwnd < c->ssthresh) {
        reno_slow_start(c, ack);
    } else {
        reno_avoid_congestion(c, ack);
    }
}

static void reno_on_loss(struct tcp_congestion *c, uint32_t flight)
{
    c->ssthresh = most(flight / 2, 2 * c->smss); /* RFC 5681 equation 4 */
    c->cwnd = c->ssthresh;
    c->state[BYTES_ACKED] = 0;
}

static void reno_on_timeout(struct tcp_congestion *c, uint32_t flight, bool is_repeated)
{
    if (!is_repeated) { /* RFC 5681 3.1: held constant when the same segment times out again */
        c->ssthresh = most(flight / 2, 2 * c->smss);
    }
    c->cwnd = c->smss; /* the loss window */
    c->state[BYTES_ACKED] = 0;
}

static void reno_on_idle(struct tcp_congestion *c)
{
    c->cwnd = least(c->cwnd, c->initial_window); /* RFC 5681 4.1: the restart window */
}

const struct tcp_congestion_ops TCP_RENO = {
    .name = "reno",
    .on_established = reno_on_established,
    .on_ack = reno_on_ack,
    .on_loss = reno_on_loss,
    .on_timeout = reno_on_timeout,
    .on_idle = reno_on_idle,
};

const struct tcp_congestion_ops *tcp_congestion_find(const char *name)
{
    static const struct tcp_congestion_ops *const ALL[] = {&TCP_RENO};
    for (size_t i = 0; i < sizeof ALL / sizeof ALL[0]; i++) {
        if (strcmp(ALL[i]->name, name) == 0) {
            return ALL[i];
        }
    }
    return NULL;
}
