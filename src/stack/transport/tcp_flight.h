/* The segments of a connection that were sent and are not yet acknowledged, in order.
 *
 * Each keeps its boundaries for as long as it lives: what is sent again is the same segment (unless
 * the path's MTU shrank). This is where the times for RTT measurement come from, and where a loss
 * is marked; selective acknowledgements will be marked here too.
 */
#ifndef STACK_TRANSPORT_TCP_FLIGHT_H
#define STACK_TRANSPORT_TCP_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

enum { TCP_MAX_FLIGHT = 8192 }; /* segments */

struct tcp_sent {
    uint32_t seq;
    uint32_t len;     /* of sequence space: data, SYN and FIN */
    uint64_t sent_ns; /* the last time */
    bool is_syn, is_fin;
    bool is_lost;       /* believed lost, and not sent again yet */
    bool is_sent_again; /* at least once: its acknowledgement measures nothing (Karn) */
};

struct tcp_flight {
    struct tcp_sent *ring;
    uint32_t capacity; /* a power of two */
    uint32_t first;
    uint32_t count;
    uint32_t lost_bytes; /* of all that are marked lost */
    uint32_t next_lost;  /* no segment before this position is marked lost */
};

/* What an acknowledgement took out. */
struct tcp_flight_acked {
    uint64_t sent_ns;   /* of the first segment */
    bool is_measurable; /* none of them was sent more than once */
};

void tcp_flight_fini(struct tcp_flight *flight);
void tcp_flight_add(struct tcp_flight *flight, const struct tcp_sent *sent);

/* The segment at a position: 0 is the oldest. Valid until the next add or split. */
struct tcp_sent *tcp_flight_at(const struct tcp_flight *flight, uint32_t position);

/* Removes what lies before sequence number `ack`; a segment acknowledged in part is cut. */
struct tcp_flight_acked tcp_flight_acknowledge(struct tcp_flight *flight, uint32_t ack);

void tcp_flight_mark_lost(struct tcp_flight *flight, uint32_t position);
void tcp_flight_mark_all_lost(struct tcp_flight *flight);
/* It goes out again now. */
void tcp_flight_mark_sent(struct tcp_flight *flight, uint32_t position, uint64_t now_ns);

/* The position of the first segment marked lost; `count` when there is none. */
uint32_t tcp_flight_next_lost(struct tcp_flight *flight);

/* Cuts the segment at `position` in two, the first `len` bytes long. */
void tcp_flight_split(struct tcp_flight *flight, uint32_t position, uint32_t len);

#endif
