/* A query: one question to one server, and the wait for its answer.
 *
 * What stub, forwarder and resolver share. Each query has a socket of its own on a port that the
 * provider draws at random, and a random id: whoever wants to forge an answer must guess both (RFC
 * 5452 section 9). The socket is connected, so that datagrams of others never reach it and an ICMP
 * error does at once. An answer that does not fit the question is dropped and the wait goes on.
 *
 * A query is asked once: whoever wants to try again asks anew, with a new port and id.
 *
 * DEVIATES: RFC 7766 section 5: a truncated answer should be asked for again over TCP; that comes
 * with the next milestone, and until then it is handed on as it is, with its TC bit.
 */
#ifndef DNS_QUERY_INTERNAL_H
#define DNS_QUERY_INTERNAL_H

#include "dns/server.h"

struct dns_querier;
struct dns_query;

/* How a query ended. Borrowed during the callback, in which new queries may be asked. */
struct dns_reply {
    enum status status; /* OK, TIMED_OUT; REFUSED, UNREACHABLE and the like: the network said no */
    const struct dns_message *response; /* when OK: some response of any rcode; else NULL */
    struct ip_addr server;
    uint64_t rtt_ns; /* how long it took */
};

/* The query is over and gone when this runs; it never runs inside a call of this header. */
typedef void (*dns_query_done)(void *owner, const struct dns_reply *reply);

/* One per stub, forwarder or resolver; `role` is borrowed. */
struct dns_querier *dns_querier_new(struct sockets *sockets, const char *role);
void dns_querier_free(struct dns_querier *querier); /* pending queries end without a callback */

/* Asks now. Whoever asks limits how many queries are pending. */
struct dns_query *dns_querier_ask(struct dns_querier *querier, struct ip_addr server,
                                  const struct dns_question *question, bool recursion_desired,
                                  uint64_t timeout_ns, dns_query_done done, void *owner);
void dns_query_cancel(struct dns_query *query);

#endif
