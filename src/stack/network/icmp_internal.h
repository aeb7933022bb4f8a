/* What the files of ICMP share, and what ipv4 needs of it beyond icmp.h. */
#ifndef STACK_NETWORK_ICMP_INTERNAL_H
#define STACK_NETWORK_ICMP_INTERNAL_H

#include "base/list.h"
#include "stack/network/icmp.h"

struct icmp {
    struct ipv4 *ip;
    struct scope *scope;
    uint64_t errors_paid_until_ns; /* the token bucket: see may_send_error */
    struct list pings;
    size_t n_pings;
    struct prng ping_ids;
};

/* The ICMP message (without an IP header) that says `header` of `offender`, or NULL when it must
 * not be sent. The caller owns it. *about: the offender's header. */
struct packet *icmp_make_error(struct icmp *icmp, const struct packet *offender,
                               const struct netif *in, bool was_group,
                               const struct icmp_header *header, struct ipv4_header *about);

void icmp_trace_message(const struct icmp *icmp, const struct trace_kind *kind,
                        const struct packet *message, uint32_t src, uint32_t dst,
                        const struct icmp_header *header);

/* --- ping.c --- */

void icmp_init_pings(struct icmp *icmp);
void icmp_free_pings(struct icmp *icmp);

/* An echo reply. False when it answers no ping of ours. */
bool icmp_ping_on_reply(struct icmp *icmp, const struct ipv4_header *by,
                        const struct icmp_header *header);

/* An error (`by`: its IP header) about the echo request to `dst` with this id and sequence. False
 * when it is none of ours. */
bool icmp_ping_on_error(struct icmp *icmp, const struct ipv4_header *by, uint32_t dst,
                        uint32_t id_and_sequence, const struct icmp_header *error);

#endif
