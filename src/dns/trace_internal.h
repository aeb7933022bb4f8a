/* What the DNS roles tell the trace: one event per message sent, received or missed. */
#ifndef DNS_TRACE_INTERNAL_H
#define DNS_TRACE_INTERNAL_H

#include "dns/server.h"

/* Emits DNS_QUERY_... or DNS_RESPONSE_... (by message->is_response) or DNS_TIMED_OUT, if anybody
 * listens. */
void dns_trace(const struct scope *scope, const struct trace_kind *kind, const char *role,
               struct endpoint peer, uint64_t packet_id, const struct dns_message *message,
               bool from_cache);

/* Counts and traces a message thrown away. */
void dns_drop(const struct scope *scope, const struct drop_reason *reason, uint64_t packet_id,
              const char *where);

/* What a response says, for people: "203.0.113.10 (ttl 300 s)", "referral to example: ask
 * ns.nic.example at 198.51.100.53", "no such name". */
void dns_result_print(struct text *text, const struct dns_message *response);

extern const struct drop_reason DNS_DROP_BUSY;   /* dns.busy: too many questions are open */
extern const struct drop_reason DNS_DROP_UNSENT; /* dns.unsent: the socket did not take it */

#endif
