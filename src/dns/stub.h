/* The stub resolver: asks one of the host's configured resolvers (RFC 1034 5.3.1). */
#ifndef DNS_STUB_H
#define DNS_STUB_H

#include "socket/socket.h"
#include "wire/dns.h"

enum { DNS_STUB_MAX_SERVERS = 4, DNS_STUB_MAX_ADDRESSES = 8 };

struct dns_stub;

struct dns_stub *dns_stub_new(struct sockets *sockets);
void dns_stub_free(struct dns_stub *stub); /* pending lookups end without a callback */

/* As DHCP or the lab file says; may change at any time. */
void dns_stub_set_servers(struct dns_stub *stub, const struct ip_addr *servers, size_t count);
size_t dns_stub_get_servers(const struct dns_stub *stub, struct ip_addr *servers);

/* A fixed answer that needs no query (an /etc/hosts line). */
void dns_stub_add_host(struct dns_stub *stub, const char *name, struct ip_addr addr);

struct dns_answer {
    enum status status; /* OK; NOT_FOUND (NXDOMAIN or no such data); REFUSED (by a server, or no
                           server there) or IO (SERVFAIL); TIMED_OUT; UNREACHABLE (or no server is
                           set); INVALID (not a name); LIMIT (too many lookups are pending) */
    uint8_t rcode;
    size_t n_addresses;
    struct ip_addr addresses[DNS_STUB_MAX_ADDRESSES];
    uint32_t ttl_s;        /* the least of the chain */
    struct ip_addr server; /* who answered */
};
typedef void (*dns_stub_done)(void *owner, const struct dns_answer *answer);

/* Looks up the A records of `name` (an address in text form answers itself). Calls back once, never
 * before it returns. Tries each server in turn, 5 s each, twice (as resolv.conf's
 * defaults). The lookup is over when it calls back; until then it may be cancelled. */
struct dns_lookup *dns_stub_lookup(struct dns_stub *stub, const char *name, dns_stub_done done,
                                   void *owner);
void dns_lookup_cancel(struct dns_lookup *lookup);

#endif
