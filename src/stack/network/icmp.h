/* ICMP: echo, and errors about packets (RFC 792, RFC 1122 3.2.2, RFC 1812 4.3). */
#ifndef STACK_NETWORK_ICMP_H
#define STACK_NETWORK_ICMP_H

#include "stack/network/ipv4.h"
#include "wire/icmp.h"

extern const struct drop_reason ICMP_DROP_MALFORMED;    /* icmp.malformed */
extern const struct drop_reason ICMP_DROP_BAD_CHECKSUM; /* icmp.bad-checksum */
extern const struct drop_reason ICMP_DROP_UNEXPECTED;   /* icmp.unexpected: nobody asked */
extern const struct drop_reason ICMP_DROP_UNSUPPORTED;  /* icmp.unsupported-type */
extern const struct drop_reason ICMP_DROP_REDIRECT;     /* icmp.redirect: never followed */
extern const struct drop_reason ICMP_DROP_GROUP_ECHO;   /* icmp.group-echo: a ping to all */

enum {
    ICMP_MAX_PINGS = 1024, /* in progress, per node */
    ICMP_ERROR_BURST = 50,
};
#define ICMP_ERROR_INTERVAL_NS UINT64_C(1000000) /* one error per ms and node, after a burst */

/* Made and freed by ipv4_new/free. */
struct icmp *icmp_new(struct ipv4 *ip);
void icmp_free(struct icmp *icmp);

/* Sends an error about `offender` (data at its IP header; borrowed), unless RFC 1122 3.2.2 forbids
 * it: never about an ICMP error, a fragment other than the first, a group destination, or a source
 * that is not one host. `in`: where it came in; NULL: from this node itself, or unknown.
 * `was_group`: the link sent it to a group. Errors to others are limited in rate (RFC 1812
 * 4.3.2.8). */
void icmp_send_error(struct icmp *icmp, const struct packet *offender, struct netif *in,
                     bool was_group, uint8_t type, uint8_t code, uint32_t rest);

/* One ping in progress: an answer (or an ICMP error, or the timeout) calls back once. */
struct icmp_ping_result {
    enum status status; /* OK, TIMED_OUT, UNREACHABLE (an error came; from: by whom) */
    struct ip_addr from;
    uint8_t ttl; /* of the reply */
    uint64_t round_trip_ns;
    uint8_t icmp_type, icmp_code;
};
typedef void (*icmp_ping_done)(void *owner, const struct icmp_ping_result *result);

struct icmp_ping; /* freed by itself; no longer valid when its callback runs */

/* Sends one echo request with `len` data bytes. Never calls back before it returns. NULL when it
 * cannot be sent (no route, too many pings). ttl 0: the default. */
struct icmp_ping *icmp_ping_start(struct icmp *icmp, uint32_t dst, uint16_t len, uint8_t ttl,
                                  uint64_t timeout_ns, icmp_ping_done done, void *owner);
void icmp_ping_cancel(struct icmp_ping *ping);

struct icmp_event {
    struct ip_addr src, dst;
    uint8_t type, code;
    uint16_t id, sequence; /* of echoes */
};
extern const struct trace_kind ICMP_ECHO_SENT;     /* "icmp.echo-sent" */
extern const struct trace_kind ICMP_ECHO_ANSWERED; /* "icmp.echo-answered" */
extern const struct trace_kind ICMP_ERROR_SENT;    /* "icmp.error-sent" */

#endif
