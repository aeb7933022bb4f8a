/* SRTT and RTTVAR are kept in nanoseconds; the divisions by 8 and 4 are shifts that lose less than
 * 8 ns. The clock is exact: its granularity G is 0. */
#include "stack/transport/tcp_rto.h"

void tcp_rto_init(struct tcp_rto *rto, uint64_t min_ns)
{
    *rto = (struct tcp_rto){.rto_ns = TCP_RTO_INITIAL_NS, .min_ns = min_ns};
}

void tcp_rto_add_sample(struct tcp_rto *rto, uint64_t rtt_ns)
{
    if (!rto->has_sample) { /* RFC 6298 2.2 */
        rto->srtt_ns = rtt_ns;
        rto->rttvar_ns = rtt_ns / 2;
        rto->has_sample = true;
    } else { /* RFC 6298 2.3: RTTVAR first, with the old SRTT */
        uint64_t srtt_ns = rto->srtt_ns;
        uint64_t error_ns = srtt_ns > rtt_ns ? srtt_ns - rtt_ns : rtt_ns - srtt_ns;
        rto->rttvar_ns = (3 * rto->rttvar_ns + error_ns) / 4;
        rto->srtt_ns = (7 * srtt_ns + rtt_ns) / 8;
    }
    uint64_t rto_ns = rto->srtt_ns + 4 * rto->rttvar_ns;
    rto_ns = rto_ns < rto->min_ns ? rto->min_ns : rto_ns; /* RFC 6298 2.4 */
    rto->rto_ns = rto_ns > TCP_RTO_MAX_NS ? TCP_RTO_MAX_NS : rto_ns;
    rto->backoff = 0; /* RFC 6298 5: a new measurement collapses the backed-off timeout */
}

void tcp_rto_back_off(struct tcp_rto *rto)
{
    if (tcp_rto_current(rto) < TCP_RTO_MAX_NS) {
        rto->backoff++;
    }
}

void tcp_rto_after_syn_loss(struct tcp_rto *rto)
{
    if (rto->rto_ns < TCP_RTO_AFTER_SYN_LOSS_NS) {
        rto->rto_ns = TCP_RTO_AFTER_SYN_LOSS_NS;
    }
    rto->backoff = 0;
}

uint64_t tcp_rto_current(const struct tcp_rto *rto)
{
    uint64_t rto_ns = rto->rto_ns << rto->backoff; /* RFC 6298 5.5 */
    return rto_ns > TCP_RTO_MAX_NS ? TCP_RTO_MAX_NS : rto_ns;
}
