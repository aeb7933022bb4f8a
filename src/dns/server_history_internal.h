/* What a resolver remembers of the servers it asked: how fast they answered, if at all (RFC 1035
 * 7.2: "the best server address"). It forgets after a quarter of an hour, so that a server that was
 * down is tried again, and at its limit it forgets whom it heard of longest ago.
 */
#ifndef DNS_SERVER_HISTORY_INTERNAL_H
#define DNS_SERVER_HISTORY_INTERNAL_H

#include "base/list.h"
#include "observe/scope.h"
#include "wire/address.h"

struct server_history {
    const struct scope *scope;
    struct map servers; /* by struct ip_addr */
    struct list latest; /* most recently heard of first */
};

void server_history_init(struct server_history *history, const struct scope *scope);
void server_history_fini(struct server_history *history);

void server_history_add_answer(struct server_history *history, struct ip_addr server,
                               uint64_t rtt_ns);
void server_history_add_failure(struct server_history *history, struct ip_addr server);

/* How long an answer is likely to take; 0 when nothing is known. */
uint64_t server_history_rtt(const struct server_history *history, struct ip_addr server);

#endif
