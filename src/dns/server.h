/* DNS servers: authoritative, recursive, forwarding; all on UDP port 53 (TCP fallback: later). */
#ifndef DNS_SERVER_H
#define DNS_SERVER_H

#include "dns/zone.h"
#include "socket/socket.h"

/* --- authoritative: answers from its zones, refuses the rest --- */
struct dns_authority;
enum status dns_authority_new(struct sockets *sockets, struct dns_authority **authority) MUST_CHECK;
void dns_authority_free(struct dns_authority *authority);
/* Takes ownership of the zone. STATUS_IN_USE: there is one of that origin. */
enum status dns_authority_add_zone(struct dns_authority *authority,
                                   struct dns_zone *zone) MUST_CHECK;

/* --- recursive: walks from the root hints, with a cache (RFC 1034 5.3.3) --- */
struct dns_resolver;
enum status dns_resolver_new(struct sockets *sockets, const struct ip_addr *root_servers,
                             size_t n_root_servers, struct dns_resolver **resolver) MUST_CHECK;
void dns_resolver_free(struct dns_resolver *resolver);

/* --- forwarding, with a cache: what a home router does (RFC 5625) --- */
struct dns_forwarder;
enum status dns_forwarder_new(struct sockets *sockets, struct dns_forwarder **forwarder) MUST_CHECK;
void dns_forwarder_free(struct dns_forwarder *forwarder);
void dns_forwarder_set_upstreams(struct dns_forwarder *forwarder, const struct ip_addr *servers,
                                 size_t count);

/* --- trace: every message that a stub, forwarder, resolver or authority sends or answers --- */
struct dns_event {
    const char *role;     /* "stub", "forwarder", "resolver", "authority" */
    struct endpoint peer; /* whom it was sent to or came from */
    uint16_t id;
    const char *name;  /* of the question */
    const char *type;  /* "A" */
    const char *rcode; /* of a response; NULL in a query */
    bool authoritative;
    const char
        *result;     /* of a response: "93.184.216.34 ttl 300", "referral to example: ns1 at ..." */
    bool from_cache; /* answered without asking anybody */
};
extern const struct trace_kind DNS_QUERY_SENT;        /* "dns.query-sent" */
extern const struct trace_kind DNS_QUERY_RECEIVED;    /* "dns.query-received" */
extern const struct trace_kind DNS_RESPONSE_SENT;     /* "dns.response-sent" */
extern const struct trace_kind DNS_RESPONSE_RECEIVED; /* "dns.response-received" */
extern const struct trace_kind DNS_TIMED_OUT;         /* "dns.timed-out" */

extern const struct drop_reason DNS_DROP_MALFORMED; /* dns.malformed */
extern const struct drop_reason
    DNS_DROP_UNEXPECTED; /* dns.unexpected: wrong id, peer or question */

#endif
