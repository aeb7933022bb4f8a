/* The retransmission timeout (RFC 6298), in whole nanoseconds. */
#ifndef STACK_TRANSPORT_TCP_RTO_H
#define STACK_TRANSPORT_TCP_RTO_H

#include <stdbool.h>
#include <stdint.h>

#define TCP_RTO_INITIAL_NS UINT64_C(1000000000)        /* RFC 6298 2.1 */
#define TCP_RTO_AFTER_SYN_LOSS_NS UINT64_C(3000000000) /* RFC 6298 5.7 */
#define TCP_RTO_MAX_NS UINT64_C(120000000000) /* RFC 6298 2.5: at least 60 s; as in Linux */

struct tcp_rto {
    uint64_t srtt_ns;
    uint64_t rttvar_ns;
    uint64_t rto_ns; /* without back-off */
    uint64_t min_ns;
    uint32_t backoff; /* how often it was doubled since the last measurement */
    bool has_sample;
};

void tcp_rto_init(struct tcp_rto *rto, uint64_t min_ns);

/* One measured round trip of a segment that was sent once (Karn's algorithm: RFC 6298 3). */
void tcp_rto_add_sample(struct tcp_rto *rto, uint64_t rtt_ns);

void tcp_rto_back_off(struct tcp_rto *rto);

/* RFC 6298 5.7: the SYN was lost, so that nothing is known as data begins to flow. */
void tcp_rto_after_syn_loss(struct tcp_rto *rto);

/* How long to wait now. */
uint64_t tcp_rto_current(const struct tcp_rto *rto);

#endif
